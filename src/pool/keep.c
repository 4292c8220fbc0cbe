/*
 * keep.c: safety.keep for each service: how many of its own data centers it is left.
 *
 * Called by render.c, which asks whom to keep in, and by override.c, which asks whether a person's word would leave too
 * few. A service in few data centers can always lose one of them: from a service in three `keep: 2` takes one, from one
 * in two it takes one, too, since the only other choice would be to give what is down for ever. What all data centers
 * together are left is the business of datacenters.c.
 */
#include "pool/board_inside.h"

/* The pools that are in a data center. */
static uint64_t placed_pools(const struct service *service)
{
	uint64_t placed = 0;
	for (unsigned i = 0; i < service->pool_count; i++)
		placed |= (uint64_t)(service->pools[i].datacenter != NO_INDEX) << i;
	return placed;
}

static unsigned least_of(const struct board *board, uint64_t placed, unsigned least)
{
	unsigned count = (unsigned)__builtin_popcountll(placed), keep = board->steering->safety.keep;
	least = keep > least ? keep : least;
	return least < count ? least : count ? count - 1 : 0;
}

/* When the pool's last member was lost; INT64_MIN: a person insisted on it, so that it stays out. */
static nanotime lost_since(const struct board *board, const struct pool *pool)
{
	nanotime since = INT64_MIN + 1;
	for (unsigned family = 0; family < FAMILIES; family++)
		for (uint32_t i = 0; i < pool->of[family].count; i++) {
			uint32_t target = pool->of[family].list[i].target;
			if (target == NO_INDEX || board->up[target])
				continue;
			if (target_insisted(&board->targets[target]))
				return INT64_MIN;
			if (board->targets[target].since > since)
				since = board->targets[target].since;
		}
	if (pool->cname && pool->cname_target != NO_INDEX)
		since = target_insisted(&board->targets[pool->cname_target]) ? INT64_MIN
		                                                             : board->targets[pool->cname_target].since;
	return since;
}

uint64_t keep_pools(const struct board *board, uint32_t index, uint64_t well, uint64_t spare)
{
	const struct service *service = &board->steering->services[index];
	uint64_t placed = placed_pools(service), kept = 0;
	if (board->steering->safety.keep < 2)
		return 0;
	unsigned least = least_of(board, placed, 1);
	while ((unsigned)__builtin_popcountll((well | kept) & placed) < least) {
		uint64_t latest = 0;
		nanotime since = INT64_MIN;
		for (unsigned i = 0; i < service->pool_count; i++) {
			uint64_t bit = UINT64_C(1) << i;
			if (!(bit & placed & spare & ~(well | kept)))
				continue;
			nanotime its = lost_since(board, &service->pools[i]);
			if (its > since) {
				since = its;
				latest = bit;
			}
		}
		if (!latest)
			break;
		kept |= latest;
	}
	return kept;
}

static uint64_t drained_pools(const struct board *board, const struct service *service, uint32_t datacenter)
{
	uint64_t drained = 0;
	for (unsigned i = 0; i < service->pool_count; i++) {
		uint32_t its = service->pools[i].datacenter;
		if (its != NO_INDEX)
			drained |= (uint64_t)(its == datacenter || board->datacenters[its].drained) << i;
	}
	return drained;
}

bool keep_short(struct board *board, uint32_t index, uint32_t datacenter, uint32_t target, struct shortage *shortage)
{
	const struct service *service = &board->steering->services[index];
	uint64_t placed = placed_pools(service), drained = drained_pools(board, service, datacenter), some;
	uint64_t drained_now = drained_pools(board, service, NO_INDEX);
	uint8_t none = 0, *up = target == NO_INDEX ? &none : &board->up[target], was = *up;
	shortage->least = least_of(board, placed, 1);
	shortage->left = UINT32_MAX;
	*up = 0;
	for (unsigned family = 0; family < FAMILIES; family++) {
		uint64_t before = board->states[index].up[family] & placed & ~drained_now;
		uint64_t after = service_up(board, index, family, &some) & placed & ~drained;
		unsigned left = (unsigned)__builtin_popcountll(after);
		if (left < shortage->least && left < (unsigned)__builtin_popcountll(before) && left < shortage->left)
			shortage->left = left;
	}
	*up = was;
	return shortage->left != UINT32_MAX;
}
