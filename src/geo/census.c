/*
 * census.c: databases and query logs as weights of prefixes.
 *
 * Called once for a plan or a what-if. The catch of a log: of two prefixes the longer one has its addresses to itself,
 * and the shorter one's weight lies on the rest.
 */
#include "geo/census.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/file.h"
#include "geo/decide.h"
#include "geo/special.h"

#define LOG_BYTES_MAX ((size_t)256 << 20)
#define LOG_LINES_MAX (TILING_ID_NONE - 1)

const char *place_country(unsigned place, char text[3])
{
	memset(text, 0, 3);
	if (place >= PLACE_COUNTRIES) {
		text[0] = (char)('A' + (place - PLACE_COUNTRIES) / 26);
		text[1] = (char)('A' + (place - PLACE_COUNTRIES) % 26);
	}
	return text;
}

static bool is_letter(char c)
{
	return c >= 'A' && c <= 'Z';
}

static uint32_t place_of(const struct fact *fact)
{
	const char *code = fact->country;
	if (!is_letter(code[0]) || !is_letter(code[1]))
		return PLACE_NOWHERE;
	return PLACE_COUNTRIES + (uint32_t)(code[0] - 'A') * 26 + (uint32_t)(code[1] - 'A');
}

struct census *census_new(const struct geodb *db, const struct query_log *log)
{
	struct census *census = calloc(1, sizeof *census);
	uint32_t *places = malloc(db->facts.count * sizeof *places);
	MUST(census && places);
	for (uint32_t i = 0; i < db->facts.count; i++)
		places[i] = i ? place_of(&db->facts.facts[i]) : PLACE_UNKNOWN;
	for (unsigned family = 0; family < GEO_FAMILIES; family++) {
		const struct tiling *networks = &db->networks[family];
		census->nobody[family] = special_tiling(family, 1);
		census->known[family] = networks->count > 1 || piece_id(networks->pieces[0]);
	}
	census->networks = db->networks;
	census->places = places;
	census->log = log;
	census->at_once = db->at_once;
	return census;
}

void census_free(struct census *census)
{
	if (!census)
		return;
	for (unsigned family = 0; family < GEO_FAMILIES; family++)
		tiling_free(&census->nobody[family]);
	free(census->places);
	free(census);
}

/* ---- logs ---- */

struct log_line {
	struct patch patch;
	unsigned line;
	double weight, space; /* space: part of the address space that it has to itself */
};

/* The lines of one family. */
struct log_lines {
	struct log_line *list;
	size_t count, room;
};

struct log_reading {
	const char *path;
	bool quote;
	struct err *err;
	struct log_lines of[GEO_FAMILIES];
};

__attribute__((format(printf, 4, 5))) static void complain(
        struct log_reading *reading, const struct err_at *line, size_t column, const char *format, ...)
{
	char message[256];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	struct err_at at = *line;
	at.column = (unsigned)column + 1;
	if (!reading->quote)
		at.text = NULL;
	err_add(reading->err, ERR_ERROR, &at, "%s", message);
}

/* Digits with perhaps a point: no sign, no nan, no exponent. */
static bool read_weight(const char *text, double *weight)
{
	size_t whole = strspn(text, "0123456789"), part = 0;
	if (text[whole] == '.')
		part = 1 + strspn(text + whole + 1, "0123456789");
	if (whole + part == 0 || whole + part > 20 || text[whole + part])
		return false;
	*weight = strtod(text, NULL);
	return *weight > 0;
}

static void keep(struct log_reading *reading, const struct prefix *prefix, double weight, unsigned line)
{
	const struct map_rule as_rule = {.prefix = *prefix}; /* a v4-mapped client is one of IPv4 */
	struct prefix own = rule_prefix(&as_rule);
	struct log_lines *lines = &reading->of[geo_family(&own.addr)];
	if (lines->count == lines->room) {
		lines->room = lines->room ? 2 * lines->room : 1024;
		lines->list = realloc(lines->list, lines->room * sizeof *lines->list);
		MUST(lines->list);
	}
	lines->list[lines->count++] = (struct log_line){.patch = patch_of(&own, 0), .line = line, .weight = weight};
}

#define BLANKS " \t\r"

