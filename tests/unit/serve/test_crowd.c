/*
 * test_crowd.c: who gives way, who is late, and what is held, on a clock of our own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "serve/crowd.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { MOST = 8 };

static const uint8_t seed[16] = {1, 2, 3};

static struct addr address(const char *text)
{
	struct addr addr;
	assert_true(addr_parse(&addr, text));
	return addr;
}

static void begin(struct crowd *crowd, unsigned share)
{
	crowd_begin(crowd,
	        &(struct crowd_limits){.members = MOST, .share = share, .held = 1000, .patience = 10 * NANO_SECOND},
	        seed);
}

static void join(struct crowd *crowd, struct crowd_member *member, const char *from, nanotime now)
{
	struct addr addr = address(from);
	assert_true(crowd_join(crowd, member, &addr, now));
}

/* What happens to members 0…, step by step; then who gives way to whom. */
static const struct {
	const char *name;
	const char *from[MOST]; /* NULL: so few members */
	unsigned share;
	int moved[MOST];            /* to the end of the idle line, in this order, from 1; 0: no more */
	enum crowd_line line[MOST]; /* then into these */
	const char *comes;
	int leaves; /* -1: nobody */
} giving_way[] = {
        {"room", {"192.0.2.1", "192.0.2.1", "192.0.2.1"}, 1, {0}, {0}, "192.0.2.1", -1},
        {"longest idle",
                {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7",
                        "192.0.2.8"},
                2, {0}, {0}, "192.0.2.9", 0},
        {"activity counts",
                {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7",
                        "192.0.2.8"},
                2, {1, 2}, {0}, "192.0.2.9", 2},
        {"idle before busy",
                {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7",
                        "192.0.2.8"},
                2, {0}, {CROWD_BLOCKED, CROWD_PARTIAL}, "192.0.2.9", 2},
        {"partial before blocked",
                {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7",
                        "192.0.2.8"},
                2, {0}, {2, 2, 2, 2, 1, 2, 2, 2}, "192.0.2.9", 4},
        {"the greedy first",
                {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "198.51.100.1", "198.51.100.1",
                        "198.51.100.1"},
                2, {0}, {0}, "192.0.2.9", 5},
        {"a full share pays itself",
                {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6", "198.51.100.1",
                        "198.51.100.1"},
                2, {0}, {0}, "198.51.100.1", 6},
        {"within the share of all",
                {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6", "198.51.100.1",
                        "198.51.100.1"},
                2, {0}, {0}, "192.0.2.9", 0},
        {"a /56 is one client",
                {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "2001:db8:0:1::1", "2001:db8:0:2::1",
                        "2001:db8:0:ff::1"},
                2, {0}, {0}, "192.0.2.9", 5},
        {"two /56 are two",
                {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6", "2001:db8:0:ff::1",
                        "2001:db8:0:100::1"},
                1, {0}, {0}, "192.0.2.9", 0},
};

static void test_giving_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(giving_way); i++) {
		struct crowd crowd;
		struct crowd_member members[MOST];
		unsigned count = 0;
		begin(&crowd, giving_way[i].share);
		for (; count < MOST && giving_way[i].from[count] != NULL; count++)
			join(&crowd, &members[count], giving_way[i].from[count], count);
		for (unsigned k = 0; k < MOST && giving_way[i].moved[k] != 0; k++)
			crowd_move(&crowd, &members[giving_way[i].moved[k] - 1], CROWD_IDLE, 100 + k);
		for (unsigned k = 0; k < count; k++)
			if (giving_way[i].line[k] != CROWD_IDLE)
				crowd_move(&crowd, &members[k], giving_way[i].line[k], 200 + k);
		struct addr comes = address(giving_way[i].comes);
		struct crowd_member *leaves = crowd_giving_way(&crowd, &comes);
		if (leaves != (giving_way[i].leaves < 0 ? NULL : &members[giving_way[i].leaves]))
			fail_msg("%s: %d", giving_way[i].name, leaves != NULL ? (int)(leaves - members) : -1);
		for (unsigned k = 0; k < count; k++)
			crowd_leave(&crowd, &members[k]);
		assert_null(crowd.greedy.after == &crowd.greedy ? NULL : &crowd);
		crowd_end(&crowd);
	}
}

/* Patience by the number of members: whole up to the half, then less and less. */
static void test_patience(void **state)
{
	(void)state;
	static const int64_t milliseconds[MOST + 1] = {10000, 10000, 10000, 10000, 10000, 7625, 5250, 2875, 500};
	struct crowd crowd;
	struct crowd_member members[MOST];
	begin(&crowd, 1);
	for (unsigned i = 0; i <= MOST; i++) {
		assert_int_equal(crowd_patience(&crowd), milliseconds[i] * NANO_MILLI);
		if (i < MOST)
			join(&crowd, &members[i], "192.0.2.1", 0);
	}
	for (unsigned i = 0; i < MOST; i++)
		crowd_leave(&crowd, &members[i]);
	crowd_end(&crowd);
}

static void test_late(void **state)
{
	(void)state;
	struct crowd crowd;
	struct crowd_member members[3];
	begin(&crowd, 1);
	for (unsigned i = 0; i < 3; i++)
		join(&crowd, &members[i], "192.0.2.1", i);
	crowd_move(&crowd, &members[0], CROWD_PARTIAL, 10);
	crowd_move(&crowd, &members[1], CROWD_BLOCKED, 20);
	static const struct {
		nanotime after; /* ten seconds */
		int late;
	} rows[] = {{1, -1}, {2, 2}, {9, -1}, {10, 0}, {19, -1}, {20, 1}, {1000, -1}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct crowd_member *late = crowd_late(&crowd, 10 * NANO_SECOND + rows[i].after);
		assert_ptr_equal(late, rows[i].late < 0 ? NULL : &members[rows[i].late]);
		if (late != NULL)
			crowd_leave(&crowd, late);
	}
	assert_null(crowd_longest(&crowd));
	crowd_end(&crowd);
}

static void test_held(void **state)
{
	(void)state;
	struct crowd crowd;
	struct crowd_member members[3];
	begin(&crowd, 1);
	for (unsigned i = 0; i < 3; i++)
		join(&crowd, &members[i], "2001:db8::1", i);
	crowd_move(&crowd, &members[2], CROWD_BLOCKED, 10);
	crowd_hold(&crowd, &members[2], 500);
	crowd_move(&crowd, &members[1], CROWD_PARTIAL, 20);
	crowd_hold(&crowd, &members[1], 500);
	assert_null(crowd_heaviest(&crowd));
	crowd_hold(&crowd, &members[1], 501);
	assert_ptr_equal(crowd_heaviest(&crowd), &members[2]);
	crowd_move(&crowd, &members[2], CROWD_BLOCKED, 30);
	assert_ptr_equal(crowd_heaviest(&crowd), &members[1]);
	crowd_leave(&crowd, &members[1]);
	assert_null(crowd_heaviest(&crowd));
	assert_int_equal(crowd.held, 500);
	crowd_leave(&crowd, &members[2]);
	crowd_leave(&crowd, &members[0]);
	crowd_end(&crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_giving_way),
	        cmocka_unit_test(test_patience),
	        cmocka_unit_test(test_late),
	        cmocka_unit_test(test_held),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
