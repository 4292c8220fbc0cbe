/*
 * conf_nets.c: long lists of prefixes, one a line: `PREFIX dc dc … [only]`, or `PREFIX nearest`.
 *
 * Measured data repeats few lists over many prefixes: a list is read once and found again by its text.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "snap/conf_rules.h"

/* A line, and the word of it that is looked at. */
struct line {
	const char *path;
	const char *text;
	size_t length; /* all of it, for messages */
	size_t end;    /* without comment and blanks behind */
	unsigned number;
	size_t word, word_end;
};

struct nets {
	struct reader *reader;
	struct rules *rules;
	struct dict *texts; /* text of a list → index in `lists` */
	struct rule_list *lists;
	uint32_t list_count, list_room;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Moves to the next word; false at the end. */
static bool next_word(struct line *line)
{
	line->word = line->word_end;
	while (line->word < line->end && is_blank(line->text[line->word]))
		line->word++;
	line->word_end = line->word;
	while (line->word_end < line->end && !is_blank(line->text[line->word_end]))
		line->word_end++;
	return line->word < line->word_end;
}

static struct err_at word_at(const struct line *line)
{
	return (struct err_at){line->path, line->number, (unsigned)line->word + 1,
	        (unsigned)(line->word_end - line->word), line->text, line->length};
}

static const char *word_text(struct nets *nets, const struct line *line)
{
	return arena_stringn(nets->reader->scratch, line->text + line->word, line->word_end - line->word);
}

static bool word_is(const struct line *line, const char *word)
{
	size_t length = line->word_end - line->word;
	return strlen(word) == length && memcmp(line->text + line->word, word, length) == 0;
}

/* The data centers from the present word to the end of the line; false and an error. */
static bool read_words(struct nets *nets, struct line *line, struct rule_list *list)
{
	struct reader *reader = nets->reader;
	uint8_t found[DATACENTERS_MAX];
	bool seen[DATACENTERS_MAX] = {false};
	*list = (struct rule_list){.count = 0};
	do {
		struct err_at at = word_at(line);
		uint32_t index;
		if (list->only) {
			err_add(reader->err, ERR_ERROR, &at, "nothing stands behind 'only'");
			return false;
		}
		if (list->count && word_is(line, "only")) {
			list->only = true;
			continue;
		}
		const char *text = word_text(nets, line);
		if (!dict_get(reader->datacenters.dict, text, strlen(text), &index)) {
			err_add(reader->err, ERR_ERROR, &at, "no data center named '%s'%s", text,
			        reader_near(reader, text, reader->datacenters.text, reader->datacenters.count));
			return false;
		}
		MUST(index < DATACENTERS_MAX);
		if (seen[index]) {
			err_add(reader->err, ERR_ERROR, &at, "'%s' is here twice", text);
			return false;
		}
		seen[index] = true;
		found[list->count++] = (uint8_t)index;
	} while (next_word(line));
	list->datacenters = arena_copy(reader->arena, found, list->count);
	return true;
}

/* The list that the rest of the line is. */
static bool read_list(struct nets *nets, struct line *line, struct rule_list *list)
{
	size_t begin = line->word, length = line->end - begin;
	uint32_t index;
	if (dict_get(nets->texts, line->text + begin, length, &index)) {
		*list = nets->lists[index];
		return true;
	}
	*list = (struct rule_list){.count = 0};
	if (!(length == 7 && word_is(line, "nearest")) && !read_words(nets, line, list))
		return false;
	if (nets->list_count == nets->list_room) {
		nets->list_room = nets->list_room ? 2 * nets->list_room : 64;
		nets->lists = realloc(nets->lists, nets->list_room * sizeof *nets->lists);
		MUST(nets->lists);
	}
	dict_add(nets->texts, line->text + begin, length, nets->list_count);
	nets->lists[nets->list_count++] = *list;
	return true;
}

static bool read_line_prefix(struct nets *nets, const struct line *line, struct prefix *prefix)
{
	struct err_at at = word_at(line);
	struct err *err = nets->reader->err;
	char text[ADDR_TEXT_MAX] = "", masked[ADDR_TEXT_MAX];
	size_t length = line->word_end - line->word;
	if (length < sizeof text)
		memcpy(text, line->text + line->word, length);
	switch (prefix_parse(prefix, text)) {
	case PREFIX_OK:
		if (prefix_canonical(prefix))
			return true;
		err_add(err, ERR_ERROR, &at,
		        "'%s' is part of a 6to4 network, which is looked up by its IPv4 address; at most /48", text);
		return false;
	case PREFIX_SYNTAX:
		err_add(err, ERR_ERROR, &at, "'%s' is no prefix; a line is PREFIX and data centers",
		        word_text(nets, line));
		return false;
	case PREFIX_LENGTH:
		err_add(err, ERR_ERROR, &at, "'%s' is too long: an %s prefix has at most %u bits", text,
		        prefix->addr.family == ADDR_V4 ? "IPv4" : "IPv6", addr_bits(&prefix->addr));
		return false;
	case PREFIX_HOST_BITS:
		err_add(err, ERR_ERROR, &at, "'%s' has bits set behind its length; did you mean '%s'?", text,
		        prefix_format(prefix, masked));
		return false;
	}
	return false;
}

static void read_line(struct nets *nets, struct line *line)
{
	const char *comment = memchr(line->text, '#', line->length);
	line->end = comment ? (size_t)(comment - line->text) : line->length;
	while (line->end > 0 && is_blank(line->text[line->end - 1]))
		line->end--;
	if (!next_word(line))
		return;
	struct map_rule rule = {.kind = RULE_NET, .file = line->path, .line = line->number};
	struct err_at at = word_at(line);
	if (!read_line_prefix(nets, line, &rule.prefix))
		return;
	if (!next_word(line)) {
		err_add(nets->reader->err, ERR_ERROR, &at, "the prefix has no data centers behind it");
		return;
	}
	if (!read_list(nets, line, &rule.list))
		return;
	const struct map_rule *first = rules_add(nets->rules, &rule);
	char text[ADDR_TEXT_MAX];
	if (first)
		err_add(nets->reader->err, ERR_ERROR, &at, "there are two rules for %s; first at %s:%u",
		        prefix_format(&rule.prefix, text), first->file, first->line);
}

static void read_lines(struct nets *nets, const char *path, const char *text, size_t size)
{
	unsigned number = 1;
	for (size_t at = 0; at < size; number++) {
		const char *newline = memchr(text + at, '\n', size - at);
		size_t length = newline ? (size_t)(newline - text) - at : size - at;
		struct line line = {.path = path, .text = text + at, .length = length, .number = number};
		line.length -= length > 0 && text[at + length - 1] == '\r';
		read_line(nets, &line);
		at += length + 1;
	}
}

void nets_read(struct reader *reader, struct rules *rules, const char *path, const struct err_at *at)
{
	size_t size;
	char *text = reader->source->read(reader->source->context, path, NETS_BYTES_MAX, &size, reader->err, at);
	if (!text)
		return;
	struct nets nets = {.reader = reader, .rules = rules, .texts = dict_new()};
	if (yaml_check_text(path, text, size, reader->err))
		read_lines(&nets, path, text, size);
	dict_free(nets.texts);
	free(nets.lists);
	free(text);
}
