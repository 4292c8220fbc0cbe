/*
 * test_limit.c: return ramps and spill: which share of the clients a pool serves, and that each client moves once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/log.h"
#include "world.h"

#define CLIENTS 4096
#define OVER (1280 * NANO_SECOND) /* a step is 20 s */

struct scene {
	const char *name;
	struct world_options options;
	const char *script;
};

static void play(const struct scene *scenes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct world *world = world_new(&scenes[i].options);
		bool good = world_play(world, scenes[i].name, scenes[i].script);
		world_free(world);
		if (!good)
			fail_msg("%s", scenes[i].name);
	}
}

#define PLAY(scenes) play(scenes, sizeof(scenes) / sizeof(scenes)[0])

#define BOTH "ok iad; ok fra; "
#define UP "ok iad; ok fra; ok sin; "

static void test_ramp(void **state)
{
	(void)state;
	static const struct world_options two = {.pools = "iad:1 fra:1", .service = {.return_over = OVER}},
	                                  three = {.pools = "iad:2/1 fra:1/1 sin:1/1",
	                                          .service = {.return_over = OVER}},
	                                  at_once = {.pools = "iad:1 fra:1 sin:1"},
	                                  last = {.pools = "iad:1 fra:1",
	                                          .service = {.return_over = OVER, .all_down = ALL_DOWN_LAST}},
	                                  held = {.pools = "iad:1 fra:1",
	                                          .service = {.return_over = OVER,
	                                                  .failback = FAILBACK_AFTER,
	                                                  .failback_after = 600 * NANO_SECOND}};
	const struct scene scenes[] = {
	        {"without return-over all come back at once", at_once,
	                UP "fail iad 3; share a 4 iad 0; share a 4 fra 100; ok iad 2; share a 4 iad 100"},
	        {"nobody ramps at a start", three, "share a 4 iad 100; ok iad; ok fra; share a 4 iad 100"},
	        {"from down", three,
	                UP "fail iad 3; share a 4 iad 0; ok iad 2; share a 4 iad 0; clock 320s; share a 4 iad 25;"
	                   "share a 4 fra 75; clock 320s; share a 4 iad 50; clock 630s; share a 4 iad 98;"
	                   "clock 20s; share a 4 iad 100"},
	        {"each family of its own", three,
	                UP "fail iad-4 3; ok iad-4 2; clock 640s; share a 4 iad 50; share a 6 iad 100"},
	        {"from a drain", three,
	                UP "drain iad; share a 4 iad 0; undrain iad; share a 4 iad 0; clock 640s;"
	                   "share a 4 iad 50; share a 4 fra 50"},
	        {"from being held back", held,
	                BOTH "fail iad 3; ok iad 2; share a 4 iad 0; clock 10m; share a 4 iad 0;"
	                     "clock 640s; share a 4 iad 50"},
	        {"whoever goes in the middle begins anew", three,
	                UP "fail iad 3; ok iad 2; clock 640s; fail iad 3; share a 4 iad 0; ok iad 2; share a 4 iad 0;"
	                   "clock 640s; share a 4 iad 50"},
	        {"nobody else is up: all get it", two,
	                BOTH "fail iad 3; ok iad 2; clock 640s; share a 4 iad 50; fail fra 3; share a 4 iad 100;"
	                     "ok fra 2; share a 4 iad 100"},
	        {"the farther of two that return takes the rest", three,
	                UP "fail iad 3; fail fra 3; ok fra 2; clock 640s; ok iad 2; share a 4 fra 51; fail sin 3;"
	                   "share a 4 fra 97; share a 4 iad 3"},
	        {"after all were down the first is there for all", three,
	                "ok iad; ok fra; ok sin; fail iad 3; fail fra 3; fail sin 3; clock 10m; fail sin 1; ok fra 2;"
	                "share a 4 fra 100; ok iad 2; share a 4 fra 100; clock 640s; share a 4 iad 50"},
	        {"the rule for all down knows no ramp", last,
	                BOTH "fail iad 3; ok iad 2; fail iad 3; fail fra 3; all-down a 4 yes; share a 4 fra 100"},
	        {"a reload goes on", three,
	                UP "fail iad 3; ok iad 2; clock 640s; reload; share a 4 iad 50;"
	                   "clock 320s; share a 4 iad 75"},
	        {"a restart goes on", three,
	                UP "fail iad 3; ok iad 2; clock 640s; restart; share a 4 iad 50;"
	                   "clock 320s; share a 4 iad 75"},
	        {"two at once are one move", three,
	                UP "fail iad 3; fail fra 3; drain fra; ok fra 2; ok iad 2; clock 640s; undrain fra;"
	                   "share a 4 iad 51"},
	};
	PLAY(scenes);
}

