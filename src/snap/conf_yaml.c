/*
 * conf_yaml.c: libfyaml's events become a tree.
 *
 * Events and not libfyaml's own documents, because those resolve aliases, print their errors, and know columns in
 * characters. The text is looked at before the library sees it: what is no UTF-8 or holds controls is no file that a
 * person wrote.
 */
#include "snap/conf_yaml.h"

#include <libfyaml.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "base/dict.h"
#include "base/text.h"

enum { KEYS_FEW = 24 };

/* A list or mapping that is still open. */
struct level {
	struct yaml *node;
	struct yaml **tail;
	const struct yaml *key; /* a key that waits for its value */
	uint32_t serial;        /* tells mappings apart in the table of keys */
};

struct parse {
	struct arena *arena;
	struct yaml_file *file;
	struct err *err;
	struct dict *keys; /* serial of the mapping and key → line */
	struct level levels[YAML_DEPTH_MAX];
	unsigned depth;
	unsigned documents;
	uint32_t mappings, nodes;
	uint32_t last_at, last_width; /* of the last event that had a place */
	struct yaml *root;
};

static struct err_at conf_place_at(const struct yaml_file *file, uint32_t at, uint32_t width)
{
	uint32_t low = 0, high = file->line_count;
	if (!high)
		return (struct err_at){.file = file->path};
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (file->lines[middle] <= at)
			low = middle;
		else
			high = middle;
	}
	const char *line = file->text + file->lines[low];
	size_t length = strcspn(line, "\r\n");
	uint32_t column = at - file->lines[low];
	if (column > length)
		column = (uint32_t)length;
	if (width > length - column)
		width = (uint32_t)length - column;
	return (struct err_at){file->path, low + 1, column + 1, width, line, length};
}

struct err_at yaml_at(const struct yaml *node)
{
	return conf_place_at(node->file, node->at, node->width);
}

const struct yaml *yaml_get(const struct yaml *mapping, const char *key)
{
	if (mapping->kind != YAML_MAPPING)
		return NULL;
	for (const struct yaml *value = mapping->first; value; value = value->next)
		if (strcmp(value->key->text, key) == 0)
			return value;
	return NULL;
}

static void index_lines(struct arena *arena, struct yaml_file *file)
{
	uint32_t count = 1;
	for (uint32_t i = 0; i < file->size; i++)
		count += file->text[i] == '\n';
	uint32_t *lines = arena_alloc(arena, count * sizeof *lines);
	file->line_count = 1;
	for (uint32_t i = 0; i < file->size; i++)
		if (file->text[i] == '\n')
			lines[file->line_count++] = i + 1;
	file->lines = lines;
}

bool yaml_check_text(const char *path, const char *text, size_t size, struct err *err)
{
	struct err_at at = {.file = path, .line = 1, .text = text};
	for (size_t i = 0; i < size;) {
		uint8_t c = (uint8_t)text[i];
		if (c == '\n') {
			at.line++;
			at.text = text + i + 1;
		}
		size_t glyph = (c >= ' ' && c < 0x7f) || c == '\n' || c == '\t' || c == '\r'
		                       ? 1
		                       : text_glyph(text + i, size - i);
		if (!glyph) {
			at.column = (unsigned)(text + i - at.text) + 1;
			at.text_length = strcspn(at.text, "\r\n");
			if (!c) /* to strcspn the line ends here */
				at.text = NULL;
			err_add(err, ERR_ERROR, &at, "the byte 0x%02x has no place in a text file (UTF-8)", c);
			return false;
		}
		i += glyph;
	}
	return true;
}

/* Whether a plain scalar stands for nothing. */
static bool is_null(const char *text, size_t length)
{
	return length == 0 || (length == 1 && *text == '~') || (length == 4 && memcmp(text, "null", 4) == 0);
}

static struct yaml *node_new(struct parse *p, struct fy_event *event, enum yaml_kind kind)
{
	struct yaml *node = arena_alloc(p->arena, sizeof *node);
	const struct fy_mark *start = fy_event_start_mark(event), *end = fy_event_end_mark(event);
	node->kind = kind;
	node->file = p->file;
	if (!start || !end) {
		node->at = p->last_at;
		node->width = p->last_width;
		return node;
	}
	node->at = start->input_pos < p->file->size ? (uint32_t)start->input_pos : p->file->size;
	node->width = end->input_pos > start->input_pos ? (uint32_t)(end->input_pos - start->input_pos) : 1;
	p->last_at = node->at;
	p->last_width = node->width;
	return node;
}

static void refuse(struct parse *p, struct yaml *node, const char *why)
{
	struct err_at at = yaml_at(node);
	err_add(p->err, ERR_ERROR, &at, "%s", why);
	node->kind = YAML_REFUSED;
}

