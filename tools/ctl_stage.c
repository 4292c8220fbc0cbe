/*
 * ctl_stage.c: the events of a case, one after the other.
 *
 * Called by ctl_test.c. Results are reported in rounds of the shortest interval of all probes.
 */
#include "tools/ctl_stage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/text.h"

/* Any times will do, as long as they are the same in every run. */
#define BEGIN (86400 * NANO_SECOND)
#define BEGIN_WALL (INT64_C(1767225600) * NANO_SECOND)
#define ROUNDS_MAX 20000 /* of one `after` */

struct stage {
	const struct steering *steering;
	struct board *board;
	nanotime now, wall;
	bool *down;     /* by target: as the case says */
	nanotime *last; /* by target: its last result */
};

struct stage *stage_new(const struct snapshot *snapshot)
{
	struct stage *stage = calloc(1, sizeof *stage);
	MUST(stage);
	*stage = (struct stage){.steering = &snapshot->steering, .now = BEGIN, .wall = BEGIN_WALL};
	stage->board = board_new(stage->steering, NULL);
	stage->down = calloc(stage->steering->target_count + 1, sizeof *stage->down);
	stage->last = calloc(stage->steering->target_count + 1, sizeof *stage->last);
	MUST(stage->down && stage->last);
	return stage;
}

void stage_free(struct stage *stage)
{
	if (!stage)
		return;
	board_free(stage->board);
	free(stage->down);
	free(stage->last);
	free(stage);
}

struct board *stage_board(const struct stage *stage)
{
	return stage->board;
}

/* ---- names ---- */

bool stage_check_name(const struct snapshot *snapshot, const struct steer_word *word, struct err *err)
{
	const struct steering *steering = &snapshot->steering;
	if (!word->text || steering_has(steering, word->text))
		return true;
	err_unknown(err, &word->at, "data center", word->text, steering->datacenters, steering->datacenter_count);
	return false;
}

/* The targets that a word names: one, or all of a data center's pools. `chosen`: by target. False and an error if it
 * names nothing; what has no probe stays up, as it would. */
static bool choose(const struct stage *stage, const struct steer_word *word, bool *chosen, struct err *err)
{
	const struct steering *steering = stage->steering;
	if (!strchr(word->text, '/') && !stage_check_name(&(struct snapshot){.steering = *steering}, word, err))
		return false;
	bool found = !strchr(word->text, '/');
	const char **names = calloc(steering->target_count + 1, sizeof *names);
	MUST(names);
	for (uint32_t i = 0; i < steering->target_count; i++) {
		names[i] = steering->targets[i].name;
		chosen[i] = strcmp(names[i], word->text) == 0;
		found |= chosen[i];
	}
	for (uint32_t i = 0; i < steering->service_count; i++)
		for (unsigned j = 0; j < steering->services[i].pool_count; j++) {
			const struct pool *pool = &steering->services[i].pools[j];
			if (strcmp(pool->name, word->text) != 0)
				continue;
			if (pool->cname && pool->cname_target != NO_INDEX)
				chosen[pool->cname_target] = true;
			for (unsigned family = 0; family < FAMILIES; family++)
				for (uint32_t k = 0; k < pool->of[family].count; k++)
					if (pool->of[family].list[k].target != NO_INDEX)
						chosen[pool->of[family].list[k].target] = true;
		}
	if (!found)
		err_unknown(err, &word->at, "target", word->text, names, steering->target_count);
	free(names);
	return found;
}

/* ---- results ---- */

static const struct probe_spec *probe_of(const struct stage *stage, uint32_t target)
{
	return &stage->steering->probes[stage->steering->targets[target].probe];
}

static void report(struct stage *stage, uint32_t target, const struct reading *readings)
{
	struct result result = {.ok = !stage->down[target], .readings = readings};
	result.detail = result.ok ? "as the case says" : "down, as the case says";
	stage->last[target] = stage->now;
	board_report(stage->board, target, &result, stage->now, stage->wall);
}

static struct reading reading_of(const char *text)
{
	struct reading reading = {.known = *text != 0};
	nanotime duration;
	char *end;
	text_visible(reading.text, sizeof reading.text, text, strlen(text));
	reading.number = strtod(text, &end);
	reading.is_number = *text && !*end && isfinite(reading.number);
	if (text_duration(&duration, text)) {
		reading.is_number = true;
		reading.number = (double)duration / (double)NANO_SECOND;
	}
	if (!reading.is_number)
		reading.number = 0;
	return reading;
}

static int field_of(const struct probe_spec *probe, const char *field)
{
	for (int i = 0; i < probe->read_count; i++)
		if (strcmp(probe->read[i], field) == 0)
			return i;
	return -1;
}

