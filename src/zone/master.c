/*
 * master.c: one entry after another; an error in one does not stop the next.
 *
 * A file that is included has an origin of its own and gives the owner back as
 * it was (RFC 1035 5.1); a $TTL in it stays in force behind it, as in BIND and
 * NSD. $GENERATE is refused: it is BIND's own, and no record of RFC 1035.
 */
#include "zone/master.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "base/file.h"

enum { INCLUDE_DEPTH = 16, TTL_MAX = INT32_MAX };

#define SHOWN(token) ((token)->length < 60 ? (int)(token)->length : 60), (token)->text

/* A file being read, and the one that includes it. */
struct frame {
	struct master *master;
	const struct frame *outer;
	unsigned depth;
	uint32_t index;
	struct source *source;
	struct entry entry;
	uint8_t origin[NAME_BYTES];
};

static void file_read_entries(struct frame *frame);

static bool complain(struct frame *frame, const struct token *token, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Adds an error at a token; returns false. */
static bool complain(struct frame *frame, const struct token *token, const char *format, ...)
{
	char message[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	place_report(frame->master->err, ERR_ERROR, token_place(frame->source, token), "%s", message);
	return false;
}

static bool word_is(const struct token *token, const char *word)
{
	return !(token->flags & TOKEN_QUOTED) && token->length == strlen(word) &&
	       strncasecmp(token->text, word, token->length) == 0;
}

/* A name that may be relative to the frame's origin. */
static bool name_read(struct frame *frame, const struct token *token, uint8_t name[NAME_BYTES])
{
	const char *why;
	if (name_parse(name, token->text, token->length, frame->origin, &why))
		return true;
	return complain(frame, token, "'%.*s' is no name: %s", SHOWN(token), why);
}

/* Directives */

static bool directive_origin(struct frame *frame)
{
	uint8_t name[NAME_BYTES];
	if (!name_read(frame, &frame->entry.tokens[1], name))
		return false;
	memcpy(frame->origin, name, name_length(name));
	return true;
}

/* A TTL; says what is wrong with one that is too large. */
static bool ttl_read(struct frame *frame, const struct token *token, uint32_t *ttl)
{
	if (seconds_parse(ttl, token, TTL_MAX))
		return true;
	uint32_t large;
	if (seconds_parse(&large, token, UINT32_MAX))
		return complain(frame, token, "a TTL of %.*s is over 2147483647 (RFC 2181 8)", SHOWN(token));
	return complain(frame, token, "'%.*s' is no TTL", SHOWN(token));
}

static bool directive_ttl(struct frame *frame)
{
	struct master *master = frame->master;
	return master->has_default = ttl_read(frame, &frame->entry.tokens[1], &master->default_ttl) ||
	                             master->has_default;
}

/* The path of $INCLUDE as it is to be opened; NULL and an error for a file that is being read already. */
static const char *include_path(struct frame *frame, const struct token *token)
{
	struct arena *arena = frame->master->sources->arena;
	char *text = arena_stringn(arena, token->text, token->length);
	if (token->flags & TOKEN_ESCAPED) {
		int size = rdata_unescape(&frame->master->rdata, token->text, token->length, (uint8_t *)text);
		if (size < 0 || memchr(text, 0, (size_t)size)) {
			complain(frame, token, "'%.*s' is no file name", SHOWN(token));
			return NULL;
		}
		text[size] = 0;
	}
	if (frame->depth == INCLUDE_DEPTH) {
		complain(frame, token, "files included more than %d deep", INCLUDE_DEPTH);
		return NULL;
	}
	const char *path = file_beside(arena, frame->source->path, text);
	for (const struct frame *outer = frame; outer; outer = outer->outer)
		if (strcmp(outer->source->path, path) == 0) {
			complain(frame, token, "%s includes itself", path);
			return NULL;
		}
	return path;
}

static bool directive_include(struct frame *frame)
{
	struct master *master = frame->master;
	struct token *tokens = frame->entry.tokens;
	const char *path = include_path(frame, &tokens[1]);
	if (!path)
		return false;
	struct frame *inner = calloc(1, sizeof *inner);
	MUST(inner);
	*inner = (struct frame){.master = master, .outer = frame, .depth = frame->depth + 1};
	memcpy(inner->origin, frame->origin, sizeof inner->origin);
	bool good = frame->entry.count < 3 || name_read(frame, &tokens[2], inner->origin);
	int index = good ? source_open(master->sources, path, token_place(frame->source, &tokens[1]), master->err) : -1;
	if (index >= 0) {
		uint32_t owner = master->owner;
		bool owner_wrong = master->owner_wrong;
		inner->index = (uint32_t)index;
		file_read_entries(inner);
		master->owner = owner;
		master->owner_wrong = owner_wrong;
	}
	free(inner);
	return index >= 0;
}

static bool directive_generate(struct frame *frame)
{
	return complain(
	        frame, &frame->entry.tokens[0], "$GENERATE is BIND's own and not read here; write its records out");
}

static const struct directive {
	const char *name;
	bool (*read)(struct frame *frame);
	unsigned min, max; /* words behind it */
	const char *usage;
} directives[] = {
        {"$ORIGIN", directive_origin, 1, 1, "$ORIGIN NAME"},
        {"$TTL", directive_ttl, 1, 1, "$TTL TIME"},
        {"$INCLUDE", directive_include, 1, 2, "$INCLUDE FILE [ORIGIN]"},
        {"$GENERATE", directive_generate, 0, UINT32_MAX, ""},
};

static void directive_read(struct frame *frame)
{
	const struct entry *entry = &frame->entry;
	for (size_t i = 0; i < sizeof directives / sizeof directives[0]; i++) {
		const struct directive *row = &directives[i];
		if (!word_is(&entry->tokens[0], row->name))
			continue;
		if (entry->count - 1 < row->min || entry->count - 1 > row->max)
			complain(frame, &entry->tokens[0], "this is written %s", row->usage);
		else
			row->read(frame);
		return;
	}
	complain(frame, &entry->tokens[0], "'%.*s' is no directive", SHOWN(&entry->tokens[0]));
}

/* Records */

/* What stands before the data of a record. */
struct head {
	const struct token *ttl, *class, *type;
	uint32_t next;   /* the first token of the data */
	uint16_t number; /* of the type */
	bool has_ttl;
	uint32_t seconds;
};

static bool is_class(const struct token *token)
{
	static const char *const words[] = {"IN", "CH", "HS", "CS"};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (word_is(token, words[i]))
			return true;
	return token->length > 5 && strncasecmp(token->text, "CLASS", 5) == 0 && token->text[5] >= '0' &&
	       token->text[5] <= '9';
}

/* Sets the owner from the first token. */
static void owner_read(struct frame *frame)
{
	struct master *master = frame->master;
	const struct token *token = &frame->entry.tokens[0];
	uint8_t name[NAME_BYTES];
	master->owner_wrong = true;
	if (!name_read(frame, token, name))
		return;
	master->owner = draft_name(master->draft, name);
	master->owner_wrong = master->owner == DRAFT_NONE;
	if (!master->owner_wrong)
		return;
	char shown[NAME_TEXT_MAX], origin[NAME_TEXT_MAX];
	complain(frame, token, "%.255s is out of the zone %.200s", name_format(name, shown),
	        name_format(master->draft->origin, origin));
}

/* The TTL and class, in either order, and the type. */
static bool head_read(struct frame *frame, struct head *head, uint32_t at)
{
	const struct entry *entry = &frame->entry;
	for (; at < entry->count; at++) {
		const struct token *token = &entry->tokens[at];
		if (!head->ttl && token->text[0] >= '0' && token->text[0] <= '9' && token->length)
			head->ttl = token;
		else if (!head->class && is_class(token))
			head->class = token;
		else
			break;
	}
	const struct token *last = &entry->tokens[entry->count - 1];
	if (at == entry->count)
		return complain(frame, last, "the record ends where its type should be");
	head->type = &entry->tokens[at];
	head->next = at + 1;
	bool good = true;
	if (head->class && !word_is(head->class, "IN") && !word_is(head->class, "CLASS1"))
		good = complain(frame, head->class, "class %.*s; a zone here is of class IN", SHOWN(head->class));
	if (head->ttl)
		good = (head->has_ttl = ttl_read(frame, head->ttl, &head->seconds)) && good;
	if (!type_parse(&head->number, head->type->text, head->type->length) || head->type->flags & TOKEN_QUOTED)
		return complain(frame, head->type, "no type is called '%.*s'", SHOWN(head->type));
	/* RFC 6895 3.1: 128 to 255 are questions and packets' own. */
	if (rrtype_get(head->number)->meta || head->number == 0 || (head->number >= 128 && head->number < 256))
		return complain(frame, head->type, "type %.*s is not for zones", SHOWN(head->type));
	return good;
}

/* What the TTL is where the record states none (RFC 2308 4; RFC 1035 5.1). SOA's data end in its MINIMUM. */
static bool ttl_default(struct frame *frame, struct head *head, const uint8_t *data, int size)
{
	struct master *master = frame->master;
	if (head->has_ttl) {
		master->last_ttl = head->seconds;
		master->has_last = true;
		return true;
	}
	if (master->has_default || master->has_last) {
		head->seconds = master->has_default ? master->default_ttl : master->last_ttl;
		return true;
	}
	if (head->number != TYPE_SOA)
		return complain(frame, head->type, "no TTL: give it one, or put a $TTL before it");
	struct reader r = reader_of(data + size - 4, 4);
	uint32_t minimum = read_u32(&r);
	master->last_ttl = head->seconds = minimum <= TTL_MAX ? minimum : 0;
	master->has_last = true;
	place_report(master->err, ERR_WARNING, token_place(frame->source, head->type),
	        "no TTL: SOA's own minimum, %u, is used", head->seconds);
	return true;
}

static void data_fault(struct frame *frame, const struct head *head)
{
	const struct rdata *rdata = &frame->master->rdata;
	const struct entry *entry = &frame->entry;
	uint32_t at = head->next + rdata->fault;
	char name[16];
	complain(frame, &entry->tokens[at < entry->count ? at : entry->count - 1], "%s: %s",
	        rrtype_format(head->number, name), rdata->why);
}

static void record_read(struct frame *frame)
{
	struct master *master = frame->master;
	const struct entry *entry = &frame->entry;
	if (!entry->blank)
		owner_read(frame);
	else if (master->owner == DRAFT_NONE && !master->owner_wrong)
		complain(frame, &entry->tokens[0], "a line that starts with a blank, and no owner before it");
	bool owned = master->owner != DRAFT_NONE && !master->owner_wrong;

	struct head head = {0};
	if (!head_read(frame, &head, entry->blank ? 0 : 1)) {
		master->broken_soa |= head.number == TYPE_SOA;
		master->broken_ns |= head.number == TYPE_NS;
		return;
	}
	struct rdata *rdata = &master->rdata;
	int size = rdata_parse(rdata, head.number, entry->tokens + head.next, entry->count - head.next, frame->origin);
	if (size < 0)
		data_fault(frame, &head);
	if (size < 0 || !ttl_default(frame, &head, rdata->bytes, size)) {
		master->broken_soa |= head.number == TYPE_SOA;
		master->broken_ns |= head.number == TYPE_NS;
		return;
	}
	if (owned)
		draft_add(master->draft, master->owner, head.number, head.seconds, rdata->bytes, (uint16_t)size,
		        (uint16_t)frame->index, token_place(frame->source, head.type).offset);
}

/* Files */

static void file_read_entries(struct frame *frame)
{
	struct master *master = frame->master;
	frame->source = master->sources->list[frame->index];
	master->owner = DRAFT_NONE;
	master->owner_wrong = false;
	struct scan scan;
	scan_start(&scan, frame->source);
	enum scan_result result;
	while ((result = scan_next(&scan, &frame->entry, master->err)) < SCAN_END) {
		if (result == SCAN_BAD) {
			master->broken_soa = master->broken_ns = true; /* for all that is known */
			/* Its owner was perhaps not read: the lines that leave theirs out are not blamed. */
			master->owner_wrong |= !frame->entry.blank;
			continue;
		}
		const struct token *first = &frame->entry.tokens[0];
		if (!frame->entry.blank && first->length && first->text[0] == '$' && !(first->flags & TOKEN_QUOTED))
			directive_read(frame);
		else
			record_read(frame);
	}
	if (result == SCAN_GARBAGE)
		master->broken_soa = master->broken_ns = true;
	entry_free(&frame->entry);
}

void master_read(struct master *master, uint32_t index)
{
	struct frame *frame = calloc(1, sizeof *frame);
	MUST(frame);
	*frame = (struct frame){.master = master, .index = index};
	memcpy(frame->origin, master->draft->origin, master->draft->origin_length);
	file_read_entries(frame);
	free(frame);
}
