/* test_name.c: names as text and bytes, lower case, order, and the hashes of suffixes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/name.h"

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L63 "\x3f" A63
#define EXAMPLE "\7example\3com"

static const struct spelling {
	const char *name, *text, *origin;
	const char *wire; /* NULL: refused */
	size_t size;      /* of `wire` with the root */
	const char *back; /* how it is written; or a word of the reason */
} spellings[] = {
        {"RFC 1035 5.1 absolute", "www.example.com.", NULL, "\3www" EXAMPLE, 17, "www.example.com."},
        {"RFC 1035 5.1 no origin: the root", "www.example.com", NULL, "\3www" EXAMPLE, 17, "www.example.com."},
        {"RFC 1035 5.1 relative", "www", EXAMPLE, "\3www" EXAMPLE, 17, "www.example.com."},
        {"RFC 1035 5.1 absolute despite an origin", "www.", EXAMPLE, "\3www", 5, "www."},
        {"RFC 1035 5.1 @ is the origin", "@", EXAMPLE, EXAMPLE, 13, "example.com."},
        {"RFC 1035 5.1 @ without an origin is a letter", "@", NULL, "\1@", 3, "\\@."},
        {"RFC 1035 5.1 the root", ".", EXAMPLE, "", 1, "."},
        {"RFC 4343 4.1 case is kept", "WwW.Example.", NULL, "\3WwW\7Example", 13, "WwW.Example."},
        {"RFC 1035 5.1 \\X", "a\\.b\\\\c.", NULL, "\5a.b\\c", 7, "a\\.b\\\\c."},
        {"RFC 1035 5.1 \\DDD", "\\000\\255\\046.", NULL, "\3\0\377.", 5, "\\000\\255\\.."},
        {"RFC 1035 5.1 an escaped blank", "a\\ b.", NULL, "\3a b", 5, "a\\032b."},
        {"RFC 1035 5.1 special letters are escaped back", "a\\\"\\(\\)\\;\\$.", NULL, "\6a\"();$", 8,
                "a\\\"\\(\\)\\;\\$."},
        {"RFC 4592 2.1.1 a wildcard", "*.example.com", NULL, "\1*" EXAMPLE, 15, "*.example.com."},
        {"RFC 2181 11 underscores", "_443._tcp.a", NULL, "\4_443\4_tcp\1a", 13, "_443._tcp.a."},
        {"RFC 1035 2.3.4 a label of 63", A63 ".", NULL, L63, 65, A63 "."},
        {"RFC 1035 2.3.4 a label of 64", A63 "a.", NULL, NULL, 0, "63"},
        {"RFC 1035 2.3.4 a label of 64 with escapes", A63 "\\097.", NULL, NULL, 0, "63"},
        {"RFC 1035 2.3.4 a name of 255", A63 "." A63 "." A63 "." A61 ".", NULL, L63 L63 L63 "\x3d" A61, 255,
                A63 "." A63 "." A63 "." A61 "."},
        {"RFC 1035 2.3.4 a name of 256", A63 "." A63 "." A63 "." A61 "a.", NULL, NULL, 0, "255"},
        {"RFC 1035 2.3.4 a name of 256 with its origin", A63 "." A63 "." A63 "." A61, "\1a", NULL, 0, "255"},
        {"RFC 1035 5.1 nothing", "", EXAMPLE, NULL, 0, "empty name"},
        {"RFC 1035 3.1 an empty label inside", "a..b", NULL, NULL, 0, "empty label"},
        {"RFC 1035 3.1 an empty label in front", ".a", NULL, NULL, 0, "empty label"},
        {"RFC 1035 3.1 an empty label at the end", "a..", NULL, NULL, 0, "empty label"},
        {"RFC 1035 3.1 only dots", "..", NULL, NULL, 0, "empty label"},
        {"RFC 1035 5.1 a lone backslash", "a\\", NULL, NULL, 0, "backslash"},
        {"RFC 1035 5.1 two digits", "\\12", NULL, NULL, 0, "three digits"},
        {"RFC 1035 5.1 two digits and a letter", "\\12a.b", NULL, NULL, 0, "three digits"},
        {"RFC 1035 5.1 above 255", "\\256.", NULL, NULL, 0, "255"},
        {"RFC 1035 5.1 a blank", "a b.", NULL, NULL, 0, "blank"},
        {"RFC 1035 5.1 a tab", "a\tb.", NULL, NULL, 0, "blank"},
        {"RFC 5891 4.4 not ASCII", "m\303\274nchen.de.", NULL, NULL, 0, "ASCII"},
};

