/*
 * board.c: makes a board, carries over what the one before knew, and answers questions about it.
 *
 * Names are what lasts over a reload, so each board has tables of its names, and
 * the next one looks its own up in them.
 */
#include "pool/board_inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "base/text.h"
#include "pool/weights.h"

#define NAME_SEED 0x6d6572696469616eu
#define REASON_MAX 256
#define DETAIL_MAX 96

/* ---- names ---- */

/* The names of the things in a list of `size` bytes each whose first field is the name. */
static const char *name_at(const void *list, size_t size, uint32_t i)
{
	const char *name;
	memcpy(&name, (const uint8_t *)list + i * size, sizeof name);
	return name;
}

_Static_assert(offsetof(struct target, name) == 0, "name_at reads the first field");
_Static_assert(offsetof(struct service, name) == 0, "name_at reads the first field");

static void *zeroed(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);
	MUST(memory);
	return memory;
}

static uint32_t index_slot(const struct name_index *index, const char *name)
{
	return (uint32_t)hash_bytes(NAME_SEED, name, strlen(name)) & index->mask;
}

/* Of equal names the first counts. */
static struct name_index index_new(const void *list, size_t size, uint32_t count)
{
	uint32_t room = 4;
	while (room / 2 < count)
		room *= 2;
	struct name_index index = {.slots = zeroed(room, sizeof *index.slots), .mask = room - 1};
	for (uint32_t i = 0; i < count; i++) {
		uint32_t slot = index_slot(&index, name_at(list, size, i));
		while (index.slots[slot])
			slot = (slot + 1) & index.mask;
		index.slots[slot] = i + 1;
	}
	return index;
}

static uint32_t index_find(const struct name_index *index, const void *list, size_t size, const char *name)
{
	for (uint32_t slot = index_slot(index, name); index->slots[slot]; slot = (slot + 1) & index->mask)
		if (!strcmp(name_at(list, size, index->slots[slot] - 1), name))
			return index->slots[slot] - 1;
	return NO_INDEX;
}

uint32_t board_find_target(const struct board *board, const char *name)
{
	return index_find(&board->target_names, board->steering->targets, sizeof(struct target), name);
}

uint32_t board_find_service(const struct board *board, const char *name)
{
	return index_find(&board->service_names, board->steering->services, sizeof(struct service), name);
}

uint32_t board_find_datacenter(const struct board *board, const char *name)
{
	for (uint32_t i = 0; i < board->steering->datacenter_count; i++)
		if (!strcmp(board->steering->datacenters[i], name))
			return i;
	return NO_INDEX;
}

uint32_t service_find_pool(const struct service *service, const char *name)
{
	for (uint32_t i = 0; i < service->pool_count; i++)
		if (!strcmp(service->pools[i].name, name))
			return i;
	return NO_INDEX;
}

void board_reason(char **slot, const char *reason)
{
	free(*slot);
	*slot = NULL;
	if (!reason || !*reason)
		return;
	char text[REASON_MAX];
	text_visible(text, sizeof text, reason, strlen(reason));
	*slot = strdup(text);
	MUST(*slot);
}

const char *target_detail(const struct target_state *state)
{
	return state->detail ? state->detail->text : "";
}

static void detail_let(struct detail *detail)
{
	if (detail && !--detail->users)
		free(detail);
}

void board_detail(struct board *board, struct target_state *state, const char *said)
{
	char text[DETAIL_MAX];
	text_visible(text, sizeof text, said, strlen(said));
	if (!strcmp(text, target_detail(state)))
		return;
	if (!board->latest || strcmp(text, board->latest->text) != 0) {
		detail_let(board->latest);
		board->latest = malloc(sizeof *board->latest + strlen(text) + 1);
		MUST(board->latest);
		board->latest->users = 1;
		memcpy(board->latest->text, text, strlen(text) + 1);
	}
	detail_let(state->detail);
	state->detail = board->latest;
	state->detail->users++;
}

/* ---- who uses what ---- */

typedef void each_target(void *context, uint32_t service, uint32_t target);

