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
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/file.h"
#include "base/text.h"

#define NUMBER_FORMAT "%.17g"

/* ---- out ---- */

static void write_word(FILE *out, const char *word)
{
	if (!word || !*word) {
		fputs_unlocked(" -", out);
		return;
	}
	fputc_unlocked(' ', out);
	for (const uint8_t *at = (const uint8_t *)word; *at;) {
		size_t plain = 0;
		while (at[plain] > ' ' && at[plain] < 0x7f && at[plain] != '%' &&
		        !(at[plain] == '-' && at + plain == (const uint8_t *)word))
			plain++;
		fwrite_unlocked(at, 1, plain, out);
		at += plain;
		if (*at)
			fprintf(out, "%%%02X", *at++);
	}
}

static void save_readings(FILE *out, const struct board *board, uint32_t index)
{
	const struct target *target = &board->steering->targets[index];
	const struct probe_spec *probe = &board->steering->probes[target->probe];
	for (unsigned i = 0; i < probe->read_count; i++) {
		const struct reading *reading = &board->targets[index].readings[i];
		if (!reading->known)
			continue;
		fputs("reading", out);
		write_word(out, target->name);
		write_word(out, probe->read[i]);
		if (reading->is_number)
			fprintf(out, " " NUMBER_FORMAT, reading->number);
		else
			fputs(" text", out);
		write_word(out, reading->text);
		fputc('\n', out);
	}
}

/* What is followed. The fields are named, since other fields count other epochs. */
static void save_policy(FILE *out, const struct board *board, const struct policy_state *state)
{
	const struct service *service = &board->steering->services[state->service];
	const struct follow *follow = &service->policy->follow;
	for (uint64_t left = state->out | state->braked; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		fputs("odd", out);
		write_word(out, service->name);
		write_word(out, service->pools[i].name);
		fputs(state->out >> i & 1 ? " out\n" : " in\n", out);
	}
	if (!follow->field || !state->has_epoch)
		return;
	fputs("epoch", out);
	write_word(out, service->name);
	write_word(out, follow->highest);
	fprintf(out, " " NUMBER_FORMAT "\n", state->epoch);
	for (unsigned family = 0; family < FAMILIES; family++) {
		if (state->followed[family] == NO_INDEX)
			continue;
		fputs("followed", out);
		write_word(out, service->name);
		write_word(out, follow->highest);
		write_word(out, board->steering->targets[state->followed[family]].name);
		fprintf(out, " %d\n", family == FAMILY_V4 ? 4 : 6);
	}
}

static void save_target(FILE *out, const struct board *board, uint32_t index)
{
	const struct target_state *state = &board->targets[index];
	const char *name = board->steering->targets[index].name;
	if (state->verdict != VERDICT_UNKNOWN) {
		fputs("target", out);
		write_word(out, name);
		fprintf(out, " %s %lld %lld %lld %u %u %016llx",
		        state->verdict == VERDICT_UP  ? "up"
		        : board->extras[index].frozen ? "frozen"
		                                      : "down",
		        (long long)state->since, (long long)state->last, (long long)state->took, state->run,
		        state->window_count, (unsigned long long)state->window);
		write_word(out, target_detail(state));
		fputc('\n', out);
	}
	if (state->forced == VERDICT_UNKNOWN)
		return;
	fputs("force", out);
	write_word(out, name);
	fprintf(out, " %s %s %lld", state->forced == VERDICT_UP ? "up" : "down",
	        board->extras[index].insisted ? "insisted" : "plain", (long long)board_force_until(board, index));
	write_word(out, board->targets[index].reason);
	fputc('\n', out);
}

static void save_datacenter(FILE *out, const struct board *board, uint32_t index)
{
	const struct datacenter_state *state = &board->datacenters[index];
	if (state->drained) {
		struct datacenter_view view = board_datacenter(board, index);
		fputs("drain", out);
		write_word(out, board->steering->datacenters[index]);
		fprintf(out, " %lld %lld", (long long)view.since, (long long)view.until);
		write_word(out, state->reason);
		fputc('\n', out);
	}
	if (state->lost) {
		fputs("lost", out);
		write_word(out, board->steering->datacenters[index]);
		fprintf(out, " %llu\n", (unsigned long long)state->lost_order);
	}
	if (state->loaded && (state->spill || state->room < SHARE_ALL)) {
		fputs("spill", out);
		write_word(out, board->steering->datacenters[index]);
		fprintf(out, " %u %u\n", state->spill, state->room);
	}
	if (state->braked) {
		fputs("braked", out);
		write_word(out, board->steering->datacenters[index]);
		fputc('\n', out);
	}
}

static void save_pool(FILE *out, const struct board *board, uint32_t index, unsigned pool, unsigned family)
{
	const struct service *service = &board->steering->services[index];
	const struct service_state *state = &board->states[index];
	if (state->held[family] >> pool & 1) {
		fputs("held", out);
		write_word(out, service->name);
		write_word(out, service->pools[pool].name);
		nanotime since = board->pools[state->first_pool + pool].wait_since[family];
		fprintf(out, " %d %lld\n", family == FAMILY_V4 ? 4 : 6,
		        since == NEVER ? 0 : (long long)(since + board->offset));
	}
	if (state->leaving[family] >> pool & 1) {
		fputs("leaving", out);
		write_word(out, service->name);
		write_word(out, service->pools[pool].name);
		fprintf(out, " %d %lld\n", family == FAMILY_V4 ? 4 : 6,
		        (long long)(board->pools[state->first_pool + pool].wait_since[family] + board->offset));
	}
	if (state->ramping[family] >> pool & 1) {
		fputs("ramp", out);
		write_word(out, service->name);
		write_word(out, service->pools[pool].name);
		fprintf(out, " %d %lld\n", family == FAMILY_V4 ? 4 : 6,
		        (long long)(board->pools[state->first_pool + pool].ramp_since[family] + board->offset));
	}
	if (service->all_down == ALL_DOWN_LAST && state->last[family] >> pool & 1) {
		fputs("last", out);
		write_word(out, service->name);
		write_word(out, service->pools[pool].name);
		fprintf(out, " %d\n", family == FAMILY_V4 ? 4 : 6);
	}
}

char *board_save_text(const struct board *board, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	MUST(out);
	fputs(STATE_HEADER "\n", out);
	for (uint32_t i = 0; i < board->target_count; i++) {
		save_target(out, board, i);
		save_readings(out, board, i);
	}
	for (uint32_t i = 0; i < board->datacenter_count; i++)
		save_datacenter(out, board, i);
	for (uint32_t i = 0; i < board->steering->service_count; i++) {
		const struct service *service = &board->steering->services[i];
		if (!service_remembers(service))
			continue;
		for (unsigned j = 0; j < service->pool_count; j++)
			for (unsigned family = 0; family < FAMILIES; family++)
				save_pool(out, board, i, j, family);
	}
	for (uint32_t i = 0; i < board->policy_count; i++)
		save_policy(out, board, &board->policies[i]);
	MUST(fclose(out) == 0 && text);
	return text;
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
