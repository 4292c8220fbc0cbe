/* test_message.c: whole messages: what is sound, how records are shown, and that hostile names end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sets.h"

#define BYTES(literal) literal, sizeof(literal) - 1
#define HEAD(qd, an, ns, ar) "\x12\x34\x84\0\0" qd "\0" an "\0" ns "\0" ar
#define QUESTION "\3www\7example\3com\0\0\1\0\1"
#define A "\xc0\x0c\0\1\0\1\0\0\0\1\0\4\300\0\2\1"
#define OPT "\0\0\x29\4\xd0\0\0\0\0\0\0"
#define RR(type, size) "\xc0\x0c\0" type "\0\1\0\0\0\1\0" size

static const struct whole {
	const char *name, *message;
	size_t size;
	const char *why; /* a word of the reason; NULL: sound */
} wholes[] = {
        {"RFC 1035 4.1.1 a header", BYTES(HEAD("\0", "\0", "\0", "\0")), NULL},
        {"RFC 1035 4.1.1 less", BYTES("\x12\x34\x84\0\0\0\0\0\0\0\0"), "header"},
        {"RFC 1035 4.1 all sections", BYTES(HEAD("\1", "\1", "\1", "\2") QUESTION A A A OPT), NULL},
        {"RFC 1035 4.1.1 a record less than promised", BYTES(HEAD("\1", "\2", "\0", "\0") QUESTION A), "broken"},
        {"RFC 1035 4.1.1 a record more than promised", BYTES(HEAD("\1", "\1", "\0", "\0") QUESTION A A), "behind"},
        {"RFC 1035 4.1.1 a byte more", BYTES(HEAD("\1", "\0", "\0", "\0") QUESTION "\0"), "behind"},
        {"RFC 6891 6.1.1 OPT twice", BYTES(HEAD("\1", "\0", "\0", "\2") QUESTION OPT OPT), "second"},
        {"RFC 6891 6.1.1 OPT in the answer", BYTES(HEAD("\1", "\1", "\0", "\0") QUESTION OPT), "outside"},
        {"RFC 6891 6.1.2 OPT under a name",
                BYTES(HEAD("\1", "\0", "\0", "\1") QUESTION "\xc0\x0c"
                                                            "\0\x29\4\xd0\0\0\0\0\0\0"),
                "root"},
        {"RFC 6891 6.1.2 a broken option", BYTES(HEAD("\0", "\0", "\0", "\1") "\0\0\x29\4\xd0\0\0\0\0\0\3\0\3\0"),
                "form"},
        {"RFC 1035 3.4.1 an A of 5 bytes", BYTES(HEAD("\1", "\1", "\0", "\0") QUESTION RR("\1", "\5") "12345"), "form"},
        {"RFC 3596 2.2 an AAAA of 4 bytes", BYTES(HEAD("\1", "\1", "\0", "\0") QUESTION RR("\x1c", "\4") "1234"),
                "form"},
        {"RFC 1035 3.3.14 a TXT without a string", BYTES(HEAD("\1", "\1", "\0", "\0") QUESTION RR("\x10", "\0")),
                "form"},
        {"RFC 1035 3.3.14 a TXT's string beyond RDATA",
                BYTES(HEAD("\1", "\1", "\0", "\0") QUESTION RR("\x10", "\2") "\2a"), "form"},
        {"RFC 1035 3.3.11 an NS with bytes behind",
                BYTES(HEAD("\1", "\1", "\0", "\0") QUESTION RR("\2", "\3") "\xc0\x0c"
                                                                           "x"),
                "form"},
        {"RFC 1035 3.3.13 an SOA",
                BYTES(HEAD("\1", "\1", "\0", "\0") QUESTION RR("\6", "\x18") "\xc0\x0c\xc0\x10"
                                                                             "aaaabbbbccccddddeeee"),
                NULL},
        {"RFC 2782 an SRV that is compressed",
                BYTES(HEAD("\1", "\1", "\0", "\0") QUESTION RR("\x21", "\x8") "aabbcc\xc0\x0c"), "form"},
        {"RFC 9460 2.2 keys in order",
                BYTES(HEAD("\1", "\1", "\0", "\0") QUESTION RR("\x41", "\xb") "\0\1\0\0\1\0\0\0\3\0\0"), NULL},
        {"RFC 9460 2.2 keys out of order",
                BYTES(HEAD("\1", "\1", "\0", "\0") QUESTION RR("\x41", "\xb") "\0\1\0\0\3\0\0\0\1\0\0"), "form"},
        {"RFC 4034 4.1.2 an NSEC", BYTES(HEAD("\1", "\1", "\0", "\0") QUESTION RR("\x2f", "\4") "\0\0\1\x40"), NULL},
        {"RFC 4034 4.1.2 an empty window", BYTES(HEAD("\1", "\1", "\0", "\0") QUESTION RR("\x2f", "\3") "\0\0\0"),
                "form"},
        {"RFC 3597 3 an unknown type",
                BYTES(HEAD("\1", "\1", "\0", "\0") QUESTION "\xc0\x0c\xff\0\0\1\0\0\0\1\0\2"
                                                            "ab"),
                NULL},
        {"RFC 1035 4.1.4 an owner that points at itself", BYTES(HEAD("\1", "\0", "\0", "\0") "\xc0\x0c\0\1\0\1"),
                "broken"},
        {"RFC 1035 4.1.4 an owner that points ahead", BYTES(HEAD("\1", "\0", "\0", "\0") "\xc0\x0e\0\0\1\0\1"),
                "broken"},
        {"RFC 1035 4.1.4 a loop of a label", BYTES(HEAD("\1", "\0", "\0", "\0") "\1a\xc0\x0c\0\1\0\1"), "broken"},
        {"RFC 1035 4.1.4 an owner in the header",
                BYTES(HEAD("\0", "\1", "\0", "\0") "\xc0\x04\0\1\0\1\0\0\0\1\0\4\300\0\2\1"), "broken"},
        {"RFC 1035 4.1.4 label type 10", BYTES(HEAD("\1", "\0", "\0", "\0") "\x80\0\1\0\1"), "broken"},
};

