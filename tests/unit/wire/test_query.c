/*
 * test_query.c: every shape of packet → verdict, and what of the query is known then.
 *
 * Each packet lies in memory of exactly its size, so that a sanitizer sees reads beyond it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/query.h"
#include "wire/rrset.h"

/* Header: id 1234, flags, four counts of which the second byte is given. */
#define HEAD(flags, qd, an, ns, ar) "\x12\x34" flags "\0" qd "\0" an "\0" ns "\0" ar
#define RD "\1\0"
#define WWW "\3wWw\7eXample\3com\0"
#define A_IN "\0\1\0\1"
#define QUESTION WWW A_IN
#define QUERY HEAD(RD, "\1", "\0", "\0", "\0") QUESTION
#define QUERY_AND HEAD(RD, "\1", "\0", "\0", "\1") QUESTION
#define QUERY_AND_2 HEAD(RD, "\1", "\0", "\0", "\2") QUESTION
#define RECORD_A "\xc0\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3\4"
#define RECORD_SOA "\xc0\x0c\0\6\0\1\0\0\0\1\0\x16\0\0aaaabbbbccccddddeeee"
#define OPT_TTL(ttl, size) "\0\0\x29\4\xd0" ttl "\0" size
#define OPT(size) OPT_TTL("\0\0\0\0", size)
#define TSIG "\3key\0\0\xfa\0\xff\0\0\0\0\0\3abc"
#define TSIG_IN "\3key\0\0\xfa\0\1\0\0\0\0\0\3abc"
#define C8 "cookie01"
#define C24 C8 "server1234567890"

enum {
	QUESTION_KNOWN = 1,
	EDNS = 2,
	DO = 4,
	NSID = 8,
	KEEPALIVE = 16,
	PADDING = 32,
	SUBNET = 64,
	COOKIE = 128,
	SIGNED = 256,
	EXPIRE = 512
};
#define Q QUESTION_KNOWN
#define QE (QUESTION_KNOWN | EDNS)

#define PACKET(literal) literal, sizeof(literal) - 1

