/*
 * freeze.c: all targets lost at once is evidence about the prober, not about the world.
 *
 * Called by judge.c at each change of a verdict. The targets that were lost
 * within one detection window go on counting as up, so that the answers are
 * those from before; what was down already stays down. A target that returns is
 * judged as usual from then on; the others get one more window to follow, then
 * they count as down. A target that was never seen up cannot be lost: at a start
 * into an outage the services' rule for all down decides.
 */
#include "pool/board_inside.h"

static unsigned mark_lost(struct board *board, nanotime now, bool mark)
{
	unsigned count = 0;
	for (uint32_t i = 0; i < board->target_count; i++) {
		struct target_state *state = &board->targets[i];
		if (!state->lost || board->extras[i].turned_at < now - board->window)
			continue;
		/* What is made of parts was lost with them, and is counted in their place. */
		count += board->users_at[i] < board->users_at[i + 1] || !compose_is_part(board, i);
		if (mark)
			state->frozen = true;
	}
	return count;
}

bool freeze_check(struct board *board, nanotime now)
{
	bool all = board->down_count == board->target_count;
	if (board->frozen && !all && board->thaw_at == INT64_MAX) {
		board->thaw_at = now + board->window;
		for (uint32_t i = 0; i < board->steering->service_count; i++)
			soon_judge(board, i, now); /* of those that have nothing to do with the target, too */
		board_tell(board, EVENT(INFO, "freeze", NULL, "ending"),
		        "a target is back: the freeze ends for the others when they had as long as it takes to judge "
		        "them");
	}
	if (!board->steering->safety.freeze || !all || (!board->frozen && mark_lost(board, now, false) < 2))
		return false;
	if (!board->frozen)
		board_tell(board, EVENT(ERROR, "freeze", NULL, "on"),
		        "all %u targets are down, and at once: probing itself may be broken; the last state is kept",
		        board->target_count);
	mark_lost(board, now, true);
	board->frozen = true;
	board->thaw_at = INT64_MAX;
	return true;
}

bool freeze_thaw(struct board *board, nanotime now)
{
	if (now < board->thaw_at)
		return false;
	board->thaw_at = INT64_MAX;
	board->frozen = false;
	for (uint32_t i = 0; i < board->target_count; i++)
		board->targets[i].frozen = false;
	board_tell(
	        board, EVENT(INFO, "freeze", NULL, "off"), "the freeze has ended: each target counts as it was judged");
	return true;
}
