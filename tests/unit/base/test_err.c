/*
 * test_err.c: how errors are gathered and shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void expect_item(const struct err_at *at, const char *expected)
{
	struct err *err = err_new();
	err_add(err, ERR_ERROR, at, "no '%s'", "x");
	char *text = err_item_text(err_item(err, 0));
	assert_string_equal(text, expected);
	free(text);
	err_free(err);
}

static void test_print(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		unsigned line, column, width;
		const char *text, *expected;
	} rows[] = {
	        {"caret and tail", 8, 11, 3, "prefer: [sim, fra]",
	                "f:8:11: error: no 'x'\n        prefer: [sim, fra]\n                  ^~~\n"},
	        {"one byte", 1, 1, 1, "abc", "f:1:1: error: no 'x'\n        abc\n        ^\n"},
	        {"no width", 1, 3, 0, "abc", "f:1:3: error: no 'x'\n        abc\n          ^\n"},
	        {"at the end", 1, 4, 5, "abc", "f:1:4: error: no 'x'\n        abc\n           ^\n"},
	        {"far beyond the end", 1, 4000000000, 5, "abc",
	                "f:1:4000000000: error: no 'x'\n        abc\n           ^\n"},
	        {"width beyond the end", 1, 2, 4294967295, "abc", "f:1:2: error: no 'x'\n        abc\n         ^~\n"},
	        {"empty line", 1, 1, 1, "", "f:1:1: error: no 'x'\n        \n        ^\n"},
	        {"tabs stay tabs", 1, 4, 2, "\t\tabc", "f:1:4: error: no 'x'\n        \t\tabc\n        \t\t ^~\n"},
	        {"tab underlined", 1, 1, 2, "\ta", "f:1:1: error: no 'x'\n        \ta\n        ^~\n"},
	        {"control before", 1, 3, 1, "\x1b[m", "f:1:3: error: no 'x'\n        \\x1b[m\n             ^\n"},
	        {"control under", 1, 2, 1, "a\x01z", "f:1:2: error: no 'x'\n        a\\x01z\n         ^~~~\n"},
	        {"UTF-8 is one column", 1, 4, 2, "\xc3\xbc=ab",
	                "f:1:4: error: no 'x'\n        \xc3\xbc=ab\n          ^~\n"},
	        {"no column", 7, 0, 0, "abc", "f:7: error: no 'x'\n        abc\n"},
	        {"no text", 7, 2, 0, NULL, "f:7:2: error: no 'x'\n"},
	        {"no line", 0, 2, 0, "abc", "f: error: no 'x'\n"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err_at at = {.file = "f",
		        .line = rows[i].line,
		        .column = rows[i].column,
		        .width = rows[i].width,
		        .text = rows[i].text,
		        .text_length = rows[i].text ? strlen(rows[i].text) : 0};
		expect_item(&at, rows[i].expected);
	}
	expect_item(NULL, "error: no 'x'\n");
}

/* Of a long line only a part is shown; the caret stands below the byte it is about. */
static void test_long_line(void **state)
{
	(void)state;
	static const struct {
		unsigned length, column;
		bool cut_before, cut_after;
	} rows[] = {{200, 200, false, false}, {201, 1, false, true}, {5000, 1, false, true}, {5000, 150, false, true},
	        {5000, 2500, true, true}, {5000, 4999, true, false}, {5000, 5000, true, false}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char line[5001];
		memset(line, '.', rows[i].length);
		line[rows[i].column - 1] = 'X';
		struct err *err = err_new();
		struct err_at at = {"f", 1, rows[i].column, 1, line, rows[i].length};
		err_add(err, ERR_ERROR, &at, "bad");
		const struct err_item *item = err_item(err, 0);
		assert_true(strlen(item->text) <= 206);
		assert_int_equal(strchr(item->text, 'X') - item->text, strchr(item->mark, '^') - item->mark);
		size_t shown = strlen(item->text) - 3 * (size_t)(rows[i].cut_before + rows[i].cut_after);
		assert_int_equal(shown, rows[i].length < 200 ? rows[i].length : 200);
		err_free(err);
	}
}

