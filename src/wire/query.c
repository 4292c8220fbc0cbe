/*
 * query.c: a packet that came in → a query, or the verdict on it.
 *
 * The common packet (one question, at most an OPT) is read straight through. A packet
 * that is refused is still read to its end where it can be, because the OPT decides how the
 * refusal is written (RFC 6891 7). Each step reads forward only: linear in the size.
 */
#include "wire/query.h"

#include "base/cursor.h"
#include "wire/rrset.h"

enum {
	OPTION_NSID = 3,
	OPTION_SUBNET = 8,
	OPTION_EXPIRE = 9,
	OPTION_COOKIE = 10,
	OPTION_KEEPALIVE = 11,
	OPTION_PADDING = 12
};

static inline uint16_t get_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* The counts of the header, in its order. */
struct counts {
	uint16_t question, answer, authority, additional;
};

/* A record behind its owner. */
struct record {
	uint16_t type, class, size;
	uint32_t ttl;
	const uint8_t *rdata;
};

/* A whole name without pointers; NULL for a pointer, an unknown label type, or one that does not end in time. */
static inline const uint8_t *read_name(struct reader *r, struct name_labels *labels)
{
	const uint8_t *name = r->at;
	size_t left = reader_left(r), at = 0;
	unsigned count = 0;
	if (left > NAME_BYTES)
		left = NAME_BYTES;
	for (; at < left && name[at] != 0 && name[at] <= 63; at += name[at] + 1u)
		labels->at[count++] = (uint8_t)at;
	if (at >= left || name[at] != 0) {
		r->bad = true;
		return NULL;
	}
	labels->at[count] = (uint8_t)at;
	labels->count = (uint8_t)count;
	return read_bytes(r, at + 1);
}

/* An owner that nobody asks for: it may end in a pointer, which is not followed. */
static void skip_owner(struct reader *r)
{
	for (size_t length = 0; !r->bad && length < NAME_BYTES;) {
		uint8_t label = read_u8(r);
		if (label == 0)
			return;
		if (label >= 0xc0) {
			read_u8(r);
			return;
		}
		if (label > 63)
			break;
		read_bytes(r, label);
		length += label + 1u;
	}
	r->bad = true;
}

static inline bool read_record(struct reader *r, struct record *record)
{
	const uint8_t *head = read_bytes(r, RR_HEADER);
	if (!head)
		return false;
	record->type = get_u16(head);
	record->class = get_u16(head + 2);
	record->ttl = (uint32_t)get_u16(head + 4) << 16 | get_u16(head + 6);
	record->size = get_u16(head + 8);
	record->rdata = read_bytes(r, record->size);
	return record->rdata != NULL;
}

static bool read_question(struct query *query, struct reader *r)
{
	const uint8_t *name = read_name(r, &query->labels);
	const uint8_t *rest = read_bytes(r, 4);
	if (!name || !rest)
		return false;
	size_t length = query->labels.at[query->labels.count] + 1u;
	query->question = true;
	query->qname = name;
	query->qname_length = (uint8_t)length;
	query->qtype = get_u16(rest);
	query->qclass = get_u16(rest + 2);
	name_lower(query->lower, name, length);
	return true;
}

/* Questions behind the first: nobody asks so, but an OPT may stand behind them. */
static __attribute__((noinline)) bool skip_questions(struct reader *r, unsigned count)
{
	struct name_labels labels;
	while (count-- > 0)
		if (!read_name(r, &labels) || !read_bytes(r, 4))
			return false;
	return true;
}

/* Records of the answer and authority sections: only IXFR brings one, its SOA (RFC 1995 3). */
static __attribute__((noinline)) bool skip_records(struct query *query, struct reader *r, const struct counts *counts)
{
	unsigned count = (unsigned)counts->answer + counts->authority;
	bool good = counts->answer == 0 && counts->authority == 1 && query->question && query->qtype == TYPE_IXFR;
	for (unsigned i = 0; i < count; i++) {
		struct record record;
		skip_owner(r);
		if (!read_record(r, &record))
			return false;
		good = good && record.type == TYPE_SOA;
	}
	return good;
}

/* RFC 7871 6: exactly as many bytes as the source prefix needs, no bit set behind it, scope 0. Family 0 says nothing
 * and may do so only without an address (dig's +subnet=0). */
static bool read_subnet(struct client_subnet *subnet, const uint8_t *data, size_t size)
{
	static const uint8_t longest[] = {0, 32, 128};
	if (size < 4 || subnet->present)
		return false;
	unsigned family = get_u16(data), source = data[2], scope = data[3], bytes = (source + 7) / 8;
	if (family > 2 || source > longest[family] || scope != 0 || size - 4 != bytes)
		return false;
	if (source % 8 != 0 && data[3 + bytes] & 0xff >> source % 8)
		return false;
	subnet->present = true;
	subnet->source = (uint8_t)source;
	subnet->family = (uint16_t)family;
	subnet->address.family = family == 2 ? ADDR_V6 : ADDR_V4;
	memset(subnet->address.bytes, 0, sizeof subnet->address.bytes);
	copy_few(subnet->address.bytes, data + 4, bytes);
	return true;
}

