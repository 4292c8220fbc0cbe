/*
 * follow.c: the answer follows the database's own primary: who says the role, with the highest epoch.
 *
 * Called by policy.c. Nothing is elected here. An epoch lower than one that was
 * followed is a primary that does not know yet that it was replaced, and counts
 * for nothing. Two that say the same epoch are a split brain, of which nobody
 * here can know the better half: the last one goes on, and people are told.
 * Without a primary nobody is given but by the service's rule for all down.
 */
#include <stdio.h>
#include <string.h>

#include "pool/board_inside.h"

/* The primaries of the highest epoch. */
struct claims {
	bool any, torn;
	double epoch;
	unsigned pool;
	uint32_t target[FAMILIES]; /* NO_INDEX: none */
};

static const struct follow *follow_of(const struct board *board, const struct policy_state *state)
{
	return &board->steering->services[state->service].policy->follow;
}

/* A number that every JSON parser reads as it was written (RFC 8259 6): beyond it two epochs may read the same, and
 * what is no count at all, were it followed once, would leave out every true one for ever. */
bool follow_is_epoch(double number)
{
	return number >= 0 && number <= EPOCH_MAX && (double)(uint64_t)number == number;
}

/* Does a target that is up say that it is the primary, and of which epoch. */
static bool claim(const struct board *board, const struct follow *follow, uint32_t target, double *epoch)
{
	const struct reading *role = reading_of(board, target, follow->field);
	*epoch = 0;
	if (!role || !board->up[target] || strcmp(role->text, follow->role) != 0)
		return false;
	if (!follow->highest)
		return true;
	const struct reading *number = reading_of(board, target, follow->highest);
	if (!number || !number->is_number || !follow_is_epoch(number->number))
		return false;
	*epoch = number->number;
	return true;
}

static bool out_of_date(const struct policy_state *state, double epoch)
{
	return state->has_epoch && epoch < state->epoch;
}

static void take_claim(struct claims *claims, unsigned pool, unsigned family, uint32_t target, double epoch)
{
	if (claims->any && epoch < claims->epoch)
		return;
	if (!claims->any || epoch > claims->epoch)
		*claims = (struct claims){.any = true, .epoch = epoch, .pool = pool, .target = {NO_INDEX, NO_INDEX}};
	uint32_t there = claims->target[family];
	claims->torn |= claims->pool != pool || (there != NO_INDEX && there != target);
	claims->target[family] = target;
}

static void hear(const struct board *board, const struct policy_state *state, struct claims *claims)
{
	const struct service *service = &board->steering->services[state->service];
	double epoch;
	*claims = (struct claims){0};
	for (unsigned i = 0; i < service->pool_count; i++) {
		const struct pool *pool = &service->pools[i];
		if (pool->cname && claim(board, &service->policy->follow, pool->cname_target, &epoch) &&
		        !out_of_date(state, epoch))
			take_claim(claims, i, FAMILY_V4, pool->cname_target, epoch);
		for (unsigned family = 0; family < FAMILIES; family++)
			for (uint32_t j = 0; j < pool->of[family].count; j++) {
				uint32_t target = pool->of[family].list[j].target;
				if (claim(board, &service->policy->follow, target, &epoch) &&
				        !out_of_date(state, epoch))
					take_claim(claims, i, family, target, epoch);
			}
	}
}

static bool has_member(const struct pool *pool, unsigned family, uint32_t target)
{
	if (target == NO_INDEX)
		return false;
	if (pool->cname)
		return pool->cname_target == target;
	for (uint32_t i = 0; i < pool->of[family].count; i++)
		if (pool->of[family].list[i].target == target)
			return true;
	return false;
}

static void tell(const struct board *board, const struct policy_state *state, uint32_t target)
{
	const char *name = board->steering->services[state->service].name;
	const char *whom = board->steering->targets[target].name;
	if (follow_of(board, state)->highest)
		board_tell(board, EVENT(WARN, "follow", name, whom), "%s follows %s, epoch %.0f", name, whom,
		        state->epoch);
	else
		board_tell(board, EVENT(WARN, "follow", name, whom), "%s follows %s", name, whom);
}

/* No lower one is followed from here on, nor by the next process: so it is kept at once, whatever the verdicts do. */
static void take_epoch(struct board *board, struct policy_state *state, double epoch)
{
	if (!state->has_epoch || epoch > state->epoch)
		board->news = board->hurried = true;
	state->epoch = epoch;
	state->has_epoch = true;
}

/* One primary. Its other address may not have been asked since the epoch changed; where it has one that does not say
 * so, the family has no primary, and what is remembered is that address: never one of another pool. */
static void follow_one(struct board *board, struct policy_state *state, const struct claims *claims)
{
	const struct pool *pool = &board->steering->services[state->service].pools[claims->pool];
	uint32_t first = claims->target[claims->target[FAMILY_V4] == NO_INDEX];
	bool news = state->followed[FAMILY_V4] != first && state->followed[FAMILY_V6] != first;
	double epoch;
	take_epoch(board, state, claims->epoch);
	if (news)
		board->news = board->hurried = true;
	for (unsigned family = 0; family < FAMILIES; family++) {
		uint32_t *followed = &state->followed[family];
		bool same = has_member(pool, family, *followed);
		if (claims->target[family] != NO_INDEX) {
			*followed = claims->target[family];
			state->following[family] = true;
		} else {
			state->following[family] = same && claim(board, follow_of(board, state), *followed, &epoch);
			if (!same)
				*followed = pool->of[family].count ? pool->of[family].list[0].target : NO_INDEX;
		}
	}
	if (news)
		tell(board, state, first);
}

