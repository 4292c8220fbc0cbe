/*
 * datacenters.c: which data centers are in use, and how many safety lets go.
 *
 * A data center is lost when no pool in it is up. `keep` (from 2 on: the last
 * one is the business of the services' rule for all down) keeps the latest lost
 * in while fewer than that many are well. `brake` keeps in whatever is lost when
 * as many were lost a short time before, until it is back or a person drains it.
 * Losses that a person insisted on are not undone.
 */
#include "pool/board_inside.h"

static const char *name_of(const struct board *board, uint32_t index)
{
	return board->steering->datacenters[index];
}

static bool within(nanotime at, nanotime now, nanotime time)
{
	return at != NEVER && at > now - time;
}

unsigned datacenters_lost_lately(const struct board *board, uint32_t except, nanotime now)
{
	nanotime time = board->steering->safety.brake_per;
	unsigned count = 0;
	for (uint32_t i = 0; i < board->datacenter_count; i++) {
		const struct datacenter_state *datacenter = &board->datacenters[i];
		bool lost = !datacenter->braked && within(datacenter->lost_at, now, time);
		count += i != except && (lost || within(datacenter->odd_at, now, time));
	}
	return count;
}

static void lose(struct board *board, uint32_t index, nanotime now)
{
	const struct safety *safety = &board->steering->safety;
	struct datacenter_state *datacenter = &board->datacenters[index];
	datacenter->lost_order = ++board->lost_count;
	datacenter->lost_at = board->first ? NEVER : now;
	if (board->quiet)
		return;
	datacenter->braked = safety->brake && !board->first && !datacenter->drained && !datacenter->insisted &&
	                     datacenters_lost_lately(board, index, now) >= safety->brake;
	if (datacenter->braked)
		board_tell(board, EVENT(ERROR, "brake", name_of(board, index), "on"),
		        "data center %s is down, but kept in: %u or more were lost in a short time; drain it to "
		        "confirm",
		        name_of(board, index), safety->brake);
	else
		board_tell(board, EVENT(WARN, "datacenter", name_of(board, index), "down"), "data center %s is down",
		        name_of(board, index));
}

static bool take_losses(struct board *board, nanotime now)
{
	bool changed = false;
	for (uint32_t i = 0; i < board->datacenter_count; i++) {
		struct datacenter_state *datacenter = &board->datacenters[i];
		bool lost = datacenter->pools && !datacenter->pools_up, braked = datacenter->braked;
		if (lost && !datacenter->lost)
			lose(board, i, now);
		if (!lost && datacenter->lost)
			board_tell(board, EVENT(INFO, "datacenter", name_of(board, i), "up"),
			        "data center %s is up again", name_of(board, i));
		datacenter->lost = lost;
		datacenter->braked &= lost && !datacenter->drained && board->steering->safety.brake;
		changed |= datacenter->braked != braked;
	}
	return changed;
}

/* The latest lost that is not yet in; NO_INDEX: none. */
static uint32_t latest_lost(const struct board *board, const bool *in)
{
	uint32_t latest = NO_INDEX;
	for (uint32_t i = 0; i < board->datacenter_count; i++) {
		const struct datacenter_state *datacenter = &board->datacenters[i];
		if (in[i] || !datacenter->used || !datacenter->lost || datacenter->drained || datacenter->insisted)
			continue;
		if (latest == NO_INDEX || datacenter->lost_order > board->datacenters[latest].lost_order)
			latest = i;
	}
	return latest;
}

static bool keep_enough(struct board *board, bool *in)
{
	unsigned count = 0, keep = board->steering->safety.keep;
	bool changed = false;
	for (uint32_t i = 0; i < board->datacenter_count; i++) {
		const struct datacenter_state *datacenter = &board->datacenters[i];
		in[i] = datacenter->used && !datacenter->drained && (!datacenter->lost || datacenter->braked);
		count += in[i];
	}
	/* Where none is left, nothing is kept either: each service's rule for all down decides. */
	for (uint32_t more; keep > 1 && count && count < keep && (more = latest_lost(board, in)) != NO_INDEX; count++)
		in[more] = true;
	for (uint32_t i = 0; i < board->datacenter_count; i++) {
		struct datacenter_state *datacenter = &board->datacenters[i];
		bool kept = in[i] && datacenter->lost && !datacenter->braked;
		if (kept && !datacenter->kept)
			board_tell(board, EVENT(ERROR, "keep", name_of(board, i), "on"),
			        "data center %s is kept in, though down: safety keeps %u", name_of(board, i), keep);
		changed |= kept != datacenter->kept;
		datacenter->kept = kept;
	}
	return changed;
}