static void read_scalar(struct parse *p, struct fy_event *event, struct yaml *node)
{
	size_t length = 0;
	struct fy_token *token = fy_event_get_token(event);
	const char *text = token ? fy_token_get_text(token, &length) : NULL;
	enum fy_scalar_style style = token ? fy_token_scalar_style(token) : FYSS_PLAIN;
	if (!text)
		length = 0;
	node->text = arena_stringn(p->arena, text ? text : "", length);
	if (style == FYSS_PLAIN && is_null(node->text, length))
		node->kind = YAML_EMPTY;
	bool quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
	if (quoted && node->at > 0) { /* the marks are those of the text within */
		node->at--;
		node->width = length ? node->width + 2 : 2;
		p->last_at = node->at;
		p->last_width = node->width;
	}
	if (strlen(node->text) != length)
		refuse(p, node, "a 0 byte (\\0) has no place in a text");
}

/* Puts a key into the table of its mapping; false, and the line of the first, if it is there. */
static bool key_note(struct parse *p, const struct level *level, const struct yaml *key, uint32_t *line)
{
	size_t length = strlen(key->text);
	char *bytes = arena_bytes(p->arena, length + sizeof level->serial);
	memcpy(bytes, &level->serial, sizeof level->serial);
	memcpy(bytes + sizeof level->serial, key->text, length);
	if (dict_add(p->keys, bytes, length + sizeof level->serial, yaml_at(key).line))
		return true;
	dict_get(p->keys, bytes, length + sizeof level->serial, line);
	return false;
}

/* Is the key new to its mapping? An error if not. The keys of a small mapping are looked through, those of a large one
 * stand in a table. */
static bool key_add(struct parse *p, const struct level *level, const struct yaml *key)
{
	const struct yaml *mapping = level->node;
	uint32_t line = 0;
	for (const struct yaml *value = mapping->first; mapping->count <= KEYS_FEW && value; value = value->next)
		if (mapping->count == KEYS_FEW)
			key_note(p, level, value->key, &line);
		else if (!strcmp(value->key->text, key->text))
			line = yaml_at(value->key).line;
	if (mapping->count >= KEYS_FEW ? key_note(p, level, key, &line) : !line)
		return true;
	struct err_at at = yaml_at(key);
	err_add(p->err, ERR_ERROR, &at, "'%s' is here twice; first on line %u", key->text, line);
	return false;
}

/* Hangs a finished node below the open one. */
static void attach(struct parse *p, struct yaml *node)
{
	if (p->depth == 0) {
		p->root = node;
		return;
	}
	struct level *level = &p->levels[p->depth - 1];
	if (level->node->kind == YAML_MAPPING && !level->key) {
		if (node->kind == YAML_LIST || node->kind == YAML_MAPPING)
			refuse(p, node, "a key must be a word, not a list or a mapping");
		else if (node->kind == YAML_EMPTY)
			refuse(p, node, "a key is missing here (or put it in quotes)");
		if (node->kind == YAML_REFUSED)
			node->text = "";
		level->key = node;
		return;
	}
	if (level->node->kind == YAML_MAPPING) {
		const struct yaml *key = level->key;
		level->key = NULL;
		node->key = key;
		if (key->kind == YAML_REFUSED || !key_add(p, level, key))
			return;
	}
	*level->tail = node;
	level->tail = &node->next;
	level->node->count++;
}

/* What cannot be gone on from; always false. */
static bool give_up(struct parse *p, struct yaml *node, const char *why)
{
	refuse(p, node, why);
	return false;
}

static bool node_begin(struct parse *p, struct fy_event *event, enum yaml_kind kind)
{
	struct yaml *node = node_new(p, event, kind);
	if (++p->nodes > YAML_NODES_MAX)
		return give_up(p, node, "too much for one file; long lists of prefixes belong in a .nets file");
	if (event->type == FYET_ALIAS)
		refuse(p, node, "an alias (*) is not followed; a name that begins with * is put in quotes");
	else if (fy_event_get_anchor_token(event))
		refuse(p, node, "an anchor (&) has no use here, since aliases are not followed");
	else if (fy_event_get_tag_token(event))
		refuse(p, node, "a tag (!) has no use here: every value is read as its text");
	bool refused = node->kind == YAML_REFUSED;
	if (kind == YAML_SCALAR) {
		if (!refused)
			read_scalar(p, event, node);
		node->text = node->text ? node->text : "";
		attach(p, node);
		return true;
	}
	if (p->depth == YAML_DEPTH_MAX)
		return give_up(p, node, "nested too deeply");
	node->text = "";
	attach(p, node);
	p->levels[p->depth++] = (struct level){.node = node, .tail = &node->first, .serial = ++p->mappings};
	return true;
}

