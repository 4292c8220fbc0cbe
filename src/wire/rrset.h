/*
 * rrset.h: a record set as it is sent, and the table of record types.
 *
 * `wire` holds `count` records without their owners, each: TYPE CLASS TTL
 * RDLENGTH RDATA, names in RDATA uncompressed, in the order of the zone file.
 * Immutable once built; whoever built it owns it (a zone's arena, the board).
 */
#ifndef MERIDIAN_WIRE_RRSET_H
#define MERIDIAN_WIRE_RRSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node; /* zone/zone.h */

struct rrset {
	const uint8_t *wire;
	uint32_t size; /* bytes of `wire` */
	uint32_t ttl;  /* seconds, 0..2^31-1 */
	uint16_t type; /* host order */
	uint16_t count;
	const struct node *const *targets; /* one a record: the node of the same zone that the record's name leads to
	                                      (NS, MX, SRV, SVCB …), a wildcard where one stands for it, and that holds
	                                      addresses (SVCB, HTTPS: or a set of their type), or NULL; NULL if no
	                                      record has one */
	const struct rrset *signatures;    /* the RRSIG set that covers this one, or NULL */
};

#define RR_HEADER 10 /* bytes of TYPE CLASS TTL RDLENGTH */

/* Types that code names; the full table is behind rrtype_*. */
enum {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_SIG = 24,
	TYPE_KEY = 25,
	TYPE_AAAA = 28,
	TYPE_NXT = 30,
	TYPE_SRV = 33,
	TYPE_NAPTR = 35,
	TYPE_DNAME = 39,
	TYPE_OPT = 41,
	TYPE_DS = 43,
	TYPE_RRSIG = 46,
	TYPE_NSEC = 47,
	TYPE_DNSKEY = 48,
	TYPE_NSEC3 = 50,
	TYPE_NSEC3PARAM = 51,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
	TYPE_NXNAME = 128,
	TYPE_TKEY = 249,
	TYPE_TSIG = 250,
	TYPE_IXFR = 251,
	TYPE_AXFR = 252,
	TYPE_MAILB = 253,
	TYPE_MAILA = 254,
	TYPE_ANY = 255
};
enum { CLASS_IN = 1, CLASS_CH = 3, CLASS_NONE = 254, CLASS_ANY = 255 };

/* Where names stand in RDATA, for compression (RFC 3597 4 lets only RFC 1035's types be compressed). */
struct rrtype {
	uint16_t type;
	const char *name;
	uint8_t skip;        /* bytes before the first name */
	uint8_t names;       /* names that may be compressed */
	bool meta;           /* a question or packet type, never in a zone (RFC 6895 3.1) */
	uint8_t target_skip; /* where `has_target`: bytes before the name that the additional section follows */
	bool has_target;     /* NS MX SRV SVCB HTTPS … */
};

/* The type's row; a static row without names for one not in the table. Constant time. */
const struct rrtype *rrtype_get(uint16_t type);
/* "A", "TYPE65400"; false if `text` is neither. Case ignored. */
bool rrtype_parse(uint16_t *type, const char *text);
/* Writes the type's name or TYPEn; returns `text`. */
const char *rrtype_format(uint16_t type, char text[16]);

/* "NOERROR" … "BADCOOKIE", "RCODE77" for one without a name. */
const char *rcode_format(unsigned rcode, char text[16]);

#endif