/* Lost with all others and given back by the freeze: nobody has gone anywhere. */
static void test_freeze(void **state)
{
	(void)state;
	static const struct scene scenes[] = {
	        {"a freeze is no return",
	                {.pools = "iad:1 fra:1", .service = {.return_over = OVER}, .safety = {.freeze = true}},
	                "ok iad; ok fra; fail iad 3; fail fra 2; fail fra; share a 4 iad 100"},
	};
	PLAY(scenes);
}

/* All clients, through all of a ramp of two pools: who has moved to the first choice stays. */
static void test_once(void **state)
{
	(void)state;
	struct world *world = world_new(
	        &(struct world_options){.pools = "iad:1 fra:1 sin:1", .service = {.return_over = OVER}});
	assert_true(world_play(world, "once", UP "fail iad 3; fail fra 3; ok iad 2; ok fra 2"));
	static unsigned at[CLIENTS], moves[CLIENTS];
	for (unsigned i = 0; i < CLIENTS; i++)
		at[i] = world_pool_of(world, 0, FAMILY_V4, i);
	for (unsigned step = 0; step < 70; step++) {
		assert_true(world_play(world, "once", "clock 20s"));
		for (unsigned i = 0; i < CLIENTS; i++) {
			unsigned pool = world_pool_of(world, 0, FAMILY_V4, i);
			moves[i] += pool != at[i];
			at[i] = pool;
		}
	}
	unsigned more = 0;
	for (unsigned i = 0; i < CLIENTS; i++) {
		assert_int_equal(at[i], 0);
		more += moves[i] > 1;
	}
	/* iad began a step before fra, so those of one step may see fra first. */
	assert_true(more == 0);
	world_free(world);
}

/* Clients of one prefix move together. */
static void test_prefix(void **state)
{
	(void)state;
	struct world *world = world_new(
	        &(struct world_options){.pools = "iad:1 fra:1", .service = {.return_over = OVER}});
	static const uint8_t order[] = {0, 1};
	assert_true(world_play(world, "prefix", "ok iad; ok fra; fail iad 3; ok iad 2; clock 640s"));
	for (unsigned i = 0; i < 256; i++) {
		unsigned pool = world_pool_of(world, 0, FAMILY_V4, i);
		struct addr addr = world_client(i);
		addr.bytes[3] = (uint8_t)(i * 7);
		struct asker asker = {.client = &addr, .span = UINT16_MAX};
		assert_int_equal(pick_pool_for(world->board, 0, FAMILY_V4, order, 2, &asker).pool, pool);
	}
	world_free(world);
}

/* ---- spill ---- */

#define SPILLS                                                                                                         \
	{                                                                                                              \
		.spill = true                                                                                          \
	}

