/* test_reply.c: sets into a reply: compression, offsets for what follows, all or nothing, marks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sets.h"

#define QNAME                                                                                                          \
	(struct owner)                                                                                                 \
	{                                                                                                              \
		.offset = DNS_HEADER                                                                                   \
	}
#define NAMED(wire)                                                                                                    \
	(struct owner)                                                                                                 \
	{                                                                                                              \
		.name = (const uint8_t *)(wire)                                                                        \
	}

static uint8_t out[UINT16_MAX];

/* A reply to "wWw.eXample.com. A": the question takes bytes 12 to 32. */
static void start(struct reply *reply, struct asked *asked, size_t limit)
{
	ask(asked, "wWw.eXample.com.", TYPE_A);
	memset(out, 0xee, sizeof out);
	memset(reply, 0xa5, sizeof *reply);
	reply_start(reply, out, limit, &asked->query, 0);
}

/* Ends it, and sees that it is sound. */
static size_t finish(struct reply *reply, struct asked *asked)
{
	const char *why;
	size_t size = reply_finish(reply, &asked->query, NULL);
	bool good = message_check(out, size, &why);
	if (!good)
		print_error("%s\n", why);
	assert_true(good);
	return size;
}

#define ASSERT_BYTES(offset, literal) assert_memory_equal(out + (offset), literal, sizeof(literal) - 1)

static void test_header_and_question(void **state)
{
	(void)state;
	struct asked asked;
	struct reply reply;
	start(&reply, &asked, 512);
	reply.flags |= FLAG_AA | FLAG_TC;
	reply.rcode = RCODE_NXDOMAIN;
	assert_int_equal(finish(&reply, &asked), 33);
	/* RFC 1035 4.1.1: QR, AA, TC, RD copied; the question in the client's case */
	ASSERT_BYTES(0, "\x12\x34\x87\x03\0\1\0\0\0\0\0\0\3wWw\7eXample\3com\0\0\1\0\1");
	assert_int_equal(out[33], 0xee);
}

static void test_flags_of_the_query(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint16_t query, reply;
	} rows[] = {
	        {"RFC 1035 4.1.1 nothing", 0, 0x8000},
	        {"RFC 1035 4.1.1 RD is copied", 0x0100, 0x8100},
	        {"RFC 4035 3.1.6 CD is not", 0x0010, 0x8000},
	        {"RFC 6840 5.8 AD is not", 0x0020, 0x8000},
	        {"RFC 1035 4.1.1 AA, TC, RA, Z and the rcode are not", 0x06cf, 0x8000},
	        {"RFC 1035 4.1.1 the opcode is copied", 0x2000, 0xa000},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct query query = {.flags = rows[i].query};
		struct reply reply;
		struct message message;
		print_message("%s\n", rows[i].name);
		reply_start(&reply, out, 512, &query, 0);
		assert_int_equal(reply_finish(&reply, &query, NULL), 12);
		assert_true(message_open(&message, out, 12));
		assert_int_equal(message.flags, rows[i].reply);
		assert_int_equal(message.counts[0], 0);
	}
}

static void test_addresses_are_copied(void **state)
{
	(void)state;
	static struct draft draft;
	struct asked asked;
	struct reply reply;
	uint16_t first[2] = {1, 1};
	start(&reply, &asked, 512);
	draft_start(&draft, TYPE_A);
	draft_add(&draft, "\300\0\2\1", 4);
	draft_add(&draft, "\300\0\2\2", 4);
	assert_true(reply_rrset(&reply, SECTION_ANSWER, QNAME, &draft.set, 300, first));
	assert_int_equal(finish(&reply, &asked), 33 + 32);
	ASSERT_BYTES(33, "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\300\0\2\1"
	                 "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\300\0\2\2");
	ASSERT_BYTES(4, "\0\1\0\2\0\0\0\0");
	assert_int_equal(first[0], 0);
	assert_int_equal(first[1], 0);
}

/* One record of a type and name, asked for at www.example.com; RDATA is `skip` bytes of 7, the name, `rest` bytes of 9.
 */
