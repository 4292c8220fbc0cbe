/*
 * test_state.c: the state file: what is written is read again, and what else a file may hold does no harm.
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

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "world.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define HEADER "meridian state 1\n"
#define NOW "1767225600000000000"

struct fixture {
	char path[64];
	struct world *world;
	struct err *err;
};

static struct fixture begin(void)
{
	struct fixture fixture = {.path = "/tmp/meridian-test-XXXXXX"};
	int fd = mkstemp(fixture.path);
	assert_true(fd >= 0);
	close(fd);
	fixture.world = world_new(&(struct world_options){
	        .pools = "iad:1 fra:1", .service = {.failback = FAILBACK_MANUAL, .all_down = ALL_DOWN_LAST}});
	fixture.err = err_new();
	return fixture;
}

static void end(struct fixture *fixture)
{
	unlink(fixture->path);
	world_free(fixture->world);
	err_free(fixture->err);
}

static int restore(struct fixture *fixture, const char *text, size_t size)
{
	struct world *world = fixture->world;
	assert_int_equal(file_replace(fixture->path, text, size), 0);
	return board_restore(world->board, fixture->path, world->now, world->wall, fixture->err);
}

static const struct {
	const char *line;
	bool skipped;
	const char *script; /* what holds then */
} lines[] = {
        {"target iad-4-0 down " NOW " " NOW " 5 1 3 0000000000000004 200%20OK", false, "get a 4 fra"},
        {"target iad-4-0 up " NOW " " NOW " 5 1 3 0000000000000004 -", false, "get a 4 iad"},
        {"target iad-4-0 up " NOW " " NOW " 9223372036854775807 1 3 0000000000000004 -", true, "get a 4 iad"},
        {"target nobody down " NOW " " NOW " 5 1 3 0000000000000004 -", false, "get a 4 iad"},
        {"target iad-4-0 down 9223372036854775807 9223372036854775807 0 0 0 0000000000000000 -", false, "get a 4 fra"},
        {"target iad-4-0 down 9223372036854775808 0 0 0 0 0000000000000000 -", true, "get a 4 iad"},
        {"target iad-4-0 down -1 0 0 0 0 0000000000000000 -", true, "get a 4 iad"},
        {"target iad-4-0 sideways 0 0 0 0 0 0000000000000000 -", true, "get a 4 iad"},
        {"target iad-4-0 down 0 0 0 0 65 0000000000000000 -", true, "get a 4 iad"},
        {"target iad-4-0 down 0 0 0 70000 0 0000000000000000 -", true, "get a 4 iad"},
        {"target iad-4-0 down 0 0 0 0 0 00 -", true, "get a 4 iad"},
        {"target iad-4-0 down 0 0 0 0 0 000000000000000g -", true, "get a 4 iad"},
        {"target iad-4-0 down 0 0 0 0 0 0000000000000000", true, "get a 4 iad"},
        {"target iad-4-0 down 0 0 0 0 0 0000000000000000 - -", true, "get a 4 iad"},
        {"target iad-4-0 down 0 0 0 0 0 0000000000000000 %zz", true, "get a 4 iad"},
        {"target iad-4-0 down 0 0 0 0 0 0000000000000000 %00", true, "get a 4 iad"},
        {"target iad-4-0 down 0 0 0 0 0 0000000000000000 %1", true, "get a 4 iad"},
        {"target iad-4-0 down 0 0 0 0 0 0000000000000000 %", true, "get a 4 iad"},
        {"target %69ad-4-0 down 0 0 0 0 0 0000000000000000 %1B[31m", false, "get a 4 fra"},
        {"force iad-4-0 down plain 0 why", false, "get a 4 fra"},
        {"force iad-4-0 down rather 0 why", true, "get a 4 iad"},
        {"force iad-4-0 left plain 0 why", true, "get a 4 iad"},
        {"drain iad 0 0 -", false, "get a 4 fra; pool a 4 iad drained"},
        {"drain iad " NOW " 0 %", true, "get a 4 iad"},
        {"drain iad 0 soon -", true, "get a 4 iad"},
        {"drain iad 0 1 -", false, "clock 1s; get a 4 iad"},
        {"force iad-4-0 down plain 1 why", false, "clock 1s; get a 4 iad"},
        {"drain nowhere 0 0 -", false, "get a 4 iad"},
        {"drain iad", true, "get a 4 iad"},
        {"lost iad 7", false, "get a 4 iad"},
        {"lost iad first", true, "get a 4 iad"},
        {"braked iad", false, "get a 4 iad"},
        {"left iad lost " NOW, false, "get a 4 iad"},
        {"left iad odd 9223372036854775807", false, "get a 4 iad"},
        {"left nowhere lost 0", false, "get a 4 iad"},
        {"left iad home " NOW, true, "get a 4 iad"},
        {"left iad lost soon", true, "get a 4 iad"},
        {"held a.example. iad 4 " NOW, false, "get a 4 fra; pool a 4 iad held"},
        {"held a.example. nowhere 4 " NOW, false, "get a 4 iad"},
        {"held b.example. iad 4 " NOW, false, "get a 4 iad"},
        {"held a.example. iad 5 " NOW, true, "get a 4 iad"},
        {"held a.example. iad 4 soon", true, "get a 4 iad"},
        {"leaving a.example. iad 4 " NOW, false, "get a 4 iad"}, /* fail-after is not set any more */
        {"leaving a.example. nowhere 4 " NOW, false, "get a 4 iad"},
        {"leaving a.example. iad 7 " NOW, true, "get a 4 iad"},
        {"leaving a.example. iad 4 soon", true, "get a 4 iad"},
        {"odd a.example. iad out", false, "get a 4 iad"},
        {"odd b.example. iad in", false, "get a 4 iad"},
        {"odd a.example. iad away", true, "get a 4 iad"},
        {"last a.example. fra 4", false, "get a 4 iad; fail iad; fail fra; get a 4 fra"},
        {"last a.example. fra", true, "get a 4 iad"},
        {"", false, "get a 4 iad"},
        {" ", true, "get a 4 iad"},
        {"             ", true, "get a 4 iad"},
        {"whatever", true, "get a 4 iad"},
};