static void test_long_line_utf8(void **state)
{
	(void)state;
	char line[900]; /* 300 characters of 3 bytes: no cut may fall within one */
	for (size_t i = 0; i < sizeof line; i += 3)
		memcpy(line + i, "\xe2\x82\xac", 3);
	for (unsigned column = 1; column <= sizeof line; column++) {
		struct err *err = err_new();
		struct err_at at = {"f", 1, column, 1, line, sizeof line};
		err_add(err, ERR_ERROR, &at, "bad");
		assert_null(strchr(err_item(err, 0)->text, '\\'));
		assert_int_equal(strlen(strchr(err_item(err, 0)->mark, '^')), 1);
		err_free(err);
	}
}

static void test_hostile_text(void **state)
{
	(void)state;
	struct err *err = err_new();
	struct err_at at = {.file = "a\nb", .line = 1};
	err_add(err, ERR_WARNING, &at, "%s", "x\033]0;y\007\n");
	assert_string_equal(err_item(err, 0)->file, "a\\x0ab");
	assert_string_equal(err_item(err, 0)->message, "x\\x1b]0;y\\x07\\x0a");
	char *huge = malloc(100000);
	memset(huge, 'h', 99999);
	huge[99999] = 0;
	err_add(err, ERR_ERROR, NULL, "%s", huge);
	assert_in_range(strlen(err_item(err, 1)->message), 500, 2000);
	free(huge);
	err_free(err);
	err_free(NULL);
}

static void test_bounds(void **state)
{
	(void)state;
	struct err *err = err_new();
	for (int i = 0; i < 5000; i++)
		err_add(err, ERR_WARNING, NULL, "warning %d", i);
	for (int i = 0; i < 5000; i++)
		err_add(err, ERR_ERROR, NULL, "error %d", i);
	assert_int_equal(err_count(err, ERR_WARNING), 5000);
	assert_int_equal(err_count(err, ERR_ERROR), 5000);
	assert_int_equal(err_items(err), ERR_MAX);
	assert_string_equal(err_item(err, ERR_MAX / 2)->message, "error 0"); /* not crowded out */
	struct err *all = err_new();
	err_add(all, ERR_ERROR, NULL, "first");
	err_merge(all, err);
	err_merge(all, err);
	assert_int_equal(err_count(all, ERR_WARNING), 10000);
	assert_int_equal(err_count(all, ERR_ERROR), 10001);
	assert_int_equal(err_items(all), ERR_MAX);
	err_free(err);
	err_free(all);
}

static char *print(const struct err *err, bool colour)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	err_print(err, out, colour);
	fclose(out);
	return text;
}

static void test_merge_prints_the_same(void **state)
{
	(void)state;
	struct err *err = err_new(), *merged = err_new();
	struct err_at at = {"geo/world.yaml", 3, 2, 2, "a bc", 4};
	err_add(err, ERR_ERROR, &at, "one");
	err_add(err, ERR_WARNING, NULL, "two");
	err_merge(merged, err);
	char *first = print(err, false), *second = print(merged, false), *coloured = print(err, true);
	assert_string_equal(first, "geo/world.yaml:3:2: error: one\n        a bc\n         ^~\nwarning: two\n");
	assert_string_equal(first, second);
	assert_null(strchr(first, '\033'));
	assert_non_null(strstr(coloured, "\033[1;31merror:\033[0m one\n"));
	free(first);
	free(second);
	free(coloured);
	err_free(err);
	err_free(merged);
}

static void test_line(void **state)
{
	(void)state;
	static const char text[] = "one\ntwo\r\n\nfour";
	static const struct {
		unsigned line;
		const char *expected; /* NULL: no such line */
	} rows[] = {{0, NULL}, {1, "one"}, {2, "two"}, {3, ""}, {4, "four"}, {5, NULL}, {4294967295, NULL}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t length = 0;
		const char *line = err_line(text, sizeof text - 1, rows[i].line, &length);
		assert_int_equal(line != NULL, rows[i].expected != NULL);
		if (line) {
			assert_int_equal(length, strlen(rows[i].expected));
			assert_memory_equal(line, rows[i].expected, length);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_print), cmocka_unit_test(test_long_line),
	        cmocka_unit_test(test_long_line_utf8), cmocka_unit_test(test_hostile_text),
	        cmocka_unit_test(test_bounds), cmocka_unit_test(test_merge_prints_the_same),
	        cmocka_unit_test(test_line)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
