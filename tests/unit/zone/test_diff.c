/*
 * test_diff.c: what changed between two versions of a zone (RFC 1995).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "folder.h"
#include "zone/diff.h"

/* A version of the zone "z." */
static struct zone *version(uint32_t serial, const char *records)
{
	char *text;
	assert_true(asprintf(&text, "$TTL 60\n@ SOA m. h. %u 1 1 1 5\n@ NS ns.out.\n%s", serial, records) > 0);
	folder_put_text("z.zone", text);
	free(text);
	struct err *err = err_new();
	struct zone *zone = zone_of("z.zone", "z.", NULL, err);
	assert_int_equal(err_count(err, ERR_ERROR), 0);
	err_free(err);
	return zone;
}

/* ---- records as lines ---- */

struct lines {
	char line[512][80];
	unsigned count;
};

static void add_set(struct lines *lines, const uint8_t *owner, const struct rrset *set)
{
	char name[NAME_TEXT_MAX], type[16];
	struct reader r = reader_of(set->wire, set->size);
	for (unsigned i = 0; i < set->count; i++) {
		char *line = lines->line[lines->count++];
		assert_in_range(lines->count, 1, 512);
		uint16_t number = read_u16(&r);
		read_u16(&r);
		uint32_t ttl = read_u32(&r);
		uint16_t size = read_u16(&r);
		const uint8_t *data = read_bytes(&r, size);
		int at = snprintf(line, sizeof lines->line[0], "%s %s %u ", name_format(owner, name),
		        rrtype_format(number, type), ttl);
		for (unsigned j = 0; j < size; j++)
			at += snprintf(line + at, sizeof lines->line[0] - (size_t)at, "%02x", data[j]);
		assert_true(at < (int)sizeof lines->line[0]);
	}
	assert_false(r.bad);
	assert_int_equal(reader_left(&r), 0);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void sort(struct lines *lines)
{
	qsort(lines->line, lines->count, sizeof lines->line[0], by_text);
}

static void add_changes(struct lines *lines, const struct change *changes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		add_set(lines, changes[i].owner, &changes[i].set);
}

/* All but the SOA. */
static void add_zone(struct lines *lines, const struct zone *zone)
{
	for (uint32_t i = 0; i < zone->node_count; i++)
		for (unsigned j = 0; j < zone->nodes[i].set_count; j++)
			if (zone->nodes[i].sets[j].type != TYPE_SOA)
				add_set(lines, zone->nodes[i].name, &zone->nodes[i].sets[j]);
}

static void expect_lines(const char *row, const char *side, struct lines *lines, const char *expected)
{
	char text[4096] = "";
	sort(lines);
	for (unsigned i = 0; i < lines->count; i++) {
		strcat(text, lines->line[i]);
		strcat(text, "\n");
	}
	if (strcmp(text, expected) != 0)
		fail_msg("%s: %s is\n%s not\n%s", row, side, text, expected);
}

/* ---- one diff ---- */

/* So that a diff is not larger than the zone. */
#define REST "r1 TXT aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nr2 TXT bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n"

static const struct {
	const char *name, *old, *now, *removed, *added;
} rows[] = {
        {"nothing but the serial", "a A 192.0.2.1\n", "a A 192.0.2.1\n", "", ""},
        {"a name came", "", "a A 192.0.2.1\n", "", "a.z. A 60 c0000201\n"},
        {"a name went", "a A 192.0.2.1\n", "", "a.z. A 60 c0000201\n", ""},
        {"one record of a set", "a A 192.0.2.1\na A 192.0.2.2\n", "a A 192.0.2.2\na A 192.0.2.3\n",
                "a.z. A 60 c0000201\n", "a.z. A 60 c0000203\n"},
        {"a record more", "a A 192.0.2.1\n", "a A 192.0.2.1\na A 192.0.2.2\n", "", "a.z. A 60 c0000202\n"},
        {"another order is no change", "a A 192.0.2.1\na A 192.0.2.2\n", "a A 192.0.2.2\na A 192.0.2.1\n", "", ""},
        {"another TTL is other records", "a A 192.0.2.1\n", "a 30 A 192.0.2.1\n", "a.z. A 60 c0000201\n",
                "a.z. A 30 c0000201\n"},
        {"another type", "a A 192.0.2.1\n", "a TXT x\n", "a.z. A 60 c0000201\n", "a.z. TXT 60 0178\n"},
        {"below a name without records", "a.b.c A 192.0.2.1\n", "d.b.c A 192.0.2.1\n", "a.b.c.z. A 60 c0000201\n",
                "d.b.c.z. A 60 c0000201\n"},
        {"glue", "s NS n.s\nn.s A 192.0.2.1\n", "s NS n.s\nn.s A 192.0.2.2\n", "n.s.z. A 60 c0000201\n",
                "n.s.z. A 60 c0000202\n"},
};

static struct zone_diff *diff_of(const char *old_records, const char *now_records)
{
	char old_text[1024], now_text[1024];
	snprintf(old_text, sizeof old_text, REST "%s", old_records);
	snprintf(now_text, sizeof now_text, REST "%s", now_records);
	struct zone *old = version(7, old_text), *now = version(8, now_text);
	struct zone_diff *diff = zone_diff_make(old, now, NULL);
	zone_release(old); /* a diff outlives what it was made of */
	zone_release(now);
	return diff;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct zone_diff *diff = diff_of(rows[i].old, rows[i].now);
		assert_non_null(diff);
		assert_int_equal(diff->from, 7);
		assert_int_equal(diff->to, 8);
		struct lines removed = {.count = 0}, added = {.count = 0}, soa = {.count = 0};
		add_changes(&removed, diff->removed, diff->removed_count);
		add_changes(&added, diff->added, diff->added_count);
		add_changes(&soa, &diff->old_soa, 1);
		add_changes(&soa, &diff->new_soa, 1);
		expect_lines(rows[i].name, "removed", &removed, rows[i].removed);
		expect_lines(rows[i].name, "added", &added, rows[i].added);
		expect_lines(rows[i].name, "SOA", &soa,
		        "z. SOA 60 016d0001680000000007"
		        "00000001000000010000000100000005\n"
		        "z. SOA 60 016d0001680000000008"
		        "00000001000000010000000100000005\n");
		zone_diff_release(diff);
	}
}

