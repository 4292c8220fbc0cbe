/*
 * reply.c: an answer being written.
 *
 * Most sets have no name in their RDATA and an owner that stands in the reply already:
 * they are copied straight (copy_set). All others go through compress.c. Every append is
 * all or nothing: it marks, writes, and rewinds if the writer is full.
 */
#include "wire/reply.h"

#include "base/assert.h"
#include "wire/compress.h"

#define POINTER 0xc000

static inline uint16_t get_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* Copies what RDATA mostly is without a call. */
static inline void copy_rdata(uint8_t *to, const uint8_t *from, size_t size)
{
	if (size == 4)
		memcpy(to, from, 4);
	else if (size == 16)
		memcpy(to, from, 16);
	else
		memcpy(to, from, size);
}

void reply_start(struct reply *reply, uint8_t *out, size_t limit, const struct query *query, size_t reserve)
{
	MUST(limit >= DNS_HEADER && limit <= UINT16_MAX);
	size_t question = query->question ? query->qname_length + 4u : 0;
	if (DNS_HEADER + question > limit)
		question = 0;
	if (DNS_HEADER + question + reserve > limit)
		reserve = 0;

	writer_start(&reply->w, out, limit - reserve);
	reply->counts[0] = question > 0;
	reply->counts[1] = reply->counts[2] = reply->counts[3] = 0;
	reply->flags = FLAG_QR | (query->flags & (FLAG_OPCODE | FLAG_RD));
	reply->rcode = RCODE_NOERROR;
	reply->reserved = (uint16_t)reserve;
	reply->places = 0;
	reply->exact = false;
	reply->full = false;

	uint8_t *room = write_room(&reply->w, DNS_HEADER + question);
	copy_few(room + DNS_HEADER, query->qname, question);
}

struct reply_mark reply_mark(const struct reply *reply)
{
	struct reply_mark mark = {.offset = (uint16_t)writer_offset(&reply->w), .places = reply->places};
	memcpy(mark.counts, reply->counts, sizeof mark.counts);
	return mark;
}

void reply_rewind(struct reply *reply, struct reply_mark mark)
{
	MUST(mark.offset <= writer_offset(&reply->w) && mark.places <= reply->places);
	compress_forget(reply, mark.places);
	writer_rewind(&reply->w, mark.offset);
	memcpy(reply->counts, mark.counts, sizeof mark.counts);
	reply->full = false;
}

void reply_clear(struct reply *reply, const struct query *query)
{
	size_t question = reply->counts[0] ? query->qname_length + 4u : 0;
	reply_rewind(
	        reply, (struct reply_mark){.offset = (uint16_t)(DNS_HEADER + question), .counts = {reply->counts[0]}});
}

/* Ends an append: keeps it, or takes all of it back. */
bool reply_settle(struct reply *reply, struct reply_mark mark, enum section section, unsigned records)
{
	if (reply->w.full) {
		reply_rewind(reply, mark);
		reply->full = true;
		return false;
	}
	reply->counts[section] = (uint16_t)(reply->counts[section] + records);
	return true;
}

/* Writes the owner; from the second record on it is a pointer to where the first stands. */
static void write_owner(struct reply *reply, struct owner *owner)
{
	if (owner->offset)
		write_u16(&reply->w, POINTER | owner->offset);
	else
		owner->offset = compress_name(reply, owner->name);
}

/* The same owner and no name to compress: sizes are known before the first byte. */
static bool copy_set(struct reply *reply, enum section section, uint16_t owner, const struct rrset *set, uint32_t ttl,
        uint16_t *first, const struct rrtype *row)
{
	const uint8_t *from = set->wire, *end = from + set->size;
	uint8_t *to = write_room(&reply->w, set->size + 2 * (size_t)set->count);
	if (!to) {
		reply->w.full = false;
		reply->full = true;
		return false;
	}
	for (unsigned i = 0; i < set->count; i++) {
		/* A set that lies about its sizes would be written beyond its room. */
		size_t size = get_u16(from + 8);
		MUST(from + RR_HEADER + size <= end);
		put_u16(to, POINTER | owner);
		memcpy(to + 2, from, RR_HEADER);
		put_u32(to + 6, ttl);
		copy_rdata(to + 2 + RR_HEADER, from + RR_HEADER, size);
		if (first) {
			size_t target = (size_t)(to - reply->w.start) + 2 + RR_HEADER + row->target_skip;
			first[i] = row->has_target && target < REPLY_REACH ? (uint16_t)target : 0;
		}
		to += 2 + RR_HEADER + size;
		from += RR_HEADER + size;
	}
	MUST(from == end);
	reply->counts[section] = (uint16_t)(reply->counts[section] + set->count);
	return true;
}

