/*
 * test_transfers.c: who may have a zone, and what it gets: whole, by changes, signed; one behaviour a row.
 *
 * A transfer is written message by message, each as fixture_text has it; the client checks every signature. The zone is
 * at its third version, so that there are changes from the first and the second.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer/transfer.h"
#include "base/cursor.h"
#include "fixture.h"
#include "packet.h"
#include "sign/tsig.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NOW 1700000000u

#define VERSION(serial) "$TTL 60\n@ SOA m. h. " serial " 1 1 1 5\n@ NS ns.out.\nwww A 192.0.2.80\n*.w TXT t\ns NS n.s\n"
/* Over 512 bytes. */
#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
#define BIG "big TXT " LONG " " LONG " " LONG " " LONG " " LONG "\n"
static const struct fixture_zone versions[][4] = {
        {{"ex.", VERSION("1") "n.s A 192.0.2.1\na A 192.0.2.1\na A 192.0.2.2\n"}, {"x.ex.", VERSION("1")},
                {"y.ex.", FIXTURE_APEX BIG}, {0}},
        {{"ex.", VERSION("2") "n.s A 192.0.2.1\na A 192.0.2.2\na A 192.0.2.3\n"}, {"x.ex.", VERSION("1")},
                {"y.ex.", FIXTURE_APEX BIG}, {0}},
        {{"ex.", VERSION("3") "n.s A 192.0.2.4\na A 192.0.2.2\na A 192.0.2.3\n"}, {"x.ex.", VERSION("1")},
                {"y.ex.", FIXTURE_APEX BIG}, {0}},
};
static const char server[] = "keys:\n"
                             "  k: { algorithm: hmac-sha256, secret: c2VjcmV0LXNlY3JldC1zZWNyZXQ= }\n"
                             "  other: { algorithm: hmac-sha512, secret: YW5vdGhlcg== }\n";
static const char access[] = "{ transfer: [192.0.2.0/24, { address: 198.51.100.1, key: k }] }";
static const char
        geo[] = "datacenters: { iad: { at: [38.95, -77.45] } }\n"
                "services: { www.ex: { order: [iad], pools: { iad: { members: [192.0.2.99], probe: none } } } }\n";

#define SECRET "secret-secret-secret"
static const struct tsig_key keys[] = {
        {(const uint8_t *)"\1k", TSIG_HMAC_SHA256, (const uint8_t *)SECRET, sizeof SECRET - 1},
        {(const uint8_t *)"\5other", TSIG_HMAC_SHA512, (const uint8_t *)"another", 7},
        {(const uint8_t *)"\1k", TSIG_HMAC_SHA256, (const uint8_t *)"wrong", 5},
        {(const uint8_t *)"\1u", TSIG_HMAC_SHA256, (const uint8_t *)"unknown", 7},
};
enum { NONE, K, OTHER, WRONG, UNKNOWN };

#define SOA(serial) "an ex. 60 SOA m. h. " serial " 1 1 1 5\n"
#define NS "an ex. 60 NS ns.out.\n"
#define FIRST "an a.ex. 60 A 192.0.2.1\n"
#define SECOND "an a.ex. 60 A 192.0.2.2\n"
#define THIRD "an a.ex. 60 A 192.0.2.3\n"
#define GLUE(n) "an n.s.ex. 60 A 192.0.2." n "\n"
#define WHOLE                                                                                                          \
	SOA("3")                                                                                                       \
	NS "an www.ex. 60 A 192.0.2.80\nan *.w.ex. 60 TXT \"t\"\nan s.ex. 60 NS n.s.ex.\n" GLUE("4")                   \
	        SECOND THIRD SOA("3")
#define SINCE_2 SOA("3") SOA("2") GLUE("1") SOA("3") GLUE("4") SOA("3")
#define SINCE_1 SOA("3") SOA("1") FIRST SOA("2") THIRD SOA("2") GLUE("1") SOA("3") GLUE("4") SOA("3")
/* The SOA that an IXFR question brings; a name before it. */
#define HAVE(serial) " ns:c00c.0006.0001.00000000.0016.0000." serial ".00000001.00000001.00000001.00000001"

