/*
 * err.c: errors are gathered as they will be shown.
 *
 * Source lines and messages may hold any byte. They are made visible when they
 * are added, and the line of the caret is made in the same walk, because only
 * there is it known how wide each byte became.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/text.h"

enum { LINE_MAX_BYTES = 200, MESSAGE_MAX = 1000, ESCAPE = 4 };

struct err {
	struct err_item *items;
	size_t count, room, warnings_kept;
	size_t added[2]; /* by level */
};

struct err *err_new(void)
{
	struct err *err = calloc(1, sizeof *err);
	MUST(err);
	return err;
}

void err_free(struct err *err)
{
	if (!err)
		return;
	for (size_t i = 0; i < err->count; i++) {
		free(err->items[i].file);
		free(err->items[i].text);
		free(err->items[i].mark);
		free(err->items[i].message);
	}
	free(err->items);
	free(err);
}

static char *copy_or_null(const char *text)
{
	if (!text)
		return NULL;
	char *copy = strdup(text);
	MUST(copy);
	return copy;
}

static char *visible(const char *text, size_t length)
{
	char *copy = malloc(ESCAPE * length + 1);
	MUST(copy);
	text_visible(copy, ESCAPE * length + 1, text, length);
	return copy;
}

/* Which part of a source line is kept: all of it, its start, or what is around the column. */
struct window {
	size_t from, to;
	bool cut_before, cut_after;
};

/* Any but the first byte of a character of UTF-8. */
static bool inside_character(char c)
{
	return ((uint8_t)c & 0xc0) == 0x80;
}

static struct window window_of(const char *text, size_t length, size_t column)
{
	struct window w = {.from = 0, .to = length};
	if (length > LINE_MAX_BYTES) {
		size_t half = LINE_MAX_BYTES / 2;
		if (column > LINE_MAX_BYTES - 20)
			w.from = column - half;
		if (w.from + LINE_MAX_BYTES > length)
			w.from = length - LINE_MAX_BYTES;
		w.to = w.from + LINE_MAX_BYTES;
		/* Not within a character of UTF-8. */
		for (int i = 0; i < 3 && w.from > 0 && inside_character(text[w.from]); i++)
			w.from++;
		for (int i = 0; i < 3 && w.to < length && inside_character(text[w.to]); i++)
			w.to--;
	}
	w.cut_before = w.from > 0;
	w.cut_after = w.to < length;
	return w;
}

/* One character of the source: its visible form goes to `text`, and what stands below it to `mark`: `under`
 * over its width, or the tab itself before the caret, so that the two lines stay aligned. Returns the bytes used. */
static size_t show_glyph(FILE *text, FILE *mark, const char *at, size_t left, const char *under)
{
	size_t glyph = text_glyph(at, left);
	bool tab = *at == '\t';
	if (tab)
		putc('\t', text);
	else if (glyph)
		fwrite(at, 1, glyph, text);
	else
		fprintf(text, "\\x%02x", (uint8_t)*at);
	if (tab && *under == ' ')
		putc('\t', mark);
	else
		for (int i = 0; *under && i < (glyph || tab ? 1 : ESCAPE); i++)
			putc(*under == '^' && i > 0 ? '~' : *under, mark);
	return glyph ? glyph : 1;
}

/* Fills item->text and item->mark. */
static void show_line(struct err_item *item, const char *text, size_t length)
{
	size_t column = item->column ? item->column - 1 : 0; /* from 0 */
	if (column > length)
		column = length;
	while (column > 0 && column < length && inside_character(text[column]))
		column--;
	size_t end = column + (item->width > 1 ? item->width : 1);
	struct window w = window_of(text, length, column);
	char *shown = NULL, *mark = NULL;
	size_t shown_size, mark_size;
	FILE *shown_out = open_memstream(&shown, &shown_size), *mark_out = open_memstream(&mark, &mark_size);
	MUST(shown_out && mark_out);

	fputs(w.cut_before ? "..." : "", shown_out);
	fputs(w.cut_before ? "   " : "", mark_out);
	bool caret = false;
	for (size_t i = w.from; i < w.to;) {
		size_t next = i + show_glyph(shown_out, mark_out, text + i, w.to - i,
		                          i >= end      ? ""
		                          : caret       ? "~"
		                          : i >= column ? "^"
		                                        : " ");
		caret = caret || i >= column;
		i = next;
	}
	fputs(caret ? "" : "^", mark_out);
	fputs(w.cut_after ? "..." : "", shown_out);
	MUST(fclose(shown_out) == 0 && fclose(mark_out) == 0);
	item->text = shown;
	if (item->column)
		item->mark = mark;
	else
		free(mark);
}