/* RFC 7873 5.2: of several the first counts. A length that no cookie has is kept as 0. */
static void read_cookie(struct query *query, const uint8_t *data, size_t size)
{
	if (query->cookie)
		return;
	query->cookie = data;
	query->cookie_length = size == 8 || (size >= 16 && size <= 40) ? (uint8_t)size : 0;
}

static bool read_options(struct query *query, struct reader r)
{
	bool good = true;
	while (reader_left(&r) > 0) {
		const uint8_t *head = read_bytes(&r, 4);
		if (!head)
			return false;
		uint16_t code = get_u16(head), size = get_u16(head + 2);
		const uint8_t *data = read_bytes(&r, size);
		if (!data)
			return false;
		if (code == OPTION_SUBNET)
			good &= read_subnet(&query->subnet, data, size);
		else if (code == OPTION_COOKIE)
			read_cookie(query, data, size);
		else if (code == OPTION_NSID)
			query->nsid = true;
		else if (code == OPTION_KEEPALIVE)
			query->keepalive = true;
		else if (code == OPTION_PADDING)
			query->padding = true;
		else if (code == OPTION_EXPIRE)
			query->expire = true;
	}
	return good;
}

/* Options of a version that we do not know are not looked at (RFC 6891 6.1.3). */
static bool read_opt(struct query *query, const struct record *opt, bool of_root)
{
	if (query->edns)
		return false;
	query->edns = true;
	query->payload = opt->class;
	query->edns_version = (uint8_t)(opt->ttl >> 16);
	query->dnssec_ok = opt->ttl & 0x8000;
	if (!of_root)
		return false;
	return query->edns_version > 0 || opt->size == 0 || read_options(query, reader_of(opt->rdata, opt->size));
}

static bool read_additional(struct query *query, struct reader *r, unsigned count)
{
	bool good = true;
	for (unsigned i = 0; i < count; i++) {
		struct record record;
		size_t start = reader_offset(r);
		bool of_root = reader_left(r) > 0 && *r->at == 0;
		if (of_root)
			read_u8(r);
		else
			skip_owner(r);
		if (!read_record(r, &record))
			return false;
		if (record.type == TYPE_OPT) {
			good &= read_opt(query, &record, of_root);
		} else if (record.type == TYPE_TSIG) {
			good &= i + 1 == count && record.class == CLASS_ANY;
			query->tsig = (uint16_t)start;
		}
	}
	return good;
}

/* All that follows the header; false: FORMERR. */
static inline bool read_body(struct query *query, struct reader *r, const struct counts *counts)
{
	bool good = true;
	if (counts->question > 0 && !read_question(query, r))
		return false;
	if (counts->question > 1 && !skip_questions(r, counts->question - 1u))
		return false;
	if (counts->answer || counts->authority)
		good = skip_records(query, r, counts);
	if (r->bad || (counts->additional && !read_additional(query, r, counts->additional)))
		return false;
	return good && reader_left(r) == 0;
}

static void clear(struct query *query, const uint8_t *packet, size_t size)
{
	query->packet = packet;
	query->size = size;
	query->id = get_u16(packet);
	query->flags = get_u16(packet + 2);
	query->question = false;
	query->edns = query->dnssec_ok = query->nsid = query->keepalive = query->padding = query->expire = false;
	query->edns_version = 0;
	query->payload = 512;
	query->subnet.present = false;
	query->cookie = NULL;
	query->cookie_length = 0;
	query->tsig = 0;
}

enum query_verdict query_parse(struct query *query, const uint8_t *packet, size_t size)
{
	if (size < DNS_HEADER || size > UINT16_MAX || packet[2] & 0x80)
		return QUERY_DROP;
	clear(query, packet, size);

	struct reader r = reader_of(packet, size);
	const uint8_t *head = read_bytes(&r, DNS_HEADER);
	struct counts counts = {get_u16(head + 4), get_u16(head + 6), get_u16(head + 8), get_u16(head + 10)};
	bool good = read_body(query, &r, &counts);
	bool broken = query->cookie && !query->cookie_length;
	if (broken)
		query->cookie = NULL;

	if (query->flags & 0x7800)
		return QUERY_NOTIMP;
	if (!good || counts.question > 1)
		return QUERY_FORMERR;
	if (query->edns_version > 0)
		return QUERY_BADVERS;
	if (counts.question == 0)
		return query->cookie ? QUERY_COOKIE : QUERY_FORMERR;
	return broken ? QUERY_BROKEN_COOKIE : QUERY_OK;
}
