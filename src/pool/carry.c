/*
 * carry.c: what a new board takes over from the one before it, by the names of targets, data centers, services, pools.
 *
 * Called by board_begin. The catch: answers go on meanwhile, but nothing else does on the control thread, and there
 * may be a million targets.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "pool/board_inside.h"

/* Most targets say what the one before them said: the text that was last carried. */
struct details {
	const struct detail *from;
	struct detail *to;
};

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

static void carry_target(
        struct board *board, uint32_t to, const struct board *previous, uint32_t from, struct details *details)
{
	struct target_state *state = &board->targets[to], *was = &previous->targets[from];
	struct target_state blank = *state;
	*state = *was;
	state->readings = blank.readings;
	state->watched = blank.watched;
	state->detail = NULL;
	state->force = NULL;
	if (details->to && was->detail == details->from) {
		state->detail = details->to;
		state->detail->users++;
	} else if (was->detail) {
		board_detail(board, state, was->detail->text);
		*details = (struct details){was->detail, state->detail};
	}
	if (was->force)
		force_put(board, to, was->forced, was->force);
	if (state->readings)
		carry_readings(board, to, previous, from);
	board->extras[to] = previous->extras[from];
}

static void carry_targets(struct board *board, const struct board *previous)
{
	struct details details = {NULL, NULL};
	for (uint32_t i = 0; i < board->target_count; i++) {
		uint32_t old = board_find_target(previous, board->steering->targets[i].name);
		if (old != NO_INDEX)
			carry_target(board, i, previous, old, &details);
	}
	bool freeze = board->steering->safety.freeze;
	for (uint32_t i = 0; i < board->target_count && !freeze; i++)
		board->targets[i].frozen = false;
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
		members_fill(board, to);
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
			if (pool_has(&was->pools[j], family) && !(from->in[family] >> j & 1))
				state->absent[family] |= UINT64_C(1) << i;
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

void board_carry(struct board *board, const struct board *previous)
{
	carry_targets(board, previous);
	carry_datacenters(board, previous);
	carry_services(board, previous);
	policies_carry(board, previous);
	board_listen(board, previous->listener, previous->listener_context);
	board->version = previous->version + 1;
	board->offset = previous->offset;
	board->told = previous->told;
}
