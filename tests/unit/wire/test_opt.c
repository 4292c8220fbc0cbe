/* test_opt.c: the OPT of a reply, byte by byte, and the sizes that are reserved for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sets.h"

#define BYTES(literal) literal, sizeof(literal) - 1
#define CLIENT "cookie01"

static const struct row {
	const char *name;
	struct client_subnet subnet; /* of the query */
	struct edns_reply edns;
	uint16_t rcode;
	const char *opt;
	size_t size;
} rows[] = {
        {"RFC 6891 6.1.2 bare", {0}, {.payload = 1232, .ede = -1}, 0, BYTES("\0\0\x29\4\xd0\0\0\0\0\0\0")},
        {"RFC 3225 3 DO is copied", {0}, {.payload = 1232, .dnssec_ok = true, .ede = -1}, 0,
                BYTES("\0\0\x29\4\xd0\0\0\x80\0\0\0")},
        {"RFC 6891 6.1.3 BADVERS", {0}, {.payload = 512, .ede = -1}, RCODE_BADVERS, BYTES("\0\0\x29\2\0\1\0\0\0\0\0")},
        {"RFC 7873 5.2.3 BADCOOKIE", {0},
                {.payload = 512, .ede = -1, .cookie = (const uint8_t *)CLIENT CLIENT CLIENT, .cookie_length = 24},
                RCODE_BADCOOKIE, BYTES("\0\0\x29\2\0\1\0\0\0\0\x1c\0\xa\0\x18" CLIENT CLIENT CLIENT)},
        {"RFC 7871 7.2.1 IPv4 /24, scope 22",
                {.present = true, .source = 24, .family = 1, .address = {ADDR_V4, {192, 0, 2}}},
                {.payload = 512, .subnet = true, .scope = 22, .ede = -1}, 0,
                BYTES("\0\0\x29\2\0\0\0\0\0\0\xb\0\x8\0\7\0\1\x18\x16\xc0\0\2")},
        {"RFC 7871 7.2.1 IPv4 /9", {.present = true, .source = 9, .family = 1, .address = {ADDR_V4, {192, 128}}},
                {.payload = 512, .subnet = true, .scope = 0, .ede = -1}, 0,
                BYTES("\0\0\x29\2\0\0\0\0\0\0\xa\0\x8\0\6\0\1\x9\0\xc0\x80")},
        {"RFC 7871 7.2.1 IPv6 /56",
                {.present = true, .source = 56, .family = 2, .address = {ADDR_V6, {32, 1, 13, 184, 0, 0, 1}}},
                {.payload = 512, .subnet = true, .scope = 48, .ede = -1}, 0,
                BYTES("\0\0\x29\2\0\0\0\0\0\0\xf\0\x8\0\xb\0\2\x38\x30\x20\1\xd\xb8\0\0\1")},
        {"RFC 7871 7.1.2 /0", {.present = true, .source = 0, .family = 1, .address = {ADDR_V4, {0}}},
                {.payload = 512, .subnet = true, .scope = 0, .ede = -1}, 0,
                BYTES("\0\0\x29\2\0\0\0\0\0\0\x8\0\x8\0\4\0\1\0\0")},
        {"RFC 7871 7.1.2 family 0", {.present = true, .source = 0, .family = 0, .address = {ADDR_V4, {0}}},
                {.payload = 512, .subnet = true, .scope = 0, .ede = -1}, 0,
                BYTES("\0\0\x29\2\0\0\0\0\0\0\x8\0\x8\0\4\0\0\0\0")},
        {"RFC 7871 7.2.2 none in, none out", {.present = false, .source = 24, .address = {ADDR_V4, {1, 2, 3}}},
                {.payload = 512, .subnet = true, .scope = 22, .ede = -1}, 0, BYTES("\0\0\x29\2\0\0\0\0\0\0\0")},
        {"RFC 5001 2.2 NSID", {0}, {.payload = 512, .ede = -1, .nsid = (const uint8_t *)"ns1.fra", .nsid_length = 7}, 0,
                BYTES("\0\0\x29\2\0\0\0\0\0\0\xb\0\3\0\7ns1.fra")},
        {"RFC 7828 3.2.2 keepalive", {0}, {.payload = 512, .ede = -1, .keepalive = true, .keepalive_timeout = 300}, 0,
                BYTES("\0\0\x29\2\0\0\0\0\0\0\6\0\xb\0\2\1\x2c")},
        {"RFC 7314 2 EXPIRE", {0}, {.payload = 512, .ede = -1, .expire = true, .expire_after = 604800}, 0,
                BYTES("\0\0\x29\2\0\0\0\0\0\0\x8\0\x9\0\4\0\x9\x3a\x80")},
        {"RFC 8914 2 EDE 0", {0}, {.payload = 512, .ede = 0}, 0, BYTES("\0\0\x29\2\0\0\0\0\0\0\6\0\xf\0\2\0\0")},
        {"RFC 8914 2 EDE 20", {0}, {.payload = 512, .ede = 20}, 5, BYTES("\0\0\x29\2\0\0\0\0\0\0\6\0\xf\0\2\0\x14")},
        {"RFC 8914 2 EDE 24 with a text", {0}, {.payload = 512, .ede = 24, .ede_text = "not loaded"}, 2,
                BYTES("\0\0\x29\2\0\0\0\0\0\0\x10\0\xf\0\xc\0\x18not loaded")},
        {"RFC 7830 3 padding to 64: the question and OPT take 33 + 15", {0}, {.payload = 512, .ede = -1, .padding = 64},
                0, BYTES("\0\0\x29\2\0\0\0\0\0\0\x14\0\xc\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
        {"RFC 7830 3 padding to 48: nothing to add", {0}, {.payload = 512, .ede = -1, .padding = 48}, 0,
                BYTES("\0\0\x29\2\0\0\0\0\0\0\4\0\xc\0\0")},
        {"all options, in their order", {.present = true, .source = 8, .family = 1, .address = {ADDR_V4, {10}}},
                {.payload = 1232,
                        .dnssec_ok = true,
                        .subnet = true,
                        .scope = 8,
                        .nsid = (const uint8_t *)"n",
                        .nsid_length = 1,
                        .cookie = (const uint8_t *)CLIENT,
                        .cookie_length = 8,
                        .keepalive = true,
                        .keepalive_timeout = 1,
                        .expire = true,
                        .expire_after = 2,
                        .ede = 3,
                        .padding = 1},
                RCODE_NXDOMAIN,
                BYTES("\0\0\x29\4\xd0\0\0\x80\0\0\x32\0\x8\0\5\0\1\x8\x8\xa\0\3\0\1n\0\xa\0\x8" CLIENT
                      "\0\xb\0\2\0\1\0\x9\0\4\0\0\0\2\0\xf\0\2\0\3\0\xc\0\0")},
};

static void test_layouts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *row = &rows[i];
		struct asked asked;
		struct reply reply;
		struct message message;
		uint8_t out[512];
		const char *why;
		print_message("%s\n", row->name);
		ask(&asked, "www.example.com.", TYPE_A);
		asked.query.subnet = row->subnet;
		size_t reserve = reply_opt_size(&row->edns, &asked.query);
		reply_start(&reply, out, sizeof out, &asked.query, reserve);
		reply.rcode = row->rcode;
		size_t size = reply_finish(&reply, &asked.query, &row->edns);
		assert_int_equal(size, 33 + row->size);
		assert_memory_equal(out + 33, row->opt, row->size);
		if (row->edns.padding == 0 && row->edns.ede == EDE_NONE)
			assert_int_equal(reserve, row->size);
		assert_true(message_check(out, size, &why));
		assert_true(message_open(&message, out, size));
		assert_int_equal(message_rcode(&message), row->rcode);
		assert_int_equal(message.counts[3], 1);
	}
}