static void test_spellings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
		const struct spelling *s = &spellings[i];
		uint8_t name[NAME_BYTES];
		char text[NAME_TEXT_MAX];
		const char *why = NULL;
		print_message("%s\n", s->name);
		size_t size = name_parse(name, s->text, strlen(s->text), (const uint8_t *)s->origin, &why);
		assert_int_equal(size, s->size);
		if (!s->wire) {
			assert_non_null(why);
			assert_non_null(strstr(why, s->back));
			continue;
		}
		assert_memory_equal(name, s->wire, size);
		assert_int_equal(name_length(name), size);
		assert_string_equal(name_format(name, text), s->back);
	}
}

static void test_bytes_behind_text_are_not_read(void **state)
{
	(void)state;
	uint8_t name[NAME_BYTES];
	const char *why;
	assert_int_equal(name_parse(name, "ab.cd", 2, NULL, &why), 4);
	assert_int_equal(name_parse(name, "\\0467", 3, NULL, &why), 0);
}

static void test_longest_text(void **state)
{
	(void)state;
	uint8_t name[NAME_BYTES] = {0}, again[NAME_BYTES];
	char text[NAME_TEXT_MAX];
	const char *why;
	for (unsigned i = 0; i < 127; i++)
		name[2 * i] = 1;
	name[254] = 0;
	assert_int_equal(name_label_count(name), 127);
	name_format(name, text);
	assert_int_equal(strlen(text), 127 * 5);
	assert_int_equal(name_parse(again, text, strlen(text), NULL, &why), 255);
	assert_memory_equal(again, name, 255);
}

/* Every byte at every length and alignment, against the plain definition; nothing outside is touched. */
static void test_lower(void **state)
{
	(void)state;
	uint8_t from[300], to[300];
	for (size_t length = 0; length <= 255; length++) {
		for (size_t i = 0; i < sizeof from; i++)
			from[i] = (uint8_t)(i * 37 + length * 11);
		memset(to, 0xee, sizeof to);
		name_lower(to + 1, from + 1, length);
		assert_int_equal(to[0], 0xee);
		assert_int_equal(to[length + 1], 0xee);
		for (size_t i = 1; i <= length; i++)
			assert_int_equal(to[i], from[i] >= 'A' && from[i] <= 'Z' ? from[i] + 32 : from[i]);
		name_lower(from + 1, from + 1, length);
		assert_memory_equal(from + 1, to + 1, length);
	}
}

static const struct pair {
	const char *name, *a, *b;
	int order;   /* sign of name_compare */
	bool within; /* a in b */
} pairs[] = {
        {"RFC 4343 3 case", "Example.COM.", "eXAMPLE.com.", 0, true},
        {"RFC 4343 3 only ASCII letters", "a\\193.", "a\\225.", -1, false},
        {"RFC 4343 3 neighbours of letters", "\\064.", "\\096.", -1, false},
        {"RFC 4343 3 neighbours of letters above", "\\091.", "\\123.", -1, false},
        {"RFC 4034 6.1 parent first", "example.", "a.example.", -1, false},
        {"RFC 4034 6.1 a before yljkjljk", "a.example.", "yljkjljk.a.example.", -1, false},
        {"RFC 4034 6.1 Z.a after yljkjljk.a", "Z.a.example.", "yljkjljk.a.example.", 1, false},
        {"RFC 4034 6.1 zABC.a after Z.a", "zABC.a.EXAMPLE.", "Z.a.example.", 1, false},
        {"RFC 4034 6.1 z after zABC.a", "z.example.", "zABC.a.EXAMPLE.", 1, false},
        {"RFC 4034 6.1 \\001 after z", "\\001.z.example.", "z.example.", 1, true},
        {"RFC 4034 6.1 * after \\001", "*.z.example.", "\\001.z.example.", 1, false},
        {"RFC 4034 6.1 \\200 after *", "\\200.z.example.", "*.z.example.", 1, false},
        {"RFC 1034 3.1 below", "a.b.C.", "B.c.", 1, true},
        {"RFC 1034 3.1 not below: a longer label", "ab.c.", "b.c.", -1, false},
        {"RFC 1034 3.1 everything is below the root", "a.", ".", 1, true},
        {"RFC 1034 3.1 the root is not below", ".", "a.", -1, false},
        {"RFC 1035 3.1 a dot in a label is no border", "a\\.c.", "c.", -1, false},
        {"RFC 1035 3.1 long labels that differ at the end", "abcdefghijklmnopqrsta.", "abcdefghijklmnopqrstb.", -1,
                false},
};

