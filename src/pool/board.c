/*
 * board.c: makes a board, finds names on it, and answers questions about it.
 *
 * Names are what lasts over a reload and a restart: the next board (carry.c) and the state file (restore.c) look them
 * up here. The catch: a board may be freed on another thread than the one that wrote it, after the steering is gone.
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

static uint32_t index_slot(const struct names *names, const char *name)
{
	return (uint32_t)hash_bytes(NAME_SEED, name, strlen(name)) & names->mask;
}

/* Of equal names the first counts. */
static void index_names(struct names *names, const void *list, size_t size, uint32_t count)
{
	uint32_t room = 4;
	while (room / 2 < count)
		room *= 2;
	names->slots = zeroed(room, sizeof *names->slots);
	names->mask = room - 1;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t slot = index_slot(names, name_at(list, size, i));
		while (names->slots[slot])
			slot = (slot + 1) & names->mask;
		names->slots[slot] = i + 1;
	}
}

/* Who asks for many mostly does so in order, as the state file and the next board have them: then no table is made. */
static uint32_t names_find(struct names *names, const void *list, size_t size, uint32_t count, const char *name)
{
	for (uint32_t i = names->last; i < count && i < names->last + 2; i++)
		if (!strcmp(name_at(list, size, i), name))
			return names->last = i;
	if (!names->slots)
		index_names(names, list, size, count);
	for (uint32_t slot = index_slot(names, name); names->slots[slot]; slot = (slot + 1) & names->mask)
		if (!strcmp(name_at(list, size, names->slots[slot] - 1), name))
			return names->last = names->slots[slot] - 1;
	return NO_INDEX;
}

uint32_t board_find_target(const struct board *board, const char *name)
{
	return names_find(
	        board->target_names, board->steering->targets, sizeof(struct target), board->target_count, name);
}

uint32_t board_find_service(const struct board *board, const char *name)
{
	return names_find(board->service_names, board->steering->services, sizeof(struct service),
	        board->steering->service_count, name);
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

const char *target_reason(const struct target_state *state)
{
	return state->force ? state->force->reason : NULL;
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

/* ---- new and free ---- */

void members_fill(struct board *board, const struct members *members)
{
	for (uint32_t i = 0; i < members->count; i++)
		board->words[members->word + i / 64] |= UINT64_C(1) << i % 64;
}

static void fill_words(struct board *board, const struct pool *pool)
{
	if (pool->cname)
		board->words[pool->cname_word] = 1;
	for (unsigned family = 0; family < FAMILIES; family++)
		members_fill(board, &pool->of[family]);
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
	board->reasons = zeroed(pools, sizeof *board->reasons);
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

/* What the control thread will write is written here first: then it does not wait for the pages. */
static void *touched(size_t count, size_t size)
{
	size_t bytes = (count ? count : 1) * size;
	void *memory = malloc(bytes);
	MUST(memory);
	return memset(memory, 0, bytes);
}

static void allocate(struct board *board)
{
	const struct steering *steering = board->steering;
	board->words = touched(steering->word_count, sizeof *board->words);
	size_t bytes = (steering->service_count ? steering->service_count : 1) * sizeof *board->services;
	board->services = aligned_alloc(_Alignof(struct service_words), bytes);
	MUST(board->services);
	memset(board->services, 0, bytes);
	board->states = touched(steering->service_count, sizeof *board->states);
	board->targets = touched(steering->target_count, sizeof *board->targets);
	board->extras = zeroed(steering->target_count, sizeof *board->extras);
	board->up = touched(steering->target_count, sizeof *board->up);
	board->datacenters = zeroed(steering->datacenter_count, sizeof *board->datacenters);
	board->scratch = zeroed(steering->datacenter_count, sizeof *board->scratch);
	board->target_names = zeroed(1, sizeof *board->target_names);
	board->service_names = zeroed(1, sizeof *board->service_names);
}

struct board *board_prepare(const struct steering *steering)
{
	struct board *board = zeroed(1, sizeof *board);
	board->steering = steering;
	board->target_count = steering->target_count;
	board->datacenter_count = steering->datacenter_count;
	board->quiet = board->first = true;
	board->thaw_at = board->tick_at = INT64_MAX;
	board->told = NEVER;
	board->window = detection_window(steering);
	allocate(board);
	for (uint32_t i = 0; i < steering->datacenter_count; i++)
		board->datacenters[i].lost_at = board->datacenters[i].odd_at = NEVER;
	for (uint32_t i = 0; i < steering->target_count; i++)
		board->extras[i] = (struct target_extra){.turned_at = NEVER, .soon = INT64_MAX};
	find_users(board);
	compose_new(board);
	lay_out(board);
	weights_new(board);
	lay_out_readings(board);
	policies_new(board);
	return board;
}

void board_begin(struct board *board, const struct board *previous)
{
	if (previous)
		board_carry(board, previous);
	compose_all(board);
	for (uint32_t i = 0; i < board->target_count; i++)
		board->down_count += board->targets[i].verdict == VERDICT_DOWN;
	spill_new(board, previous);
	board_all_changed(board, NEVER);
	spill_render(board);
	board->quiet = board->first = false;
}

struct board *board_new(const struct steering *steering, const struct board *previous)
{
	struct board *board = board_prepare(steering);
	board_begin(board, previous);
	return board;
}

static void names_free(struct names *names)
{
	free(names->slots);
	free(names);
}

void board_free(struct board *board)
{
	if (!board)
		return;
	for (uint32_t i = 0; i < board->target_count; i++) {
		force_put(board, i, VERDICT_UNKNOWN, NULL);
		detail_let(board->targets[i].detail);
	}
	detail_let(board->latest);
	for (uint32_t i = 0; i < board->datacenter_count; i++)
		free(board->datacenters[i].reason);
	compose_free(board);
	names_free(board->target_names);
	names_free(board->service_names);
	free(board->words);
	free(board->services);
	free(board->states);
	free(board->reasons);
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
	const struct force *force = board->targets[target].force;
	return !force || force->until == INT64_MAX ? 0 : force->until + board->offset;
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
	return (enum pool_reason)board->reasons[board->states[service].first_pool + pool][family];
}

bool board_all_down(const struct board *board, uint32_t service, unsigned family)
{
	return board->states[service].all_down[family];
}

uint64_t board_version(const struct board *board)
{
	return board->version;
}
