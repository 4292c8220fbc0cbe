/*
 * test_pick.c: which members are given: shares by weight, sticky clients, scopes that health does not move.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "world.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define CLIENTS 30000

static struct addr client_of(uint32_t number)
{
	uint32_t mixed = number * 2654435761u;
	struct addr addr = {.family = ADDR_V4};
	memcpy(addr.bytes, &mixed, 4);
	return addr;
}

static struct given give(struct world *world, const struct addr *client, uint8_t *hashed)
{
	struct given given;
	pick_members(&given, world->board, 0, 0, FAMILY_V4, client, &world->random, hashed);
	return given;
}

/* How many are given, of how many that are up. */
static void test_counts(void **state)
{
	(void)state;
	static const struct {
		const char *pools;
		unsigned answer, down;
		bool sticky;
		unsigned given; /* 0: the whole set */
	} table[] = {
	        {"iad:3", 0, 0, false, 0},
	        {"iad:3", 0, 1, false, 2},
	        {"iad:3", 3, 0, false, 0},
	        {"iad:3", 9, 0, false, 0},
	        {"iad:3", 2, 0, false, 2},
	        {"iad:3", 2, 2, false, 1},
	        {"iad:3", 0, 3, false, 0},
	        {"iad:3", 0, 0, true, 3},
	        {"iad:3", 1, 0, true, 1},
	        {"iad:3", 1, 3, true, 1},
	        {"iad:100", 0, 0, false, 0},
	        {"iad:100", 0, 1, false, 64},
	        {"iad:100", 0, 40, false, 60},
	        {"iad:100", 80, 0, false, 64},
	        {"iad:100", 7, 90, false, 7},
	        {"iad:100", 0, 0, true, 64},
	        {"iad:64", 0, 0, false, 0},
	        {"iad:64", 0, 63, false, 1},
	        {"iad:65", 0, 64, false, 1},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct world_options options = {.pools = table[i].pools};
		options.service.answer = (uint16_t)table[i].answer;
		options.service.is_sticky = table[i].sticky;
		options.service.sticky[FAMILY_V4] = 24;
		struct world *world = world_new(&options);
		for (uint32_t j = 0; j < table[i].down; j++)
			board_set(world->board, j, VERDICT_DOWN, world->now, world->wall);
		bool all = table[i].down == world->steering.target_count;
		for (uint32_t n = 0; n < 50; n++) {
			struct addr client = client_of(n);
			uint64_t seen[2] = {0};
			uint8_t hashed;
			struct given given = give(world, &client, &hashed);
			assert_int_equal(given.set != NULL, table[i].given == 0);
			assert_int_equal(given.count, table[i].given);
			assert_int_equal(hashed, table[i].sticky ? 24 : 0);
			for (unsigned j = 0; j < given.count; j++) {
				assert_true(all || given.member[j] >= table[i].down);
				assert_false(seen[given.member[j] / 64] >> given.member[j] % 64 & 1);
				seen[given.member[j] / 64] |= UINT64_C(1) << given.member[j] % 64;
			}
		}
		world_free(world);
	}
}

/* Each gets its share by weight, sticky or not. */
static void test_weights(void **state)
{
	(void)state;
	static const unsigned weights[5] = {1, 1, 2, 6, 0x3e8 - 990};
	for (int sticky = 0; sticky < 2; sticky++) {
		struct world_options options = {.pools = "iad:5", .service = {.answer = 1, .sticky = {32, 64}}};
		options.service.is_sticky = sticky;
		struct world *world = world_new(&options);
		unsigned shares[5] = {0}, sum = 0;
		for (unsigned i = 0; i < 5; i++) {
			world->members[i].weight = (uint16_t)weights[i];
			sum += weights[i];
		}
		assert_true(world_play(world, "weights", "reload"));
		for (uint32_t n = 0; n < CLIENTS; n++) {
			struct addr client = client_of(n);
			uint8_t hashed;
			shares[give(world, &client, &hashed).member[0]]++;
		}
		for (unsigned i = 0; i < 5; i++) {
			double expected = (double)CLIENTS * weights[i] / sum;
			assert_true(fabs(shares[i] - expected) < 5 * sqrt(expected));
		}
		world_free(world);
	}
}

