/*
 * shift.h: where the clients of a table go if some data centers cannot be chosen any more, or others can, and how far
 * it is for them then.
 *
 * A client is at the first data center of its order that may be chosen. One walk over the table in step with the
 * databases. Builder thread, or offline.
 */
#ifndef MERIDIAN_GEO_SHIFT_H
#define MERIDIAN_GEO_SHIFT_H

#include "geo/census.h"
#include "geo/map.h"

/* What several shifts rest on: who is where. */
struct shift_ground;
/* By a database that was not released, and a log (NULL: none); both are borrowed. */
struct shift_ground *shift_ground_new(const struct geodb *db, const struct query_log *log);
void shift_ground_free(struct shift_ground *ground);

#define SHIFT_PLACES 64
#define SHIFT_NOBODY SHIFT_PLACES /* in place of a position: none is left */

struct shift_question {
	const struct map_table *table;      /* NULL: one order for every client */
	const uint8_t *order;               /* then: positions, best first */
	unsigned count;                     /* positions in all, at most SHIFT_PLACES */
	struct datacenter const *const *at; /* by position; NULL: nowhere */
	uint64_t before, after;             /* positions that may be chosen, a bit each */
};

/* Clients who go the same way. */
struct shift_way {
	uint8_t from, to;
	uint8_t then; /* where they go if `to` fails as well */
	double share[GEO_FAMILIES];
};

/* Kilometres; NAN where nothing is known. */
struct shift_distance {
	double mean, median;
};
enum shift_who { SHIFT_ALL, SHIFT_MOVED, SHIFT_WHOS };

/* All shares are of the clients of the family. Whose place, or whose data center's, is not known has no distance; nor
 * is there one for anybody where nobody moves. */
struct shift {
	bool counted[GEO_FAMILIES];  /* there are clients */
	double weight[GEO_FAMILIES]; /* part of the address space, or of the log's total */
	struct shift_way *ways;      /* each once */
	size_t count;
	struct {
		struct shift_distance before, after;
	} distance[GEO_FAMILIES][SHIFT_WHOS];
};

/* Costs a walk over the table, some hundred milliseconds for a city file; without a table some tens. */
void shift_find(struct shift *shift, struct shift_ground *ground, const struct shift_question *question);
void shift_free(struct shift *shift);

#endif
