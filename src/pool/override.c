/*
 * override.c: a person's word over the probes': drain and undrain, force and release.
 *
 * Called by the control commands and by plays. Refused where it would leave
 * fewer data centers than safety keeps (one at least), unless the person
 * insists; each refusal says how many would be left. Whoever undrains also ends
 * what failback holds back there.
 */
#include "pool/board_inside.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"

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

static int unknown(const char *what, const char *name, const char *const *words, size_t count, struct err *err)
{
	char shown[128];
	text_visible(shown, sizeof shown, name, strlen(name));
	const char *near = words ? text_near(name, words, count) : NULL;
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

/* A person takes the data center in again: at once, whatever failback says. */
static void let_go(struct board *board, uint32_t index)
{
	for (uint32_t i = 0; i < board->steering->service_count; i++) {
		const struct service *service = &board->steering->services[i];
		for (unsigned j = 0; j < service->pool_count; j++)
			if (service->pools[j].datacenter == index)
				for (unsigned family = 0; family < FAMILIES; family++)
					board->states[i].held[family] &= ~(UINT64_C(1) << j);
	}
}

int board_drain(struct board *board, const char *datacenter, bool drained, const char *reason, bool forced,
        nanotime now, nanotime wall, struct err *err)
{
	uint32_t index = board_find_datacenter(board, datacenter);
	board->offset = wall - now;
	if (index == NO_INDEX)
		return unknown("data center", datacenter, board->steering->datacenters, board->datacenter_count, err);
	struct datacenter_state *state = &board->datacenters[index];
	if (drained && !state->drained && state->used) {
		if (check_left(board, datacenters_in(board, NO_INDEX), datacenters_in(board, index), forced, "draining",
		            datacenter, err))
			return -1;
		if (!any_undrained(board, index) && !forced) {
			err_add(err, ERR_ERROR, NULL, "draining %s would leave no data center; --force insists",
			        datacenter);
			return -1;
		}
	}
	state->drained = drained;
	board_reason(&state->reason, drained ? reason : NULL);
	if (!drained)
		let_go(board, index);
	board->by_hand = true;
	board_all_changed(board, now);
	board->by_hand = false;
	return 0;
}

static int find_target(const struct board *board, const char *name, struct err *err)
{
	uint32_t index = board_find_target(board, name);
	return index == NO_INDEX ? unknown("target", name, NULL, 0, err) : (int)index;
}

static void set_force(
        struct board *board, uint32_t target, enum verdict verdict, const char *reason, bool insisted, nanotime now)
{
	bool policy = insisted != board->extras[target].insisted;
	board->targets[target].forced = verdict;
	board_reason(&board->force_reasons[target], reason);
	board->targets[target].reason = board->force_reasons[target];
	board->extras[target].insisted = insisted;
	board->by_hand = true;
	if (policy)
		board_all_changed(board, now);
	else
		board_target_changed(board, target, now);
	board->by_hand = false;
}

int board_force(struct board *board, const char *target, enum verdict verdict, const char *reason, bool forced,
        nanotime now, nanotime wall, struct err *err)
{
	int index = find_target(board, target, err);
	board->offset = wall - now;
	if (index < 0)
		return -1;
	if (verdict == VERDICT_UNKNOWN)
		return board_release(board, target, now, wall, err);
	bool down = verdict == VERDICT_DOWN;
	if (down && check_left(board, datacenters_in(board, NO_INDEX),
	                    datacenters_in_without_target(board, (uint32_t)index), forced, "forcing down", target, err))
		return -1;
	set_force(board, (uint32_t)index, verdict, reason, down && forced, now);
	return 0;
}

int board_release(struct board *board, const char *target, nanotime now, nanotime wall, struct err *err)
{
	int index = find_target(board, target, err);
	board->offset = wall - now;
	if (index < 0)
		return -1;
	set_force(board, (uint32_t)index, VERDICT_UNKNOWN, NULL, false, now);
	return 0;
}
