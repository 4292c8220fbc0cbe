/*
 * table.h: what map_find reads, for one set of data centers.
 *
 * Built by map.c, then const. What is shared with the map (the complete table, where a set has none of its own)
 * stands here by value, so that a query goes through no further pointer.
 */
#ifndef MERIDIAN_GEO_TABLE_H
#define MERIDIAN_GEO_TABLE_H

#include "geo/geodb.h"
#include "geo/order.h"
#include "geo/poptrie.h"

struct map_table {
	struct poptrie clients[GEO_FAMILIES];
	struct poptrie resolvers[GEO_FAMILIES]; /* `resolver` rules; order 0: none; direct NULL: no such rules */
	struct order_table orders;              /* positions in the set */
	const uint32_t *names;    /* number in the complete table → number in `orders`; NULL: the same */
	struct map_place *places; /* by order; NULL: not ranked */
	bool counts_bits;         /* the processor has an instruction for it */
	uint64_t size;
};

/* The table of set `i`, to be added to while the map is built. */
struct map_table *map_table_take(struct map *map, size_t set);

#endif
