/*
 * test_compose.c: targets that are made of others: pair = all of (a, either), either = any of (b, c).
 *
 * A script is words: a+ (a result of a that is good), a- (bad), a^ and av (forced up, down), a0 (released), reload,
 * restart. pair is the member at iad, other the one at fra; rise and fall are 1 unless a case says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/log.h"
#include "pool/pick.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { A, B, C, EITHER, PAIR, OTHER, TARGETS };
enum { PROBE_A, PROBE_B, PROBE_C, PROBE_EITHER, PROBE_PAIR, PROBES };

static const char *const fields_a[] = {"role", NULL}, *const fields_b[] = {"lag", "role", NULL};
static const char *const fields_pair[] = {"role", "lag", NULL};
static const uint32_t either_parts[] = {B, C}, pair_parts[] = {A, EITHER};
static const char *const datacenters[] = {"iad", "fra"};
static const char state_path[] = "test_compose.state";

struct world {
	struct probe_spec probes[PROBES];
	struct target targets[TARGETS];
	const uint32_t *parts[TARGETS];
	struct member members[2];
	struct pool pools[2];
	struct service service;
	struct steering steering;
	struct board *board;
	nanotime now;
};

static void world_new(struct world *world, uint16_t fall, bool freeze)
{
	static const char *const names[] = {"a", "b", "c", "either", "pair"};
	static const char *const targets[] = {"a/1", "b/1", "c/1", "either/1", "pair/1", "a/2"};
	static const uint32_t probes[] = {PROBE_A, PROBE_B, PROBE_C, PROBE_EITHER, PROBE_PAIR, PROBE_A};
	memset(world, 0, sizeof *world);
	for (unsigned i = 0; i < PROBES; i++)
		world->probes[i] = (struct probe_spec){.name = names[i],
		        .interval = 10 * NANO_SECOND,
		        .timeout = NANO_SECOND,
		        .fall = fall,
		        .rise = 1};
	for (unsigned i = 0; i < TARGETS; i++)
		world->targets[i] = (struct target){.name = targets[i], .probe = probes[i]};
	world->probes[PROBE_A].read = fields_a, world->probes[PROBE_A].read_count = 1;
	world->probes[PROBE_B].read = fields_b, world->probes[PROBE_B].read_count = 2;
	world->probes[PROBE_EITHER].read = fields_b, world->probes[PROBE_EITHER].read_count = 2;
	world->probes[PROBE_PAIR].read = fields_pair, world->probes[PROBE_PAIR].read_count = 2;
	world->probes[PROBE_EITHER].type = PROBE_ANY, world->probes[PROBE_PAIR].type = PROBE_ALL;
	world->parts[EITHER] = either_parts, world->probes[PROBE_EITHER].part_count = 2;
	world->parts[PAIR] = pair_parts, world->probes[PROBE_PAIR].part_count = 2;
	for (unsigned i = 0; i < 2; i++) {
		world->members[i] = (struct member){.weight = 1, .target = i ? OTHER : PAIR};
		addr_parse(&world->members[i].addr, i ? "192.0.2.2" : "192.0.2.1");
		world->pools[i] = (struct pool){.name = datacenters[i],
		        .datacenter = i,
		        .cname_target = NO_INDEX,
		        .of = {{.list = &world->members[i], .count = 1, .word = i}}};
	}
	world->service = (struct service){.name = "www.example.", .pools = world->pools, .pool_count = 2};
	world->steering = (struct steering){.services = &world->service,
	        .service_count = 1,
	        .targets = world->targets,
	        .target_count = TARGETS,
	        .parts = world->parts,
	        .probes = world->probes,
	        .probe_count = PROBES,
	        .datacenters = datacenters,
	        .datacenter_count = 2,
	        .word_count = 2,
	        .safety = {.keep = 1, .freeze = freeze}};
	world->now = 1000 * NANO_SECOND;
	world->board = board_new(&world->steering, NULL);
}

static void step(struct world *world, const char *word)
{
	struct err *err = err_new();
	struct board *before = world->board;
	const struct override how = {.insist = true};
	nanotime now = world->now += NANO_SECOND, wall = now + 5;
	if (!strcmp(word, "reload")) {
		world->board = board_new(&world->steering, before);
		board_free(before);
	} else if (!strcmp(word, "restart")) {
		assert_int_equal(board_save(before, state_path), 0);
		board_free(before);
		world->board = board_new(&world->steering, NULL);
		assert_int_equal(board_restore(world->board, state_path, now, wall, err), 0);
		unlink(state_path);
	} else {
		uint32_t target = *word == 'o' ? OTHER : (uint32_t)(*word - 'a');
		const char *name = world->targets[target].name;
		struct result result = {.ok = word[1] == '+', .detail = word[1] == '+' ? "fine" : "refused", .took = 7};
		if (word[1] == '+' || word[1] == '-')
			board_report(world->board, target, &result, now, wall);
		else if (word[1] == '0')
			board_release(world->board, name, now, wall, err);
		else
			board_force(
			        world->board, name, word[1] == '^' ? VERDICT_UP : VERDICT_DOWN, &how, now, wall, err);
	}
	assert_int_equal(err_items(err), 0);
	err_free(err);
}

static void play(struct world *world, const char *script)
{
	char text[200], *at = text;
	snprintf(text, sizeof text, "%s", script);
	for (char *word; (word = strsep(&at, " "));)
		if (*word)
			step(world, word);
}

static const struct {
	const char *script;
	enum verdict either, pair;
	bool iad;                    /* its member counts as up */
	const char *detail, *window; /* of pair */
} cases[] = {
        {"", VERDICT_UNKNOWN, VERDICT_UNKNOWN, true, "", ""},
        {"a+", VERDICT_UNKNOWN, VERDICT_UNKNOWN, true, "a up, either unknown", ""},
        {"b+", VERDICT_UP, VERDICT_UNKNOWN, true, "a unknown, either up", ""},
        {"a+ b+", VERDICT_UP, VERDICT_UP, true, "a up, either up", "1"},
        {"a+ b-", VERDICT_UNKNOWN, VERDICT_UNKNOWN, true, "a up, either unknown", ""},
        {"a-", VERDICT_UNKNOWN, VERDICT_DOWN, false, "a down (refused), either unknown", "0"},
        {"a+ b- c-", VERDICT_DOWN, VERDICT_DOWN, false, "a up, either down (b down (refused), c down (refused))", "0"},
        {"a+ b- c+", VERDICT_UP, VERDICT_UP, true, "a up, either up", "1"},
        {"a+ b+ c+ b- a- a+", VERDICT_UP, VERDICT_UP, true, "a up, either up", "11101"},
        {"a+ b+ c+ av", VERDICT_UP, VERDICT_DOWN, false, "a down (fine), either up", "11"},
        {"a+ b+ c+ av a0", VERDICT_UP, VERDICT_UP, true, "a up, either up", "11"},
        {"a+ b- c- b^", VERDICT_UP, VERDICT_UP, true, "a up, either up", "0"},
        {"a+ b+ c- b- reload", VERDICT_DOWN, VERDICT_DOWN, false,
                "a up, either down (b down (refused), c down (refused))", "110"},
        {"a+ b+ c- b- restart", VERDICT_DOWN, VERDICT_DOWN, false,
                "a up, either down (b down (refused), c down (refused))", "110"},
        {"a+ b+ c- b- restart b+", VERDICT_UP, VERDICT_UP, true, "a up, either up", "1101"},
};

