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
