/*
 * world.h: small worlds for the tests of this room, and scripts that play in them on a fake clock.
 *
 * A world is one steering with services over named pools. Targets are named POOL-FAMILY-NUMBER ("fra-4-0"); services
 * share them. A script is lines of words, see world.c.
 */
#ifndef MERIDIAN_TESTS_POOL_WORLD_H
#define MERIDIAN_TESTS_POOL_WORLD_H

#include "pool/pick.h"

#define WORLD_POOLS 8
#define WORLD_SERVICES 4
#define WORLD_MEMBERS 128

/* What a service is like; all else as without any option. */
struct world_options {
	const char *pools;      /* "iad:2/1 fra:1 sin:1": name, members of v4 / v6; a name with '~' before it is no data
	                           center,      with '=' it is a name (cname) */
	const char *second;     /* pools of a second service; NULL: none */
	struct service service; /* answer, sticky, min_up, all_down, failback */
	struct safety safety;
	nanotime dwell_up, dwell_down;
	bool loads;            /* the probe reads `load` */
	double capacities[16]; /* by data center, in the order in which pools name them */
};

struct world {
	struct steering steering;
	struct service services[WORLD_SERVICES];
	struct pool pools[WORLD_SERVICES][WORLD_POOLS];
	struct target targets[1024];
	char target_names[1024][32];
	const char *datacenters[16];
	struct probe_spec probe;
	struct member *members;
	size_t member_count;
	double capacities[16];
	struct board *board;
	char words[1024]; /* of pool names */
	size_t words_used;
	nanotime now, wall;
	uint64_t random;
};

struct world *world_new(const struct world_options *options);
void world_free(struct world *world);

/* Plays a script; false, and what was wrong on stderr, at the first line that is not so. */
bool world_play(struct world *world, const char *name, const char *script);

uint32_t world_target(const struct world *world, const char *name);
/* Client number N: of a prefix (/24) of its own. */
struct addr world_client(unsigned number);
/* The position of the pool that client number N gets, whose order is that of the file. */
unsigned world_pool_of(const struct world *world, uint32_t service, unsigned family, unsigned client);
/* The pool that a client whose order is that of the file gets. */
struct pick world_pick(const struct world *world, uint32_t service, unsigned family);

#endif
