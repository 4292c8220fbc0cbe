/*
 * rdata.h: record data, from text to wire.
 *
 * Which fields a type has is ldns' table's word (with ours for what it lacks);
 * fields that are common, or that ldns takes too lightly, are read here, the
 * rest by ldns. Every type may be written as `\# length hex` (RFC 3597 5), and
 * is then checked as closely as its fields allow. Builder thread.
 */
#ifndef MERIDIAN_ZONE_RDATA_H
#define MERIDIAN_ZONE_RDATA_H

#include "base/cursor.h"
#include "zone/scan.h"

#define RDATA_BYTES 65535
#define RDATA_TEXT 0x30000 /* longest text that the fields of one record may have together */

/* One record's data being read; big, so kept on the heap and used again. */
struct rdata {
	const struct token *tokens; /* what follows the type */
	uint32_t count, at;         /* `at`: the next to be read */
	const uint8_t *origin;      /* of relative names, wire form */
	uint16_t type;
	struct writer w; /* over `bytes` */
	uint32_t fault;  /* after a failure: the token at fault; `count`: something is missing at the end */
	char why[256];   /* after a failure: the reason */
	uint8_t bytes[RDATA_BYTES];
	char text[RDATA_TEXT]; /* scratch */
};

/* Reads `count` tokens as data of `type`: its size, or -1 with `fault` and `why` set. */
int rdata_parse(struct rdata *rdata, uint16_t type, const struct token *tokens, uint32_t count, const uint8_t *origin);
/* Is this wire form right for the type: names whole and uncompressed, lengths within it? True for unknown types. */
bool rdata_check(uint16_t type, const uint8_t *bytes, size_t size);

/* For readers of fields (field.c, svcb.c). */

/* The next token, or NULL (and a fault) if there is none; `what` is what was expected. */
const struct token *rdata_next(struct rdata *rdata, const char *what);
/* Sets the fault to the token read last. Returns false. */
bool rdata_fault(struct rdata *rdata, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Reads a token as a whole number of at most `max`. */
bool rdata_number(struct rdata *rdata, uint64_t max, uint64_t *value);
/* A token's bytes without its escapes, into `to`, which has room for its length; its size, or -1 and a fault. */
int rdata_unescape(struct rdata *rdata, const char *text, size_t length, uint8_t *to);
bool rdata_name(struct rdata *rdata);
/* SvcPriority TargetName SvcParams (RFC 9460 2.1). */
bool svcb_parse(struct rdata *rdata);
/* Are the SvcParams in ascending order, each whole and of a right length? */
bool svcb_check(struct reader r);

/* Reads a TTL or time: a number, or numbers with units (1h30m). False if it is neither or over `max`. */
bool seconds_parse(uint32_t *seconds, const struct token *token, uint32_t max);
/* A type by its name or TYPEn, meta types too; false for no type. */
bool type_parse(uint16_t *type, const char *text, size_t length);

#endif
