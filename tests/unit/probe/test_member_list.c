/*
 * test_member_list.c: what registries say, good and hostile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/member_list.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define CONSUL                                                                                                         \
	"[{\"Node\": {\"Address\": \"10.0.0.1\"}, \"Service\": {\"Address\": \"192.0.2.2\", \"Port\": 80, "            \
	"\"Weights\": {\"Passing\": 10, \"Warning\": 1}}}, {\"Service\": {\"Address\": \"192.0.2.1\"}, \"Checks\": "   \
	"[]}]"

/* `text` begins with '!': it is refused, and that is why. */
static const struct {
	const char *name, *body, *text;
	struct member_list_form form;
} cases[] = {
        {"texts", "[\"192.0.2.1\", \"2001:db8::1\"]", "192.0.2.1 1\n2001:db8::1 1\n", {0}},
        {"objects", "[{\"address\": \"192.0.2.1\", \"weight\": 3}, \"192.0.2.2\"]", "192.0.2.1 3\n192.0.2.2 1\n", {0}},
        {"sorted", "[\"2001:db8::1\", \"192.0.2.10\", \"192.0.2.9\"]", "192.0.2.9 1\n192.0.2.10 1\n2001:db8::1 1\n",
                {0}},
        {"in one form", "[\"2001:DB8:0::1\"]", "2001:db8::1 1\n", {0}},
        {"twice", "[\"192.0.2.1\", {\"address\": \"192.0.2.1\", \"weight\": 5}, \"192.0.2.1\"]", "192.0.2.1 5\n", {0}},
        {"what else an entry has", "[{\"address\": \"192.0.2.1\", \"port\": 80, \"tags\": [{}]}]", "192.0.2.1 1\n",
                {0}},
        {"within", "{\"data\": {\"members\": [\"192.0.2.1\"]}}", "192.0.2.1 1\n", {.list = "data.members"}},
        {"a dot in the name", "{\"a.b\": [\"192.0.2.1\"]}", "192.0.2.1 1\n", {.list = "a.b"}},
        {"Consul", CONSUL, "192.0.2.1 1\n192.0.2.2 10\n",
                {.address = "Service.Address", .weight = "Service.Weights.Passing"}},
        {"weight 0", "[{\"address\": \"192.0.2.1\", \"weight\": 0}]", "192.0.2.1 0\n", {0}},
        {"greatest weight", "[{\"address\": \"192.0.2.1\", \"weight\": 1000}]", "192.0.2.1 1000\n", {0}},
        {"weight too large", "[{\"address\": \"192.0.2.1\", \"weight\": 1001}]",
                "!entry 1 has a weight that is no whole number from 0 to 1000", {0}},
        {"weight below 0", "[\"192.0.2.2\", {\"address\": \"192.0.2.1\", \"weight\": -1}]",
                "!entry 2 has a weight that is no whole number from 0 to 1000", {0}},
        {"weight in a text", "[{\"address\": \"192.0.2.1\", \"weight\": \"1\"}]",
                "!entry 1 has a weight that is no whole number from 0 to 1000", {0}},
        {"a fraction", "[{\"address\": \"192.0.2.1\", \"weight\": 1.5}]",
                "!entry 1 has a weight that is no whole number from 0 to 1000", {0}},
        {"weight beyond integers", "[{\"address\": \"192.0.2.1\", \"weight\": 99999999999999999999}]",
                "!entry 1 has a weight that is no whole number from 0 to 1000", {0}},
        {"nobody", "[]", "!there is no member in the list; a pool is never emptied by one", {0}},
        {"of both families still", "[\"192.0.2.1\", \"2001:db8::1\"]", "192.0.2.1 1\n2001:db8::1 1\n",
                {.keeps_v4 = true, .keeps_v6 = true}},
        {"no IPv4 any more", "[\"2001:db8::1\"]",
                "!there is no IPv4 member in the list any more; a pool is never emptied of a family by one",
                {.keeps_v4 = true}},
        {"no IPv6 any more", "[\"192.0.2.1\"]",
                "!there is no IPv6 member in the list any more; a pool is never emptied of a family by one",
                {.keeps_v6 = true}},
        {"another family beside", "[\"192.0.2.1\", \"2001:db8::1\"]", "192.0.2.1 1\n2001:db8::1 1\n",
                {.keeps_v4 = true}},
        {"no list", "{\"members\": [\"192.0.2.1\"]}", "!the reply is no list; 'read' says where in it one is", {0}},
        {"no list there", "{\"members\": {}}", "!there is no list at 'members' in the reply", {.list = "members"}},
        {"nothing there", "[1]", "!there is no list at 'members' in the reply", {.list = "members"}},
        {"null", "null", "!the reply is no JSON", {0}},
        {"null in it", "[null]", "!entry 1 has no address", {0}},
        {"a number", "[3221225985]", "!entry 1 has no address", {0}},
        {"no address", "[{\"weight\": 3}]", "!entry 1 has no address", {0}},
        {"empty address", "[{\"Address\": \"\"}]", "!entry 1 has '', which is neither an IPv4 nor an IPv6 address",
                {.address = "Address"}},
        {"a name", "[\"192.0.2.1\", \"www.example.com\"]",
                "!entry 2 has 'www.example.com', which is neither an IPv4 nor an IPv6 address", {0}},
        {"a port", "[\"192.0.2.1:80\"]", "!entry 1 has '192.0.2.1:80', which is neither an IPv4 nor an IPv6 address",
                {0}},
        {"controls", "[\"\\u001b[2J\\n\"]",
                "!entry 1 has '\\x1b[2J\\x0a', which is neither an IPv4 nor an IPv6 address", {0}},
        {"text", "192.0.2.1\n192.0.2.2\n", "!the reply is no JSON", {0}},
        {"an address alone", "192.0.2.1", "!the reply is no JSON", {0}},
        {"HTML", "<html>[\"192.0.2.1\"]</html>", "!the reply is no JSON", {0}},
        {"cut off", "[\"192.0.2.1\", \"192.0.", "!the reply is no JSON", {0}},
        {"more behind", "[\"192.0.2.1\"] [\"192.0.2.2\"]", "!the reply is no JSON", {0}},
        {"empty", "", "!the reply is no JSON", {0}},
};