static void test_wholes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
		const char *why;
		print_message("%s\n", wholes[i].name);
		bool sound = message_check((const uint8_t *)wholes[i].message, wholes[i].size, &why);
		assert_int_equal(sound, wholes[i].why == NULL);
		if (wholes[i].why)
			assert_non_null(strstr(why, wholes[i].why));
		else
			assert_null(why);
	}
}

static const struct shown {
	const char *name, *record;
	size_t size;
	const char *text;
} shown[] = {
        {"A", BYTES(A), "www.example.com. 1 IN A 192.0.2.1"},
        {"AAAA", BYTES(RR("\x1c", "\x10") "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"),
                "www.example.com. 1 IN AAAA 2001:db8::1"},
        {"MX", BYTES(RR("\xf", "\7") "\0\5\2mx\xc0\x10"), "www.example.com. 1 IN MX 5 mx.example.com."},
        {"SOA", BYTES(RR("\6", "\x18") "\xc0\x0c\xc0\x10\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"),
                "www.example.com. 1 IN SOA www.example.com. example.com. 1 2 3 4 5"},
        {"TXT", BYTES(RR("\x10", "\x8") "\4a\"\\\0\2 b"), "www.example.com. 1 IN TXT \"a\\\"\\\\\\000\" \" b\""},
        {"SRV", BYTES(RR("\x21", "\xa") "\0\1\0\2\0\x50\2ab\0"), "www.example.com. 1 IN SRV 1 2 80 ab."},
        {"CAA",
                BYTES("\xc0\x0c\1\1\0\1\0\0\0\1\0\xd"
                      "\0\5issueca.org"),
                "www.example.com. 1 IN CAA 0 \"issue\" \"ca.org\""},
        {"NSEC", BYTES(RR("\x2f", "\x9") "\1b\0\0\4\x40\0\0\x08"), "www.example.com. 1 IN NSEC b. A AAAA"},
        {"DS", BYTES(RR("\x2b", "\6") "\0\1\x8\2\xab\xcd"), "www.example.com. 1 IN DS 1 8 2 abcd"},
        {"HTTPS", BYTES(RR("\x41", "\x9") "\0\1\0\0\3\0\2\1\xbb"), "www.example.com. 1 IN HTTPS 1 . key3=01bb"},
        {"unknown type and class",
                BYTES("\xc0\x0c\xff\0\0\7\0\0\0\1\0\2"
                      "ab"),
                "www.example.com. 1 CLASS7 TYPE65280 \\# 2 6162"},
        {"a broken A", BYTES(RR("\1", "\2") "ab"), "www.example.com. 1 IN A \\# 2 6162"},
        {"OPT", BYTES("\0\0\x29\4\xd0\0\0\x80\0\0\x5\0\3\0\1n"),
                "; edns version 0 flags 8000 payload 1232: option3=6e"},
};

