/*
 * message.h: any DNS message, read record by record. For people and tests, never on the query path.
 *
 * Bytes may be hostile: nothing is read past the end, and a name's pointers must lead back
 * and be 127 at most, so that every walk ends, and soon. Pure; any thread.
 */
#ifndef MERIDIAN_WIRE_MESSAGE_H
#define MERIDIAN_WIRE_MESSAGE_H

#include "wire/reply.h"

struct message {
	const uint8_t *bytes; /* borrowed */
	size_t size;
	uint16_t id, flags, counts[4]; /* QD AN NS AR */
	/* where message_next stands */
	size_t at;
	unsigned section, taken;
	bool bad; /* a record could not be read; there are no more */
};

/* A record, or an entry of the question section (section 0: without TTL and RDATA). */
struct message_record {
	unsigned section; /* 0, or enum section */
	size_t offset;    /* in the message */
	uint8_t owner[NAME_BYTES];
	uint16_t type, class;
	uint32_t ttl;
	size_t rdata; /* offset in the message */
	uint16_t size;
};

/* Starts at the first question; false for less than a header. */
bool message_open(struct message *message, const uint8_t *bytes, size_t size);
/* The next record; false after the last and at one that is broken (`bad`). */
bool message_next(struct message *message, struct message_record *record);

/* Reads the name at `offset`, following pointers, into `name`; returns the offset behind it where it stands, 0 if it is
 * broken: then `name` is no name. */
size_t message_name(const struct message *message, size_t offset, uint8_t name[NAME_BYTES]);
/* The response code with the upper bits of an OPT (RFC 6891 6.1.3). */
unsigned message_rcode(const struct message *message);

/* Is it sound: every record there that the counts promise, nothing behind the last, RDATA of known types in its form,
 * pointers only where RFC 3597 4 lets them be, one OPT at most, in the additional section, under the root? *why (a
 * constant string) says what is not. */
bool message_check(const uint8_t *bytes, size_t size, const char **why);

/* Writes "OWNER TTL CLASS TYPE RDATA" (a question: "OWNER CLASS TYPE"), cut to what fits `room` (at least 1); returns
 * its length. RDATA of known types is near to master file form, of others it is RFC 3597's \# form; OPT is "; edns …".
 */
size_t message_format(const struct message *message, const struct message_record *record, char *text, size_t room);
/* The RDATA alone; at most 4,095 bytes of it. */
size_t message_format_rdata(
        const struct message *message, const struct message_record *record, char *text, size_t room);
/* Is RDATA in its type's form? True for types not known. */
bool message_rdata_good(const struct message *message, const struct message_record *record);

#endif
