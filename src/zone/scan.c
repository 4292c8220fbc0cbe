/*
 * scan.c: one walk over the bytes, by a table of what each byte is.
 *
 * The text ends with a 0, whose class stops every inner loop: no bounds are
 * checked per byte. After an error the walk goes on to the end of the entry, so
 * that the next one starts where a person would say it does.
 */
#include "zone/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum byte_class { WORD, BLANK, NEWLINE, COMMENT, OPEN, CLOSE, QUOTE, ESCAPE, CONTROL };

#define C CONTROL
/* All bytes from 0x21 on are WORD (0) unless named here. */
static const uint8_t classes[256] = {C, C, C, C, C, C, C, C, C, BLANK, NEWLINE, C, C, C, C, C, C, C, C, C, C, C, C, C,
        C, C, C, C, C, C, C, C,
        BLANK, ['"'] = QUOTE, ['('] = OPEN, [')'] = CLOSE, [';'] = COMMENT, ['\\'] = ESCAPE, [0x7f] = C};
#undef C

static enum byte_class class_at(const char *at)
{
	return (enum byte_class)classes[(uint8_t)*at];
}

void scan_start(struct scan *scan, struct source *source)
{
	*scan = (struct scan){.source = source, .at = source->text, .end = source->text + source->size};
	if (source->size >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0)
		scan->at += 3; /* the mark that some editors put before UTF-8 */
}

void entry_free(struct entry *entry)
{
	free(entry->tokens);
	*entry = (struct entry){0};
}

struct place token_place(struct source *source, const struct token *token)
{
	uint32_t quote = token->flags & TOKEN_QUOTED ? 1 : 0;
	return (struct place){source, (uint32_t)(token->text - source->text) - quote, token->length + 2 * quote};
}

/* The state of one entry being read. */
struct walk {
	struct scan *scan;
	struct entry *entry;
	struct err *err;
	const char *opened; /* the outermost ( */
	uint32_t depth;
	bool bad, garbage;
};

/* Reports the first error of an entry. */
static void fault(struct walk *walk, const char *at, const char *message)
{
	struct source *source = walk->scan->source;
	if (!walk->bad)
		place_report(
		        walk->err, ERR_ERROR, (struct place){source, (uint32_t)(at - source->text), 1}, "%s", message);
	walk->bad = true;
}

/* A control byte that no text has; a lone carriage return is one, one before a newline is a blank. */
static void control(struct walk *walk)
{
	struct scan *scan = walk->scan;
	if (scan->at[0] == '\r' && (scan->at[1] == '\n' || scan->at + 1 == scan->end)) {
		scan->at++;
		return;
	}
	struct source *source = scan->source;
	place_report(walk->err, ERR_ERROR, (struct place){source, (uint32_t)(scan->at - source->text), 1},
	        "byte 0x%02x: this is no text file", (uint8_t)*scan->at);
	walk->garbage = true;
}

static void token_add(struct walk *walk, const char *text, const char *end, unsigned flags)
{
	struct entry *entry = walk->entry;
	if (entry->count == entry->room) {
		entry->room = entry->room ? 2 * entry->room : 32;
		entry->tokens = realloc(entry->tokens, entry->room * sizeof *entry->tokens);
		MUST(entry->tokens);
	}
	entry->tokens[entry->count++] = (struct token){
	        .text = text, .length = (uint32_t)(end - text), .flags = (uint8_t)flags};
}

/* From behind a quote to the one that closes it; returns false if the line ends before. */
static bool to_quote(struct walk *walk, unsigned *flags)
{
	struct scan *scan = walk->scan;
	const char *start = scan->at;
	for (;; scan->at++) {
		enum byte_class class = class_at(scan->at);
		if (class == QUOTE)
			return true;
		if (class == ESCAPE) {
			*flags |= TOKEN_ESCAPED;
			if (class_at(scan->at + 1) == NEWLINE || class_at(scan->at + 1) == CONTROL)
				continue;
			scan->at++;
		} else if (class == NEWLINE || class == CONTROL) {
			fault(walk, start - 1, "no closing quote on this line");
			return false;
		}
	}
}

static void quoted(struct walk *walk)
{
	struct scan *scan = walk->scan;
	const char *start = ++scan->at;
	unsigned flags = TOKEN_QUOTED;
	if (!to_quote(walk, &flags))
		return;
	token_add(walk, start, scan->at, flags);
	enum byte_class class = class_at(++scan->at);
	if (class == WORD || class == QUOTE || class == ESCAPE)
		fault(walk, scan->at, "a blank is missing after the closing quote");
}

static void word(struct walk *walk)
{
	struct scan *scan = walk->scan;
	const char *start = scan->at;
	unsigned flags = 0;
	for (;; scan->at++) {
		enum byte_class class = class_at(scan->at);
		if (class == WORD)
			continue;
		if (class == ESCAPE) {
			flags |= TOKEN_ESCAPED;
			enum byte_class next = class_at(scan->at + 1);
			if (next == NEWLINE || next == CONTROL)
				fault(walk, scan->at, "a backslash at the end of the line");
			else
				scan->at++;
		} else if (class == QUOTE) {
			flags |= TOKEN_MIXED;
			scan->at++;
			if (!to_quote(walk, &flags))
				return;
		} else {
			break;
		}
	}
	token_add(walk, start, scan->at, flags);
}

static void comment(struct walk *walk)
{
	struct scan *scan = walk->scan;
	do
		scan->at++;
	while (class_at(scan->at) != NEWLINE && class_at(scan->at) != CONTROL);
}

static void parenthesis(struct walk *walk, bool open)
{
	if (open && walk->depth++ == 0)
		walk->opened = walk->scan->at;
	if (!open && walk->depth == 0)
		fault(walk, walk->scan->at, "a ) without its (");
	else if (!open)
		walk->depth--;
	walk->scan->at++;
}

/* One step; true when the entry is at its end. */
static bool step(struct walk *walk)
{
	struct scan *scan = walk->scan;
	switch (class_at(scan->at)) {
	case WORD:
	case ESCAPE:
		word(walk);
		break;
	case BLANK:
		scan->at++;
		break;
	case NEWLINE:
		scan->at++;
		if (walk->depth)
			break;
		if (walk->entry->count || walk->bad)
			return true;
		walk->entry->blank = class_at(scan->at) == BLANK;
		break;
	case COMMENT:
		comment(walk);
		break;
	case OPEN:
	case CLOSE:
		parenthesis(walk, *scan->at == '(');
		break;
	case QUOTE:
		quoted(walk);
		break;
	case CONTROL:
		if (scan->at == scan->end)
			return true;
		control(walk);
		return walk->garbage;
	}
	return false;
}

enum scan_result scan_next(struct scan *scan, struct entry *entry, struct err *err)
{
	struct walk walk = {.scan = scan, .entry = entry, .err = err};
	entry->count = 0;
	entry->blank = class_at(scan->at) == BLANK;
	while (!step(&walk))
		;
	if (walk.garbage)
		return SCAN_GARBAGE;
	if (walk.depth)
		fault(&walk, walk.opened, "no ) for this (");
	if (walk.bad)
		return SCAN_BAD;
	return entry->count ? SCAN_ENTRY : SCAN_END;
}
