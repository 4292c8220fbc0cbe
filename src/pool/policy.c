/*
 * policy.c: the states of services that ask more of their members than to be up; which members they allow.
 *
 * Called by render.c whenever health is judged, and by judge.c when a probe read
 * something. Policies only ever narrow what health allows; where they leave
 * nobody, the service's rule for all down decides among those that are up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "pool/board_inside.h"

static void watch(struct board *board, uint32_t target)
{
	if (target != NO_INDEX)
		board->targets[target].watched = true;
}

static void watch_service(struct board *board, const struct service *service)
{
	for (unsigned i = 0; i < service->pool_count; i++) {
		const struct pool *pool = &service->pools[i];
		watch(board, pool->cname_target);
		for (unsigned family = 0; family < FAMILIES; family++)
			for (uint32_t j = 0; j < pool->of[family].count; j++)
				watch(board, pool->of[family].list[j].target);
	}
}

void policies_new(struct board *board)
{
	const struct steering *steering = board->steering;
	for (uint32_t i = 0; i < steering->service_count; i++)
		board->policy_count += steering->services[i].policy != NULL;
	board->policies = calloc(board->policy_count + 1, sizeof *board->policies);
	MUST(board->policies);
	struct policy_state *next = board->policies;
	for (uint32_t i = 0; i < steering->service_count; i++) {
		if (!steering->services[i].policy)
			continue;
		*next = (struct policy_state){.service = i, .followed = {NO_INDEX, NO_INDEX}};
		board->states[i].policy = next++;
		watch_service(board, &steering->services[i]);
	}
}

/* Who was left out, and whom the brake kept in, by the pools' names. */
static void carry_agree(
        struct board *board, struct policy_state *state, const struct board *previous, const struct policy_state *from)
{
	const struct service *service = &board->steering->services[state->service];
	const struct service *was = &previous->steering->services[from->service];
	for (unsigned i = 0; i < was->pool_count; i++) {
		uint32_t pool = service_find_pool(service, was->pools[i].name);
		if (pool == NO_INDEX)
			continue;
		state->odd |= (from->odd >> i & 1) << pool;
		state->out |= (from->out >> i & 1) << pool;
		state->braked |= (from->braked >> i & 1) << pool;
	}
	state->split = from->split;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Another field counts other epochs. */
static bool same_follow(const struct follow *a, const struct follow *b)
{
	return same_text(a->field, b->field) && same_text(a->highest, b->highest);
}

void policies_carry(struct board *board, const struct board *previous)
{
	for (uint32_t i = 0; i < board->policy_count; i++) {
		struct policy_state *state = &board->policies[i];
		const struct service *service = &board->steering->services[state->service];
		uint32_t old = board_find_service(previous, service->name);
		const struct policy_state *from = old == NO_INDEX ? NULL : previous->states[old].policy;
		if (!from)
			continue;
		carry_agree(board, state, previous, from);
		if (!same_follow(&service->policy->follow, &previous->steering->services[old].policy->follow))
			continue;
		state->has_epoch = from->has_epoch;
		state->epoch = from->epoch;
		state->torn = from->torn;
		for (unsigned family = 0; family < FAMILIES; family++)
			if (from->followed[family] != NO_INDEX)
				state->followed[family] = board_find_target(
				        board, previous->steering->targets[from->followed[family]].name);
	}
}

const struct reading *reading_of(const struct board *board, uint32_t target, const char *field)
{
	if (target == NO_INDEX || !board->targets[target].readings)
		return NULL;
	const struct probe_spec *probe = &board->steering->probes[board->steering->targets[target].probe];
	for (unsigned i = 0; i < probe->read_count; i++)
		if (!strcmp(probe->read[i], field)) {
			const struct reading *reading = &board->targets[target].readings[i];
			return reading->known ? reading : NULL;
		}
	return NULL;
}

void policy_judge(struct board *board, struct policy_state *state, nanotime now)
{
	const struct policy *policy = board->steering->services[state->service].policy;
	if (policy->follow.field)
		follow_judge(board, state);
	if (policy->agree.field)
		agree_judge(board, state, now);
}

/* The first condition that the target does not meet; NULL: none. */
static const struct condition *unmet(const struct board *board, const struct policy *policy, uint32_t target)
{
	for (uint32_t i = 0; i < policy->need_count; i++)
		if (!condition_met(board, target, &policy->needs[i]))
			return &policy->needs[i];
	return NULL;
}

bool policy_allows(const struct board *board, uint32_t service, unsigned pool, uint32_t target)
{
	const struct policy_state *state = board->states[service].policy;
	const struct policy *policy = board->steering->services[service].policy;
	if (state->out >> pool & 1)
		return false;
	if (policy->follow.field && !(state->followed[FAMILY_V4] == target && state->following[FAMILY_V4]) &&
	        !(state->followed[FAMILY_V6] == target && state->following[FAMILY_V6]))
		return false;
	return !unmet(board, policy, target);
}

void policy_reread(struct board *board, uint32_t target, nanotime now)
{
	if (!board->targets[target].watched)
		return;
	for (uint32_t i = board->users_at[target]; i < board->users_at[target + 1]; i++) {
		uint32_t service = board->users[i];
		if (!board->states[service].policy)
			continue;
		service_judge(board, service, now);
		service_render(board, service, now);
	}
}

/* ---- questions ---- */

static void why_target(
        const struct board *board, const struct policy_state *state, uint32_t target, char *text, size_t room)
{
	const struct policy *policy = board->steering->services[state->service].policy;
	const struct condition *condition = unmet(board, policy, target);
	*text = 0;
	if (policy->follow.field)
		follow_why(board, state, target, text, room);
	if (!*text && condition)
		condition_why(board, target, condition, text, room);
}

const char *board_why(
        const struct board *board, uint32_t service, unsigned index, unsigned family, char *text, size_t room)
{
	const struct policy_state *state = board->states[service].policy;
	const struct pool *pool = &board->steering->services[service].pools[index];
	MUST(room > 0);
	*text = 0;
	if (!state)
		return text;
	wait_why(board, service, index, family, text, room);
	if (!*text && state->out >> index & 1)
		agree_why(board, state, index, text, room);
	if (!*text && pool->cname)
		why_target(board, state, pool->cname_target, text, room);
	const struct members *members = &pool->of[pool->of[family].count ? family : 1 - family];
	for (uint32_t i = 0; !pool->cname && i < members->count && !*text; i++)
		why_target(board, state, members->list[i].target, text, room);
	if (!*text) /* a remark, for which nobody was left out */
		agree_why(board, state, index, text, room);
	return text;
}

const char *board_odd(const struct board *board, uint32_t service, unsigned pool, char *text, size_t room)
{
	MUST(room > 0);
	*text = 0;
	if (board->states[service].policy)
		agree_why(board, board->states[service].policy, pool, text, room);
	return text;
}

struct primary board_primary(const struct board *board, uint32_t service)
{
	const struct policy_state *state = board->states[service].policy;
	struct primary primary = {0};
	if (!service_follows(&board->steering->services[service]))
		return primary;
	primary.any = true;
	primary.has_epoch = state->has_epoch && board->steering->services[service].policy->follow.highest;
	primary.epoch = state->epoch;
	primary.torn = state->torn;
	for (unsigned family = 0; family < FAMILIES; family++) {
		primary.now[family] = state->following[family];
		if (state->followed[family] != NO_INDEX)
			primary.target[family] = board->steering->targets[state->followed[family]].name;
	}
	uint32_t refused = primary.now[FAMILY_V4] || primary.now[FAMILY_V6]
	                           ? NO_INDEX
	                           : follow_refused(board, state, &primary.refused_epoch);
	if (refused != NO_INDEX)
		primary.refused = board->steering->targets[refused].name;
	return primary;
}