static const struct compression {
	const char *name, *target;
	uint16_t type;
	size_t skip, rest;
	const char *rdata;
	size_t size;
	uint16_t first; /* from the start of RDATA; 0xffff: elsewhere, at `where` */
	uint16_t where;
} compressions[] = {
#define RDATA(literal) literal, sizeof(literal) - 1
#define AT(offset) offset, 0
#define ELSEWHERE(offset) 0xffff, offset
        {"RFC 1035 4.1.4 the question's name itself", "www.example.com.", TYPE_NS, 0, 0, RDATA("\xc0\x0c"),
                ELSEWHERE(12)},
        {"RFC 1035 4.1.4 case does not count", "WWW.EXAMPLE.COM.", TYPE_CNAME, 0, 0, RDATA("\xc0\x0c"), ELSEWHERE(12)},
        {"RFC 1035 4.1.4 the question's parent", "example.com.", TYPE_PTR, 0, 0, RDATA("\xc0\x10"), ELSEWHERE(16)},
        {"RFC 1035 4.1.4 a label before it", "Ns1.Example.com.", TYPE_NS, 0, 0, RDATA("\3Ns1\xc0\x10"), AT(0)},
        {"RFC 1035 4.1.4 only the last label", "a.b.com.", TYPE_MX, 2, 0, RDATA("\7\7\1a\1b\xc0\x18"), AT(2)},
        {"RFC 1035 4.1.4 nothing in common", "a.net.", TYPE_NS, 0, 0, RDATA("\1a\3net\0"), AT(0)},
        {"RFC 1035 4.1.4 a label that only ends alike", "xexample.com.", TYPE_NS, 0, 0, RDATA("\x8xexample\xc0\x18"),
                AT(0)},
        {"RFC 1035 4.1.4 a dot in a label is no border", "www\\.example.com.", TYPE_NS, 0, 0,
                RDATA("\13www.example\xc0\x18"), AT(0)},
        {"RFC 1035 3.1 the root is never a pointer", ".", TYPE_NS, 0, 0, RDATA("\0"), ELSEWHERE(0)},
        {"RFC 2782 SRV is not compressed", "www.example.com.", TYPE_SRV, 6, 0,
                RDATA("\7\7\7\7\7\7\3www\7example\3com\0"), AT(6)},
        {"RFC 6672 2.5 DNAME is not compressed", "www.example.com.", TYPE_DNAME, 0, 0, RDATA("\3www\7example\3com\0"),
                ELSEWHERE(0)},
        {"RFC 9460 2.2 SVCB is not compressed", "www.example.com.", TYPE_HTTPS, 2, 4,
                RDATA("\7\7\3www\7example\3com\0\x9\x9\x9\x9"), AT(2)},
        {"RFC 3597 4 AFSDB is not compressed", "example.com.", 18, 2, 0, RDATA("\7\7\7example\3com\0"), AT(2)},
        {"RFC 3597 4 an unknown type is not compressed", "example.com.", 65280, 0, 0, RDATA("\7example\3com\0"),
                ELSEWHERE(0)},
};

static void test_compression(void **state)
{
	(void)state;
	static struct draft draft;
	for (size_t i = 0; i < sizeof compressions / sizeof *compressions; i++) {
		const struct compression *c = &compressions[i];
		struct asked asked;
		struct reply reply;
		uint16_t first = 1;
		print_message("%s\n", c->name);
		start(&reply, &asked, 512);
		draft_start(&draft, c->type);
		draft_name(&draft, c->skip, c->target, c->rest);
		assert_true(reply_rrset(&reply, SECTION_ANSWER, QNAME, &draft.set, 1, &first));
		size_t size = reply_finish(&reply, &asked.query, NULL);
		assert_int_equal(size, 33 + 12 + c->size);
		assert_int_equal(out[43] << 8 | out[44], c->size);
		assert_memory_equal(out + 45, c->rdata, c->size);
		assert_int_equal(first, c->first == 0xffff ? c->where : 45 + c->first);
	}
}

/* RFC 1035 3.3.13: both names, and what follows them. */
static void test_soa(void **state)
{
	(void)state;
	static struct draft draft;
	uint8_t rdata[2 * NAME_BYTES + 20];
	struct asked asked;
	struct reply reply;
	uint16_t first;
	start(&reply, &asked, 512);
	size_t size = name_of(rdata, "ns1.example.com.");
	size += name_of(rdata + size, "admin.ns1.example.com.");
	memcpy(rdata + size, "aaaabbbbccccddddeeee", 20);
	draft_start(&draft, TYPE_SOA);
	draft_add(&draft, rdata, size + 20);
	assert_true(reply_rrset(&reply, SECTION_AUTHORITY, NAMED("\7EXAMPLE\3com"), &draft.set, 60, &first));
	assert_int_equal(finish(&reply, &asked), 33 + 12 + 6 + 8 + 20);
	ASSERT_BYTES(33, "\xc0\x10\0\6\0\1\0\0\0\x3c\0\x22\3ns1\xc0\x10\5admin\xc0\x2d"
	                 "aaaabbbbccccddddeeee");
	ASSERT_BYTES(4, "\0\1\0\0\0\1\0\0");
	assert_int_equal(first, 45);
}

