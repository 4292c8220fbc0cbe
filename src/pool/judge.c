/*
 * judge.c: results in, verdicts out: the window of 64, fall and rise in a row, dwell.
 *
 * Called by the prober with every result, by plays and by a restored state. A
 * target that was never judged takes its first result's verdict at once: there
 * is no history to weigh it against, and nobody is to wait for `rise` rounds
 * before the first answer.
 */
#include "pool/board_inside.h"

#include <string.h>

#include "base/assert.h"
#include "base/text.h"

void board_told(struct board *board, nanotime now, nanotime wall)
{
	board->offset = wall - now;
	board->told = now;
}

bool target_refresh(struct board *board, uint32_t target)
{
	const struct target_state *state = &board->targets[target];
	bool up = target_is_up(state) || (state->forced == VERDICT_UNKNOWN && board->targets[target].frozen);
	bool changed = up != (board->up[target] != 0);
	board->up[target] = up;
	return changed;
}

/* Everything that follows from health, for all services. */
static void render_all(struct board *board, nanotime now)
{
	for (uint32_t i = 0; i < board->steering->service_count; i++)
		service_render(board, i, now);
}

void board_all_changed(struct board *board, nanotime now)
{
	for (uint32_t i = 0; i < board->target_count; i++)
		target_refresh(board, i);
	soon_targets(board);
	datacenters_insisted(board);
	for (uint32_t i = 0; i < board->steering->service_count; i++)
		service_judge(board, i, now);
	datacenters_judge(board, now);
	render_all(board, now);
}

void board_target_changed(struct board *board, uint32_t target, nanotime now)
{
	bool thawed = board->frozen && !board->targets[target].frozen; /* the same, but for a better reason */
	if (!target_refresh(board, target) && !thawed)
		return;
	for (uint32_t i = board->users_at[target]; i < board->users_at[target + 1]; i++)
		service_judge(board, board->users[i], now);
	if (datacenters_judge(board, now)) {
		render_all(board, now);
		return;
	}
	for (uint32_t i = board->users_at[target]; i < board->users_at[target + 1]; i++)
		service_render(board, board->users[i], now);
}

static void set_verdict(struct board *board, uint32_t target, enum verdict verdict, nanotime now, nanotime wall)
{
	struct target_state *state = &board->targets[target];
	struct target_extra *extra = &board->extras[target];
	board->first = state->verdict == VERDICT_UNKNOWN;
	board_told(board, now, wall);
	state->lost = state->verdict == VERDICT_UP && verdict == VERDICT_DOWN;
	if (state->verdict != VERDICT_UNKNOWN)
		extra->turned_at = now;
	if (verdict != VERDICT_DOWN)
		state->frozen = false;
	board->down_count += (verdict == VERDICT_DOWN) - (state->verdict == VERDICT_DOWN);
	state->verdict = verdict;
	state->since = wall;
	state->run = 0;
	if (freeze_check(board, now)) {
		board->by_hand = true;
		board_all_changed(board, now);
		board->by_hand = false;
	} else {
		board_target_changed(board, target, now);
		policy_reread(board, target, now);
	}
	soon_target(board, target, now);
	board->first = false;
}

void target_turn(struct board *board, uint32_t target, enum verdict verdict, nanotime now, nanotime wall)
{
	const char *name = board->steering->targets[target].name, *detail = target_detail(&board->targets[target]);
	if (verdict == VERDICT_DOWN)
		board_tell(board, EVENT(WARN, "target", name, "down"), "%s is down: %s", name, detail);
	else
		board_tell(board, EVENT(INFO, "target", name, "up"), "%s is up: %s", name, detail);
	set_verdict(board, target, verdict, now, wall);
}

/* Has the verdict stood for as long as the probe's dwell asks? The first one needs not. */
static bool has_stood(
        const struct target_extra *extra, enum verdict verdict, const struct probe_spec *probe, nanotime now)
{
	nanotime dwell = verdict == VERDICT_UP ? probe->dwell_up : probe->dwell_down;
	return extra->turned_at == NEVER || now >= extra->turned_at + dwell;
}

/* What the result makes of the verdict; results in a row that contradict it are counted. */
static enum verdict judge(struct target_state *state, const struct target_extra *extra, bool ok,
        const struct probe_spec *probe, nanotime now)
{
	enum verdict said = ok ? VERDICT_UP : VERDICT_DOWN;
	if (state->verdict == VERDICT_UNKNOWN || state->provisional)
		return said;
	if (said == state->verdict) {
		state->run = 0;
		return said;
	}
	if (state->run < UINT8_MAX)
		state->run++;
	bool enough = state->run >= (ok ? probe->rise : probe->fall);
	return enough && has_stood(extra, state->verdict, probe, now) ? said : state->verdict;
}

static void take_result(struct board *board, uint32_t target, const struct result *result, nanotime wall)
{
	struct target_state *state = &board->targets[target];
	uint8_t read_count = board->steering->probes[board->steering->targets[target].probe].read_count;
	const char *detail = result->detail ? result->detail : "";
	state->window = state->window << 1 | result->ok;
	if (state->window_count < 64)
		state->window_count++;
	state->last = wall;
	nanotime took = result->took / NANO_MICRO;
	state->took = took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
	if (result->readings && state->readings)
		memcpy(state->readings, result->readings, read_count * sizeof *state->readings);
	board_detail(board, state, detail);
}

bool board_report(struct board *board, uint32_t target, const struct result *result, nanotime now, nanotime wall)
{
	MUST(target < board->target_count);
	const struct target *what = &board->steering->targets[target];
	struct target_state *state = &board->targets[target];
	enum verdict before = state->verdict;
	take_result(board, target, result, wall);
	enum verdict verdict = judge(
	        state, &board->extras[target], result->ok, &board->steering->probes[what->probe], now);
	board->targets[target].provisional = false;
	board->extras[target].asked_at = now - result->took;
	board_told(board, now, wall);
	if (board->loads)
		spill_report(board, target, now);
	if (verdict == before) {
		policy_reread(board, target, now);
		soon_target(board, target, now);
		compose_follow(board, target, true, now, wall);
		return false;
	}
	target_turn(board, target, verdict, now, wall);
	compose_follow(board, target, true, now, wall);
	return true;
}

void board_set(struct board *board, uint32_t target, enum verdict verdict, nanotime now, nanotime wall)
{
	MUST(target < board->target_count);
	board->targets[target].provisional = false;
	if (board->targets[target].verdict == verdict)
		return;
	set_verdict(board, target, verdict, now, wall);
	compose_follow(board, target, false, now, wall);
}

nanotime board_tick(struct board *board, nanotime now, nanotime wall)
{
	board_told(board, now, wall);
	board->hurried = false;
	board->tick_at = INT64_MAX;
	if (freeze_thaw(board, now))
		board_all_changed(board, now);
	nanotime next = overrides_expire(board, now);
	if (board->thaw_at < next)
		next = board->thaw_at;
	for (uint32_t i = 0; i < board->waiting_count; i++) {
		nanotime due = service_waits(board, board->waiting[i], now);
		if (due < next)
			next = due;
	}
	nanotime due = ramps_tick(board, now); /* what came before may have begun some */
	next = due < next ? due : next;
	due = soon_tick(board, now); /* last: it looks at all of the others */
	board->tick_at = due < next ? due : next;
	board->hurried = false;
	return board->tick_at;
}

bool board_hurried(const struct board *board)
{
	return board->hurried;
}

bool board_news(struct board *board)
{
	bool news = board->news;
	board->news = false;
	return news;
}
