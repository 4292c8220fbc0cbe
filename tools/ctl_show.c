/*
 * ctl_show.c: text that is safe to show, errors in the form of compilers, and aligned tables.
 */
#include "tools/ctl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "base/text.h"

int ctl_fail(const struct ctl *ctl, const char *format, ...)
{
	char message[2048], shown[4 * sizeof message];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	text_visible(shown, sizeof shown, message, strlen(message));
	fprintf(stderr, "meridianctl: %serror:%s %s\n", ctl->colour_err ? "\033[1;31m" : "",
	        ctl->colour_err ? "\033[0m" : "", shown);
	return CTL_FAILED;
}

void ctl_show_json(const json_t *data)
{
	json_dumpf(data, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	putchar('\n');
}

char *ctl_visible(const char *text)
{
	size_t size = strlen(text), room = 4 * size + 1;
	char *shown = malloc(room);
	MUST(shown);
	text_visible(shown, room, text, size);
	return shown;
}

/* A line of source and its caret: as ctl_text, but tabs stay, because both lines have the same. */
static void show_source(FILE *out, const char *text, const char *colour, const char *plain)
{
	fprintf(out, "        %s", colour);
	for (const char *at = text; *at;) {
		size_t tabs = strspn(at, "\t"), length = strcspn(at + tabs, "\t");
		char *part = strndup(at + tabs, length), *shown = ctl_visible(part);
		fprintf(out, "%.*s%s", (int)tabs, at, shown);
		free(part);
		free(shown);
		at += tabs + length;
	}
	fprintf(out, "%s\n", plain);
}

static void show_error(const json_t *item, FILE *out, bool colour)
{
	const char *bold = colour ? "\033[1m" : "", *plain = colour ? "\033[0m" : "";
	const char *level = json_string_value(json_object_get(item, "level"));
	bool warning = level && strcmp(level, "warning") == 0;
	const char *bright = !colour ? "" : warning ? "\033[1;35m" : "\033[1;31m";
	const char *text = json_string_value(json_object_get(item, "text"));
	const char *mark = json_string_value(json_object_get(item, "mark"));
	json_int_t line = json_integer_value(json_object_get(item, "line"));
	json_int_t column = json_integer_value(json_object_get(item, "column"));
	char *message = ctl_text(item, "message");
	if (json_object_get(item, "file")) {
		char *file = ctl_text(item, "file");
		fprintf(out, "%s%s", bold, file);
		if (line)
			fprintf(out, ":%lld", (long long)line);
		if (line && column)
			fprintf(out, ":%lld", (long long)column);
		fprintf(out, ":%s ", plain);
		free(file);
	}
	fprintf(out, "%s%s:%s %s\n", bright, warning ? "warning" : "error", plain, message);
	if (text)
		show_source(out, text, "", "");
	if (text && mark)
		show_source(out, mark, bright, plain);
	free(message);
}

void ctl_show_errors(const json_t *items, FILE *out, bool colour)
{
	for (size_t i = 0; i < json_array_size(items); i++)
		show_error(json_array_get(items, i), out, colour);
}

void ctl_show_own_errors(json_t *items, const char *verb, FILE *out, bool colour)
{
	for (size_t i = 0; i < json_array_size(items); i++) {
		json_t *item = json_array_get(items, i);
		const char *message = json_string_value(json_object_get(item, "message"));
		if (json_object_get(item, "file") || !message)
			continue;
		json_object_set_new(item, "message", json_sprintf("%s: %s", verb, message));
		json_object_set_new(item, "file", json_string("meridianctl"));
	}
	ctl_show_errors(items, out, colour);
}

static char *text_of(const json_t *value)
{
	char *text = NULL, *shown;
	if (json_is_string(value))
		return ctl_visible(*json_string_value(value) ? json_string_value(value) : "-");
	if (!json_is_array(value)) {
		text = value && !json_is_null(value) ? json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6))
		                                     : NULL;
		shown = ctl_visible(text ? text : "-");
		free(text);
		return shown;
	}
	size_t size;
	FILE *out = open_memstream(&text, &size);
	MUST(out);
	for (size_t i = 0; i < json_array_size(value); i++) {
		shown = text_of(json_array_get(value, i));
		fprintf(out, "%s%s", i ? " " : "", shown);
		free(shown);
	}
	MUST(fclose(out) == 0);
	if (*text)
		return text;
	free(text);
	return ctl_visible("-");
}