/* An error for a field that no probe of these targets reads. */
static bool check_field(const struct stage *stage, const struct steer_event *event, const struct steer_reading *reading,
        const bool *chosen, struct err *err)
{
	const char *fields[READINGS_MAX * 8];
	size_t count = 0;
	for (uint32_t i = 0; i < stage->steering->target_count; i++) {
		const struct probe_spec *probe = probe_of(stage, i);
		if (!chosen[i])
			continue;
		if (field_of(probe, reading->field) >= 0)
			return true;
		for (unsigned j = 0; j < probe->read_count && count < sizeof fields / sizeof *fields; j++)
			fields[count++] = probe->read[j];
	}
	const char *near = text_near(reading->field, fields, count);
	err_add(err, ERR_ERROR, &reading->at, "no probe of '%s' reads '%s'%s%s%s", event->what.text, reading->field,
	        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return false;
}

/* What is not set was read as before. */
static bool play_reads(struct stage *stage, const struct steer_event *event, const bool *chosen, struct err *err)
{
	bool good = true;
	for (unsigned i = 0; i < event->reading_count; i++)
		good = check_field(stage, event, &event->readings[i], chosen, err) && good;
	for (uint32_t target = 0; target < stage->steering->target_count && good; target++) {
		struct reading readings[READINGS_MAX] = {0};
		const struct probe_spec *probe = probe_of(stage, target);
		const struct reading *known = board_target(stage->board, target)->readings;
		if (!chosen[target] || !probe->read_count)
			continue;
		if (known)
			memcpy(readings, known, probe->read_count * sizeof *readings);
		for (unsigned i = 0; i < event->reading_count; i++) {
			int field = field_of(probe, event->readings[i].field);
			if (field >= 0)
				readings[field] = reading_of(event->readings[i].value);
		}
		report(stage, target, readings);
	}
	return good;
}

static void play_verdicts(struct stage *stage, const bool *chosen, bool down)
{
	for (uint32_t target = 0; target < stage->steering->target_count; target++) {
		if (!chosen[target])
			continue;
		stage->down[target] = down;
		board_set(stage->board, target, down ? VERDICT_DOWN : VERDICT_UP, stage->now, stage->wall);
	}
}

/* ---- time ---- */

static nanotime shortest_interval(const struct stage *stage, nanotime span)
{
	nanotime shortest = span;
	for (uint32_t i = 0; i < stage->steering->probe_count; i++)
		if (stage->steering->probes[i].interval < shortest)
			shortest = stage->steering->probes[i].interval;
	return shortest > span / ROUNDS_MAX ? shortest : span / ROUNDS_MAX;
}

static void play_after(struct stage *stage, nanotime span)
{
	nanotime end = stage->now + span, step = shortest_interval(stage, span);
	while (stage->now < end) {
		nanotime by = end - stage->now < step ? end - stage->now : step;
		stage->now += by;
		stage->wall += by;
		for (uint32_t target = 0; target < stage->steering->target_count; target++) {
			if (stage->now - stage->last[target] < probe_of(stage, target)->interval)
				continue;
			const struct reading *known = board_target(stage->board, target)->readings;
			struct reading readings[READINGS_MAX];
			if (known)
				memcpy(readings, known, probe_of(stage, target)->read_count * sizeof *readings);
			report(stage, target, known ? readings : NULL);
		}
		board_tick(stage->board, stage->now, stage->wall);
	}
}

static bool play_drained(struct stage *stage, const struct steer_event *event, struct err *err)
{
	struct err *refused = err_new();
	const struct override how = {.reason = "a decision test", .insist = true};
	bool good = stage_check_name(&(struct snapshot){.steering = *stage->steering}, &event->what, err);
	if (good && board_drain(stage->board, event->what.text, &how, stage->now, stage->wall, refused) < 0) {
		const struct err_item *item = err_items(refused) ? err_item(refused, 0) : NULL;
		err_add(err, ERR_ERROR, &event->what.at, "'%s' cannot be drained: %s", event->what.text,
		        item ? item->message : "refused");
		good = false;
	}
	err_free(refused);
	return good;
}

bool stage_play(struct stage *stage, const struct steer_event *event, struct err *err)
{
	bool good = true;
	if (event->act == STEER_AFTER) {
		play_after(stage, event->span);
	} else if (event->act == STEER_DRAINED) {
		good = play_drained(stage, event, err);
	} else {
		bool *chosen = calloc(stage->steering->target_count + 1, sizeof *chosen);
		MUST(chosen);
		good = choose(stage, &event->what, chosen, err);
		if (good && event->act == STEER_READS)
			good = play_reads(stage, event, chosen, err);
		else if (good)
			play_verdicts(stage, chosen, event->act == STEER_DOWN);
		free(chosen);
	}
	board_tick(stage->board, stage->now, stage->wall);
	return good;
}

bool stage_play_text(struct stage *stage, const char *text, struct err *err)
{
	struct arena *arena = arena_new();
	struct steer_case events = {.event_count = 0};
	bool good = !text || steer_parse_events(arena, text, &events, err);
	for (uint32_t i = 0; i < events.event_count && good; i++)
		good = stage_play(stage, &events.events[i], err);
	arena_free(arena);
	return good;
}