static const struct row {
	const char *rule, *from, *packet;
	int key;
	bool stream;
	const char *expected;
} rows[] = {
        {"RFC 5936 2.2 SOA, everything once, SOA", "192.0.2.1", "q:ex:AXFR", NONE, true, "NOERROR AA\n" WHOLE},
        {"RFC 5936 2.2.1, 3.4 id, question, flags are the query's, names the zone's", "192.0.2.1",
                "flags=0110 q:EX:AXFR", NONE, true, "NOERROR AA RD\n" WHOLE},
        {"RFC 5936 2.1.1 of a name that is no apex", "192.0.2.1", "q:www.ex:AXFR", NONE, true, "NOTAUTH\n"},
        {"RFC 5936 2.2.1 of no zone of ours", "192.0.2.1", "q:example:AXFR", NONE, true, "NOTAUTH\n"},
        {"RFC 5936 4.2 not over UDP", "192.0.2.1", "q:ex:AXFR", NONE, false, "REFUSED\n"},
        {"RFC 5936 5 of another address", "203.0.113.1", "q:ex:AXFR", NONE, true, "REFUSED\n"},
        {"RFC 5936 5 without the key that is asked for", "198.51.100.1", "q:ex:AXFR", NONE, true, "REFUSED\n"},
        {"RFC 5936 5 with the key that is asked for", "198.51.100.1", "q:ex:AXFR", K, true,
                "NOERROR AA\n" WHOLE "signed\n"},
        {"RFC 5936 5 with another key of ours", "198.51.100.1", "q:ex:AXFR", OTHER, true, "REFUSED\nsigned\n"},
        {"RFC 5936 5 a key from where none is asked for", "192.0.2.1", "q:ex:AXFR", OTHER, true,
                "NOERROR AA\n" WHOLE "signed\n"},
        {"RFC 5936 2.1 of class ANY", "192.0.2.1", "q:ex:AXFR:255", NONE, true, "REFUSED\n"},
        {"RFC 6891 7 EDNS in a transfer", "192.0.2.1", "q:x.ex:AXFR opt", NONE, true,
                "NOERROR AA\nan x.ex. 60 SOA m. h. 1 1 1 1 5\nan x.ex. 60 NS ns.out.\nan www.x.ex. 60 A 192.0.2.80\n"
                "an *.w.x.ex. 60 TXT \"t\"\nan s.x.ex. 60 NS n.s.x.ex.\nan x.ex. 60 SOA m. h. 1 1 1 1 5\n"
                "ar ; edns version 0 flags 0000 payload 1232:\n"},
        {"RFC 7314 3.1 EXPIRE in a transfer", "192.0.2.1", "q:x.ex:IXFR" HAVE("00000000") " opt:512:0:0009.0000", NONE,
                true,
                "NOERROR AA\nan x.ex. 60 SOA m. h. 1 1 1 1 5\nan x.ex. 60 NS ns.out.\n"
                "an www.x.ex. 60 A 192.0.2.80\nan *.w.x.ex. 60 TXT \"t\"\nan s.x.ex. 60 NS n.s.x.ex.\n"
                "an x.ex. 60 SOA m. h. 1 1 1 1 5\nar ; edns version 0 flags 0000 payload 1232: option9=00000001\n"},
        {"RFC 7314 3.1 EXPIRE where nothing is newer", "192.0.2.1",
                "q:x.ex:IXFR" HAVE("00000001") " opt:512:0:0009.0000", NONE, false,
                "NOERROR AA\nan x.ex. 60 SOA m. h. 1 1 1 1 5\n"
                "ar ; edns version 0 flags 0000 payload 1232: option9=00000001\n"},

        {"RFC 1995 4 the changes since a version", "192.0.2.1", "q:ex:IXFR" HAVE("00000002"), NONE, true,
                "NOERROR AA\n" SINCE_2},
        {"RFC 1995 4 version by version", "192.0.2.1", "q:ex:IXFR" HAVE("00000001"), NONE, true,
                "NOERROR AA\n" SINCE_1},
        {"RFC 1995 2 nothing is newer", "192.0.2.1", "q:ex:IXFR" HAVE("00000003"), NONE, true, "NOERROR AA\n" SOA("3")},
        {"RFC 1995 2 the client's is newer", "192.0.2.1", "q:ex:IXFR" HAVE("00000004"), NONE, true,
                "NOERROR AA\n" SOA("3")},
        {"RFC 1982 3.2 older by less than half of all numbers", "192.0.2.1", "q:ex:IXFR" HAVE("80000004"), NONE, true,
                "NOERROR AA\n" WHOLE},
        {"RFC 1995 4 a version that is not known: the whole zone", "192.0.2.1", "q:ex:IXFR" HAVE("00000000"), NONE,
                true, "NOERROR AA\n" WHOLE},
        {"RFC 1995 2 over UDP, where they fit", "192.0.2.1", "q:ex:IXFR" HAVE("00000002"), NONE, false,
                "NOERROR AA\n" SINCE_2},
        {"RFC 1995 2 over UDP, not known: our SOA", "192.0.2.1", "q:ex:IXFR" HAVE("00000000"), NONE, false,
                "NOERROR AA\n" SOA("3")},
        {"RFC 1995 3 without the client's SOA", "192.0.2.1", "q:ex:IXFR", NONE, true, "FORMERR\n"},
        {"RFC 1995 3 with another record in its place", "192.0.2.1", "q:ex:IXFR ns:00.0001.0001.00000000.0004.c0000201",
                NONE, true, "FORMERR\n"},
        {"RFC 1995 3 with an SOA of another zone", "192.0.2.1",
                "q:ex:IXFR ns:00.0006.0001.00000000.0016.0000.00000003.00000001.00000001.00000001.00000001", NONE, true,
                "FORMERR\n"},
        {"RFC 1995 3 with an SOA of another class", "192.0.2.1",
                "q:ex:IXFR ns:c00c.0006.0003.00000000.0016.0000.00000003.00000001.00000001.00000001.00000001", NONE,
                true, "FORMERR\n"},
        {"RFC 1995 3 the zone's name in any case", "192.0.2.1",
                "q:ex:IXFR ns:0245.58.00.0006.0001.00000000.0016.0000.00000003.00000001.00000001.00000001.00000001",
                NONE, true, "NOERROR AA\n" SOA("3")},
        {"RFC 1995 3 with an SOA too short", "192.0.2.1",
                "q:ex:IXFR ns:00.0006.0001.00000000.0015.00.00000002.00000001.00000001.00000001.00000001", NONE, true,
                "FORMERR\n"},
        {"RFC 1995 5 of another address", "203.0.113.1", "q:ex:IXFR" HAVE("00000002"), NONE, true, "REFUSED\n"},
        {"RFC 1995 5 signed, over UDP", "198.51.100.1", "q:ex:IXFR" HAVE("00000002"), K, false,
                "NOERROR AA\n" SINCE_2 "signed\n"},

        {"RFC 8945 5.3 an answer is signed as its question was", "192.0.2.1", "q:a.ex:AAAA", K, false,
                "NOERROR AA\nns ex. 5 SOA m. h. 3 1 1 1 5\nsigned\n"},
        {"RFC 8945 5.3 what is truncated is signed, too", "192.0.2.1", "q:big.y.ex:TXT", K, false,
                "NOERROR AA TC\nsigned\n"},
        {"RFC 8945 5.3 the signature has room, too", "192.0.2.1", "q:big.y.ex:TXT opt:600", K, false,
                "NOERROR AA TC\nar ; edns version 0 flags 0000 payload 1232:\nsigned\n"},
        {"RFC 8945 5.3 BADVERS is signed, too", "192.0.2.1", "q:a.ex:A opt:512:00010000", K, false,
                "BADVERS\nar ; edns version 0 flags 0000 payload 1232:\nsigned\n"},
        {"RFC 8945 5.3 NOTIMP is signed, too", "192.0.2.1", "flags=2000 q:ex:SOA", K, true, "NOTIMP\nsigned\n"},
        {"RFC 8945 5.3 NOTIMP, whoever asks", "192.0.2.1", "flags=2000 q:ex:SOA", WRONG, true, "NOTIMP\n"},
        {"RFC 8945 5.2.1 no question, and a key that is not known", "192.0.2.1", "opt:512:0:000a.0008.3132333435363738",
                UNKNOWN, true, "NOTAUTH\nar ; edns version 0 flags 0000 payload 1232:\nnot signed: BADKEY\n"},
        {"RFC 8945 5.2.1 a key that is not known", "192.0.2.1", "q:a.ex:A", UNKNOWN, true,
                "NOTAUTH\nnot signed: BADKEY\n"},
        {"RFC 8945 5.2.2 another secret", "192.0.2.1", "q:a.ex:A", WRONG, true, "NOTAUTH\nnot signed: BADSIG\n"},
        {"RFC 8945 5.2.2 another secret, for a transfer", "192.0.2.1", "q:ex:AXFR", WRONG, true,
                "NOTAUTH\nnot signed: BADSIG\n"},
};

