/*
 * test_cookies.c: cookies of every shape as the whole server takes them (RFC 7873, RFC 9018): what the reply says, and
 * whether the client counts as proven. The hash itself is tested in tests/unit/wire/test_cookie.c.
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
#include "packet.h"
#include "wire/cookie.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define CLIENT_COOKIE "3132333435363738"
#define SHARED "cookies: { secret: e5e973e5a6b2a43f48e7dc849e37bfcf }\n"

enum { NOON = 1700049600, MIDNIGHT = 1700092800 }; /* of a day, and at its end */

static const struct fixture_zone zones[] = {
        {"ex.", FIXTURE_APEX "www A 192.0.2.80\n"},
        {0},
};
static const uint8_t secret[16] = "a random secret", other_secret[16] = "another secret.";

static struct fixture *fixture_of(const char *keys)
{
	struct fixture *fixture = fixture_new(&(struct fixture_files){.zones = zones, .server = keys});
	fixture->context.secret = secret;
	fixture->context.wall = NOON;
	fixture->client.limited = true;
	fixture->client.stream = false;
	return fixture;
}

/* Asks with a cookie (in hex; NULL: none) and with or without a question. Returns the rcode. */
static unsigned ask(struct fixture *fixture, const char *cookie, bool question)
{
	char words[400];
	uint8_t packet[PACKET_MAX];
	struct message message;
	const char *asked = question ? "q:www.ex:A " : "";
	if (cookie)
		snprintf(words, sizeof words, "%sopt:512:0:000a%04zx%s", asked, strlen(cookie) / 2, cookie);
	else
		snprintf(words, sizeof words, "%sopt", asked);
	assert_true(fixture_send(fixture, packet, packet_build(words, packet)) > 0);
	assert_true(message_open(&message, fixture->reply, fixture->size));
	return message_rcode(&message);
}

/* The cookie of the last reply in hex; false: there is none. */
static bool given(const struct fixture *fixture, char cookie[2 * COOKIE_BYTES + 1])
{
	char *text = fixture_text(fixture, true), *option = strstr(text, " option10=");
	if (option)
		snprintf(cookie, 2 * COOKIE_BYTES + 1, "%.48s", option + 10);
	free(text);
	return option;
}

/* RFC 7873 5.2.2: 8 bytes, or 16 to 40; nothing else. Where cookies are off it is an option like any unknown one. */
static void test_lengths(void **state)
{
	(void)state;
	struct fixture *fixture = fixture_of(NULL), *off = fixture_of("cookies: off\n");
	for (size_t length = 0; length <= 41; length++) {
		char cookie[2 * 41 + 1] = "", reply[2 * COOKIE_BYTES + 1];
		for (size_t i = 0; i < length; i++)
			snprintf(cookie + 2 * i, 3, "%02zx", i + 0x31);
		bool good = length == 8 || (length >= 16 && length <= 40);
		assert_int_equal(ask(fixture, cookie, true), good ? RCODE_NOERROR : RCODE_FORMERR);
		assert_true(given(fixture, reply) == good);
		assert_true(!good || !strncmp(reply, cookie, 16));
		assert_false(fixture->context.proven);
		assert_int_equal(ask(off, cookie, true), RCODE_NOERROR);
		assert_false(given(off, reply));
	}
	fixture_free(fixture);
	fixture_free(off);
}

/* A cookie that was given is taken back; each row changes one thing in between. */
static const struct row {
	const char *rule;
	const char *keys;
	uint64_t made;
	int64_t later;
	const char *client;    /* that sends it back; NULL: the same */
	int damaged;           /* digit that is changed; -1: none */
	const uint8_t *secret; /* of the process that judges; NULL: the same */
	bool good;
} rows[] = {
        {"RFC 7873 5.2.5 a correct one", NULL, NOON, 0, NULL, -1, NULL, true},
        {"RFC 9018 4.3 an hour old", NULL, NOON, 3600, NULL, -1, NULL, true},
        {"RFC 9018 4.3 older", NULL, NOON, 3601, NULL, -1, NULL, false},
        {"RFC 9018 4.3 five minutes in the future", NULL, NOON, -300, NULL, -1, NULL, true},
        {"RFC 9018 4.3 further in the future", NULL, NOON, -301, NULL, -1, NULL, false},
        {"RFC 7873 5.2.4 of another client", NULL, NOON, 0, "192.0.2.2", -1, NULL, false},
        {"RFC 7873 5.2.4 of a client of the other family", NULL, NOON, 0, "2001:db8::1", -1, NULL, false},
        {"RFC 7873 5.2.4 another client cookie", NULL, NOON, 0, NULL, 3, NULL, false},
        {"RFC 9018 4.1 another version", NULL, NOON, 0, NULL, 17, NULL, false},
        {"RFC 9018 4.4 another hash", NULL, NOON, 0, NULL, 47, NULL, false},
        {"RFC 9018 5 the secret of the day before is known", NULL, MIDNIGHT - 60, 120, NULL, -1, NULL, true},
        {"RFC 9018 5 the secrets of two days before are not", NULL, MIDNIGHT - 60, 120 + 86400, NULL, -1, NULL, false},
        {"RFC 9018 3 another server, another secret", NULL, NOON, 0, NULL, -1, other_secret, false},
        {"RFC 9018 3 servers that share a secret", SHARED, NOON, 0, NULL, -1, other_secret, true},
        {"RFC 9018 3 a shared secret does not change with the day", SHARED, MIDNIGHT - 60, 120, NULL, -1, NULL, true},
};

