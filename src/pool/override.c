/*
 * override.c: a person's word over the probes': drain and undrain, force and release.
 *
 * Called by the control commands and by plays. Refused where it would leave
 * fewer data centers than safety keeps (one at least), unless the person
 * insists; each refusal says how many would be left. Nobody drains the last
 * one: there would be nothing to answer with. Whoever undrains also ends what
 * failback holds back there. An override may end by itself: board_tick asks.
 */
#include "pool/board_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "wire/name.h"

static unsigned least_kept(const struct board *board)
{
	return board->steering->safety.keep > 1 ? board->steering->safety.keep : 1;
}

/* -1 and why, if `left` data centers of `before` are too few. */
static int check_left(const struct board *board, unsigned before, unsigned left, bool forced, const char *what,
        const char *name, struct err *err)
{
	if (forced || left >= before || left >= least_kept(board))
		return 0;
	err_add(err, ERR_ERROR, NULL, "%s %s would leave %u data center%s in use, and safety keeps %u; --force insists",
	        what, name, left, left == 1 ? "" : "s", least_kept(board));
	return -1;
}

/* `likely`: the word that was meant; NULL: it is looked for. */
static int unknown(
        const char *what, const char *name, const char *const *words, size_t count, const char *likely, struct err *err)
{
	char shown[128];
	text_visible(shown, sizeof shown, name, strlen(name));
	const char *near = likely ? likely : text_near(name, words, count);
	if (near)
		err_add(err, ERR_ERROR, NULL, "no %s named '%s'; did you mean '%s'?", what, shown, near);
	else
		err_add(err, ERR_ERROR, NULL, "no %s named '%s'", what, shown);
	return -1;
}

static bool any_undrained(const struct board *board, uint32_t except)
{
	for (uint32_t i = 0; i < board->datacenter_count; i++)
		if (i != except && board->datacenters[i].used && !board->datacenters[i].drained)
			return true;
	return false;
}

bool override_read_over(struct override *how, const char *text)
{
	return text_duration(&how->over, text) && how->over >= NANO_SECOND && how->over <= 365 * 86400 * NANO_SECOND;
}

/* A person takes the data center in again: at once, whatever failback says. Whether it held anything. */
static bool let_go(struct board *board, uint32_t index)
{
	bool any = false;
	for (uint32_t i = 0; i < board->steering->service_count; i++) {
		const struct service *service = &board->steering->services[i];
		for (unsigned j = 0; j < service->pool_count; j++)
			if (service->pools[j].datacenter == index)
				for (unsigned family = 0; family < FAMILIES; family++) {
					any |= board->states[i].held[family] >> j & 1;
					board->states[i].held[family] &= ~(UINT64_C(1) << j);
				}
	}
	return any;
}

/* -1 and why, if one of the services would be left too few of its own data centers: of all, or of the target's. */
static int check_services(
        struct board *board, uint32_t datacenter, uint32_t target, const char *what, const char *name, struct err *err)
{
	uint32_t first = target == NO_INDEX ? 0 : board->users_at[target], short_count = 0, worst = 0;
	uint32_t end = target == NO_INDEX ? board->steering->service_count : board->users_at[target + 1];
	struct shortage shortage, told = {0};
	char others[40] = "";
	for (uint32_t i = first; i < end; i++) {
		uint32_t index = target == NO_INDEX ? i : board->users[i];
		if (!keep_short(board, index, datacenter, target, &shortage) || short_count++)
			continue;
		told = shortage;
		worst = index;
	}
	if (!short_count)
		return 0;
	if (short_count > 1)
		snprintf(others, sizeof others, " (and %u more)", short_count - 1);
	err_add(err, ERR_ERROR, NULL,
	        "%s %s would leave %s%s %u data center%s in use, and safety keeps %u; --force insists", what, name,
	        board->steering->services[worst].name, others, told.left, told.left == 1 ? "" : "s", told.least);
	return -1;
}