/* The owner as a name: written once, compressed, and pointed to from the second record on. */
static void test_named_owner(void **state)
{
	(void)state;
	static struct draft draft;
	struct asked asked;
	struct reply reply;
	start(&reply, &asked, 512);
	draft_start(&draft, TYPE_A);
	for (unsigned i = 0; i < 3; i++)
		draft_add(&draft, "\300\0\2\1", 4);
	assert_true(reply_rrset(&reply, SECTION_ADDITIONAL, NAMED("\3Ns1\7example\3COM"), &draft.set, 0, NULL));
	assert_true(reply_rrset(&reply, SECTION_ADDITIONAL, NAMED("\3ns1\7example\3com"), &draft.set, 0, NULL));
	assert_true(reply_rrset(&reply, SECTION_ADDITIONAL, NAMED(""), &draft.set, 0, NULL));
	assert_int_equal(finish(&reply, &asked), 33 + 20 + 2 * 16 + 3 * 16 + 3 * 15);
	ASSERT_BYTES(33, "\3Ns1\xc0\x10\0\1");
	ASSERT_BYTES(53, "\xc0\x21\0\1");
	ASSERT_BYTES(85, "\xc0\x21\0\1");
	ASSERT_BYTES(133, "\0\0\1\0\1");
	ASSERT_BYTES(148, "\0\0\1\0\1");
}

/* What `first` gives is an owner for the additional section, for SRV too. */
static void test_first_is_an_owner(void **state)
{
	(void)state;
	static const uint16_t types[] = {TYPE_NS, TYPE_MX, TYPE_SRV, TYPE_HTTPS};
	static struct draft draft, address;
	draft_start(&address, TYPE_A);
	draft_add(&address, "\300\0\2\1", 4);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		struct asked asked;
		struct reply reply;
		struct message message;
		struct message_record record;
		uint16_t first[3];
		start(&reply, &asked, 512);
		draft_start(&draft, types[i]);
		draft_name(&draft, rrtype_get(types[i])->target_skip, "ns1.example.com.", 0);
		draft_name(&draft, rrtype_get(types[i])->target_skip, "www.example.com.", 0);
		draft_name(&draft, rrtype_get(types[i])->target_skip, "other.net.", 0);
		assert_true(reply_rrset(&reply, SECTION_ANSWER, QNAME, &draft.set, 1, first));
		for (unsigned j = 0; j < 3; j++)
			assert_true(reply_rrset(
			        &reply, SECTION_ADDITIONAL, (struct owner){.offset = first[j]}, &address.set, 1, NULL));
		size_t size = finish(&reply, &asked);
		assert_true(message_open(&message, out, size));
		for (unsigned j = 0; j < 4; j++)
			assert_true(message_next(&message, &record));
		assert_true(message_next(&message, &record));
		assert_true(name_equal(record.owner, (const uint8_t *)"\3ns1\7"
		                                                      "example\3"
		                                                      "com"));
		assert_true(message_next(&message, &record));
		assert_true(name_equal(record.owner, asked.query.qname));
		assert_true(message_next(&message, &record));
		assert_true(name_equal(record.owner, (const uint8_t *)"\5other\3net"));
	}
}

static void test_record_and_cname(void **state)
{
	(void)state;
	uint8_t target[NAME_BYTES];
	struct asked asked;
	struct reply reply;
	uint16_t at = 1;
	start(&reply, &asked, 512);
	name_of(target, "web.example.com.");
	assert_true(reply_cname(&reply, QNAME, 7, target, &at));
	assert_int_equal(at, 45);
	assert_true(
	        reply_record(&reply, SECTION_ANSWER, (struct owner){.offset = at}, TYPE_TXT, CLASS_CH, 8, "\2hi", 3));
	name_of(target, "Example.com.");
	assert_true(reply_cname(&reply, NAMED("\3web\7example\3com"), 9, target, &at));
	assert_int_equal(at, 16);
	name_of(target, ".");
	assert_true(reply_cname(&reply, QNAME, 9, target, &at));
	assert_int_equal(at, 0);
	finish(&reply, &asked);
	ASSERT_BYTES(33, "\xc0\x0c\0\5\0\1\0\0\0\7\0\6\3web\xc0\x10"
	                 "\xc0\x2d\0\x10\0\3\0\0\0\x8\0\3\2hi"
	                 "\xc0\x2d\0\5\0\1\0\0\0\x9\0\2\xc0\x10"
	                 "\xc0\x0c\0\5\0\1\0\0\0\x9\0\1\0");
	ASSERT_BYTES(4, "\0\1\0\4\0\0\0\0");
}

