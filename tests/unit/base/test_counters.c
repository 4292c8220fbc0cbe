/*
 * test_counters.c: sums over threads, the order of response codes, and a table fit for the metrics.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "base/counters.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_rcodes(void **state)
{
	(void)state;
	static const struct {
		unsigned rcode;
		const char *label;
	} rows[] = {{0, "rcode=\"NOERROR\""}, {1, "rcode=\"FORMERR\""}, {2, "rcode=\"SERVFAIL\""},
	        {3, "rcode=\"NXDOMAIN\""}, {4, "rcode=\"NOTIMP\""}, {5, "rcode=\"REFUSED\""}, {6, "rcode=\"YXDOMAIN\""},
	        {7, "rcode=\"other\""}, {9, "rcode=\"NOTAUTH\""}, {16, "rcode=\"BADVERS\""},
	        {23, "rcode=\"BADCOOKIE\""}, {4095, "rcode=\"other\""}};
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(counter_rows[counter_of_rcode(rows[i].rcode)].label, rows[i].label);
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTERS; i++) {
		const struct counter_row *row = &counter_rows[i];
		assert_true(row->metric[0] && row->help[0]);
		assert_true(row->kind == COUNTER_KIND_GAUGE || strstr(row->metric, "_total"));
		for (size_t j = 0; j < i; j++) {
			const struct counter_row *other = &counter_rows[j];
			if (strcmp(row->metric, other->metric) != 0)
				continue;
			assert_string_not_equal(row->label, other->label);
			assert_string_equal(row->help, other->help);
			assert_int_equal(row->kind, other->kind);
			assert_string_equal(row->metric, counter_rows[i - 1].metric); /* they stand together */
		}
	}
}

enum { ADDITIONS = 100000 };

static void *add_many(void *counters)
{
	for (int i = 0; i < ADDITIONS; i++)
		counter_increment(counters, COUNTER_QUERIES_UDP);
	counter_add(counters, COUNTER_TCP_OPEN, 5);
	counter_add(counters, COUNTER_TCP_OPEN, (uint64_t)-3);
	return NULL;
}

static void test_sum(void **state)
{
	(void)state;
	static struct counters threads[2];
	pthread_t ids[2];
	uint64_t last = 0, sums[COUNTERS] = {0};
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&ids[i], NULL, add_many, &threads[i]), 0);
	for (int i = 0; i < 1000; i++) { /* read while they write: it never goes back */
		uint64_t now = counter_get(&threads[0], COUNTER_QUERIES_UDP);
		assert_true(now >= last);
		last = now;
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(ids[i], NULL), 0);
	for (int i = 0; i < 2; i++)
		counters_sum(sums, &threads[i]);
	assert_int_equal(sums[COUNTER_QUERIES_UDP], 2 * ADDITIONS);
	assert_int_equal(sums[COUNTER_TCP_OPEN], 4);
	assert_int_equal(sums[COUNTER_QUERIES_TCP], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rcodes), cmocka_unit_test(test_table), cmocka_unit_test(test_sum)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
