/*
 * render.c: the health of a service's members → the words that queries read.
 *
 * Called whenever something changes, for the services that it touches. All
 * policy is settled here, so that a query has none: min-up, failback, drains,
 * what safety keeps, and the rule for when all pools are down.
 */
#include "pool/board_inside.h"

#include "base/assert.h"

#define LOG_LINES 10 /* about services, a second: one event may touch ten thousand */

/* ---- health ---- */

static bool target_up(const struct board *board, uint32_t target)
{
	return target == NO_INDEX || board->up[target];
}

/* Which pool of which service, and whether only members count that the service's policy allows. */
struct view {
	const struct board *board;
	uint32_t service;
	bool fit;
};

static bool counts(const struct view *view, unsigned pool, uint32_t target)
{
	return target_up(view->board, target) &&
	       (!view->fit || policy_allows(view->board, view->service, pool, target));
}

/* Is it one that is given: with a weight, or, where a primary is followed, whoever that is? */
static bool has_weight(const struct view *view, const struct member *member)
{
	return member->weight || service_follows(&view->board->steering->services[view->service]);
}

static uint32_t members_up(const struct view *view, unsigned pool, const struct members *members)
{
	uint32_t up = 0;
	for (uint32_t i = 0; i < members->count; i++)
		up += has_weight(view, &members->list[i]) && counts(view, pool, members->list[i].target);
	return up;
}

static uint32_t members_weighted(const struct view *view, const struct members *members)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < members->count; i++)
		count += has_weight(view, &members->list[i]);
	return count;
}

/* The family by which a pool is judged: its own, or the other where it has no members of this one. */
static unsigned judged_by(const struct pool *pool, unsigned family)
{
	return pool->of[family].count ? family : 1 - family;
}

static uint64_t pools_up(const struct view *view, unsigned family, uint64_t *some)
{
	const struct service *service = &view->board->steering->services[view->service];
	uint64_t up = 0;
	*some = 0;
	for (unsigned i = 0; i < service->pool_count; i++) {
		const struct pool *pool = &service->pools[i];
		uint64_t bit = UINT64_C(1) << i;
		const struct members *members = &pool->of[judged_by(pool, family)];
		uint32_t count = pool->cname ? 1 : members_weighted(view, members);
		uint32_t well = pool->cname ? counts(view, i, pool->cname_target) : members_up(view, i, members);
		if (well)
			*some |= bit;
		if (well && well * 100 >= count * service->min_up)
			up |= bit;
	}
	return up;
}

uint64_t service_up(const struct board *board, uint32_t index, unsigned family, uint64_t *some)
{
	return pools_up(&(struct view){board, index, false}, family, some);
}

/* Pools that are drained with their data center, and those that safety keeps in. */
static void policy_bits(const struct board *board, const struct service *service, uint64_t *drained, uint64_t *kept)
{
	*drained = *kept = 0;
	for (unsigned i = 0; i < service->pool_count; i++) {
		uint32_t index = service->pools[i].datacenter;
		if (index == NO_INDEX)
			continue;
		const struct datacenter_state *datacenter = &board->datacenters[index];
		*drained |= (uint64_t)datacenter->drained << i;
		*kept |= (uint64_t)(datacenter->kept || datacenter->braked) << i;
	}
}

/* How many pools of a family came up less those that went down, for their data centers. */
static void count_pools(
        struct board *board, const struct service *service, unsigned family, uint64_t before, uint64_t up)
{
	for (unsigned i = 0; i < service->pool_count; i++) {
		const struct pool *pool = &service->pools[i];
		if (!((before ^ up) >> i & 1) || pool->datacenter == NO_INDEX)
			continue;
		if (pool->cname ? family == FAMILY_V4 : pool->of[family].count > 0)
			board->datacenters[pool->datacenter].pools_up += up >> i & 1 ? 1 : UINT32_MAX;
	}
}

void service_judge(struct board *board, uint32_t index, nanotime now)
{
	struct service_state *state = &board->states[index];
	if (state->policy)
		policy_judge(board, state->policy, now);
	for (unsigned family = 0; family < FAMILIES; family++) {
		uint64_t up = service_up(board, index, family, &state->some[family]), fit = up;
		state->fit_some[family] = state->some[family];
		if (state->policy)
			fit = pools_up(&(struct view){board, index, true}, family, &state->fit_some[family]);
		wait_returned(board, index, family, fit, now);
		wait_lost(board, index, family, up, now);
		count_pools(board, &board->steering->services[index], family, state->up[family], up);
		state->up[family] = up;
		state->fit[family] = fit;
	}
}

/* ---- the words ---- */

