/*
 * test_assert.c: a broken MUST names its place and ends the process by SIGABRT; one that holds does nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"

static int calls;

static int count_call(void)
{
	return ++calls;
}

static void test_holds(void **state)
{
	(void)state;
	MUST(count_call() == 1);
	assert_int_equal(calls, 1); /* evaluated, and once */
}

static void test_broken(void **state)
{
	(void)state;
	int ends[2], status;
	char text[300] = "";
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		signal(SIGABRT, SIG_DFL);
		dup2(ends[1], STDERR_FILENO);
		must_fail("src/zone/tree.c", 42, "node->parent");
	}
	assert_true(child > 0);
	close(ends[1]);
	assert_true(read(ends[0], text, sizeof text - 1) > 0);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_string_equal(text, "src/zone/tree.c:42: broken: node->parent\n");
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_holds), cmocka_unit_test(test_broken)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
