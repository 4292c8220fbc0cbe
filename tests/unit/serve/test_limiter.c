/*
 * test_limiter.c: who gets how many answers, on a clock that the tests move.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "serve/limiter.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { CLASS = 7 };
#define START (1000 * NANO_SECOND)
#define TIME_COMES_ROUND ((INT64_C(1) << 46)) /* 2^40 units of 64 ns */

static struct limiter *new_limiter(void)
{
	static const uint8_t secret[LIMITER_SECRET] = "sixteen of bytes";
	return limiter_new(secret);
}

static struct addr addr_of(const char *text)
{
	struct addr addr;
	assert_true(addr_parse(&addr, text));
	return addr;
}

/* Asks `rate` times a second from `from` to `to`; returns how many went out. */
static unsigned offer(struct limiter *limiter, const struct rate_limit *limit, const char *client, uint64_t class,
        nanotime from, nanotime to, unsigned rate)
{
	struct addr addr = addr_of(client);
	unsigned allowed = 0;
	for (nanotime now = from; now < to; now += NANO_SECOND / rate)
		allowed += limiter_allows(limiter, limit, &addr, class, now);
	return allowed;
}

static void test_rates(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		unsigned per_second, asked; /* a second */
		nanotime lasts;
		unsigned least, most;
	} rows[] = {
	        {"below the limit all", 100, 99, 10 * NANO_SECOND, 991, 991},
	        {"at the limit all", 100, 100, 10 * NANO_SECOND, 1000, 1000},
	        {"above it the limit, after what a rested client has", 100, 10000, 10 * NANO_SECOND, 1099, 1100},
	        {"a second's worth in one go", 100, 1000000, 20 * NANO_MILLI, 101, 102},
	        {"one a second", 1, 100, 5 * NANO_SECOND, 5, 6},
	        {"a thousand a second", 1000, 100000, 3 * NANO_SECOND, 3999, 4001},
	        {"the highest limit is none for 100,000", 1000000, 100000, NANO_SECOND, 100000, 100000},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct limiter *limiter = new_limiter();
		const struct rate_limit limit = {.on = true, .per_second = rows[i].per_second};
		unsigned allowed = offer(
		        limiter, &limit, "192.0.2.1", CLASS, START, START + rows[i].lasts, rows[i].asked);
		print_message("%s: %u\n", rows[i].name, allowed);
		assert_in_range(allowed, rows[i].least, rows[i].most);
		limiter_free(limiter);
	}
}

/* What one has had, the other may not have: the same network and class, and nothing else. */
static void test_together(void **state)
{
	(void)state;
	static const struct {
		const char *one, *other;
		uint64_t other_class;
		bool together;
	} rows[] = {
	        {"192.0.2.1", "192.0.2.1", CLASS, true},
	        {"192.0.2.1", "192.0.2.254", CLASS, true},
	        {"192.0.2.1", "192.0.3.1", CLASS, false},
	        {"192.0.2.1", "192.0.2.1", CLASS + 1, false},
	        {"2001:db8:1:200::1", "2001:db8:1:2ff:ffff::1", CLASS, true},
	        {"2001:db8:1:200::1", "2001:db8:1:300::1", CLASS, false},
	        {"2001:db8:1:200::1", "2001:db8:1:200::1", CLASS + 1, false},
	        {"192.0.2.1", "c000:200::1", CLASS, false},
	        {"0.0.0.0", "::", CLASS, false},
	};
	const struct rate_limit limit = {.on = true, .per_second = 100};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct limiter *limiter = new_limiter();
		assert_in_range(
		        offer(limiter, &limit, rows[i].one, CLASS, START, START + NANO_MILLI, 1000000), 100, 101);
		struct addr other = addr_of(rows[i].other);
		print_message("%s, %s\n", rows[i].one, rows[i].other);
		assert_int_equal(limiter_allows(limiter, &limit, &other, rows[i].other_class, START + NANO_MILLI),
		        !rows[i].together);
		limiter_free(limiter);
	}
}

/* At the limit, then silent for a time, however long: then as many in one go as there were tenths of a second. */
static void test_rest(void **state)
{
	(void)state;
	static const struct {
		nanotime silent;
		unsigned least, most;
	} rows[] = {
	        {100 * NANO_MILLI, 10, 11},
	        {500 * NANO_MILLI, 50, 51},
	        {NANO_SECOND, 100, 101},
	        {3600 * NANO_SECOND, 100, 101},
	        {TIME_COMES_ROUND / 2, 100, 101},
	        {TIME_COMES_ROUND - 2 * NANO_SECOND, 100, 101},
	        {TIME_COMES_ROUND + 2 * NANO_SECOND, 100, 101},
	};
	const struct rate_limit limit = {.on = true, .per_second = 100};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct limiter *limiter = new_limiter();
		offer(limiter, &limit, "192.0.2.1", CLASS, START, START + NANO_MILLI, 1000000);
		nanotime again = START + NANO_MILLI + rows[i].silent;
		unsigned allowed = offer(limiter, &limit, "192.0.2.1", CLASS, again, again + NANO_MILLI, 1000000);
		print_message("%lld ms: %u\n", (long long)(rows[i].silent / NANO_MILLI), allowed);
		assert_in_range(allowed, rows[i].least, rows[i].most);
		limiter_free(limiter);
	}
}

