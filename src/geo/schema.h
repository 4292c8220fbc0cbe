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

/* The record at `offset` of the data section; false if it is damaged. Coordinates that stand for more than 500 km
 * around are left out. */
bool schema_read(struct fact *fact, const uint8_t *data, size_t size, size_t offset);

#endif
