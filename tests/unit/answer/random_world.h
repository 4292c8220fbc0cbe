/*
 * random_world.h: files of steering as chance writes them, and what happens in them, for test_property.c.
 *
 * All of it hangs on one number, so that a world that fails can be made again.
 */
#ifndef MERIDIAN_TESTS_UNIT_ANSWER_RANDOM_WORLD_H
#define MERIDIAN_TESTS_UNIT_ANSWER_RANDOM_WORLD_H

#include "fixture.h"
#include "pool/board.h"

#define WORLD_SERVICES 4

/* Below `of`. */
unsigned chance(uint64_t *random, unsigned of);
/* True `percent` times in a hundred. */
bool chance_of(uint64_t *random, unsigned percent);

struct random_world {
	uint64_t random;
	char *geo; /* the text of geo/a.yaml */
	unsigned datacenters, services;
	nanotime now, wall;
};

/* A world of up to five data centers, a map of nested prefixes, and services s0.ex, s1.ex …; the caller frees `geo`. */
struct random_world random_world_new(uint64_t seed);
/* Loads it; seeds of secrets may differ. */
struct fixture *random_world_load(const struct random_world *world, uint64_t seed);

/* Something happens to `count` boards of the same world alike: results, readings, overrides, time. */
void random_world_act(struct random_world *world, struct board *const *boards, unsigned count);

/* A client: mostly in or near a prefix that some rule names. */
struct prefix random_client(struct random_world *world);
/* An address of the prefix. */
struct addr random_address(uint64_t *random, const struct prefix *prefix);

#endif