/* A free item, or NULL when as many are kept as may be. */
static struct err_item *err_room(struct err *err, enum err_level level)
{
	err->added[level]++;
	if (err->count >= ERR_MAX || (level == ERR_WARNING && err->warnings_kept >= ERR_MAX / 2))
		return NULL;
	if (err->count == err->room) {
		err->room = err->room ? 2 * err->room : 16;
		err->items = realloc(err->items, err->room * sizeof *err->items);
		MUST(err->items);
	}
	err->warnings_kept += level == ERR_WARNING;
	struct err_item *item = &err->items[err->count++];
	*item = (struct err_item){.level = level};
	return item;
}

void err_add(struct err *err, enum err_level level, const struct err_at *at, const char *format, ...)
{
	struct err_item *item = err_room(err, level);
	if (!item)
		return;
	char message[MESSAGE_MAX + 1];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	MUST(length >= 0);
	item->message = visible(message, strlen(message));
	if (!at || !at->file)
		return;
	item->file = visible(at->file, strlen(at->file));
	item->line = at->line;
	item->column = at->line ? at->column : 0;
	item->width = at->width;
	if (at->text && at->line)
		show_line(item, at->text, at->text_length);
}

void err_unknown(struct err *err, const struct err_at *at, const char *what, const char *name, const char *const *names,
        size_t count)
{
	const char *near = text_near(name, names, count);
	if (near)
		err_add(err, ERR_ERROR, at, "no %s named '%s'; did you mean '%s'?", what, name, near);
	else
		err_add(err, ERR_ERROR, at, "no %s named '%s'", what, name);
}

size_t err_count(const struct err *err, enum err_level level)
{
	return err->added[level];
}

size_t err_items(const struct err *err)
{
	return err->count;
}

const struct err_item *err_item(const struct err *err, size_t i)
{
	MUST(i < err->count);
	return &err->items[i];
}

void err_merge(struct err *into, const struct err *from)
{
	size_t unkept[2] = {from->added[0], from->added[1]};
	for (size_t i = 0; i < from->count; i++) {
		const struct err_item *old = &from->items[i];
		unkept[old->level]--;
		struct err_item *item = err_room(into, old->level);
		if (!item)
			continue;
		*item = *old;
		item->file = copy_or_null(old->file);
		item->text = copy_or_null(old->text);
		item->mark = copy_or_null(old->mark);
		item->message = copy_or_null(old->message);
	}
	into->added[ERR_ERROR] += unkept[ERR_ERROR];
	into->added[ERR_WARNING] += unkept[ERR_WARNING];
}

static const struct {
	const char *name, *colour;
} levels[] = {[ERR_ERROR] = {"error", "\033[1;31m"}, [ERR_WARNING] = {"warning", "\033[1;35m"}};

static void item_print(const struct err_item *item, FILE *out, bool colour)
{
	const char *bold = colour ? "\033[1m" : "", *plain = colour ? "\033[0m" : "";
	const char *bright = colour ? levels[item->level].colour : "";
	if (item->file) {
		fprintf(out, "%s%s", bold, item->file);
		if (item->line)
			fprintf(out, ":%u", item->line);
		if (item->column)
			fprintf(out, ":%u", item->column);
		fprintf(out, ":%s ", plain);
	}
	fprintf(out, "%s%s:%s %s\n", bright, levels[item->level].name, plain, item->message);
	if (item->text)
		fprintf(out, "        %s\n", item->text);
	if (item->text && item->mark)
		fprintf(out, "        %s%s%s\n", bright, item->mark, plain);
}

void err_print(const struct err *err, FILE *out, bool colour)
{
	for (size_t i = 0; i < err->count; i++)
		item_print(&err->items[i], out, colour);
	size_t more = err->added[ERR_ERROR] + err->added[ERR_WARNING] - err->count;
	if (more)
		fprintf(out, "and %zu more; in all: %zu errors, %zu warnings\n", more, err->added[ERR_ERROR],
		        err->added[ERR_WARNING]);
}

char *err_item_text(const struct err_item *item)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	MUST(out);
	item_print(item, out, false);
	MUST(fclose(out) == 0);
	return text;
}

const char *err_line(const char *text, size_t size, unsigned line, size_t *length)
{
	const char *at = text, *end = text + size;
	for (unsigned i = 1; line && at < end; i++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;
		if (i == line) {
			*length = (size_t)(stop - at);
			*length -= *length > 0 && at[*length - 1] == '\r';
			return at;
		}
		at = newline ? newline + 1 : end;
	}
	return NULL;
}