/* Whether the data center may be drained; -1 and why not. */
static int check_drain(struct board *board, uint32_t index, bool insist, struct err *err)
{
	const char *name = board->steering->datacenters[index];
	const struct datacenter_state *state = &board->datacenters[index];
	if (state->drained || !state->used)
		return 0;
	if (!any_undrained(board, index)) {
		err_add(err, ERR_ERROR, NULL,
		        "%s is the last data center that is not drained: without it there is nothing to answer with; "
		        "undrain another one first",
		        name);
		return -1;
	}
	if (check_left(board, datacenters_in(board, NO_INDEX), datacenters_in(board, index), insist, "draining", name,
	            err))
		return -1;
	return insist ? 0 : check_services(board, index, NO_INDEX, "draining", name, err);
}

/* What a person's word changes is done at once: failback holds nothing of it back. */
static void changed_by_hand(struct board *board, nanotime now)
{
	board->by_hand = true;
	board_all_changed(board, now);
	board->by_hand = false;
}

/* Whether there was something to end. */
static bool end_drain(struct board *board, uint32_t index)
{
	bool drained = board->datacenters[index].drained;
	board->datacenters[index].drained = false;
	board_reason(&board->datacenters[index].reason, NULL);
	return let_go(board, index) || drained;
}

static int find_datacenter(struct board *board, const char *name, nanotime now, nanotime wall, struct err *err)
{
	uint32_t index = board_find_datacenter(board, name);
	board_told(board, now, wall);
	if (index == NO_INDEX)
		return unknown("data center", name, board->steering->datacenters, board->datacenter_count, NULL, err);
	return (int)index;
}

static nanotime end_of(const struct override *how, nanotime now)
{
	return how->over ? now + how->over : INT64_MAX;
}

int board_drain(struct board *board, const char *datacenter, const struct override *how, nanotime now, nanotime wall,
        struct err *err)
{
	int index = find_datacenter(board, datacenter, now, wall, err);
	if (index < 0 || check_drain(board, (uint32_t)index, how->insist, err))
		return -1;
	struct datacenter_state *state = &board->datacenters[index];
	if (!state->drained)
		state->drained_at = now;
	state->drained = true;
	state->drained_until = end_of(how, now);
	board_reason(&state->reason, how->reason);
	changed_by_hand(board, now);
	return 1;
}

int board_undrain(struct board *board, const char *datacenter, nanotime now, nanotime wall, struct err *err)
{
	int index = find_datacenter(board, datacenter, now, wall, err);
	if (index < 0)
		return -1;
	bool ended = end_drain(board, (uint32_t)index);
	changed_by_hand(board, now);
	return ended;
}

static int find_target(const struct board *board, const char *name, struct err *err)
{
	uint32_t index = board_find_target(board, name);
	if (index != NO_INDEX)
		return (int)index;
	/* Who leaves out the port, or the probe before it, means the one that has the rest. */
	const char **names = calloc(board->target_count + 1, sizeof *names), *likely = NULL;
	MUST(names);
	for (uint32_t i = 0; i < board->target_count; i++) {
		const char *found = names[i] = board->steering->targets[i].name;
		found = *name && !likely ? strstr(found, name) : NULL;
		if (found && (found == names[i] || found[-1] == '/') &&
		        (!found[strlen(name)] || found[strlen(name)] == '@'))
			likely = names[i];
	}
	unknown("target", name, names, board->target_count, likely, err);
	free(names);
	return -1;
}

void force_put(struct board *board, uint32_t target, enum verdict verdict, const struct force *force)
{
	struct target_state *state = &board->targets[target];
	struct force *old = state->force, *new = NULL;
	if (verdict != VERDICT_UNKNOWN) {
		new = malloc(sizeof *new);
		MUST(new);
		*new = (struct force){.until = force->until, .insisted = force->insisted};
		board_reason(&new->reason, force->reason);
	}
	board->force_count += (uint32_t) !!new - (uint32_t) !!old;
	state->forced = verdict;
	state->force = new;
	if (old)
		free(old->reason);
	free(old);
}

static void set_force(
        struct board *board, uint32_t target, enum verdict verdict, const struct override *how, nanotime now)
{
	bool insisted = verdict == VERDICT_DOWN && how->insist;
	bool policy = insisted != target_insisted(&board->targets[target]);
	force_put(board, target, verdict, &(struct force){end_of(how, now), (char *)(uintptr_t)how->reason, insisted});
	board->by_hand = true;
	if (policy)
		board_all_changed(board, now);
	else
		board_target_changed(board, target, now);
	soon_target(board, target, now);
	compose_follow(board, target, false, now, now + board->offset);
	board->by_hand = false;
}