/* ---- asking ---- */

/* Where the TSIG of the last message begins; 0: it has none. Its error. */
static size_t signature_of(const struct fixture *fixture, unsigned *error)
{
	struct message message;
	struct message_record record;
	size_t offset = 0;
	assert_true(message_open(&message, fixture->reply, fixture->size));
	while (message_next(&message, &record)) {
		if (record.type != TYPE_TSIG)
			continue;
		offset = record.offset;
		struct reader r = reader_of(fixture->reply + record.rdata, record.size);
		read_bytes(&r, name_length(r.at) + 8); /* algorithm, time, fudge */
		read_bytes(&r, read_u16(&r));
		read_u16(&r); /* the id */
		*error = read_u16(&r);
	}
	return offset;
}

/* The last message, without the line of its TSIG, and whether that is as it should be. */
static void print_message_of(struct fixture *fixture, struct tsig *asked, FILE *out)
{
	static const char *const errors[] = {
	        [TSIG_BADSIG] = "BADSIG", [TSIG_BADKEY] = "BADKEY", [TSIG_BADTIME] = "BADTIME"};
	unsigned error = 0;
	size_t offset = fixture->size ? signature_of(fixture, &error) : 0;
	char *text = fixture_text(fixture, true), *tsig = strstr(text, " TSIG ");
	if (tsig) {
		while (tsig > text && tsig[-1] != '\n')
			tsig--;
		*tsig = 0;
	}
	fputs(text, out);
	free(text);
	if (!offset)
		return;
	bool good = asked && tsig_verify_answer(asked, fixture->reply, fixture->size, offset, fixture->context.wall);
	fputs(good ? "signed" : "not signed", out);
	fprintf(out, "%s%s\n", error ? ": " : "", error ? errors[error] : "");
}

