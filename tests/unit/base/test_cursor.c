/*
 * test_cursor.c: both cursors stop at the end, stay stopped, and never touch what is beyond.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cursor.h"

static void test_read(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 0xff};
	struct reader r = reader_of(bytes, sizeof bytes);
	assert_int_equal(read_u8(&r), 1);
	assert_int_equal(read_u16(&r), 0x0203);
	assert_int_equal(reader_offset(&r), 3);
	assert_int_equal(read_u32(&r), 0x040506ff);
	assert_int_equal(reader_left(&r), 0);
	assert_false(r.bad);
	assert_non_null(read_bytes(&r, 0));
	assert_int_equal(read_u8(&r), 0);
	assert_true(r.bad);
}

static void test_read_is_sticky(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {1, 2, 3};
	struct reader r = reader_of(bytes, sizeof bytes);
	assert_int_equal(read_u32(&r), 0);
	assert_true(r.bad);
	assert_int_equal(read_u8(&r), 0); /* there are bytes, but it is bad */
	assert_null(read_bytes(&r, SIZE_MAX));
	assert_int_equal(reader_offset(&r), 0);
}

static void test_write(void **state)
{
	(void)state;
	uint8_t bytes[10] = {0}, expected[10] = {9, 1, 2, 3, 4, 5, 6, 'h', 'i', 0};
	struct writer w = writer_of(bytes, 9);
	write_u8(&w, 9);
	write_u16(&w, 0x0102);
	write_u32(&w, 0x03040506);
	assert_int_equal(writer_left(&w), 2);
	write_u32(&w, 0xffffffff); /* does not fit: nothing of it is written */
	assert_true(w.full);
	write_u8(&w, 0xff); /* would fit, but it is full */
	assert_int_equal(writer_offset(&w), 7);
	writer_rewind(&w, 7);
	write_bytes(&w, "hi", 2);
	assert_false(w.full);
	write_bytes(&w, NULL, 0);
	assert_false(w.full);
	write_u8(&w, 0xff);
	assert_true(w.full);
	assert_null(write_room(&w, 0));
	assert_memory_equal(bytes, expected, sizeof bytes);
}

/* Each size, and not a byte beyond it; a byte that differs is seen wherever it stands. */
static void test_few(void **state)
{
	(void)state;
	uint8_t from[48], to[48];
	for (uint8_t i = 0; i < sizeof from; i++)
		from[i] = (uint8_t)(i + 1);
	for (size_t size = 0; size <= 40; size++) {
		memset(to, 0, sizeof to);
		copy_few(to + 1, from, size);
		assert_memory_equal(to + 1, from, size);
		assert_int_equal(to[0], 0);
		for (size_t i = size + 1; i < sizeof to; i++)
			assert_int_equal(to[i], 0);
	}
	for (size_t size = 0; size <= 40; size++) {
		memcpy(to, from, sizeof to);
		for (size_t i = 0; i < sizeof to; i++) {
			to[i] ^= 0x80;
			assert_int_equal(bytes_same(from, to, size), i >= size);
			to[i] ^= 0x80;
		}
		assert_true(bytes_same(from, to, size));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_read_is_sticky),
	        cmocka_unit_test(test_write), cmocka_unit_test(test_few)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
