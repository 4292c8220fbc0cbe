/*
 * state.c: what outlives the process: verdicts, overrides, and what failback, brake and freeze hold.
 *
 * Text, one thing a line, words apart by one space, bytes that would be taken
 * for something else as %XX, "-" for nothing. Who can write the file could do
 * worse, but it may also be cut short, old or scribbled over: each line stands
 * alone, is checked whole, and is left out if it makes no sense.
 *
 *   meridian state 1
 *   target NAME up|down|frozen SINCE LAST TOOK RUN COUNT WINDOW DETAIL
 *   force TARGET up|down plain|insisted UNTIL REASON
 *   drain DATACENTER SINCE UNTIL REASON
 *   lost DATACENTER ORDER
 *   braked DATACENTER
 *   left DATACENTER lost|odd SINCE
 *   held SERVICE POOL FAMILY SINCE
 *   leaving SERVICE POOL FAMILY SINCE
 *   last SERVICE POOL FAMILY
 *   reading TARGET FIELD text|NUMBER TEXT
 *   epoch SERVICE FIELD NUMBER
 *   followed SERVICE FIELD TARGET FAMILY
 *   odd SERVICE POOL out|in
 *   ramp SERVICE POOL FAMILY SINCE
 *   spill DATACENTER OUT IN
 *
 * Times are nanoseconds of wall time; an UNTIL of 0 is never.
 */
#include "pool/board_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/file.h"
#include "base/text.h"

#define NUMBER_FORMAT "%.17g"
#define LINE_GUESS 128 /* bytes of a target's line */

/* ---- out ---- */

/* Text that grows. A million targets are written while the control thread waits: so no stdio. */
struct out {
	char *text;
	size_t size, room;
};

/* Where the next `most` bytes may be written. */
static char *out_room(struct out *out, size_t most)
{
	if (out->room - out->size < most) {
		out->room = (out->room + most) * 2;
		out->text = realloc(out->text, out->room);
		MUST(out->text);
	}
	return out->text + out->size;
}

static void write_text(struct out *out, const char *text)
{
	size_t length = strlen(text);
	memcpy(out_room(out, length), text, length);
	out->size += length;
}

static void write_word(struct out *out, const char *word)
{
	static const char digits[] = "0123456789ABCDEF";
	if (!word || !*word)
		word = NULL;
	char *begin = out_room(out, word ? 3 * strlen(word) + 1 : 2), *to = begin;
	*to++ = ' ';
	if (!word)
		*to++ = '-';
	for (const uint8_t *at = (const uint8_t *)word; at && *at; at++) {
		if (*at > ' ' && *at < 0x7f && *at != '%' && !(*at == '-' && at == (const uint8_t *)word)) {
			*to++ = (char)*at;
			continue;
		}
		*to++ = '%';
		*to++ = digits[*at >> 4];
		*to++ = digits[*at & 15];
	}
	out->size += (size_t)(to - begin);
}

static void write_number(struct out *out, int64_t number)
{
	char text[24], *at = text + sizeof text;
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
	do
		*--at = (char)('0' + left % 10);
	while (left /= 10);
	if (number < 0)
		*--at = '-';
	*--at = ' ';
	size_t length = (size_t)(text + sizeof text - at);
	memcpy(out_room(out, length), at, length);
	out->size += length;
}

static void write_window(struct out *out, uint64_t window)
{
	static const char digits[] = "0123456789abcdef";
	char *to = out_room(out, 17);
	*to++ = ' ';
	for (int shift = 60; shift >= 0; shift -= 4)
		*to++ = digits[window >> shift & 15];
	out->size += 17;
}

static void write_double(struct out *out, double number)
{
	char text[40];
	snprintf(text, sizeof text, " " NUMBER_FORMAT, number);
	write_text(out, text);
}

static void write_family(struct out *out, unsigned family)
{
	write_text(out, family == FAMILY_V4 ? " 4" : " 6");
}

