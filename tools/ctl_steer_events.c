/*
 * ctl_steer_events.c: the conditions of a case that happen: what is down, drained or read of a reply, and the time that
 * passes.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tools/ctl_steer_inside.h"

#define SPAN_MAX (7 * 86400 * NANO_SECOND)

bool line_part(struct arena *arena, const struct steer_word *whole, size_t *at, struct steer_word *part)
{
	if (*at > strlen(whole->text))
		return false;
	size_t length = strcspn(whole->text + *at, ",");
	*part = (struct steer_word){.text = arena_stringn(arena, whole->text + *at, length), .at = whole->at};
	part->at.column += (unsigned)*at;
	part->at.width = (unsigned)length;
	*at += length + 1;
	return true;
}

static struct steer_event *add(struct line *line, enum steer_act act, const struct steer_word *what)
{
	struct steer_case *into = line->into;
	if (into->event_count >= STEER_EVENTS_MAX) {
		line_complain(line, &what->at, "more than %d things happen", STEER_EVENTS_MAX);
		return NULL;
	}
	struct steer_event *events = arena_grow(
	        line->arena, into->events, into->event_count, &into->event_room, sizeof *events);
	into->events = events;
	events[into->event_count] = (struct steer_event){.act = act, .what = *what};
	return &events[into->event_count++];
}

/* The next word, if it is part of the condition still. */
static const struct steer_word *more(struct line *line)
{
	if (line->next == line->count || line_is_condition(line->words[line->next].text))
		return NULL;
	return &line->words[line->next++];
}

/* Names up to the next condition; one that is called as a condition cannot be named here. */
static bool read_names(struct line *line, const struct steer_word *keyword, enum steer_act act)
{
	unsigned count = 0;
	for (const struct steer_word *word; (word = more(line)); count++)
		if (!add(line, act, word))
			return false;
	return count || line_complain(line, &keyword->at, "%s what? Name data centers or targets", keyword->text);
}

bool line_read_down(struct line *line, const struct steer_word *keyword)
{
	return read_names(line, keyword, STEER_DOWN);
}

bool line_read_up(struct line *line, const struct steer_word *keyword)
{
	return read_names(line, keyword, STEER_UP);
}

bool line_read_drained(struct line *line, const struct steer_word *keyword)
{
	return read_names(line, keyword, STEER_DRAINED);
}

/* "role=primary,epoch=5" */
static bool read_fields(struct line *line, const struct steer_word *word, struct steer_reading *list, unsigned *count)
{
	struct steer_word part;
	for (size_t at = 0; line_part(line->arena, word, &at, &part);) {
		size_t field = strcspn(part.text, "=");
		if (!field || !part.text[field])
			return line_complain(
			        line, &part.at, "'%s' is not FIELD=VALUE, such as role=primary", part.text);
		list[(*count)++] = (struct steer_reading){.field = arena_stringn(line->arena, part.text, field),
		        .value = part.text + field + 1,
		        .at = part.at};
	}
	return true;
}

static size_t commas(const char *text)
{
	size_t count = 1;
	for (; *text; text++)
		count += *text == ',';
	return count;
}

bool line_read_reads(struct line *line, const struct steer_word *keyword)
{
	const struct steer_word *what = more(line), *word;
	unsigned first = line->next, count = 0;
	size_t room = 0;
	if (!what)
		return line_complain(line, &keyword->at, "reads what? Name a data center and fields: fra role=primary");
	while ((word = more(line)))
		room += commas(word->text);
	if (!room)
		return line_complain(line, &what->at, "what is read of '%s'? FIELD=VALUE is missing", what->text);
	struct steer_reading *list = arena_alloc(line->arena, room * sizeof *list);
	for (unsigned i = first; i < line->next; i++)
		if (!read_fields(line, &line->words[i], list, &count))
			return false;
	struct steer_event *event = add(line, STEER_READS, what);
	if (!event)
		return false;
	event->readings = list;
	event->reading_count = count;
	return true;
}

/* One "fra=0.95". */
static bool add_load(struct line *line, const struct steer_word *word)
{
	size_t name = strcspn(word->text, "=");
	struct steer_reading *reading = arena_alloc(line->arena, sizeof *reading);
	struct steer_word what = {.text = arena_stringn(line->arena, word->text, name), .at = word->at};
	char *end;
	*reading = (struct steer_reading){.field = "load", .at = word->at};
	if (!name || !word->text[name])
		return line_complain(line, &word->at, "'%s' is not DC=LOAD, such as fra=0.95", word->text);
	reading->value = word->text + name + 1;
	double number = strtod(reading->value, &end);
	if (!*reading->value || *end || !isfinite(number) || number < 0)
		return line_complain(
		        line, &word->at, "'%s' is no load: a part, such as 0.95, or requests a second", reading->value);
	what.at.width = (unsigned)name;
	struct steer_event *event = add(line, STEER_READS, &what);
	if (!event)
		return false;
	event->readings = reading;
	event->reading_count = 1;
	return true;
}

bool line_read_load(struct line *line, const struct steer_word *keyword)
{
	unsigned count = 0;
	for (const struct steer_word *word; (word = more(line)); count++)
		if (!add_load(line, word))
			return false;
	return count || line_complain(line, &keyword->at, "load of what? Such as: load fra=0.95");
}

bool line_read_after(struct line *line, const struct steer_word *keyword)
{
	const struct steer_word *word = line_take(line, "how much time passes, such as 20m");
	nanotime span;
	(void)keyword;
	if (!word)
		return false;
	if (!text_duration(&span, word->text) || span <= 0 || span > SPAN_MAX)
		return line_complain(line, &word->at, "'%s' is not a time up to 7d, such as 20m", word->text);
	struct steer_event *event = add(line, STEER_AFTER, word);
	if (event)
		event->span = span;
	return event;
}
