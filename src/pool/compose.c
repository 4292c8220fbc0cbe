/*
 * compose.c: targets that are made of others: well if all of their parts are, or any of them.
 *
 * Called by judge.c and override.c when something is new of a part, by board.c
 * for a new board and by state.c for a restored one. A part stands before what
 * is made of it, so that one walk upward settles all. A part that was never
 * judged is not known: then the whole may not be either, and keeps what it had.
 * rise, fall and dwell are the parts' own: the whole follows at once.
 */
#include "pool/board_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#define WHOLE_TEXT 256 /* of all parts; a detail is cut shorter */

static const struct target *target_at(const struct board *board, uint32_t target)
{
	return &board->steering->targets[target];
}

static const struct probe_spec *probe_of(const struct board *board, uint32_t target)
{
	return &board->steering->probes[target_at(board, target)->probe];
}

static unsigned part_count(const struct board *board, uint32_t target)
{
	return target_part_count(board->steering, target);
}

static const uint32_t *parts_of(const struct board *board, uint32_t target)
{
	return target_parts(board->steering, target);
}

/* ---- who is made of whom ---- */

void compose_new(struct board *board)
{
	uint32_t count = board->target_count;
	if (!board->steering->parts)
		return;
	uint32_t *at = calloc(count + 2, sizeof *at);
	MUST(at);
	for (uint32_t i = 0; i < count; i++)
		for (unsigned j = 0; j < part_count(board, i); j++) {
			MUST(parts_of(board, i)[j] < i);
			at[parts_of(board, i)[j] + 2]++;
		}
	for (uint32_t i = 2; i < count + 2; i++)
		at[i] += at[i - 1];
	board->wholes = calloc(at[count + 1] + 1, sizeof *board->wholes);
	MUST(board->wholes);
	for (uint32_t i = 0; i < count; i++)
		for (unsigned j = 0; j < part_count(board, i); j++)
			board->wholes[at[parts_of(board, i)[j] + 1]++] = i;
	board->wholes_at = at; /* where each ended, the next one begins */
}

void compose_free(struct board *board)
{
	free(board->wholes);
	free(board->wholes_at);
}

bool compose_is_part(const struct board *board, uint32_t target)
{
	return board->wholes && board->wholes_at[target] < board->wholes_at[target + 1];
}

/* ---- what the parts say ---- */

static enum verdict part_says(const struct board *board, uint32_t part)
{
	const struct target_state *state = &board->targets[part];
	return state->forced != VERDICT_UNKNOWN ? state->forced : state->verdict;
}

/* One part that is down decides over all, one that is up over any; else one that is not known leaves it open. */
static enum verdict whole_says(const struct board *board, uint32_t whole)
{
	const uint32_t *parts = parts_of(board, whole);
	enum verdict decides = probe_of(board, whole)->type == PROBE_ALL ? VERDICT_DOWN : VERDICT_UP;
	bool open = false;
	for (unsigned i = 0; i < part_count(board, whole); i++) {
		enum verdict says = part_says(board, parts[i]);
		if (says == decides)
			return decides;
		open |= says == VERDICT_UNKNOWN;
	}
	return open ? VERDICT_UNKNOWN : decides == VERDICT_DOWN ? VERDICT_UP : VERDICT_DOWN;
}

/* "web up, db down (connect: Connection refused)" */
static void write_detail(struct board *board, uint32_t whole, struct target_state *state)
{
	static const char *const words[] = {"unknown", "up", "down"};
	const uint32_t *parts = parts_of(board, whole);
	char text[WHOLE_TEXT];
	size_t length = 0;
	*text = 0;
	for (unsigned i = 0; i < part_count(board, whole) && length < sizeof text; i++) {
		enum verdict says = part_says(board, parts[i]);
		const char *detail = says == VERDICT_DOWN ? target_detail(&board->targets[parts[i]]) : "";
		length += (size_t)snprintf(text + length, sizeof text - length, "%s%s %s%s%s%s", i ? ", " : "",
		        probe_of(board, parts[i])->name, words[says], *detail ? " (" : "", detail, *detail ? ")" : "");
	}
	board_detail(board, state, text);
}