static void test_states(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct fixture *fixture = fixture_of(row->keys);
		char cookie[2 * COOKIE_BYTES + 1];
		print_message("%s\n", row->rule);
		fixture->context.wall = row->made;
		assert_int_equal(ask(fixture, CLIENT_COOKIE, true), RCODE_NOERROR);
		assert_false(fixture->context.proven);
		assert_true(given(fixture, cookie));
		fixture->context.wall = row->made + (uint64_t)row->later;
		if (row->client)
			assert_true(addr_parse(&fixture->client.addr, row->client));
		if (row->damaged >= 0)
			cookie[row->damaged] = cookie[row->damaged] == '0' ? '1' : '0';
		if (row->secret)
			fixture->context.secret = row->secret;
		/* RFC 7873 5.2.4: one that is not right counts as none */
		assert_int_equal(ask(fixture, cookie, true), RCODE_NOERROR);
		assert_true(fixture->context.proven == row->good);
		/* RFC 7873 5.4: without a question the rcode tells */
		assert_int_equal(ask(fixture, cookie, false), row->good ? RCODE_NOERROR : RCODE_BADCOOKIE);
		assert_true(given(fixture, cookie));
		fixture_free(fixture);
	}
}

/* RFC 9018 A.1: the whole server gives the cookie of the vector. */
static void test_vector(void **state)
{
	(void)state;
	struct fixture *fixture = fixture_of(SHARED);
	char cookie[2 * COOKIE_BYTES + 1];
	fixture->context.wall = 1559731985;
	assert_true(addr_parse(&fixture->client.addr, "198.51.100.100"));
	assert_int_equal(ask(fixture, "2464c4abcf10c957", true), RCODE_NOERROR);
	assert_true(given(fixture, cookie));
	assert_string_equal(cookie, "2464c4abcf10c957010000005cf79f111f8130c3eee29480");
	fixture_free(fixture);
}

/* RFC 7873 5.2.3 and 5.4, `cookies: required`. */
static void test_required(void **state)
{
	(void)state;
	struct fixture *fixture = fixture_of("cookies: required\n");
	char cookie[2 * COOKIE_BYTES + 1], *text = fixture_ask(fixture, "www.ex A");
	print_message("without a cookie: to TCP\n");
	assert_string_equal(text, "NOERROR TC\n");
	free(text);
	print_message("a client cookie alone: BADCOOKIE, and a cookie to come back with\n");
	assert_int_equal(ask(fixture, CLIENT_COOKIE, true), RCODE_BADCOOKIE);
	text = fixture_text(fixture, false);
	assert_string_equal(text, "BADCOOKIE\n");
	free(text);
	assert_true(given(fixture, cookie));
	print_message("with it: the answer\n");
	assert_int_equal(ask(fixture, cookie, true), RCODE_NOERROR);
	text = fixture_text(fixture, false);
	assert_string_equal(text, "NOERROR AA\nan www.ex. 60 A 192.0.2.80\n");
	free(text);
	print_message("a wrong one: BADCOOKIE\n");
	cookie[47] = cookie[47] == '0' ? '1' : '0';
	assert_int_equal(ask(fixture, cookie, true), RCODE_BADCOOKIE);
	print_message("over TCP nothing is asked for\n");
	fixture->client.stream = true;
	assert_int_equal(ask(fixture, NULL, true), RCODE_NOERROR);
	fixture_free(fixture);
}

/* RFC 7873 5.2: of two options the first counts. */
static void test_two(void **state)
{
	(void)state;
	struct fixture *fixture = fixture_of(NULL);
	uint8_t packet[PACKET_MAX];
	char cookie[2 * COOKIE_BYTES + 1];
	fixture_send(fixture, packet,
	        packet_build("q:www.ex:A opt:512:0:000a0008" CLIENT_COOKIE "000a00088182838485868788", packet));
	assert_true(given(fixture, cookie));
	assert_int_equal(strncmp(cookie, CLIENT_COOKIE, 16), 0);
	fixture_free(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_lengths),
	        cmocka_unit_test(test_states),
	        cmocka_unit_test(test_vector),
	        cmocka_unit_test(test_required),
	        cmocka_unit_test(test_two),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
