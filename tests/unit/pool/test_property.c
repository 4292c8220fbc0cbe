/*
 * test_property.c: random services, health and overrides: somebody is always given, and nobody who is down while
 * another of the pool is up; also seen from other threads while the writer writes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "base/log.h"
#include "world.h"

static unsigned chance(uint64_t *random, unsigned of)
{
	return (unsigned)(hash_mix(*random += 0x9e3779b97f4a7c15u, 7) >> 33) % of;
}

/* A world of two services, of every kind of rule. */
static struct world *random_world(uint64_t *random)
{
	char pools[2][96] = {"", ""};
	static const char *const names[] = {"iad", "fra", "sin", "gru", "~cdn"};
	struct world_options options = {.pools = pools[0], .second = pools[1]};
	for (unsigned i = 0; i < 2; i++) {
		unsigned count = 1 + chance(random, 5);
		for (unsigned j = 0; j < count; j++)
			snprintf(pools[i] + strlen(pools[i]), sizeof pools[i] - strlen(pools[i]), "%s%s:%u/%u",
			        j ? " " : "", names[(j + i) % 5], 1 + chance(random, chance(random, 8) ? 4 : 100),
			        chance(random, 3));
	}
	struct service *service = &options.service;
	service->answer = (uint16_t)chance(random, 4);
	service->is_sticky = chance(random, 2);
	service->sticky[FAMILY_V4] = 24;
	service->min_up = (uint8_t)(chance(random, 3) * 40);
	service->all_down = (enum all_down)chance(random, 5);
	service->failback = (enum failback)chance(random, 3);
	service->failback_after = 60 * NANO_SECOND;
	options.safety = (struct safety){.keep = chance(random, 4),
	        .brake = chance(random, 2),
	        .brake_per = 600 * NANO_SECOND,
	        .freeze = chance(random, 2)};
	return world_new(&options);
}

static bool member_up(const struct world *world, const struct members *members, unsigned i)
{
	return target_is_up(board_target(world->board, members->list[i].target));
}

static void check_members(struct world *world, uint32_t service, unsigned pool, unsigned family)
{
	const struct members *members = &world->services[service].pools[pool].of[family];
	struct addr client = {.family = ADDR_V4, .bytes = {198, 51, (uint8_t)world->now, 1}};
	struct given given;
	uint8_t hashed;
	bool any = false, all = true;
	pick_members(&given, world->board, service, pool, family, &client, &world->random, &hashed);
	assert_true(given.set || given.count);
	for (unsigned i = 0; i < members->count; i++) {
		any |= member_up(world, members, i);
		all &= member_up(world, members, i);
	}
	/* A freeze and the rule "last" keep who was up before. */
	if (board_frozen(world->board) ||
	        (world->services[service].all_down == ALL_DOWN_LAST && board_all_down(world->board, service, family)))
		return;
	assert_true(!given.set || all || !any);
	for (unsigned i = 0; i < given.count; i++)
		assert_true(!any || member_up(world, members, given.member[i]));
}

/* A glance never tells other than the long way does, and tells whenever that gives the whole set to everybody. */
static void check_glance(struct world *world, uint32_t service, unsigned family, const uint8_t *order, unsigned count)
{
	struct addr client = world_client(count);
	struct asker asker = {.client = &client, .span = UINT16_MAX};
	struct glance glance = pick_glance(world->board, service, family, order, count);
	struct pick pick = pick_pool_for(world->board, service, family, order, count, &asker);
	struct given given = {.set = NULL};
	uint8_t hashed;
	assert_int_equal(glance.ttl_max, pick_ttl(world->board, service));
	if (pick.verdict == PICK_POOL)
		pick_members(&given, world->board, service, pick.pool, family, &client, &world->random, &hashed);
	if (glance.set)
		assert_int_equal(glance.pool, pick.pool);
	if (glance.set || !world->services[service].answer)
		assert_ptr_equal(glance.set, given.set);
}

static void check(struct world *world, uint64_t *random)
{
	for (uint32_t i = 0; i < world->steering.service_count; i++) {
		const struct service *service = &world->services[i];
		bool silent = service->all_down == ALL_DOWN_NODATA || service->all_down == ALL_DOWN_SERVFAIL;
		for (unsigned family = 0; family < FAMILIES; family++) {
			uint8_t order[WORLD_POOLS];
			unsigned count = service->pool_count, first = chance(random, count);
			for (unsigned j = 0; j < count; j++)
				order[j] = (uint8_t)((first + j) % count);
			check_glance(world, i, family, order, count);
			struct pick pick = pick_pool(world->board, i, family, order, count);
			enum pool_reason reason = board_pool(world->board, i, pick.pool, family);
			bool members = service->pools[pick.pool].of[family].count > 0;
			if (pick.verdict == PICK_POOL) {
				assert_true(members);
				assert_true(pool_is_usable(reason));
				check_members(world, i, pick.pool, family);
			} else {
				assert_true(board_all_down(world->board, i, family) ? silent || !members : !members);
			}
			/* An order cut short gives somebody, too. */
			pick = pick_pool(world->board, i, family, order, 1);
			assert_true(silent ||
			            (pick.verdict == PICK_POOL) == (service->pools[pick.pool].of[family].count > 0));
			for (unsigned j = 0; j < count; j++)
				if (service->pools[j].of[family].count)
					check_members(world, i, j, family);
		}
	}
}