static void put(struct board *board, _Atomic uint64_t *word, uint64_t value)
{
	if (atomic_load_explicit(word, memory_order_relaxed) == value)
		return;
	atomic_store_explicit(word, value, memory_order_release);
	board->version++;
}

void service_limit(struct board *board, uint32_t index)
{
	const struct service_state *state = &board->states[index];
	struct service_words *words = &board->services[index];
	for (unsigned family = 0; family < FAMILIES; family++) {
		uint64_t partial = state->in[family] & (state->ramping[family] | state->spilling);
		put(board, &words->partial[family], partial);
		put(board, &words->whole[family], state->whole[family] & ~partial);
	}
}

/* Which members of a pool are given. */
enum tier {
	TIER_FIT,        /* with a weight, up, and as the policy allows */
	TIER_UP,         /* with a weight, and up */
	TIER_WEIGHTLESS, /* up, if only without a weight: nobody else is */
	TIER_ALL,        /* with a weight: nobody is up */
};

static bool in_tier(const struct view *view, unsigned pool, const struct member *member, enum tier tier)
{
	if (tier == TIER_WEIGHTLESS)
		return target_up(view->board, member->target);
	return has_weight(view, member) && (tier == TIER_ALL || counts(view, pool, member->target));
}

/* The first tier in which there is somebody. */
static enum tier find_tier(struct view *view, unsigned pool, const struct members *members)
{
	if (view->fit && members_up(view, pool, members))
		return TIER_FIT;
	view->fit = false;
	if (members_up(view, pool, members))
		return TIER_UP;
	for (uint32_t i = 0; i < members->count; i++)
		if (target_up(view->board, members->list[i].target))
			return TIER_WEIGHTLESS;
	return TIER_ALL;
}

static void put_members(struct board *board, uint32_t index, unsigned pool, unsigned family)
{
	const struct members *members = &board->steering->services[index].pools[pool].of[family];
	struct view view = {board, index, board->states[index].policy != NULL};
	enum tier tier = find_tier(&view, pool, members);
	for (uint32_t i = 0; i < members->count; i += 64) {
		uint64_t word = 0;
		for (uint32_t j = i; j < members->count && j < i + 64; j++)
			word |= (uint64_t)in_tier(&view, pool, &members->list[j], tier) << (j - i);
		put(board, &board->words[members->word + i / 64], word);
	}
}

/* Of a pool that holds the last primary: that one alone. First what is set, so that the words are never all zero. */
static void put_last_primary(struct board *board, uint32_t index, unsigned pool, unsigned family)
{
	const struct members *members = &board->steering->services[index].pools[pool].of[family];
	const struct policy_state *state = board->states[index].policy;
	uint64_t words[MEMBERS_MAX / 64] = {0}, any = 0;
	for (uint32_t i = 0; i < members->count; i++)
		words[i / 64] |= (uint64_t)follow_is_last(state, members->list[i].target) << i % 64;
	for (uint32_t i = 0; i * 64 < members->count; i++) {
		any |= words[i];
		if (words[i])
			put(board, &board->words[members->word + i], words[i]);
	}
	for (uint32_t i = 0; any && i * 64 < members->count; i++)
		put(board, &board->words[members->word + i], words[i]);
}

/* Where members are up, but not as the policy wants them, the rule chooses among them; only the last primary is given
 * even when it is down, since another one is none. */
static uint64_t among_up(const struct service *service, const struct service_state *state, unsigned family,
        uint64_t wanted, uint64_t spare)
{
	uint64_t up = state->some[family] & spare;
	if (!service_narrows(service) || !up || (service_follows(service) && service->all_down == ALL_DOWN_LAST))
		return wanted;
	return wanted & up ? wanted & up : up;
}

/* What all-down makes of it when no pool is up. `spare`, never 0: those not drained, unless all are. */
static uint64_t all_down_usable(
        const struct service *service, const struct service_state *state, unsigned family, uint64_t spare)
{
	uint64_t wanted = 0;
	switch (service->all_down) {
	case ALL_DOWN_NODATA:
	case ALL_DOWN_SERVFAIL:
		return 0;
	case ALL_DOWN_POOL:
		wanted = UINT64_C(1) << service->all_down_pool;
		break;
	case ALL_DOWN_LAST:
		wanted = state->last[family];
		break;
	case ALL_DOWN_ALL:
		wanted = state->fit_some[family]; /* min-up is waived: a few are better than none */
		if (!(wanted & spare))
			wanted = state->some[family];
		break;
	}
	wanted = among_up(service, state, family, wanted, spare);
	return wanted & spare ? wanted & spare : spare;
}

