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

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_read), cmocka_unit_test(test_read_is_sticky), cmocka_unit_test(test_write)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