/* RFC 2181 9: at each limit either the whole set or nothing of it, and what stood before is as it was. */
static void test_all_or_nothing(void **state)
{
	(void)state;
	static const uint16_t types[] = {TYPE_A, TYPE_NS, TYPE_SRV};
	static struct draft draft, small;
	draft_start(&small, TYPE_A);
	draft_add(&small, "\300\0\2\1", 4);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		bool fitted = false;
		draft_start(&draft, types[i]);
		draft_name(&draft, rrtype_get(types[i])->target_skip, "ns1.example.com.", 0);
		draft_name(&draft, rrtype_get(types[i])->target_skip, "ns2.example.com.", 0);
		for (size_t limit = 33 + 16; limit < 200; limit++) {
			struct asked asked;
			struct reply reply;
			static uint8_t before[200];
			start(&reply, &asked, limit);
			assert_true(reply_rrset(&reply, SECTION_ANSWER, QNAME, &small.set, 1, NULL));
			memcpy(before, out, sizeof before);
			bool fits = reply_rrset(&reply, SECTION_ANSWER,
			        i == 0 ? QNAME
			               : NAMED("\1x\7"
			                       "example\3"
			                       "com"),
			        &draft.set, 1, NULL);
			assert_true(fits || !fitted);
			fitted = fits;
			assert_int_equal(reply_full(&reply), !fits);
			assert_int_equal(reply.counts[SECTION_ANSWER], fits ? 3 : 1);
			if (!fits)
				assert_int_equal(writer_offset(&reply.w), 33 + 16);
			assert_memory_equal(out + 12, before + 12, 33 + 16 - 12);
			assert_int_equal(out[limit], 0xee);
			size_t size = reply_finish(&reply, &asked.query, NULL);
			assert_true(size <= limit);
		}
		assert_true(fitted);
	}
}

/* A smaller set fits where a larger one did not. */
static void test_smaller_after_larger(void **state)
{
	(void)state;
	static struct draft large, small;
	struct asked asked;
	struct reply reply;
	start(&reply, &asked, 64);
	draft_start(&large, TYPE_TXT);
	draft_add(&large,
	        "\x1e"
	        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	        31);
	draft_start(&small, TYPE_A);
	draft_add(&small, "\300\0\2\1", 4);
	assert_false(reply_rrset(&reply, SECTION_ANSWER, QNAME, &large.set, 1, NULL));
	assert_true(reply_rrset(&reply, SECTION_ANSWER, QNAME, &small.set, 1, NULL));
	assert_true(reply_full(&reply));
	assert_int_equal(finish(&reply, &asked), 49);
}

/* After going back, names written since are not pointed to, and those before still are. */
static void test_marks(void **state)
{
	(void)state;
	static struct draft kept, gone;
	struct asked asked;
	struct reply reply;
	start(&reply, &asked, 512);
	draft_start(&kept, TYPE_NS);
	draft_name(&kept, 0, "kept.net.", 0);
	draft_start(&gone, TYPE_NS);
	draft_name(&gone, 0, "gone.kept.net.", 0);
	draft_name(&gone, 0, "more.org.", 0);

	struct reply_mark empty = reply_mark(&reply);
	assert_true(reply_rrset(&reply, SECTION_ANSWER, QNAME, &gone.set, 1, NULL));
	reply_rewind(&reply, empty);
	assert_true(reply_rrset(&reply, SECTION_ANSWER, QNAME, &kept.set, 1, NULL));
	struct reply_mark mark = reply_mark(&reply);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(reply_rrset(&reply, SECTION_AUTHORITY, QNAME, &gone.set, 1, NULL));
		assert_int_equal(reply.counts[SECTION_AUTHORITY], 2);
		reply_rewind(&reply, mark);
		assert_int_equal(reply.counts[SECTION_AUTHORITY], 0);
	}
	assert_true(reply_rrset(&reply, SECTION_ANSWER, QNAME, &gone.set, 1, NULL));
	assert_int_equal(finish(&reply, &asked), 33 + 22 + 19 + 22);
	ASSERT_BYTES(45, "\4kept\3net\0");
	ASSERT_BYTES(67, "\4gone\xc0\x2d");
	ASSERT_BYTES(86, "\4more\3org\0");
}