/* The same prefix gets the same member, and one that goes takes only its own clients along. */
static void test_sticky(void **state)
{
	(void)state;
	struct world *world = world_new(&(struct world_options){
	        .pools = "iad:10", .service = {.answer = 1, .is_sticky = true, .sticky = {24, 56}}});
	static uint16_t before[CLIENTS];
	unsigned moved = 0, owned = 0, heirs[10] = {0};
	uint8_t hashed;
	for (uint32_t n = 0; n < CLIENTS; n++) {
		struct addr client = client_of(n), neighbour = client;
		neighbour.bytes[3] ^= 0x55;
		before[n] = give(world, &client, &hashed).member[0];
		assert_int_equal(give(world, &neighbour, &hashed).member[0], before[n]);
	}
	board_set(world->board, 4, VERDICT_DOWN, world->now, world->wall);
	for (uint32_t n = 0; n < CLIENTS; n++) {
		struct addr client = client_of(n);
		uint16_t after = give(world, &client, &hashed).member[0];
		assert_int_not_equal(after, 4);
		owned += before[n] == 4;
		moved += after != before[n];
		heirs[after] += after != before[n];
		assert_true(after == before[n] || before[n] == 4);
	}
	assert_int_equal(moved, owned);
	assert_true(moved > CLIENTS / 10 * 0.9 && moved < CLIENTS / 10 * 1.1);
	for (unsigned i = 0; i < 10; i++) /* and each of the others takes its part of them */
		assert_true(i == 4 || fabs(heirs[i] - moved / 9.0) < 5 * sqrt(moved / 9.0));
	board_set(world->board, 4, VERDICT_UP, world->now, world->wall);
	for (uint32_t n = 0; n < CLIENTS; n++) {
		struct addr client = client_of(n);
		assert_int_equal(give(world, &client, &hashed).member[0], before[n]);
	}
	world_free(world);
}

/* What the hash gives is part of the contract between servers: a change of it moves every client. */
static void test_same_everywhere(void **state)
{
	(void)state;
	struct world *world = world_new(&(struct world_options){
	        .pools = "iad:9", .service = {.answer = 3, .is_sticky = true, .sticky = {24, 56}}});
	for (uint32_t i = 0; i < 9; i++) {
		world->members[i].hash = UINT64_C(0x0123456789abcdef) * (i + 1);
		world->members[i].weight = (uint16_t)(i + 1);
	}
	struct world *one = world_new(&(struct world_options){
	        .pools = "iad:9", .service = {.answer = 1, .is_sticky = true, .sticky = {24, 56}}});
	memcpy(one->members, world->members, 9 * sizeof *one->members);
	assert_true(world_play(one, "the same members", "reload"));
	static const struct {
		const char *client;
		uint16_t given[3];
	} table[] = {
	        {"192.0.2.1", {5, 6, 3}},
	        {"198.51.100.77", {3, 7, 4}},
	        {"2001:db8::1", {8, 7, 6}},
	        {"2001:db8:0:ff00::1", {5, 6, 3}},
	};
	unsigned failed = 0;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct addr client;
		uint8_t hashed;
		assert_true(addr_parse(&client, table[i].client));
		struct given given = give(world, &client, &hashed);
		assert_int_equal(hashed, client.family == ADDR_V4 ? 24 : 56);
		if (memcmp(given.member, table[i].given, sizeof table[i].given) != 0) {
			fprintf(stderr, "%s: %u, %u, %u\n", table[i].client, given.member[0], given.member[1],
			        given.member[2]);
			failed++;
		}
		assert_int_equal(give(one, &client, &hashed).member[0], given.member[0]);
	}
	assert_int_equal(failed, 0);
	/* Who is alone given is the first of several, whoever is up. */
	for (uint32_t n = 0; n < CLIENTS; n++) {
		struct addr client = client_of(n);
		uint8_t hashed;
		board_set(world->board, n % 9, n % 7 ? VERDICT_DOWN : VERDICT_UP, world->now, world->wall);
		board_set(one->board, n % 9, n % 7 ? VERDICT_DOWN : VERDICT_UP, one->now, one->wall);
		assert_int_equal(give(one, &client, &hashed).member[0], give(world, &client, &hashed).member[0]);
	}
	world_free(one);
	world_free(world);
}

/* Sticky for one family of clients only. */
static void test_one_family(void **state)
{
	(void)state;
	struct world *world = world_new(
	        &(struct world_options){.pools = "iad:3", .service = {.is_sticky = true, .sticky = {0, 56}}});
	struct addr four = client_of(1), six = {.family = ADDR_V6, .bytes = {0x20, 1}};
	uint8_t hashed;
	assert_non_null(give(world, &four, &hashed).set);
	assert_int_equal(hashed, 0);
	assert_null(give(world, &six, &hashed).set);
	assert_int_equal(hashed, 56);
	world_free(world);
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_counts),
	        cmocka_unit_test(test_weights),
	        cmocka_unit_test(test_sticky),
	        cmocka_unit_test(test_same_everywhere),
	        cmocka_unit_test(test_one_family),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
