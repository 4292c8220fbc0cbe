/*
 * spill.c: a data center that is nearly full sends some of its clients to their next choice.
 *
 * Called by judge.c with each result that brings a reading named `load`. A slow
 * controller for each data center, one bounded step a probe's interval: above
 * 90 % more clients go, below 80 % they come back a quarter as fast, in between
 * nothing moves. Steps are small against the minutes in which resolvers forget.
 *
 * Overload must not cascade. Whom others spill is taken only by a data center
 * that spills nobody itself and is not above 90 %: one that gets there refuses
 * them all at once, and opens again in steps, from below 80 % on. Where all are
 * full, nobody takes anyone and every client stays with its first choice. One
 * that reported its load and does not any more takes nobody, and its own clients
 * come back: what is not known sends nobody away. One that never did is believed
 * to have room.
 */
#include "pool/board_inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#define FULL 0.9
#define CALM 0.8
#define AIM 0.85                  /* what a step out tries for */
#define STEP_OUT (SHARE_ALL / 32) /* at most */
#define STEP_BACK (SHARE_ALL / 128)
#define SPILL_MOST (SHARE_ALL - SHARE_ALL / 16)
#define LOAD_MOST 1000.0 /* whatever they say */
#define STALE 3          /* intervals after which a load is not known any more */

/* Which targets tell the load of which data center. */
struct load_targets {
	uint32_t *of;    /* by target: its data center; NO_INDEX: it tells none */
	uint32_t *field; /* by target: which of its readings */
	uint32_t *at;    /* by data center: where its targets begin in `list` */
	uint32_t *list;
};

static int load_field(const struct probe_spec *probe)
{
	for (int i = 0; i < probe->read_count; i++)
		if (!strcmp(probe->read[i], "load"))
			return i;
	return -1;
}

static void note_target(struct board *board, uint32_t target, uint32_t datacenter)
{
	struct load_targets *loads = board->loads;
	if (target == NO_INDEX || loads->of[target] != NO_INDEX)
		return;
	int field = load_field(&board->steering->probes[board->steering->targets[target].probe]);
	if (field < 0)
		return;
	loads->of[target] = datacenter;
	loads->field[target] = (uint32_t)field;
	loads->at[datacenter + 1]++;
	board->datacenters[datacenter].loaded = true;
}

static void note_pool(struct board *board, const struct pool *pool)
{
	if (pool->datacenter == NO_INDEX)
		return;
	if (pool->cname)
		note_target(board, pool->cname_target, pool->datacenter);
	for (unsigned family = 0; family < FAMILIES; family++)
		for (uint32_t i = 0; i < pool->of[family].count; i++)
			note_target(board, pool->of[family].list[i].target, pool->datacenter);
}

static void *some(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);
	MUST(memory);
	return memory;
}

static void find_loads(struct board *board)
{
	const struct steering *steering = board->steering;
	struct load_targets *loads = board->loads = some(1, sizeof *loads);
	loads->of = some(steering->target_count, sizeof *loads->of);
	loads->field = some(steering->target_count, sizeof *loads->field);
	loads->at = some(steering->datacenter_count + 1, sizeof *loads->at);
	memset(loads->of, 0xff, steering->target_count * sizeof *loads->of);
	for (uint32_t i = 0; i < steering->service_count; i++)
		for (unsigned j = 0; j < steering->services[i].pool_count; j++)
			note_pool(board, &steering->services[i].pools[j]);
	for (uint32_t i = 0; i < steering->datacenter_count; i++)
		loads->at[i + 1] += loads->at[i];
	loads->list = some(loads->at[steering->datacenter_count], sizeof *loads->list);
	uint32_t *next = some(steering->datacenter_count, sizeof *next);
	for (uint32_t i = 0; i < steering->target_count; i++)
		if (loads->of[i] != NO_INDEX)
			loads->list[loads->at[loads->of[i]] + next[loads->of[i]]++] = i;
	free(next);
}