/* False: stop here, the error has been told. */
static bool take_event(struct parse *p, struct fy_event *event)
{
	switch (event->type) {
	case FYET_MAPPING_START:
		return node_begin(p, event, YAML_MAPPING);
	case FYET_SEQUENCE_START:
		return node_begin(p, event, YAML_LIST);
	case FYET_SCALAR:
	case FYET_ALIAS:
		return node_begin(p, event, YAML_SCALAR);
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		MUST(p->depth > 0);
		p->depth--;
		return true;
	case FYET_DOCUMENT_START:
		if (++p->documents == 1)
			return true;
		return give_up(p, node_new(p, event, YAML_EMPTY), "a second document begins here; a file holds one");
	default:
		return true;
	}
}

/* From a line and column as libfyaml counts them (from 1, in characters) to a place; what lies behind the last line is
 * put at its end. */
static struct err_at fault_at(const struct yaml_file *file, int line, int column)
{
	uint32_t row = line > 0 ? (uint32_t)line - 1 : 0;
	if (row >= file->line_count || file->lines[row] >= file->size) {
		uint32_t at = file->size;
		while (at > 0 && strchr("\r\n", file->text[at - 1]))
			at--;
		return conf_place_at(file, at, 1);
	}
	uint32_t at = file->lines[row];
	for (int i = 1; i < column && at < file->size && file->text[at] != '\n'; i++) {
		size_t glyph = text_glyph(file->text + at, file->size - at);
		at += glyph ? (uint32_t)glyph : 1;
	}
	return conf_place_at(file, at, 1);
}

/* What libfyaml says, where a person would not understand it. */
static const char *plain_words(const char *message)
{
	static const char *const words[][2] = {
	        {"invalid multiline plain key", "a key cannot go over two lines; is a space missing behind a colon, or "
	                                        "the line below indented too far?"},
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(message, words[i][0]) == 0)
			return words[i][1];
	return message;
}

static void report_faults(struct parse *p, struct fy_diag *diag)
{
	void *at_error = NULL;
	struct fy_diag_error *fault;
	bool told = false;
	while ((fault = fy_diag_errors_iterate(diag, &at_error))) {
		if (fault->type != FYET_ERROR || !fault->msg)
			continue;
		struct err_at at = fault_at(p->file, fault->line, fault->column);
		unsigned open = 0;
		if (p->depth > 0 && strstr(fault->msg, "without a closing"))
			open = yaml_at(p->levels[p->depth - 1].node).line;
		if (open)
			err_add(p->err, ERR_ERROR, &at, "%s; opened on line %u", fault->msg, open);
		else
			err_add(p->err, ERR_ERROR, &at, "%s", plain_words(fault->msg));
		told = true;
		break; /* what follows a syntax error is guesswork */
	}
	if (!told) {
		struct err_at at = conf_place_at(p->file, p->last_at, p->last_width);
		err_add(p->err, ERR_ERROR, &at, "this is not YAML");
	}
}

/* Its own diagnostics object: without one the library prints to stderr. */
static struct fy_diag *diag_new(void)
{
	struct fy_diag_cfg config;
	fy_diag_cfg_default(&config);
	config.fp = NULL;
	config.colorize = false;
	struct fy_diag *diag = fy_diag_create(&config);
	MUST(diag);
	fy_diag_set_collect_errors(diag, true);
	return diag;
}

static bool run(struct parse *p)
{
	struct fy_diag *diag = diag_new();
	struct fy_parse_cfg config = {
	        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE, .diag = diag};
	struct fy_parser *parser = fy_parser_create(&config);
	MUST(parser);
	MUST(fy_parser_set_string(parser, p->file->text, p->file->size) == 0);
	bool good = true;
	struct fy_event *event;
	while (good && (event = fy_parser_parse(parser))) {
		good = take_event(p, event);
		fy_parser_event_free(parser, event);
	}
	if (good && fy_parser_get_stream_error(parser)) {
		report_faults(p, diag);
		good = false;
	}
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
	return good;
}

const struct yaml *yaml_parse(
        struct arena *arena, const char *path, const char *text, size_t size, bool *empty, struct err *err)
{
	MUST(size <= YAML_BYTES_MAX);
	struct yaml_file *file = arena_alloc(arena, sizeof *file);
	*file = (struct yaml_file){.path = path, .text = text, .size = (uint32_t)size};
	index_lines(arena, file);
	*empty = size == 0;
	if (size == 0 || !yaml_check_text(path, text, size, err))
		return NULL;
	struct parse p = {.arena = arena, .file = file, .err = err, .keys = dict_new()};
	bool good = run(&p);
	dict_free(p.keys);
	*empty = good && (!p.root || p.root->kind == YAML_EMPTY);
	return good && !*empty ? p.root : NULL;
}

uint64_t yaml_digest(const struct yaml *node)
{
	uint64_t hash = hash_mix(0, node->kind);
	if (node->key)
		hash = hash_bytes(hash, node->key->text, strlen(node->key->text));
	if (node->kind == YAML_SCALAR)
		hash = hash_bytes(hash, node->text, strlen(node->text));
	for (const struct yaml *item = node->first; item; item = item->next)
		hash = hash_mix(hash, yaml_digest(item));
	return hash;
}
