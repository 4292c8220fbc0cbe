/*
 * pick.h: which pool and which members a query gets. The query path: no allocation, no lock.
 */
#ifndef MERIDIAN_POOL_PICK_H
#define MERIDIAN_POOL_PICK_H

#include "pool/board.h"

enum pick_verdict { PICK_POOL, PICK_NODATA, PICK_SERVFAIL };

struct pick {
	enum pick_verdict verdict;
	uint8_t pool; /* position, where PICK_POOL */
};

/* The first of `order` (positions) that may be chosen for `family`. Where that pool has no members of the family:
 * PICK_NODATA with `pool` set. */
struct pick pick_pool(
        const struct board *board, uint32_t service, unsigned family, const uint8_t *order, unsigned count);

/* The longest TTL, in seconds, that an answer of the service may have, since it may change then; UINT32_MAX: no bound.
 */
uint32_t pick_ttl(const struct board *board, uint32_t service);

/* What most queries are given, by one look at the board. */
struct glance {
	const struct rrset *set; /* all members of the pool, wire-ready; NULL: pick_pool_for and pick_members have to
	                            tell */
	uint32_t ttl_max;        /* as pick_ttl says */
	uint8_t pool;            /* position, where there is a set */
};
struct glance pick_glance(
        const struct board *board, uint32_t service, unsigned family, const uint8_t *order, unsigned count);

/* Who asks, where ramps and spill decide by the client's prefix. */
struct asker {
	const struct addr *client;
	/* Where this client stands among those of its first choice, those who lose least by moving last: `start` and
	 * the room after it, both of 65536 (see map_place). */
	uint16_t start, span;
};

/* The same, but pools that are on a return ramp, and those in a data center that is nearly full, are given only to
 * their share of the clients. */
struct pick pick_pool_for(const struct board *board, uint32_t service, unsigned family, const uint8_t *order,
        unsigned count, const struct asker *asker);

/* Why pick_pool_for passes over a pool that may be chosen (for explain). */
enum limit { LIMIT_NONE, LIMIT_RAMP, LIMIT_SPILL, LIMIT_NO_ROOM };
enum limit pick_limit(
        const struct board *board, uint32_t service, unsigned family, unsigned pool, const struct asker *asker);

/* What the members of the pool give. */
struct given {
	const struct rrset *set; /* all of them, wire-ready: nothing else to do; or NULL and … */
	uint16_t count;
	uint16_t member[64]; /* … these indexes into the pool's members of the family */
};

/* The members that are given to a client: the healthy ones (never none), `answer` of them by weight, or by weighted
 * rendezvous hash of the client's prefix where the service is sticky. `random` is the thread's own generator (used
 * where a choice is neither all nor sticky). *hashed gets the prefix length that was hashed (0: none), for the least
 * scope. */
void pick_members(struct given *given, const struct board *board, uint32_t service, unsigned pool, unsigned family,
        const struct addr *client, uint64_t *random, uint8_t *hashed);

#endif
