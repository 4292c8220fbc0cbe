/*
 * ctl_steer.c: a line is cut into words, and then read by two tables: of what may stand before `ask`, and after.
 */
#include "tools/ctl_steer_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/dict.h"
#include "base/text.h"
#include "wire/rrset.h"

enum { WORDS_MAX = 1024, RCODE_MAX = 4095, SCOPE_MAX = 128 };

bool line_complain(struct line *line, const struct err_at *at, const char *format, ...)
{
	char message[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	err_add(line->err, ERR_ERROR, at, "%s", message);
	line->broken = true;
	return false;
}

/* The next word, or NULL and an error that says what should be there. */
const struct steer_word *line_take(struct line *line, const char *expected)
{
	if (line->next < line->count)
		return &line->words[line->next++];
	line_complain(line, &line->end, "%s is missing", expected);
	return NULL;
}

struct clause {
	const char *keyword;
	read_clause *read;
	bool repeats;
};

static bool read_from(struct line *line, const struct steer_word *keyword);
static bool read_ecs(struct line *line, const struct steer_word *keyword);
static bool read_ask(struct line *line, const struct steer_word *keyword);
static bool read_dc(struct line *line, const struct steer_word *keyword);
static bool read_scope(struct line *line, const struct steer_word *keyword);
static bool read_ttl(struct line *line, const struct steer_word *keyword);
static bool read_rcode(struct line *line, const struct steer_word *keyword);
static bool read_nodata(struct line *line, const struct steer_word *keyword);
static bool read_answer(struct line *line, const struct steer_word *keyword);
static bool read_addresses(struct line *line, const struct steer_word *keyword);

enum {
	CLAUSE_FROM,
	CLAUSE_ECS,
	CLAUSE_ASK,
	CLAUSE_DOWN,
	CLAUSE_UP,
	CLAUSE_DRAINED,
	CLAUSE_READS,
	CLAUSE_LOAD,
	CLAUSE_AFTER,
	CONDITIONS
};
static const struct clause conditions[] = {
        [CLAUSE_FROM] = {"from", read_from, false},
        [CLAUSE_ECS] = {"ecs", read_ecs, false},
        [CLAUSE_ASK] = {"ask", read_ask, false},
        [CLAUSE_DOWN] = {"down", line_read_down, true},
        [CLAUSE_UP] = {"up", line_read_up, true},
        [CLAUSE_DRAINED] = {"drained", line_read_drained, true},
        [CLAUSE_READS] = {"reads", line_read_reads, true},
        [CLAUSE_LOAD] = {"load", line_read_load, true},
        [CLAUSE_AFTER] = {"after", line_read_after, true},
};
static const struct clause expectations[] = {
        {"dc", read_dc, false},
        {"scope", read_scope, false},
        {"ttl", read_ttl, false},
        {"rcode", read_rcode, false},
        {"nodata", read_nodata, false},
        {"answer", read_answer, true},
        {"addresses", read_addresses, false},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct clause *clause_find(const struct clause *clauses, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(clauses[i].keyword, text) == 0)
			return &clauses[i];
	return NULL;
}

bool line_is_condition(const char *word)
{
	return clause_find(conditions, CONDITIONS, word);
}

static bool read_from(struct line *line, const struct steer_word *keyword)
{
	const struct steer_word *word = line_take(line, "the address of who asks");
	(void)keyword;
	if (!word)
		return false;
	return addr_parse(&line->into->question.from, word->text) ||
	       line_complain(line, &word->at, "'%s' is not an address", word->text);
}

/* An address alone stands for its /24 or /56, which is what resolvers send. */
static bool read_ecs(struct line *line, const struct steer_word *keyword)
{
	const struct steer_word *word = line_take(line, "the prefix of the client");
	struct prefix *subnet = &line->into->question.subnet;
	(void)keyword;
	if (!word)
		return false;
	switch (prefix_parse(subnet, word->text)) {
	case PREFIX_SYNTAX:
		return line_complain(line, &word->at, "'%s' is not a prefix", word->text);
	case PREFIX_LENGTH:
		return line_complain(line, &word->at, "'%s' is longer than its addresses are", word->text);
	case PREFIX_HOST_BITS:
		return line_complain(line, &word->at, "'%s' has bits set behind its length", word->text);
	case PREFIX_OK:
		break;
	}
	if (!strchr(word->text, '/')) {
		subnet->length = subnet->addr.family == ADDR_V4 ? 24 : 56;
		addr_mask(&subnet->addr, subnet->length);
	}
	line->into->question.has_subnet = true;
	return true;
}

static bool read_ask(struct line *line, const struct steer_word *keyword)
{
	struct explain_question *question = &line->into->question;
	const struct steer_word *name = line_take(line, "the name that is asked for"), *type;
	const char *why;
	(void)keyword;
	if (!name)
		return false;
	line->into->asked = *name;
	if (!name_parse(question->name, name->text, strlen(name->text), NULL, &why))
		return line_complain(line, &name->at, "no domain name: %s", why);
	type = line_take(line, "the type that is asked for");
	if (!type)
		return false;
	return rrtype_parse(&question->type, type->text) ||
	       line_complain(line, &type->at, "'%s' is not a record type", type->text);
}

static bool read_dc(struct line *line, const struct steer_word *keyword)
{
	const struct steer_word *word = line_take(line, "the name of a data center");
	(void)keyword;
	if (word)
		line->into->datacenter = *word;
	return word;
}

static bool read_whole(struct line *line, int64_t max, int64_t *number)
{
	const struct steer_word *word = line_take(line, "a number");
	if (!word)
		return false;
	return text_number(number, word->text, 0, max) ||
	       line_complain(line, &word->at, "'%s' is not a number that can stand here", word->text);
}

static bool read_scope(struct line *line, const struct steer_word *keyword)
{
	int64_t number = -1;
	(void)keyword;
	bool good = read_whole(line, SCOPE_MAX, &number);
	line->into->scope = (int)number;
	return good;
}

static bool read_ttl(struct line *line, const struct steer_word *keyword)
{
	int64_t number = -1;
	(void)keyword;
	bool good = read_whole(line, INT32_MAX, &number);
	line->into->ttl = (long)number;
	return good;
}

static bool read_rcode(struct line *line, const struct steer_word *keyword)
{
	const struct steer_word *word = line_take(line, "a response code");
	char text[16];
	(void)keyword;
	if (!word)
		return false;
	for (int rcode = 0; rcode <= RCODE_MAX; rcode++)
		if (strcasecmp(rcode_format((unsigned)rcode, text), word->text) == 0) {
			line->into->rcode = rcode;
			return true;
		}
	return line_complain(line, &word->at, "'%s' is not a response code, such as NXDOMAIN", word->text);
}

static bool read_nodata(struct line *line, const struct steer_word *keyword)
{
	(void)keyword;
	line->into->nodata = true;
	return true;
}

static bool add_answer(struct line *line, const struct steer_word *keyword, const struct steer_word *word)
{
	struct steer_case *into = line->into;
	if (into->answer_count >= STEER_ANSWER_MAX)
		return line_complain(line, &keyword->at, "more than 64 records are expected");
	struct steer_word *answer = arena_alloc(line->arena, (into->answer_count + 1) * sizeof *answer);
	if (into->answer_count)
		memcpy(answer, into->answer, into->answer_count * sizeof *answer);
	answer[into->answer_count++] = *word;
	into->answer = answer;
	return true;
}

static bool read_answer(struct line *line, const struct steer_word *keyword)
{
	const struct steer_word *word = line_take(line, "the data of a record");
	return word && add_answer(line, keyword, word);
}

/* Addresses between commas, as records have them. */
static bool read_addresses(struct line *line, const struct steer_word *keyword)
{
	const struct steer_word *all = line_take(line, "a list of addresses");
	struct steer_word word;
	for (size_t at = 0; all && line_part(line->arena, all, &at, &word);) {
		char text[ADDR_TEXT_MAX];
		struct addr addr;
		if (!addr_parse(&addr, word.text))
			return line_complain(line, &word.at, "'%s' is not an address", word.text);
		word.text = arena_string(line->arena, addr_format(&addr, text));
		if (!add_answer(line, keyword, &word))
			return false;
	}
	return all;
}

/* Reads a clause by the table, and remembers in `line->seen` (from bit `base`) that it was there. */
static bool read_by(struct line *line, const struct clause *clauses, size_t count, unsigned base, const char *what)
{
	const struct steer_word *keyword = &line->words[line->next++];
	const char *keywords[COUNT(conditions) + COUNT(expectations)];
	const struct clause *clause = clause_find(clauses, count, keyword->text);
	if (!clause) {
		for (size_t i = 0; i < count; i++)
			keywords[i] = clauses[i].keyword;
		const char *near = text_near(keyword->text, keywords, count);
		return line_complain(line, &keyword->at, "'%s' is no %s%s%s%s", keyword->text, what,
		        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	unsigned bit = 1u << (base + (unsigned)(clause - clauses));
	if (line->seen & bit && !clause->repeats)
		return line_complain(line, &keyword->at, "'%s' is here twice", keyword->text);
	line->seen |= bit;
	return clause->read(line, keyword);
}

static bool saw(const struct line *line, unsigned clause)
{
	return line->seen >> clause & 1;
}

static void read_case(struct line *line)
{
	struct steer_case *into = line->into;
	*into = (struct steer_case){.name = line->words[0], .scope = -1, .ttl = -1, .rcode = -1};
	line->next = 1;
	while (line->next < line->count && !saw(line, CLAUSE_ASK))
		if (!read_by(line, conditions, CONDITIONS, 0, "condition of a case"))
			return;
	if (!saw(line, CLAUSE_ASK)) {
		line_complain(line, &line->end, "'ask NAME TYPE' is missing");
		return;
	}
	if (!saw(line, CLAUSE_FROM) && !saw(line, CLAUSE_ECS)) {
		line_complain(line, &into->name.at, "'%s' does not say who asks: from ADDRESS, or ecs PREFIX",
		        into->name.text);
		return;
	}
	if (!saw(line, CLAUSE_FROM))
		into->question.from = into->question.subnet.addr;
	while (line->next < line->count)
		if (!read_by(line, expectations, COUNT(expectations), CONDITIONS, "expectation"))
			return;
	if (into->nodata && into->answer_count)
		line_complain(line, &into->name.at, "'%s' expects both 'nodata' and an answer", into->name.text);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* Cuts a line into words, up to a comment; false and an error if it has too many, or a byte that is no text. */
static bool cut(struct line *line, const struct err_at *whole)
{
	const char *text = whole->text;
	size_t size = whole->text_length, i = 0;
	while (line->count <= WORDS_MAX) {
		while (i < size && is_blank(text[i]))
			i++;
		line->end = *whole;
		line->end.column = (unsigned)i + 1;
		if (i == size || text[i] == '#')
			return true;
		size_t start = i;
		while (i < size && !is_blank(text[i]) && text[i])
			i++;
		struct steer_word *word = &line->words[line->count++];
		*word = (struct steer_word){.text = arena_stringn(line->arena, text + start, i - start), .at = *whole};
		word->at.column = (unsigned)start + 1;
		word->at.width = (unsigned)(i - start);
		if (i < size && !text[i])
			return line_complain(line, &word->at, "a 0 byte in a line of text");
	}
	return line_complain(line, whole, "more than %d words in a line", WORDS_MAX);
}

/* One line; true if it is a good case. */
static bool parse_line(struct line *line, const struct err_at *whole, struct dict *names, struct steer_case *into)
{
	line->into = into;
	if (!cut(line, whole) || !line->count)
		return false;
	uint32_t first = 0;
	const struct steer_word *name = &line->words[0];
	if (!dict_add(names, name->text, strlen(name->text), whole->line)) {
		dict_get(names, name->text, strlen(name->text), &first);
		err_add(line->err, ERR_ERROR, &name->at, "a second case '%s'; the first is in line %u", name->text,
		        first);
		line->broken = true;
	}
	read_case(line);
	return !line->broken;
}

const struct steer_case *steer_parse(
        struct arena *arena, const char *path, const char *text, size_t size, size_t *count, struct err *err)
{
	size_t room = 1;
	for (size_t i = 0; i < size; i++)
		room += text[i] == '\n';
	struct steer_case *cases = calloc(room, sizeof *cases);
	struct dict *names = dict_new();
	MUST(cases);
	*count = 0;
	const char *at = text, *end = text + size;
	for (unsigned number = 1; at < end; number++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline : end;
		struct err_at whole = {.file = path, .line = number, .text = at, .text_length = (size_t)(stop - at)};
		size_t words = whole.text_length / 2 + 2;
		struct line line = {.arena = arena, .err = err};
		line.words = arena_alloc(arena, (words < WORDS_MAX + 1 ? words : WORDS_MAX + 1) * sizeof *line.words);
		*count += parse_line(&line, &whole, names, &cases[*count]);
		at = newline ? newline + 1 : end;
	}
	dict_free(names);
	struct steer_case *kept = arena_copy(arena, cases, *count * sizeof *cases);
	free(cases);
	return kept;
}

bool steer_parse_events(struct arena *arena, const char *text, struct steer_case *into, struct err *err)
{
	struct err_at whole = {.file = "--when", .line = 1, .text = text, .text_length = strlen(text)};
	struct line line = {.arena = arena, .err = err, .into = into};
	line.words = arena_alloc(arena, (WORDS_MAX + 1) * sizeof *line.words);
	bool good = cut(&line, &whole);
	while (good && line.next < line.count)
		good = read_by(&line, &conditions[CLAUSE_DOWN], CONDITIONS - CLAUSE_DOWN, 0, "condition of --when");
	return good;
}
