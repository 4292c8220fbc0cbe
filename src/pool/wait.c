/*
 * wait.c: pools that wait: those that went down to be left (fail-after), those that are back to be let in (failback).
 *
 * Called by render.c when health was judged, and by board_tick. Where a primary
 * is followed nobody waits: there is one pool at most, and the database says
 * which. What a person does waits for nothing either.
 */
#include "pool/board_inside.h"

static uint64_t bit(unsigned pool)
{
	return UINT64_C(1) << pool;
}

static struct pool_state *pool_at(const struct board *board, uint32_t service, unsigned pool)
{
	return &board->pools[board->states[service].first_pool + pool];
}

static void begin(struct board *board, uint32_t service, unsigned family, uint64_t pools, nanotime since)
{
	for (; pools; pools &= pools - 1)
		pool_at(board, service, (unsigned)__builtin_ctzll(pools))->wait_since[family] = since;
}

/* ---- to be let in ---- */

static uint64_t drained_pools(const struct board *board, const struct service *service)
{
	uint64_t drained = 0;
	for (unsigned i = 0; i < service->pool_count; i++)
		drained |= (uint64_t)board_bit_drained(board, &service->pools[i]) << i;
	return drained;
}

/* The member of a pool that is up and does not meet what failback waits for; NO_INDEX: there is none. *any: some is up
 * and asked. */
static uint32_t unready(const struct board *board, uint32_t index, unsigned pool, unsigned family, bool *any)
{
	const struct service *service = &board->steering->services[index];
	const struct pool *what = &service->pools[pool];
	const struct condition *when = &service->policy->failback;
	const struct members *members = &what->of[what->of[family].count ? family : 1 - family];
	*any = false;
	for (uint32_t i = 0; i < (what->cname ? 1 : members->count); i++) {
		uint32_t target = what->cname ? what->cname_target : members->list[i].target;
		if (target == NO_INDEX || !board->up[target])
			continue;
		*any = true;
		if (!condition_met(board, target, when))
			return target;
	}
	return NO_INDEX;
}

static void watch_ready(struct board *board, uint32_t index, unsigned family, nanotime now)
{
	for (uint64_t left = board->states[index].held[family]; left; left &= left - 1) {
		unsigned pool = (unsigned)__builtin_ctzll(left);
		nanotime *since = &pool_at(board, index, pool)->wait_since[family];
		bool any, ready = unready(board, index, pool, family, &any) == NO_INDEX && any;
		if (!ready)
			*since = NEVER;
		else if (*since == NEVER && now != NEVER)
			*since = now;
	}
}

void wait_returned(struct board *board, uint32_t index, unsigned family, uint64_t fit, nanotime now)
{
	const struct service *service = &board->steering->services[index];
	struct service_state *state = &board->states[index];
	bool when = service->failback == FAILBACK_WHEN;
	if (service->failback == FAILBACK_AUTO || service_follows(service)) {
		state->held[family] = 0;
		return;
	}
	/* What was not left yet has not returned. A reload brings a pool back where it takes the members away for whom
	 * it was out. */
	uint64_t drained = drained_pools(board, service), was = state->fit[family];
	if (board->quiet)
		was = ~state->absent[family] | state->held[family] | drained;
	uint64_t returned = fit & ~was & ~state->leaving[family];
	state->held[family] &= fit;
	if (returned && !board->by_hand && fit & ~returned & ~state->held[family] & ~drained) {
		state->held[family] |= returned;
		begin(board, index, family, returned, when ? NEVER : now == NEVER ? board->told : now);
	}
	if (when)
		watch_ready(board, index, family, now);
}

nanotime failback_due(const struct board *board, uint32_t index, unsigned pool, unsigned family)
{
	const struct service *service = &board->steering->services[index];
	nanotime since = pool_at(board, index, pool)->wait_since[family];
	if (!(board->states[index].held[family] & bit(pool)))
		return INT64_MAX;
	if (service->failback == FAILBACK_AFTER)
		return since + service->failback_after;
	if (service->failback == FAILBACK_WHEN && since != NEVER)
		return since + service->policy->failback_for;
	return INT64_MAX;
}

void wait_why(const struct board *board, uint32_t index, unsigned pool, unsigned family, char *text, size_t room)
{
	const struct service *service = &board->steering->services[index];
	bool any;
	if (!(board->states[index].held[family] & bit(pool)) || service->failback != FAILBACK_WHEN)
		return;
	uint32_t target = unready(board, index, pool, family, &any);
	if (target != NO_INDEX)
		condition_why(board, target, &service->policy->failback, text, room);
}

/* ---- to be left ---- */

void wait_lost(struct board *board, uint32_t index, unsigned family, uint64_t up, nanotime now)
{
	const struct service *service = &board->steering->services[index];
	struct service_state *state = &board->states[index];
	uint64_t lost = state->up[family] & ~up & state->in[family]; /* where nobody was, nobody is waited for */
	state->leaving[family] &= ~up;
	if (state->leaving[family]) /* a person does not wait */
		state->leaving[family] &= ~drained_pools(board, service);
	if (!service->fail_after || board->quiet || board->first || board->by_hand)
		return;
	state->leaving[family] |= lost;
	begin(board, index, family, lost, now);
}

nanotime leave_due(const struct board *board, uint32_t index, unsigned pool, unsigned family)
{
	if (!(board->states[index].leaving[family] & bit(pool)))
		return INT64_MAX;
	return pool_at(board, index, pool)->wait_since[family] + board->steering->services[index].fail_after;
}

/* ---- time ---- */

nanotime service_waits(struct board *board, uint32_t index, nanotime now)
{
	struct service_state *state = &board->states[index];
	nanotime next = INT64_MAX;
	bool changed = false;
	for (unsigned family = 0; family < FAMILIES; family++)
		for (uint64_t left = state->held[family] | state->leaving[family]; left; left &= left - 1) {
			unsigned pool = (unsigned)__builtin_ctzll(left);
			nanotime in = failback_due(board, index, pool, family);
			nanotime out = leave_due(board, index, pool, family), due = in < out ? in : out;
			if (due > now) {
				next = due < next ? due : next;
				continue;
			}
			state->held[family] &= ~bit(pool);
			state->leaving[family] &= ~bit(pool);
			changed = true;
		}
	if (changed)
		service_render(board, index, now);
	return next;
}