static const struct row {
	const char *name;
	const char *packet;
	size_t size;
	enum query_verdict verdict;
	unsigned known;
} rows[] = {
        {"RFC 1035 4.1 a query", PACKET(QUERY), QUERY_OK, Q},
        {"RFC 1035 4.1 the root", PACKET(HEAD(RD, "\1", "\0", "\0", "\0") "\0" A_IN), QUERY_OK, Q},
        {"RFC 1035 4.1 flags that queries do not have", PACKET(HEAD("\7\xff", "\1", "\0", "\0", "\0") QUESTION),
                QUERY_OK, Q},
        /* header */
        {"RFC 8906 nothing", PACKET(""), QUERY_DROP, 0},
        {"RFC 8906 11 bytes", PACKET("\x12\x34\1\0\0\1\0\0\0\0\0"), QUERY_DROP, 0},
        {"RFC 8906 a response", PACKET(HEAD("\x81\0", "\1", "\0", "\0", "\0") QUESTION), QUERY_DROP, 0},
        {"RFC 8906 a broken response", PACKET(HEAD("\xff\xff", "\1", "\0", "\0", "\0")), QUERY_DROP, 0},
        {"RFC 9619 no question", PACKET(HEAD(RD, "\0", "\0", "\0", "\0")), QUERY_FORMERR, 0},
        {"RFC 9619 no question, an OPT", PACKET(HEAD(RD, "\0", "\0", "\0", "\1") OPT("\0")), QUERY_FORMERR, EDNS},
        {"RFC 9619 two questions", PACKET(HEAD(RD, "\2", "\0", "\0", "\0") QUESTION QUESTION), QUERY_FORMERR, Q},
        {"RFC 9619 two questions and an OPT", PACKET(HEAD(RD, "\2", "\0", "\0", "\1") QUESTION QUESTION OPT("\0")),
                QUERY_FORMERR, QE},
        {"RFC 9619 65,535 questions, one is there", PACKET("\x12\x34\1\0\xff\xff\0\0\0\0\0\0" QUESTION), QUERY_FORMERR,
                Q},
        {"RFC 1035 4.1.1 a question is promised", PACKET(HEAD(RD, "\1", "\0", "\0", "\0")), QUERY_FORMERR, 0},
        {"RFC 1035 4.1.1 an answer is promised", PACKET(HEAD(RD, "\1", "\1", "\0", "\0") QUESTION), QUERY_FORMERR, Q},
        {"RFC 1035 4.1.1 an answer", PACKET(HEAD(RD, "\1", "\1", "\0", "\0") QUESTION RECORD_A), QUERY_FORMERR, Q},
        {"RFC 1035 4.1.1 an authority", PACKET(HEAD(RD, "\1", "\0", "\1", "\0") QUESTION RECORD_SOA), QUERY_FORMERR, Q},
        {"RFC 1035 4.1.1 an additional record is promised", PACKET(QUERY_AND), QUERY_FORMERR, Q},
        {"RFC 8906 a trailing byte", PACKET(QUERY "\0"), QUERY_FORMERR, Q},
        {"RFC 8906 a trailing byte behind an OPT", PACKET(QUERY_AND OPT("\0") "\0"), QUERY_FORMERR, QE},
        {"RFC 8906 an OPT that no count promises", PACKET(QUERY OPT("\0")), QUERY_FORMERR, Q},
        /* opcodes */
        {"RFC 3425 IQUERY", PACKET(HEAD("\x08\0", "\1", "\0", "\0", "\0") QUESTION), QUERY_NOTIMP, Q},
        {"RFC 8906 7 STATUS, only a header", PACKET(HEAD("\x10\0", "\0", "\0", "\0", "\0")), QUERY_NOTIMP, 0},
        {"RFC 1996 NOTIFY with its SOA", PACKET(HEAD("\x24\0", "\1", "\1", "\0", "\0") WWW "\0\6\0\1" RECORD_SOA),
                QUERY_NOTIMP, Q},
        {"RFC 2136 UPDATE with OPT", PACKET(HEAD("\x28\0", "\1", "\0", "\1", "\1") WWW "\0\6\0\1" RECORD_A OPT("\0")),
                QUERY_NOTIMP, QE},
        {"RFC 8906 opcode 15", PACKET(HEAD("\x78\0", "\1", "\0", "\0", "\0") QUESTION), QUERY_NOTIMP, Q},
        {"RFC 8906 opcode 15 and garbage", PACKET(HEAD("\x78\0", "\1", "\7", "\7", "\7") "\xff\xff\xff"), QUERY_NOTIMP,
                0},
        {"RFC 6891 6.1.3 opcode before version",
                PACKET(HEAD("\x10\0", "\1", "\0", "\0", "\1") QUESTION OPT_TTL("\0\1\0\0", "\0")), QUERY_NOTIMP, QE},
        /* names */
        {"RFC 1035 4.1.4 a pointer as the question", PACKET(HEAD(RD, "\1", "\0", "\0", "\0") "\xc0\x0c" A_IN),
                QUERY_FORMERR, 0},
        {"RFC 1035 4.1.4 a pointer behind a label", PACKET(HEAD(RD, "\1", "\0", "\0", "\0") "\3www\xc0\x0c" A_IN),
                QUERY_FORMERR, 0},
        {"RFC 6891 5 label type 01", PACKET(HEAD(RD, "\1", "\0", "\0", "\0") "\x41\x08\xff\0" A_IN), QUERY_FORMERR, 0},
        {"RFC 1035 4.1.4 label type 10", PACKET(HEAD(RD, "\1", "\0", "\0", "\0") "\x80\0" A_IN), QUERY_FORMERR, 0},
        {"RFC 1035 2.3.4 a label of 64 bytes",
                PACKET(HEAD(RD, "\1", "\0", "\0",
                        "\0") "\x40"
                              "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0" A_IN),
                QUERY_FORMERR, 0},
        {"RFC 1035 3.1 a name cut in its label", PACKET(HEAD(RD, "\1", "\0", "\0", "\0") "\3www\7exam"), QUERY_FORMERR,
                0},
        {"RFC 1035 3.1 a name without its root", PACKET(HEAD(RD, "\1", "\0", "\0", "\0") "\3www"), QUERY_FORMERR, 0},
        {"RFC 1035 4.1.2 no type", PACKET(HEAD(RD, "\1", "\0", "\0", "\0") WWW), QUERY_FORMERR, 0},
        {"RFC 1035 4.1.2 half a class", PACKET(HEAD(RD, "\1", "\0", "\0", "\0") WWW "\0\1\0"), QUERY_FORMERR, 0},
        {"RFC 2181 11 any byte in a label", PACKET(HEAD(RD, "\1", "\0", "\0", "\0") "\4\0.\\\xff\0" A_IN), QUERY_OK, Q},
        /* IXFR */
        {"RFC 1995 3 IXFR with its SOA", PACKET(HEAD(RD, "\1", "\0", "\1", "\0") WWW "\0\xfb\0\1" RECORD_SOA), QUERY_OK,
                Q},
        {"RFC 1995 3 IXFR without an SOA", PACKET(HEAD(RD, "\1", "\0", "\0", "\0") WWW "\0\xfb\0\1"), QUERY_OK, Q},
        {"RFC 1995 3 IXFR with an A", PACKET(HEAD(RD, "\1", "\0", "\1", "\0") WWW "\0\xfb\0\1" RECORD_A), QUERY_FORMERR,
                Q},
        {"RFC 1995 3 IXFR with two SOA",
                PACKET(HEAD(RD, "\1", "\0", "\2", "\0") WWW "\0\xfb\0\1" RECORD_SOA RECORD_SOA), QUERY_FORMERR, Q},
        {"RFC 1995 3 IXFR with an SOA cut short",
                PACKET(HEAD(RD, "\1", "\0", "\1", "\0") WWW "\0\xfb\0\1"
                                                            "\xc0\x0c\0\6\0\1\0\0\0\1\0\x16\0\0aaaa"),
                QUERY_FORMERR, Q},
        {"RFC 1995 3 IXFR with an OPT", PACKET(HEAD(RD, "\1", "\0", "\1", "\1") WWW "\0\xfb\0\1" RECORD_SOA OPT("\0")),
                QUERY_OK, QE},
        /* EDNS */
        {"RFC 6891 6.1.2 an OPT", PACKET(QUERY_AND OPT("\0")), QUERY_OK, QE},
        {"RFC 3225 DO", PACKET(QUERY_AND OPT_TTL("\0\0\x80\0", "\0")), QUERY_OK, QE | DO},
        {"RFC 6891 6.1.4 unknown flags", PACKET(QUERY_AND OPT_TTL("\0\0\x7f\xff", "\0")), QUERY_OK, QE},
        {"RFC 6891 6.1.3 an extended rcode in a query", PACKET(QUERY_AND OPT_TTL("\xff\0\0\0", "\0")), QUERY_OK, QE},
        {"RFC 6891 6.1.3 version 1", PACKET(QUERY_AND OPT_TTL("\0\1\x80\0", "\0")), QUERY_BADVERS, QE | DO},
        {"RFC 6891 6.1.3 version 255, its options unread", PACKET(QUERY_AND OPT_TTL("\0\xff\0\0", "\3") "\0\3\0"),
                QUERY_BADVERS, QE},
        {"RFC 6891 6.1.3 version 1 and trailing bytes", PACKET(QUERY_AND OPT_TTL("\0\1\0\0", "\0") "x"), QUERY_FORMERR,
                QE},
        {"RFC 6891 6.1.1 two OPT", PACKET(QUERY_AND_2 OPT("\0") OPT("\0")), QUERY_FORMERR, QE},
        {"RFC 6891 6.1.1 an OPT in the answer section", PACKET(HEAD(RD, "\1", "\1", "\0", "\0") QUESTION OPT("\0")),
                QUERY_FORMERR, Q},
        {"RFC 6891 6.1.1 an OPT in the authority section", PACKET(HEAD(RD, "\1", "\0", "\1", "\0") QUESTION OPT("\0")),
                QUERY_FORMERR, Q},
        {"RFC 6891 6.1.2 an OPT under a name", PACKET(QUERY_AND "\3www\0\0\x29\4\xd0\0\0\0\0\0\0"), QUERY_FORMERR, QE},
        {"RFC 6891 6.1.2 an OPT cut short", PACKET(QUERY_AND "\0\0\x29\4\xd0\0\0\0\0\0"), QUERY_FORMERR, Q},
        {"RFC 6891 6.1.2 an RDLENGTH beyond the end", PACKET(QUERY_AND OPT("\1")), QUERY_FORMERR, Q},
        {"RFC 6891 6.1.2 an option beyond RDATA", PACKET(QUERY_AND OPT("\5") "\0\3\0\2x"), QUERY_FORMERR, QE},
        {"RFC 6891 6.1.2 half an option", PACKET(QUERY_AND OPT("\3") "\0\3\0"), QUERY_FORMERR, QE},
        {"RFC 6891 6.1.2 an unknown option", PACKET(QUERY_AND OPT("\5") "\xfd\xe9\0\1x"), QUERY_OK, QE},
        {"RFC 5001 NSID", PACKET(QUERY_AND OPT("\4") "\0\3\0\0"), QUERY_OK, QE | NSID},
        {"RFC 7828 keepalive", PACKET(QUERY_AND OPT("\4") "\0\x0b\0\0"), QUERY_OK, QE | KEEPALIVE},
        {"RFC 7830 padding", PACKET(QUERY_AND OPT("\x8") "\0\x0c\0\4\0\0\0\0"), QUERY_OK, QE | PADDING},
        {"RFC 2845 an unknown additional record", PACKET(QUERY_AND RECORD_A), QUERY_OK, Q},
        {"RFC 2845 an additional record before the OPT", PACKET(QUERY_AND_2 RECORD_A OPT("\0")), QUERY_OK, QE},
        {"RFC 1035 4.1.3 an additional record without an end", PACKET(QUERY_AND "\xc0"), QUERY_FORMERR, Q},
        {"RFC 1035 4.1.3 an additional owner of label type 01",
                PACKET(QUERY_AND "\x41"
                                 "a\0\0\1\0\1\0\0\0\1\0\0"),
                QUERY_FORMERR, Q},
        /* cookies */
        {"RFC 7873 4 a client cookie", PACKET(QUERY_AND OPT("\xc") "\0\xa\0\x8" C8), QUERY_OK, QE | COOKIE},
        {"RFC 7873 4 both cookies", PACKET(QUERY_AND OPT("\x1c") "\0\xa\0\x18" C24), QUERY_OK, QE | COOKIE},
        {"RFC 7873 4 16 bytes", PACKET(QUERY_AND OPT("\x14") "\0\xa\0\x10" C8 C8), QUERY_OK, QE | COOKIE},
        {"RFC 7873 4 40 bytes", PACKET(QUERY_AND OPT("\x2c") "\0\xa\0\x28" C24 C8 C8), QUERY_OK, QE | COOKIE},
        {"RFC 7873 5.2.2 0 bytes", PACKET(QUERY_AND OPT("\x4") "\0\xa\0\0"), QUERY_BROKEN_COOKIE, QE},
        {"RFC 7873 5.2.2 7 bytes",
                PACKET(QUERY_AND OPT("\xb") "\0\xa\0\x7"
                                            "cookie0"),
                QUERY_BROKEN_COOKIE, QE},
        {"RFC 7873 5.2.2 9 bytes", PACKET(QUERY_AND OPT("\xd") "\0\xa\0\x9" C8 "x"), QUERY_BROKEN_COOKIE, QE},
        {"RFC 7873 5.2.2 15 bytes", PACKET(QUERY_AND OPT("\x13") "\0\xa\0\xf" C8 "1234567"), QUERY_BROKEN_COOKIE, QE},
        {"RFC 7873 5.2.2 41 bytes", PACKET(QUERY_AND OPT("\x2d") "\0\xa\0\x29" C24 C8 C8 "x"), QUERY_BROKEN_COOKIE, QE},
        {"RFC 7873 5.2 of two the first counts, if it is broken, too",
                PACKET(QUERY_AND OPT("\x11") "\0\xa\0\1x\0\xa\0\x8" C8), QUERY_BROKEN_COOKIE, QE},
        {"RFC 7871 6 a broken subnet beside a broken cookie", PACKET(QUERY_AND OPT("\x9") "\0\xa\0\1x\0\x8\0\0"),
                QUERY_FORMERR, QE},
        {"RFC 7873 5.2 of two the first counts", PACKET(QUERY_AND OPT("\x11") "\0\xa\0\x8" C8 "\0\xa\0\1x"), QUERY_OK,
                QE | COOKIE},
        {"RFC 7873 5.4 a cookie without a question",
                PACKET(HEAD(RD, "\0", "\0", "\0", "\1") OPT("\xc") "\0\xa\0\x8" C8), QUERY_COOKIE, EDNS | COOKIE},
        {"RFC 7873 5.4 a broken cookie without a question",
                PACKET(HEAD(RD, "\0", "\0", "\0", "\1") OPT("\x5") "\0\xa\0\1x"), QUERY_FORMERR, EDNS},
        {"RFC 7314 3.1 EXPIRE", PACKET(QUERY_AND OPT("\4") "\0\x9\0\0"), QUERY_OK, QE | EXPIRE},
        /* client subnet */
        {"RFC 7871 6 IPv4 /24", PACKET(QUERY_AND OPT("\xb") "\0\x8\0\7\0\1\x18\0\xc0\0\2"), QUERY_OK, QE | SUBNET},
        {"RFC 7871 6 IPv4 /0", PACKET(QUERY_AND OPT("\x8") "\0\x8\0\4\0\1\0\0"), QUERY_OK, QE | SUBNET},
        {"RFC 7871 6 IPv4 /32", PACKET(QUERY_AND OPT("\xc") "\0\x8\0\x8\0\1\x20\0\xc0\0\2\1"), QUERY_OK, QE | SUBNET},
        {"RFC 7871 6 IPv4 /33", PACKET(QUERY_AND OPT("\xd") "\0\x8\0\x9\0\1\x21\0\xc0\0\2\1\0"), QUERY_FORMERR, QE},
        {"RFC 7871 6 IPv6 /56", PACKET(QUERY_AND OPT("\xf") "\0\x8\0\xb\0\2\x38\0\x20\1\xd\xb8\0\0\1"), QUERY_OK,
                QE | SUBNET},
        {"RFC 7871 6 IPv6 /128",
                PACKET(QUERY_AND OPT("\x18") "\0\x8\0\x14\0\2\x80\0\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"), QUERY_OK,
                QE | SUBNET},
        {"RFC 7871 6 IPv6 /129",
                PACKET(QUERY_AND OPT("\x19") "\0\x8\0\x15\0\2\x81\0\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0"),
                QUERY_FORMERR, QE},
        {"RFC 7871 6 nothing", PACKET(QUERY_AND OPT("\4") "\0\x8\0\0"), QUERY_FORMERR, QE},
        {"RFC 7871 6 three bytes", PACKET(QUERY_AND OPT("\7") "\0\x8\0\3\0\1\0"), QUERY_FORMERR, QE},
        {"RFC 7871 6 a scope", PACKET(QUERY_AND OPT("\xb") "\0\x8\0\7\0\1\x18\x18\xc0\0\2"), QUERY_FORMERR, QE},
        {"RFC 7871 6 a byte too few", PACKET(QUERY_AND OPT("\xa") "\0\x8\0\6\0\1\x18\0\xc0\0"), QUERY_FORMERR, QE},
        {"RFC 7871 6 a byte too many", PACKET(QUERY_AND OPT("\xc") "\0\x8\0\x8\0\1\x18\0\xc0\0\2\0"), QUERY_FORMERR,
                QE},
        {"RFC 7871 6 an address with /0", PACKET(QUERY_AND OPT("\x9") "\0\x8\0\5\0\1\0\0\xc0"), QUERY_FORMERR, QE},
        {"RFC 7871 6 bits behind the prefix", PACKET(QUERY_AND OPT("\xb") "\0\x8\0\7\0\1\x17\0\xc0\0\3"), QUERY_FORMERR,
                QE},
        {"RFC 7871 6 the last bit of the prefix", PACKET(QUERY_AND OPT("\xb") "\0\x8\0\7\0\1\x17\0\xc0\0\2"), QUERY_OK,
                QE | SUBNET},
        {"RFC 7871 6 family 0 without an address", PACKET(QUERY_AND OPT("\x8") "\0\x8\0\4\0\0\0\0"), QUERY_OK,
                QE | SUBNET},
        {"RFC 7871 6 family 0 with an address", PACKET(QUERY_AND OPT("\x9") "\0\x8\0\5\0\0\x8\0\1"), QUERY_FORMERR, QE},
        {"RFC 7871 6 family 3", PACKET(QUERY_AND OPT("\x9") "\0\x8\0\5\0\3\x8\0\1"), QUERY_FORMERR, QE},
        {"RFC 7871 6 family 256", PACKET(QUERY_AND OPT("\x8") "\0\x8\0\4\1\0\0\0"), QUERY_FORMERR, QE},
        {"RFC 7871 6 two of them",
                PACKET(QUERY_AND OPT("\x10") "\0\x8\0\4\0\1\0\0"
                                             "\0\x8\0\4\0\1\0\0"),
                QUERY_FORMERR, QE | SUBNET},
        /* TSIG */
        {"RFC 8945 5.1 TSIG", PACKET(QUERY_AND TSIG), QUERY_OK, Q | SIGNED},
        {"RFC 8945 5.1 TSIG behind an OPT", PACKET(QUERY_AND_2 OPT("\0") TSIG), QUERY_OK, QE | SIGNED},
        {"RFC 8945 5.1 TSIG before an OPT", PACKET(QUERY_AND_2 TSIG OPT("\0")), QUERY_FORMERR, QE | SIGNED},
        {"RFC 8945 5.1 two TSIG", PACKET(QUERY_AND_2 TSIG TSIG), QUERY_FORMERR, Q | SIGNED},
        {"RFC 8945 4.2 TSIG of class IN", PACKET(QUERY_AND TSIG_IN), QUERY_FORMERR, Q | SIGNED},
};

