/*
 * snapshot.h: the compiled whole, sealed.
 *
 * Const to all but the compiler. Holds references on its zones, which the next snapshot may share. What is not shared
 * lives in its arena. Built by the builder thread, freed after a grace period.
 */
#ifndef MERIDIAN_SNAP_SNAPSHOT_H
#define MERIDIAN_SNAP_SNAPSHOT_H

#include "geo/map.h"
#include "pool/service.h"
#include "snap/conf.h"
#include "zone/diff.h"
#include "zone/zone.h"

struct geo_unit; /* snap/compile.h */

/* A steered name: a node of a zone and its service. */
struct attachment {
	uint32_t node; /* index + 1; 0: an empty slot */
	uint32_t service;
	uint32_t ttl[FAMILIES]; /* of the zone's A and AAAA there; where only one is there, its TTL; for pools of names
	                           the lowest */
};

/* An SVCB or HTTPS set some of whose hints are addresses of steered names (RFC 9460 7.3). */
struct hinted_set {
	const struct rrset *set;                 /* NULL: an empty slot */
	const struct attachment *const *sources; /* by record: whose addresses its hints are; NULL: as the zone says */
};

struct snapshot_zone {
	struct zone *zone;   /* NULL: could not be loaded and there is no earlier one: SERVFAIL */
	const uint8_t *name; /* lower case */
	uint8_t length;
	struct zone_diff *diffs; /* changes of the last reloads, newest first (a reference); NULL: none known */
	bool stale;              /* the file has an error: the last good data is served */
	bool serial_reused;      /* other data had this serial before: a diff from it would fit only some */
	uint32_t attachment_mask;
	const struct attachment *attachments; /* open addressing by node index; NULL: none */
	uint32_t hint_mask;
	const struct hinted_set *hints; /* open addressing by the set's address; NULL: none */
};

struct snapshot {
	uint64_t generation;
	struct arena *arena;
	uint64_t seed; /* of name hashes; one per process */
	struct conf *conf;
	struct geo_unit *geo;      /* databases and maps; may be shared with other snapshots */
	const struct geodb *geodb; /* of `geo` */
	struct snapshot_zone *zones;
	uint32_t zone_count;
	const struct node_slot *zone_slots; /* by name hash of the apex */
	uint32_t zone_mask;
	uint64_t zone_labels[2]; /* bit n: some apex has n labels */
	struct steering steering;
	const struct map_table *const *service_tables; /* by service; NULL under `order` */
};

/* The most specific zone that a lower-case name, taken apart, lies in, its first `skip` labels not counted; NULL: none.
 */
const struct snapshot_zone *snapshot_zone_find(
        const struct snapshot *snapshot, const uint8_t *lower, const struct name_labels *labels, unsigned skip);

/* Where the search for a node's attachment begins, before the mask. */
static inline uint32_t attachment_slot(uint32_t node)
{
	return node * 0x9e3779b1u >> 7;
}

/* The service attached to a node, or NULL. */
static inline const struct attachment *snapshot_attachment(const struct snapshot_zone *zone, const struct node *node)
{
	if (!zone->attachments)
		return 0;
	uint32_t wanted = node->index + 1;
	for (uint32_t slot = attachment_slot(wanted);; slot++) {
		const struct attachment *attachment = &zone->attachments[slot & zone->attachment_mask];
		if (attachment->node == wanted)
			return attachment;
		if (!attachment->node)
			return 0;
	}
}

/* Where the search for a set's hints begins, before the mask. */
static inline uint32_t hint_slot(const struct rrset *set)
{
	return (uint32_t)((uintptr_t)set / sizeof *set) * 0x9e3779b1u >> 7;
}

/* By record of a set of a zone: the steered name whose addresses its hints are; NULL: the set is as the zone says. */
static inline const struct attachment *const *snapshot_hints(const struct snapshot_zone *zone, const struct rrset *set)
{
	if (!zone->hints)
		return NULL;
	for (uint32_t slot = hint_slot(set);; slot++) {
		const struct hinted_set *hinted = &zone->hints[slot & zone->hint_mask];
		if (hinted->set == set)
			return hinted->sources;
		if (!hinted->set)
			return NULL;
	}
}

/* Reads all files that `path` names, checks and compiles them. `previous` (may be NULL) gives zones that did not change
 * or whose new text is bad, and its tables where nothing changed. NULL if the unit (all but the zones) has an error, or
 * any file under `strict`, or, without `previous`, no zone could be loaded. Every error is in `err`, whatever is
 * returned. Builder thread. */
struct snapshot *snapshot_build(const char *path, const struct snapshot *previous, uint64_t seed, struct err *err);
/* The same; `accept`: however many clients of a map with `max-move` move; `keep`: the facts of the databases stay in
 * memory, for who looks at a snapshot that will not serve. */
struct snapshot_request {
	const char *path;
	const struct snapshot *previous;
	uint64_t seed;
	bool accept, keep;
};
struct snapshot *snapshot_make(const struct snapshot_request *request, struct err *err);
void snapshot_free(struct snapshot *snapshot);

#endif