/* ---- versions ---- */

/* RFC 1982 3.2; a change that the serial does not tell makes no diff. */
static void test_serials(void **state)
{
	static const struct {
		uint32_t from, to;
		bool diff;
	} serials[] = {{1, 2, true}, {1, 1, false}, {2, 1, false}, {UINT32_MAX, 0, true}, {0, UINT32_MAX, false},
	        {0, 0x7fffffff, true}, {0, 0x80000000, false}, {0x80000000, 0, false}};
	(void)state;
	for (size_t i = 0; i < sizeof serials / sizeof serials[0]; i++) {
		struct zone *old = version(serials[i].from, REST),
		            *now = version(serials[i].to, REST "a A 192.0.2.1\n");
		struct zone_diff *diff = zone_diff_make(old, now, NULL);
		if (!diff == serials[i].diff)
			fail_msg("%u to %u", serials[i].from, serials[i].to);
		zone_diff_release(diff);
		zone_release(old);
		zone_release(now);
	}
}

/* A zone that became another has no diff: the whole is shorter. */
static void test_larger_than_zone(void **state)
{
	(void)state;
	struct zone *old = version(1, "a TXT aaaaaaaaaaaaaaaa\nb TXT bbbbbbbbbbbbbbbb\n");
	struct zone *now = version(2, "c TXT cccccccccccccccc\nd TXT dddddddddddddddd\n");
	assert_null(zone_diff_make(old, now, NULL));
	zone_release(old);
	zone_release(now);
}

static void test_equal(void **state)
{
	(void)state;
	struct zone *a = version(1, "a A 192.0.2.1\n"), *b = version(1, "; the same\na A 192.0.2.1\n");
	struct zone *more = version(1, "a A 192.0.2.1\nb A 192.0.2.1\n"), *later = version(2, "a A 192.0.2.1\n");
	assert_true(zone_diff_none(a, b));
	assert_false(zone_diff_none(a, more));
	assert_false(zone_diff_none(more, a));
	assert_false(zone_diff_none(a, later));
	zone_release(a);
	zone_release(b);
	zone_release(more);
	zone_release(later);
}

/* ---- chains ---- */

/* Versions of one record each, the chain made as reloads make it; returns the newest diff. */
static struct zone_diff *chain(unsigned versions, const char *rest)
{
	struct zone_diff *newest = NULL;
	struct zone *old = NULL;
	for (unsigned i = 0; i < versions; i++) {
		char text[8192];
		snprintf(text, sizeof text, "%sa A 192.0.2.%u\n", rest, i);
		struct zone *now = version(i, text);
		if (old) {
			struct zone_diff *diff = zone_diff_make(old, now, newest);
			assert_non_null(diff);
			zone_diff_release(newest);
			newest = diff;
		}
		zone_release(old);
		old = now;
	}
	zone_release(old);
	return newest;
}

