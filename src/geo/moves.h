/*
 * moves.h: who moves where, if one table takes the place of another.
 *
 * Both tables are walked in step with the census; health plays no part: a client is at the first data center of its
 * order. Data centers of both sides have common numbers, so that one added or removed is told. Builder thread, or
 * offline.
 */
#ifndef MERIDIAN_GEO_MOVES_H
#define MERIDIAN_GEO_MOVES_H

#include "geo/census.h"
#include "geo/map.h"

/* Who answers a service. */
struct moves_side {
	const struct map_table *table; /* NULL: one order for every client */
	const uint8_t *order;          /* then: positions, best first */
	unsigned count;                /* positions in all */
	const uint16_t *names;         /* position → common number */
};

struct move {
	uint16_t from, to, place; /* common numbers; PLACE_… */
	double share[GEO_FAMILIES];
};

/* All shares are of the clients of the family; 0 where there are none. */
struct moves {
	bool counted[GEO_FAMILIES];   /* there are clients */
	double weight[GEO_FAMILIES];  /* part of the address space, or of the log's total */
	double moved[GEO_FAMILIES];   /* to another data center */
	double later[GEO_FAMILIES];   /* stay, but another one follows where the first fails */
	double *before[GEO_FAMILIES]; /* by common number */
	double *after[GEO_FAMILIES];
	struct move *list; /* largest first */
	size_t count;
};

/* `names`: common numbers that there are. */
void moves_find(struct moves *moves, const struct census *census, const struct moves_side *before,
        const struct moves_side *after, unsigned names);
void moves_free(struct moves *moves);

/* A table as a tiling of its orders; the caller frees it. */
struct tiling table_tiling(const struct map_table *table, unsigned family);
/* The number of the order that those get on whom nothing is known. */
uint32_t table_unknown(const struct map_table *table, unsigned family);

#endif
