/*
 * test_class.c: which responses rate limiting counts together, and of whom it counts none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "wire/query.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
enum { PARTS = 32 }; /* of the class of a wildcard, or of a steered name that is asked for many client subnets */

static const struct fixture_zone zones[] = {
        {"x.", FIXTURE_APEX "a A 192.0.2.1\na TXT a\nb A 192.0.2.2\n*.w A 192.0.2.3\n*.w TXT t\n"
                            "d DNAME b\nsub NS ns.sub\nsub2 NS ns.sub\nns.sub A 192.0.2.4\nwww A 192.0.2.80\n"},
        {"y.", FIXTURE_APEX "a A 192.0.2.1\n"},
        {NULL, NULL},
};
static const char steering[] = "datacenters:\n  iad: { at: [38.95, -77.45] }\n  fra: { at: [50.03, 8.57] }\n"
                               "maps:\n  m: { net: { 192.0.2.0/24: [fra] }, default: [iad, fra] }\n"
                               "services:\n  www.x:\n    map: m\n    pools:\n"
                               "      iad: { members: [192.0.2.81], probe: none }\n"
                               "      fra: { members: [192.0.2.82], probe: none }\n";

static struct fixture *served(const char *server)
{
	struct fixture *fixture = fixture_new(
	        &(struct fixture_files){.zones = zones, .geo = steering, .server = server});
	fixture->client.stream = false;
	fixture->client.limited = true;
	return fixture;
}

static uint64_t class_of(struct fixture *fixture, const char *question)
{
	uint8_t query[FIXTURE_QUERY_MAX];
	fixture->context.response_class = 0;
	assert_int_not_equal(fixture_send(fixture, query, fixture_query(question, query)), 0);
	return fixture->context.response_class;
}

static void test_classes(void **state)
{
	(void)state;
	static const struct {
		const char *one, *other;
		bool same;
	} rows[] = {
	        {"a.x. A", "A.x. A +edns", true},
	        {"a.x. A", "b.x. A", false},
	        {"a.x. A", "a.x. TXT", false},
	        {"a.x. A", "a.y. A", false},
	        {"a.x. MX", "a.x. AAAA", true}, /* what it has not, of any type */
	        {"a.x. MX", "b.x. MX", false},
	        {"a.x. MX", "a.x. A", false},
	        {"1.x. A", "2.x. MX", true}, /* what is not there, of a zone */
	        {"1.x. A", "1.y. A", false},
	        {"1.x. A", "1.2.3.a.x. A", true},
	        {"1.sub.x. A", "2.3.sub.x. MX", true}, /* a referral */
	        {"1.sub.x. A", "1.sub2.x. A", false},
	        {"z. A", "zz. MX", true}, /* refused */
	        {"z. A", "1.x. A", false},
	        {"www.x. A", "www.x. A +edns", true},
	};
	struct fixture *fixture = served(NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		print_message("%s, %s\n", rows[i].one, rows[i].other);
		assert_int_equal(class_of(fixture, rows[i].one) == class_of(fixture, rows[i].other), rows[i].same);
	}
	fixture_free(fixture);
}

static unsigned distinct(uint64_t *classes, unsigned *count, uint64_t class)
{
	for (unsigned i = 0; i < *count; i++)
		if (classes[i] == class)
			return *count;
	classes[*count] = class;
	return ++*count;
}

/* Names that a stranger can make up without end are a few classes: more than one, but no more than PARTS. */
static void test_names_without_end(void **state)
{
	(void)state;
	static const char *const below[] = {"w.x. A", "w.x. TXT", "w.x. MX", "d.x. A"};
	struct fixture *fixture = served(NULL);
	for (size_t i = 0; i < COUNT(below); i++) {
		uint64_t classes[1000];
		unsigned count = 0;
		for (unsigned k = 0; k < COUNT(classes); k++) {
			char question[64];
			snprintf(question, sizeof question, "%u.%s", k, below[i]);
			distinct(classes, &count, class_of(fixture, question));
		}
		print_message("%s: %u\n", below[i], count);
		/* what a DNAME makes of most of them is not there */
		assert_in_range(count, *below[i] == 'd' ? 1 : 2, PARTS);
	}
	fixture_free(fixture);
}

/* The question with a client subnet 10.A.B.0/24. */
static size_t with_subnet(const char *question, unsigned number, uint8_t query[FIXTURE_QUERY_MAX + 16])
{
	size_t size = fixture_query(question, query);
	const uint8_t option[] = {0, 8, 0, 7, 0, 1, 24, 0, 10, (uint8_t)(number >> 8), (uint8_t)number};
	assert_true(query[size - 1] == 0 && query[size - 2] == 0);
	query[size - 1] = sizeof option;
	memcpy(query + size, option, sizeof option);
	return size + sizeof option;
}

static void test_client_subnets(void **state)
{
	(void)state;
	static const struct {
		const char *question;
		unsigned least, most;
	} rows[] = {{"www.x. A +edns", 2, PARTS}, {"a.x. A +edns", 1, 1}, {"1.x. A +edns", 1, 1}};
	struct fixture *fixture = served(NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t classes[1000];
		unsigned count = 0;
		for (unsigned k = 0; k < COUNT(classes); k++) {
			uint8_t query[FIXTURE_QUERY_MAX + 16];
			assert_int_not_equal(fixture_send(fixture, query, with_subnet(rows[i].question, k, query)), 0);
			distinct(classes, &count, fixture->context.response_class);
		}
		print_message("%s: %u\n", rows[i].question, count);
		assert_in_range(count, rows[i].least, rows[i].most);
	}
	fixture_free(fixture);
}

static void test_settings(void **state)
{
	(void)state;
	static const struct {
		const char *server;
		unsigned per_second, slip; /* 0: no limit */
	} rows[] = {{NULL, 100, 2}, {"rate-limit: on\n", 100, 2}, {"rate-limit: off\n", 0, 0},
	        {"rate-limit: { per-second: 7, slip: 0 }\n", 7, 0}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture *fixture = served(rows[i].server);
		const struct live *live = live_enter(fixture->source);
		const struct rate_limit *limit = answer_rate_limit(live);
		assert_int_equal(limit ? limit->per_second : 0, rows[i].per_second);
		assert_int_equal(limit ? limit->slip : 0, rows[i].slip);
		live_leave();
		fixture_free(fixture);
	}
}

/* Where OPT begins: what stands before it is the rest of the reply. */
static void test_opt(void **state)
{
	(void)state;
	static const char *const questions[] = {
	        "a.x. A", "a.x. A +edns", "1.x. A +do", "z. A +edns", "1.sub.x. A +edns"};
	struct fixture *fixture = served(NULL);
	for (size_t i = 0; i < COUNT(questions); i++) {
		class_of(fixture, questions[i]);
		size_t opt = fixture->context.response_opt;
		struct message message;
		struct message_record record = {0};
		assert_true(message_open(&message, fixture->reply, fixture->size));
		while (message_next(&message, &record) && record.type != 41)
			;
		assert_int_equal(opt, strchr(questions[i], '+') ? record.offset : fixture->size);
	}
	fixture_free(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_classes),
	        cmocka_unit_test(test_names_without_end),
	        cmocka_unit_test(test_client_subnets),
	        cmocka_unit_test(test_settings),
	        cmocka_unit_test(test_opt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