/* Parses a copy of exactly that size, in memory that held something else before. */
static enum query_verdict parse(struct query *query, const char *packet, size_t size, uint8_t **copy)
{
	*copy = malloc(size ? size : 1);
	assert_non_null(*copy);
	memcpy(*copy, packet, size);
	memset(query, 0xa5, sizeof *query);
	return query_parse(query, *copy, size);
}

static unsigned known_of(const struct query *query)
{
	return (query->question ? QUESTION_KNOWN : 0) | (query->edns ? EDNS : 0) | (query->dnssec_ok ? DO : 0) |
	       (query->nsid ? NSID : 0) | (query->keepalive ? KEEPALIVE : 0) | (query->padding ? PADDING : 0) |
	       (query->subnet.present ? SUBNET : 0) | (query->cookie ? COOKIE : 0) | (query->tsig ? SIGNED : 0) |
	       (query->expire ? EXPIRE : 0);
}

static void test_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct query query;
		uint8_t *copy;
		print_message("%s\n", rows[i].name);
		assert_int_equal(parse(&query, rows[i].packet, rows[i].size, &copy), rows[i].verdict);
		if (rows[i].verdict != QUERY_DROP) {
			assert_int_equal(known_of(&query), rows[i].known);
			assert_int_equal(query.id, 0x1234);
			assert_int_equal(query.payload, query.edns ? 1232 : 512);
		}
		free(copy);
	}
}

