/*
 * build.h: from a draft to a zone: sets, links and flags, checked on the way.
 *
 * Names are worked through in the order of their indexes, so that an ancestor
 * is a finished node when its descendants come. Builder thread.
 */
#ifndef MERIDIAN_ZONE_BUILD_H
#define MERIDIAN_ZONE_BUILD_H

#include "zone/draft.h"

/* A record of the name that is being built. */
struct item {
	struct record *record;  /* NULL: dropped */
	uint64_t hash;          /* of its data, names in lower case */
	uint32_t sequence;      /* in file order */
	uint16_t type, covered; /* `covered`: by an RRSIG, else 0 */
};

/* A record whose data name a target, to be looked up when all names are there. */
struct link {
	struct rrset *set;
	uint32_t node, offset;
	uint32_t data;           /* where the record's data start in the set's wire */
	uint16_t source, number; /* `number`: within the set */
};

struct build {
	struct zone *zone;
	struct draft *draft;
	struct sources *sources;
	struct err *err;
	bool broken_soa, broken_ns; /* as in struct master */
	struct item *items;         /* of the name at hand */
	uint32_t item_count, item_room;
	struct link *links;
	size_t link_count, link_room;
	const struct node **hinted; /* as in struct zone */
	uint32_t hinted_count, hinted_room;
};

/* Makes `build->zone` from the draft, whose names and slots it takes over. Whatever is wrong is added to `err`. */
void build_zone(struct build *build);

/* check.c */

/* What may not stand at, or below, a name. `node` has its flags and cut already. */
void check_name(struct build *build, const struct node *node);
/* What a zone has to have. */
void check_apex(struct build *build);
/* A name that a record leads to: `target` is its node or NULL, `name` is lower case and in the zone. */
void check_target(struct build *build, const struct link *link, const uint8_t *name, const struct node *target);
/* The nearest name of the zone at or above `name`, which is lower case and in the zone. */
const struct node *check_encloser(const struct zone *zone, const uint8_t *name);
/* The place of a record. */
struct place record_place(const struct build *build, const struct record *record);

#endif
