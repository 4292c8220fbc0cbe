/*
 * mmdb_writer.c: a binary tree and encoded records → a file. Format: MaxMind DB 2.0.
 */
#include "mmdb_writer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/assert.h"
#include "base/cursor.h"
#include "base/dict.h"

#define NODES_MAX 200000
#define DATA_MAX (4 << 20)
#define LEAF 0x80000000u /* | offset + 1 of its record; LEAF alone: empty */

struct mmdb_writer {
	unsigned ip_version, record_size;
	uint32_t (*nodes)[2];
	bool (*raw)[2];
	uint32_t node_count;
	uint8_t *data;
	struct writer out;
	struct dict *texts, *records; /* → offset */
};

struct mmdb_writer *mmdb_writer_new(unsigned ip_version, unsigned record_size)
{
	struct mmdb_writer *writer = calloc(1, sizeof *writer);
	MUST(writer);
	*writer = (struct mmdb_writer){.ip_version = ip_version, .record_size = record_size, .node_count = 1};
	writer->nodes = calloc(NODES_MAX, sizeof *writer->nodes);
	writer->raw = calloc(NODES_MAX, sizeof *writer->raw);
	writer->data = malloc(DATA_MAX);
	MUST(writer->nodes && writer->raw && writer->data);
	writer->nodes[0][0] = writer->nodes[0][1] = LEAF;
	writer->out = writer_of(writer->data, DATA_MAX);
	writer->texts = dict_new();
	writer->records = dict_new();
	return writer;
}

void mmdb_writer_free(struct mmdb_writer *writer)
{
	free(writer->nodes);
	free(writer->raw);
	free(writer->data);
	dict_free(writer->texts);
	dict_free(writer->records);
	free(writer);
}

static void put_head(struct writer *out, unsigned type, size_t size)
{
	uint8_t small = (uint8_t)(size < 29 ? size : size < 285 ? 29 : 30);
	MUST(size < 65821);
	write_u8(out, (uint8_t)((type < 8 ? type << 5 : 0) | small));
	if (type > 7)
		write_u8(out, (uint8_t)(type - 7));
	if (small == 29)
		write_u8(out, (uint8_t)(size - 29));
	if (small == 30)
		write_u16(out, (uint16_t)(size - 285));
}

static void put_pointer(struct writer *out, uint32_t to)
{
	if (to < 2048) {
		write_u16(out, (uint16_t)(0x2000 | to));
	} else if (to < 526336) {
		write_u8(out, (uint8_t)(0x28 | (to - 2048) >> 16));
		write_u16(out, (uint16_t)(to - 2048));
	} else {
		write_u8(out, 0x38);
		write_u32(out, to);
	}
}

/* A text: the first time in full, then (`texts` given) as a pointer. */
static void put_text(struct writer *out, struct dict *texts, const char *text, size_t size)
{
	uint32_t at;
	if (texts && dict_get(texts, text, size, &at)) {
		put_pointer(out, at);
		return;
	}
	if (texts)
		dict_add(texts, text, size, (uint32_t)writer_offset(out));
	put_head(out, 2, size);
	write_bytes(out, text, size);
}

static void put_number(struct writer *out, const char *text, size_t size)
{
	double number = strtod(text, NULL);
	uint64_t bits;
	if (text[size - 1] == 's') {
		put_head(out, 5, 2);
		write_u16(out, (uint16_t)number);
	} else if (text[size - 1] == 'l') {
		put_head(out, 9, 8);
		write_u32(out, (uint32_t)((uint64_t)number >> 32));
		write_u32(out, (uint32_t)(uint64_t)number);
	} else if (!memchr(text, '.', size) && memcmp(text, "nan", 3) != 0) {
		put_head(out, *text == '-' ? 8 : 6, 4);
		write_u32(out, (uint32_t)(int64_t)number);
	} else if (text[size - 1] == 'f') {
		float single = (float)number;
		uint32_t half;
		memcpy(&half, &single, sizeof half);
		put_head(out, 15, 4);
		write_u32(out, half);
	} else {
		memcpy(&bits, &number, sizeof bits);
		put_head(out, 3, 8);
		write_u32(out, (uint32_t)(bits >> 32));
		write_u32(out, (uint32_t)bits);
	}
}

