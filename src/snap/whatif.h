/*
 * whatif.h: what would happen if data centers failed, or one was added: who goes where, how far it is, which data
 * centers would be over capacity, and which would fall next.
 *
 * For `meridianctl whatif`. Pools that are out already (drained, down) stay out: the state is taken from the board on
 * the control thread, all else is worked out from it on the builder thread, or offline.
 */
#ifndef MERIDIAN_SNAP_WHATIF_H
#define MERIDIAN_SNAP_WHATIF_H

#include "geo/shift.h"
#include "pool/board.h"
#include "snap/snapshot.h"

/* What the board says, so that the builder thread need not read it. */
struct whatif_state {
	uint64_t *usable; /* by service: pools that are chosen now, a bit each */
	uint64_t *held;   /* those that only failback holds back */
	double *loads;    /* by data center, 1 is full; NAN: it reports none */
	const char **now; /* by data center: "up", "drained", "down" */
};
/* Control thread, or offline. */
struct whatif_state *whatif_state_new(const struct board *board);
void whatif_state_free(struct whatif_state *state);

struct whatif_question {
	const char **down; /* data centers, or labels of pools */
	unsigned down_count;
	struct datacenter *added; /* NULL: none */
	const char **services;    /* names of those that are looked at; none: all */
	unsigned service_count;
	const struct query_log *log;      /* NULL: none */
	const struct whatif_state *state; /* of the snapshot that is asked about */
};

/* Reads "fra,iad", "gru=-23.4,-46.5" and "www.example.com,…" (each may be NULL) into the question; false and an error.
 * Everything lives in the arena. */
bool whatif_parse(struct arena *arena, struct whatif_question *question, const char *down, const char *added,
        const char *services, struct err *err);

/* Services whose clients go the same ways. */
struct whatif_group {
	const char **services;
	uint32_t service_count;
	const char *map;    /* NULL: `order` */
	const char **names; /* of pools, by position; behind them what SHIFT_NOBODY is shown as */
	unsigned name_count;
	uint64_t left;          /* pools that may be chosen then, a bit each */
	enum all_down all_down; /* what those get for whom no pool is left */
	struct shift shift;
	double before[GEO_FAMILIES][SHIFT_PLACES + 1], after[GEO_FAMILIES][SHIFT_PLACES + 1]; /* shares, by position */
	double moved[GEO_FAMILIES];
};

/* What loads and capacities are measured by. */
enum whatif_basis {
	WHATIF_BY_LOAD,     /* the loads that data centers report: 1 is full */
	WHATIF_BY_CAPACITY, /* capacities alone: 1 is a part of the clients as large as that of the capacity */
	WHATIF_BY_GROWTH    /* nothing is known: 1 is what it has now */
};

/* A data center, all services that are looked at together. */
struct whatif_site {
	const char *name;
	bool down, added;
	const char *now;       /* what it is already: "up", "drained", "down"; NULL: it is added */
	double capacity;       /* requests/s; 0: not given */
	double before, after;  /* shares of the clients */
	double use, use_after; /* in the measure of the basis; NAN: not known */
	bool over;             /* more than full then, as far as capacity or load is known */
	uint32_t worst;   /* if this one fails as well: of those that take its clients the one that bears most then;
	                     NO_INDEX: none */
	double worst_use; /* and how much that is */
};

struct whatif {
	struct arena *arena;
	struct whatif_group *groups; /* all, also those of whom nobody moves */
	uint32_t group_count;
	enum whatif_basis basis;
	struct whatif_site *sites; /* data centers of the services that are looked at */
	uint32_t site_count;
	uint32_t next; /* the site that falls next: that bears most; NO_INDEX: none */
	bool logged;
};

/* NULL and an error if a name is wrong, or the databases cannot be read again. What is to be kept in mind (`safety`) is
 * a warning. */
struct whatif *whatif_new(const struct snapshot *snapshot, const struct whatif_question *question, struct err *err);
void whatif_free(struct whatif *whatif);

/* whatif_capacity.c: the sites, out of the groups. */
void whatif_weigh(struct whatif *whatif, const struct snapshot *snapshot, const struct whatif_question *question);

#endif