static const char *window_of(const struct target_state *state, char text[65])
{
	for (unsigned i = 0; i < state->window_count; i++)
		text[i] = state->window >> (state->window_count - 1 - i) & 1 ? '1' : '0';
	text[state->window_count] = 0;
	return text;
}

static void test_cases(void **state)
{
	(void)state;
	unsigned failed = 0;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world world;
		char window[65];
		world_new(&world, 1, false);
		play(&world, cases[i].script);
		const struct target_state *pair = board_target(world.board, PAIR);
		bool up = board_pool(world.board, 0, 0, FAMILY_V4) == POOL_UP;
		if (board_target(world.board, EITHER)->verdict != cases[i].either || pair->verdict != cases[i].pair ||
		        up != cases[i].iad || strcmp(target_detail(pair), cases[i].detail) ||
		        strcmp(window_of(pair, window), cases[i].window)) {
			fprintf(stderr, "%s: %d %d %d '%s' '%s'\n", cases[i].script,
			        board_target(world.board, EITHER)->verdict, pair->verdict, up, target_detail(pair),
			        window);
			failed++;
		}
		board_free(world.board);
	}
	assert_int_equal(failed, 0);
}

/* Fall is the part's: the whole follows the part, at once. */
static void test_fall(void **state)
{
	(void)state;
	struct world world;
	world_new(&world, 3, false);
	play(&world, "a+ b+ o+ a- a-");
	assert_int_equal(board_target(world.board, PAIR)->verdict, VERDICT_UP);
	char why[300];
	board_ttl_why(world.board, 0, why, sizeof why);
	assert_string_equal(why, "a/1 has failed 2 of the 3 times in a row after which it is down");
	play(&world, "a-");
	assert_int_equal(board_target(world.board, PAIR)->verdict, VERDICT_DOWN);
	play(&world, "a+");
	assert_int_equal(board_target(world.board, PAIR)->verdict, VERDICT_UP);
	board_free(world.board);
}