static void test_pairs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		const struct pair *p = &pairs[i];
		uint8_t a[NAME_BYTES], b[NAME_BYTES];
		const char *why;
		print_message("%s\n", p->name);
		assert_true(name_parse(a, p->a, strlen(p->a), NULL, &why) > 0);
		assert_true(name_parse(b, p->b, strlen(p->b), NULL, &why) > 0);
		int order = name_compare(a, b), back = name_compare(b, a);
		assert_int_equal((order > 0) - (order < 0), p->order);
		assert_int_equal((back > 0) - (back < 0), -p->order);
		assert_int_equal(name_equal(a, b), p->order == 0);
		assert_int_equal(name_is_within(a, b), p->within);
	}
}

/* A name in memory of exactly its size, so that a sanitizer sees reads beyond it. */
static uint8_t *exact(const char *text)
{
	uint8_t name[NAME_BYTES];
	const char *why;
	size_t size = name_parse(name, text, strlen(text), NULL, &why);
	assert_true(size > 0);
	uint8_t *copy = malloc(size);
	assert_non_null(copy);
	memcpy(copy, name, size);
	return copy;
}

static void test_suffix_hashes(void **state)
{
	(void)state;
	static const char *const fronts[] = {"", "a.", "abcdef.", "abcdefg.", "abcdefgh.", "x.y.z.", A63 ".", "\\000."};
	uint8_t *tail = exact("www.some-longer-label.example.com");
	struct name_labels short_one, long_one;
	name_split(&short_one, tail, 99);
	assert_int_equal(short_one.count, 4);
	assert_int_equal(short_one.at[4], name_length(tail) - 1);
	for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++) {
		char text[300];
		snprintf(text, sizeof text, "%swww.some-longer-label.example.com", fronts[i]);
		uint8_t *name = exact(text);
		name_split(&long_one, name, 99);
		assert_int_equal(long_one.hash[0], name_hash(name, 99));
		assert_int_equal(long_one.count, name_label_count(name));
		for (unsigned back = 0; back <= 4; back++) {
			unsigned label = long_one.count - back;
			assert_int_equal(long_one.hash[label], short_one.hash[4 - back]);
			assert_int_equal(long_one.hash[label], name_hash(name + long_one.at[label], 99));
		}
		free(name);
	}
	free(tail);
}

/* Names that differ in one byte, one length or one seed: no two hashes are the same. */
static void test_hashes_differ(void **state)
{
	(void)state;
	enum { MANY = 3 * 64 + 64 };
	static uint64_t hashes[MANY];
	unsigned count = 0;
	for (unsigned length = 1; length <= 63; length++) {
		uint8_t name[66] = {0};
		name[0] = (uint8_t)length;
		memset(name + 1, 'a', length);
		hashes[count++] = name_hash(name, 1);
		hashes[count++] = name_hash(name, 2);
		name[1] = 'b';
		hashes[count++] = name_hash(name, 1);
		name[1] = 'a';
		name[length] = 'c';
		hashes[count++] = name_hash(name, 1);
	}
	for (unsigned i = 0; i < count; i++)
		for (unsigned j = 0; j < i; j++)
			assert_true(hashes[i] != hashes[j]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_spellings),
	        cmocka_unit_test(test_bytes_behind_text_are_not_read),
	        cmocka_unit_test(test_longest_text),
	        cmocka_unit_test(test_lower),
	        cmocka_unit_test(test_pairs),
	        cmocka_unit_test(test_suffix_hashes),
	        cmocka_unit_test(test_hashes_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