/* A thread whose time is a little older than another's does not make an empty place of a full one. */
static void test_lag(void **state)
{
	(void)state;
	const struct rate_limit limit = {.on = true, .per_second = 100};
	struct limiter *limiter = new_limiter();
	struct addr client = addr_of("192.0.2.1");
	offer(limiter, &limit, "192.0.2.1", CLASS, START, START + NANO_MILLI, 1000000);
	for (nanotime lag = 0; lag < NANO_SECOND; lag += 10 * NANO_MILLI)
		assert_false(limiter_allows(limiter, &limit, &client, CLASS, START + NANO_MILLI - lag));
	limiter_free(limiter);
}

/* The limit is what each call says: a reload counts at once, up and down. */
static void test_reload(void **state)
{
	(void)state;
	const struct rate_limit low = {.on = true, .per_second = 10}, high = {.on = true, .per_second = 1000};
	struct limiter *limiter = new_limiter();
	nanotime now = START, second = NANO_SECOND;
	assert_in_range(offer(limiter, &low, "192.0.2.1", CLASS, now, now + 2 * second, 2000), 29, 30);
	now += 2 * second;
	assert_in_range(offer(limiter, &high, "192.0.2.1", CLASS, now, now + 2 * second, 2000), 1999, 2101);
	now += 2 * second;
	assert_in_range(offer(limiter, &low, "192.0.2.1", CLASS, now, now + 2 * second, 2000), 19, 21);
	limiter_free(limiter);
}

static struct addr stranger(uint32_t number)
{
	struct addr addr = {.family = ADDR_V4};
	uint64_t bits = hash_mix(number, 0x5eed);
	memcpy(addr.bytes, &bits, 4);
	return addr;
}

/* Twenty thousand networks a second, each once, and five thousand that are at their limit: those stay limited, and no
 * stranger loses an answer. */
static void test_crowd(void **state)
{
	(void)state;
	enum { STRANGERS = 20000, HOSTILE = 5000, EACH = 1000, SECONDS = 2 };
	const struct rate_limit limit = {.on = true, .per_second = 100};
	struct limiter *limiter = new_limiter();
	unsigned hostile = 0, refused = 0, asked = 0;
	for (unsigned round = 0; round < SECONDS * EACH; round++) {
		nanotime now = START + (nanotime)round * NANO_SECOND / EACH;
		for (unsigned i = 0; i < HOSTILE; i++) {
			struct addr addr = {.family = ADDR_V6, .bytes = {0x20, 1, (uint8_t)(i >> 8), (uint8_t)i}};
			hostile += limiter_allows(limiter, &limit, &addr, CLASS, now);
		}
		for (unsigned i = 0; i < STRANGERS / EACH; i++, asked++) {
			struct addr addr = stranger(asked);
			refused += !limiter_allows(limiter, &limit, &addr, CLASS, now);
		}
	}
	print_message("%u of %u strangers refused; the hostile got %u of %u\n", refused, asked, hostile,
	        HOSTILE * EACH * SECONDS);
	assert_int_equal(refused, 0);
	assert_in_range(hostile, HOSTILE * 250, HOSTILE * 310); /* their due is 300 each */
	limiter_free(limiter);
}

struct hammer {
	pthread_t thread;
	struct limiter *limiter;
	unsigned allowed;
};

static void *hammer_run(void *argument)
{
	struct hammer *hammer = argument;
	const struct rate_limit limit = {.on = true, .per_second = 1000};
	struct addr client = addr_of("192.0.2.1");
	for (unsigned i = 0; i < 1000000; i++)
		hammer->allowed += limiter_allows(hammer->limiter, &limit, &client, CLASS, START + i * 1000);
	return NULL;
}

/* Threads share the table: together they do not give as much as each could alone. */
static void test_threads(void **state)
{
	(void)state;
	struct hammer hammers[4] = {{0}};
	struct limiter *limiter = new_limiter();
	unsigned sum = 0;
	for (size_t i = 0; i < COUNT(hammers); i++) {
		hammers[i].limiter = limiter;
		assert_int_equal(pthread_create(&hammers[i].thread, NULL, hammer_run, &hammers[i]), 0);
	}
	for (size_t i = 0; i < COUNT(hammers); i++) {
		pthread_join(hammers[i].thread, NULL);
		sum += hammers[i].allowed;
	}
	/* 2,000 are due; a thread that was put aside comes late, with a time that has passed */
	assert_in_range(sum, 1999, 2 * 2000);
	limiter_free(limiter);
}

