/*
 * test_board.c: every rule of the board, as scripts on a fake clock (world.c has their words).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/log.h"
#include "world.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define THREE "iad:2/1 fra:1/1 sin:1"

static const struct {
	const char *name;
	struct world_options options;
	const char *script;
} plays[] = {
        {"unknown counts as up", {.pools = THREE}, "get a 4 iad; give a 4 iad 0 1; pool a 4 sin up; all-down a 4 no"},
        {"the first result decides", {.pools = THREE},
                "fail iad; get a 4 fra; ok iad; get a 4 fra; ok iad; get a 4 iad"},
        {"fall in a row", {.pools = THREE},
                "ok iad; fail iad 2; get a 4 iad; ok iad; fail iad 2; get a 4 iad; fail iad; get a 4 fra; pool a 4 iad "
                "down"},
        {"rise in a row", {.pools = THREE},
                "ok iad; fail iad 3; ok iad; fail iad; ok iad; get a 4 fra; ok iad; get a 4 iad"},
        {"dwell up", {.pools = THREE, .dwell_up = 60 * NANO_SECOND},
                "fail iad; ok iad 2; fail iad 5; get a 4 iad; fail iad; get a 4 fra; ok iad 2; get a 4 iad"},
        {"dwell down", {.pools = THREE, .dwell_down = 60 * NANO_SECOND},
                "ok iad; fail iad 3; ok iad 5; get a 4 fra; reload; ok iad; get a 4 iad; fail iad 3; get a 4 fra; "
                "restart; ok iad 2; get a 4 fra; clock 40s; ok iad; get a 4 iad"},
        {"the first verdict has no dwell", {.pools = THREE, .dwell_up = 600 * NANO_SECOND},
                "ok iad; fail iad 2; get a 4 iad; fail iad; get a 4 fra"},
        {"a person's word has no dwell",
                {.pools = THREE, .dwell_up = 600 * NANO_SECOND, .dwell_down = 600 * NANO_SECOND},
                "ok iad; fail iad 3; force iad-4-0 up; get a 4 iad; release iad-4-0; get a 4 fra"},
        {"one member of two", {.pools = THREE}, "ok iad; fail iad-4-0 3; get a 4 iad; give a 4 iad 1"},
        {"each family by its own members", {.pools = THREE},
                "ok iad; fail iad-6-0 3; get a 4 iad; get a 6 fra; pool a 6 iad down; pool a 4 iad up"},
        {"a family without members", {.pools = "sin:1 iad:1/1"},
                "get a 6 nodata; fail sin; get a 6 iad; ok sin 2; get a 6 nodata"},
        {"min-up", {.pools = "iad:4 fra:1", .service = {.min_up = 50}},
                "ok iad; fail iad-4-0 3; fail iad-4-1 3; get a 4 iad; fail iad-4-2 3; get a 4 fra; pool a 4 iad few"},
        {"min-up is waived before all are given", {.pools = "iad:4 fra:1", .service = {.min_up = 50}},
                "fail fra; fail iad-4-0; fail iad-4-1; fail iad-4-2; ok iad-4-3; get a 4 iad; give a 4 iad 3; pool a 4 "
                "iad all;"
                "pool a 4 fra down; all-down a 4 yes"},
        {"all down: all", {.pools = THREE},
                "fail fra; fail sin; fail iad; get a 4 iad; give a 4 iad 0 1; pool a 4 iad all; pool a 4 sin all; "
                "all-down a 4 yes;"
                "ok sin 2; get a 4 sin; all-down a 4 no; pool a 4 iad down"},
        {"all down: nodata", {.pools = THREE, .service = {.all_down = ALL_DOWN_NODATA}},
                "fail fra; fail sin; get a 4 iad; fail iad; get a 4 nodata; pool a 4 iad down; ok fra 2; get a 4 fra"},
        {"all down: servfail", {.pools = THREE, .service = {.all_down = ALL_DOWN_SERVFAIL}},
                "fail fra; fail sin; fail iad; get a 4 servfail; get a 6 servfail"},
        {"all down: a pool", {.pools = THREE, .service = {.all_down = ALL_DOWN_POOL, .all_down_pool = 1}},
                "fail fra; fail sin; fail iad; get a 4 fra; give a 4 fra 0; pool a 4 fra all; pool a 4 iad down"},
        {"all down: the last", {.pools = "iad:2 fra:2", .service = {.all_down = ALL_DOWN_LAST}},
                "ok iad; ok fra; fail iad 3; fail fra-4-0 3; get a 4 fra; give a 4 fra 1; clock 10m; fail fra-4-1 3; "
                "get a 4 fra;"
                "give a 4 fra 1; pool a 4 fra all; pool a 4 iad down; reload; give a 4 fra 1; get a 4 fra; restart; "
                "get a 4 fra;"
                "pool a 4 iad down; ok iad 2; get a 4 iad; fail iad 3; get a 4 iad"},
        {"all down at the start: the last is all", {.pools = "iad:1 fra:1", .service = {.all_down = ALL_DOWN_LAST}},
                "fail iad; fail fra; get a 4 fra; give a 4 fra 0"},
        {"a name", {.pools = "=cdn =org"}, "get a 4 cdn; fail cdn; get a 4 org; get a 6 org; fail org; get a 4 cdn"},
        {"two services share a target", {.pools = "iad:1 fra:1", .second = "iad:1 sin:1"},
                "fail iad; get a 4 fra; get b 4 sin; force iad-4-0 up; get a 4 iad; get b 4 iad"},
        {"ttl: on its way down", {.pools = THREE, .service.ttl_floor = 5},
                "ok iad; ttl a 4 none; fail iad; ttl a 4 9; clock 3s; ttl a 4 6; clock 1s; ttl a 4 5; clock 1s; "
                "ttl a 4 5; ok iad; ttl a 4 none; fail iad 2; ttl a 4 5; fail iad; ttl a 4 none"},
        {"ttl: on its way up, of another service, too", {.pools = THREE, .second = "iad:2 fra:1"},
                "ok iad; fail iad 3; ttl a 4 none; ok iad; ttl a 4 0; ttl b 4 0; ok iad; ttl a 4 none; ok sin; fail "
                "sin; "
                "ttl a 4 9; ttl b 4 none"},
        {"ttl: dwell", {.pools = THREE, .dwell_down = 60 * NANO_SECOND},
                "ok iad; fail iad 3; ttl a 4 none; ok iad; ttl a 4 37; ok iad; ttl a 4 28; reload; ttl a 4 28; "
                "restart; ttl a 4 28; ok iad 2; ttl a 4 9; ok iad; get a 4 fra; ttl a 4 0; ok iad; get a 4 iad; ttl a "
                "4 none"},
        {"ttl: a drain that ends", {.pools = THREE, .second = "fra:1 sin:1"},
                "drain iad over 30m; ttl a 4 1687; ttl b 4 none; clock 29m; ttl a 4 56; clock 1m; ttl a 4 none; drain "
                "iad; "
                "ttl a 4 none; drain iad over 1m; ttl a 4 56; undrain iad; ttl a 4 none"},
        {"ttl: a force that ends, and one that makes the verdict idle", {.pools = THREE},
                "ok iad; force iad-4-0 up over 20s; ttl a 4 18; force iad-4-0 up; ttl a 4 none; fail iad-4-0; ttl a 4 "
                "none; release iad-4-0; ttl a 4 9"},
        {"ttl: failback after a time",
                {.pools = "iad:1 fra:1", .service = {.failback = FAILBACK_AFTER, .failback_after = 1200 * NANO_SECOND}},
                "ok iad; ok fra; fail iad 3; ok iad 2; pool a 4 iad held; ttl a 4 1125; clock 1190s; get a 4 iad; ttl "
                "a 4 none"},
        {"ttl: a ramp", {.pools = "iad:1 fra:1", .service.return_over = 1280 * NANO_SECOND},
                "ok iad; ok fra; fail iad 3; ok iad 2; ttl a 4 9; clock 10s; ttl a 4 18; clock 19s; ttl a 4 0; clock "
                "21m; ttl a 4 none"},
        {"ttl: a freeze that ends", {.pools = "iad:1 fra:1", .safety = {.freeze = true}},
                "ok iad; ok fra; fail iad 2; fail fra 2; fail iad; ttl a 4 0; fail fra; ttl a 4 none; ok fra 2; ttl a "
                "4 21"},
        {"fail-after", {.pools = THREE, .service.fail_after = 300 * NANO_SECOND},
                "ok iad; ok fra; fail iad 3; get a 4 iad; give a 4 iad 0 1; pool a 4 iad leaving; ttl a 4 281; reload; "
                "clock 200s; restart; get a 4 iad; pool a 4 iad leaving; clock 90s; get a 4 fra; pool a 4 iad down"},
        {"fail-after: it was nothing",
                {.pools = THREE, .service = {.fail_after = 300 * NANO_SECOND, .failback = FAILBACK_MANUAL}},
                "ok iad; ok fra; fail iad 3; get a 4 iad; ok iad 2; pool a 4 iad up; clock 10m; get a 4 iad"},
        {"fail-after: not at the start, nor for a person", {.pools = THREE, .service.fail_after = 300 * NANO_SECOND},
                "fail iad; get a 4 fra; ok iad 2; get a 4 iad; force iad-4-0 down; force iad-4-1 down; get a 4 fra; "
                "pool a "
                "4 iad down; release iad-4-0; get a 4 iad; ok fra; fail iad 3; get a 4 iad; drain iad; get a 4 fra"},
        {"fail-after: when all are down the rule for that decides",
                {.pools = "iad:1 fra:1", .service = {.fail_after = 300 * NANO_SECOND, .all_down = ALL_DOWN_NODATA}},
                "ok iad; ok fra; fail iad 3; get a 4 iad; fail fra 3; get a 4 nodata; ok fra 2; get a 4 iad; clock 5m; "
                "get "
                "a 4 fra"},
        {"fail-after: some are up, too few",
                {.pools = "iad:4 fra:1", .service = {.fail_after = 300 * NANO_SECOND, .min_up = 50}},
                "ok iad; ok fra; fail iad-4-0 3; fail iad-4-1 3; fail iad-4-2 3; get a 4 iad; give a 4 iad 3; clock "
                "5m; get "
                "a 4 fra"},
        {"drain", {.pools = THREE}, "drain iad; get a 4 fra; pool a 4 iad drained; undrain iad; get a 4 iad"},
        {"drain of what is not", {.pools = THREE}, "drain idd refused; undrain nowhere refused"},
        {"all down is without the drained", {.pools = THREE},
                "drain iad; fail fra; fail sin; get a 4 fra; pool a 4 iad drained"},
        {"nobody drains the last one", {.pools = THREE},
                "drain iad; drain fra; drain sin refused; drain sin insist refused; get a 4 sin; undrain iad; drain "
                "sin; "
                "get a 4 iad"},
        {"the last one that is up is drained only by who insists", {.pools = THREE},
                "fail iad; drain fra; drain sin refused; drain sin insist; get a 4 iad"},
        {"a drain ends", {.pools = THREE},
                "drain iad over 30m; get a 4 fra; clock 1799s; get a 4 fra; reload; clock 1s; get a 4 iad; pool a 4 "
                "iad "
                "up"},
        {"a drain ends after a restart", {.pools = THREE},
                "drain iad over 30m; clock 10m; restart; clock 1199s; get a 4 fra; clock 1s; get a 4 iad"},
        {"a drain anew is as long as it says", {.pools = THREE},
                "drain iad over 30m; drain iad; clock 1h; get a 4 fra; drain iad over 10m; clock 10m; get a 4 iad"},
        {"a force ends", {.pools = THREE},
                "force iad-4-0 down over 5m; give a 4 iad 1; clock 299s; reload; restart; give a 4 iad 1; clock 1s; "
                "give a 4 iad 0 1"},
        {"what ends a drain ends its failback, too", {.pools = "iad:1 fra:1", .service = {.failback = FAILBACK_MANUAL}},
                "ok iad; ok fra; fail iad 3; drain iad over 10m; ok iad 2; clock 10m; get a 4 iad"},
        {"a service that is only there", {.pools = THREE, .second = "iad:1"},
                "drain iad; get a 4 fra; get b 4 iad; pool b 4 iad last"},
        {"the pool for all down is drained",
                {.pools = THREE, .service = {.all_down = ALL_DOWN_POOL, .all_down_pool = 1}},
                "drain fra; fail iad; fail sin; get a 4 iad"},
        {"a drain that leaves too few", {.pools = THREE, .safety = {.keep = 2}},
                "drain iad; drain fra refused; undrain iad; drain fra; fail iad; pool a 4 iad kept"},
        {"a drain of what is down anyway", {.pools = THREE}, "fail iad; fail fra; drain fra; drain sin refused"},
        {"force over verdict", {.pools = THREE},
                "ok iad; force iad-4-0 down; give a 4 iad 1; ok iad 5; give a 4 iad 1; release iad-4-0; give a 4 iad 0 "
                "1;"
                "fail fra 3; force fra-4-0 up; pool a 4 fra up; release fra-4-0; pool a 4 fra down; force x down "
                "refused;"
                "release x refused"},
        {"a force that leaves too few", {.pools = "iad:1 fra:1", .safety = {.keep = 2}},
                "force iad-4-0 down refused; pool a 4 iad up; force iad-4-0 down insist; get a 4 fra; reload; get a 4 "
                "fra;"
                "restart; get a 4 fra; release iad-4-0; get a 4 iad"},
        {"a force of one of two leaves the data center", {.pools = "iad:2 fra:1", .safety = {.keep = 2}},
                "force iad-4-0 down; force iad-4-1 down refused"},
        {"overrides last", {.pools = THREE},
                "drain iad; force fra-4-0 down; get a 4 sin; reload; get a 4 sin; restart; get a 4 sin; undrain iad; "
                "get a 4 iad"},
        {"keep", {.pools = THREE, .safety = {.keep = 2}},
                "ok iad; ok fra; ok sin; fail fra 3; get a 4 iad; fail iad 3; get a 4 iad; pool a 4 iad kept; pool a 4 "
                "fra down;"
                "reload; pool a 4 iad kept; ok fra 2; get a 4 fra; pool a 4 iad down"},
        {"keep and nobody up: the service's rule",
                {.pools = THREE, .safety = {.keep = 2}, .service = {.all_down = ALL_DOWN_NODATA}},
                "fail iad; fail fra; fail sin; get a 4 nodata"},
        {"a data center is in use while any pool in it is",
                {.pools = "fra:1 sin:1", .second = "iad:2 fra:1 sin:1", .safety = {.keep = 2}},
                "fail iad-4-0; fail sin; get a 4 fra; pool a 4 sin down; pool b 4 iad up; pool b 4 sin down"},
        {"keep counts each service's own data centers",
                {.pools = THREE, .second = "~cdn:1 iad:3 fra:1 sin:1", .safety = {.keep = 2}},
                "ok iad; ok fra; ok sin; ok cdn; fail iad 3; get a 4 fra; fail sin 3; pool a 4 sin kept; pool a 4 iad "
                "down; pool b 4 sin kept; ok iad 2; pool a 4 sin down"},
        {"of few data centers one may always go", {.pools = "iad:1 fra:1", .second = "sin:1", .safety = {.keep = 2}},
                "ok iad; ok fra; ok sin; fail iad 3; get a 4 fra; pool a 4 iad down; drain fra refused; drain iad;"
                "undrain iad; drain fra insist"},
        {"a drain of all that one service has left", {.pools = THREE, .second = "iad:3 fra:1"},
                "ok sin; fail iad-4-2; fail iad; drain fra refused; drain fra insist; get b 4 iad"},
        {"a force of all that one service has left", {.pools = THREE, .second = "iad:3 fra:1"},
                "fail iad; force fra-4-0 down refused; force fra-4-0 down insist; get b 4 iad"},
        {"none is left: nothing is kept", {.pools = THREE, .safety = {.keep = 2}},
                "fail iad; fail fra; fail sin; pool a 4 iad all; pool a 4 fra all"},
        {"brake", {.pools = THREE, .safety = {.brake = 1, .brake_per = 600 * NANO_SECOND}},
                "ok iad; ok fra; ok sin; fail fra 3; pool a 4 fra down; fail iad 3; get a 4 iad; pool a 4 iad braked; "
                "restart;"
                "pool a 4 iad braked; clock 1h; pool a 4 iad braked; drain iad; get a 4 sin; undrain iad; get a 4 sin"},
        {"a slow brake", {.pools = THREE, .safety = {.brake = 1, .brake_per = 600 * NANO_SECOND}},
                "ok iad; ok fra; ok sin; fail fra 3; clock 10m; fail iad 3; get a 4 sin"},
        {"no brake at the start", {.pools = THREE, .safety = {.brake = 1, .brake_per = 600 * NANO_SECOND}},
                "fail iad; fail fra; get a 4 sin"},
        {"freeze",
                {.pools = "iad:1 fra:1 sin:1", .safety = {.freeze = true}, .service = {.all_down = ALL_DOWN_SERVFAIL}},
                "ok iad; ok fra; ok sin; fail sin 3; clock 10m; fail fra 2; fail iad 3; pool a 4 fra up; fail fra; get "
                "a 4 iad;"
                "pool a 4 iad frozen; pool a 4 fra frozen; pool a 4 sin down; reload; get a 4 iad; restart; get a 4 "
                "iad;"
                "ok fra 2; get a 4 iad; pool a 4 fra up; clock 20s; get a 4 iad; clock 10s; get a 4 fra; pool a 4 iad "
                "down"},
        {"a freeze that was ending ends after a restart, too",
                {.pools = "iad:1 fra:1", .safety = {.freeze = true}, .service = {.all_down = ALL_DOWN_SERVFAIL}},
                "ok iad; ok fra; fail fra 2; fail iad 3; fail fra; ok fra 2; get a 4 iad; restart; ok fra; fail iad; "
                "get a 4 iad; clock 60s; get a 4 fra; pool a 4 iad down"},
        {"no freeze unless wanted", {.pools = "iad:1 fra:1", .service = {.all_down = ALL_DOWN_SERVFAIL}},
                "ok iad; ok fra; fail fra 3; fail iad 3; get a 4 servfail"},
        {"no freeze where losses are apart",
                {.pools = "iad:1 fra:1", .safety = {.freeze = true}, .service = {.all_down = ALL_DOWN_SERVFAIL}},
                "ok iad; ok fra; fail fra 3; clock 10m; fail iad 3; get a 4 servfail"},
        {"no freeze at a start into an outage",
                {.pools = "iad:1 fra:1", .safety = {.freeze = true}, .service = {.all_down = ALL_DOWN_SERVFAIL}},
                "fail fra; fail iad; get a 4 servfail"},
        {"the freeze holds when all go again",
                {.pools = "iad:1 fra:1", .safety = {.freeze = true}, .service = {.all_down = ALL_DOWN_SERVFAIL}},
                "ok iad; ok fra; fail fra 2; fail iad 3; fail fra; get a 4 iad; ok fra 2; get a 4 iad; fail fra 3; get "
                "a 4 iad; "
                "clock 10m; get a 4 iad"},
        {"failback by hand", {.pools = "iad:1 fra:1", .service = {.failback = FAILBACK_MANUAL}},
                "ok iad; ok fra; fail iad 3; get a 4 fra; ok iad 2; get a 4 fra; pool a 4 iad held; clock 1d; get a 4 "
                "fra; reload;"
                "get a 4 fra; restart; get a 4 fra; undrain iad; get a 4 iad"},
        {"what is held back serves when nothing else is up",
                {.pools = "iad:1 fra:1", .service = {.failback = FAILBACK_MANUAL}},
                "ok iad; ok fra; fail iad 3; ok iad 2; pool a 4 iad held; fail fra 3; get a 4 iad; all-down a 4 no; ok "
                "fra 2;"
                "get a 4 iad; pool a 4 fra held"},
        {"failback after a time",
                {.pools = "iad:1 fra:1", .service = {.failback = FAILBACK_AFTER, .failback_after = 1200 * NANO_SECOND}},
                "ok iad; ok fra; fail iad 3; ok iad 2; get a 4 fra; clock 10m; restart; get a 4 fra; clock 9m; get a 4 "
                "fra;"
                "clock 1m; get a 4 iad"},
        {"a pool that falls while it waits, waits anew",
                {.pools = "iad:1 fra:1", .service = {.failback = FAILBACK_AFTER, .failback_after = 1200 * NANO_SECOND}},
                "ok iad; ok fra; fail iad 3; ok iad 2; clock 15m; fail iad 3; ok iad 2; clock 15m; get a 4 fra; clock "
                "6m; get a 4 iad"},
        {"failback when all return", {.pools = "iad:1 fra:1", .service = {.failback = FAILBACK_MANUAL}},
                "fail iad; fail fra; get a 4 iad; ok fra 2; get a 4 fra; ok iad 2; get a 4 fra"},
        {"a label is no data center", {.pools = "~cdn:1 iad:1", .safety = {.keep = 1}},
                "drain cdn refused; drain iad refused; fail cdn; get a 4 iad; fail iad; get a 4 cdn; ok cdn 2; get a 4 "
                "cdn"},
        {"a reload carries verdicts and counts", {.pools = THREE},
                "ok iad; fail iad 2; reload; get a 4 iad; fail iad; get a 4 fra; ok iad; reload; ok iad; get a 4 iad"},
        {"a restart in good time carries verdicts and counts", {.pools = THREE},
                "ok iad; fail iad 2; restart; get a 4 iad; fail iad; get a 4 fra"},
        {"old verdicts are provisional", {.pools = THREE},
                "ok iad; fail fra; clock 10m; restart; get a 4 iad; fail iad; get a 4 sin; ok fra; get a 4 fra"},
};

static void test_plays(void **state)
{
	(void)state;
	unsigned failed = 0;
	for (size_t i = 0; i < COUNT(plays); i++) {
		struct world *world = world_new(&plays[i].options);
		failed += !world_play(world, plays[i].name, plays[i].script);
		world_free(world);
	}
	assert_int_equal(failed, 0);
}

/* An order that leaves out what is up (`only`) is not an empty answer. */
static void test_only(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		enum all_down all_down;
		uint8_t order[2];
		unsigned count;
		enum pick_verdict verdict;
		uint8_t pool;
	} table[] = {
	        {"fail sin", ALL_DOWN_ALL, {2}, 1, PICK_POOL, 2},
	        {"fail sin", ALL_DOWN_NODATA, {2}, 1, PICK_NODATA, 2},
	        {"fail sin", ALL_DOWN_SERVFAIL, {2}, 1, PICK_SERVFAIL, 2},
	        {"fail sin; drain fra", ALL_DOWN_ALL, {2, 1}, 2, PICK_POOL, 2},
	        {"drain sin; fail fra", ALL_DOWN_ALL, {2, 1}, 2, PICK_POOL, 1},
	        {"drain sin", ALL_DOWN_ALL, {2}, 1, PICK_POOL, 2},
	        {"fail sin; fail fra", ALL_DOWN_POOL, {2, 1}, 2, PICK_POOL, 1},
	        {"fail sin; fail fra", ALL_DOWN_LAST, {2, 1}, 2, PICK_POOL, 2},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct world_options options = {.pools = THREE};
		options.service.all_down = table[i].all_down;
		options.service.all_down_pool = 1;
		struct world *world = world_new(&options);
		assert_true(world_play(world, "only", table[i].script));
		struct pick pick = pick_pool(world->board, 0, FAMILY_V4, table[i].order, table[i].count);
		assert_int_equal(pick.verdict, table[i].verdict);
		assert_int_equal(pick.pool, table[i].pool);
		world_free(world);
	}
}