/* Every beginning of a good packet but the whole of it is FORMERR, or too short to be answered. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	static const char whole[] = QUERY_AND_2 OPT("\x1b") "\0\x8\0\7\0\1\x18\0\xc0\0\2"
	                                                    "\0\xa\0\x8" C8 "\0\3\0\0" TSIG;
	struct query query;
	uint8_t *copy;
	for (size_t size = 0; size < sizeof whole - 1; size++) {
		assert_int_equal(parse(&query, whole, size, &copy), size < 12 ? QUERY_DROP : QUERY_FORMERR);
		free(copy);
	}
	assert_int_equal(parse(&query, whole, sizeof whole - 1, &copy), QUERY_OK);
	assert_int_equal(known_of(&query), QE | SUBNET | COOKIE | NSID | SIGNED);
	assert_int_equal(query.tsig, sizeof whole - 1 - (sizeof TSIG - 1));
	free(copy);
}

static void test_question(void **state)
{
	(void)state;
	static const char packet[] = HEAD("\1\x10", "\1", "\0", "\0", "\0") WWW "\0\x1c\0\3";
	struct query query;
	uint8_t *copy;
	assert_int_equal(parse(&query, packet, sizeof packet - 1, &copy), QUERY_OK);
	assert_int_equal(query.flags, 0x0110);
	assert_int_equal(query.qtype, TYPE_AAAA);
	assert_int_equal(query.qclass, CLASS_CH);
	assert_ptr_equal(query.qname, copy + 12);
	assert_int_equal(query.qname_length, 17);
	struct name_labels labels;
	name_split(&labels, query.lower, 7);
	name_hash_labels(&query.labels, query.lower, 7);
	assert_int_equal(query.labels.count, labels.count);
	assert_memory_equal(query.labels.at, labels.at, labels.count + 1u);
	assert_memory_equal(query.labels.hash, labels.hash, (labels.count + 1u) * sizeof *labels.hash);
	assert_memory_equal(query.lower, "\3www\7example\3com", 17);
	assert_int_equal(query.lower[17], 0xa5);
	free(copy);
}

/* Names of 254 to 257 bytes: four labels, the last of which varies. */
static void test_longest_names(void **state)
{
	(void)state;
	for (size_t last = 60; last <= 63; last++) {
		uint8_t packet[300] = {0x12, 0x34, 1, 0, 0, 1}, *to = packet + 12;
		struct query query;
		for (unsigned i = 0; i < 4; i++) {
			size_t label = i == 3 ? last : 63;
			*to++ = (uint8_t)label;
			memset(to, 'A', label);
			to += label;
		}
		memcpy(to, "\0\0\1\0\1", 5);
		size_t name = (size_t)(to - packet) - 12 + 1;
		print_message("RFC 1035 2.3.4 a name of %zu\n", name);
		enum query_verdict verdict = query_parse(&query, packet, 12 + name + 4);
		assert_int_equal(verdict, name <= 255 ? QUERY_OK : QUERY_FORMERR);
		assert_int_equal(query.question, name <= 255);
	}
}