static void act(struct world *world, uint64_t *random)
{
	uint32_t target = chance(random, world->steering.target_count);
	const char *datacenter = world->datacenters[chance(random, world->steering.datacenter_count)];
	struct err *err = err_new();
	struct override how = {.insist = chance(random, 2), .over = chance(random, 2) * 30 * NANO_SECOND};
	struct result result = {.ok = chance(random, 3), .detail = "it says"};
	switch (chance(random, 12)) {
	case 0:
		if (chance(random, 2))
			board_drain(world->board, datacenter, &how, world->now, world->wall, err);
		else
			board_undrain(world->board, datacenter, world->now, world->wall, err);
		break;
	case 1:
		board_force(world->board, world->targets[target].name, (enum verdict)chance(random, 3), &how,
		        world->now, world->wall, err);
		break;
	case 2:
		assert_true(world_play(world, "restart", chance(random, 2) ? "reload" : "restart"));
		break;
	case 3: /* a storm: most of it goes, or comes */
		for (uint32_t i = 0; i < world->steering.target_count; i++)
			if (chance(random, 10))
				board_set(world->board, i, result.ok ? VERDICT_UP : VERDICT_DOWN, world->now,
				        world->wall);
		break;
	case 4:
		for (uint32_t i = 0; i < world->steering.target_count; i++)
			board_set(world->board, i, VERDICT_DOWN, world->now, world->wall);
		break;
	default:
		for (unsigned i = 0; i < 3; i++)
			board_report(world->board, target, &result, world->now, world->wall);
	}
	err_free(err);
	nanotime by = chance(random, 100) * NANO_SECOND;
	world->now += by;
	world->wall += by;
	board_tick(world->board, world->now, world->wall);
}

static void test_always_an_answer(void **state)
{
	(void)state;
	uint64_t random = 12345;
	for (unsigned worlds = 0; worlds < 300; worlds++) {
		struct world *world = random_world(&random);
		for (unsigned steps = 0; steps < 60; steps++) {
			act(world, &random);
			check(world, &random);
		}
		world_free(world);
	}
}

/* A new board made from the old one, or from its file, gives the same. */
static void test_carried(void **state)
{
	(void)state;
	uint64_t random = 99;
	for (unsigned worlds = 0; worlds < 300; worlds++) {
		struct world *world = random_world(&random);
		for (unsigned steps = 0; steps < 20; steps++)
			act(world, &random);
		/* At a restart also the results must be fresh enough. */
		for (uint32_t i = 0; i < world->steering.target_count; i++) {
			const struct target_state *target = board_target(world->board, i);
			struct result same = {.ok = target->verdict != VERDICT_DOWN, .detail = ""};
			board_report(world->board, i, &same, world->now, world->wall);
		}
		for (unsigned kind = 0; kind < 2; kind++) {
			enum pool_reason before[2][WORLD_POOLS][FAMILIES];
			for (unsigned again = 0; again < 2; again++) {
				for (uint32_t i = 0; i < 2; i++)
					for (unsigned j = 0; j < world->services[i].pool_count; j++)
						for (unsigned family = 0; family < FAMILIES; family++) {
							enum pool_reason reason = board_pool(
							        world->board, i, j, family);
							if (again)
								assert_int_equal(reason, before[i][j][family]);
							before[i][j][family] = reason;
						}
				if (!again)
					assert_true(world_play(world, "carried", kind ? "restart" : "reload"));
			}
		}
		world_free(world);
	}
}

/* ---- threads ---- */

struct reader {
	pthread_t thread;
	struct world *world;
	const bool *stop;
	unsigned seed;
};

static void *read_on(void *argument)
{
	struct reader *reader = argument;
	struct world *world = reader->world;
	uint64_t random = reader->seed;
	static const uint8_t order[WORLD_POOLS] = {0, 1, 2};
	while (!__atomic_load_n(reader->stop, __ATOMIC_RELAXED)) {
		struct addr client = {.family = ADDR_V4, .bytes = {10, (uint8_t)random}};
		struct given given;
		uint8_t hashed;
		struct pick pick = pick_pool(world->board, 0, FAMILY_V4, order, 3);
		MUST(pick.verdict == PICK_POOL);
		pick_members(&given, world->board, 0, pick.pool, FAMILY_V4, &client, &random, &hashed);
		MUST(given.set || given.count);
	}
	return NULL;
}

static void test_threads(void **state)
{
	(void)state;
	struct world *world = world_new(&(struct world_options){.pools = "iad:3 fra:100 sin:1"});
	bool stop = false;
	struct reader readers[2];
	uint64_t random = 5;
	for (unsigned i = 0; i < 2; i++) {
		readers[i] = (struct reader){.world = world, .stop = &stop, .seed = i};
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_on, &readers[i]), 0);
	}
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t target = chance(&random, 8) ? chance(&random, world->steering.target_count)
		                                     : chance(&random, 3);
		board_set(
		        world->board, target, chance(&random, 2) ? VERDICT_UP : VERDICT_DOWN, world->now, world->wall);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(readers[i].thread, NULL);
	world_free(world);
}

int main(void)
{
	/* Errors about all being down would be thousands. */
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_always_an_answer),
	        cmocka_unit_test(test_carried),
	        cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