/* What people see of a target. */
static void test_shown(void **state)
{
	(void)state;
	struct world *world = world_new(&(struct world_options){.pools = "iad:1"});
	uint64_t version = board_version(world->board);
	struct result bad = {.ok = false, .detail = "odd \x1b[31m reply", .took = 5 * NANO_MICRO};
	assert_true(world_play(world, "shown", "ok iad 2"));
	assert_int_equal(board_version(world->board), version);
	assert_false(board_report(world->board, 0, &bad, world->now, world->wall));
	const struct target_state *target = board_target(world->board, 0);
	assert_int_equal(target->verdict, VERDICT_UP);
	assert_int_equal(target->window, 6);
	assert_int_equal(target->window_count, 3);
	assert_int_equal(target->run, 1);
	assert_int_equal(target->took, 5);
	assert_int_equal(target->last, world->wall);
	assert_null(strchr(target_detail(target), 0x1b));
	for (int i = 0; i < 100; i++)
		board_report(world->board, 0, &bad, world->now, world->wall);
	assert_int_equal(target->window_count, 64);
	assert_int_equal(target->window, 0);
	assert_int_equal(target->verdict, VERDICT_DOWN);
	assert_true(world_play(world, "reason", "force iad-4-0 up"));
	assert_string_equal(target_reason(target), "test");
	assert_false(board_drained(world->board, 0));
	world_free(world);
}