/* Is a pool up only because the board is frozen? */
static bool pool_frozen(const struct board *board, const struct pool *pool, unsigned family)
{
	if (!board->frozen)
		return false;
	if (pool->cname)
		return pool->cname_target != NO_INDEX && board->targets[pool->cname_target].frozen;
	const struct members *members = &pool->of[judged_by(pool, family)];
	for (uint32_t i = 0; i < members->count; i++)
		if (target_up(board, members->list[i].target) &&
		        (members->list[i].target == NO_INDEX || !board->targets[members->list[i].target].frozen))
			return false;
	return true;
}

/* The pools that are up, and not only for the freeze. */
static uint64_t truly_up(const struct board *board, uint32_t index, unsigned family, uint64_t up)
{
	const struct service *service = &board->steering->services[index];
	for (unsigned i = 0; board->frozen && i < service->pool_count; i++)
		if (up >> i & 1 && pool_frozen(board, &service->pools[i], family))
			up &= ~(UINT64_C(1) << i);
	return up;
}

static enum pool_reason reason_for(
        const struct board *board, uint32_t index, unsigned i, unsigned family, uint64_t usable, bool drained)
{
	const struct service_state *state = &board->states[index];
	const struct pool *pool = &board->steering->services[index].pools[i];
	bool up = state->fit[family] >> i & 1;
	if (usable >> i & 1) {
		bool braked = pool->datacenter != NO_INDEX && board->datacenters[pool->datacenter].braked;
		if (state->all_down[family])
			return POOL_ALL_DOWN;
		if (!up && state->leaving[family] >> i & 1)
			return POOL_LEAVING;
		if (!up)
			return braked ? POOL_BRAKED : POOL_KEPT;
		return pool_frozen(board, pool, family) ? POOL_FROZEN : drained ? POOL_ALL_DRAINED : POOL_UP;
	}
	if (drained)
		return POOL_DRAINED;
	if (up)
		return POOL_HELD_BACK;
	if (state->fit_some[family] >> i & 1)
		return POOL_UNDER_MIN_UP;
	if (!(state->some[family] >> i & 1))
		return POOL_MEMBERS_DOWN;
	return state->policy ? POOL_UNFIT : POOL_UNDER_MIN_UP;
}

static bool may_log(struct board *board, nanotime now)
{
	if (board->log_lines && now >= board->log_second && now - board->log_second < NANO_SECOND)
		return board->log_lines++ < LOG_LINES;
	board->log_second = now;
	board->log_lines = 1;
	return true;
}

static void tell_all_down(struct board *board, uint32_t index, unsigned family, nanotime now)
{
	static const char *const rules[] = {
	        [ALL_DOWN_ALL] = "all members are given",
	        [ALL_DOWN_LAST] = "the last that were up are given",
	        [ALL_DOWN_NODATA] = "NODATA is given",
	        [ALL_DOWN_SERVFAIL] = "SERVFAIL is given",
	        [ALL_DOWN_POOL] = "the pool set for that is given",
	};
	const struct service *service = &board->steering->services[index];
	const char *type = service->names ? "CNAME" : family == FAMILY_V4 ? "A" : "AAAA";
	bool any = false, unlogged;
	for (unsigned i = 0; i < service->pool_count; i++)
		any |= service->pools[i].cname ? family == FAMILY_V4 : service->pools[i].of[family].count > 0;
	if (!any || board->quiet)
		return;
	unlogged = !may_log(board, now);
	if (board->states[index].all_down[family])
		board_tell(board, EVENT(ERROR, "service", service->name, "all-down", unlogged), "%s %s: %s; %s",
		        service->name, type,
		        !board->states[index].some[family] ? "every pool is down"
		        : service_follows(service)         ? "no primary that is up"
		                                           : "no pool is as the service needs it",
		        rules[service->all_down]);
	else
		board_tell(board, EVENT(INFO, "service", service->name, "up", unlogged), "%s %s: a pool is up again",
		        service->name, type);
}

/* The members' words. Those of the last are left as they were when they were last up, unless some are up again. */
static void render_members(struct board *board, uint32_t index, unsigned family, uint64_t spare)
{
	const struct service *service = &board->steering->services[index];
	const struct service_state *state = &board->states[index];
	bool last = state->all_down[family] && service->all_down == ALL_DOWN_LAST && state->last[family] & spare;
	bool primary = last && service_follows(service);
	for (unsigned i = 0; i < service->pool_count && !service->names; i++) {
		if (primary)
			put_last_primary(board, index, i, family);
		else if (!last || state->some[family] >> i & 1)
			put_members(board, index, i, family);
	}
}