/* Each line alone: what is good counts, what is not is skipped with a warning that names it. */
static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct fixture fixture = begin();
		char text[512];
		snprintf(text, sizeof text, HEADER "%s\n", lines[i].line);
		assert_int_equal(restore(&fixture, text, strlen(text)), 0);
		assert_int_equal(err_count(fixture.err, ERR_WARNING), lines[i].skipped);
		assert_int_equal(err_count(fixture.err, ERR_ERROR), 0);
		if (lines[i].skipped)
			assert_int_equal(err_item(fixture.err, 0)->line, 2);
		assert_true(world_play(fixture.world, lines[i].line, lines[i].script));
		assert_null(strchr(target_detail(board_target(fixture.world->board, 0)), 0x1b));
		end(&fixture);
	}
}

static void test_no_state(void **state)
{
	(void)state;
	struct fixture fixture = begin();
	struct world *world = fixture.world;
	static const char *const others[] = {"", "meridian state 2\n", "target iad-4-0 down 0 0 0 0 0 0 -\n", "\0\0\0"};
	unlink(fixture.path);
	assert_int_equal(board_restore(world->board, fixture.path, world->now, world->wall, fixture.err), -1);
	assert_int_equal(err_items(fixture.err), 0);
	assert_int_equal(board_restore(world->board, "/tmp", world->now, world->wall, fixture.err), -1);
	assert_int_equal(err_count(fixture.err, ERR_WARNING), 1);
	for (size_t i = 0; i < COUNT(others); i++)
		assert_int_equal(restore(&fixture, others[i], i == 3 ? 3 : strlen(others[i])), -1);
	assert_int_equal(err_count(fixture.err, ERR_WARNING), 5);
	assert_int_equal(err_count(fixture.err, ERR_ERROR), 0);
	assert_true(world_play(world, "no state", "get a 4 iad"));
	end(&fixture);
}

