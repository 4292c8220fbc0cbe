/*
 * ramp.c: a pool that returns takes its clients back over a time, so that caches warm.
 *
 * Called by render.c when the pools in use change, and by board_tick. Who may
 * already use the pool is told by the hash of the client's prefix, the same for
 * all pools, and the share only grows: so each client moves once. The share
 * grows in 64 steps, each one atomic store.
 *
 * A ramp needs somebody to serve the others. Where every pool in use is on a
 * ramp, the one that is farthest has no reason to be on it any more.
 */
#include "pool/board_inside.h"

#include <stdlib.h>

#include "base/assert.h"

#define STEPS 64

static uint64_t bit(unsigned pool)
{
	return UINT64_C(1) << pool;
}

static struct pool_state *pool_at(const struct board *board, uint32_t service, unsigned pool)
{
	return &board->pools[board->states[service].first_pool + pool];
}

static _Atomic uint16_t *share_at(const struct board *board, uint32_t service, unsigned pool, unsigned family)
{
	return &board->shares[(size_t)(board->states[service].first_pool + pool) * FAMILIES + family];
}

static void put_share(struct board *board, uint32_t service, unsigned pool, unsigned family, uint16_t value)
{
	_Atomic uint16_t *share = share_at(board, service, pool, family);
	if (atomic_load_explicit(share, memory_order_relaxed) == value)
		return;
	atomic_store_explicit(share, value, memory_order_release);
	board->version++;
}

/* The share at a step: never 0, which is no ramp. */
static uint16_t share_of(unsigned step)
{
	return (uint16_t)(step ? step * (SHARE_ALL / STEPS) : 1);
}

static void end_ramps(struct board *board, uint32_t service, unsigned family, uint64_t pools)
{
	struct service_state *state = &board->states[service];
	for (uint64_t left = state->ramping[family] & pools; left; left &= left - 1)
		put_share(board, service, (unsigned)__builtin_ctzll(left), family, 0);
	state->ramping[family] &= ~pools;
}

/* Ends the ramps that began first, if nobody but pools on ramps is there. */
static void lift_farthest(struct board *board, uint32_t index, unsigned family)
{
	struct service_state *state = &board->states[index];
	nanotime first = INT64_MAX;
	if (!state->in[family] || state->in[family] & ~state->ramping[family])
		return;
	for (uint64_t left = state->ramping[family]; left; left &= left - 1) {
		nanotime since = pool_at(board, index, (unsigned)__builtin_ctzll(left))->ramp_since[family];
		first = since < first ? since : first;
	}
	for (uint64_t left = state->ramping[family]; left; left &= left - 1) {
		unsigned pool = (unsigned)__builtin_ctzll(left);
		if (pool_at(board, index, pool)->ramp_since[family] == first)
			end_ramps(board, index, family, bit(pool));
	}
}

void ramp_judge(struct board *board, uint32_t index, unsigned family, uint64_t in, uint64_t returned, nanotime now)
{
	const struct service *service = &board->steering->services[index];
	struct service_state *state = &board->states[index];
	/* A reload brings a pool back where it takes the members away for whom it was out; all else was carried over.
	 */
	returned &= in & (board->quiet ? state->absent[family] : ~state->in[family]);
	state->in[family] = in;
	if (!service->return_over)
		return;
	end_ramps(board, index, family, ~in);
	for (uint64_t left = returned; left; left &= left - 1) {
		unsigned pool = (unsigned)__builtin_ctzll(left);
		state->ramping[family] |= bit(pool);
		pool_at(board, index, pool)->ramp_since[family] = now == NEVER ? board->told : now;
		put_share(board, index, pool, family, share_of(0));
	}
	lift_farthest(board, index, family);
}

void ramp_carry(struct board *board, uint32_t index, unsigned pool, unsigned family, nanotime since, uint16_t share)
{
	if (!board->steering->services[index].return_over)
		return;
	board->states[index].ramping[family] |= bit(pool);
	pool_at(board, index, pool)->ramp_since[family] = since;
	put_share(board, index, pool, family, share ? share : share_of(0));
}

uint16_t ramp_share(const struct board *board, uint32_t index, unsigned pool, unsigned family)
{
	return atomic_load_explicit(share_at(board, index, pool, family), memory_order_relaxed);
}

static nanotime step_at(const struct board *board, uint32_t index, unsigned pool, unsigned family, nanotime now)
{
	nanotime since = pool_at(board, index, pool)->ramp_since[family];
	return now > since ? (now - since) / (board->steering->services[index].return_over / STEPS) : 0;
}

nanotime ramp_due(const struct board *board, uint32_t index, unsigned pool, unsigned family, nanotime now)
{
	nanotime step = step_at(board, index, pool, family, now), over = board->steering->services[index].return_over;
	return pool_at(board, index, pool)->ramp_since[family] + (step + 1) * (over / STEPS);
}

/* Moves the ramps of a family on; returns when the next step is due. */
static nanotime move_on(struct board *board, uint32_t index, unsigned family, nanotime now)
{
	nanotime next = INT64_MAX;
	struct service_state *state = &board->states[index];
	for (uint64_t left = state->ramping[family]; left; left &= left - 1) {
		unsigned pool = (unsigned)__builtin_ctzll(left);
		nanotime step = step_at(board, index, pool, family, now);
		if (step >= STEPS) {
			end_ramps(board, index, family, bit(pool));
			continue;
		}
		nanotime due = ramp_due(board, index, pool, family, now);
		put_share(board, index, pool, family, share_of((unsigned)step));
		next = due < next ? due : next;
	}
	return next;
}

nanotime ramps_tick(struct board *board, nanotime now)
{
	nanotime next = INT64_MAX;
	for (uint32_t i = 0; i < board->ramped_count; i++) {
		uint32_t index = board->ramped[i];
		if (!(board->states[index].ramping[FAMILY_V4] | board->states[index].ramping[FAMILY_V6]))
			continue;
		for (unsigned family = 0; family < FAMILIES; family++) {
			nanotime due = move_on(board, index, family, now);
			next = due < next ? due : next;
		}
		service_limit(board, index);
		soon_judge(board, index, now);
	}
	return next;
}

void ramps_new(struct board *board, uint32_t pool_count)
{
	const struct steering *steering = board->steering;
	board->shares = calloc(pool_count ? pool_count : 1, FAMILIES * sizeof *board->shares);
	board->ramped = calloc(steering->service_count ? steering->service_count : 1, sizeof *board->ramped);
	MUST(board->shares && board->ramped);
	for (uint32_t i = 0; i < steering->service_count; i++)
		if (steering->services[i].return_over)
			board->ramped[board->ramped_count++] = i;
}

void ramps_free(struct board *board)
{
	free(board->shares);
	free(board->ramped);
}

double board_share(const struct board *board, uint32_t service, unsigned pool, unsigned family)
{
	uint16_t share = ramp_share(board, service, pool, family);
	return share ? share / (double)SHARE_ALL : 1;
}