/* How many values stand in the map or array that begins at `text`: commas at its own level, and one. */
static size_t count_values(const char *text)
{
	size_t count = text[1] != '}' && text[1] != ']';
	int level = 0;
	bool quoted = false;
	do {
		if (*text == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		level += (*text == '{' || *text == '[') - (*text == '}' || *text == ']');
		count += *text == ',' && level == 1;
	} while (level && *++text);
	return count;
}

/* Encodes one value; returns what follows it. */
static const char *put_value(struct writer *out, struct dict *texts, const char *text)
{
	if (*text == '"') {
		const char *end = strchr(text + 1, '"');
		MUST(end);
		put_text(out, texts, text + 1, (size_t)(end - text - 1));
		return end + 1;
	}
	if (*text != '{' && *text != '[') {
		size_t size = strcspn(text, ",]}");
		put_number(out, text, size);
		return text + size;
	}
	bool is_map = *text == '{';
	size_t count = count_values(text);
	put_head(out, is_map ? 7 : 11, count);
	text++;
	for (size_t i = 0; i < count; i++) {
		text = put_value(out, texts, text);
		if (is_map) {
			MUST(*text == ':');
			text = put_value(out, texts, text + 1);
		}
		MUST(*text == (i + 1 < count ? ',' : is_map ? '}' : ']'));
		text += i + 1 < count;
	}
	return text + 1;
}

static uint32_t new_node(struct mmdb_writer *writer, uint32_t both)
{
	MUST(writer->node_count < NODES_MAX);
	writer->nodes[writer->node_count][0] = writer->nodes[writer->node_count][1] = both;
	return writer->node_count++;
}

/* The slot at the end of a prefix; the way to it is made where it is not there. */
static uint32_t *slot_at(struct mmdb_writer *writer, const struct addr *addr, unsigned length)
{
	uint32_t node = 0;
	for (unsigned bit = 0; bit + 1 < length; bit++) {
		uint32_t *slot = &writer->nodes[node][addr->bytes[bit / 8] >> (7 - bit % 8) & 1];
		if (*slot & LEAF)
			*slot = new_node(writer, *slot);
		node = *slot;
	}
	MUST(length);
	return &writer->nodes[node][addr->bytes[(length - 1) / 8] >> (7 - (length - 1) % 8) & 1];
}

static uint32_t *slot_of(struct mmdb_writer *writer, const char *text)
{
	struct prefix prefix;
	MUST(prefix_parse(&prefix, text) == PREFIX_OK);
	if (prefix.addr.family == ADDR_V4 && writer->ip_version == 6) {
		struct addr inside = {.family = ADDR_V6};
		memcpy(inside.bytes + 12, prefix.addr.bytes, 4);
		return slot_at(writer, &inside, prefix.length + 96u);
	}
	MUST(prefix.addr.family == writer->ip_version);
	return slot_at(writer, &prefix.addr, prefix.length);
}

void mmdb_writer_add(struct mmdb_writer *writer, const char *prefix, const char *record)
{
	uint32_t offset;
	if (!dict_get(writer->records, record, strlen(record), &offset)) {
		offset = (uint32_t)writer_offset(&writer->out);
		dict_add(writer->records, record, strlen(record), offset);
		put_value(&writer->out, writer->texts, record);
		MUST(!writer->out.full);
	}
	*slot_of(writer, prefix) = LEAF | (offset + 1);
}

void mmdb_writer_alias(struct mmdb_writer *writer, const char *prefix)
{
	struct addr zero = {.family = ADDR_V6};
	uint32_t root = *slot_at(writer, &zero, 96);
	*slot_of(writer, prefix) = root;
}

void mmdb_writer_poke(struct mmdb_writer *writer, uint32_t node, unsigned side, uint32_t value)
{
	if (node >= writer->node_count)
		MUST(new_node(writer, LEAF) == node);
	writer->nodes[node][side] = value;
	writer->raw[node][side] = true;
}

uint32_t mmdb_writer_nodes(const struct mmdb_writer *writer)
{
	return writer->node_count;
}

static void put_node(struct writer *out, unsigned record_size, uint32_t left, uint32_t right)
{
	if (record_size == 32) {
		write_u32(out, left);
		write_u32(out, right);
		return;
	}
	write_u8(out, (uint8_t)(left >> 16));
	write_u16(out, (uint16_t)left);
	if (record_size == 28)
		write_u8(out, (uint8_t)((left >> 24 & 15) << 4 | (right >> 24 & 15)));
	write_u8(out, (uint8_t)(right >> 16));
	write_u16(out, (uint16_t)right);
}

uint8_t *mmdb_writer_bytes(struct mmdb_writer *writer, size_t *size)
{
	size_t data = writer_offset(&writer->out);
	size_t room = (size_t)writer->node_count * 8 + data + 1024;
	uint8_t *bytes = malloc(room);
	MUST(bytes);
	struct writer out = writer_of(bytes, room);
	for (uint32_t node = 0; node < writer->node_count; node++) {
		uint32_t value[2];
		for (unsigned side = 0; side < 2; side++) {
			uint32_t record = writer->nodes[node][side];
			value[side] = writer->raw[node][side] || !(record & LEAF) ? record
			              : record == LEAF                            ? writer->node_count
			                               : writer->node_count + 16 + (record & ~LEAF) - 1;
		}
		put_node(&out, writer->record_size, value[0], value[1]);
	}
	memset(write_room(&out, 16), 0, 16);
	write_bytes(&out, writer->data, data);
	write_bytes(&out, "\xab\xcd\xefMaxMind.com", 14);
	char metadata[400];
	snprintf(metadata, sizeof metadata,
	        "{\"binary_format_major_version\":2s,\"binary_format_minor_version\":0s,\"build_epoch\":1700000000l,"
	        "\"database_type\":\"test\",\"description\":{\"en\":\"test\"},\"ip_version\":%us,\"languages\":[],"
	        "\"node_count\":%u,\"record_size\":%us}",
	        writer->ip_version, writer->node_count, writer->record_size);
	put_value(&out, NULL, metadata);
	MUST(!out.full);
	*size = writer_offset(&out);
	return bytes;
}

void mmdb_writer_save(struct mmdb_writer *writer, const char *path)
{
	size_t size;
	uint8_t *bytes = mmdb_writer_bytes(writer, &size);
	FILE *out = fopen(path, "wb");
	MUST(out && fwrite(bytes, 1, size, out) == size && fclose(out) == 0);
	free(bytes);
}