/* Sends a packet, signed where there is a key at the time `sent`; all that comes back as text. */
static char *asked(struct fixture *fixture, const char *words, const struct tsig_key *key, uint64_t sent)
{
	char *text = NULL;
	size_t text_size;
	FILE *out = open_memstream(&text, &text_size);
	assert_non_null(out);
	uint8_t packet[PACKET_MAX];
	struct tsig tsig;
	size_t size = packet_build(words, packet);
	if (key) {
		tsig_begin(&tsig, key);
		size = tsig_append(&tsig, packet, size, sizeof packet, sent);
	}
	fixture->context.may_transfer = fixture->client.stream;
	fixture_send(fixture, packet, size);
	struct transfer *transfer = fixture->context.transfer;
	assert_true(!transfer || !fixture->size);
	if (!transfer)
		print_message_of(fixture, key ? &tsig : NULL, out);
	while (transfer && (fixture->size = transfer_next(transfer, fixture->reply, sizeof fixture->reply, NOW)) != 0) {
		const char *why;
		if (!message_check(fixture->reply, fixture->size, &why))
			fail_msg("a message of the transfer is unsound: %s", why);
		assert_memory_equal(fixture->reply, packet, 2);
		print_message_of(fixture, key ? &tsig : NULL, out);
	}
	transfer_free(transfer);
	fclose(out);
	return text;
}

static struct fixture *third_version(void)
{
	struct fixture_files files = {.server = server, .access = access, .geo = geo};
	files.zones = versions[0];
	struct fixture *fixture = fixture_new(&files);
	for (int i = 1; i < 3; i++) {
		files.zones = versions[i];
		fixture_reload(fixture, &files);
	}
	return fixture;
}

static void test_rows(void **state)
{
	(void)state;
	struct fixture *fixture = third_version();
	unsigned wrong = 0;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(addr_parse(&fixture->client.addr, rows[i].from));
		fixture->client.stream = rows[i].stream;
		char *text = asked(fixture, rows[i].packet, rows[i].key ? &keys[rows[i].key - 1] : NULL, NOW);
		if (strcmp(text, rows[i].expected) != 0) {
			print_error("%s\nis:\n%sshould be:\n%s\n", rows[i].rule, text, rows[i].expected);
			wrong++;
		}
		free(text);
	}
	fixture_free(fixture);
	assert_int_equal(wrong, 0);
}

/* RFC 8945 5.2.3: a question from another time is not answered, but the refusal is signed and tells the time.
 * Only who signed well is not rate limited. */
