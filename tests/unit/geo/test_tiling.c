/*
 * test_tiling.c: tilings and poptries against a plain trie, on random prefixes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "geo/poptrie.h"
#include "trie_oracle.h"
#include "world.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint64_t random_next(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15u;
	return hash_mix(*state, 1);
}

/* Prefixes of all lengths, many of them inside one another. */
static struct prefix random_prefix(uint64_t *state, unsigned family)
{
	struct prefix prefix = {.addr.family = (uint8_t)family};
	unsigned bits = family == ADDR_V4 ? 32 : 128;
	prefix.length = (uint8_t)(random_next(state) % (bits + 1));
	for (unsigned i = 0; i < bits / 8; i++)
		prefix.addr.bytes[i] = (uint8_t)(random_next(state) % 4 ? 0 : random_next(state));
	addr_mask(&prefix.addr, prefix.length);
	return prefix;
}

struct check {
	const struct tiling *tiling;
	const struct poptrie *poptrie;
	size_t at;
};

static uint32_t find(const struct poptrie *poptrie, const struct addr *addr)
{
	position at = position_of(addr);
	return poptrie_find(poptrie, (uint64_t)(at >> 64), (uint64_t)at);
}

/* Each cell of the trie is a piece, and is what the poptrie has at its first and its last address. */
static void check_cell(void *context, const struct prefix *cell, uint32_t value)
{
	struct check *check = context;
	assert_true(check->at < check->tiling->count);
	assert_int_equal(check->tiling->pieces[check->at++], piece_of(cell->length, value));
	struct addr last = cell->addr;
	for (unsigned bit = cell->length; bit < addr_bits(&last); bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	assert_int_equal(find(check->poptrie, &cell->addr), piece_of(cell->length, value));
	assert_int_equal(find(check->poptrie, &last), piece_of(cell->length, value));
	assert_int_equal(tiling_find(check->tiling, &last), value);
}

static void check_against(const struct tiling *tiling, struct oracle *oracle)
{
	struct poptrie poptrie;
	oracle_join(oracle);
	poptrie_build(&poptrie, tiling);
	struct check check = {.tiling = tiling, .poptrie = &poptrie};
	oracle_walk(oracle, check_cell, &check);
	assert_int_equal(check.at, tiling->count);
	assert_true(poptrie_size(&poptrie) >= tiling->count);
	poptrie_free(&poptrie);
}

static uint32_t rename_value(void *context, const struct addr *addr)
{
	uint32_t value = tiling_find(context, addr);
	return value % 3;
}

/* Patches → tiling; laid over another; renamed. */
static void test_random(void **state)
{
	(void)state;
	static const unsigned families[] = {ADDR_V4, ADDR_V6}, counts[] = {0, 1, 2, 5, 20, 100, 700};
	uint64_t random = 42;
	for (size_t round = 0; round < 2 * COUNT(counts) * 3; round++) {
		unsigned family = families[round % 2], count = counts[round / 2 % COUNT(counts)];
		struct patch *patches[2];
		struct prefix *prefixes[2];
		struct tiling tilings[2];
		for (unsigned i = 0; i < 2; i++) {
			patches[i] = calloc(count + 1, sizeof *patches[i]);
			prefixes[i] = calloc(count + 1, sizeof *prefixes[i]);
			for (unsigned j = 0; j < count; j++) {
				prefixes[i][j] = random_prefix(&random, family);
				patches[i][j] = patch_of(&prefixes[i][j], 1 + j % 7 + 8 * i);
			}
			tilings[i] = tiling_of_patches(patches[i], count, 0);
		}
		/* The oracle cuts at all prefixes and asks the longest by looking at each. */
		struct oracle *oracle = oracle_new(family), *joint = oracle_new(family);
		struct prefix whole = {.addr.family = (uint8_t)family};
		oracle_set(oracle, &whole, 0);
		for (unsigned length = 0; length <= 128; length++) /* short before long: long ones are holes */
			for (unsigned id = 0; id < 8; id++)
				for (unsigned j = 0; j < count; j++)
					if (prefixes[0][j].length == length && 1 + j % 7 == id)
						oracle_set(oracle, &prefixes[0][j], id);
		check_against(&tilings[0], oracle);
		/* Laid over: a pair of numbers as one. */
		struct tiling_writer writer;
		tiling_begin(&writer, 0, SIZE_MAX);
		struct overlay overlay = overlay_of(&tilings[0], &tilings[1]);
		unsigned piece;
		uint32_t a, b, names[1 << 12];
		while (overlay_next(&overlay, &piece, &a, &b))
			tiling_add(&writer, piece, a << 4 | b);
		struct tiling both = tiling_end(&writer);
		for (uint32_t i = 0; i < COUNT(names); i++)
			names[i] = i % 3;
		struct tiling renamed = tiling_rename(&both, names, SIZE_MAX);
		for (unsigned i = 0; i < 2; i++)
			for (unsigned j = 0; j < count; j++)
				oracle_cut(joint, &prefixes[i][j]);
		oracle_fill(joint, rename_value, &both);
		check_against(&renamed, joint);
		if (renamed.count > 1) {
			struct tiling limited = tiling_rename(&both, names, renamed.count - 1);
			assert_int_equal(limited.count, 0);
			limited = tiling_rename(&both, names, renamed.count);
			assert_int_equal(limited.count, renamed.count);
			tiling_free(&limited);
		}
		for (unsigned i = 0; i < 2; i++) {
			tiling_free(&tilings[i]);
			free(patches[i]);
			free(prefixes[i]);
		}
		tiling_free(&both);
		tiling_free(&renamed);
		oracle_free(oracle);
		oracle_free(joint);
	}
}

/* Large enough for each size of the first index. */
static void test_large(void **state)
{
	(void)state;
	static const unsigned lengths[] = {8, 13, 19, 21};
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct tiling_writer writer;
		struct poptrie poptrie;
		tiling_begin(&writer, 0, SIZE_MAX);
		for (uint32_t id = 0; id < 1u << lengths[i]; id++)
			tiling_add(&writer, lengths[i], id);
		struct tiling tiling = tiling_end(&writer);
		assert_int_equal(tiling.count, 1u << lengths[i]);
		assert_int_equal(tiling.longest, lengths[i]);
		poptrie_build(&poptrie, &tiling);
		for (uint32_t id = 0; id < 1u << lengths[i]; id += 1 + id / 1000) {
			uint64_t high = (uint64_t)id << (64 - lengths[i]) | 0x123;
			assert_int_equal(poptrie_find(&poptrie, high, 7), piece_of(lengths[i], id));
		}
		poptrie_free(&poptrie);
		tiling_free(&tiling);
	}
	struct tiling plain = tiling_plain(5);
	struct poptrie poptrie;
	poptrie_build(&poptrie, &plain);
	assert_int_equal(poptrie_find(&poptrie, UINT64_MAX, UINT64_MAX), piece_of(0, 5));
	assert_true(poptrie_size(&poptrie) <= 1024);
	poptrie_free(&poptrie);
	tiling_free(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_random),
	        cmocka_unit_test(test_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
