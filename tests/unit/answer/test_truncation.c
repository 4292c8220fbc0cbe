/*
 * test_truncation.c: replies at every size that a client may allow: whole sets or none, TC where something must be
 * whole (RFC 2181 9, RFC 1035 4.1.1), extended errors dropped first (RFC 8914 3).
 *
 * fixture_send checks that each reply parses and is no larger than allowed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { RECORDS = 60, PAYLOAD = 1232 };

/* `records` lines with the last label counted. */
static void repeat(FILE *out, unsigned records, const char *format)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	for (unsigned i = 0; i < records; i++)
		fprintf(out, format, i, i);
#pragma GCC diagnostic pop
}

static char *zone_text(void)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	fputs(FIXTURE_APEX, out);
	repeat(out, RECORDS, "many A 192.0.2.%u\n");
	repeat(out, 30, "some A 192.0.2.%u\n");
	repeat(out, 12, "mail MX %u mx%u\n");
	repeat(out, 12, "mx%u A 192.0.2.%u\n");
	repeat(out, 12, "mx%u AAAA 2001:db8::%u\n");
	repeat(out, 12, "sub NS ns%u.sub\n");
	repeat(out, 12, "ns%u.sub A 192.0.2.%u\n");
	repeat(out, 12, "ns%u.sub AAAA 2001:db8::%u\n");
	fputs("link CNAME many\n", out);
	fclose(out);
	return text;
}

/* Records of each section, when all fits. */
static const struct row {
	const char *rule, *question;
	unsigned answer, authority, additional;
	bool all_additional; /* the additional section must be whole, too */
} rows[] = {
        {"RFC 2181 9 a set that must be whole", "many.ex A", RECORDS, 0, 0, true},
        {"RFC 2181 9 a smaller one", "some.ex A", 30, 0, 0, true},
        {"RFC 2181 9 a CNAME is not given without its end", "link.ex A", RECORDS + 1, 0, 0, true},
        {"RFC 2181 9 additional records are left out silently", "mail.ex MX", 12, 0, 24, false},
        {"RFC 9471 3.1 glue is not", "a.sub.ex A", 0, 12, 24, true},
        {"RFC 8914 3 a refusal", "example A", 0, 0, 0, true},
};

static void check(const struct fixture *fixture, const struct row *row, unsigned opt)
{
	struct message message;
	assert_true(message_open(&message, fixture->reply, fixture->size));
	unsigned additional = message.counts[SECTION_ADDITIONAL] - opt;
	if (message.flags & FLAG_TC) {
		assert_int_equal(message.counts[SECTION_ANSWER] + message.counts[SECTION_AUTHORITY] + additional, 0);
		return;
	}
	assert_int_equal(message.counts[SECTION_ANSWER], row->answer);
	assert_int_equal(message.counts[SECTION_AUTHORITY], row->authority);
	if (row->all_additional)
		assert_int_equal(additional, row->additional);
	else
		assert_true(additional <= row->additional && additional % 2 == 0);
}

static void test_sizes(void **state)
{
	(void)state;
	char *text = zone_text(), question[100];
	const struct fixture_zone zones[] = {{"ex.", text}, {0}};
	struct fixture *fixture = fixture_new(&(struct fixture_files){.zones = zones, .server = "nsid: a name\n"});
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool truncated = true;
		print_message("%s\n", rows[i].rule);
		for (unsigned size = 512; size <= PAYLOAD; size++) {
			snprintf(question, sizeof question, "%s +udp +size=%u +opt=00030000", rows[i].question, size);
			free(fixture_ask(fixture, question));
			check(fixture, &rows[i], 1);
			/* once it fits it goes on fitting */
			bool now = fixture->reply[2] & 2;
			assert_true(truncated || !now);
			truncated = now;
		}
		snprintf(question, sizeof question, "%s +udp", rows[i].question);
		free(fixture_ask(fixture, question));
		check(fixture, &rows[i], 0);
		free(fixture_ask(fixture, rows[i].question));
		assert_int_equal(fixture->reply[2] & 2, 0);
		check(fixture, &rows[i], 0);
	}
	fixture_free(fixture);
	free(text);
}

/* How many A records the largest set has that still comes whole. */
static unsigned largest_whole(struct fixture *fixture, const char *words)
{
	unsigned largest = 0;
	for (unsigned count = 1; count <= 100; count++) {
		char question[60];
		snprintf(question, sizeof question, "n%03u.ex A %s", count, words);
		free(fixture_ask(fixture, question));
		if (!(fixture->reply[2] & 2))
			largest = count;
	}
	return largest;
}

/* RFC 6891 6.2.3: what the client allows, and never more than is configured, by default 1232 (DNS flag day 2020);
 * without EDNS 512. */
static void test_bounds(void **state)
{
	(void)state;
	static const struct {
		const char *words;
		unsigned largest[3]; /* set of so many A records that still comes whole, by each of `servers` */
	} bounds[] = {
	        {"+udp", {30, 30, 30}}, {"+udp +size=0", {29, 29, 29}}, {"+udp +size=511", {29, 29, 29}},
	        {"+udp +size=512", {29, 29, 29}}, {"+udp +size=1232", {74, 74, 29}}, {"+udp +size=1233", {74, 74, 29}},
	        {"+udp +size=4096", {74, 100, 29}}, {"+udp +size=65535", {74, 100, 29}},
	        {"+size=512", {100, 100, 100}}, /* over TCP it says nothing */
	};
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	fputs(FIXTURE_APEX, out);
	for (unsigned count = 1; count <= 100; count++)
		for (unsigned i = 0; i < count; i++)
			fprintf(out, "n%03u A 192.0.2.%u\n", count, i);
	fclose(out);
	const struct fixture_zone zones[] = {{"ex.", text}, {0}};
	for (unsigned configured = 0; configured < 3; configured++) {
		static const char *const servers[] = {"", "udp-payload: 4096\n", "udp-payload: 512\n"};
		static const uint16_t payloads[] = {1232, 4096, 512};
		struct fixture *fixture = fixture_new(
		        &(struct fixture_files){.zones = zones, .server = servers[configured]});
		for (size_t i = 0; i < COUNT(bounds); i++) {
			print_message("%s%s\n", servers[configured], bounds[i].words);
			assert_int_equal(largest_whole(fixture, bounds[i].words), bounds[i].largest[configured]);
		}
		free(fixture_ask(fixture, "n001.ex A +udp +size=4096"));
		/* an OPT without options is the last 11 bytes: its class is the size that we take */
		assert_int_equal(fixture->reply[fixture->size - 8] << 8 | fixture->reply[fixture->size - 7],
		        payloads[configured]);
		fixture_free(fixture);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_sizes),
	        cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
