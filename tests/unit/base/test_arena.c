/*
 * test_arena.c: pieces are zeroed, aligned, apart from each other, and few bytes are lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"

static void test_pieces(void **state)
{
	(void)state;
	enum { PIECES = 3000 };
	static struct {
		unsigned char *at;
		size_t size;
	} pieces[PIECES];
	struct arena *arena = arena_new();
	/* Sizes 0..., now and then one larger than any chunk; every third one unaligned. */
	for (unsigned i = 0; i < PIECES; i++) {
		size_t size = i % 500 == 499 ? 3000000 : i % 97;
		pieces[i].size = size;
		pieces[i].at = i % 3 == 2 ? arena_bytes(arena, size) : arena_alloc(arena, size);
		if (i % 3 != 2)
			assert_int_equal((uintptr_t)pieces[i].at % 8, 0);
		for (size_t j = 0; j<size; j += size> 1000 ? 997 : 1)
			assert_int_equal(pieces[i].at[j], 0);
		memset(pieces[i].at, (int)(i % 251) + 1, size);
	}
	for (unsigned i = 0; i < PIECES; i++)
		for (size_t j = 0; j<pieces[i].size; j += pieces[i].size> 1000 ? 997 : 1)
			assert_int_equal(pieces[i].at[j], i % 251 + 1);
	arena_free(arena);
}

static void test_empty_pieces(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	void *a = arena_alloc(arena, 0), *b = arena_alloc(arena, 0), *c = arena_bytes(arena, 0),
	     *d = arena_bytes(arena, 0);
	assert_true(a != b && b != c && c != d && a != d);
	arena_free(arena);
	arena_free(NULL);
}

static void test_copies(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	char long_text[2000];
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = 0;
	assert_string_equal(arena_string(arena, ""), "");
	assert_string_equal(arena_string(arena, long_text), long_text);
	assert_string_equal(arena_stringn(arena, "abcdef", 3), "abc");
	assert_string_equal(arena_stringn(arena, NULL, 0), "");
	assert_string_equal(arena_printf(arena, "%s-%d", long_text + 1990, 7), "xxxxxxxxx-7");
	uint64_t word = 42, *copy = arena_copy(arena, &word, sizeof word);
	assert_int_equal((uintptr_t)copy % 8, 0);
	assert_int_equal(*copy, 42);
	arena_free(arena);
}

static void test_grow(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	uint32_t *list = NULL, room = 0, moves = 0;
	for (uint32_t count = 0; count < 10000; count++) {
		uint32_t *before = list;
		list = arena_grow(arena, list, count, &room, sizeof *list);
		moves += list != before;
		assert_in_range(room, count + 1, 20000);
		list[count] = count;
	}
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(list[i], i);
	assert_in_range(moves, 1, 15);
	arena_free(arena);
}

static void test_size(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	assert_int_equal(arena_size(arena), 0);
	arena_alloc(arena, 1);
	size_t first = arena_size(arena);
	assert_in_range(first, 1, 4096);
	for (int i = 0; i < 100000; i++)
		arena_alloc(arena, 64);
	/* No more than a chunk beyond what was asked for; under AddressSanitizer a gap for each. */
	assert_in_range(arena_size(arena), 6400000, 6400000 * 9 / 8 + (2 << 20));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_pieces), cmocka_unit_test(test_empty_pieces),
	        cmocka_unit_test(test_copies), cmocka_unit_test(test_grow), cmocka_unit_test(test_size)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
