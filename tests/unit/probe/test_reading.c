/*
 * test_reading.c: fields of a service's JSON, good and hostile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/probe_inside.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* `text` NULL: the field is not known. `number` NAN: it is no number. */
static const struct {
	const char *name, *body, *field;
	bool json;
	const char *text;
	double number;
} cases[] = {
        {"text", "{\"role\": \"primary\"}", "role", true, "primary", NAN},
        {"whole number", "{\"epoch\": 7}", "epoch", true, "7", 7},
        {"large whole number", "{\"epoch\": 9007199254740993}", "epoch", true, "9007199254740993", 9007199254740992.},
        {"negative", "{\"lag\": -3}", "lag", true, "-3", -3},
        {"fraction", "{\"load\": 0.85}", "load", true, "0.85", 0.85},
        {"exponent", "{\"lag\": 1.5e3}", "lag", true, "1500", 1500},
        {"true", "{\"a\": true}", "a", true, "true", NAN},
        {"false", "{\"a\": false}", "a", true, "false", NAN},
        {"null", "{\"a\": null}", "a", true, NULL, NAN},
        {"an object", "{\"a\": {}}", "a", true, NULL, NAN},
        {"a list", "{\"a\": [1]}", "a", true, NULL, NAN},
        {"not there", "{\"b\": 1}", "a", true, NULL, NAN},
        {"empty text", "{\"a\": \"\"}", "a", true, "", NAN},
        {"number in text", "{\"a\": \"12\"}", "a", true, "12", 12},
        {"fraction in text", "{\"a\": \"-0.5\"}", "a", true, "-0.5", -0.5},
        {"milliseconds", "{\"lag\": \"3200ms\"}", "lag", true, "3200ms", 3.2},
        {"seconds", "{\"lag\": \"5s\"}", "lag", true, "5s", 5},
        {"fraction of seconds", "{\"lag\": \"1.5s\"}", "lag", true, "1.5s", 1.5},
        {"several units", "{\"lag\": \"1h2m0.5s\"}", "lag", true, "1h2m0.5s", 3720.5},
        {"negative duration", "{\"lag\": \"-1m30s\"}", "lag", true, "-1m30s", -90},
        {"microseconds", "{\"lag\": \"250\\u00b5s\"}", "lag", true, "250\302\265s", 250e-6},
        {"day", "{\"lag\": \"1d\"}", "lag", true, "1d", 86400},
        {"unknown unit", "{\"lag\": \"5 lightyears\"}", "lag", true, "5 lightyears", NAN},
        {"unit and a rest", "{\"lag\": \"5s ago\"}", "lag", true, "5s ago", NAN},
        {"second sign", "{\"lag\": \"5s-3s\"}", "lag", true, "5s-3s", NAN},
        {"last without unit", "{\"lag\": \"5s3\"}", "lag", true, "5s3", NAN},
        {"version", "{\"version\": \"1.2.3\"}", "version", true, "1.2.3", NAN},
        {"hexadecimal", "{\"a\": \"0x10\"}", "a", true, "0x10", NAN},
        {"infinity", "{\"a\": \"inf\"}", "a", true, "inf", NAN},
        {"no number", "{\"a\": \"nan\"}", "a", true, "nan", NAN},
        {"too large in text", "{\"a\": \"1e999\"}", "a", true, "1e999", NAN},
        {"blank before", "{\"a\": \" 1\"}", "a", true, " 1", NAN},
        {"point alone", "{\"a\": \".5\"}", "a", true, ".5", NAN},
        {"control bytes are shown", "{\"a\": \"x\\u001b[0m\"}", "a", true, "x\\x1b[0m", NAN},
        {"long text is cut", "{\"a\": \"v123456789012345678901234567890123456789012345678901234567890\"}", "a", true,
                "v1234567890123456789012345678901234567890123456", NAN},
        {"path", "{\"database\": {\"lag\": 4}}", "database.lag", true, "4", 4},
        {"longer path", "{\"a\": {\"b\": {\"c\": \"x\"}}}", "a.b.c", true, "x", NAN},
        {"path into nothing", "{\"a\": 1}", "a.b", true, NULL, NAN},
        {"path through a list", "{\"a\": [{\"b\": 1}]}", "a.b", true, NULL, NAN},
        {"dot in a name", "{\"a.b\": 2, \"a\": {\"b\": 1}}", "a.b", true, "2", 2},
        {"dot in a name below", "{\"a\": {\"b.c\": 3}}", "a.b.c", true, "3", 3},
        {"list at the top", "[1]", "a", true, NULL, NAN},
        {"number beside one too large", "{\"a\": 5, \"b\": 99999999999999999999}", "a", true, "5", 5},
        {"number too large for an integer", "{\"a\": 1e400}", "a", false, NULL, NAN},
        {"blanks around", "\r\n {\"a\": 1}\n", "a", true, "1", 1},
        {"empty", "", "a", false, NULL, NAN},
        {"no JSON", "ok", "a", false, NULL, NAN},
        {"HTML", "<html>{\"a\": 1}</html>", "a", false, NULL, NAN},
        {"cut off", "{\"a\": 1, \"b", "a", false, NULL, NAN},
        {"a rest", "{\"a\": 1} {\"a\": 2}", "a", false, NULL, NAN},
        {"no UTF-8", "{\"a\": \"\xff\"}", "a", false, NULL, NAN},
        {"brackets in texts are no depth", "{\"b\": \"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[\", \"a\": 1}", "a",
                true, "1", 1},
};