bool datacenters_judge(struct board *board, nanotime now)
{
	bool changed = take_losses(board, now);
	return keep_enough(board, board->scratch) || changed;
}

unsigned datacenters_in(const struct board *board, uint32_t without)
{
	unsigned count = 0;
	for (uint32_t i = 0; i < board->datacenter_count; i++) {
		const struct datacenter_state *datacenter = &board->datacenters[i];
		count += i != without && datacenter->used && !datacenter->drained &&
		         (!datacenter->lost || datacenter->kept || datacenter->braked);
	}
	return count;
}

/* ---- what one target is to a data center ---- */

static bool pool_has_target(const struct pool *pool, uint32_t target)
{
	if (pool->cname)
		return pool->cname_target == target;
	for (unsigned family = 0; family < FAMILIES; family++)
		for (uint32_t i = 0; i < pool->of[family].count; i++)
			if (pool->of[family].list[i].target == target)
				return true;
	return false;
}

static void insist(struct board *board, uint32_t target)
{
	for (uint32_t i = board->users_at[target]; i < board->users_at[target + 1]; i++) {
		const struct service *service = &board->steering->services[board->users[i]];
		for (unsigned j = 0; j < service->pool_count; j++)
			if (service->pools[j].datacenter != NO_INDEX && pool_has_target(&service->pools[j], target))
				board->datacenters[service->pools[j].datacenter].insisted++;
	}
}

void datacenters_insisted(struct board *board)
{
	for (uint32_t i = 0; i < board->datacenter_count; i++)
		board->datacenters[i].insisted = 0;
	for (uint32_t i = 0; i < board->target_count; i++)
		if (target_insisted(&board->targets[i]))
			insist(board, i);
}

/* Takes from `pools_up` of the data centers what would be down in the service now, or gives it back. */
static void try_service(struct board *board, uint32_t index, bool take)
{
	const struct service *service = &board->steering->services[index];
	for (unsigned family = 0; family < FAMILIES; family++) {
		uint64_t some, lost = board->states[index].up[family] & ~service_up(board, index, family, &some);
		for (unsigned i = 0; i < service->pool_count; i++) {
			const struct pool *pool = &service->pools[i];
			bool counts = pool->cname ? family == FAMILY_V4 : pool->of[family].count > 0;
			if (lost >> i & 1 && counts && pool->datacenter != NO_INDEX)
				board->datacenters[pool->datacenter].pools_up += take ? UINT32_MAX : 1;
		}
	}
}

/* All services for a part of others: what falls with it may be used by any. */
static void try_users(struct board *board, uint32_t target, bool take)
{
	bool part = compose_is_part(board, target);
	uint32_t from = part ? 0 : board->users_at[target];
	uint32_t to = part ? board->steering->service_count : board->users_at[target + 1];
	for (uint32_t i = from; i < to; i++)
		try_service(board, part ? i : board->users[i], take);
}

unsigned datacenters_in_without_target(struct board *board, uint32_t target)
{
	unsigned count = 0;
	compose_try(board, target, true);
	try_users(board, target, true);
	for (uint32_t i = 0; i < board->datacenter_count; i++) {
		const struct datacenter_state *datacenter = &board->datacenters[i];
		bool lost = datacenter->pools && !datacenter->pools_up;
		count += datacenter->used && !datacenter->drained &&
		         (!lost || (datacenter->lost && (datacenter->kept || datacenter->braked)));
	}
	try_users(board, target, false);
	compose_try(board, target, false);
	return count;
}