/* A field is that of the first part whose probe reads it. */
static void take_reading(struct board *board, uint32_t whole, unsigned field)
{
	const uint32_t *parts = parts_of(board, whole);
	const char *name = probe_of(board, whole)->read[field];
	for (unsigned i = 0; i < part_count(board, whole); i++) {
		const struct probe_spec *from = probe_of(board, parts[i]);
		for (unsigned j = 0; j < from->read_count; j++)
			if (!strcmp(name, from->read[j])) {
				board->targets[whole].readings[field] = board->targets[parts[i]].readings[j];
				return;
			}
	}
}

static void take_readings(struct board *board, uint32_t whole)
{
	for (unsigned i = 0; i < probe_of(board, whole)->read_count; i++)
		take_reading(board, whole, i);
}

/* The window of a whole has a result for each of its parts' that came when it could be told. */
static void take_result(struct board *board, uint32_t whole, uint32_t part, enum verdict says)
{
	struct target_state *state = &board->targets[whole];
	take_readings(board, whole);
	state->last = board->targets[part].last;
	state->took = board->targets[part].took;
	board->extras[whole].asked_at = board->extras[part].asked_at;
	if (says == VERDICT_UNKNOWN)
		return;
	state->window = state->window << 1 | (says == VERDICT_UP);
	if (state->window_count < 64)
		state->window_count++;
}

static void follow(struct board *board, uint32_t whole, uint32_t part, bool result, nanotime now, nanotime wall)
{
	struct target_state *state = &board->targets[whole];
	enum verdict says = whole_says(board, whole);
	if (result)
		take_result(board, whole, part, says);
	board->targets[whole].provisional = false;
	state->run = 0;
	write_detail(board, whole, state);
	if (result && board->loads)
		spill_report(board, whole, now);
	if (says != VERDICT_UNKNOWN && says != state->verdict) {
		target_turn(board, whole, says, now, wall);
	} else {
		policy_reread(board, whole, now);
		soon_target(board, whole, now);
	}
	compose_follow(board, whole, result, now, wall);
}

void compose_follow(struct board *board, uint32_t part, bool result, nanotime now, nanotime wall)
{
	if (!compose_is_part(board, part))
		return;
	for (uint32_t i = board->wholes_at[part]; i < board->wholes_at[part + 1]; i++)
		follow(board, board->wholes[i], part, result, now, wall);
}

/* ---- all at once ---- */

void compose_all(struct board *board)
{
	for (uint32_t i = 0; board->wholes && i < board->target_count; i++) {
		const uint32_t *parts = parts_of(board, i);
		struct target_state *state = &board->targets[i];
		enum verdict says = parts ? whole_says(board, i) : VERDICT_UNKNOWN;
		if (!parts)
			continue;
		take_readings(board, i);
		for (unsigned j = 0; j < part_count(board, i); j++) {
			const struct target_state *part = &board->targets[parts[j]];
			if (says != VERDICT_UNKNOWN && says != state->verdict && part->since > state->since)
				state->since = part->since;
		}
		board->targets[i].provisional = false;
		state->run = 0;
		if (says != VERDICT_UNKNOWN)
			state->verdict = says;
		if (says == VERDICT_UP)
			board->targets[i].frozen = false;
		if (state->verdict != VERDICT_UNKNOWN)
			write_detail(board, i, state);
	}
}

/* ---- what if ---- */

/* Would it count as down, as the others count now? */
static bool would_fall(const struct board *board, uint32_t whole)
{
	const uint32_t *parts = parts_of(board, whole);
	bool all = probe_of(board, whole)->type == PROBE_ALL;
	for (unsigned i = 0; i < part_count(board, whole); i++)
		if (!board->up[parts[i]] == all)
			return all;
	return !all;
}

void compose_try(struct board *board, uint32_t target, bool down)
{
	if (down)
		board->up[target] = 0;
	else
		target_refresh(board, target);
	if (!compose_is_part(board, target))
		return;
	for (uint32_t i = board->wholes_at[target]; i < board->wholes_at[target + 1]; i++) {
		uint32_t whole = board->wholes[i];
		if (!down || (board->targets[whole].forced == VERDICT_UNKNOWN && would_fall(board, whole)))
			compose_try(board, whole, down);
	}
}