static bool is_so(const struct reading *reading, const char *text, double number)
{
	if (!text)
		return !reading->known && !reading->is_number;
	return reading->known && !strcmp(reading->text, text) && reading->is_number == !isnan(number) &&
	       (isnan(number) || fabs(reading->number - number) <= 1e-9 * fabs(number));
}

static void test_cases(void **state)
{
	unsigned failed = 0;
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reading reading = {.known = true, .is_number = true, .number = 99};
		size_t size = strlen(cases[i].body);
		char *exact = malloc(size + !size); /* without a 0: a step too far is seen */
		memcpy(exact, cases[i].body, size);
		bool json = reading_parse(&reading, &cases[i].field, 1, exact, size);
		free(exact);
		if (json == cases[i].json && is_so(&reading, cases[i].text, cases[i].number))
			continue;
		fprintf(stderr, "%s: %d %d '%s' %d %g\n", cases[i].name, json, reading.known, reading.text,
		        reading.is_number, reading.number);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* Each field is found for itself. */
static void test_several(void **state)
{
	static const char body[] = "{\"role\": \"replica\", \"lag\": \"2s\"}";
	static const char *const fields[] = {"role", "epoch", "lag"};
	struct reading readings[COUNT(fields)];
	(void)state;
	assert_true(reading_parse(readings, fields, COUNT(fields), body, sizeof body - 1));
	assert_string_equal(readings[0].text, "replica");
	assert_false(readings[1].known);
	assert_true(readings[2].is_number && fabs(readings[2].number - 2) < 1e-9);
}

/* Nesting to the bound is read, beyond it is refused before the parser goes down into it. */
static void test_depth(void **state)
{
	static const struct {
		unsigned depth;
		bool json;
	} table[] = {{30, true}, {31, true}, {32, false}, {2000, false}, {30000, false}};
	static const char *const field = "a";
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		static char body[PROBE_READ_MAX];
		unsigned depth = table[i].depth;
		int start = snprintf(body, sizeof body, "{\"a\": 1, \"b\": ");
		memset(body + start, '[', depth);
		memset(body + start + depth, ']', depth);
		body[(size_t)start + 2 * depth] = '}';
		struct reading reading;
		assert_int_equal(
		        reading_parse(&reading, &field, 1, body, (size_t)start + 2 * depth + 1), table[i].json);
		assert_int_equal(reading.known, table[i].json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_cases),
	        cmocka_unit_test(test_several),
	        cmocka_unit_test(test_depth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