int board_force(struct board *board, const char *target, enum verdict verdict, const struct override *how, nanotime now,
        nanotime wall, struct err *err)
{
	int index = find_target(board, target, err);
	board_told(board, now, wall);
	if (index < 0)
		return -1;
	if (verdict == VERDICT_UNKNOWN)
		return board_release(board, target, now, wall, err);
	bool down = verdict == VERDICT_DOWN;
	if (down && check_left(board, datacenters_in(board, NO_INDEX),
	                    datacenters_in_without_target(board, (uint32_t)index), how->insist, "forcing down", target,
	                    err))
		return -1;
	if (down && !how->insist && check_services(board, NO_INDEX, (uint32_t)index, "forcing down", target, err))
		return -1;
	set_force(board, (uint32_t)index, verdict, how, now);
	return 1;
}

/* As a person writes it: in any case, with or without the last dot. */
static uint32_t find_service(const struct board *board, const char *name)
{
	char full[NAME_TEXT_MAX];
	size_t length = strlen(name);
	if (length + 2 > sizeof full)
		return NO_INDEX;
	name_lower((uint8_t *)full, (const uint8_t *)name, length);
	strcpy(full + length, length && name[length - 1] == '.' ? "" : ".");
	return board_find_service(board, full);
}

/* A service has no force to be released from, but an epoch. */
static int release_service(struct board *board, uint32_t service, nanotime now, struct err *err)
{
	const struct service *what = &board->steering->services[service];
	if (!service_follows(what) || !what->policy->follow.highest) {
		err_add(err, ERR_ERROR, NULL,
		        "%s follows no highest epoch to be released from; a force is released by its target's name",
		        what->name);
		return -1;
	}
	follow_forget(board->states[service].policy);
	service_judge(board, service, now);
	service_render(board, service, now);
	return 1;
}

int board_release(struct board *board, const char *target, nanotime now, nanotime wall, struct err *err)
{
	uint32_t service = board_find_target(board, target) == NO_INDEX ? find_service(board, target) : NO_INDEX;
	board_told(board, now, wall);
	if (service != NO_INDEX)
		return release_service(board, service, now, err);
	int index = find_target(board, target, err);
	if (index < 0)
		return -1;
	bool forced = board->targets[index].forced != VERDICT_UNKNOWN;
	set_force(board, (uint32_t)index, VERDICT_UNKNOWN, &(struct override){.reason = NULL}, now);
	return forced;
}

/* ---- ends ---- */

static nanotime expire_drains(struct board *board, nanotime now, bool *changed)
{
	nanotime next = INT64_MAX;
	for (uint32_t i = 0; i < board->datacenter_count; i++) {
		nanotime until = board->datacenters[i].drained_until;
		if (!board->datacenters[i].drained || until == INT64_MAX)
			continue;
		if (until > now) {
			next = until < next ? until : next;
			continue;
		}
		const char *name = board->steering->datacenters[i];
		board_tell(board, EVENT(INFO, "override", name, "undrain"),
		        "override: the drain of %s has ended: its time is over", name);
		end_drain(board, i);
		*changed = true;
	}
	return next;
}

nanotime overrides_expire(struct board *board, nanotime now)
{
	bool changed = false;
	nanotime next = expire_drains(board, now, &changed);
	if (changed)
		changed_by_hand(board, now);
	for (uint32_t i = 0; board->force_count && i < board->target_count; i++) {
		nanotime until = board->targets[i].force ? board->targets[i].force->until : INT64_MAX;
		if (until == INT64_MAX)
			continue;
		if (until > now) {
			next = until < next ? until : next;
			continue;
		}
		const char *name = board->steering->targets[i].name;
		board_tell(board, EVENT(INFO, "override", name, "release"),
		        "override: the force of %s has ended: its time is over", name);
		set_force(board, i, VERDICT_UNKNOWN, &(struct override){.reason = NULL}, now);
	}
	return next;
}