/* Does it tell its load now: its last result was good, brought one, and is not long ago. */
static bool tells(const struct board *board, uint32_t target, nanotime now)
{
	const struct target_state *state = &board->targets[target];
	const struct probe_spec *probe = &board->steering->probes[board->steering->targets[target].probe];
	const struct reading *reading = &state->readings[board->loads->field[target]];
	return state->window_count && state->window & 1 && reading->known && reading->is_number &&
	       reading->number >= 0 && state->last >= now + board->offset - STALE * probe->interval - probe->timeout;
}

/* Fractions are averaged; requests per second are added up. Without a capacity every number is a fraction. */
static double load_of(const struct board *board, uint32_t datacenter, nanotime now)
{
	const struct load_targets *loads = board->loads;
	double capacity = board->steering->capacities ? board->steering->capacities[datacenter] : 0;
	double fractions = 0, requests = 0;
	unsigned fraction_count = 0, count = 0;
	for (uint32_t i = loads->at[datacenter]; i < loads->at[datacenter + 1]; i++) {
		uint32_t target = loads->list[i];
		if (!tells(board, target, now))
			continue;
		double number = board->targets[target].readings[loads->field[target]].number;
		bool fraction = number <= 1 || !(capacity > 0);
		fractions += fraction ? number : 0;
		requests += fraction ? 0 : number;
		fraction_count += fraction;
		count++;
	}
	if (!count)
		return NAN;
	double load = (fraction_count ? fractions / fraction_count : 0) + (requests > 0 ? requests / capacity : 0);
	return load < LOAD_MOST ? load : LOAD_MOST;
}

/* ---- what queries see ---- */

static void put_room(struct board *board, uint32_t index)
{
	const struct datacenter_state *datacenter = &board->datacenters[index];
	uint32_t room = datacenter->spill ? 0 : datacenter->room, refused = SHARE_ALL - room;
	uint32_t word = datacenter->spill << 16 | (refused < SHARE_ALL ? refused : SHARE_ALL - 1);
	if (atomic_load_explicit(&board->rooms[index], memory_order_relaxed) == word)
		return;
	atomic_store_explicit(&board->rooms[index], word, memory_order_release);
	board->version++;
}

/* The pools of services that spill, in data centers that do. */
static void mark_service(struct board *board, uint32_t index)
{
	const struct service *service = &board->steering->services[index];
	struct service_state *state = &board->states[index];
	state->spilling = 0;
	for (unsigned i = 0; service->spill && i < service->pool_count; i++)
		if (service->pools[i].datacenter != NO_INDEX && board->datacenters[service->pools[i].datacenter].spill)
			state->spilling |= UINT64_C(1) << i;
	service_limit(board, index);
}

void spill_render(struct board *board)
{
	for (uint32_t i = 0; i < board->datacenter_count; i++)
		put_room(board, i);
	for (uint32_t i = 0; i < board->steering->service_count; i++)
		if (board->steering->services[i].spill)
			mark_service(board, i);
}

/* ---- the controller ---- */

/* Whether some other data center takes whom this one spills. */
static bool any_room(const struct board *board, uint32_t except)
{
	for (uint32_t i = 0; i < board->datacenter_count; i++) {
		const struct datacenter_state *datacenter = &board->datacenters[i];
		if (i != except && datacenter->used && !datacenter->drained && !datacenter->lost &&
		        !datacenter->spill && datacenter->room)
			return true;
	}
	return false;
}

static uint32_t step_out(const struct datacenter_state *datacenter)
{
	double wanted = (datacenter->load - AIM) / datacenter->load * (SHARE_ALL - datacenter->spill) / 2;
	uint32_t step = wanted < STEP_OUT ? (uint32_t)wanted : STEP_OUT;
	return datacenter->spill + step < SPILL_MOST ? step : SPILL_MOST - datacenter->spill;
}

static void control(struct board *board, uint32_t index)
{
	struct datacenter_state *datacenter = &board->datacenters[index];
	bool full = datacenter->load > FULL, calm = datacenter->load < CALM, room = any_room(board, index);
	bool silent = isnan(datacenter->load);
	datacenter->told |= !silent;
	if (full || (datacenter->told && silent))
		datacenter->room = 0;
	else if (calm)
		datacenter->room = datacenter->room + STEP_BACK < SHARE_ALL ? datacenter->room + STEP_BACK : SHARE_ALL;
	if (full && room)
		datacenter->spill += step_out(datacenter);
	else if (calm || silent || !room)
		datacenter->spill -= datacenter->spill < STEP_BACK ? datacenter->spill : STEP_BACK;
}

