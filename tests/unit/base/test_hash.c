/*
 * test_hash.c: SipHash against the vectors of its authors; the table hash by its properties.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_siphash(void **state)
{
	(void)state;
	/* Key 00 01 … 0f, message 00 01 … (length - 1); length 15 is worked through in the paper, appendix A. */
	static const struct {
		size_t length;
		uint64_t expected;
	} rows[] = {{0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd}, {2, 0x0d6c8009d9a94f5a}, {3, 0x85676696d7fb7e2d},
	        {4, 0xcf2794e0277187b7}, {5, 0x18765564cd99a68d}, {6, 0xcbc9466e58fee3ce}, {7, 0xab0200f58b01d137},
	        {8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572}};
	uint8_t key[16], message[64];
	for (unsigned i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)i;
	for (unsigned i = 0; i < sizeof message; i++)
		message[i] = (uint8_t)i;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(siphash(key, message, rows[i].length), rows[i].expected);
}

static void test_hash_bytes(void **state)
{
	(void)state;
	/* Every length, with one bit flipped in every place, under two seeds: all hashes differ. */
	uint8_t bytes[24] = {0};
	for (size_t length = 0; length <= sizeof bytes; length++) {
		uint64_t plain = hash_bytes(1, bytes, length);
		assert_int_equal(plain, hash_bytes(1, bytes, length));
		assert_int_not_equal(plain, hash_bytes(2, bytes, length));
		if (length)
			assert_int_not_equal(plain, hash_bytes(1, bytes, length - 1));
		for (size_t bit = 0; bit < 8 * length; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_not_equal(plain, hash_bytes(1, bytes, length));
			bytes[bit / 8] = 0;
		}
	}
}

static void test_spread(void **state)
{
	(void)state;
	/* 4096 neighbouring numbers into 256 buckets by the low bits: none gets more than three times its share. */
	unsigned buckets[256] = {0};
	for (uint32_t i = 0; i < 4096; i++)
		buckets[hash_bytes(7, &i, sizeof i) & 255]++;
	for (size_t i = 0; i < COUNT(buckets); i++)
		assert_in_range(buckets[i], 1, 48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_siphash), cmocka_unit_test(test_hash_bytes), cmocka_unit_test(test_spread)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
