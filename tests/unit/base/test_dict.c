/*
 * test_dict.c: a dict against what was put in, through growth and chains of neighbours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/dict.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_keys(void **state)
{
	(void)state;
	/* Keys that a careless comparison takes for one another. */
	static const struct {
		const char *key;
		size_t size;
	} keys[] = {{"", 0}, {"\0", 1}, {"\0\0", 2}, {"a", 1}, {"a\0", 2}, {"a\0b", 3}, {"ab", 2}, {"A", 1}};
	struct dict *dict = dict_new();
	uint32_t value = 77;
	for (size_t i = 0; i < COUNT(keys); i++) {
		assert_false(dict_get(dict, keys[i].key, keys[i].size, &value));
		assert_int_equal(value, 77);
		assert_true(dict_add(dict, keys[i].key, keys[i].size, (uint32_t)i));
		assert_false(dict_add(dict, keys[i].key, keys[i].size, 999));
		assert_int_equal(dict_count(dict), i + 1);
	}
	for (size_t i = 0; i < COUNT(keys); i++) {
		assert_true(dict_get(dict, keys[i].key, keys[i].size, &value));
		assert_int_equal(value, i);
	}
	dict_free(dict);
	dict_free(NULL);
}

static void test_growth(void **state)
{
	(void)state;
	/* So many keys in a table at most half full collide by the thousand, whatever the seed. */
	enum { KEYS = 20000 };
	struct dict *dict = dict_new();
	char key[32];
	for (uint32_t i = 0; i < KEYS; i++)
		assert_true(dict_add(dict, key, (size_t)snprintf(key, sizeof key, "key-%u", i), i));
	memset(key, 0, sizeof key); /* keys were copied */
	assert_int_equal(dict_count(dict), KEYS);
	for (uint32_t i = 0; i < 2 * KEYS; i++) {
		uint32_t value = 0;
		size_t size = (size_t)snprintf(key, sizeof key, "key-%u", i);
		assert_int_equal(dict_get(dict, key, size, &value), i < KEYS);
		assert_int_equal(value, i < KEYS ? i : 0);
	}
	dict_free(dict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys), cmocka_unit_test(test_growth)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
