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

/* Random prefixes, the value of each, and their tiling. */
struct layer {
	struct prefix *prefixes;
	struct tiling tiling;
	unsigned count;
};

static uint32_t value_of(unsigned index)
{
	return 1 + index % 7;
}

static struct layer random_layer(uint64_t *random, unsigned family, unsigned count)
{
	struct patch *patches = calloc(count + 1, sizeof *patches);
	struct layer layer = {.prefixes = calloc(count + 1, sizeof *layer.prefixes), .count = count};
	for (unsigned i = 0; i < count; i++) {
		layer.prefixes[i] = random_prefix(random, family);
		patches[i] = patch_of(&layer.prefixes[i], value_of(i));
	}
	layer.tiling = tiling_of_patches(patches, count, 0);
	free(patches);
	return layer;
}

static void layer_free(struct layer *layer)
{
	free(layer->prefixes);
	tiling_free(&layer->tiling);
}

/* The trie gets short prefixes before long ones, which are holes in them; of equal ones the larger value last. */
static void check_layer(const struct layer *layer, unsigned family)
{
	struct oracle *oracle = oracle_new(family);
	for (unsigned length = 0; length <= 128; length++)
		for (uint32_t value = 1; value <= 7; value++)
			for (unsigned i = 0; i < layer->count; i++)
				if (layer->prefixes[i].length == length && value_of(i) == value)
					oracle_set(oracle, &layer->prefixes[i], value);
	check_against(&layer->tiling, oracle);
	oracle_free(oracle);
}

static void test_layers(void **state)
{
	(void)state;
	static const unsigned families[] = {ADDR_V4, ADDR_V6}, counts[] = {0, 1, 2, 5, 20, 100, 700};
	uint64_t random = 42;
	for (size_t round = 0; round < 2 * COUNT(counts) * 3; round++) {
		unsigned family = families[round % 2];
		struct layer layer = random_layer(&random, family, counts[round / 2 % COUNT(counts)]);
		check_layer(&layer, family);
		layer_free(&layer);
	}
}

/* One laid over another: both numbers as one. */
static struct tiling lay(const struct tiling *over, const struct tiling *under)
{
	struct tiling_writer writer;
	struct overlay overlay = overlay_of(over, under);
	unsigned length;
	uint32_t a, b;
	tiling_begin(&writer, 0);
	while (overlay_next(&overlay, &length, &a, &b))
		tiling_add(&writer, length, a << 3 | b);
	return tiling_end(&writer);
}

struct pair {
	const struct tiling *over, *under;
};

static uint32_t renamed_value(void *context, const struct addr *addr)
{
	struct pair *pair = context;
	return (tiling_find(pair->over, addr) << 3 | tiling_find(pair->under, addr)) % 3;
}

static void test_overlay(void **state)
{
	(void)state;
	static const unsigned families[] = {ADDR_V4, ADDR_V6}, counts[] = {0, 1, 5, 100};
	uint64_t random = 43;
	uint32_t names[64];
	for (uint32_t i = 0; i < COUNT(names); i++)
		names[i] = i % 3;
	for (size_t round = 0; round < 2 * COUNT(counts) * 3; round++) {
		unsigned family = families[round % 2], count = counts[round / 2 % COUNT(counts)];
		struct layer over = random_layer(&random, family, count), under = random_layer(&random, family, count);
		struct oracle *oracle = oracle_new(family);
		struct tiling both = lay(&over.tiling, &under.tiling);
		struct tiling_writer writer;
		tiling_begin(&writer, 0);
		assert_true(tiling_rename(&writer, &both, names, SIZE_MAX));
		size_t pieces = writer.tiling.count;
		assert_true(tiling_runs(&both, names) <= pieces); /* so few pieces are looked at whole */
		for (unsigned i = 0; i < count; i++) {
			oracle_cut(oracle, &over.prefixes[i]);
			oracle_cut(oracle, &under.prefixes[i]);
		}
		oracle_fill(oracle, renamed_value, &(struct pair){&over.tiling, &under.tiling});
		check_against(&writer.tiling, oracle);
		assert_true(tiling_rename(&writer, &both, names, pieces));
		assert_int_equal(writer.tiling.count, pieces);
		assert_false(tiling_rename(&writer, &both, names, pieces - 1));
		tiling_abandon(&writer);
		tiling_free(&both);
		oracle_free(oracle);
		layer_free(&over);
		layer_free(&under);
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
		tiling_begin(&writer, 0);
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
	        cmocka_unit_test(test_layers),
	        cmocka_unit_test(test_overlay),
	        cmocka_unit_test(test_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