static void test_shown(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		uint8_t bytes[200];
		struct message message;
		struct message_record record;
		char text[200], cut[20];
		size_t head = sizeof(HEAD("\1", "\0", "\0", "\1") QUESTION) - 1;
		print_message("%s\n", shown[i].name);
		memcpy(bytes, HEAD("\1", "\0", "\0", "\1") QUESTION, head);
		memcpy(bytes + head, shown[i].record, shown[i].size);
		assert_true(message_open(&message, bytes, head + shown[i].size));
		assert_true(message_next(&message, &record));
		message_format(&message, &record, text, sizeof text);
		assert_string_equal(text, "www.example.com. IN A");
		assert_true(message_next(&message, &record));
		size_t length = message_format(&message, &record, text, sizeof text);
		assert_string_equal(text, shown[i].text);
		assert_int_equal(length, strlen(text));
		assert_int_equal(message_format(&message, &record, cut, sizeof cut), 19);
		assert_memory_equal(cut, text, 19);
		assert_false(message_next(&message, &record));
		assert_false(message.bad);
	}
}

/* A name of 127 pointers is read, of 128 it is none; its text is that of one label. */
static void test_long_chains(void **state)
{
	(void)state;
	uint8_t bytes[600] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'a', 0}, name[NAME_BYTES];
	struct message message;
	size_t at = 15;
	for (unsigned i = 0; i < 128; i++, at += 2) {
		size_t target = i == 0 ? 12 : at - 2;
		bytes[at] = (uint8_t)(0xc0 | target >> 8);
		bytes[at + 1] = (uint8_t)target;
	}
	assert_true(message_open(&message, bytes, at));
	assert_int_equal(message_name(&message, at - 2, name), 0);
	assert_int_equal(message_name(&message, at - 4, name), at - 2);
	assert_memory_equal(name, "\1a", 3);
	assert_int_equal(message_name(&message, at - 1, name), 0);
	assert_int_equal(message_name(&message, at + 1, name), 0);
}

/* 255 bytes are a name, 256 are none, whether pointers made them so or not. */
static void test_name_of_256(void **state)
{
	(void)state;
	uint8_t bytes[300] = {0}, name[NAME_BYTES];
	struct message message;
	for (size_t i = 12; i < 12 + 254; i += 2)
		bytes[i] = 1;
	memcpy(bytes + 12 + 255, "\1b\xc0\x0c", 4);
	memcpy(bytes + 12 + 259, "\1b\xc0\x0e", 4);
	assert_true(message_open(&message, bytes, 12 + 263));
	assert_int_equal(message_name(&message, 12, name), 12 + 255);
	assert_int_equal(message_name(&message, 12 + 255, name), 0);
	assert_int_equal(message_name(&message, 12 + 259, name), 12 + 263);
	assert_int_equal(name_length(name), 255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_wholes),
	        cmocka_unit_test(test_shown),
	        cmocka_unit_test(test_long_chains),
	        cmocka_unit_test(test_name_of_256),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
