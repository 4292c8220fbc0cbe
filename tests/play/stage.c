/*
 * stage.c: the verbs that change the world: files, loads, time, health, overrides.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/text.h"
#include "play.h"
#include "pool/board.h"

/* In a play a build runs at once. */
static void queue(void *context, void (*work)(void *), void (*after)(void *), void *argument)
{
	(void)context;
	work(argument);
	after(argument);
}

void play_open(struct play *play)
{
	play->source = live_source_new();
	play->reload = reload_new(
	        play_path(play, "meridian.yaml"), play->source, 7, (struct reload_hooks){.queue = queue});
}

void play_close(struct play *play)
{
	reload_free(play->reload);
	live_source_free(play->source);
}

static struct board *board_of(const struct play *play)
{
	const struct live *live = live_current(play->source);
	return live ? live->board : NULL;
}

/* ---- files ---- */

static void make_folders(const char *path)
{
	char *copy = strdup(path);
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(copy, 0755);
		*slash = '/';
	}
	free(copy);
}

static bool write_file(struct play *play, const char *name, const void *bytes, size_t size)
{
	const char *path = play_path(play, name);
	make_folders(path);
	if (file_replace(path, bytes, size))
		return broken(play, "%s: %s", path, strerror(errno));
	return true;
}

/* \xNN in `text` → bytes, in place; returns how many. */
static size_t unescape(char *text)
{
	char *to = text;
	for (const char *from = text; *from;) {
		unsigned value;
		if (sscanf(from, "\\x%2x", &value) == 1) {
			*to++ = (char)value;
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	return (size_t)(to - text);
}

bool act_file(struct play *play, char **words, unsigned count)
{
	if (count == 1) {
		const char *block = play_block(play);
		return write_file(play, words[0], block, strlen(block));
	}
	if (!strcmp(words[1], "bytes")) {
		char *text = arena_string(play->arena, strstr(play->rest, "bytes") + 5);
		text += strspn(text, " ");
		return write_file(play, words[0], text, unescape(text));
	}
	if (strcmp(words[1], "from") != 0 || count != 3)
		return broken(play, "file PATH, file PATH bytes TEXT, or file PATH from SOURCE");
	const char *root = getenv("srcdir");
	const char *source = arena_printf(play->arena, "%s/%s", root ? root : ".", words[2]);
	struct err *err = err_new();
	size_t size;
	char *bytes = file_read(source, 64 << 20, &size, err, NULL);
	bool good = bytes ? write_file(play, words[0], bytes, size) : broken(play, "%s cannot be read", source);
	free(bytes);
	err_free(err);
	return good;
}

bool act_remove(struct play *play, char **words, unsigned count)
{
	(void)count;
	return !remove(play_path(play, words[0])) || broken(play, "%s: %s", words[0], strerror(errno));
}

bool act_folder(struct play *play, char **words, unsigned count)
{
	(void)count;
	const char *path = play_path(play, words[0]);
	remove(path);
	make_folders(path);
	return !mkdir(path, 0755) || broken(play, "%s: %s", words[0], strerror(errno));
}

/* ---- loads ---- */

static bool load(struct play *play, char **words, unsigned count)
{
	bool fails = count && !strcmp(words[0], "fails");
	reload_request(play->reload, "play", NULL, NULL);
	const struct reload_last *last = reload_last(play->reload);
	if (last->failed == fails)
		return true;
	broken(play, fails ? "the load should have failed" : "the load failed");
	err_print(last->err, stderr, false);
	return false;
}

bool act_start(struct play *play, char **words, unsigned count)
{
	return load(play, words, count);
}

bool act_reload(struct play *play, char **words, unsigned count)
{
	return load(play, words, count);
}

bool act_restart(struct play *play, char **words, unsigned count)
{
	(void)words, (void)count;
	const char *path = play_path(play, "verdicts");
	if (board_save(board_of(play), path))
		return broken(play, "%s: %s", path, strerror(errno));
	play_close(play);
	play_open(play);
	if (!load(play, NULL, 0))
		return false;
	struct err *err = err_new();
	bool good = !board_restore(board_of(play), path, play->now, play->wall, err);
	if (!good)
		err_print(err, stderr, false);
	err_free(err);
	return good;
}

static bool reported(struct play *play, enum err_level level)
{
	const struct reload_last *last = reload_last(play->reload);
	if (!last)
		return broken(play, "nothing was loaded");
	for (size_t i = 0; i < err_items(last->err); i++) {
		const struct err_item *item = err_item(last->err, i);
		char *text = err_item_text(item);
		bool found = item->level == level && strstr(text, play->rest);
		free(text);
		if (found)
			return true;
	}
	broken(play, "no such %s; there were:", level == ERR_ERROR ? "error" : "warning");
	err_print(last->err, stderr, false);
	return false;
}

bool act_error(struct play *play, char **words, unsigned count)
{
	(void)words, (void)count;
	return reported(play, ERR_ERROR);
}

bool act_warning(struct play *play, char **words, unsigned count)
{
	(void)words, (void)count;
	return reported(play, ERR_WARNING);
}

bool act_generation(struct play *play, char **words, unsigned count)
{
	(void)count;
	const struct live *live = live_current(play->source);
	unsigned long long is = live ? live->snapshot->generation : 0;
	return is == strtoull(words[0], NULL, 10) || broken(play, "generation %llu serves", is);
}

/* ---- time and health ---- */

static void advance(struct play *play, nanotime by)
{
	play->now += by;
	play->wall += by;
	board_tick(board_of(play), play->now, play->wall);
}

bool act_clock(struct play *play, char **words, unsigned count)
{
	(void)count;
	nanotime by;
	if (!text_duration(&by, words[0]))
		return broken(play, "'%s' is no duration", words[0]);
	advance(play, by);
	return true;
}

/* Is `target` the one that `word` names, or one of the data center that it names? */
static bool names_target(const struct steering *steering, uint32_t target, const char *word)
{
	if (!strcmp(steering->targets[target].name, word))
		return true;
	for (uint32_t i = 0; i < steering->service_count; i++) {
		for (unsigned j = 0; j < steering->services[i].pool_count; j++) {
			const struct pool *pool = &steering->services[i].pools[j];
			if (strcmp(pool->name, word) != 0)
				continue;
			if (pool->cname && pool->cname_target == target)
				return true;
			for (unsigned family = 0; family < FAMILIES; family++)
				for (uint32_t k = 0; k < pool->of[family].count; k++)
					if (pool->of[family].list[k].target == target)
						return true;
		}
	}
	return false;
}

/* "role=primary", "lag=3s", "epoch=7": a reading of the field, where the probe reads it. */
static void set_reading(const struct probe_spec *probe, struct reading *readings, const char *word)
{
	size_t length = strcspn(word, "=");
	const char *text = word + length + 1;
	for (unsigned i = 0; i < probe->read_count; i++) {
		if (strlen(probe->read[i]) != length || strncmp(probe->read[i], word, length) != 0)
			continue;
		nanotime duration;
		char *end;
		struct reading *reading = &readings[i];
		*reading = (struct reading){.known = *text != 0};
		snprintf(reading->text, sizeof reading->text, "%s", text);
		reading->number = strtod(text, &end);
		reading->is_number = *text && !*end;
		if (text_duration(&duration, text)) {
			reading->is_number = true;
			reading->number = (double)duration / (double)NANO_SECOND;
		}
	}
}

/* One result; what it does not set was read as before. */
static void report(struct play *play, uint32_t target, struct result result, char **words, unsigned count)
{
	struct board *board = board_of(play);
	const struct steering *steering = board_steering(board);
	const struct probe_spec *probe = &steering->probes[steering->targets[target].probe];
	struct reading readings[READINGS_MAX] = {0};
	const struct reading *known = board_target(board, target)->readings;
	if (known)
		memcpy(readings, known, probe->read_count * sizeof *readings);
	for (unsigned i = 0; i < count; i++)
		if (strchr(words[i], '='))
			set_reading(probe, readings, words[i]);
	if (result.ok)
		result.readings = readings;
	board_report(board, target, &result, play->now, play->wall);
}

bool act_probe(struct play *play, char **words, unsigned count)
{
	const struct steering *steering = board_steering(board_of(play));
	bool ok = !strcmp(words[1], "ok"), counted = count > 2 && !strchr(words[2], '=');
	unsigned long times = counted ? strtoul(words[2], NULL, 10) : 1;
	struct result result = {.ok = ok, .detail = ok ? "200 OK" : "connect: Connection refused"};
	bool found = false;
	for (unsigned long n = 0; n < times; n++) {
		nanotime interval = 0;
		for (uint32_t i = 0; i < steering->target_count; i++) {
			if (!names_target(steering, i, words[0]))
				continue;
			found = true;
			interval = steering->probes[steering->targets[i].probe].interval;
			report(play, i, result, words + 2, count - 2);
		}
		advance(play, interval);
	}
	return found || broken(play, "no target or data center '%s'", words[0]);
}

/* ---- overrides ---- */

static bool overridden(struct play *play, int failed, struct err *err, const char *last_word)
{
	bool refused = !strcmp(last_word, "refused");
	bool good = (failed != 0) == refused;
	if (!good) {
		broken(play, refused ? "it should have been refused" : "refused");
		err_print(err, stderr, false);
	}
	err_free(err);
	return good;
}

/* What may follow an override: `over DURATION`, `insist`. */
static struct override how_of(char **words, unsigned count)
{
	struct override how = {.reason = "play"};
	for (unsigned i = 1; i < count; i++) {
		how.insist |= !strcmp(words[i], "insist");
		if (!strcmp(words[i], "over") && i + 1 < count)
			MUST(text_duration(&how.over, words[i + 1]));
	}
	return how;
}

bool act_drain(struct play *play, char **words, unsigned count)
{
	struct err *err = err_new();
	struct override how = how_of(words, count);
	bool failed = board_drain(board_of(play), words[0], &how, play->now, play->wall, err) < 0;
	return overridden(play, failed, err, words[count - 1]);
}

bool act_undrain(struct play *play, char **words, unsigned count)
{
	struct err *err = err_new();
	bool failed = board_undrain(board_of(play), words[0], play->now, play->wall, err) < 0;
	return overridden(play, failed, err, words[count - 1]);
}

bool act_force(struct play *play, char **words, unsigned count)
{
	struct err *err = err_new();
	enum verdict verdict = strcmp(words[1], "up") ? VERDICT_DOWN : VERDICT_UP;
	struct override how = how_of(words, count);
	bool failed = board_force(board_of(play), words[0], verdict, &how, play->now, play->wall, err) < 0;
	return overridden(play, failed, err, words[count - 1]);
}

bool act_release(struct play *play, char **words, unsigned count)
{
	struct err *err = err_new();
	bool failed = board_release(board_of(play), words[0], play->now, play->wall, err) < 0;
	return overridden(play, failed, err, words[count - 1]);
}