static void service_targets(const struct service *service, uint32_t index, each_target *each, void *context)
{
	for (unsigned i = 0; i < service->pool_count; i++) {
		const struct pool *pool = &service->pools[i];
		if (pool->cname && pool->cname_target != NO_INDEX)
			each(context, index, pool->cname_target);
		for (unsigned family = 0; family < FAMILIES; family++)
			for (uint32_t j = 0; j < pool->of[family].count; j++)
				if (pool->of[family].list[j].target != NO_INDEX)
					each(context, index, pool->of[family].list[j].target);
	}
}

/* Two walks over all members: count, then fill. `latest` skips a service that was just entered. */
struct fill {
	struct board *board;
	uint32_t *latest, *at;
	bool counting;
};

static void fill_one(void *context, uint32_t service, uint32_t target)
{
	struct fill *fill = context;
	MUST(target < fill->board->steering->target_count);
	if (fill->latest[target] == service + 1)
		return;
	fill->latest[target] = service + 1;
	if (fill->counting)
		fill->board->users_at[target + 1]++;
	else
		fill->board->users[fill->at[target]++] = service;
}

static void find_users(struct board *board)
{
	const struct steering *steering = board->steering;
	uint32_t count = steering->target_count;
	board->users_at = zeroed(count + 1, sizeof *board->users_at);
	struct fill fill = {.board = board, .latest = zeroed(count, sizeof *fill.latest), .counting = true};
	for (uint32_t i = 0; i < steering->service_count; i++)
		service_targets(&steering->services[i], i, fill_one, &fill);
	for (uint32_t i = 0; i < count; i++)
		board->users_at[i + 1] += board->users_at[i];
	board->users = zeroed(board->users_at[count], sizeof *board->users);
	fill.counting = false;
	fill.at = zeroed(count, sizeof *fill.at);
	memcpy(fill.at, board->users_at, count * sizeof *fill.at);
	memset(fill.latest, 0, count * sizeof *fill.latest);
	for (uint32_t i = 0; i < steering->service_count; i++)
		service_targets(&steering->services[i], i, fill_one, &fill);
	free(fill.at);
	free(fill.latest);
}

/* ---- readings ---- */

static uint8_t read_count(const struct steering *steering, uint32_t target)
{
	return steering->probes[steering->targets[target].probe].read_count;
}

/* One block for the readings of all targets that have any. */
static void lay_out_readings(struct board *board)
{
	const struct steering *steering = board->steering;
	size_t count = 0;
	for (uint32_t i = 0; i < steering->target_count; i++)
		count += read_count(steering, i);
	board->readings = zeroed(count, sizeof *board->readings);
	struct reading *next = board->readings;
	for (uint32_t i = 0; i < steering->target_count; i++) {
		if (read_count(steering, i))
			board->targets[i].readings = next;
		next += read_count(steering, i);
	}
}

/* What was read of a target; the same probe may read other fields now. */
static void carry_readings(struct board *board, uint32_t to, const struct board *previous, uint32_t from)
{
	const struct probe_spec *now = &board->steering->probes[board->steering->targets[to].probe];
	const struct probe_spec *was = &previous->steering->probes[previous->steering->targets[from].probe];
	for (unsigned i = 0; i < now->read_count; i++)
		for (unsigned j = 0; j < was->read_count; j++)
			if (!strcmp(now->read[i], was->read[j]))
				board->targets[to].readings[i] = previous->targets[from].readings[j];
}

/* ---- carried over ---- */

/* Mostly it stands behind the one that was found before it: then nothing is looked up. */
static uint32_t find_after(const struct board *previous, uint32_t last, const char *name)
{
	uint32_t next = last == NO_INDEX ? 0 : last + 1;
	if (next < previous->target_count && !strcmp(previous->steering->targets[next].name, name))
		return next;
	return board_find_target(previous, name);
}

