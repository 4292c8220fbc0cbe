/*
 * plan.h: what would change if one snapshot took the place of another: names, and who moves where.
 *
 * For `meridianctl plan`, and for `max-move`. Services whose table is the same, as digests tell, cost nothing; for each
 * other pair of tables both are walked once. Builder thread, or offline.
 */
#ifndef MERIDIAN_SNAP_PLAN_H
#define MERIDIAN_SNAP_PLAN_H

#include "geo/moves.h"
#include "snap/snapshot.h"

#define PLAN_CHANGES_MAX 1000 /* that are kept of each kind; all are counted */

enum plan_sign { PLAN_ADDED, PLAN_REMOVED, PLAN_CHANGED, PLAN_SIGNS };
enum plan_kind {
	PLAN_ZONE,
	PLAN_NAME,
	PLAN_DATACENTER,
	PLAN_PROBE,
	PLAN_MAP,
	PLAN_RULE,
	PLAN_SERVICE,
	PLAN_DATABASE,
	PLAN_KINDS
};

struct plan_change {
	enum plan_kind kind;
	enum plan_sign sign;
	const char *name;
	const char *detail; /* NULL: nothing to add */
};

/* Services for which the same clients move in the same way. */
struct plan_group {
	const char **services;
	uint32_t service_count;
	const char *map;    /* the new one; NULL: `order` */
	const char **names; /* of data centers, by common number */
	unsigned name_count;
	struct moves moves;
	uint8_t limit; /* the map's max-move, percent; 100: none */
	bool over;     /* more moves than that: a reload is refused unless accepted */
};

struct plan {
	struct arena *arena;
	struct plan_change *changes[PLAN_KINDS];
	uint32_t change_count[PLAN_KINDS];
	uint64_t counted[PLAN_KINDS][PLAN_SIGNS];
	struct plan_group *groups;
	uint32_t group_count;
	uint32_t same; /* services whose clients stay where they are, as the digests tell */
	bool logged;   /* weighed by a query log */
};

/* Compares; NULL and an error if the databases cannot be read again. `log` may be NULL. */
struct plan *plan_new(
        const struct snapshot *before, const struct snapshot *after, const struct query_log *log, struct err *err);
void plan_free(struct plan *plan);

/* An error for each map of which more clients move than its max-move allows. */
void plan_check_moves(const struct snapshot *before, const struct snapshot *after, struct err *err);

/* The facts of a snapshot's databases: its own, or, where they were released, read again into *again, which the caller
 * frees. NULL and an error where that fails. */
const struct geodb *plan_facts(const struct snapshot *snapshot, struct geodb **again, struct err *err);

/* plan_changes.c: the lists of what changed. */
void plan_find_changes(struct plan *plan, const struct snapshot *before, const struct snapshot *after);

#endif
