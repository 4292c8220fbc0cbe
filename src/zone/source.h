/*
 * source.h: the text files of one zone, and places in them.
 *
 * A place is an offset into a text. Line and column are worked out only when
 * something has to be said about it, by counting: they cannot drift. Owned by
 * one load; builder thread.
 */
#ifndef MERIDIAN_ZONE_SOURCE_H
#define MERIDIAN_ZONE_SOURCE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define SOURCES_MAX 10000 /* files read for one zone, an included one counted each time */
#define SOURCE_BLOCK 32768
#define SOURCE_BYTES_MAX 0xfffffff0u /* of one file, and of all together */

struct source {
	const char *path; /* as it was named; in the arena of the sources */
	char *text;       /* ends with a 0 that is not part of it */
	uint32_t size;
	uint32_t *lines; /* the line on which each block of SOURCE_BLOCK bytes starts; NULL until one is asked for */
};

struct sources {
	struct arena *arena; /* borrowed: of the zone */
	struct source **list;
	uint32_t count, room;
	uint64_t bytes;
};

struct place {
	struct source *source;
	uint32_t offset, width; /* bytes to underline */
};

/* Reads a file, named at `at` (its source NULL: by the caller). Returns its index, or -1 and an error. */
int source_open(struct sources *sources, const char *path, struct place at, struct err *err);
/* Closes all but the first `count`. */
void sources_keep(struct sources *sources, uint32_t count);
/* Frees the texts and the list; the paths live on in the arena. */
void sources_close(struct sources *sources);

/* The SHA-256 of all texts, in the order in which they were opened, each behind its size. */
void sources_digest(const struct sources *sources, uint8_t digest[32]);

/* Is there still room for one more of the level? Where not, only counts grow, and its place need not be worked out. */
bool place_wanted(const struct err *err, enum err_level level);
/* Where a place is, in the form of err_add. */
struct err_at place_at(struct place place);
/* Adds an error or a warning about a place. */
void place_report(struct err *err, enum err_level level, struct place place, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

#endif