static void carry_targets(struct board *board, const struct board *previous)
{
	uint32_t last = NO_INDEX;
	for (uint32_t i = 0; i < board->steering->target_count; i++) {
		uint32_t old = find_after(previous, last, board->steering->targets[i].name);
		if (old == NO_INDEX)
			continue;
		last = old;
		struct reading *readings = board->targets[i].readings;
		board->targets[i] = previous->targets[old];
		board->targets[i].readings = readings;
		board->targets[i].detail = NULL;
		board->targets[i].reason = NULL;
		board_reason(&board->targets[i].reason, previous->targets[old].reason);
		board_detail(board, &board->targets[i], target_detail(&previous->targets[old]));
		carry_readings(board, i, previous, old);
		bool watched = board->extras[i].watched;
		board->extras[i] = previous->extras[old];
		board->extras[i].watched = watched;
	}
	bool freeze = board->steering->safety.freeze;
	for (uint32_t i = 0; i < board->steering->target_count && !freeze; i++)
		board->extras[i].frozen = false;
	board->frozen = freeze && previous->frozen;
	board->thaw_at = board->frozen ? previous->thaw_at : INT64_MAX;
}

static void carry_datacenters(struct board *board, const struct board *previous)
{
	for (uint32_t i = 0; i < board->steering->datacenter_count; i++) {
		uint32_t old = board_find_datacenter(previous, board->steering->datacenters[i]);
		if (old == NO_INDEX)
			continue;
		const struct datacenter_state *from = &previous->datacenters[old];
		struct datacenter_state *to = &board->datacenters[i];
		to->drained = from->drained;
		to->drained_at = from->drained_at;
		to->drained_until = from->drained_until;
		board_reason(&to->reason, from->reason);
		to->lost = from->lost;
		to->braked = from->braked;
		to->lost_at = from->lost_at;
		to->odd_at = from->odd_at;
		to->lost_order = from->lost_order;
	}
	board->lost_count = previous->lost_count;
}

static void fill_members(struct board *board, const struct members *members)
{
	for (uint32_t i = 0; i < members->count; i++)
		board->words[members->word + i / 64] |= UINT64_C(1) << i % 64;
}

/* The members that were given when all went down, by address. */
static void carry_members(
        struct board *board, const struct members *to, const struct board *previous, const struct members *from)
{
	for (uint32_t i = 0; i < (to->count + 63) / 64; i++)
		board->words[to->word + i] = 0;
	for (uint32_t i = 0; i < to->count; i++)
		for (uint32_t j = 0; j < from->count; j++) {
			uint64_t was = previous->words[from->word + j / 64];
			if (addr_equal(&to->list[i].addr, &from->list[j].addr) && was >> j % 64 & 1)
				board->words[to->word + i / 64] |= UINT64_C(1) << i % 64;
		}
	uint64_t any = 0;
	for (uint32_t i = 0; i < (to->count + 63) / 64; i++)
		any |= board->words[to->word + i];
	if (!any)
		fill_members(board, to);
}

/* Since when a pool has waited; where it is held for another reason now, a condition has to hold for its time anew. */
static nanotime carried_since(
        const struct service *service, const struct service *was, bool held, nanotime since, nanotime now)
{
	if (!held || service->failback == was->failback)
		return since;
	return service->failback == FAILBACK_WHEN ? NEVER : since == NEVER ? now : since;
}

static void carry_service(struct board *board, uint32_t index, const struct board *previous, uint32_t old)
{
	const struct service *service = &board->steering->services[index], *was = &previous->steering->services[old];
	struct service_state *state = &board->states[index];
	const struct service_state *from = &previous->states[old];
	for (uint32_t i = 0; i < service->pool_count; i++) {
		uint32_t j = service_find_pool(was, service->pools[i].name);
		if (j == NO_INDEX)
			continue;
		for (unsigned family = 0; family < FAMILIES; family++) {
			bool last = from->last[family] >> j & 1;
			state->held[family] |= (from->held[family] >> j & 1) << i;
			if (service->fail_after)
				state->leaving[family] |= (from->leaving[family] >> j & 1) << i;
			state->last[family] |= (uint64_t)last << i;
			const struct pool_state *pool = &previous->pools[from->first_pool + j];
			board->pools[state->first_pool + i].wait_since[family] = carried_since(
			        service, was, from->held[family] >> j & 1, pool->wait_since[family], previous->told);
			if (from->ramping[family] >> j & 1)
				ramp_carry(board, index, i, family, pool->ramp_since[family],
				        ramp_share(previous, old, j, family));
			if (last && service->all_down == ALL_DOWN_LAST && from->all_down[family])
				carry_members(
				        board, &service->pools[i].of[family], previous, &was->pools[j].of[family]);
		}
	}
}