static void save_readings(struct out *out, const struct board *board, uint32_t index)
{
	const struct target *target = &board->steering->targets[index];
	const struct probe_spec *probe = &board->steering->probes[target->probe];
	for (unsigned i = 0; i < probe->read_count; i++) {
		const struct reading *reading = &board->targets[index].readings[i];
		if (!reading->known)
			continue;
		write_text(out, "reading");
		write_word(out, target->name);
		write_word(out, probe->read[i]);
		if (reading->is_number)
			write_double(out, reading->number);
		else
			write_text(out, " text");
		write_word(out, reading->text);
		write_text(out, "\n");
	}
}

/* What is followed. The fields are named, since other fields count other epochs. */
static void save_policy(struct out *out, const struct board *board, const struct policy_state *state)
{
	const struct service *service = &board->steering->services[state->service];
	const struct follow *follow = &service->policy->follow;
	for (uint64_t left = state->out | state->braked; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		write_text(out, "odd");
		write_word(out, service->name);
		write_word(out, service->pools[i].name);
		write_text(out, state->out >> i & 1 ? " out\n" : " in\n");
	}
	if (!follow->field || !state->has_epoch)
		return;
	write_text(out, "epoch");
	write_word(out, service->name);
	write_word(out, follow->highest);
	write_double(out, state->epoch);
	write_text(out, "\n");
	for (unsigned family = 0; family < FAMILIES; family++) {
		if (state->followed[family] == NO_INDEX)
			continue;
		write_text(out, "followed");
		write_word(out, service->name);
		write_word(out, follow->highest);
		write_word(out, board->steering->targets[state->followed[family]].name);
		write_family(out, family);
		write_text(out, "\n");
	}
}

static void save_target(struct out *out, const struct board *board, uint32_t index)
{
	const struct target_state *state = &board->targets[index];
	const char *name = board->steering->targets[index].name;
	if (state->verdict != VERDICT_UNKNOWN) {
		write_text(out, "target");
		write_word(out, name);
		write_text(out, state->verdict == VERDICT_UP ? " up" : state->frozen ? " frozen" : " down");
		write_number(out, state->since);
		write_number(out, state->last);
		write_number(out, state->took * NANO_MICRO);
		write_number(out, state->run);
		write_number(out, state->window_count);
		write_window(out, state->window);
		write_word(out, target_detail(state));
		write_text(out, "\n");
	}
	if (state->forced == VERDICT_UNKNOWN)
		return;
	write_text(out, "force");
	write_word(out, name);
	write_text(out, state->forced == VERDICT_UP ? " up" : " down");
	write_text(out, target_insisted(state) ? " insisted" : " plain");
	write_number(out, board_force_until(board, index));
	write_word(out, target_reason(state));
	write_text(out, "\n");
}

/* What the brake counts; `at` is monotonic, NEVER: it did not happen. */
static void save_left(struct out *out, const struct board *board, uint32_t index, const char *how, nanotime at)
{
	if (at == NEVER || !board->steering->safety.brake)
		return;
	write_text(out, "left");
	write_word(out, board->steering->datacenters[index]);
	write_word(out, how);
	write_number(out, at + board->offset);
	write_text(out, "\n");
}

static void save_datacenter(struct out *out, const struct board *board, uint32_t index)
{
	const struct datacenter_state *state = &board->datacenters[index];
	if (state->drained) {
		struct datacenter_view view = board_datacenter(board, index);
		write_text(out, "drain");
		write_word(out, board->steering->datacenters[index]);
		write_number(out, view.since);
		write_number(out, view.until);
		write_word(out, state->reason);
		write_text(out, "\n");
	}
	if (state->lost) {
		write_text(out, "lost");
		write_word(out, board->steering->datacenters[index]);
		write_number(out, (int64_t)state->lost_order);
		write_text(out, "\n");
	}
	if (state->loaded && (state->spill || state->room < SHARE_ALL)) {
		write_text(out, "spill");
		write_word(out, board->steering->datacenters[index]);
		write_number(out, state->spill);
		write_number(out, state->room);
		write_text(out, "\n");
	}
	if (state->braked) {
		write_text(out, "braked");
		write_word(out, board->steering->datacenters[index]);
		write_text(out, "\n");
	}
	save_left(out, board, index, "lost", state->lost_at);
	save_left(out, board, index, "odd", state->odd_at);
}