/* However few targets are written at a time, the text is the same. */
static void test_by_and_by(void **state)
{
	(void)state;
	struct fixture fixture = begin();
	struct world *world = fixture.world;
	size_t size, whole_size;
	assert_true(world_play(world, "by and by", "ok iad; ok fra; fail iad 3; drain fra insist; force iad-4-0 down"));
	char *whole = board_save_text(world->board, &whole_size);
	uint32_t count = board_steering(world->board)->target_count;
	for (uint32_t targets = 1; targets <= count + 1; targets++) {
		struct board_text *text = board_text_begin(world->board);
		unsigned turns = 1;
		while (!board_text_go_on(text, targets))
			turns++;
		assert_int_equal(turns, count / targets + 1);
		char *bytes = board_text_take(text, &size);
		assert_int_equal(size, whole_size);
		assert_memory_equal(bytes, whole, size + 1);
		free(bytes);
	}
	board_text_drop(board_text_begin(world->board));
	board_text_drop(NULL);
	free(whole);
	end(&fixture);
}

/* A file that was cut short or scribbled over: what is left of it is taken, and nothing falls over. */
static void test_damaged(void **state)
{
	(void)state;
	struct fixture fixture = begin();
	struct world *world = fixture.world;
	uint64_t random = 3;
	size_t size;
	assert_true(world_play(world, "damaged",
	        "ok iad; ok fra; fail iad 3; ok iad 2; drain fra insist; force iad-4-0 down insist; restart"));
	char *text = board_save_text(world->board, &size);
	for (size_t cut = 0; cut < size; cut++)
		restore(&fixture, text, cut);
	for (unsigned i = 0; i < 2000; i++) {
		char *copy = malloc(size);
		memcpy(copy, text, size);
		for (unsigned j = 0; j < 1 + i % 5; j++) {
			random = hash_mix(random, i);
			copy[random % size] = (char)(random >> 40);
		}
		restore(&fixture, copy, size);
		free(copy);
		enum pick_verdict verdict = world_pick(world, 0, FAMILY_V4).verdict;
		assert_int_equal(verdict, PICK_POOL);
	}
	free(text);
	end(&fixture);
}

/* A line that is cut in the middle of a number may be another one that makes sense: a lower epoch, a sooner end. */
static void test_cut(void **state)
{
	(void)state;
	struct fixture fixture = begin();
	const char *text = HEADER "drain fra 0 0 -\nforce iad-4-0 down plain 0 wh";
	assert_int_equal(restore(&fixture, text, strlen(text)), 0);
	assert_int_equal(err_count(fixture.err, ERR_WARNING), 1);
	assert_int_equal(err_item(fixture.err, 0)->line, 3);
	assert_true(world_play(fixture.world, "cut", "get a 4 iad; pool a 4 iad up; pool a 4 fra drained"));
	end(&fixture);
}

/* Names and details may hold anything. */
static void test_odd_names(void **state)
{
	(void)state;
	struct fixture fixture = begin();
	struct world *world = fixture.world;
	struct result result = {.ok = false, .detail = "- 100% of \"it\" \xc3\xa9 \n gone"};
	char before[96];
	snprintf(world->target_names[0], sizeof world->target_names[0], "- a%%b \xc3\xa9/x");
	board_free(world->board);
	world->board = board_new(&world->steering, NULL);
	board_report(world->board, 0, &result, world->now, world->wall);
	strcpy(before, target_detail(board_target(world->board, 0)));
	assert_true(world_play(world, "odd", "restart; get a 4 fra"));
	assert_string_equal(target_detail(board_target(world->board, 0)), before);
	end(&fixture);
}

/* A server that steers nothing has a state too (under UBSan, room for nothing would be told). */
static void test_no_targets(void **state)
{
	(void)state;
	const struct steering nothing = {.target_count = 0};
	struct board *board = board_new(&nothing, NULL);
	size_t size;
	char *text = board_save_text(board, &size);
	assert_string_equal(text, "meridian state 1\n");
	assert_int_equal(size, strlen(text));
	free(text);
	board_free(board);
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_lines),
	        cmocka_unit_test(test_no_state),
	        cmocka_unit_test(test_by_and_by),
	        cmocka_unit_test(test_damaged),
	        cmocka_unit_test(test_cut),
	        cmocka_unit_test(test_odd_names),
	        cmocka_unit_test(test_no_targets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
