/*
 * zone.h: one zone, checked and ready to send.
 *
 * Immutable once loaded, in one arena, so that a snapshot can share it with the
 * next one; reference counts are touched by the builder and control threads
 * only (atomically). Zones know nothing of steering: snap attaches services to
 * nodes by their index.
 */
#ifndef MERIDIAN_ZONE_ZONE_H
#define MERIDIAN_ZONE_ZONE_H

#include <string.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "base/err.h"
#include "wire/name.h"
#include "wire/rrset.h"

enum {
	NODE_CUT = 1,          /* a delegation: NS here, and not the apex */
	NODE_OCCLUDED = 2,     /* below a cut: glue, never authoritative */
	NODE_DNAME = 4,        /* has a DNAME */
	NODE_CNAME = 8,        /* has a CNAME */
	NODE_BELOW_DNAME = 16, /* has a DNAME above it: in a good zone it holds proofs of denial at most */
};

/* A name of the zone, with records or an empty non-terminal. */
struct node {
	const uint8_t *name;         /* lower case, wire form */
	const struct rrset *sets;    /* `set_count` of them, by type */
	const struct node *parent;   /* NULL: the apex */
	const struct node *wildcard; /* its child `*`, or NULL */
	const struct node *cut;      /* the delegation at or above it, or NULL */
	uint32_t index;              /* 0 .. node_count-1; the apex is 0 */
	uint16_t set_count;
	uint8_t length; /* of name, in bytes */
	uint8_t flags;  /* NODE_… */
};

struct node_slot {
	uint32_t tag;  /* high bits of the hash */
	uint32_t node; /* index + 1; 0: empty */
};

struct zone {
	struct arena *arena;
	const char *file;         /* as it was named */
	const char *const *files; /* all that were read, `file` first, in the order in which they were included */
	uint32_t file_count;
	const uint8_t *name; /* of the apex, lower case */
	uint8_t length, labels;
	uint64_t seed;            /* of name_hash */
	const struct node *nodes; /* by index; these and the slots are not in the arena, but owned all the same */
	uint32_t node_count;
	uint32_t slot_mask;
	const struct node_slot *slots; /* open addressing by hash & slot_mask, tag = hash >> 32 */
	const struct rrset *soa;
	const struct node *const *hinted; /* those with an SVCB or HTTPS set in which address hints stand */
	uint32_t hinted_count;
	uint32_t serial, expire; /* of the SOA */
	uint32_t negative_ttl;   /* the lower of SOA's TTL and MINIMUM (RFC 2308 5) */
	uint64_t records;
	uint8_t digest[32]; /* SHA-256 or the like of all text read: equal digest, equal zone; mtime is not a version */
	_Atomic uint32_t references;
};

/* Reads the master file `file` (RFC 1035 5, $INCLUDE relative to the file that names it) for the origin `origin`
 * (wire form), checks it, and builds the zone. NULL where `err` got an error; warnings do not stop it.
 * `previous` (may be NULL): if the text is the same, included files too, it is returned with one more reference, and
 * nothing is checked again. Builder thread. */
struct zone *zone_load(const char *file, const uint8_t *origin, uint64_t seed, struct zone *previous, struct err *err);
/* One more reference; returns the zone. */
struct zone *zone_hold(struct zone *zone);
/* One less; the last one frees. NULL is allowed. */
void zone_release(struct zone *zone);

/* The node of a lower-case name that ends in the zone's, by its hash (name_hash under the zone's seed); or NULL. */
static inline const struct node *zone_find(const struct zone *zone, const uint8_t *lower, size_t length, uint64_t hash)
{
	for (uint32_t at = (uint32_t)hash & zone->slot_mask; zone->slots[at].node; at = (at + 1) & zone->slot_mask) {
		if (zone->slots[at].tag != (uint32_t)(hash >> 32))
			continue;
		const struct node *node = &zone->nodes[zone->slots[at].node - 1];
		if (node->length == length && bytes_same(node->name, lower, length))
			return node;
	}
	return NULL;
}

/* Are there address hints in an SVCB or HTTPS record's data (RFC 9460 7.3) that count: not in AliasMode? */
bool svcb_hinted(const uint8_t *bytes, size_t size);

/* The set of `type` at a node, or NULL. */
static inline const struct rrset *node_set(const struct node *node, uint16_t type)
{
	for (unsigned i = 0; i < node->set_count; i++)
		if (node->sets[i].type == type)
			return &node->sets[i];
	return 0;
}

#endif
