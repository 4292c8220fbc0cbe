/*
 * soon.c: the earliest time at which the answers of a service may change, and the TTL that goes with it.
 *
 * Called by render.c, by judge.c with each result, by override.c and board_tick.
 * A resolver keeps an answer for its TTL: one that is longer than the time until
 * a target that is on its way down may be down keeps clients there. What cannot
 * be foreseen is not in it: a first failure, what a probe reads, spill, a person.
 *
 * The word that queries read is a number of seconds, not a time, so that they
 * need no clock. It is written anew in steps, each a sixteenth of what is left,
 * and is at every moment shorter than what is left then.
 */
#include "pool/board_inside.h"

#include <stdio.h>

#include "base/assert.h"

#define STEPS 16

/* ---- targets ---- */

/* What is made of others may turn when the first of its parts does: *part. */
static nanotime part_soon(const struct board *board, uint32_t target, uint32_t *part)
{
	const uint32_t *parts = target_parts(board->steering, target);
	nanotime at = INT64_MAX;
	for (unsigned i = 0; i < target_part_count(board->steering, target); i++)
		if (board->extras[parts[i]].soon < at) {
			at = board->extras[parts[i]].soon;
			*part = parts[i];
		}
	return at;
}

/* When the verdict of a target that is on its way may change at the earliest. */
static nanotime verdict_soon(const struct board *board, uint32_t target)
{
	if (target_parts(board->steering, target))
		return part_soon(board, target, &(uint32_t){0});
	const struct target_state *state = &board->targets[target];
	const struct target_extra *extra = &board->extras[target];
	const struct probe_spec *probe = &board->steering->probes[board->steering->targets[target].probe];
	if (state->provisional)
		return extra->asked_at;
	if (!state->run || state->verdict == VERDICT_UNKNOWN)
		return INT64_MAX;
	bool up = state->verdict == VERDICT_UP;
	unsigned enough = up ? probe->fall : probe->rise, left = state->run < enough ? enough - state->run : 1;
	nanotime at = extra->asked_at + left * probe->interval;
	nanotime stood = extra->turned_at == NEVER ? NEVER
	                                           : extra->turned_at + (up ? probe->dwell_up : probe->dwell_down);
	return at > stood ? at : stood;
}

void soon_target(struct board *board, uint32_t target, nanotime now)
{
	struct target_extra *extra = &board->extras[target];
	const struct force *force = board->targets[target].force;
	nanotime at = force ? force->until : verdict_soon(board, target);
	if (at == extra->soon)
		return;
	board->soon_targets += (at != INT64_MAX) - (extra->soon != INT64_MAX);
	extra->soon = at;
	for (uint32_t i = board->users_at[target]; i < board->users_at[target + 1]; i++)
		soon_judge(board, board->users[i], now);
}

void soon_targets(struct board *board)
{
	board->soon_targets = 0;
	for (uint32_t i = 0; i < board->target_count; i++) {
		const struct force *force = board->targets[i].force;
		board->extras[i].soon = force ? force->until : verdict_soon(board, i);
		board->soon_targets += board->extras[i].soon != INT64_MAX;
	}
}

/* ---- services ---- */

enum cause { CAUSE_TARGET, CAUSE_DRAIN, CAUSE_FAILBACK, CAUSE_LEAVE, CAUSE_RAMP, CAUSE_THAW };

struct turn {
	nanotime at; /* INT64_MAX: none */
	enum cause cause;
	uint32_t what; /* target, data center or pool */
};

static void sooner(struct turn *turn, nanotime at, enum cause cause, uint32_t what)
{
	if (at < turn->at)
		*turn = (struct turn){at, cause, what};
}

static void targets_sooner(const struct board *board, const struct pool *pool, struct turn *turn)
{
	if (pool->cname_target != NO_INDEX)
		sooner(turn, board->extras[pool->cname_target].soon, CAUSE_TARGET, pool->cname_target);
	for (unsigned family = 0; family < FAMILIES; family++)
		for (uint32_t i = 0; i < pool->of[family].count; i++) {
			uint32_t target = pool->of[family].list[i].target;
			if (target != NO_INDEX)
				sooner(turn, board->extras[target].soon, CAUSE_TARGET, target);
		}
}

static struct turn first_turn(const struct board *board, uint32_t index, nanotime now)
{
	const struct service *service = &board->steering->services[index];
	const struct service_state *state = &board->states[index];
	struct turn turn = {.at = INT64_MAX};
	if (board->frozen)
		sooner(&turn, board->thaw_at, CAUSE_THAW, 0);
	for (unsigned i = 0; i < service->pool_count; i++) {
		const struct pool *pool = &service->pools[i];
		if (board->soon_targets)
			targets_sooner(board, pool, &turn);
		if (board_bit_drained(board, pool))
			sooner(&turn, board->datacenters[pool->datacenter].drained_until, CAUSE_DRAIN,
			        pool->datacenter);
		for (unsigned family = 0; family < FAMILIES; family++) {
			sooner(&turn, failback_due(board, index, i, family), CAUSE_FAILBACK, i);
			sooner(&turn, leave_due(board, index, i, family), CAUSE_LEAVE, i);
			if (state->ramping[family] >> i & 1)
				sooner(&turn, ramp_due(board, index, i, family, now), CAUSE_RAMP, i);
		}
	}
	return turn;
}