static const struct prefixed {
	const char *name, *option;
	size_t size;
	const char *address;
	uint8_t source;
	uint16_t family;
} prefixed[] = {
        {"RFC 7871 6 IPv4", PACKET("\0\1\x18\0\xc0\0\2"), "192.0.2.0", 24, 1},
        {"RFC 7871 6 IPv4 /9", PACKET("\0\1\x9\0\xc0\x80"), "192.128.0.0", 9, 1},
        {"RFC 7871 6 IPv6", PACKET("\0\2\x38\0\x20\1\xd\xb8\0\0\1"), "2001:db8:0:100::", 56, 2},
        {"RFC 7871 7.1.2 IPv6 /0", PACKET("\0\2\0\0"), "::", 0, 2},
        {"RFC 7871 7.1.2 family 0", PACKET("\0\0\0\0"), "0.0.0.0", 0, 0},
};

static void test_subnets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof prefixed / sizeof *prefixed; i++) {
		const struct prefixed *p = &prefixed[i];
		char packet[200], text[ADDR_TEXT_MAX];
		struct query query;
		uint8_t *copy;
		size_t size = sizeof(QUERY_AND OPT("")) - 1;
		print_message("%s\n", p->name);
		memcpy(packet, QUERY_AND OPT(""), size);
		packet[size++] = (char)(p->size + 4);
		memcpy(packet + size, "\0\x8\0", 3);
		packet[size + 3] = (char)p->size;
		memcpy(packet + size + 4, p->option, p->size);
		assert_int_equal(parse(&query, packet, size + 4 + p->size, &copy), QUERY_OK);
		assert_true(query.subnet.present);
		assert_int_equal(query.subnet.source, p->source);
		assert_int_equal(query.subnet.family, p->family);
		assert_string_equal(addr_format(&query.subnet.address, text), p->address);
		for (unsigned b = query.subnet.address.family == ADDR_V4 ? 4 : 16; b < 16; b++)
			assert_int_equal(query.subnet.address.bytes[b], 0);
		free(copy);
	}
}

