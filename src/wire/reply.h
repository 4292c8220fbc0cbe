/*
 * reply.h: an answer being written: header, question, then records, section by section.
 *
 * A sticky overflow: what does not fit is not written, and reply_full tells.
 * Names are compressed against all that was written before. Nothing allocates.
 * One thread owns a reply; it lives on its stack.
 */
#ifndef MERIDIAN_WIRE_REPLY_H
#define MERIDIAN_WIRE_REPLY_H

#include "base/cursor.h"
#include "wire/query.h"
#include "wire/rrset.h"

enum section { SECTION_ANSWER = 1, SECTION_AUTHORITY = 2, SECTION_ADDITIONAL = 3 };

#define REPLY_NAMES 192    /* places remembered for compression; beyond it names are just less compressed */
#define REPLY_REACH 0x4000 /* to where pointers lead: they have 14 bits (RFC 1035 4.1.4) */
#define REPLY_BUCKETS 64   /* heads of their chains */

/* A label in the reply to which a pointer can lead: below offset 0x4000 (RFC 1035 4.1.4). */
struct reply_name {
	uint16_t offset;
	uint16_t hash; /* of the name that starts there */
	uint8_t next;  /* older place of the same bucket, + 1; 0: none */
};

struct reply {
	struct writer w;               /* ends where the reserve begins */
	uint16_t counts[4];            /* QD AN NS AR */
	uint16_t flags;                /* header flags without the rcode */
	uint16_t rcode;                /* 12 bits */
	uint16_t reserved;             /* bytes kept free at the end, for OPT */
	uint16_t places;               /* used of `place`; the rest is not set */
	bool exact;                    /* compress without a change of case (RFC 5936 3.4); reply_start sets false */
	bool full;                     /* something did not fit, since the start or the last reply_rewind */
	uint8_t bucket[REPLY_BUCKETS]; /* newest place of each, + 1; set once there are places */
	struct reply_name place[REPLY_NAMES];
};

/* The owner of records: where it stands in the reply already (12 is the query name; below 0x4000), or 0 and the name
 * itself, in any case; it is compressed. */
struct owner {
	const uint8_t *name;
	uint16_t offset;
};

/* A point to go back to, when a set does not fit. */
struct reply_mark {
	uint16_t offset, places, counts[4];
};

#define FLAG_QR 0x8000
#define FLAG_AA 0x0400
#define FLAG_TC 0x0200
#define FLAG_RD 0x0100
#define FLAG_RA 0x0080
#define FLAG_AD 0x0020
#define FLAG_CD 0x0010
#define FLAG_OPCODE 0x7800

/* Starts a reply of at most `limit` bytes in `out` (12 ≤ limit ≤ 65535): header space and, where the query has one, its
 * question with the client's case. Flags: QR, and the query's opcode and RD (not CD: RFC 4035 3.1.6); the rcode is
 * NOERROR. `reserve` bytes stay free for OPT (reply_opt_size); if the question and they do not fit, OPT is left out,
 * then the question. */
void reply_start(struct reply *reply, uint8_t *out, size_t limit, const struct query *query, size_t reserve);

/* Appends a whole set under `owner` with `ttl` (the set's own is not looked at). All or nothing: false, and nothing
 * written, if it does not fit; a smaller set may still fit afterwards.
 * `first`, where not NULL, gets for each record the offset in the reply of the name in its RDATA that the additional
 * section follows (`has_target`) or else of the first compressible one, to be the owner of what follows (0: none, or
 * beyond 0x3fff: give the name itself); it has room for `set->count`. */
bool reply_rrset(struct reply *reply, enum section section, struct owner owner, const struct rrset *set, uint32_t ttl,
        uint16_t *first);
/* Appends one record, its RDATA given and never compressed; all or nothing. */
bool reply_record(struct reply *reply, enum section section, struct owner owner, uint16_t type, uint16_t class,
        uint32_t ttl, const void *rdata, size_t size);
/* The same in pieces: begin; RDATA, written to reply->w without compression; end; for each record of a set, and then
 * settle, which is false and takes all of it back to `mark` if it did not fit. Begin returns the offset of RDATA; the
 * owner of the next records is a pointer. */
size_t reply_record_begin(struct reply *reply, struct owner *owner, uint16_t type, uint16_t class, uint32_t ttl);
void reply_record_end(struct reply *reply, size_t rdata);
bool reply_settle(struct reply *reply, struct reply_mark mark, enum section section, unsigned records);
/* Appends a CNAME of class IN that leads to `target`, compressed; *at gets the offset of the target in the reply, 0
 * where no pointer reaches it. */
bool reply_cname(struct reply *reply, struct owner owner, uint32_t ttl, const uint8_t *target, uint16_t *at);

/* Has something been left out since the start or the last rewind? */
static inline bool reply_full(const struct reply *reply)
{
	return reply->full;
}

/* Where the reply stands; going back to a mark takes away all that was written after it. Marks nest; one that lies
 * behind the point gone back to is void. */
struct reply_mark reply_mark(const struct reply *reply);
void reply_rewind(struct reply *reply, struct reply_mark mark);
/* Back to where reply_start left it, but for the flags; `query` is the one that it was given. */
void reply_clear(struct reply *reply, const struct query *query);

/* INFO-CODEs of extended errors that this server tells (RFC 8914 4). */
enum ede {
	EDE_NONE = -1,
	EDE_OTHER = 0,
	EDE_PROHIBITED = 18,
	EDE_NOT_AUTHORITATIVE = 20,
	EDE_NOT_SUPPORTED = 21,
	EDE_INVALID_DATA = 24,
	EDE_INVALID_QUERY_TYPE = 30 /* RFC 9824 9 */
};

/* What OPT carries back. */
struct edns_reply {
	uint16_t payload; /* ours */
	bool dnssec_ok;   /* copied from the query */
	bool subnet;      /* repeat the query's ECS with `scope` */
	uint8_t scope;
	const uint8_t *nsid; /* NULL: none */
	uint8_t nsid_length;
	const uint8_t *cookie; /* client and server cookie together; NULL: none */
	uint8_t cookie_length;
	bool keepalive;
	uint16_t keepalive_timeout; /* in 100 ms */
	bool expire;
	uint32_t expire_after; /* in seconds (RFC 7314) */
	int ede;               /* enum ede; left out where it does not fit */
	const char *ede_text;  /* its EXTRA-TEXT, static; NULL: none */
	uint16_t padding;      /* pad the message to a multiple of so many bytes (RFC 8467: 468), as far as room
	                          allows; 0: none. For encrypted transports, where the query was padded */
};

/* Bytes that the OPT of `edns` takes in answer to `query`, without an extended error, for which nothing is reserved;
 * padding counts with its 4 bytes of head. */
size_t reply_opt_size(const struct edns_reply *edns, const struct query *query);
/* Writes OPT into the reserved bytes, then the header. Returns the size of the whole message. `edns` NULL: no OPT. OPT
 * is the last record; its options stand in the order ECS, NSID, COOKIE, KEEPALIVE, EXPIRE, EDE, PADDING. An extended
 * error that does not fit loses its text, then all of it. An rcode above 15 needs an OPT; without one SERVFAIL is said
 * in its place. */
size_t reply_finish(struct reply *reply, const struct query *query, const struct edns_reply *edns);

#endif