static void test_time(void **state)
{
	(void)state;
	static const struct {
		int64_t late;
		bool proven;
		const char *expected;
	} times[] = {
	        {300, true, "NOERROR AA\nan a.ex. 60 A 192.0.2.2\nan a.ex. 60 A 192.0.2.3\nsigned\n"},
	        {301, false, "NOTAUTH\nnot signed: BADTIME\n"}, /* our client goes by the time of the question */
	        {-301, false, "NOTAUTH\nnot signed: BADTIME\n"},
	};
	struct fixture *fixture = third_version();
	fixture->client.limited = true;
	for (size_t i = 0; i < COUNT(times); i++) {
		char *text = asked(fixture, "q:a.ex:A", &keys[0], (uint64_t)(NOW - times[i].late));
		assert_string_equal(text, times[i].expected);
		assert_int_equal(fixture->context.proven, times[i].proven);
		free(text);
	}
	free(asked(fixture, "q:a.ex:A opt", &keys[WRONG - 1], NOW));
	assert_false(fixture->context.proven);
	assert_int_equal(
	        fixture->context.response_opt, fixture->size); /* no part of a signature is left of a cut reply */
	fixture_free(fixture);
}

/* ---- more than a message ---- */

enum { HOSTS = 3000, TEXTS = 290, SMALL = 48 };

/* Thousands of records, and a set that takes nearly all of a message. */
static char *large_zone(bool mixed)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	fputs(FIXTURE_APEX, out);
	for (unsigned i = 0; i < HOSTS; i++)
		fprintf(out, "h%u A 10.0.%u.%u\n", i, i >> 8, i & 255);
	for (unsigned i = 0; i < TEXTS; i++)
		fprintf(out, "texts TXT \"%04u%0200u\"\n", i, i);
	/* and one whose last record takes most of a message: what is before it must not go with it */
	for (unsigned i = 0; mixed && i < SMALL; i++)
		fprintf(out, "mixed TYPE65400 \\# 100 %04x%0196u\n", i, i);
	if (mixed)
		fprintf(out, "mixed TYPE65400 \\# 60000 ff%0119998u\n", 0);
	fclose(out);
	return text;
}

/* RFC 5936 2.2: as many records to a message as fit, each once, whatever room there is; RFC 8945 5.3.1: each message is
 * signed (dig and others follow the chain: test_transfers.py). */
static void test_many_messages(void **state)
{
	(void)state;
	static const size_t rooms[] = {16384, 40000, 61000, 65535};
	for (size_t i = 0; i < COUNT(rooms); i++) {
		bool mixed = rooms[i] > 60000;
		char *zone = large_zone(mixed);
		const struct fixture_zone zones[] = {{"ex.", zone}, {0}};
		struct fixture_files files = {.zones = zones, .server = server, .access = access};
		struct fixture *fixture = fixture_new(&files);
		uint8_t packet[PACKET_MAX];
		struct tsig tsig;
		unsigned records = 0, messages = 0, error;
		size_t bytes = 0;
		tsig_begin(&tsig, &keys[0]);
		size_t size = tsig_append(&tsig, packet, packet_build("q:ex:AXFR", packet), sizeof packet, NOW);
		fixture->context.may_transfer = true;
		assert_int_equal(fixture_send(fixture, packet, size), 0);
		struct transfer *transfer = fixture->context.transfer;
		while ((fixture->size = transfer_next(transfer, fixture->reply, rooms[i], NOW)) != 0) {
			const char *why;
			assert_true(fixture->size <= rooms[i]);
			assert_true(message_check(fixture->reply, fixture->size, &why));
			size_t offset = signature_of(fixture, &error);
			assert_true(offset && error == TSIG_OK);
			assert_true(messages || tsig_verify_answer(&tsig, fixture->reply, fixture->size, offset, NOW));
			records += (unsigned)fixture->reply[6] << 8 | fixture->reply[7];
			bytes += fixture->size;
			messages++;
		}
		transfer_free(transfer);
		assert_int_equal(records, HOSTS + TEXTS + (mixed ? SMALL + 1 : 0) + 3);
		assert_true(messages <= 2 * (bytes / rooms[i] + 1));
		fixture_free(fixture);
		free(zone);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rows),
	        cmocka_unit_test(test_time),
	        cmocka_unit_test(test_many_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
