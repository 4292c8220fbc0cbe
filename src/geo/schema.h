/*
 * schema.h: a record of a MaxMind DB file → a fact, whichever schema it follows.
 *
 * The fields are recognised by their names, never by the database's type: MaxMind's nested ones and the flat ones of
 * free databases, in one table in schema.c. Records are hostile: every step is bounded, and a damaged record is told
 * from one that knows nothing. Any thread.
 */
#ifndef MERIDIAN_GEO_SCHEMA_H
#define MERIDIAN_GEO_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "geo/fact.h"

/* The data section of one file. Its records name their fields by pointers to a few keys, which are remembered. */
struct schema {
	const uint8_t *data;
	size_t size;
	struct schema_key {
		uint32_t pointer; /* + 1; 0: free */
		uint8_t place;
		const struct field *field; /* NULL: means nothing to us */
	} keys[64];
};

static inline struct schema schema_of(const uint8_t *data, size_t size)
{
	return (struct schema){.data = data, .size = size};
}

/* The record at `offset` of the data section; false if it is damaged. Coordinates that stand for more than 500 km
 * around are left out. */
bool schema_read(struct schema *schema, size_t offset, struct fact *fact);

#endif
