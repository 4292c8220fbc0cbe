/*
 * test_country.c: the table of countries: the one that ships, and lines that are wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"
#include "geo/country.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool read_text(struct countries *countries, const char *text, struct err *err)
{
	char path[64];
	int file = memfd_create("countries", MFD_CLOEXEC);
	MUST(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	bool good = countries_read(countries, path, err);
	close(file);
	return good;
}

static void test_shipped(void **state)
{
	(void)state;
	static const struct {
		const char *code, *continent;
		double latitude, longitude;
	} known[] = {{"RU", "EU", 55.75, 37.62}, {"CA", "NA", 43.70, -79.42}, {"AU", "OC", -33.87, 151.21},
	        {"BR", "SA", -23.55, -46.64}, {"ZA", "AF", -33.93, 18.42}, {"AQ", "AN", -77.85, 166.68},
	        {"IN", "AS", 19.07, 72.88}};
	struct countries countries;
	struct err *err = err_new();
	unsigned count = 0;
	assert_true(countries_read(&countries, NULL, err));
	assert_int_equal(err_items(err), 0);
	for (size_t i = 0; i < COUNT(known); i++) {
		const struct country *country = countries_find(&countries, known[i].code);
		assert_non_null(country);
		assert_memory_equal(country->continent, known[i].continent, 2);
		assert_int_equal(country->latitude, lround(known[i].latitude * DEGREE));
		assert_int_equal(country->longitude, lround(known[i].longitude * DEGREE));
	}
	for (char code[2] = "AA"; code[0] <= 'Z'; code[0]++)
		for (code[1] = 'A'; code[1] <= 'Z'; code[1]++)
			count += countries_find(&countries, code) != NULL;
	assert_true(count >= 245 && count <= 260);
	assert_null(countries_find(&countries, "QQ"));
	assert_null(countries_find(&countries, "a1"));
	err_free(err);
}

static void test_lines(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned line;
		const char *expected;
	} tables[] = {
	        {"# comment\n\nDE\tEU\t52.5\t13.4\tBerlin\tGermany\nFR\tEU\t48.9\t2.4", 0, NULL},
	        {"DE\tEU\t52.5\n", 1, "separated by tabs"},
	        {"DE EU 52.5 13.4\n", 1, "separated by tabs"},
	        {"# x\nde\tEU\t52.5\t13.4\n", 2, "a country is two capital letters"},
	        {"DEU\tEU\t52.5\t13.4\n", 1, "a country is two capital letters"},
	        {"DE\tEurope\t52.5\t13.4\n", 1, "a continent is two capital letters"},
	        {"DE\tEU\t91\t13.4\n", 1, "are degrees"},
	        {"DE\tEU\t52.5\t-181\n", 1, "are degrees"},
	        {"DE\tEU\tnan\t13.4\n", 1, "are degrees"},
	        {"DE\tEU\t\t13.4\n", 1, "are degrees"},
	        {"DE\tEU\t5x\t13.4\n", 1, "are degrees"},
	        {"DE\tEU\t52.5\t13.4\nDE\tEU\t52.5\t13.4\n", 2, "stands twice"},
	};
	for (size_t i = 0; i < COUNT(tables); i++) {
		struct countries countries;
		struct err *err = err_new();
		assert_int_equal(read_text(&countries, tables[i].text, err), !tables[i].expected);
		assert_int_equal(err_items(err), tables[i].expected ? 1 : 0);
		if (tables[i].expected) {
			assert_int_equal(err_item(err, 0)->line, tables[i].line);
			assert_non_null(strstr(err_item(err, 0)->message, tables[i].expected));
		}
		err_free(err);
	}
	struct countries countries;
	struct err *err = err_new();
	assert_false(countries_read(&countries, "/tmp/meridian-no-such-file.tsv", err));
	assert_int_equal(err_count(err, ERR_ERROR), 1);
	err_free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_shipped),
	        cmocka_unit_test(test_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
