/*
 * trace.h: what the walk of a query decided, for explain.
 *
 * Filled by the very code that answers, when a trace is given; queries of clients bring none. Borrowed pointers
 * live as long as the live data does.
 */
#ifndef MERIDIAN_ANSWER_TRACE_H
#define MERIDIAN_ANSWER_TRACE_H

#include <stdbool.h>

#include "base/addr.h"
#include "pool/pick.h"

struct snapshot_zone;

struct trace {
	const struct snapshot_zone *zone; /* the query name's; NULL: none of ours */
	struct addr steered_for;
	bool resolver;

	/* the first steered set of the answer */
	bool steered;
	uint32_t service;
	unsigned family;
	uint8_t order[POOLS_MAX]; /* positions of pools, best first */
	uint8_t order_count;
	enum limit limits[POOLS_MAX]; /* by place in the order: why a pool that may be chosen passes this client over */
	enum pick_verdict verdict;
	uint8_t pool;           /* position, where one was chosen */
	uint32_t ttl, full_ttl; /* as given; as it is while nothing is about to change */
	uint8_t scope;          /* the table's, or the hash's where that is longer */
	uint8_t map_scope;      /* the table's */
	uint8_t sticky;         /* prefix length that is hashed for the choice of members; 0: none */
	struct given given;     /* the members, where a pool of addresses was chosen */
	uint8_t hashed;         /* prefix length that is hashed for sticky choices, ramps and spill; 0: none */
};

#endif
