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

enum { RCODE_NOERROR = 0, RCODE_FORMERR = 1, RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3, RCODE_NOTIMP = 4, RCODE_REFUSED = 5,
	RCODE_YXDOMAIN = 6, RCODE_NOTAUTH = 9, RCODE_BADVERS = 16, RCODE_BADCOOKIE = 23 };
enum { OPCODE_QUERY = 0, OPCODE_IQUERY = 1, OPCODE_STATUS = 2, OPCODE_NOTIFY = 4, OPCODE_UPDATE = 5 };

/* What a packet deserves. But for QUERY_DROP an answer is due, with the rcode that the verdict names. */
enum query_verdict {
	QUERY_OK,
	QUERY_DROP,    /* under 12 bytes, or QR = 1 (RFC 8906: never answer a response) */
	QUERY_FORMERR,
	QUERY_NOTIMP,  /* an opcode other than QUERY */
	QUERY_BADVERS, /* EDNS version over 0 (RFC 6891 6.1.3) */
};

/* The client subnet option (RFC 7871 6). `present` also for a source length of 0. */
struct client_subnet {
	bool present;
	uint8_t source;      /* source prefix length */
	struct addr address; /* host bits are zero; ADDR_NONE never */
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
	uint8_t lower[NAME_BYTES + 9]; /* qname in lower case, padded for word-wise reads */

	/* EDNS (RFC 6891) */
	bool edns;
	bool dnssec_ok;
	uint8_t edns_version;
	uint16_t payload; /* the client's UDP payload size as it came; 512 without EDNS */
	bool nsid;        /* RFC 5001 */
	bool keepalive;   /* RFC 7828 */
	bool padding;     /* RFC 7830 */
	struct client_subnet subnet;
	const uint8_t *cookie; /* client cookie, then server cookie (RFC 7873); NULL: none */
	uint8_t cookie_length; /* 8, or 16..40 */

	/* TSIG (RFC 8945), where the last record is one: its offset in the packet; 0: none */
	uint16_t tsig;
};

/* Parses a packet. What stands in *query is valid as far as `question` and `edns` say, whatever the verdict. Names in
 * the question must not be compressed. QDCOUNT must be 1, ANCOUNT and NSCOUNT 0 (IXFR: NSCOUNT 1), one OPT at most and only in the additional
 * section; a malformed ECS, cookie or option list is FORMERR; trailing bytes are FORMERR. */
enum query_verdict query_parse(struct query *query, const uint8_t *packet, size_t size);

#endif
