/*
 * restore.c: what state.c wrote, read again after a restart.
 *
 * Called by main at a start. The catch: the file may be cut short, old or
 * scribbled over; a line that makes no sense is left out, whole.
 */
#include "pool/board_inside.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define STATE_MAX(targets) ((size_t)(16 << 20) + (size_t)(targets)*1024)
#define WORDS_MAX 10
#define TOOK_MAX (86400 * NANO_SECOND)

struct restore {
	struct board *board;
	nanotime now, wall;
};

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undoes write_word in place; false if it was not written so. */
static bool read_word(char *word)
{
	if (!strcmp(word, "-")) {
		*word = 0;
		return true;
	}
	char *to = word;
	for (char *at = word; *at; at++) {
		if (*at != '%') {
			*to++ = *at;
			continue;
		}
		int high = digit(at[1]), low = high < 0 ? -1 : digit(at[2]);
		if (low < 0 || high + low == 0)
			return false;
		*to++ = (char)(high * 16 + low);
		at += 2;
	}
	*to = 0;
	return true;
}

static bool read_hex(uint64_t *value, const char *text)
{
	char *end;
	if (strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
		return false;
	*value = strtoull(text, &end, 16);
	return true;
}

/* A time of the past; one of the future, from before a clock was set right, becomes the present. */
static bool read_time(nanotime *value, const char *text, nanotime wall)
{
	if (!text_number(value, text, 0, INT64_MAX))
		return false;
	if (*value > wall)
		*value = wall;
	return true;
}

/* Is the verdict older than it takes to judge anew? Then the next result decides by itself. */
static bool out_of_date(const struct board *board, uint32_t target, nanotime last, nanotime wall)
{
	const struct probe_spec *probe = &board->steering->probes[board->steering->targets[target].probe];
	return last < wall - (probe->fall * probe->interval + probe->timeout); /* dwell or not: it may long be over */
}

static bool restore_target(struct restore *restore, char **words)
{
	struct board *board = restore->board;
	struct target_state state = {0};
	int64_t run, count, took;
	bool up = !strcmp(words[2], "up"), frozen = !strcmp(words[2], "frozen");
	if (!up && !frozen && strcmp(words[2], "down") != 0)
		return false;
	if (!read_time(&state.since, words[3], restore->wall) || !read_time(&state.last, words[4], restore->wall) ||
	        !text_number(&took, words[5], 0, TOOK_MAX) || !text_number(&run, words[6], 0, UINT16_MAX) ||
	        !text_number(&count, words[7], 0, 64) || !read_hex(&state.window, words[8]))
		return false;
	uint32_t index = board_find_target(board, words[1]);
	if (index == NO_INDEX)
		return true; /* no longer ours */
	struct target_state *to = &board->targets[index];
	state.verdict = up ? VERDICT_UP : VERDICT_DOWN;
	state.readings = to->readings;
	state.watched = to->watched;
	state.forced = to->forced;
	state.force = to->force;
	state.run = (uint8_t)(run < UINT8_MAX ? run : UINT8_MAX);
	state.took = (uint32_t)(took / NANO_MICRO < UINT32_MAX ? took / NANO_MICRO : UINT32_MAX);
	state.window_count = (uint8_t)count;
	state.detail = to->detail;
	board_detail(board, &state, words[9]);
	board->down_count += !up - (to->verdict == VERDICT_DOWN);
	*to = state;
	board->extras[index].asked_at = restore->now - (restore->wall - state.last) - took;
	board->extras[index].turned_at = restore->now - (restore->wall - state.since);
	board->targets[index].provisional = out_of_date(board, index, state.last, restore->wall);
	board->targets[index].frozen = frozen && board->steering->safety.freeze;
	board->frozen |= board->targets[index].frozen;
	return true;
}

/* When an override ends, from wall to monotonic time; 0 is never. */
static bool read_until(const struct restore *restore, nanotime *until, const char *text)
{
	nanotime wall;
	if (!text_number(&wall, text, 0, INT64_MAX))
		return false;
	*until = wall ? restore->now + (wall - restore->wall) : INT64_MAX;
	return true;
}

static bool restore_force(struct restore *restore, char **words)
{
	struct board *board = restore->board;
	nanotime until;
	bool up = !strcmp(words[2], "up"), insisted = !strcmp(words[3], "insisted");
	if ((!up && strcmp(words[2], "down") != 0) || (!insisted && strcmp(words[3], "plain") != 0) ||
	        !read_until(restore, &until, words[4]))
		return false;
	uint32_t index = board_find_target(board, words[1]);
	if (index == NO_INDEX)
		return true;
	force_put(board, index, up ? VERDICT_UP : VERDICT_DOWN, &(struct force){until, words[5], insisted && !up});
	return true;
}

static bool restore_drain(struct restore *restore, char **words)
{
	nanotime since, until;
	if (!read_time(&since, words[2], restore->wall) || !read_until(restore, &until, words[3]))
		return false;
	uint32_t index = board_find_datacenter(restore->board, words[1]);
	if (index == NO_INDEX)
		return true;
	struct datacenter_state *state = &restore->board->datacenters[index];
	state->drained = true;
	state->drained_at = restore->now - (restore->wall - since);
	state->drained_until = until;
	board_reason(&state->reason, words[4]);
	return true;
}

static bool restore_lost(struct restore *restore, char **words)
{
	struct board *board = restore->board;
	int64_t order;
	if (!text_number(&order, words[2], 0, INT64_MAX / 2))
		return false;
	uint32_t index = board_find_datacenter(board, words[1]);
	if (index == NO_INDEX)
		return true;
	board->datacenters[index].lost = true;
	board->datacenters[index].lost_order = (uint64_t)order;
	if (board->lost_count < (uint64_t)order)
		board->lost_count = (uint64_t)order;
	return true;
}

static bool restore_braked(struct restore *restore, char **words)
{
	uint32_t index = board_find_datacenter(restore->board, words[1]);
	if (index == NO_INDEX || !restore->board->steering->safety.brake)
		return true;
	restore->board->datacenters[index].braked = true;
	return true;
}

/* When the brake last saw it go. */
static bool restore_left(struct restore *restore, char **words)
{
	nanotime since;
	bool lost = !strcmp(words[2], "lost");
	if ((!lost && strcmp(words[2], "odd") != 0) || !read_time(&since, words[3], restore->wall))
		return false;
	uint32_t index = board_find_datacenter(restore->board, words[1]);
	if (index == NO_INDEX)
		return true;
	struct datacenter_state *state = &restore->board->datacenters[index];
	*(lost ? &state->lost_at : &state->odd_at) = restore->now - (restore->wall - since);
	return true;
}

/* A pool of a family of which something was kept. */
struct kept_pool {
	const struct service *service;
	struct service_state *state;
	struct pool_state *pool;
	uint32_t service_index, index;
	unsigned family;
	uint64_t bit;
	nanotime since; /* monotonic */
};

/* Words 1 to 3 name it, and word 4 (NULL: none) says since when. 0: it is none of ours any more; -1: no sense. */
static int read_pool(const struct restore *restore, char **words, const char *since, struct kept_pool *kept)
{
	struct board *board = restore->board;
	nanotime wall = restore->wall;
	if ((strcmp(words[3], "4") != 0 && strcmp(words[3], "6") != 0) ||
	        (since && !read_time(&wall, since, restore->wall)))
		return -1;
	uint32_t service = board_find_service(board, words[1]);
	uint32_t pool = service == NO_INDEX ? NO_INDEX
	                                    : service_find_pool(&board->steering->services[service], words[2]);
	if (pool == NO_INDEX)
		return 0;
	*kept = (struct kept_pool){.service = &board->steering->services[service],
	        .state = &board->states[service],
	        .pool = &board->pools[board->states[service].first_pool + pool],
	        .service_index = service,
	        .index = pool,
	        .family = *words[3] == '4' ? FAMILY_V4 : FAMILY_V6,
	        .bit = UINT64_C(1) << pool,
	        .since = restore->now - (restore->wall - wall)};
	return 1;
}

static bool restore_held(struct restore *restore, char **words)
{
	struct kept_pool kept;
	int found = read_pool(restore, words, words[4], &kept);
	if (found <= 0 || kept.service->failback == FAILBACK_AUTO)
		return found >= 0;
	/* a condition has to hold for its time anew: nobody looked meanwhile */
	bool anew = kept.service->failback == FAILBACK_WHEN;
	kept.state->held[kept.family] |= kept.bit;
	kept.pool->wait_since[kept.family] = anew ? NEVER : kept.since;
	return true;
}

static bool restore_leaving(struct restore *restore, char **words)
{
	struct kept_pool kept;
	int found = read_pool(restore, words, words[4], &kept);
	if (found <= 0 || !kept.service->fail_after)
		return found >= 0;
	kept.state->leaving[kept.family] |= kept.bit;
	kept.pool->wait_since[kept.family] = kept.since;
	return true;
}

static bool restore_last(struct restore *restore, char **words)
{
	struct kept_pool kept;
	int found = read_pool(restore, words, NULL, &kept);
	if (found > 0 && kept.service->all_down == ALL_DOWN_LAST)
		kept.state->last[kept.family] |= kept.bit;
	return found >= 0;
}

static bool restore_ramp(struct restore *restore, char **words)
{
	struct kept_pool kept;
	int found = read_pool(restore, words, words[4], &kept);
	if (found > 0)
		ramp_carry(restore->board, kept.service_index, kept.index, kept.family, kept.since, 0);
	return found >= 0;
}

static bool read_double(double *value, const char *text)
{
	char *end;
	*value = strtod(text, &end);
	return *text && *text > ' ' && !*end && isfinite(*value);
}

static bool restore_reading(struct restore *restore, char **words)
{
	struct board *board = restore->board;
	struct reading reading = {.known = true, .is_number = strcmp(words[3], "text") != 0};
	if (reading.is_number && !read_double(&reading.number, words[3]))
		return false;
	text_visible(reading.text, sizeof reading.text, words[4], strlen(words[4]));
	uint32_t index = board_find_target(board, words[1]);
	if (index == NO_INDEX)
		return true;
	const struct probe_spec *probe = &board->steering->probes[board->steering->targets[index].probe];
	for (unsigned i = 0; i < probe->read_count; i++)
		if (!strcmp(probe->read[i], words[2]))
			board->targets[index].readings[i] = reading;
	return true;
}

/* The state of the service that words 1 and 2 name, if it counts epochs by the same field; NULL: no longer. */
static struct policy_state *find_policy(const struct board *board, char **words)
{
	uint32_t service = board_find_service(board, words[1]);
	struct policy_state *state = service == NO_INDEX ? NULL : board->states[service].policy;
	const struct follow *follow = state ? &board->steering->services[service].policy->follow : NULL;
	return follow && follow->field && !strcmp(follow->highest ? follow->highest : "", words[2]) ? state : NULL;
}

static bool restore_epoch(struct restore *restore, char **words)
{
	double epoch;
	if (!read_double(&epoch, words[3]) || !follow_is_epoch(epoch))
		return false;
	struct policy_state *state = find_policy(restore->board, words);
	if (state && (!state->has_epoch || epoch > state->epoch)) {
		state->has_epoch = true;
		state->epoch = epoch;
	}
	return true;
}

static bool restore_followed(struct restore *restore, char **words)
{
	if (strcmp(words[4], "4") != 0 && strcmp(words[4], "6") != 0)
		return false;
	struct policy_state *state = find_policy(restore->board, words);
	if (state)
		state->followed[*words[4] == '4' ? FAMILY_V4 : FAMILY_V6] = board_find_target(restore->board, words[3]);
	return true;
}

static bool restore_odd(struct restore *restore, char **words)
{
	bool out = !strcmp(words[3], "out");
	if (!out && strcmp(words[3], "in") != 0)
		return false;
	uint32_t service = board_find_service(restore->board, words[1]);
	struct policy_state *state = service == NO_INDEX ? NULL : restore->board->states[service].policy;
	uint32_t pool = state ? service_find_pool(&restore->board->steering->services[service], words[2]) : NO_INDEX;
	if (pool == NO_INDEX)
		return true;
	*(out ? &state->out : &state->braked) |= UINT64_C(1) << pool;
	return true;
}

static bool restore_spill(struct restore *restore, char **words)
{
	int64_t spill, room;
	if (!text_number(&spill, words[2], 0, SHARE_ALL - 1) || !text_number(&room, words[3], 0, SHARE_ALL))
		return false;
	uint32_t index = board_find_datacenter(restore->board, words[1]);
	if (index == NO_INDEX || !restore->board->datacenters[index].loaded)
		return true;
	restore->board->datacenters[index].told = true;
	restore->board->datacenters[index].spill = (uint32_t)spill;
	restore->board->datacenters[index].room = (uint32_t)room;
	return true;
}

static const struct {
	const char *word;
	unsigned words;
	bool (*restore)(struct restore *restore, char **words);
} rows[] = {
        {"target", 10, restore_target},
        {"force", 6, restore_force},
        {"drain", 5, restore_drain},
        {"lost", 3, restore_lost},
        {"braked", 2, restore_braked},
        {"left", 4, restore_left},
        {"held", 5, restore_held},
        {"leaving", 5, restore_leaving},
        {"last", 4, restore_last},
        {"reading", 5, restore_reading},
        {"epoch", 4, restore_epoch},
        {"followed", 5, restore_followed},
        {"odd", 4, restore_odd},
        {"ramp", 5, restore_ramp},
        {"spill", 4, restore_spill},
};

static bool restore_line(struct restore *restore, char *line)
{
	char *words[WORDS_MAX + 1];
	unsigned count = 0;
	for (char *word; count <= WORDS_MAX && (word = strsep(&line, " "));)
		words[count++] = word;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (strcmp(words[0], rows[i].word) != 0 || count != rows[i].words)
			continue;
		for (unsigned j = 1; j < count; j++)
			if (!read_word(words[j]))
				return false;
		return rows[i].restore(restore, words);
	}
	return false;
}