static void test_chain(void **state)
{
	(void)state;
	char rest[7000];
	size_t at = 0;
	for (unsigned i = 0; at + 200 < sizeof rest; i++)
		at += (size_t)snprintf(rest + at, sizeof rest - at, "r%u TXT %0150u\n", i, i);
	static const struct {
		const char *name;
		bool large; /* a zone of 7,000 bytes, else of 120 */
		unsigned versions, shortest, longest;
	} chains[] = {
	        {"all that there are", true, 4, 3, 3},
	        {"as many as are kept", true, DIFFS_MAX + 1, DIFFS_MAX, DIFFS_MAX},
	        {"one more: the newer half", true, DIFFS_MAX + 2, DIFFS_MAX / 2 + 1, DIFFS_MAX / 2 + 1},
	        {"no larger than the zone", false, DIFFS_MAX / 2, 2, 10},
	};
	for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
		print_message("%s\n", chains[i].name);
		struct zone_diff *newest = chain(chains[i].versions, chains[i].large ? rest : REST);
		uint64_t total = 0;
		uint32_t serial = chains[i].versions - 1, length = 0;
		for (const struct zone_diff *diff = newest; diff; diff = diff->before, length++) {
			struct lines removed = {0}, added = {0};
			char line[80];
			assert_int_equal(diff->to, serial--);
			assert_int_equal(diff->from, serial);
			add_changes(&removed, diff->removed, diff->removed_count);
			add_changes(&added, diff->added, diff->added_count);
			snprintf(line, sizeof line, "a.z. A 60 c00002%02x", serial);
			assert_int_equal(removed.count, 1);
			assert_string_equal(removed.line[0], line);
			snprintf(line, sizeof line, "a.z. A 60 c00002%02x", serial + 1);
			assert_int_equal(added.count, 1);
			assert_string_equal(added.line[0], line);
			total += diff->size;
		}
		assert_int_equal(newest->length, length);
		assert_in_range(length, chains[i].shortest, chains[i].longest);
		assert_int_equal(newest->total, total);
		zone_diff_release(newest);
	}
}

/* A chain goes on only where it leads to the old version. */
static void test_broken_chain(void **state)
{
	(void)state;
	struct zone *one = version(1, REST), *two = version(2, REST "a A 192.0.2.1\n"), *nine = version(9, REST);
	struct zone *ten = version(10, REST "a A 192.0.2.1\n");
	struct zone_diff *first = zone_diff_make(one, two, NULL), *other = zone_diff_make(nine, ten, first);
	assert_null(other->before);
	assert_int_equal(other->length, 1);
	zone_diff_release(other);
	zone_diff_release(first);
	zone_release(one);
	zone_release(two);
	zone_release(nine);
	zone_release(ten);
}

/* ---- any two versions ---- */

static void random_records(char *text, size_t room, unsigned *random)
{
	size_t at = (size_t)snprintf(text, room, "%s", "");
	for (unsigned i = 0; i < 40; i++) {
		*random = *random * 1103515245 + 12345;
		unsigned value = *random >> 16;
		if (value % 3)
			at += (size_t)snprintf(
			        text + at, room - at, "n%u.m%u A 192.0.2.%u\n", i / 4, i % 2, i + value / 3 % 2);
	}
}

/* The old records without what was removed, and with what was added, are the new ones (RFC 1995 4). */
static void test_applied(void **state)
{
	(void)state;
	for (unsigned seed = 1, random = 0; seed <= 100; random = ++seed) {
		char old_text[4096], now_text[4096];
		random_records(old_text, sizeof old_text, &random);
		random_records(now_text, sizeof now_text, &random);
		struct zone *old = version(1, old_text), *now = version(2, now_text);
		struct zone_diff *diff = zone_diff_make(old, now, NULL);
		struct lines have = {.count = 0}, want = {.count = 0}, removed = {.count = 0};
		if (diff) {
			add_zone(&have, old);
			add_zone(&want, now);
			add_changes(&removed, diff->removed, diff->removed_count);
			for (unsigned i = 0; i < removed.count; i++) {
				unsigned at = 0;
				while (at < have.count && strcmp(have.line[at], removed.line[i]) != 0)
					at++;
				assert_in_range(at, 0, have.count - 1); /* what goes was there */
				memcpy(have.line[at], have.line[--have.count], sizeof have.line[0]);
			}
			add_changes(&have, diff->added, diff->added_count);
			sort(&have);
			sort(&want);
			assert_int_equal(have.count, want.count);
			for (unsigned i = 0; i < have.count; i++)
				assert_string_equal(have.line[i], want.line[i]);
		}
		zone_diff_release(diff);
		zone_release(old);
		zone_release(now);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rows),
	        cmocka_unit_test(test_serials),
	        cmocka_unit_test(test_larger_than_zone),
	        cmocka_unit_test(test_equal),
	        cmocka_unit_test(test_chain),
	        cmocka_unit_test(test_broken_chain),
	        cmocka_unit_test(test_applied),
	};
	return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
