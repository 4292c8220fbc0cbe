/*
 * ctl_steer.c: a line is cut into words, and then read by two tables: of what may stand before `ask`, and after.
 */
#include "tools/ctl_steer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/dict.h"
#include "base/text.h"
#include "wire/rrset.h"

enum { WORDS_MAX = 1024, RCODE_MAX = 4095, SCOPE_MAX = 128 };

struct line {
	struct arena *arena;
	struct err *err;
	struct steer_word *words;
	unsigned count, next;
	struct err_at end; /* just behind the line */
	struct steer_case *into;
	unsigned seen; /* clauses that were there, as bits of the table */
	bool broken;
};

__attribute__((format(printf, 3, 4))) static bool complain(
        struct line *line, const struct err_at *at, const char *format, ...)
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
static const struct steer_word *take(struct line *line, const char *expected)
{
	if (line->next < line->count)
		return &line->words[line->next++];
	complain(line, &line->end, "%s is missing", expected);
	return NULL;
}

typedef bool read_clause(struct line *line, const struct steer_word *keyword);

struct clause {
	const char *keyword;
	read_clause *read;
	bool repeats;
};

static bool read_down(struct line *line, const struct steer_word *keyword);
static bool read_from(struct line *line, const struct steer_word *keyword);
static bool read_ecs(struct line *line, const struct steer_word *keyword);
static bool read_ask(struct line *line, const struct steer_word *keyword);
static bool read_dc(struct line *line, const struct steer_word *keyword);
static bool read_scope(struct line *line, const struct steer_word *keyword);
static bool read_ttl(struct line *line, const struct steer_word *keyword);
static bool read_rcode(struct line *line, const struct steer_word *keyword);
static bool read_nodata(struct line *line, const struct steer_word *keyword);
static bool read_answer(struct line *line, const struct steer_word *keyword);

enum { CLAUSE_DOWN, CLAUSE_FROM, CLAUSE_ECS, CLAUSE_ASK, CONDITIONS };
static const struct clause conditions[] = {
        [CLAUSE_DOWN] = {"down", read_down, false},
        [CLAUSE_FROM] = {"from", read_from, false},
        [CLAUSE_ECS] = {"ecs", read_ecs, false},
        [CLAUSE_ASK] = {"ask", read_ask, false},
};
static const struct clause expectations[] = {
        {"dc", read_dc, false},
        {"scope", read_scope, false},
        {"ttl", read_ttl, false},
        {"rcode", read_rcode, false},
        {"nodata", read_nodata, false},
        {"answer", read_answer, true},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct clause *clause_find(const struct clause *clauses, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(clauses[i].keyword, text) == 0)
			return &clauses[i];
	return NULL;
}

/* Data centers up to the next condition; one that is called as a condition cannot be named here. */
static bool read_down(struct line *line, const struct steer_word *keyword)
{
	unsigned first = line->next;
	while (line->next < line->count && !clause_find(conditions, CONDITIONS, line->words[line->next].text))
		line->next++;
	line->into->down = &line->words[first];
	line->into->down_count = line->next - first;
	if (!line->into->down_count)
		return complain(line, &keyword->at, "%s what? Name data centers", keyword->text);
	if (line->into->down_count > STEER_DOWN_MAX)
		return complain(line, &keyword->at, "'%s' takes at most 250 data centers", keyword->text);
	return true;
}

static bool read_from(struct line *line, const struct steer_word *keyword)
{
	const struct steer_word *word = take(line, "the address of who asks");
	(void)keyword;
	if (!word)
		return false;
	return addr_parse(&line->into->question.from, word->text) ||
	       complain(line, &word->at, "'%s' is not an address", word->text);
}

