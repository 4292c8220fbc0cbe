/*
 * query.h: a packet that came in → a query, or the verdict on it.
 *
 * Cheap header checks come first; nothing is allocated. The query borrows the
 * packet. Pure; any thread.
 */
#ifndef MERIDIAN_WIRE_QUERY_H
#define MERIDIAN_WIRE_QUERY_H

#include "base/addr.h"
#include "wire/name.h"

#define DNS_HEADER 12

enum {
	RCODE_NOERROR = 0,
	RCODE_FORMERR = 1,
	RCODE_SERVFAIL = 2,
	RCODE_NXDOMAIN = 3,
	RCODE_NOTIMP = 4,
	RCODE_REFUSED = 5,
	RCODE_YXDOMAIN = 6,
	RCODE_NOTAUTH = 9,
	RCODE_BADVERS = 16,
	RCODE_BADCOOKIE = 23
};
enum { OPCODE_QUERY = 0, OPCODE_IQUERY = 1, OPCODE_STATUS = 2, OPCODE_NOTIFY = 4, OPCODE_UPDATE = 5 };

/* What a packet deserves. But for QUERY_DROP an answer is due, with the rcode that the verdict names. */
enum query_verdict {
	QUERY_OK,
	QUERY_DROP, /* under 12 bytes, or QR = 1 (RFC 8906: never answer a response) */
	QUERY_FORMERR,
	QUERY_NOTIMP,        /* an opcode other than QUERY */
	QUERY_BADVERS,       /* EDNS version over 0 (RFC 6891 6.1.3) */
	QUERY_COOKIE,        /* no question, only a cookie (RFC 7873 5.4): answered empty, with the server's cookie */
	QUERY_BROKEN_COOKIE, /* a good query but for its cookie: FORMERR where cookies are known (RFC 7873 5.2.2) */
};

/* The client subnet option (RFC 7871 6). `present` also for a source length of 0. */
struct client_subnet {
	bool present;
	uint8_t source;      /* source prefix length; 0: the client wants no answer of its own (RFC 7871 7.1.2) */
	uint16_t family;     /* as it came, for the echo: 1, 2, or 0 where source is 0 */
	struct addr address; /* host bits are zero; where `present`, never ADDR_NONE (family 0: 0.0.0.0) */
};

struct query {
	const uint8_t *packet;
	size_t size;
	uint16_t id;
	uint16_t flags; /* the header's second word as it came */
	bool question;  /* qname, qtype, qclass are set: the reply repeats the question */
	uint16_t qtype, qclass;
	const uint8_t *qname; /* in the packet, with the client's case; never compressed */
	uint8_t qname_length;
	struct name_labels labels;     /* of qname, but for the hashes: name_hash_labels makes them */
	uint8_t lower[NAME_BYTES + 9]; /* qname in lower case; bytes behind it are not set */

	/* EDNS (RFC 6891) */
	bool edns;
	bool dnssec_ok;
	uint8_t edns_version;
	uint16_t payload; /* the client's UDP payload size as it came; 512 without EDNS */
	bool nsid;        /* RFC 5001 */
	bool keepalive;   /* RFC 7828 */
	bool padding;     /* RFC 7830 */
	bool expire;      /* RFC 7314 */
	struct client_subnet subnet;
	const uint8_t *cookie; /* client cookie, then server cookie (RFC 7873); NULL: none */
	uint8_t cookie_length; /* 8, or 16..40 */

	/* TSIG (RFC 8945), where the last record is one: its offset in the packet; 0: none */
	uint16_t tsig;
};

/* Parses a packet, in time linear in its size. What stands in *query is valid as far as `question` and `edns` say,
 * whatever the verdict: a FORMERR, NOTIMP or BADVERS is answered with the question and an OPT, where they could be
 * read. But for QUERY_DROP `packet`, `size`, `id` and `flags` are set always. Nothing else of *query is written.
 *
 * QDCOUNT must be 1 (RFC 9619; or QUERY_COOKIE), ANCOUNT 0, NSCOUNT 0 (IXFR: 1, an SOA); the question's name is not
 * compressed; at most one OPT, owned by the root, in the additional section (RFC 6891 6.1.1); a TSIG is the last
 * record, of class ANY (RFC 8945 5.1); a malformed ECS (RFC 7871 6), a second one, a malformed option list, and
 * trailing bytes are FORMERR. Other additional records and unknown options are passed over. Of several cookies the
 * first counts (RFC 7873 5.2). For opcodes other than QUERY the verdict is NOTIMP, whatever follows. A `payload` under
 * 512 counts as 512 (RFC 6891 6.2.3): query_limit. */
enum query_verdict query_parse(struct query *query, const uint8_t *packet, size_t size);

/* The rcode that a verdict calls for; for QUERY_OK and QUERY_COOKIE it is NOERROR. Not for QUERY_DROP. */
static inline unsigned query_rcode(enum query_verdict verdict)
{
	static const uint8_t rcodes[] = {[QUERY_FORMERR] = RCODE_FORMERR,
	        [QUERY_NOTIMP] = RCODE_NOTIMP,
	        [QUERY_BADVERS] = RCODE_BADVERS,
	        [QUERY_COOKIE] = RCODE_NOERROR,
	        [QUERY_BROKEN_COOKIE] = RCODE_FORMERR};
	return rcodes[verdict];
}

/* The most bytes that the client takes in one UDP reply, at most `ours` (≥ 512). */
static inline size_t query_limit(const struct query *query, size_t ours)
{
	size_t theirs = query->payload < 512 ? 512 : query->payload;
	return theirs < ours ? theirs : ours;
}

#endif