/* A pool of a family of which something is kept; `since` is monotonic, NULL: it has none, NEVER: 0. */
static void save_pool(struct out *out, const struct board *board, const char *word, uint32_t index, unsigned pool,
        unsigned family, const nanotime *since)
{
	const struct service *service = &board->steering->services[index];
	write_text(out, word);
	write_word(out, service->name);
	write_word(out, service->pools[pool].name);
	write_family(out, family);
	if (since)
		write_number(out, *since == NEVER ? 0 : *since + board->offset);
	write_text(out, "\n");
}

static void save_pools(struct out *out, const struct board *board, uint32_t index, unsigned family)
{
	const struct service *service = &board->steering->services[index];
	const struct service_state *state = &board->states[index];
	for (unsigned i = 0; i < service->pool_count; i++) {
		const struct pool_state *pool = &board->pools[state->first_pool + i];
		if (state->held[family] >> i & 1)
			save_pool(out, board, "held", index, i, family, &pool->wait_since[family]);
		if (state->leaving[family] >> i & 1)
			save_pool(out, board, "leaving", index, i, family, &pool->wait_since[family]);
		if (state->ramping[family] >> i & 1)
			save_pool(out, board, "ramp", index, i, family, &pool->ramp_since[family]);
		if (service->all_down == ALL_DOWN_LAST && state->last[family] >> i & 1)
			save_pool(out, board, "last", index, i, family, NULL);
	}
}

struct board_text {
	const struct board *board;
	uint32_t next; /* target */
	struct out out;
};

struct board_text *board_text_begin(const struct board *board)
{
	struct board_text *text = calloc(1, sizeof *text);
	MUST(text);
	text->board = board;
	out_room(&text->out, 1 + (size_t)board->target_count * LINE_GUESS); /* what is not used is never touched */
	write_text(&text->out, STATE_HEADER "\n");
	return text;
}

/* All that there are not so many of. */
static void save_others(struct out *out, const struct board *board)
{
	for (uint32_t i = 0; i < board->datacenter_count; i++)
		save_datacenter(out, board, i);
	for (uint32_t i = 0; i < board->steering->service_count; i++)
		for (unsigned family = 0; family < FAMILIES && service_remembers(&board->steering->services[i]);
		        family++)
			save_pools(out, board, i, family);
	for (uint32_t i = 0; i < board->policy_count; i++)
		save_policy(out, board, &board->policies[i]);
}

bool board_text_go_on(struct board_text *text, uint32_t targets)
{
	const struct board *board = text->board;
	uint32_t left = board->target_count - text->next, end = text->next + (targets < left ? targets : left);
	for (; text->next < end; text->next++) {
		save_target(&text->out, board, text->next);
		save_readings(&text->out, board, text->next);
	}
	if (targets <= left)
		return false;
	save_others(&text->out, board);
	return true;
}

char *board_text_take(struct board_text *text, size_t *size)
{
	*out_room(&text->out, 1) = 0;
	char *bytes = text->out.text;
	*size = text->out.size;
	free(text);
	return bytes;
}

void board_text_drop(struct board_text *text)
{
	if (text)
		free(text->out.text);
	free(text);
}

char *board_save_text(const struct board *board, size_t *size)
{
	struct board_text *text = board_text_begin(board);
	MUST(board_text_go_on(text, UINT32_MAX));
	return board_text_take(text, size);
}

int board_save(const struct board *board, const char *path)
{
	size_t size;
	char *text = board_save_text(board, &size);
	int failed = file_replace(path, text, size);
	int number = errno;
	free(text);
	errno = number;
	return failed;
}