/* What the parts read, the whole has. */
static void test_readings(void **state)
{
	(void)state;
	struct world world;
	world_new(&world, 1, false);
	const struct reading role = {.known = true, .text = "primary"};
	const struct reading lag[2] = {{.known = true, .is_number = true, .number = 3, .text = "3"}, {.known = false}};
	board_report(world.board, B, &(struct result){.ok = true, .readings = lag}, world.now, world.now);
	board_report(world.board, A, &(struct result){.ok = true, .readings = &role}, world.now, world.now);
	for (unsigned round = 0; round < 2; round++) {
		const struct reading *readings = board_target(world.board, PAIR)->readings;
		assert_string_equal(readings[0].text, "primary");
		assert_true(readings[1].is_number && (int)readings[1].number == 3);
		step(&world, "reload");
	}
	board_free(world.board);
}

/* A part that is forced down takes with it what hangs on it, where safety lets it. */
static void test_force_refused(void **state)
{
	(void)state;
	struct world world;
	struct err *err = err_new();
	const struct override how = {.reason = "test"};
	world_new(&world, 1, false);
	play(&world, "a+ b+ c+ o-");
	assert_int_equal(board_force(world.board, "a/1", VERDICT_DOWN, &how, world.now, world.now, err), -1);
	assert_int_equal(board_force(world.board, "b/1", VERDICT_DOWN, &how, world.now, world.now, err), 1);
	assert_int_equal(board_force(world.board, "c/1", VERDICT_DOWN, &how, world.now, world.now, err), -1);
	assert_int_equal(board_target(world.board, PAIR)->verdict, VERDICT_UP);
	play(&world, "o+");
	assert_int_equal(board_force(world.board, "c/1", VERDICT_DOWN, &how, world.now, world.now, err), 1);
	assert_int_equal(board_target(world.board, PAIR)->verdict, VERDICT_DOWN);
	board_free(world.board);
	err_free(err);
}

/* All lost at once is a freeze, over whole and parts; the parts of one server alone are not "all". */
static void test_freeze(void **state)
{
	(void)state;
	struct world world;
	world_new(&world, 1, true);
	play(&world, "a+ b+ c+ o+ a- b- c- o-");
	assert_true(board_frozen(world.board));
	assert_int_equal(board_pool(world.board, 0, 0, FAMILY_V4), POOL_FROZEN);
	board_free(world.board);
	world_new(&world, 1, true);
	play(&world, "a+ b+ c+ o-");
	world.now += 3600 * NANO_SECOND;
	play(&world, "a- b- c-");
	assert_false(board_frozen(world.board));
	board_free(world.board);
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_fall),
	        cmocka_unit_test(test_readings), cmocka_unit_test(test_force_refused), cmocka_unit_test(test_freeze)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