static bool is_whole(const struct board *board, const struct members *members)
{
	uint32_t up = 0;
	for (uint32_t i = 0; i * 64 < members->count; i++)
		up += (uint32_t)__builtin_popcountll(board->words[members->word + i]);
	return up == members->count && up;
}

/* The pools of which there is nothing to choose: the service gives all members, and all are given. */
static uint64_t pools_whole(const struct board *board, const struct service *service, unsigned family)
{
	uint64_t whole = 0;
	if (service->names || service->is_sticky || service->answer)
		return 0;
	for (unsigned i = 0; i < service->pool_count; i++)
		whole |= (uint64_t)is_whole(board, &service->pools[i].of[family]) << i;
	return whole;
}

/* Pools that safety keeps in, and the policy would let be given if they were up. */
static uint64_t kept_fit(const struct board *board, uint32_t index, unsigned family, uint64_t kept)
{
	const struct service *service = &board->steering->services[index];
	if (!service->policy || !kept)
		return kept;
	for (unsigned i = 0; i < service->pool_count; i++) {
		const struct pool *pool = &service->pools[i];
		const struct members *members = &pool->of[judged_by(pool, family)];
		bool any = pool->cname && policy_allows(board, index, i, pool->cname_target);
		for (uint32_t j = 0; j < members->count && !any; j++)
			any = policy_allows(board, index, i, members->list[j].target);
		if (!any)
			kept &= ~(UINT64_C(1) << i);
	}
	return kept;
}

/* The pools that may be given. */
static uint64_t choose_usable(struct board *board, uint32_t index, unsigned family, uint64_t spare, uint64_t kept)
{
	const struct service *service = &board->steering->services[index];
	struct service_state *state = &board->states[index];
	uint64_t well = state->fit[family] & spare, usable = well & ~state->held[family];
	if (well && !usable) { /* only pools that failback holds back are left */
		state->held[family] &= ~well;
		usable = well;
	}
	state->all_down[family] = !well;
	if (well) {
		kept |= state->leaving[family];
		kept |= keep_pools(board, index, well | (kept & spare), spare);
		usable |= kept_fit(board, index, family, kept & spare);
		state->last[family] = usable;
		return usable;
	}
	uint64_t primary = service_follows(service) ? follow_last(board, state->policy, family) : 0;
	if (primary)
		state->last[family] = primary;
	return all_down_usable(service, state, family, spare);
}

/* The pools that have anybody to give. One whose list of members was never had has not: it is no choice, not even a
 * last one, unless all are such. */
static uint64_t pools_peopled(const struct service *service)
{
	uint64_t peopled = 0;
	for (unsigned i = 0; i < service->pool_count; i++) {
		const struct pool *pool = &service->pools[i];
		peopled |= (uint64_t)(pool->cname || pool->of[FAMILY_V4].count || pool->of[FAMILY_V6].count) << i;
	}
	return peopled ? peopled : UINT64_MAX >> (64 - service->pool_count);
}

static void render_family(struct board *board, uint32_t index, unsigned family, nanotime now)
{
	const struct service *service = &board->steering->services[index];
	struct service_state *state = &board->states[index];
	struct service_words *words = &board->services[index];
	uint64_t all = pools_peopled(service), drained, kept;
	policy_bits(board, service, &drained, &kept);
	uint64_t spare = all & ~drained ? all & ~drained : all;
	bool was = state->all_down[family];
	uint64_t usable = choose_usable(board, index, family, spare, kept);
	render_members(board, index, family, spare);
	state->whole[family] = pools_whole(board, service, family);
	for (unsigned i = 0; i < service->pool_count; i++)
		board->reasons[state->first_pool + i][family] = (uint8_t)reason_for(
		        board, index, i, family, usable, drained >> i & 1);
	MUST(usable || service->all_down == ALL_DOWN_NODATA || service->all_down == ALL_DOWN_SERVFAIL);
	put(board, &words->some[family], state->some[family] & spare);
	put(board, &words->spare[family], spare);
	ramp_judge(board, index, family, state->all_down[family] ? 0 : usable,
	        truly_up(board, index, family, state->fit[family]), now);
	service_limit(board, index);
	if (atomic_load_explicit(&words->usable[family], memory_order_relaxed) != usable)
		board->news = board->hurried = true;
	put(board, &words->usable[family], usable);
	if (state->all_down[family] != was)
		tell_all_down(board, index, family, now);
}

void service_render(struct board *board, uint32_t service, nanotime now)
{
	for (unsigned family = 0; family < FAMILIES; family++)
		render_family(board, service, family, now);
	soon_judge(board, service, now);
}