/* Only what time and chance made of a service; the rest follows from its targets. */
static void carry_services(struct board *board, const struct board *previous)
{
	for (uint32_t i = 0; i < board->steering->service_count; i++) {
		const struct service *service = &board->steering->services[i];
		if (!service_remembers(service))
			continue;
		uint32_t old = board_find_service(previous, service->name);
		if (old != NO_INDEX)
			carry_service(board, i, previous, old);
	}
}

/* ---- new and free ---- */

static void fill_words(struct board *board, const struct pool *pool)
{
	if (pool->cname)
		board->words[pool->cname_word] = 1;
	for (unsigned family = 0; family < FAMILIES; family++)
		fill_members(board, &pool->of[family]);
}

static void lay_out(struct board *board)
{
	const struct steering *steering = board->steering;
	uint32_t pools = 0;
	board->waiting = zeroed(steering->service_count, sizeof *board->waiting);
	for (uint32_t i = 0; i < steering->service_count; i++) {
		const struct service *service = &steering->services[i];
		MUST(service->pool_count > 0 && service->pool_count <= POOLS_MAX);
		board->states[i].first_pool = pools;
		board->states[i].soon = board->states[i].soon_due = INT64_MAX;
		pools += service->pool_count;
		if (service->failback == FAILBACK_AFTER || service->failback == FAILBACK_WHEN || service->fail_after)
			board->waiting[board->waiting_count++] = i;
		for (unsigned j = 0; j < service->pool_count; j++) {
			const struct pool *pool = &service->pools[j];
			fill_words(board, pool);
			if (pool->datacenter == NO_INDEX)
				continue;
			struct datacenter_state *datacenter = &board->datacenters[pool->datacenter];
			uint32_t count = pool->cname ? 1 : (pool->of[0].count > 0) + (pool->of[1].count > 0);
			datacenter->used = true;
			datacenter->pools += count;
			datacenter->pools_up += count;
		}
		uint64_t all = UINT64_MAX >> (64 - service->pool_count);
		for (unsigned family = 0; family < FAMILIES; family++)
			board->states[i].up[family] = board->states[i].some[family] = board->states[i].fit[family] =
			        board->states[i].fit_some[family] = board->states[i].in[family] = all;
	}
	board->pools = zeroed(pools, sizeof *board->pools);
	ramps_new(board, pools);
}

/* How long it takes at most to notice that something is down, or up again. */
static nanotime detection_window(const struct steering *steering)
{
	nanotime longest = 0;
	for (uint32_t i = 0; i < steering->probe_count; i++) {
		const struct probe_spec *probe = &steering->probes[i];
		nanotime down = probe_detection(probe), up = probe_recovery(probe);
		if (down > longest)
			longest = down;
		if (up > longest)
			longest = up;
	}
	return longest;
}

