/*
 * test_text.c: numbers with units, near words, visible bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_duration(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		nanotime expected; /* -1: refused */
		const char *formatted;
	} rows[] = {{"10s", 10 * NANO_SECOND, "10s"}, {"250ms", 250 * NANO_MILLI, "250ms"},
	        {"20m", 1200 * NANO_SECOND, "20m"}, {"2h", 7200 * NANO_SECOND, "2h"}, {"1d", 86400 * NANO_SECOND, "1d"},
	        {"0s", 0, "0s"}, {"60s", 60 * NANO_SECOND, "1m"}, {"90s", 90 * NANO_SECOND, "90s"},
	        {"1500ms", 1500 * NANO_MILLI, "1500ms"}, {"24h", 86400 * NANO_SECOND, "1d"}, {"10", -1, NULL},
	        {"s", -1, NULL}, {"", -1, NULL}, {"-1s", -1, NULL}, {"+1s", -1, NULL}, {"1.5s", -1, NULL},
	        {"1 s", -1, NULL}, {" 1s", -1, NULL}, {"1s ", -1, NULL}, {"1S", -1, NULL}, {"1x", -1, NULL},
	        {"1m30s", -1, NULL}, {"106751d", INT64_C(106751) * 86400 * NANO_SECOND, "106751d"},
	        {"106752d", -1, NULL}, {"99999999999999999999s", -1, NULL}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		nanotime value = -1;
		char text[32];
		assert_int_equal(text_duration(&value, rows[i].text), rows[i].expected >= 0);
		assert_int_equal(value, rows[i].expected);
		if (rows[i].formatted)
			assert_string_equal(text_duration_format(value, text), rows[i].formatted);
	}
}

static void test_size(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t expected; /* UINT64_MAX: refused */
	} rows[] = {{"512B", 512}, {"64KB", 65536}, {"256MB", 268435456}, {"1GB", 1073741824}, {"0B", 0},
	        {"256", UINT64_MAX}, {"256mb", UINT64_MAX}, {"256MiB", UINT64_MAX}, {"-1MB", UINT64_MAX},
	        {"1.5GB", UINT64_MAX}, {"9999999999GB", UINT64_MAX}, {"MB", UINT64_MAX}, {"", UINT64_MAX}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t bytes = UINT64_MAX;
		assert_int_equal(text_size(&bytes, rows[i].text), rows[i].expected != UINT64_MAX);
		assert_int_equal(bytes, rows[i].expected);
	}
}

static void test_percent(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned expected; /* 999: refused */
	} rows[] = {{"0%", 0}, {"50%", 50}, {"100%", 100}, {"101%", 999}, {"50", 999}, {"%", 999}, {"-1%", 999},
	        {"50 %", 999}, {"50%%", 999}, {"4294967346%", 999}, {"99999999999999999999%", 999}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned percent = 999;
		assert_int_equal(text_percent(&percent, rows[i].text), rows[i].expected != 999);
		assert_int_equal(percent, rows[i].expected);
	}
}

static void test_number(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t min, max;
		bool right;
		int64_t expected;
	} rows[] = {{"0", 0, 9, true, 0}, {"9", 0, 9, true, 9}, {"10", 0, 9, false, 0}, {"-1", 0, 9, false, 0},
	        {"-99", -99, 99, true, -99}, {"-100", -99, 99, false, 0}, {"+1", 0, 9, false, 0},
	        {"1 ", 0, 9, false, 0}, {" 1", 0, 9, false, 0}, {"0x1", 0, 9, false, 0}, {"1e0", 0, 9, false, 0},
	        {"", 0, 9, false, 0}, {"-", -9, 9, false, 0}, {"--1", -9, 9, false, 0},
	        {"9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
	        {"9223372036854775808", INT64_MIN, INT64_MAX, false, 0},
	        {"-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN},
	        {"-9223372036854775809", INT64_MIN, INT64_MAX, false, 0},
	        {"18446744073709551616", INT64_MIN, INT64_MAX, false, 0}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t value = 0;
		assert_int_equal(text_number(&value, rows[i].text, rows[i].min, rows[i].max), rows[i].right);
		assert_true(value == rows[i].expected);
	}
}

static void test_near(void **state)
{
	(void)state;
	static const char *const words[] = {"iad", "fra", "sin", "interval", "timeout", "rise", "fall", "datacenters"};
	static char longest[200];
	memset(longest, 'a', sizeof longest - 1);
	const struct {
		const char *word, *expected; /* NULL: none is near */
	} rows[] = {{"sim", "sin"}, {"sn", NULL}, {"fr", NULL}, {"FRA", "fra"}, {"far", "fra"}, {"xyz", NULL},
	        {"intervall", "interval"}, {"intreval", "interval"}, {"intrvl", "interval"}, {"timeouts", "timeout"},
	        {"datacentres", "datacenters"}, {"datecentrez", NULL}, {"", NULL}, {"x", NULL}, {"ris", "rise"},
	        {longest, NULL}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *near = text_near(rows[i].word, words, COUNT(words));
		if (rows[i].expected)
			assert_string_equal(near ? near : "(none)", rows[i].expected);
		else
			assert_null(near);
	}
	assert_null(text_near("sin", NULL, 0));
}

static void test_visible(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t size, room;
		const char *expected;
	} rows[] = {{"plain", 5, 99, "plain"}, {"a\nb\x1b[2J", 7, 99, "a\\x0ab\\x1b[2J"}, {"\0", 1, 99, "\\x00"},
	        {"\x7f", 1, 99, "\\x7f"}, {"Z\xc3\xbcrich", 7, 99, "Z\xc3\xbcrich"}, {"\xc3", 1, 99, "\\xc3"},
	        {"\xc2\x9b", 2, 99, "\\xc2\\x9b"}, {"\xc0\xaf", 2, 99, "\\xc0\\xaf"},
	        {"\xed\xa0\x80", 3, 99, "\\xed\\xa0\\x80"}, {"\xe2\x80\xae", 3, 99, "\\xe2\\x80\\xae"},
	        {"\xf0\x9f\x8c\x8d", 4, 99, "\xf0\x9f\x8c\x8d"}, {"\xf5\x80\x80\x80", 4, 99, "\\xf5\\x80\\x80\\x80"},
	        {"abcdef", 6, 4, "abc"}, {"a\xc3\xbc", 3, 3, "a"}, {"a\n", 2, 5, "a"}, {"", 0, 1, ""}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char to[100];
		size_t length = text_visible(to, rows[i].room, rows[i].text, rows[i].size);
		assert_string_equal(to, rows[i].expected);
		assert_int_equal(length, strlen(rows[i].expected));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_duration), cmocka_unit_test(test_size),
	        cmocka_unit_test(test_percent), cmocka_unit_test(test_number), cmocka_unit_test(test_near),
	        cmocka_unit_test(test_visible)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
