/*
 * scan.h: a master file's text, taken apart into entries (RFC 1035 5.1).
 *
 * An entry is the tokens of one line, or of several that ( ) join: comments,
 * blanks and parentheses are gone, quotes and escapes still as written. Tokens
 * point into the source's text. Builder thread.
 */
#ifndef MERIDIAN_ZONE_SCAN_H
#define MERIDIAN_ZONE_SCAN_H

#include <stdbool.h>

#include "zone/source.h"

enum {
	TOKEN_QUOTED = 1,  /* stood in quotes, which are not part of `text` */
	TOKEN_ESCAPED = 2, /* has a backslash */
	TOKEN_MIXED = 4,   /* has a quoted part inside, as in alpn="h2,h3" (RFC 9460 2.1) */
};

struct token {
	const char *text;
	uint32_t length;
	uint8_t flags; /* TOKEN_… */
};

struct entry {
	struct token *tokens; /* freed by entry_free */
	uint32_t count, room;
	bool blank; /* starts with a blank: the owner is that of the entry before */
};

struct scan {
	struct source *source;
	const char *at, *end;
};

enum scan_result {
	SCAN_ENTRY,
	SCAN_BAD,     /* an entry with an error, which is reported: go on */
	SCAN_END,     /* no more entries */
	SCAN_GARBAGE, /* no text file; reported */
};

void scan_start(struct scan *scan, struct source *source);
/* Reads the next entry into `entry`, whose memory is used again. */
enum scan_result scan_next(struct scan *scan, struct entry *entry, struct err *err);
void entry_free(struct entry *entry);

/* The place of a token, its quote included. */
struct place token_place(struct source *source, const struct token *token);

#endif
