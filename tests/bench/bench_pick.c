/*
 * bench_pick.c: what it takes to pick a pool and its members, by kind of service; and a board of 10,000 services.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/hash.h"
#include "base/log.h"
#include "pool/pick.h"

#define MEMBERS 16
#define ROUNDS 5
#define BATCHES 100
#define BATCH 1000 /* picks; short, so that some batch runs undisturbed */
#define SERVICES 10000
#define POOLS 20

struct kind {
	const char *name;
	struct service service;
	unsigned down; /* members */
};

static double measure(const struct kind *kind)
{
	static struct member members[MEMBERS];
	static struct target targets[MEMBERS];
	static const struct probe_spec probe = {.fall = 1, .rise = 1};
	struct pool pools[2] = {{.name = "a", .datacenter = 0}, {.name = "b", .datacenter = 1}};
	for (uint32_t i = 0; i < MEMBERS; i++) {
		targets[i].name = "t";
		members[i] = (struct member){.weight = (uint16_t)(1 + i % 3), .target = i, .hash = hash_mix(1, i)};
	}
	for (unsigned i = 0; i < 2; i++)
		pools[i].of[FAMILY_V4] = (struct members){.list = members, .count = MEMBERS, .word = i};
	struct service service = kind->service;
	service.name = "a.example.";
	service.pools = pools;
	service.pool_count = 2;
	const char *const datacenters[] = {"a", "b"};
	struct steering steering = {.services = &service,
	        .service_count = 1,
	        .targets = targets,
	        .target_count = MEMBERS,
	        .probes = &probe,
	        .probe_count = 1,
	        .datacenters = datacenters,
	        .datacenter_count = 2,
	        .word_count = 2};
	struct board *board = board_new(&steering, NULL);
	for (uint32_t i = 0; i < kind->down; i++)
		board_set(board, i, VERDICT_DOWN, 1, 1);
	static const uint8_t order[2] = {1, 0};
	uint64_t random = 1, sum = 0;
	nanotime least = INT64_MAX;
	for (uint32_t i = 0; i < BATCHES * BATCH;) {
		nanotime start = clock_now();
		for (uint32_t end = i + BATCH; i < end; i++) {
			struct addr client = {
			        .family = ADDR_V4, .bytes = {(uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16)}};
			struct given given;
			uint8_t hashed;
			struct asker asker = {.client = &client, .span = UINT16_MAX};
			struct glance glance = pick_glance(board, 0, FAMILY_V4, order, 2);
			sum += glance.pool;
			if (glance.set)
				continue;
			struct pick pick = pick_pool_for(board, 0, FAMILY_V4, order, 2, &asker);
			pick_members(&given, board, 0, pick.pool, FAMILY_V4, &client, &random, &hashed);
			sum += given.count + hashed;
		}
		nanotime took = clock_now() - start;
		least = took < least ? took : least;
	}
	double each = (double)least / BATCH;
	board_free(board);
	return sum == 1 ? 0 : each;
}

/* A verdict and a drain, with 10,000 services of 20 pools of one member. */
static void measure_large(void)
{
	struct service *services = calloc(SERVICES, sizeof *services);
	struct pool *pools = calloc((size_t)SERVICES * POOLS, sizeof *pools);
	struct member *members = calloc((size_t)SERVICES * POOLS, sizeof *members);
	struct target *targets = calloc((size_t)SERVICES * POOLS, sizeof *targets);
	static char names[SERVICES * POOLS][16];
	static const struct probe_spec probe = {.fall = 1, .rise = 1};
	static const char *const datacenters[POOLS] = {
	        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t"};
	MUST(services && pools && members && targets);
	for (uint32_t i = 0; i < SERVICES * POOLS; i++) {
		snprintf(names[i], sizeof names[i], "t%u", i);
		targets[i] = (struct target){.name = names[i]};
		members[i] = (struct member){.weight = 1, .target = i};
		pools[i] = (struct pool){.name = datacenters[i % POOLS], .datacenter = i % POOLS};
		pools[i].of[FAMILY_V4] = (struct members){.list = &members[i], .count = 1, .word = i};
	}
	for (uint32_t i = 0; i < SERVICES; i++)
		services[i] = (struct service){.name = names[i], .pools = &pools[i * POOLS], .pool_count = POOLS};
	struct steering steering = {.services = services,
	        .service_count = SERVICES,
	        .targets = targets,
	        .target_count = SERVICES * POOLS,
	        .probes = &probe,
	        .probe_count = 1,
	        .datacenters = datacenters,
	        .datacenter_count = POOLS,
	        .word_count = SERVICES * POOLS};
	struct err *err = err_new();
	nanotime start = clock_now();
	struct board *first = board_new(&steering, NULL);
	nanotime made = clock_now();
	struct board *board = board_new(&steering, first);
	nanotime carried = clock_now();
	board_set(board, 7, VERDICT_DOWN, 1, 1);
	nanotime changed = clock_now();
	MUST(board_drain(board, "c", &(struct override){.over = 0}, 1, 1, err) == 1);
	nanotime drained = clock_now();
	printf("board of %d services x %d pools: new %.0f ms, carried over %.0f ms, a verdict %.1f us, a drain %.1f ms "
	       "(at most 1000)\n",
	        SERVICES, POOLS, (double)(made - start) / 1e6, (double)(carried - made) / 1e6,
	        (double)(changed - carried) / 1e3, (double)(drained - changed) / 1e6);
	board_free(first);
	board_free(board);
	err_free(err);
	free(services);
	free(pools);
	free(members);
	free(targets);
}

int main(void)
{
	enum { STICKY = 2, KINDS = 5 };
	static const struct kind kinds[KINDS] = {
	        {"all members", {0}, 0},
	        {"all members that are up", {0}, 3},
	        {"sticky, one of 16 by weight", {.answer = 1, .is_sticky = true, .sticky = {24, 56}}, 0},
	        {"one of 16 by weight", {.answer = 1}, 0},
	        {"sticky, four of 16 by weight", {.answer = 4, .is_sticky = true, .sticky = {24, 56}}, 3},
	};
	log_set_level(LOG_LEVEL_ERROR);
	double least[KINDS];
	for (unsigned round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < KINDS; i++) {
			double took = measure(&kinds[i]);
			least[i] = round && least[i] < took ? least[i] : took;
		}
	for (size_t i = 0; i < KINDS; i++)
		printf("pick: %s: %.1f ns\n", kinds[i].name, least[i]);
	printf("pick: sticky over a plain one: %.1f ns (at most 60)\n", least[STICKY] - least[0]);
	measure_large();
	return 0;
}
