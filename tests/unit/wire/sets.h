/*
 * sets.h: record sets and queries for the tests of this room, written in few words. Header only; each test is one
 * program.
 */
#ifndef MERIDIAN_TESTS_WIRE_SETS_H
#define MERIDIAN_TESTS_WIRE_SETS_H

#include <string.h>

#include "base/assert.h"
#include "wire/message.h"

/* A set being put together; keep it as long as its `set` is used. */
struct draft {
	uint8_t wire[70000];
	struct rrset set;
};

static inline void draft_start(struct draft *draft, uint16_t type)
{
	draft->set = (struct rrset){.wire = draft->wire, .type = type, .ttl = 5};
}

/* One more record with the RDATA given. */
static inline void draft_add(struct draft *draft, const void *rdata, size_t size)
{
	struct writer w = writer_of(draft->wire + draft->set.size, sizeof draft->wire - draft->set.size);
	write_u16(&w, draft->set.type);
	write_u16(&w, CLASS_IN);
	write_u32(&w, 5);
	write_u16(&w, (uint16_t)size);
	write_bytes(&w, rdata, size);
	MUST(!w.full);
	draft->set.size += (uint32_t)writer_offset(&w);
	draft->set.count++;
}

static inline size_t name_of(uint8_t name[NAME_BYTES], const char *text)
{
	const char *why;
	size_t size = name_parse(name, text, strlen(text), NULL, &why);
	MUST(size > 0);
	return size;
}

/* One more record: `skip` bytes of 7, a name, and `rest` bytes of 9. */
static inline void draft_name(struct draft *draft, size_t skip, const char *text, size_t rest)
{
	uint8_t rdata[600];
	memset(rdata, 7, skip);
	size_t size = skip + name_of(rdata + skip, text);
	memset(rdata + size, 9, rest);
	draft_add(draft, rdata, size + rest);
}

/* A query for `text`, as the parser would give it. */
struct asked {
	uint8_t packet[300];
	struct query query;
};

static inline void ask(struct asked *asked, const char *text, uint16_t type)
{
	struct writer w = writer_of(asked->packet, sizeof asked->packet);
	uint8_t name[NAME_BYTES];
	size_t size = name_of(name, text);
	write_bytes(&w, "\x12\x34\x01\x10\0\1\0\0\0\0\0\0", 12);
	write_bytes(&w, name, size);
	write_u16(&w, type);
	write_u16(&w, CLASS_IN);
	MUST(query_parse(&asked->query, asked->packet, writer_offset(&w)) == QUERY_OK);
}

#endif