char *ctl_text(const json_t *object, const char *key)
{
	return text_of(json_object_get(object, key));
}

const char *ctl_span(json_int_t seconds, char text[32])
{
	static const struct {
		json_int_t size;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;
	if (seconds < 0)
		seconds = 0;
	while (i < 3 && seconds < units[i].size)
		i++;
	int used = snprintf(text, 32, "%lld%c", (long long)(seconds / units[i].size), units[i].unit);
	if (i < 3)
		snprintf(text + used, 32 - (size_t)used, " %lld%c",
		        (long long)(seconds % units[i].size / units[i + 1].size), units[i + 1].unit);
	return text;
}

char *ctl_time(const json_t *object, const char *key)
{
	char text[32] = "-";
	time_t seconds = (time_t)json_integer_value(json_object_get(object, key));
	struct tm tm;
	if (seconds && localtime_r(&seconds, &tm))
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
	return ctl_visible(text);
}

const char *ctl_state_colour(const char *state)
{
	static const struct {
		const char *start, *colour;
	} rows[] = {{"up", "32"}, {"ok", "32"}, {"down", "31"}, {"all members", "31"}, {"fail", "31"}, {"error", "31"},
	        {"stale", "31"}, {"not loaded", "31"}, {"drained", "33"}, {"held", "33"}, {"fewer", "33"},
	        {"unknown", "33"}, {"forced", "33"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strncmp(state, rows[i].start, strlen(rows[i].start)) == 0)
			return rows[i].colour;
	return NULL;
}

/* ---- tables ---- */

struct cell {
	char *text;
	const char *colour;
};

struct ctl_table {
	unsigned columns, headed; /* rows of heading: 0 or 1 */
	size_t count, room;
	struct cell *cells;
};

struct ctl_table *ctl_table_new(unsigned columns)
{
	struct ctl_table *table = calloc(1, sizeof *table);
	MUST(table && columns);
	table->columns = columns;
	return table;
}

void ctl_table_add(struct ctl_table *table, char *text, const char *colour)
{
	if (table->count == table->room) {
		table->room = table->room ? 2 * table->room : 64;
		table->cells = reallocarray(table->cells, table->room, sizeof *table->cells);
		MUST(table->cells);
	}
	table->cells[table->count++] = (struct cell){text, colour};
}

void ctl_table_add_indented(struct ctl_table *table, char *text, const char *colour)
{
	char *indented;
	MUST(asprintf(&indented, "  %s", text) >= 0);
	free(text);
	ctl_table_add(table, indented, colour);
}

void ctl_table_heading(struct ctl_table *table, const char *const *names)
{
	table->headed = 1;
	for (unsigned i = 0; i < table->columns; i++)
		ctl_table_add(table, ctl_visible(names[i]), "1");
}

/* Characters, which for the texts here are columns of the terminal. */
static int width_of(const char *text)
{
	int width = 0;
	for (; *text; text++)
		width += ((uint8_t)*text & 0xc0) != 0x80;
	return width;
}

static void show_row(const struct ctl_table *table, const struct cell *row, const int *widths, FILE *out, bool colour)
{
	for (unsigned i = 0; i < table->columns; i++) {
		bool paint = colour && row[i].colour;
		if (paint)
			fprintf(out, "\033[%sm", row[i].colour);
		fputs(row[i].text, out);
		if (paint)
			fputs("\033[0m", out);
		if (i + 1 < table->columns)
			fprintf(out, "%*s", widths[i] - width_of(row[i].text) + 2, "");
	}
	putc('\n', out);
}

void ctl_table_end(struct ctl_table *table, FILE *out, bool colour)
{
	size_t rows = table->count / table->columns;
	int *widths = calloc(table->columns, sizeof *widths);
	MUST(widths && rows * table->columns == table->count);
	for (size_t i = 0; i < table->count; i++) {
		int width = width_of(table->cells[i].text);
		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
	for (size_t i = 0; rows > table->headed && i < rows; i++)
		show_row(table, &table->cells[i * table->columns], widths, out, colour);
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table);
	free(widths);
}
