/*
 * compile.h: the steps from a checked configuration to a snapshot; private to the room.
 *
 * Each step fills its part of the snapshot, in this order: zones, services, tables, attachments. What is
 * wrong goes to `err`; a step goes on after an error, so that all are reported. Builder thread.
 */
#ifndef MERIDIAN_SNAP_COMPILE_H
#define MERIDIAN_SNAP_COMPILE_H

#include "snap/snapshot.h"

/* Databases and maps: what takes longest to make, so that snapshots share it where nothing of it changed. */
struct geo_unit {
	struct arena *arena; /* of `maps`, `sets` and the copies that identify the unit */
	uint64_t identity[2];
	uint64_t (*identities)[2]; /* of each map, whatever sets it is compiled for: equal identity and set, equal table
	                            */
	struct geodb *geodb;
	struct map **maps;
	uint32_t map_count;
	_Atomic uint32_t references;
};

/* Loads every zone, taking over from `previous` what did not change and what became bad. Returns how many zones have an
 * error; those errors are in `err`. */
uint32_t compile_zones(struct snapshot *snapshot, const struct snapshot *previous, struct err *err);

/* Services, pools, members, targets, board words. */
void compile_services(struct snapshot *snapshot);

/* Databases, maps, and the table of each service; an error where more clients move than a map allows. */
void compile_tables(struct snapshot *snapshot, const struct snapshot_request *request, struct err *err);

/* Binds each service to the nodes of its names. */
void compile_attachments(struct snapshot *snapshot, struct err *err);

/* The node of a name of ours, or that a wildcard gives it, and its zone; NULL: none. */
const struct node *compile_node_of(
        const struct snapshot *snapshot, const uint8_t *name, const struct snapshot_zone **zone);

/* Refuses services of names that lead to each other; after compile_attachments. */
void compile_loops(const struct snapshot *snapshot, struct err *err);

/* Finds the address hints that are those of steered names, once all are bound. */
void compile_hints(struct snapshot *snapshot);

/* Warns where a steered name's TTL does not fit the time in which failures are noticed, or what safety promises. */
void compile_promise(const struct steering *steering, const struct service *service, uint32_t ttl_seconds,
        const char *name, const struct err_at *at, struct err *err);

/* Drops one reference; the last frees. NULL is allowed. */
void geo_unit_release(struct geo_unit *unit);

#endif