/* Those that fell silent take nobody. */
static void close_silent(struct board *board, nanotime now)
{
	for (uint32_t i = 0; i < board->datacenter_count; i++) {
		struct datacenter_state *datacenter = &board->datacenters[i];
		if (!datacenter->loaded || isnan(datacenter->load))
			continue;
		bool told = false;
		for (uint32_t j = board->loads->at[i]; !told && j < board->loads->at[i + 1]; j++)
			told = tells(board, board->loads->list[j], now);
		if (told)
			continue;
		datacenter->load = NAN;
		datacenter->room = 0;
		put_room(board, i);
	}
}

static void tell(const struct board *board, uint32_t index, uint32_t before)
{
	const struct datacenter_state *datacenter = &board->datacenters[index];
	const char *name = board->steering->datacenters[index];
	if (datacenter->spill && !before)
		board_tell(board, EVENT(WARN, "spill", name, "on"),
		        "data center %s is at %.0f %% of its capacity: some clients go to their next choice", name,
		        datacenter->load * 100);
	else if (!datacenter->spill && before)
		board_tell(board, EVENT(INFO, "spill", name, "off"),
		        "data center %s serves all its clients again, at %.0f %% of its capacity", name,
		        datacenter->load * 100);
}

void spill_report(struct board *board, uint32_t target, nanotime now)
{
	if (!board->loads || board->loads->of[target] == NO_INDEX)
		return;
	uint32_t index = board->loads->of[target];
	struct datacenter_state *datacenter = &board->datacenters[index];
	nanotime interval = board->steering->probes[board->steering->targets[target].probe].interval;
	/* probes are jittered: a step is due a little before its interval is over */
	if (datacenter->load_at != NEVER && now - datacenter->load_at < interval - interval / 8)
		return;
	uint32_t before = datacenter->spill;
	datacenter->load_at = now;
	datacenter->load = load_of(board, index, now);
	close_silent(board, now);
	control(board, index);
	put_room(board, index);
	if (!datacenter->spill == !before)
		return;
	tell(board, index, before);
	for (uint32_t i = 0; i < board->steering->service_count; i++)
		if (board->steering->services[i].spill)
			mark_service(board, i);
}

/* ---- set up ---- */

void spill_new(struct board *board, const struct board *previous)
{
	const struct steering *steering = board->steering;
	bool any = false;
	board->rooms = some(steering->datacenter_count, sizeof *board->rooms);
	for (uint32_t i = 0; i < steering->probe_count; i++)
		any |= load_field(&steering->probes[i]) >= 0;
	for (uint32_t i = 0; i < steering->datacenter_count; i++) {
		board->datacenters[i].load = NAN;
		board->datacenters[i].load_at = NEVER;
		board->datacenters[i].room = SHARE_ALL;
	}
	if (!any)
		return;
	find_loads(board);
	for (uint32_t i = 0; previous && i < steering->datacenter_count; i++) {
		uint32_t old = board_find_datacenter(previous, steering->datacenters[i]);
		struct datacenter_state *to = &board->datacenters[i];
		if (old == NO_INDEX || !to->loaded)
			continue;
		to->told = previous->datacenters[old].told;
		to->load = previous->datacenters[old].load;
		to->load_at = previous->datacenters[old].load_at;
		to->spill = previous->datacenters[old].spill;
		to->room = previous->datacenters[old].room;
	}
}

void spill_free(struct board *board)
{
	free(board->rooms);
	if (!board->loads)
		return;
	free(board->loads->of);
	free(board->loads->field);
	free(board->loads->at);
	free(board->loads->list);
	free(board->loads);
}

struct load board_load(const struct board *board, uint32_t datacenter)
{
	const struct datacenter_state *state = &board->datacenters[datacenter];
	return (struct load){.load = state->load,
	        .spilled = state->spill / (double)SHARE_ALL,
	        .room = state->spill ? 0 : state->room / (double)SHARE_ALL};
}