/* However full the reply is, OPT finds its place: what does not fit is a set. */
static void test_reserve(void **state)
{
	(void)state;
	static struct draft draft;
	struct edns_reply edns = {.payload = 1232, .ede = EDE_NONE, .nsid = (const uint8_t *)"ns1", .nsid_length = 3};
	draft_start(&draft, TYPE_A);
	draft_add(&draft, "\300\0\2\1", 4);
	for (size_t limit = 60; limit < 140; limit++) {
		struct asked asked;
		struct reply reply;
		uint8_t out[160];
		const char *why;
		ask(&asked, "www.example.com.", TYPE_A);
		memset(out, 0xee, sizeof out);
		reply_start(&reply, out, limit, &asked.query, reply_opt_size(&edns, &asked.query));
		while (reply_rrset(&reply, SECTION_ANSWER, (struct owner){.offset = DNS_HEADER}, &draft.set, 1, NULL))
			;
		size_t size = reply_finish(&reply, &asked.query, &edns);
		assert_true(size <= limit && size > limit - 16);
		assert_int_equal(out[limit], 0xee);
		assert_true(message_check(out, size, &why));
		assert_int_equal(out[11], 1);
	}
}

/* An extended error is told where there is room left: its text goes first, then the rest, never another option. */
static void test_error_goes_first(void **state)
{
	(void)state;
	struct edns_reply edns = {.payload = 1232, .ede = EDE_OTHER, .ede_text = "text"};
	for (size_t limit = 44; limit < 60; limit++) {
		struct asked asked;
		struct reply reply;
		uint8_t out[64];
		const char *why;
		ask(&asked, "www.example.com.", TYPE_A);
		memset(out, 0xee, sizeof out);
		reply_start(&reply, out, limit, &asked.query, reply_opt_size(&edns, &asked.query));
		size_t size = reply_finish(&reply, &asked.query, &edns);
		assert_int_equal(size, limit >= 54 ? 54 : limit >= 50 ? 50 : 44);
		assert_int_equal(out[limit], 0xee);
		assert_true(message_check(out, size, &why));
		assert_int_equal(out[11], 1);
	}
}

static void test_no_room(void **state)
{
	(void)state;
	struct edns_reply edns = {.payload = 1232, .ede = -1, .padding = 468};
	struct asked asked;
	struct reply reply;
	uint8_t out[512];
	ask(&asked, "www.example.com.", TYPE_A);

	print_message("a limit that holds the question only: OPT is left out, an extended rcode becomes SERVFAIL\n");
	reply_start(&reply, out, 40, &asked.query, 11);
	reply.rcode = RCODE_BADVERS;
	assert_int_equal(reply_finish(&reply, &asked.query, &edns), 33);
	assert_int_equal(out[3] & 15, RCODE_SERVFAIL);
	assert_int_equal(out[11], 0);

	print_message("RFC 6891 7 no EDNS in the query, none in the reply\n");
	reply_start(&reply, out, 512, &asked.query, 0);
	reply.rcode = RCODE_REFUSED;
	assert_int_equal(reply_finish(&reply, &asked.query, NULL), 33);
	assert_int_equal(out[3] & 15, RCODE_REFUSED);

	print_message("RFC 8467 4.1 padding ends at the limit\n");
	reply_start(&reply, out, 100, &asked.query, reply_opt_size(&edns, &asked.query));
	assert_int_equal(reply_finish(&reply, &asked.query, &edns), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_layouts),
	        cmocka_unit_test(test_reserve),
	        cmocka_unit_test(test_error_goes_first),
	        cmocka_unit_test(test_no_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
