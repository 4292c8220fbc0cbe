/*
 * field.h: the kinds of fields that record data is made of, by ldns' names for them.
 *
 * rdata.c and its tests use it. Builder thread.
 */
#ifndef MERIDIAN_ZONE_FIELD_H
#define MERIDIAN_ZONE_FIELD_H

#include <ldns/ldns.h>

#include "zone/rdata.h"

/* Kinds of our own, for whole records that ldns does not read, or not rightly. */
enum { FIELD_NXT = 1000, FIELD_IPSECKEY, FIELD_HIP, FIELD_AMTRELAY, FIELD_SVCB };

enum { LAYOUT_FIELDS = 10 };

/* The fields of a type; beyond `listed` the last one repeats. */
struct layout {
	uint16_t type, min, max, listed;
	uint16_t kinds[LAYOUT_FIELDS];
};

/* The fields of a type; false: the type is not known, or its data can only be written as \#. */
bool layout_get(struct layout *layout, uint16_t type);

/* Reads one field, or for some kinds all that is left. */
bool field_parse(struct rdata *rdata, uint16_t kind);
/* Steps over one field in wire form; false if it is not right. */
bool field_check(struct reader *r, uint16_t kind);

#endif
