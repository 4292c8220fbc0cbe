/*
 * conf_reader.c: messages with a place, tables of options, and names that are each given once.
 */
#include "snap/conf_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/text.h"

enum { MESSAGE_MAX = 1000, NAME_MAX_LENGTH = 63 };

__attribute__((format(printf, 4, 0))) static void report(
        struct reader *reader, enum err_level level, const struct yaml *node, const char *format, va_list arguments)
{
	char message[MESSAGE_MAX];
	vsnprintf(message, sizeof message, format, arguments);
	struct err_at at = yaml_at(node);
	err_add(reader->err, level, &at, "%s", message);
}

void reader_error(struct reader *reader, const struct yaml *at, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	report(reader, ERR_ERROR, at, format, arguments);
	va_end(arguments);
}

void reader_warn(struct reader *reader, const struct yaml *at, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	report(reader, ERR_WARNING, at, format, arguments);
	va_end(arguments);
}

struct err_at conf_place_at(const struct place *place)
{
	return (struct err_at){.file = place->file,
	        .line = place->line,
	        .column = place->column,
	        .width = place->width,
	        .text = place->text,
	        .text_length = place->text_length};
}

struct place reader_place(const struct yaml *node)
{
	struct err_at at = yaml_at(node);
	return (struct place){at.file, at.line, at.column, at.width, at.text, at.text_length};
}

const char *reader_near(struct reader *reader, const char *word, const char *const *words, size_t count)
{
	const char *near = text_near(word, words, count);
	return near ? arena_printf(reader->scratch, "; did you mean '%s'?", near) : "";
}

const char *reader_subject(struct reader *reader, const struct yaml *node)
{
	return node->key ? arena_printf(reader->scratch, "'%s'", node->key->text) : "this";
}

/* An error unless the value is of that kind. */
static bool expect(struct reader *reader, const struct yaml *value, enum yaml_kind kind, const char *expected)
{
	static const char *const kinds[] = {
	        [YAML_SCALAR] = "a single value", [YAML_LIST] = "a list", [YAML_MAPPING] = "a mapping"};
	if (value->kind == kind)
		return true;
	if (value->kind == YAML_EMPTY)
		reader_error(reader, value, "%s has no value; it must be %s", reader_subject(reader, value), expected);
	else if (value->kind != YAML_REFUSED)
		reader_error(reader, value, "%s must be %s, not %s", reader_subject(reader, value), expected,
		        kinds[value->kind]);
	return false;
}

bool expect_scalar(struct reader *reader, const struct yaml *value, const char *expected)
{
	return expect(reader, value, YAML_SCALAR, expected);
}

bool expect_list(struct reader *reader, const struct yaml *value, const char *expected)
{
	return expect(reader, value, YAML_LIST, expected);
}

bool expect_mapping(struct reader *reader, const struct yaml *value, const char *expected)
{
	return expect(reader, value, YAML_MAPPING, expected);
}

bool is_word(const struct yaml *value, const char *word)
{
	return value->kind == YAML_SCALAR && strcmp(value->text, word) == 0;
}

static void unknown_key(
        struct reader *reader, const struct yaml *key, const char *what, const struct option *options, size_t count)
{
	const char **words = arena_alloc(reader->scratch, count * sizeof *words);
	for (size_t i = 0; i < count; i++)
		words[i] = options[i].key;
	reader_error(
	        reader, key, "%s has no key '%s'%s", what, key->text, reader_near(reader, key->text, words, count));
}

bool options_read(struct reader *reader, const struct yaml *mapping, const char *what, const struct option *options,
        size_t count, void *into)
{
	if (!expect_mapping(reader, mapping, "a mapping"))
		return false;
	for (const struct yaml *value = mapping->first; value; value = value->next) {
		const struct option *option = NULL;
		for (size_t i = 0; i < count && !option; i++)
			if (strcmp(options[i].key, value->key->text) == 0)
				option = &options[i];
		if (option)
			option->read(reader, value, option, (char *)into + option->offset);
		else
			unknown_key(reader, value->key, what, options, count);
	}
	return true;
}

void names_new(struct reader *reader, struct names *names, uint32_t room)
{
	*names = (struct names){.dict = dict_new(), .room = room};
	names->text = arena_alloc(reader->scratch, room * sizeof *names->text);
	names->nodes = arena_alloc(reader->scratch, room * sizeof *names->nodes);
}

void names_free(struct names *names)
{
	dict_free(names->dict);
	names->dict = NULL;
}

/* A name is typed into commands and shown in metrics, and stands between spaces in .nets files. */
static bool check_name(struct reader *reader, const struct yaml *key, const char *what)
{
	static const char *const reserved[] = {"nearest", "only", "none", "all", "auto"};
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t length = strlen(key->text);
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (strcmp(key->text, reserved[i]) == 0) {
			reader_error(reader, key, "'%s' means something else here; a %s needs another name", key->text,
			        what);
			return false;
		}
	if (length > 0 && length <= NAME_MAX_LENGTH && strspn(key->text, letters) == length)
		return true;
	reader_error(
	        reader, key, "the name of a %s has 1 to %d letters, digits, '-', '_' and '.'", what, NAME_MAX_LENGTH);
	return false;
}

bool names_add(struct reader *reader, struct names *names, const struct yaml *value, const char *what)
{
	const struct yaml *key = value->key;
	uint32_t first;
	if (!check_name(reader, key, what))
		return false;
	if (dict_get(names->dict, key->text, strlen(key->text), &first)) {
		struct err_at at = yaml_at(names->nodes[first]->key);
		reader_error(
		        reader, key, "the %s '%s' is defined twice; first at %s:%u", what, key->text, at.file, at.line);
		return false;
	}
	MUST(names->count < names->room);
	dict_add(names->dict, key->text, strlen(key->text), names->count);
	names->text[names->count] = key->text;
	names->nodes[names->count++] = value;
	return true;
}

uint32_t names_find(
        struct reader *reader, const struct names *names, const struct yaml *value, const char *text, const char *what)
{
	uint32_t index;
	if (dict_get(names->dict, text, strlen(text), &index))
		return index;
	reader_error(
	        reader, value, "no %s named '%s'%s", what, text, reader_near(reader, text, names->text, names->count));
	return NO_INDEX;
}