static void test_exempt(void **state)
{
	(void)state;
	static const char *const prefixes[] = {"127.0.0.0/8", "::1/128", "192.0.2.128/25", "10.0.0.0/7"};
	static const struct {
		const char *client;
		bool exempt;
	} rows[] = {{"127.0.0.1", true}, {"127.255.0.1", true}, {"128.0.0.1", false}, {"::1", true}, {"::2", false},
	        {"::", false}, {"192.0.2.127", false}, {"192.0.2.128", true}, {"11.1.1.1", true}, {"12.1.1.1", false},
	        {"7f00::1", false}};
	struct prefix exempt[COUNT(prefixes)];
	for (size_t i = 0; i < COUNT(prefixes); i++)
		assert_int_equal(prefix_parse(&exempt[i], prefixes[i]), PREFIX_OK);
	const struct rate_limit limit = {.on = true, .per_second = 1, .exempt = exempt, .exempt_count = COUNT(exempt)};
	const struct rate_limit none = {.on = true, .per_second = 1};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr client = addr_of(rows[i].client);
		print_message("%s\n", rows[i].client);
		assert_int_equal(limiter_exempts(&limit, &client), rows[i].exempt);
		assert_false(limiter_exempts(&none, &client));
	}
}

static void test_slip(void **state)
{
	(void)state;
	static const struct {
		unsigned slip, least, most; /* of 10,000 */
	} rows[] = {{0, 0, 0}, {1, 10000, 10000}, {2, 4700, 5300}, {10, 850, 1150}, {100, 50, 150}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct rate_limit limit = {.on = true, .per_second = 1, .slip = rows[i].slip};
		unsigned slipped = 0;
		uint64_t dice = 1;
		for (unsigned k = 0; k < 10000; k++)
			slipped += limiter_slips(&limit, dice = hash_mix(dice, CLASS));
		assert_in_range(slipped, rows[i].least, rows[i].most);
	}
}

#define QUESTION "\3www\0\0\1\0\1"
#define RECORD "\xc0\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3\4"
#define OPT "\0\0\x29\4\xd0\0\0\0\0\0\0"
#define BYTES(text) (text), sizeof(text) - 1

static void test_truncate(void **state)
{
	(void)state;
	static const struct {
		const char *name, *message;
		size_t size, opt; /* bytes of OPT at the end */
		const char *truncated;
		size_t truncated_size;
	} rows[] = {
	        {"answer with OPT", BYTES("id\x84\0\0\1\0\1\0\2\0\1" QUESTION RECORD RECORD RECORD OPT), sizeof OPT - 1,
	                BYTES("id\x86\0\0\1\0\0\0\0\0\1" QUESTION OPT)},
	        {"without OPT", BYTES("id\x84\3\0\1\0\1\0\0\0\1" QUESTION RECORD RECORD), 0,
	                BYTES("id\x86\3\0\1\0\0\0\0\0\0" QUESTION)},
	        {"the root's", BYTES("id\x84\0\0\1\0\1\0\0\0\0\0\0\2\0\1" RECORD), 0,
	                BYTES("id\x86\0\0\1\0\0\0\0\0\0\0\0\2\0\1")},
	        {"no question", BYTES("id\x80\1\0\0\0\0\0\0\0\1" OPT), sizeof OPT - 1,
	                BYTES("id\x82\1\0\0\0\0\0\0\0\1" OPT)},
	        {"nothing at all", BYTES("id\x80\1\0\0\0\0\0\0\0\0"), 0, BYTES("id\x82\1\0\0\0\0\0\0\0\0")},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t message[512];
		memcpy(message, rows[i].message, rows[i].size);
		print_message("%s\n", rows[i].name);
		size_t size = limiter_truncate(message, rows[i].size, rows[i].size - rows[i].opt);
		assert_int_equal(size, rows[i].truncated_size);
		assert_memory_equal(message, rows[i].truncated, size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rates),
	        cmocka_unit_test(test_together),
	        cmocka_unit_test(test_rest),
	        cmocka_unit_test(test_lag),
	        cmocka_unit_test(test_reload),
	        cmocka_unit_test(test_crowd),
	        cmocka_unit_test(test_threads),
	        cmocka_unit_test(test_exempt),
	        cmocka_unit_test(test_slip),
	        cmocka_unit_test(test_truncate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