/* Several primaries: the last goes on where it says so still. */
static void follow_last_one(struct board *board, struct policy_state *state)
{
	for (unsigned family = 0; family < FAMILIES; family++) {
		double epoch;
		bool still = state->followed[family] != NO_INDEX &&
		             claim(board, follow_of(board, state), state->followed[family], &epoch) &&
		             !out_of_date(state, epoch);
		state->following[family] = still;
		if (still && epoch > state->epoch)
			take_epoch(board, state, epoch);
	}
}

void follow_judge(struct board *board, struct policy_state *state)
{
	struct claims claims;
	bool was = state->torn;
	hear(board, state, &claims);
	state->torn = claims.torn;
	if (!claims.any)
		state->following[FAMILY_V4] = state->following[FAMILY_V6] = false;
	else if (claims.torn)
		follow_last_one(board, state);
	else
		follow_one(board, state, &claims);
	const char *name = board->steering->services[state->service].name;
	if (state->torn && !was)
		board_tell(board, EVENT(ERROR, "split-brain", name, "on"),
		        "%s has two primaries of epoch %.0f: split brain; the last one is kept", name, claims.epoch);
	if (!state->torn && was)
		board_tell(board, EVENT(INFO, "split-brain", name, "off"),
		        "%s has no longer two primaries of the same epoch", name);
}

bool follow_is_last(const struct policy_state *state, uint32_t target)
{
	return target != NO_INDEX && (state->followed[FAMILY_V4] == target || state->followed[FAMILY_V6] == target);
}

uint64_t follow_last(const struct board *board, const struct policy_state *state, unsigned family)
{
	const struct service *service = &board->steering->services[state->service];
	uint64_t pools = 0;
	for (unsigned i = 0; i < service->pool_count; i++) {
		const struct pool *pool = &service->pools[i];
		unsigned by = pool->cname || pool->of[family].count ? family : 1 - family;
		if (has_member(pool, by, state->followed[pool->cname ? FAMILY_V4 : by]))
			pools |= UINT64_C(1) << i;
	}
	return pools;
}

uint32_t follow_refused(const struct board *board, const struct policy_state *state, double *epoch)
{
	const struct service *service = &board->steering->services[state->service];
	for (unsigned i = 0; i < service->pool_count; i++) {
		const struct pool *pool = &service->pools[i];
		for (unsigned family = 0; family < FAMILIES; family++)
			for (uint32_t j = 0; j < (pool->cname ? 1 : pool->of[family].count); j++) {
				uint32_t target = pool->cname ? pool->cname_target : pool->of[family].list[j].target;
				if (claim(board, &service->policy->follow, target, epoch) && out_of_date(state, *epoch))
					return target;
			}
	}
	return NO_INDEX;
}

void follow_forget(struct policy_state *state)
{
	state->has_epoch = false;
	state->epoch = 0;
}

/* Why a primary does not say its epoch. */
static void no_epoch_why(
        const struct board *board, const struct follow *follow, uint32_t target, char *text, size_t room)
{
	const struct reading *number = reading_of(board, target, follow->highest);
	if (number && number->is_number)
		snprintf(text, room, "%s, but %s %s is no whole number from 0 to %.0f", follow->role, follow->highest,
		        number->text, EPOCH_MAX);
	else
		snprintf(text, room, "%s, but no %s that is a number was read", follow->role, follow->highest);
}

void follow_why(const struct board *board, const struct policy_state *state, uint32_t target, char *text, size_t room)
{
	const struct follow *follow = follow_of(board, state);
	const struct reading *role = reading_of(board, target, follow->field);
	double epoch;
	for (unsigned family = 0; family < FAMILIES; family++)
		if (state->followed[family] == target && state->following[family])
			return;
	if (!role)
		snprintf(text, room, "no %s was read, followed is %s", follow->field, follow->role);
	else if (strcmp(role->text, follow->role) != 0)
		snprintf(text, room, "%s %s, followed is %s", follow->field, role->text, follow->role);
	else if (!board->up[target])
		snprintf(text, room, "was %s when it was last up", follow->role);
	else if (!claim(board, follow, target, &epoch))
		no_epoch_why(board, follow, target, text, room);
	else if (out_of_date(state, epoch))
		snprintf(text, room, "%s of %s %.0f, but %.0f was followed already", follow->role, follow->highest,
		        epoch, state->epoch);
	else if (state->torn)
		snprintf(text, room, "one of several that say %s%s%s; the last one is kept", follow->role,
		        follow->highest ? " of the same " : "", follow->highest ? follow->highest : "");
	else
		snprintf(text, room, "%s, but of a lower %s than another", follow->role,
		        follow->highest ? follow->highest : "epoch");
}