/* ---- the word ---- */

/* Writes the TTL for what is left, and notes when it has to be written again. */
static void write_ttl(struct board *board, uint32_t index, nanotime now)
{
	const struct service *service = &board->steering->services[index];
	struct service_state *state = &board->states[index];
	_Atomic uint32_t *word = &board->services[index].ttl_max;
	nanotime ttl = UINT32_MAX;
	state->soon_due = INT64_MAX;
	if (state->soon != INT64_MAX) {
		nanotime left = state->soon > now ? state->soon - now : 0;
		nanotime step = left / STEPS > NANO_SECOND ? left / STEPS : NANO_SECOND;
		ttl = left > step ? (left - step) / NANO_SECOND : 0;
		if (ttl > service->ttl_floor)
			state->soon_due = state->soon - ttl * NANO_SECOND;
		else
			ttl = service->ttl_floor;
		ttl = ttl < UINT32_MAX - 1 ? ttl : UINT32_MAX - 1;
	}
	if (state->soon_due < board->tick_at) {
		board->tick_at = state->soon_due;
		board->hurried = true;
	}
	if (atomic_load_explicit(word, memory_order_relaxed) == (uint32_t)ttl)
		return;
	atomic_store_explicit(word, (uint32_t)ttl, memory_order_release);
	board->version++;
}

void soon_judge(struct board *board, uint32_t index, nanotime now)
{
	struct service_state *state = &board->states[index];
	if (now == NEVER)
		now = board->told; /* a new board: as the one before it last heard */
	nanotime soon = first_turn(board, index, now).at;
	board->soon_services += (soon != INT64_MAX) - (state->soon != INT64_MAX);
	state->soon = soon;
	write_ttl(board, index, now);
}

nanotime soon_tick(struct board *board, nanotime now)
{
	nanotime next = INT64_MAX;
	for (uint32_t i = 0; board->soon_services && i < board->steering->service_count; i++) {
		struct service_state *state = &board->states[i];
		if (state->soon_due <= now)
			write_ttl(board, i, now);
		next = state->soon_due < next ? state->soon_due : next;
	}
	return next;
}

/* ---- questions ---- */

static void tell_target(const struct board *board, uint32_t target, char *text, size_t room)
{
	for (uint32_t part;
	        board->targets[target].forced == VERDICT_UNKNOWN && part_soon(board, target, &part) != INT64_MAX;)
		target = part;
	const struct target_state *state = &board->targets[target];
	const struct probe_spec *probe = &board->steering->probes[board->steering->targets[target].probe];
	const char *name = board->steering->targets[target].name;
	bool up = state->verdict == VERDICT_UP;
	unsigned enough = up ? probe->fall : probe->rise;
	if (state->forced != VERDICT_UNKNOWN)
		snprintf(text, room, "the force of %s ends", name);
	else if (board->targets[target].provisional)
		snprintf(text, room, "%s was last asked long ago", name);
	else if (state->run < enough)
		snprintf(text, room, "%s %s %u of the %u times in a row after which it is %s", name,
		        up ? "has failed" : "was good", state->run, enough, up ? "down" : "up");
	else
		snprintf(text, room, "%s %s often enough, and its dwell ends", name, up ? "has failed" : "was good");
}

const char *board_ttl_why(const struct board *board, uint32_t service, char *text, size_t room)
{
	struct turn turn = first_turn(board, service, board->told);
	const struct pool *pools = board->steering->services[service].pools;
	MUST(room > 0);
	*text = 0;
	if (turn.at == INT64_MAX)
		return text;
	switch (turn.cause) {
	case CAUSE_TARGET:
		tell_target(board, turn.what, text, room);
		break;
	case CAUSE_DRAIN:
		snprintf(text, room, "the drain of %s ends", board->steering->datacenters[turn.what]);
		break;
	case CAUSE_FAILBACK:
		snprintf(text, room, "failback lets %s in again", pools[turn.what].name);
		break;
	case CAUSE_LEAVE:
		snprintf(text, room, "%s, which is down, is left", pools[turn.what].name);
		break;
	case CAUSE_RAMP:
		snprintf(text, room, "%s takes more of its clients back", pools[turn.what].name);
		break;
	case CAUSE_THAW:
		snprintf(text, room, "the freeze ends");
		break;
	}
	return text;
}