static void test_payload(void **state)
{
	(void)state;
	static const struct {
		const char *name, *payload;
		size_t limit; /* of ours 1232 */
	} sizes[] = {
	        {"RFC 6891 6.2.3 0 counts as 512", "\0\0", 512},
	        {"RFC 6891 6.2.3 511 counts as 512", "\1\xff", 512},
	        {"RFC 6891 6.2.3 513", "\2\1", 513},
	        {"RFC 6891 6.2.3 65,535: ours", "\xff\xff", 1232},
	};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char packet[] = QUERY_AND OPT("\0");
		struct query query;
		print_message("%s\n", sizes[i].name);
		memcpy(packet + sizeof QUERY - 1 + 3, sizes[i].payload, 2);
		assert_int_equal(query_parse(&query, (const uint8_t *)packet, sizeof packet - 1), QUERY_OK);
		assert_int_equal(query_limit(&query, 1232), sizes[i].limit);
	}
	struct query plain = {.payload = 512};
	assert_int_equal(query_limit(&plain, 1232), 512);
}

static void test_rcodes(void **state)
{
	(void)state;
	assert_int_equal(query_rcode(QUERY_OK), RCODE_NOERROR);
	assert_int_equal(query_rcode(QUERY_FORMERR), RCODE_FORMERR);
	assert_int_equal(query_rcode(QUERY_NOTIMP), RCODE_NOTIMP);
	assert_int_equal(query_rcode(QUERY_BADVERS), RCODE_BADVERS);
	assert_int_equal(query_rcode(QUERY_COOKIE), RCODE_NOERROR);
	assert_int_equal(query_rcode(QUERY_BROKEN_COOKIE), RCODE_FORMERR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_shapes),
	        cmocka_unit_test(test_cut_anywhere),
	        cmocka_unit_test(test_question),
	        cmocka_unit_test(test_longest_names),
	        cmocka_unit_test(test_subnets),
	        cmocka_unit_test(test_payload),
	        cmocka_unit_test(test_rcodes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