/* An address alone stands for its /24 or /56, which is what resolvers send. */
static bool read_ecs(struct line *line, const struct steer_word *keyword)
{
	const struct steer_word *word = take(line, "the prefix of the client");
	struct prefix *subnet = &line->into->question.subnet;
	(void)keyword;
	if (!word)
		return false;
	switch (prefix_parse(subnet, word->text)) {
	case PREFIX_SYNTAX:
		return complain(line, &word->at, "'%s' is not a prefix", word->text);
	case PREFIX_LENGTH:
		return complain(line, &word->at, "'%s' is longer than its addresses are", word->text);
	case PREFIX_HOST_BITS:
		return complain(line, &word->at, "'%s' has bits set behind its length", word->text);
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
	const struct steer_word *name = take(line, "the name that is asked for"), *type;
	const char *why;
	(void)keyword;
	if (!name)
		return false;
	line->into->asked = *name;
	if (!name_parse(question->name, name->text, strlen(name->text), NULL, &why))
		return complain(line, &name->at, "no domain name: %s", why);
	type = take(line, "the type that is asked for");
	if (!type)
		return false;
	return rrtype_parse(&question->type, type->text) ||
	       complain(line, &type->at, "'%s' is not a record type", type->text);
}

static bool read_dc(struct line *line, const struct steer_word *keyword)
{
	const struct steer_word *word = take(line, "the name of a data center");
	(void)keyword;
	if (word)
		line->into->datacenter = *word;
	return word;
}

static bool read_whole(struct line *line, int64_t max, int64_t *number)
{
	const struct steer_word *word = take(line, "a number");
	if (!word)
		return false;
	return text_number(number, word->text, 0, max) ||
	       complain(line, &word->at, "'%s' is not a number that can stand here", word->text);
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
	const struct steer_word *word = take(line, "a response code");
	char text[16];
	(void)keyword;
	if (!word)
		return false;
	for (int rcode = 0; rcode <= RCODE_MAX; rcode++)
		if (strcasecmp(rcode_format((unsigned)rcode, text), word->text) == 0) {
			line->into->rcode = rcode;
			return true;
		}
	return complain(line, &word->at, "'%s' is not a response code, such as NXDOMAIN", word->text);
}

static bool read_nodata(struct line *line, const struct steer_word *keyword)
{
	(void)keyword;
	line->into->nodata = true;
	return true;
}

static bool read_answer(struct line *line, const struct steer_word *keyword)
{
	const struct steer_word *word = take(line, "the data of a record");
	struct steer_case *into = line->into;
	if (!word)
		return false;
	if (into->answer_count >= STEER_ANSWER_MAX)
		return complain(line, &keyword->at, "'%s' may stand at most 64 times", keyword->text);
	struct steer_word *answer = arena_alloc(line->arena, (into->answer_count + 1) * sizeof *answer);
	if (into->answer_count)
		memcpy(answer, into->answer, into->answer_count * sizeof *answer);
	answer[into->answer_count++] = *word;
	into->answer = answer;
	return true;
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
		return complain(line, &keyword->at, "'%s' is no %s%s%s%s", keyword->text, what,
		        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	unsigned bit = 1u << (base + (unsigned)(clause - clauses));
	if (line->seen & bit && !clause->repeats)
		return complain(line, &keyword->at, "'%s' is here twice", keyword->text);
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
		complain(line, &line->end, "'ask NAME TYPE' is missing");
		return;
	}
	if (!saw(line, CLAUSE_FROM) && !saw(line, CLAUSE_ECS)) {
		complain(line, &into->name.at, "'%s' does not say who asks: from ADDRESS, or ecs PREFIX",
		        into->name.text);
		return;
	}
	if (!saw(line, CLAUSE_FROM))
		into->question.from = into->question.subnet.addr;
	while (line->next < line->count)
		if (!read_by(line, expectations, COUNT(expectations), CONDITIONS, "expectation"))
			return;
	if (into->nodata && into->answer_count)
		complain(line, &into->name.at, "'%s' expects both 'nodata' and an answer", into->name.text);
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
			return complain(line, &word->at, "a 0 byte in a line of text");
	}
	return complain(line, whole, "more than %d words in a line", WORDS_MAX);
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