/* At every moment the TTL is no longer than what is left, board_tick being called when it asks for it. */
static void test_ttl_shrinks(void **state)
{
	(void)state;
	static const struct world_options options = {.pools = "iad:1 fra:1", .service.ttl_floor = 5};
	struct world *world = world_new(&options);
	nanotime end = world->now + 3 * 3600 * NANO_SECOND, next = world->now;
	unsigned ticks = 0;
	assert_true(world_play(world, "ttl shrinks", "drain iad over 3h"));
	for (; world->now < end; world->now = next) {
		next = board_tick(world->board, world->now, world->now);
		uint32_t ttl = pick_ttl(world->board, 0);
		assert_true(ttl >= 5 && next > world->now && next <= end);
		assert_true(ttl == 5 || next - 1 + ttl * NANO_SECOND <= end);
		assert_true(
		        world->now + ttl * NANO_SECOND + (end - world->now) / 8 + 3 * NANO_SECOND > end || ttl == 5);
		ticks++;
	}
	board_tick(world->board, world->now, world->now);
	assert_int_equal(pick_ttl(world->board, 0), UINT32_MAX);
	assert_true(ticks < 150);
	world_free(world);
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_plays),
	        cmocka_unit_test(test_only),
	        cmocka_unit_test(test_shown),
	        cmocka_unit_test(test_ttl_shrinks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