/* RFC 1035 4.1.4: 14 bits. Names beyond them are written, and neither pointed to nor offered as owners. */
static void test_beyond_the_reach_of_pointers(void **state)
{
	(void)state;
	static struct draft filler, near, far;
	struct asked asked;
	struct reply reply;
	uint16_t first[2], at;
	start(&reply, &asked, UINT16_MAX);
	draft_start(&filler, TYPE_TXT);
	static uint8_t text[256] = {255};
	for (unsigned i = 0; i < 60; i++)
		draft_add(&filler, text, 256);
	assert_true(reply_rrset(&reply, SECTION_ANSWER, QNAME, &filler.set, 1, NULL));
	size_t here = writer_offset(&reply.w), left = 0x4000 - here; /* RDATA of the next record starts 12 on */
	assert_true(left > 12 + 14 && left < 400);
	static uint8_t rest[400];
	assert_true(reply_record(&reply, SECTION_ANSWER, QNAME, 65280, CLASS_IN, 1, rest, left - 12 - 12 - 10));
	/* the first name begins at 0x3ff6 and its second label at 0x3ffc: pointers reach both; then none */
	draft_start(&near, TYPE_NS);
	draft_name(&near, 0, "near1.o.", 0);
	draft_name(&near, 0, "far.p.", 0);
	assert_true(reply_rrset(&reply, SECTION_ANSWER, QNAME, &near.set, 1, first));
	assert_int_equal(first[0], 0x3ff6);
	assert_int_equal(first[1], 0);
	draft_start(&far, TYPE_NS);
	draft_name(&far, 0, "x.far.p.", 0);
	draft_name(&far, 0, "x.o.", 0);
	here = writer_offset(&reply.w);
	assert_true(reply_rrset(&reply, SECTION_ANSWER, QNAME, &far.set, 1, NULL));
	ASSERT_BYTES(here + 12, "\1x\3"
	                        "far\1p\0");
	ASSERT_BYTES(here + 12 + 9 + 12, "\1x\xff\xfc");
	assert_true(reply_cname(&reply, NAMED("\1q\1q"), 1, (const uint8_t *)"\1r\1q", &at));
	assert_int_equal(at, 0);
	finish(&reply, &asked);
}

/* 65,535 bytes and not one more; counts and soundness of a message full of names. */
static void test_largest(void **state)
{
	(void)state;
	static struct draft draft;
	struct asked asked;
	struct reply reply;
	unsigned written = 0;
	start(&reply, &asked, UINT16_MAX);
	for (;; written++) {
		char text[64];
		draft_start(&draft, written % 2 ? TYPE_MX : TYPE_NS);
		snprintf(text, sizeof text, "n%u.zone%u.example.com.", written, written % 300);
		draft_name(&draft, written % 2 ? 2 : 0, text, 0);
		if (!reply_rrset(&reply, SECTION_ANSWER, QNAME, &draft.set, 1, NULL))
			break;
	}
	size_t left = writer_left(&reply.w);
	static uint8_t rest[100];
	assert_true(left >= 12 && left < 60);
	assert_false(reply_record(&reply, SECTION_ANSWER, QNAME, 65280, CLASS_IN, 1, rest, left - 11));
	assert_true(reply_record(&reply, SECTION_ANSWER, QNAME, 65280, CLASS_IN, 1, rest, left - 12));
	assert_int_equal(finish(&reply, &asked), UINT16_MAX);
	assert_int_equal(reply.counts[SECTION_ANSWER], written + 1);
}

/* Limits that hold the question or not (RFC 1035 4.1): never past the limit, always sound. */
static void test_tiny_limits(void **state)
{
	(void)state;
	for (size_t limit = 12; limit < 50; limit++) {
		struct asked asked;
		struct reply reply;
		start(&reply, &asked, limit);
		assert_int_equal(finish(&reply, &asked), limit < 33 ? 12 : 33);
		assert_int_equal(out[limit], 0xee);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_header_and_question),
	        cmocka_unit_test(test_flags_of_the_query),
	        cmocka_unit_test(test_addresses_are_copied),
	        cmocka_unit_test(test_compression),
	        cmocka_unit_test(test_soa),
	        cmocka_unit_test(test_named_owner),
	        cmocka_unit_test(test_first_is_an_owner),
	        cmocka_unit_test(test_record_and_cname),
	        cmocka_unit_test(test_all_or_nothing),
	        cmocka_unit_test(test_smaller_after_larger),
	        cmocka_unit_test(test_marks),
	        cmocka_unit_test(test_beyond_the_reach_of_pointers),
	        cmocka_unit_test(test_largest),
	        cmocka_unit_test(test_tiny_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