static void read_line(struct log_reading *reading, const struct err_at *at)
{
	char text[160];
	struct prefix prefix;
	double weight;
	size_t size = at->text_length;
	const char *comment = memchr(at->text, '#', size);
	size = comment ? (size_t)(comment - at->text) : size;
	size_t blank = 0;
	while (blank < size && strchr(BLANKS, at->text[blank]) && at->text[blank])
		blank++;
	if (blank == size)
		return;
	if (size - blank >= sizeof text || memchr(at->text, 0, size)) {
		complain(reading, at, 0, "expected an address or a prefix, and a weight");
		return;
	}
	memcpy(text, at->text + blank, size - blank);
	text[size - blank] = 0;
	char *save, *client = strtok_r(text, BLANKS, &save), *number = strtok_r(NULL, BLANKS, &save);
	char *more = strtok_r(NULL, BLANKS, &save);
	enum prefix_fault fault = prefix_parse(&prefix, client);
	if (fault == PREFIX_HOST_BITS)
		complain(reading, at, blank, "the prefix has bits set behind its length");
	else if (fault != PREFIX_OK)
		complain(reading, at, blank, "expected an address or a prefix");
	else if (!number)
		complain(reading, at, size, "the weight is missing");
	else if (!read_weight(number, &weight))
		complain(reading, at, blank + (size_t)(number - text), "the weight must be a decimal number above 0");
	else if (more)
		complain(reading, at, blank + (size_t)(more - text), "nothing may follow the weight");
	else
		keep(reading, &prefix, weight, at->line);
}

static int compare_lines(const void *a, const void *b)
{
	const struct log_line *x = a, *y = b;
	if (x->patch.start != y->patch.start)
		return x->patch.start < y->patch.start ? -1 : 1;
	return x->patch.length < y->patch.length ? -1 : x->patch.length > y->patch.length;
}

/* Several lines of one prefix become one. */
static void join_lines(struct log_lines *lines)
{
	size_t kept = 0;
	if (lines->count)
		qsort(lines->list, lines->count, sizeof *lines->list, compare_lines);
	for (size_t i = 0; i < lines->count; i++) {
		if (kept && compare_lines(&lines->list[kept - 1], &lines->list[i]) == 0)
			lines->list[kept - 1].weight += lines->list[i].weight;
		else
			lines->list[kept++] = lines->list[i];
	}
	lines->count = kept;
}

static void lay_lines(struct log_reading *reading, struct query_log *log, unsigned family)
{
	struct log_lines *lines = &reading->of[family];
	join_lines(lines);
	struct patch *patches = malloc((lines->count + 1) * sizeof *patches);
	double *densities = calloc(lines->count + 1, sizeof *densities);
	MUST(patches && densities);
	for (size_t i = 0; i < lines->count; i++) {
		patches[i] = lines->list[i].patch;
		patches[i].id = (uint32_t)i + 1;
	}
	struct tiling tiling = tiling_of_patches(patches, lines->count, 0);
	for (size_t i = 0; i < tiling.count; i++)
		if (piece_id(tiling.pieces[i]))
			lines->list[piece_id(tiling.pieces[i]) - 1].space += prefix_share(
			        piece_length(tiling.pieces[i]));
	for (size_t i = 0; i < lines->count; i++) {
		struct log_line *line = &lines->list[i];
		log->total += line->weight;
		densities[i + 1] = line->space > 0 ? line->weight / line->space : 0;
		if (!(line->space > 0))
			complain(reading, &(struct err_at){.file = reading->path, .line = line->line}, 0,
			        "other lines cover all of this prefix: its weight lies nowhere");
	}
	log->lines[family] = tiling;
	log->densities[family] = densities;
	free(patches);
	free(lines->list);
}

struct query_log *query_log_read(const char *path, bool quote, struct err *err)
{
	size_t size, errors = err_count(err, ERR_ERROR);
	char *text = file_read(path, LOG_BYTES_MAX, &size, err, NULL);
	if (!text)
		return NULL;
	struct log_reading reading = {.path = path, .quote = quote, .err = err};
	struct query_log *log = calloc(1, sizeof *log);
	MUST(log);
	const char *at = text, *end = text + size;
	for (unsigned line = 1; at < end; line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline : end;
		read_line(&reading,
		        &(struct err_at){.file = path, .line = line, .text = at, .text_length = (size_t)(stop - at)});
		at = newline ? newline + 1 : end;
		if (line > LOG_LINES_MAX) {
			err_add(err, ERR_ERROR, &(struct err_at){.file = path}, "has too many lines");
			break;
		}
	}
	for (unsigned family = 0; family < GEO_FAMILIES; family++)
		lay_lines(&reading, log, family);
	free(text);
	if (err_count(err, ERR_ERROR) == errors && !(log->total > 0))
		err_add(err, ERR_ERROR, &(struct err_at){.file = path}, "names no client");
	if (err_count(err, ERR_ERROR) == errors)
		return log;
	query_log_free(log);
	return NULL;
}

void query_log_free(struct query_log *log)
{
	if (!log)
		return;
	for (unsigned family = 0; family < GEO_FAMILIES; family++) {
		tiling_free(&log->lines[family]);
		free(log->densities[family]);
	}
	free(log);
}
