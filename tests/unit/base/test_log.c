/*
 * test_log.c: what goes to stderr, and that a stderr that takes nothing holds nobody up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Stderr is a pipe while `write_lines` runs; what it held is returned in `text`. */
static void capture(void (*write_lines)(void), char *text, size_t room)
{
	int ends[2], saved = dup(STDERR_FILENO);
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	write_lines();
	dup2(saved, STDERR_FILENO);
	close(saved);
	size_t used = 0;
	for (ssize_t n; used < room - 1 && (n = read(ends[0], text + used, room - 1 - used)) > 0;)
		used += (size_t)n;
	text[used] = 0;
	close(ends[0]);
}

static void write_each_level(void)
{
	log_error("number %d", 1);
	log_warn("two\nlines\033[2J");
	log_info("three");
	log_debug("four");
}

static void test_levels(void **state)
{
	(void)state;
	static const struct {
		enum log_level level;
		const char *last;
	} rows[] = {{LOG_LEVEL_ERROR, "Z error number 1\n"}, {LOG_LEVEL_WARN, "Z warn two\\x0alines\\x1b[2J\n"},
	        {LOG_LEVEL_INFO, "Z info three\n"}, {LOG_LEVEL_DEBUG, "Z debug four\n"}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[1000];
		size_t lines = 0;
		log_set_level(rows[i].level);
		capture(write_each_level, text, sizeof text);
		for (const char *at = text; (at = strchr(at, '\n')); at++)
			lines++;
		assert_int_equal(lines, i + 1);
		size_t end = strlen(rows[i].last);
		assert_string_equal(text + strlen(text) - end, rows[i].last);
	}
	log_set_level(LOG_LEVEL_INFO);
}

static void write_flood(void)
{
	for (int i = 0; i < 1000; i++)
		log_info("%01000d", i);
}

static void test_full_pipe(void **state)
{
	(void)state;
	static char text[200000];
	uint64_t before = log_dropped();
	nanotime start = clock_now();
	capture(write_flood, text, sizeof text); /* nobody reads meanwhile */
	assert_true(clock_now() - start < 5 * NANO_SECOND);
	size_t lines = 0;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	assert_in_range(lines, 1, 999);
	assert_int_equal(log_dropped() - before, 1000 - lines);
}

static void write_err(void)
{
	struct err *err = err_new();
	struct err_at at = {.file = "a.yaml", .line = 3, .column = 7}, line = {.file = "b.zone", .line = 9},
	              file = {.file = "c.mmdb"};
	err_add(err, ERR_ERROR, &at, "one");
	err_add(err, ERR_WARNING, &line, "two");
	err_add(err, ERR_ERROR, &file, "three");
	err_add(err, ERR_ERROR, NULL, "four");
	log_err(err);
	err_free(err);
}

static void test_err(void **state)
{
	(void)state;
	static const char *const expected[] = {
	        "Z error a.yaml:3:7: one\n", "Z warn b.zone:9: two\n", "Z error c.mmdb: three\n", "Z error four\n"};
	char text[1000];
	capture(write_err, text, sizeof text);
	for (size_t i = 0; i < COUNT(expected); i++)
		assert_non_null(strstr(text, expected[i]));
}

static void write_to_journal(void)
{
	struct stat status;
	char stream[64];
	assert_int_equal(fstat(STDERR_FILENO, &status), 0);
	snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_error("bad");
	log_info("good");
	setenv("JOURNAL_STREAM", "1:1", 1); /* inherited from a parent whose stderr it is */
	log_info("other");
	unsetenv("JOURNAL_STREAM");
}

static void test_journal(void **state)
{
	(void)state;
	char text[1000];
	capture(write_to_journal, text, sizeof text);
	assert_int_equal(strncmp(text, "<3>bad\n<6>good\n2", 16), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_levels), cmocka_unit_test(test_full_pipe),
	        cmocka_unit_test(test_err), cmocka_unit_test(test_journal)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
