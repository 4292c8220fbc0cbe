/*
 * test_both.c: two pieces of work at once, or one after the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>

#include "base/both.h"

/* Each gives the other a turn, which ends only if both run. */
struct piece {
	pthread_barrier_t *meeting; /* NULL: there is nobody to meet */
	unsigned *turns, turn;
	pthread_t thread;
	sigset_t blocked;
};

static void work(void *argument)
{
	struct piece *piece = argument;
	piece->thread = pthread_self();
	pthread_sigmask(SIG_BLOCK, NULL, &piece->blocked);
	if (piece->meeting)
		pthread_barrier_wait(piece->meeting);
	else
		piece->turn = ++*piece->turns;
}

static void test_at_once(void **state)
{
	(void)state;
	pthread_barrier_t meeting;
	struct piece one = {.meeting = &meeting}, other = one;
	pthread_barrier_init(&meeting, NULL, 2);
	both(true, work, &one, &other);
	pthread_barrier_destroy(&meeting);
	assert_true(pthread_equal(one.thread, pthread_self()));
	assert_false(pthread_equal(one.thread, other.thread));
	assert_true(sigismember(&other.blocked, SIGHUP)); /* signals are for those who wait for them */
	sigset_t now;
	pthread_sigmask(SIG_BLOCK, NULL, &now);
	assert_false(sigismember(&now, SIGHUP));
}

static void test_in_turn(void **state)
{
	(void)state;
	unsigned turns = 0;
	struct piece one = {.turns = &turns}, other = one;
	both(false, work, &one, &other);
	assert_int_equal(one.turn, 1);
	assert_int_equal(other.turn, 2);
	assert_true(pthread_equal(other.thread, pthread_self()));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_at_once), cmocka_unit_test(test_in_turn)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