static int restore_text(struct restore *restore, char *text, size_t size, const char *path, struct err *err)
{
	unsigned number = 0, first = 0, bad = 0;
	char *next = text;
	if (strlen(text) != size)
		size = strlen(text); /* what comes after a 0 is no text of ours */
	for (char *line; (line = strsep(&next, "\n"));) {
		bool cut = !next && *line; /* no end of a line: even where it makes sense, it may be another one */
		number++;
		if (number == 1 && strcmp(line, STATE_HEADER) != 0) {
			err_add(err, ERR_WARNING, &(struct err_at){.file = path, .line = 1},
			        "this is no state of this version; all targets start as unknown");
			return -1;
		}
		if (number == 1 || !*line || (!cut && restore_line(restore, line)))
			continue;
		first = bad++ ? first : number;
	}
	if (bad)
		err_add(err, ERR_WARNING, &(struct err_at){.file = path, .line = first},
		        "%u line%s of the saved state make no sense and were skipped, this one first", bad,
		        bad == 1 ? "" : "s");
	return 0;
}

int board_restore(struct board *board, const char *path, nanotime now, nanotime wall, struct err *err)
{
	if (access(path, F_OK) && errno == ENOENT)
		return -1;
	struct err *fault = err_new();
	size_t size;
	char *text = file_read(path, STATE_MAX(board->target_count), &size, fault, NULL);
	if (!text)
		err_add(err, ERR_WARNING, NULL, "the saved state is not used: %s",
		        err_items(fault) ? err_item(fault, 0)->message : path);
	err_free(fault);
	if (!text)
		return -1;
	for (uint32_t i = 0; i < board->steering->service_count; i++)
		memset(board->states[i].last, 0, sizeof board->states[i].last);
	struct restore restore = {.board = board, .now = now, .wall = wall};
	int result = restore_text(&restore, text, size, path, err);
	free(text);
	if (board->frozen && board->down_count != board->target_count)
		board->thaw_at = now + board->window; /* it was ending: the others get their time anew */
	board_told(board, now, wall);
	board->quiet = board->first = true;
	compose_all(board);
	board->down_count = 0;
	for (uint32_t i = 0; i < board->target_count; i++)
		board->down_count += board->targets[i].verdict == VERDICT_DOWN;
	board_all_changed(board, now);
	spill_render(board);
	board->quiet = board->first = false;
	ramps_tick(board, now);
	return result;
}
