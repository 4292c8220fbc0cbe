/*
 * opt.c: how a reply ends: OPT (RFC 6891 6.1.2) into the reserve, then the header.
 *
 * reply_opt_size and write_options must agree on each option but the extended error; the unit test
 * holds them together.
 */
#include <string.h>

#include "base/assert.h"
#include "wire/reply.h"

enum {
	OPTION_NSID = 3,
	OPTION_SUBNET = 8,
	OPTION_EXPIRE = 9,
	OPTION_COOKIE = 10,
	OPTION_KEEPALIVE = 11,
	OPTION_PADDING = 12,
	OPTION_EDE = 15
};
enum { OPT_BYTES = 11, OPTION_HEAD = 4 };

static size_t subnet_bytes(const struct query *query)
{
	return (query->subnet.source + 7u) / 8;
}

static bool repeats_subnet(const struct edns_reply *edns, const struct query *query)
{
	return edns->subnet && query->subnet.present;
}

size_t reply_opt_size(const struct edns_reply *edns, const struct query *query)
{
	size_t size = OPT_BYTES;
	if (repeats_subnet(edns, query))
		size += OPTION_HEAD + 4 + subnet_bytes(query);
	if (edns->nsid)
		size += OPTION_HEAD + edns->nsid_length;
	if (edns->cookie)
		size += OPTION_HEAD + edns->cookie_length;
	if (edns->keepalive)
		size += OPTION_HEAD + 2;
	if (edns->expire)
		size += OPTION_HEAD + 4;
	if (edns->padding)
		size += OPTION_HEAD;
	return size;
}

static void write_option(struct writer *w, uint16_t code, const void *data, size_t size)
{
	write_u16(w, code);
	write_u16(w, (uint16_t)size);
	write_bytes(w, data, size);
}

/* Bytes of the extended error (RFC 8914 2) that fit into `room`; without its text, where that does not. */
static size_t error_bytes(const struct edns_reply *edns, size_t room)
{
	if (edns->ede == EDE_NONE)
		return 0;
	size_t size = OPTION_HEAD + 2, text = edns->ede_text ? strlen(edns->ede_text) : 0;
	return size + text <= room ? size + text : size <= room ? size : 0;
}

static void write_error(struct writer *w, const struct edns_reply *edns, size_t size)
{
	write_u16(w, OPTION_EDE);
	write_u16(w, (uint16_t)(size - OPTION_HEAD));
	write_u16(w, (uint16_t)edns->ede);
	write_bytes(w, edns->ede_text, size - OPTION_HEAD - 2);
}

/* FAMILY, SOURCE and ADDRESS as they came (RFC 7871 7.2.1). */
static void write_subnet(struct writer *w, const struct client_subnet *subnet, size_t bytes, uint8_t scope)
{
	uint8_t *room = write_room(w, OPTION_HEAD + 4 + bytes);
	if (!room)
		return;
	put_u16(room, OPTION_SUBNET);
	put_u16(room + 2, (uint16_t)(4 + bytes));
	put_u16(room + 4, subnet->family);
	room[6] = subnet->source;
	room[7] = scope;
	copy_few(room + 8, subnet->address.bytes, bytes);
}

static void write_number(struct writer *w, uint16_t code, uint16_t value)
{
	write_u16(w, code);
	write_u16(w, 2);
	write_u16(w, value);
}

static void write_options(
        struct writer *w, const struct edns_reply *edns, const struct query *query, size_t error, size_t padding)
{
	if (repeats_subnet(edns, query))
		write_subnet(w, &query->subnet, subnet_bytes(query), edns->scope);
	if (edns->nsid)
		write_option(w, OPTION_NSID, edns->nsid, edns->nsid_length);
	if (edns->cookie)
		write_option(w, OPTION_COOKIE, edns->cookie, edns->cookie_length);
	if (edns->keepalive)
		write_number(w, OPTION_KEEPALIVE, edns->keepalive_timeout);
	if (edns->expire) {
		write_u16(w, OPTION_EXPIRE);
		write_u16(w, 4);
		write_u32(w, edns->expire_after);
	}
	if (error)
		write_error(w, edns, error);
	if (edns->padding) {
		write_u16(w, OPTION_PADDING);
		write_u16(w, (uint16_t)padding);
		uint8_t *zeros = write_room(w, padding);
		if (zeros)
			memset(zeros, 0, padding);
	}
}

/* Bytes of padding: up to the next multiple, or to the limit of the message if that comes first. */
static size_t padding_bytes(const struct writer *w, const struct edns_reply *edns, size_t opt)
{
	if (edns->padding == 0)
		return 0;
	size_t total = writer_offset(w) + opt, over = total % edns->padding, room = writer_left(w) - opt;
	size_t padding = over ? edns->padding - over : 0;
	return padding < room ? padding : room;
}

/* All of OPT or nothing of it. Only what takes the room that is left needs to know the size before. */
static bool write_opt(struct reply *reply, const struct query *query, const struct edns_reply *edns)
{
	struct writer *w = &reply->w;
	size_t start = writer_offset(w), error = 0, padding = 0;
	if (edns->ede != EDE_NONE || edns->padding) {
		size_t opt = reply_opt_size(edns, query);
		if (opt > writer_left(w))
			return false;
		error = error_bytes(edns, writer_left(w) - opt);
		padding = padding_bytes(w, edns, opt + error);
	}
	uint8_t *head = write_room(w, OPT_BYTES);
	write_options(w, edns, query, error, padding);
	if (w->full) {
		writer_rewind(w, start);
		return false;
	}
	head[0] = 0;
	put_u16(head + 1, TYPE_OPT);
	put_u16(head + 3, edns->payload);
	/* EXTENDED-RCODE, VERSION 0, DO and zeros */
	put_u32(head + 5, (uint32_t)(reply->rcode >> 4) << 24 | (edns->dnssec_ok ? 0x8000u : 0));
	put_u16(head + 9, (uint16_t)(writer_offset(w) - start - OPT_BYTES));
	reply->counts[SECTION_ADDITIONAL]++;
	return true;
}

size_t reply_finish(struct reply *reply, const struct query *query, const struct edns_reply *edns)
{
	reply->w.end += reply->reserved;
	reply->reserved = 0;
	reply->w.full = false;
	bool extended = edns && write_opt(reply, query, edns);
	if (!extended && reply->rcode > 15)
		reply->rcode = RCODE_SERVFAIL;

	uint8_t *header = reply->w.start;
	put_u16(header, query->id);
	put_u16(header + 2, reply->flags | (reply->rcode & 15));
	for (size_t i = 0; i < 4; i++)
		put_u16(header + 4 + 2 * i, reply->counts[i]);
	return writer_offset(&reply->w);
}
