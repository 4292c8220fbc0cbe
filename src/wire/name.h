/*
 * name.h: domain names in wire form (RFC 1035 3.1), never compressed here.
 *
 * A wire name is its labels, each behind its length, and the root's 0: 1 to 255
 * bytes. Text is RFC 1035 5.1 (\DDD and \X escapes); a name without the final
 * dot is relative to an origin. Comparing ignores case (RFC 4343); hashes are of
 * names in lower case. No function reads a byte behind the name, so names need no
 * padding. Pure; any thread.
 */
#ifndef MERIDIAN_WIRE_NAME_H
#define MERIDIAN_WIRE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_BYTES 255     /* longest wire name */
#define NAME_LABELS 127    /* most labels, the root not counted */
#define NAME_TEXT_MAX 1024 /* room for any name as text with its final 0 */

/* A name taken apart once: where its labels start, and the hash of each suffix. */
struct name_labels {
	uint8_t count;                  /* labels, the root not counted */
	uint8_t at[NAME_LABELS + 1];    /* offset of label i; at[count] is the root's 0 */
	uint64_t hash[NAME_LABELS + 1]; /* hash of the suffix from label i; hash[count] is the root's */
};

/* Length in bytes with the root's 0; `name` must be valid. */
size_t name_length(const uint8_t *name);
/* Labels without the root. */
unsigned name_label_count(const uint8_t *name);

/* Reads text into `name`; returns its wire length, or 0 with *why set to what is wrong (a constant string, no full
 * stop). `origin` NULL: a relative name is completed with the root. With an origin, `@` alone is the origin. A blank, a
 * control or a byte that is not ASCII is refused unless it is escaped. */
size_t name_parse(
        uint8_t name[NAME_BYTES], const char *text, size_t text_length, const uint8_t *origin, const char **why);
/* Writes it with its final dot, escaped; returns `text`. */
const char *name_format(const uint8_t *name, char text[NAME_TEXT_MAX]);

/* Copies `length` bytes of a name in lower case (ASCII only). `to` may be `from`. */
void name_lower(uint8_t *to, const uint8_t *from, size_t length);
/* Same name, case ignored. */
bool name_equal(const uint8_t *a, const uint8_t *b);
/* Is `name` at or below `ancestor`? Case ignored. */
bool name_is_within(const uint8_t *name, const uint8_t *ancestor);
/* Canonical order (RFC 4034 6.1): negative, 0 or positive. */
int name_compare(const uint8_t *a, const uint8_t *b);

/* Takes a lower-case name apart. Equal suffixes under one seed have equal hashes, whatever stands before them. */
void name_split(struct name_labels *labels, const uint8_t *lower, uint64_t seed);
/* The same for a name whose labels are counted, and where they start known, already. */
void name_hash_labels(struct name_labels *labels, const uint8_t *lower, uint64_t seed);
/* The hash of a whole lower-case name; the same as name_split's hash[0]. */
uint64_t name_hash(const uint8_t *lower, uint64_t seed);

#endif
