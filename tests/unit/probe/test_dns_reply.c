/*
 * test_dns_reply.c: what a probe makes of replies, good, wrong and hostile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "probe/dns_reply.h"
#include "wire/message.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ID 0x1234
#define WWW "\3www\7example\3com"
#define CDN "\3cdn\7example\3net"
#define LABEL "\77abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define LONG LABEL LABEL LABEL LABEL /* more than a name may have */
#define POINTER "\xc0\x0c"           /* to the question's name */

/* RDATA is its bytes without the final 0 of C, unless `size` says more. */
struct row {
	const char *owner;
	size_t owner_size;
	uint16_t type;
	const char *rdata;
	size_t size;
};
#define NAMED(text) text, sizeof(text) /* with the root's 0 */
#define POINTED POINTER, 2
#define DATA(text) text, sizeof(text) - 1
#define A(last) TYPE_A, DATA("\300\0\2" last)

static const char *const one[] = {"192.0.2.1", NULL}, *const two[] = {"192.0.2.1", "192.0.2.2", NULL};
static const char *const text[] = {"all is ok", NULL}, *const mail[] = {"10 MAIL.example.com.", NULL};

static const struct {
	const char *name;
	struct probe_question asked;
	uint16_t flags;
	struct row rows[4];
	enum dns_judgement expected;
	const char *detail;
} cases[] = {
        {"any answer", {.type = TYPE_A}, 0x8180, {{POINTED, A("\1")}}, DNS_GOOD, "answer 192.0.2.1"},
        {"two", {.type = TYPE_A}, 0x8180, {{POINTED, A("\1")}, {POINTED, A("\2")}}, DNS_GOOD,
                "answer 192.0.2.1, and 1 more"},
        {"expected", {.type = TYPE_A, .expect = one}, 0x8180, {{POINTED, A("\1")}}, DNS_GOOD, "answer 192.0.2.1"},
        {"one of those expected", {.type = TYPE_A, .expect = two}, 0x8180, {{POINTED, A("\2")}}, DNS_GOOD,
                "answer 192.0.2.2"},
        {"not expected", {.type = TYPE_A, .expect = one}, 0x8180, {{POINTED, A("\3")}}, DNS_BAD,
                "answer 192.0.2.3, which is not expected"},
        {"one more than expected", {.type = TYPE_A, .expect = one}, 0x8180, {{POINTED, A("\1")}, {POINTED, A("\3")}},
                DNS_BAD, "answer 192.0.2.3, which is not expected"},
        {"nothing", {.type = TYPE_A}, 0x8180, {{0}}, DNS_BAD, "no A record in the answer"},
        {"another type", {.type = TYPE_AAAA}, 0x8180, {{POINTED, A("\1")}}, DNS_BAD, "no AAAA record in the answer"},
        {"another's", {.type = TYPE_A}, 0x8180, {{NAMED(CDN), A("\1")}}, DNS_BAD, "no A record in the answer"},
        {"a chain", {.type = TYPE_A, .expect = one}, 0x8180, {{POINTED, TYPE_CNAME, NAMED(CDN)}, {NAMED(CDN), A("\1")}},
                DNS_GOOD, "answer 192.0.2.1"},
        {"a chain backwards", {.type = TYPE_A}, 0x8180, {{NAMED(CDN), A("\1")}, {POINTED, TYPE_CNAME, NAMED(CDN)}},
                DNS_GOOD, "answer 192.0.2.1"},
        {"a chain that leads to no name", {.type = TYPE_A}, 0x8180, {{POINTED, TYPE_CNAME, DATA(LONG)}}, DNS_BAD,
                "reply: broken"},
        {"a chain, and another that leads to no name", {.type = TYPE_A}, 0x8180,
                {{POINTED, TYPE_CNAME, NAMED(CDN)}, {POINTED, TYPE_CNAME, DATA(LONG)}, {NAMED(CDN), A("\1")}}, DNS_GOOD,
                "answer 192.0.2.1"},
        {"a chain whose name is longer than its RDATA", {.type = TYPE_A}, 0x8180,
                {{POINTED, TYPE_CNAME, DATA("\3cdn")}, {NAMED(CDN), A("\1")}}, DNS_BAD, "reply: broken"},
        {"a chain in a ring", {.type = TYPE_A}, 0x8180, {{POINTED, TYPE_CNAME, POINTED}}, DNS_BAD,
                "no A record in the answer"},
        {"the chain itself", {.type = TYPE_CNAME}, 0x8180, {{POINTED, TYPE_CNAME, NAMED(CDN)}}, DNS_GOOD,
                "answer cdn.example.net."},
        {"text in pieces", {.type = TYPE_TXT, .expect = text}, 0x8180, {{POINTED, TYPE_TXT, DATA("\4all \5is ok")}},
                DNS_GOOD, "answer all is ok"},
        {"text of another case", {.type = TYPE_TXT, .expect = text}, 0x8180,
                {{POINTED, TYPE_TXT, DATA("\11All is ok")}}, DNS_BAD, "answer All is ok, which is not expected"},
        {"mail, case ignored", {.type = TYPE_MX, .expect = mail}, 0x8180,
                {{POINTED, TYPE_MX, DATA("\0\12\4mail\xc0\x10")}}, DNS_GOOD, "answer 10 mail.example.com."},
        {"text that ends too soon", {.type = TYPE_TXT}, 0x8180, {{POINTED, TYPE_TXT, DATA("\77x")}}, DNS_BAD,
                "reply: broken"},
        {"rcode", {.type = TYPE_A}, 0x8182, {{0}}, DNS_BAD, "rcode SERVFAIL, wanted NOERROR"},
        {"wanted rcode", {.type = TYPE_A, .rcode = 3}, 0x8183, {{0}}, DNS_GOOD, "rcode NXDOMAIN"},
        {"answer, where none is wanted", {.type = TYPE_A, .rcode = 3}, 0x8180, {{POINTED, A("\1")}}, DNS_BAD,
                "rcode NOERROR, wanted NXDOMAIN"},
        {"AA", {.type = TYPE_A, .authoritative = true}, 0x8480, {{POINTED, A("\1")}}, DNS_GOOD, "answer 192.0.2.1"},
        {"no AA", {.type = TYPE_A, .authoritative = true}, 0x8080, {{POINTED, A("\1")}}, DNS_BAD,
                "the answer is not authoritative"},
        {"cut off", {.type = TYPE_A}, 0x8380, {{0}}, DNS_TRUNCATED, ""},
        {"a query", {.type = TYPE_A}, 0x0100, {{0}}, DNS_STRAY, ""},
        {"another opcode", {.type = TYPE_A}, 0xa180, {{POINTED, A("\1")}}, DNS_STRAY, ""},
        {"a pointer to itself", {.type = TYPE_A}, 0x8180, {{"\xc0\x21", 2, A("\1")}}, DNS_BAD, "reply: broken"},
        {"a short address", {.type = TYPE_A}, 0x8180, {{POINTED, TYPE_A, DATA("\300\0")}}, DNS_BAD, "reply: broken"},
};

