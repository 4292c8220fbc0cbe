/*
 * conf_members.c: members of a pool that stand in a file of their own, which a program writes: one `ADDRESS [WEIGHT]` a
 * line with # comments, or a JSON list of what may stand in `members`.
 *
 * The lines become the same tree that YAML gives, so that one reader checks both, and each error names its line. A file
 * that says nothing is an error: no automation empties a pool.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "snap/conf_reader.h"

#define WORDS 2 /* of a line: address, weight */

/* A file while it is read. */
struct lines {
	struct reader *reader;
	struct yaml_file *file;
	struct yaml *list, *last;
};

static struct yaml *node_new(struct lines *lines, uint32_t at, uint32_t width)
{
	struct yaml *node = arena_alloc(lines->reader->scratch, sizeof *node);
	*node = (struct yaml){.kind = YAML_SCALAR, .at = at, .width = width, .file = lines->file};
	node->text = arena_stringn(lines->reader->scratch, lines->file->text + at, width);
	return node;
}

static void append(struct lines *lines, struct yaml *node)
{
	if (lines->last)
		lines->last->next = node;
	else
		lines->list->first = node;
	lines->last = node;
	lines->list->count++;
}

/* { address: …, weight: … } */
static struct yaml *mapping_of(struct lines *lines, struct yaml *address, struct yaml *weight)
{
	static const char *const names[WORDS] = {"address", "weight"};
	struct yaml *values[WORDS] = {address, weight};
	struct yaml *mapping = node_new(lines, address->at, weight->at + weight->width - address->at);
	for (unsigned i = 0; i < WORDS; i++) {
		struct yaml *key = node_new(lines, values[i]->at, values[i]->width);
		key->text = names[i];
		values[i]->key = key;
	}
	mapping->kind = YAML_MAPPING;
	mapping->count = WORDS;
	mapping->first = address;
	address->next = weight;
	return mapping;
}

static void read_line(struct lines *lines, uint32_t at, uint32_t end)
{
	static const char blanks[] = " \t\r";
	const char *text = lines->file->text;
	struct yaml *words[WORDS];
	unsigned count = 0;
	for (;;) {
		while (at < end && strchr(blanks, text[at]))
			at++;
		uint32_t start = at;
		while (at < end && !strchr(blanks, text[at]))
			at++;
		if (start == at)
			break;
		struct yaml *word = node_new(lines, start, at - start);
		if (count == WORDS) {
			reader_error(lines->reader, word, "a line is an address and perhaps its weight, not more");
			return;
		}
		words[count++] = word;
	}
	if (count)
		append(lines, count == 1 ? words[0] : mapping_of(lines, words[0], words[1]));
}

const struct yaml *conf_members_lines(struct reader *reader, const char *path, const char *text, size_t size)
{
	struct yaml_file *file = arena_alloc(reader->scratch, sizeof *file);
	uint32_t *starts = arena_alloc(reader->scratch, (size + 1) * sizeof *starts);
	struct lines lines = {.reader = reader, .file = file};
	*file = (struct yaml_file){.path = path, .text = text, .size = (uint32_t)size, .lines = starts};
	for (size_t at = 0; at < size; at += strcspn(text + at, "\n") + 1)
		starts[file->line_count++] = (uint32_t)at;
	lines.list = node_new(&lines, 0, 0);
	lines.list->kind = YAML_LIST;
	for (uint32_t i = 0; i < file->line_count; i++)
		read_line(&lines, starts[i], starts[i] + (uint32_t)strcspn(text + starts[i], "#\n"));
	return lines.list;
}

/* What watches the files is told what each said, so that it knows what is new. */
static void remember(struct reader *reader, const char *path, const char *text, size_t size)
{
	struct conf *conf = reader->conf;
	struct member_file *file = arena_alloc(reader->arena, sizeof *file);
	*file = (struct member_file){
	        .path = path, .digest = hash_bytes(MEMBER_FILE_SEED, text, size), .next = conf->member_files};
	conf->member_files = file;
}

const struct yaml *conf_members_load(struct reader *reader, const struct yaml *value)
{
	static const struct option options[] = {{"from", read_path, 0}};
	const char *path = NULL;
	if (!options_read(reader, value, "'members'", OPTIONS(options), &path) || !path)
		return NULL;
	struct err_at at = yaml_at(yaml_get(value, "from"));
	size_t size;
	bool empty;
	char *text = reader->source->read(reader->source->context, path, MEMBER_FILE_MAX, &size, reader->err, &at);
	if (!text)
		return NULL;
	char *copy = arena_bytes(reader->arena, size + 1); /* places point into it */
	memcpy(copy, text, size);
	copy[size] = 0;
	free(text);
	remember(reader, path, copy, size);
	if (!yaml_check_text(path, copy, size, reader->err))
		return NULL;
	const struct yaml *list = copy[strspn(copy, " \t\r\n")] == '['
	                                  ? yaml_parse(reader->scratch, path, copy, size, &empty, reader->err)
	                                  : conf_members_lines(reader, path, copy, size);
	if (list && list->kind == YAML_LIST && !list->count) {
		err_add(reader->err, ERR_ERROR, &(struct err_at){.file = path},
		        "there is no member in this file; a pool is never emptied by one");
		return NULL;
	}
	return list;
}

int members_check(const char *text, size_t size, struct err *err)
{
	static const char name[] = "members";
	size_t before = err_count(err, ERR_ERROR);
	struct arena *arena = arena_new();
	struct conf conf = {.arena = arena};
	struct reader reader = {.conf = &conf, .arena = arena, .scratch = arena, .err = err};
	struct conf_pool pool = {.probe = NO_INDEX};
	if (yaml_check_text(name, text, size, err))
		conf_pool_fill(&reader, conf_members_lines(&reader, name, text, size), &pool);
	arena_free(arena);
	return err_count(err, ERR_ERROR) > before ? -1 : (int)pool.member_count;
}
