/*
 * fuzz_query.c: any packet → parser → reply → is the reply sound, and is it what the verdict calls for?
 *
 * The reply is stuffed with sets of every kind of name, taken from the query's own name where it can be, so that
 * compression meets hostile labels too. A finding is an abort.
 */
#include <stdlib.h>

#include "base/assert.h"
#include "wire/cookie.h"
#include "wire/message.h"
#include "wire/query.h"
#include "wire/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t other[] = "\x03WWW\x07"
                               "example\x03"
                               "net";

/* A set of one record: `skip` zero bytes, then the name. Returns its size. */
static size_t build(uint8_t *wire, uint16_t type, size_t skip, const uint8_t *name)
{
	struct writer w = writer_of(wire, 512);
	size_t length = name_length(name);
	write_u16(&w, type);
	write_u16(&w, CLASS_IN);
	write_u32(&w, 0);
	write_u16(&w, (uint16_t)(skip + length));
	memset(write_room(&w, skip), 0, skip);
	write_bytes(&w, name, length);
	return writer_offset(&w);
}

static void append(struct reply *reply, const uint8_t *name, uint16_t type, size_t skip)
{
	uint8_t wire[512];
	uint16_t first = 0;
	struct rrset set = {.wire = wire, .type = type, .count = 1};
	set.size = (uint32_t)build(wire, type, skip, name);
	struct reply_mark mark = reply_mark(reply);
	struct owner owner = {.name = name, .offset = reply->counts[0] ? DNS_HEADER : 0};
	if (reply_rrset(reply, SECTION_ANSWER, owner, &set, 60, &first)) {
		owner = (struct owner){.name = name, .offset = first};
		reply_record(reply, SECTION_ANSWER, owner, TYPE_A, CLASS_IN, 60, "\300\0\2\1", 4);
	}
	if (type == TYPE_PTR)
		reply_rewind(reply, mark);
}

static void fill(struct reply *reply, const uint8_t *name)
{
	append(reply, name, TYPE_NS, 0);
	append(reply, name, TYPE_PTR, 0);
	append(reply, other, TYPE_MX, 2);
	append(reply, name, TYPE_SRV, 6);
	append(reply, other + 4, TYPE_CNAME, 0);
	if (name[0])
		append(reply, name + name[0] + 1, TYPE_NS, 0);
}

static void check_query(const struct query *query)
{
	if (query->question) {
		uint8_t name[NAME_BYTES];
		char text[NAME_TEXT_MAX], again[NAME_TEXT_MAX];
		const char *why;
		struct name_labels labels;
		MUST(name_length(query->qname) == query->qname_length);
		name_split(&labels, query->lower, 7);
		MUST(labels.hash[0] == name_hash(query->lower, 7));
		name_format(query->qname, text);
		MUST(name_parse(name, text, strlen(text), NULL, &why) == query->qname_length);
		MUST(memcmp(name, query->qname, query->qname_length) == 0);
		MUST(strcmp(name_format(name, again), text) == 0);
	}
	if (query->subnet.present) {
		struct addr masked = query->subnet.address;
		addr_mask(&masked, query->subnet.source);
		MUST(addr_equal(&masked, &query->subnet.address));
	}
}

static void answer(const struct query *query, enum query_verdict verdict, size_t limit)
{
	static uint8_t out[UINT16_MAX];
	static const struct cookie_secrets secrets = {.count = 1};
	static const struct addr client = {.family = ADDR_V4, .bytes = {192, 0, 2, 1}};
	uint8_t cookie[COOKIE_BYTES];
	struct reply reply;
	struct edns_reply edns = {
	        .payload = 1232, .dnssec_ok = query->dnssec_ok, .subnet = true, .scope = 24, .ede = -1};
	edns.nsid = query->nsid ? other : NULL;
	edns.nsid_length = 4;
	edns.keepalive = query->keepalive;
	edns.expire = query->expire;
	edns.padding = query->padding ? 128 : 0;
	if (query->cookie) {
		cookie_check(&secrets, query->cookie, query->cookie_length, &client, 1);
		cookie_make(cookie, &secrets, query->cookie, &client, 1);
		edns.cookie = cookie;
		edns.cookie_length = sizeof cookie;
	}

	reply_start(&reply, out, limit, query, query->edns ? reply_opt_size(&edns, query) : 0);
	reply.rcode = (uint16_t)query_rcode(verdict);
	if (verdict == QUERY_OK)
		fill(&reply, query->qname);
	size_t done = reply_finish(&reply, query, query->edns ? &edns : NULL);

	struct message message;
	const char *why;
	MUST(done <= limit);
	MUST(message_check(out, done, &why));
	MUST(message_open(&message, out, done));
	MUST(message.id == query->id && message.flags & FLAG_QR);
	MUST(message_rcode(&message) == query_rcode(verdict) || limit < 512);
}

static void show(const uint8_t *data, size_t size)
{
	struct message message;
	struct message_record record;
	char text[400];
	if (message_open(&message, data, size))
		while (message_next(&message, &record))
			message_format(&message, &record, text, sizeof text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct query query;
	if (size > UINT16_MAX)
		return 0;
	show(data, size);
	enum query_verdict verdict = query_parse(&query, data, size);
	if (verdict == QUERY_DROP)
		return 0;
	check_query(&query);
	answer(&query, verdict, query_limit(&query, 1232));
	answer(&query, verdict, UINT16_MAX);
	answer(&query, verdict, DNS_HEADER + size % 64);
	return 0;
}