static size_t build(const struct probe_question *asked, uint16_t flags, const struct row *rows, uint8_t *bytes)
{
	size_t size = dns_question(asked, ID, bytes);
	struct writer w = writer_of(bytes + size, 512 - size);
	uint16_t count = 0;
	put_u16(bytes + 2, flags);
	for (; count < 4 && rows[count].owner; count++) {
		write_bytes(&w, rows[count].owner, rows[count].owner_size);
		write_u16(&w, rows[count].type);
		write_u16(&w, CLASS_IN);
		write_u32(&w, 60);
		write_u16(&w, (uint16_t)rows[count].size);
		write_bytes(&w, rows[count].rdata, rows[count].size);
	}
	put_u16(bytes + 6, count);
	return size + writer_offset(&w);
}

static void test_cases(void **state)
{
	(void)state;
	unsigned failed = 0;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t bytes[512];
		char detail[PROBE_DETAIL] = "";
		struct probe_question asked = cases[i].asked;
		asked.name = (const uint8_t *)WWW;
		size_t size = build(&asked, cases[i].flags, cases[i].rows, bytes);
		enum dns_judgement judgement = dns_judge(&asked, ID, bytes, size, detail);
		if (judgement == cases[i].expected && !strcmp(detail, cases[i].detail))
			continue;
		fprintf(stderr, "%s: %d '%s'\n", cases[i].name, judgement, detail);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* A good reply with one thing wrong, and cut off at every length: never good, and nothing is read behind its end. */
static void test_not_ours(void **state)
{
	(void)state;
	const struct probe_question asked = {.name = (const uint8_t *)WWW, .type = TYPE_A};
	static const struct {
		size_t offset;
		uint8_t byte;
	} changes[] = {{0, 0xff}, {1, 0xff}, {5, 0}, {5, 2}, {13, 'x'}, {30, 28}, {32, 3}};
	uint8_t bytes[512], exact[64];
	char detail[PROBE_DETAIL];
	size_t size = build(&asked, 0x8180, (struct row[4]){{POINTED, A("\1")}}, bytes);
	for (size_t i = 0; i < COUNT(changes); i++) {
		uint8_t was = bytes[changes[i].offset];
		bytes[changes[i].offset] = changes[i].byte;
		assert_int_equal(dns_judge(&asked, ID, bytes, size, detail), DNS_STRAY);
		bytes[changes[i].offset] = was;
	}
	bytes[13] = 'W'; /* case does not count */
	assert_int_equal(dns_judge(&asked, ID, bytes, size, detail), DNS_GOOD);
	for (size_t length = 0; length < size; length++) {
		memcpy(exact + sizeof exact - length, bytes, length);
		enum dns_judgement judgement = dns_judge(&asked, ID, exact + sizeof exact - length, length, detail);
		assert_int_equal(judgement, length < 33 ? DNS_STRAY : DNS_BAD);
	}
	/* A server that cannot read questions says so without one. */
	static const uint8_t formerr[12] = {0x12, 0x34, 0x81, 0x81};
	assert_int_equal(dns_judge(&asked, ID, formerr, sizeof formerr, detail), DNS_BAD);
	assert_string_equal(detail, "rcode FORMERR, wanted NOERROR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_not_ours)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