static void test_spill(void **state)
{
	(void)state;
	static const struct world_options world = {.pools = "iad:1 fra:1 sin:1", .service = SPILLS, .loads = true},
	                                  requests = {.pools = "iad:2 fra:1",
	                                          .service = SPILLS,
	                                          .loads = true,
	                                          .capacities = {1000, 1000}},
	                                  deaf = {.pools = "iad:1 fra:1", .loads = true};
	const struct scene scenes[] = {
	        {"below 90 % nobody moves", world, "load iad 0.9 20; share a 4 iad 100"},
	        {"above, some do, step by step, to the next choice", world,
	                "load iad 0.95; share a 4 iad 97; share a 4 fra 3; load iad 0.91 3; share a 4 iad 88;"
	                "share a 4 fra 12; share a 4 sin 0"},
	        {"a step is bounded", world, "load iad 5; share a 4 fra 3; load iad 5; share a 4 fra 6"},
	        {"between 80 % and 90 % all stays as it is", world,
	                "load iad 2 10; share a 4 fra 31; load iad 0.85 50; share a 4 fra 31"},
	        {"below 80 % they come back", world,
	                "load iad 2 8; share a 4 fra 25; load iad 0.7 16; share a 4 fra 12.5; load iad 0.7 20;"
	                "share a 4 fra 0; share a 4 iad 100"},
	        {"a full one takes nobody, the next does", world,
	                "load iad 2 8; load fra 0.95; share a 4 fra 0; share a 4 sin 25"},
	        {"one that was full opens in steps", world,
	                "load iad 2 8; load fra 0.95; share a 4 sin 25; load fra 0.85; share a 4 sin 25;"
	                "load iad 0.85; load fra 0.5 64; share a 4 fra 12.5; share a 4 sin 12.5"},
	        {"all are full: nobody spills", world, "load sin 2; load fra 2; load iad 2 8; share a 4 iad 100"},
	        {"all become full: all go home", world,
	                "load iad 2 8; share a 4 fra 25; load fra 0.91; load sin 0.91; share a 4 iad 100"},
	        {"requests per second against the capacity", requests,
	                "load iad-4-0 400; load iad-4-1 400 1; share a 4 iad 100; load iad-4-0 600; load iad-4-1 600;"
	                "load iad-4-0 600; share a 4 fra 9"},
	        {"a service that does not spill", deaf, "load iad 2 10; share a 4 iad 100"},
	        {"one that is down takes nobody", world,
	                "ok iad; ok fra; ok sin; load iad 2 8; fail fra 3; share a 4 fra 0; share a 4 sin 25"},
	        {"silence is not room", world, "load fra 0.5; load iad 2 8; share a 4 fra 0; share a 4 sin 25"},
	        {"one's own silence sends nobody away: they come back", world,
	                "load iad 2 8; share a 4 fra 25; load iad -1 16; share a 4 fra 12.5; load iad -1 20; "
	                "share a 4 iad 100"},
	        {"no number is too large, or a surprise", requests,
	                "load iad 1e300; share a 4 fra 3; load iad-4-0 1e308; load iad-4-1 1e308; share a 4 fra 9; "
	                "load iad -1e300 60; share a 4 iad 100"},
	        {"what a target that is down says is not asked", world,
	                "load iad 0.5; fail iad 3; load fra 0.5; load sin 0.5; share a 4 fra 100; load iad 5; share a "
	                "4 fra 100"},
	        {"a reload keeps it", world, "load iad 2 8; reload; share a 4 fra 25"},
	        {"a restart keeps it", world, "load iad 2 8; restart; share a 4 fra 25"},
	};
	PLAY(scenes);
}

/* Through a rise and a fall of the load, each client goes once and comes back once. */
static void test_spill_once(void **state)
{
	(void)state;
	struct world *world = world_new(
	        &(struct world_options){.pools = "iad:1 fra:1", .service = SPILLS, .loads = true});
	static unsigned at[CLIENTS], moves[CLIENTS];
	for (unsigned step = 0; step < 150; step++) {
		assert_true(world_play(world, "once", step < 28 ? "load iad 2" : "load iad 0.1"));
		for (unsigned i = 0; i < CLIENTS; i++) {
			unsigned pool = world_pool_of(world, 0, FAMILY_V4, i);
			moves[i] += pool != at[i];
			at[i] = pool;
		}
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		assert_true(moves[i] == 0 || moves[i] == 2);
	world_free(world);
}

/* Whose place is at the end goes first. */
static void test_spill_order(void **state)
{
	(void)state;
	struct world *world = world_new(
	        &(struct world_options){.pools = "iad:1 fra:1", .service = SPILLS, .loads = true});
	static const uint8_t order[] = {0, 1};
	assert_true(world_play(world, "order", "load iad 2 8")); /* a quarter */
	for (unsigned i = 0; i < 256; i++) {
		struct addr addr = world_client(i);
		struct asker near = {.client = &addr, .start = 0, .span = 0xc000 - 1},
		             far = {.client = &addr, .start = 0xc000, .span = 0x3fff};
		assert_int_equal(pick_pool_for(world->board, 0, FAMILY_V4, order, 2, &near).pool, 0);
		assert_int_equal(pick_pool_for(world->board, 0, FAMILY_V4, order, 2, &far).pool, 1);
	}
	world_free(world);
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_ramp),
	        cmocka_unit_test(test_freeze),
	        cmocka_unit_test(test_once),
	        cmocka_unit_test(test_prefix),
	        cmocka_unit_test(test_spill),
	        cmocka_unit_test(test_spill_once),
	        cmocka_unit_test(test_spill_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
