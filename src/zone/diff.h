/*
 * diff.h: what changed between two versions of a zone, for incremental transfers (RFC 1995).
 *
 * A diff holds copies of its records, so that it outlives both versions, and a reference on the one before it: a chain,
 * newest first. Immutable once made; reference counts are atomic, so that a transfer may hold a chain on another
 * thread.
 */
#ifndef MERIDIAN_ZONE_DIFF_H
#define MERIDIAN_ZONE_DIFF_H

#include "zone/zone.h"

#define DIFFS_MAX 64 /* of a chain; a longer one loses its older half: who is that far behind gets the whole zone */

/* Records of one owner and type. */
struct change {
	const uint8_t *owner; /* wire form */
	struct rrset set;
};

struct zone_diff {
	struct arena *arena;
	uint32_t from, to; /* serials */
	struct change old_soa, new_soa;
	const struct change *removed, *added; /* without the SOAs */
	uint32_t removed_count, added_count;
	uint64_t size, total;     /* bytes of wire data; of the whole chain */
	struct zone_diff *before; /* leads to `from`; NULL: not known */
	uint32_t length;          /* of the chain, this one included */
	_Atomic uint32_t references;
};

/* The chain that leads to `now`: a new diff on top of `before` (a chain that leads to `old`, may be NULL; not taken
 * over), or of its newer half where all of it would be larger than the zone, which then is the shorter road. NULL where
 * the versions cannot be told apart by serial (it must go up, RFC 1982), or where the diff would be larger than the
 * zone. Builder thread. */
struct zone_diff *zone_diff_make(const struct zone *old, const struct zone *now, struct zone_diff *before);
/* Do both hold the same records, the SOA too? */
bool zone_diff_none(const struct zone *a, const struct zone *b);
struct zone_diff *zone_diff_hold(struct zone_diff *diff);
/* NULL is allowed. */
void zone_diff_release(struct zone_diff *diff);

/* Is serial `a` before `b` (RFC 1982 3.2)? */
static inline bool serial_before(uint32_t a, uint32_t b)
{
	return a != b && b - a < UINT32_C(1) << 31;
}

#endif