struct board *board_new(const struct steering *steering, const struct board *previous)
{
	struct board *board = zeroed(1, sizeof *board);
	board->steering = steering;
	board->target_count = steering->target_count;
	board->datacenter_count = steering->datacenter_count;
	board->quiet = board->first = true;
	board->thaw_at = board->tick_at = INT64_MAX;
	board->told = NEVER;
	board->window = detection_window(steering);
	board->words = zeroed(steering->word_count, sizeof *board->words);
	size_t bytes = (steering->service_count ? steering->service_count : 1) * sizeof *board->services;
	board->services = aligned_alloc(_Alignof(struct service_words), bytes);
	MUST(board->services);
	memset(board->services, 0, bytes);
	board->states = zeroed(steering->service_count, sizeof *board->states);
	board->targets = zeroed(steering->target_count, sizeof *board->targets);
	board->extras = zeroed(steering->target_count, sizeof *board->extras);
	board->up = zeroed(steering->target_count, sizeof *board->up);
	board->datacenters = zeroed(steering->datacenter_count, sizeof *board->datacenters);
	board->scratch = zeroed(steering->datacenter_count, sizeof *board->scratch);
	board->target_names = index_new(steering->targets, sizeof(struct target), steering->target_count);
	board->service_names = index_new(steering->services, sizeof(struct service), steering->service_count);
	for (uint32_t i = 0; i < steering->datacenter_count; i++)
		board->datacenters[i].lost_at = board->datacenters[i].odd_at = NEVER;
	for (uint32_t i = 0; i < steering->target_count; i++)
		board->extras[i] = (struct target_extra){.lost_at = NEVER, .turned_at = NEVER, .soon = INT64_MAX};
	find_users(board);
	compose_new(board);
	lay_out(board);
	weights_new(board);
	lay_out_readings(board);
	policies_new(board);
	if (previous) {
		carry_targets(board, previous);
		carry_datacenters(board, previous);
		carry_services(board, previous);
		policies_carry(board, previous);
		board_listen(board, previous->listener, previous->listener_context);
		board->version = previous->version + 1;
		board->offset = previous->offset;
		board->told = previous->told;
	}
	compose_all(board);
	for (uint32_t i = 0; i < steering->target_count; i++)
		board->down_count += board->targets[i].verdict == VERDICT_DOWN;
	spill_new(board, previous);
	board_all_changed(board, NEVER);
	spill_render(board);
	board->quiet = board->first = false;
	return board;
}

void board_free(struct board *board)
{
	if (!board)
		return;
	for (uint32_t i = 0; i < board->target_count; i++) {
		free(board->targets[i].reason);
		detail_let(board->targets[i].detail);
	}
	detail_let(board->latest);
	for (uint32_t i = 0; i < board->datacenter_count; i++)
		free(board->datacenters[i].reason);
	compose_free(board);
	free(board->target_names.slots);
	free(board->service_names.slots);
	free(board->words);
	free(board->services);
	free(board->states);
	free(board->pools);
	free(board->policies);
	free(board->targets);
	free(board->readings);
	free(board->extras);
	free(board->up);
	free(board->datacenters);
	free(board->scratch);
	free(board->users);
	free(board->users_at);
	free(board->waiting);
	weights_free(board);
	ramps_free(board);
	spill_free(board);
	free(board);
}

/* ---- questions ---- */

bool board_drained(const struct board *board, uint32_t datacenter)
{
	return board->datacenters[datacenter].drained;
}

struct datacenter_view board_datacenter(const struct board *board, uint32_t datacenter)
{
	const struct datacenter_state *state = &board->datacenters[datacenter];
	struct datacenter_view view = {.drained = state->drained,
	        .reason = state->reason,
	        .lost = state->lost,
	        .kept = state->kept,
	        .braked = state->braked};
	if (!state->drained)
		return view;
	view.since = state->drained_at + board->offset;
	view.until = state->drained_until == INT64_MAX ? 0 : state->drained_until + board->offset;
	view.serving_to = view.since + board->steering->safety.linger;
	return view;
}

nanotime board_force_until(const struct board *board, uint32_t target)
{
	nanotime until = board->extras[target].forced_until;
	return board->targets[target].forced == VERDICT_UNKNOWN || until == INT64_MAX ? 0 : until + board->offset;
}

bool board_frozen(const struct board *board)
{
	return board->frozen;
}

const struct target_state *board_target(const struct board *board, uint32_t target)
{
	return &board->targets[target];
}

const struct steering *board_steering(const struct board *board)
{
	return board->steering;
}

enum pool_reason board_pool(const struct board *board, uint32_t service, unsigned pool, unsigned family)
{
	return (enum pool_reason)board->pools[board->states[service].first_pool + pool].reason[family];
}

bool board_all_down(const struct board *board, uint32_t service, unsigned family)
{
	return board->states[service].all_down[family];
}

uint64_t board_version(const struct board *board)
{
	return board->version;
}