/* RDATA of a type that RFC 1035 defines. Returns where its first name can be pointed to. */
static uint16_t write_names(struct reply *reply, struct reader *rdata, const struct rrtype *row)
{
	uint16_t first = 0;
	const uint8_t *head = read_bytes(rdata, row->skip);
	MUST(head);
	write_bytes(&reply->w, head, row->skip);
	for (unsigned i = 0; i < row->names; i++) {
		size_t length = name_length(rdata->at);
		const uint8_t *name = read_bytes(rdata, length);
		MUST(name);
		uint16_t at = compress_name(reply, name);
		if (i == 0)
			first = at;
	}
	return first;
}

/* One record of a set. Returns where the first name of its RDATA can be pointed to. */
static uint16_t write_record(
        struct reply *reply, struct owner *owner, struct reader *wire, uint32_t ttl, const struct rrtype *row)
{
	uint16_t first = 0;
	const uint8_t *head = read_bytes(wire, RR_HEADER);
	MUST(head);
	const uint8_t *bytes = read_bytes(wire, get_u16(head + 8));
	MUST(bytes);
	struct reader rdata = reader_of(bytes, get_u16(head + 8));

	write_owner(reply, owner);
	uint8_t *room = write_room(&reply->w, RR_HEADER);
	size_t start = writer_offset(&reply->w);
	if (row->names)
		first = write_names(reply, &rdata, row);
	else if (row->has_target && start + row->target_skip < REPLY_REACH)
		first = (uint16_t)(start + row->target_skip);
	write_bytes(&reply->w, rdata.at, reader_left(&rdata));
	if (reply->w.full)
		return 0;
	memcpy(room, head, 4);
	put_u32(room + 4, ttl);
	put_u16(room + 8, (uint16_t)(writer_offset(&reply->w) - start));
	return first;
}

static __attribute__((noinline)) bool write_set(struct reply *reply, enum section section, struct owner owner,
        const struct rrset *set, uint32_t ttl, uint16_t *first, const struct rrtype *row)
{
	struct reply_mark mark = reply_mark(reply);
	struct reader wire = reader_of(set->wire, set->size);
	for (unsigned i = 0; i < set->count && !reply->w.full; i++) {
		uint16_t at = write_record(reply, &owner, &wire, ttl, row);
		if (first)
			first[i] = at;
	}
	return reply_settle(reply, mark, section, set->count);
}

bool reply_rrset(struct reply *reply, enum section section, struct owner owner, const struct rrset *set, uint32_t ttl,
        uint16_t *first)
{
	const struct rrtype *row = rrtype_get(set->type);
	if (row->names == 0 && owner.offset != 0)
		return copy_set(reply, section, owner.offset, set, ttl, first, row);
	return write_set(reply, section, owner, set, ttl, first, row);
}

/* TYPE CLASS TTL and space for RDLENGTH. */
static void write_head(struct reply *reply, uint16_t type, uint16_t class, uint32_t ttl)
{
	uint8_t *room = write_room(&reply->w, RR_HEADER);
	if (room) {
		put_u16(room, type);
		put_u16(room + 2, class);
		put_u32(room + 4, ttl);
	}
}

size_t reply_record_begin(struct reply *reply, struct owner *owner, uint16_t type, uint16_t class, uint32_t ttl)
{
	write_owner(reply, owner);
	write_head(reply, type, class, ttl);
	return writer_offset(&reply->w);
}

void reply_record_end(struct reply *reply, size_t rdata)
{
	if (!reply->w.full)
		put_u16(reply->w.start + rdata - 2, (uint16_t)(writer_offset(&reply->w) - rdata));
}

bool reply_record(struct reply *reply, enum section section, struct owner owner, uint16_t type, uint16_t class,
        uint32_t ttl, const void *rdata, size_t size)
{
	MUST(size <= UINT16_MAX);
	struct reply_mark mark = reply_mark(reply);
	size_t at = reply_record_begin(reply, &owner, type, class, ttl);
	write_bytes(&reply->w, rdata, size);
	reply_record_end(reply, at);
	return reply_settle(reply, mark, section, 1);
}

bool reply_cname(struct reply *reply, struct owner owner, uint32_t ttl, const uint8_t *target, uint16_t *at)
{
	struct reply_mark mark = reply_mark(reply);
	size_t start = reply_record_begin(reply, &owner, TYPE_CNAME, CLASS_IN, ttl);
	*at = compress_name(reply, target);
	reply_record_end(reply, start);
	return reply_settle(reply, mark, SECTION_ANSWER, 1);
}