static void test_cases(void **state)
{
	unsigned failed = 0;
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t size = strlen(cases[i].body);
		char why[MEMBER_LIST_WHY], *exact = malloc(size + !size); /* without a 0: a step too far is seen */
		uint32_t count = 99, lines = 0;
		bool refused = *cases[i].text == '!';
		memcpy(exact, cases[i].body, size);
		char *text = member_list_text(exact, size, &cases[i].form, &count, why);
		free(exact);
		for (const char *at = cases[i].text; (at = strchr(at, '\n')); at++)
			lines++;
		if (refused ? text || strcmp(why, cases[i].text + 1) != 0
		            : !text || *why || strcmp(text, cases[i].text) != 0 || count != lines) {
			fprintf(stderr, "%s: '%s' %s\n", cases[i].name, text ? text : "", why);
			failed++;
		}
		free(text);
	}
	assert_int_equal(failed, 0);
}

/* A list of so many entries of so many addresses. */
static char *made(unsigned entries, unsigned addresses)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	for (unsigned i = 0; i < entries; i++)
		fprintf(out, "%c\"10.0.%u.%u\"", i ? ',' : '[', i % addresses / 256, i % addresses % 256);
	fputc(']', out);
	fclose(out);
	return text;
}

static void test_bounds(void **state)
{
	static const struct {
		unsigned entries, addresses;
		const char *why;
	} rows[] = {{1024, 1024, ""}, {1025, 1025, "a pool has at most 1024 members of a family"}, {8192, 1000, ""},
	        {8193, 1000, "the list has 8193 entries, more than can be a pool"}};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char why[MEMBER_LIST_WHY], *body = made(rows[i].entries, rows[i].addresses);
		uint32_t count;
		char *text = member_list_text(body, strlen(body), &(struct member_list_form){0}, &count, why);
		assert_string_equal(why, rows[i].why);
		assert_int_equal(text != NULL, !*rows[i].why);
		if (text)
			assert_int_equal(count, rows[i].addresses);
		free(text);
		free(body);
	}
}

/* A tower of brackets ends before the parser's stack does. */
static void test_depth(void **state)
{
	static char tower[1 << 20];
	char why[MEMBER_LIST_WHY];
	uint32_t count;
	(void)state;
	memset(tower, '[', sizeof tower);
	assert_null(member_list_text(tower, sizeof tower, &(struct member_list_form){0}, &count, why));
	assert_string_equal(why, "the reply is no JSON");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_cases), cmocka_unit_test(test_bounds), cmocka_unit_test(test_depth)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
