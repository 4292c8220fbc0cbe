/*
 * test_packets.c: what packets of every shape get for an answer; one behaviour a row, its RFC in the row's name.
 *
 * A reply is compared with its OPT and without its question. The same packets go over UDP and over TCP, where no row
 * says otherwise.
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
#include "snap/snapshot.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct fixture_zone zones[] = {
        {"ex.", FIXTURE_APEX "www A 192.0.2.80\nwww TXT t\ntypes TYPE65400 \\# 1 00\na.b TXT t\n"},
        {"other.", FIXTURE_APEX "into CNAME www.ex.\n"},
        {0},
};
static const char server[] = "nsid: ns1\n";

#define A "an www.ex. 60 A 192.0.2.80\n"
#define SOA "ns ex. 5 SOA m. h. 3 1 1 1 5\n"
#define OPT "ar ; edns version 0 flags 0000 payload 1232:"
#define NOT_AUTHORITATIVE " option15=0014\n"
#define NOT_SUPPORTED " option15=0015\n"
#define Q "q:www.ex:A"
/* An A record of the root, as nobody sends it with a question. */
#define RECORD "00.0001.0001.00000000.0004.c0000201"
#define OPT_RECORD "00.0029.04d0.00000000.0000"

enum { BOTH, UDP, TCP };

static const struct row {
	const char *rule, *packet, *expected;
	int over;
} rows[] = {
        {"RFC 1035 4.1.1 a good query", Q, "NOERROR AA\n" A, BOTH},

        /* the header */
        {"RFC 8906 8.1.4 opcode IQUERY", "flags=0800 " Q, "NOTIMP\n", BOTH},
        {"RFC 8906 8.1.4 opcode STATUS", "flags=1000 " Q, "NOTIMP\n", BOTH},
        {"RFC 8906 8.1.4 an opcode without a name", "flags=7800 " Q, "NOTIMP\n", BOTH},
        {"RFC 8906 8.1.4 an unknown opcode and nothing else", "flags=7800", "NOTIMP\n", BOTH},
        {"RFC 8906 8.1.4 an unknown opcode and nonsense", "flags=7800 counts=9,9,9,9 raw:ffff", "NOTIMP\n", BOTH},
        {"RFC 8914 4.22 an unknown opcode with EDNS", "flags=3000 " Q " opt", "NOTIMP\n" OPT NOT_SUPPORTED, BOTH},
        {"RFC 1996 3.3 NOTIFY to a server that is no secondary", "flags=2000 q:ex:SOA", "NOTIMP\n", BOTH},
        {"RFC 2136 3.1 UPDATE", "flags=2800 q:ex:SOA", "NOTIMP\n", BOTH},
        {"RFC 8906 3.1.4 no opcode hides a response", "flags=f800 " Q, "no reply\n", BOTH},
        {"RFC 1035 4.1.1 QR=1", "flags=8000 " Q, "no reply\n", BOTH},
        {"RFC 1035 4.1.1 QR=1 with an error", "flags=8003 " Q, "no reply\n", BOTH},
        {"RFC 8906 8.1.3.4 RD is repeated, RA is not given", "flags=0100 " Q, "NOERROR AA RD\n" A, BOTH},
        {"RFC 4035 3.1.6 CD is not repeated", "flags=0010 " Q, "NOERROR AA\n" A, BOTH},
        {"RFC 8906 8.1.3.2 AD is not repeated", "flags=0020 " Q, "NOERROR AA\n" A, BOTH},
        {"RFC 8906 8.1.3.3 the reserved bit is not repeated", "flags=0040 " Q, "NOERROR AA\n" A, BOTH},
        {"RFC 1035 4.1.1 AA, TC, RA and the rcode of a query mean nothing", "flags=068f " Q, "NOERROR AA\n" A, BOTH},

        /* how many questions */
        {"RFC 9619 4 QDCOUNT 0", "", "FORMERR\n", BOTH},
        {"RFC 9619 4 QDCOUNT 0 with EDNS", "opt", "FORMERR\n" OPT "\n", BOTH},
        {"RFC 9619 4 QDCOUNT 2", Q " " Q, "FORMERR\n", BOTH},
        {"RFC 9619 4 QDCOUNT 2 with EDNS", Q " " Q " opt", "FORMERR\n" OPT "\n", BOTH},
        {"RFC 9619 4 QDCOUNT 65535 with one question", "counts=65535,0,0,0 " Q, "FORMERR\n", BOTH},
        {"RFC 1035 4.1.1 a question less than promised", "counts=1,0,0,0", "FORMERR\n", BOTH},
        {"RFC 1035 4.1 ANCOUNT 1", Q " an:" RECORD, "FORMERR\n", BOTH},
        {"RFC 1035 4.1 NSCOUNT 1", Q " ns:" RECORD, "FORMERR\n", BOTH},
        {"RFC 1035 4.1 an additional record is passed over", Q " ar:" RECORD, "NOERROR AA\n" A, BOTH},
        {"RFC 1035 4.1 trailing bytes", Q " raw:00", "FORMERR\n", BOTH},
        {"RFC 1035 4.1 trailing bytes behind OPT", Q " opt raw:00", "FORMERR\n" OPT "\n", BOTH},
        {"RFC 1035 4.1 an additional record less than promised", "counts=1,0,0,1 " Q, "FORMERR\n", BOTH},
        {"RFC 1035 4.1 an additional record that ends too soon", Q " ar:00.0001.0001.00000000.0005.c0000201",
                "FORMERR\n", BOTH},

        /* the question's name */
        {"RFC 1035 4.1.4 a pointer to itself", "q:c00c.0001.0001", "FORMERR\n", BOTH},
        {"RFC 1035 4.1.4 a pointer forward", "q:c010.0001.0001.00", "FORMERR\n", BOTH},
        {"RFC 1035 4.1.4 a pointer into the header", "q:c000.0001.0001", "FORMERR\n", BOTH},
        {"RFC 1035 4.1.4 a label, then a loop", "q:01.61.c00c.0001.0001", "FORMERR\n", BOTH},
        {"RFC 1035 4.1.4 a pointer cut in two", "q:c0", "FORMERR\n", BOTH},
        {"RFC 6891 5 labels of type 01", "q:41.08.ff.00.0001.0001", "FORMERR\n", BOTH},
        {"RFC 1035 4.1.4 labels of type 10", "q:81.61.00.0001.0001", "FORMERR\n", BOTH},
        {"RFC 1035 3.1 a name without an end", "q:03.777777", "FORMERR\n", BOTH},
        {"RFC 1035 4.1.2 a question without a class", "q:00.0001", "FORMERR\n", BOTH},
        {"RFC 1035 3.1 a 0 byte and a dot within a label", "q:04.002e5cff.02.6578.00.0001.0001", "NXDOMAIN AA\n" SOA,
                BOTH},

        /* types and classes */
        {"RFC 3597 5 an unknown type that is there", "q:types.ex:TYPE65400",
                "NOERROR AA\nan types.ex. 60 TYPE65400 \\# 1 00\n", BOTH},
        {"RFC 8906 8.1.2 an unknown type that is not there", "q:www.ex:TYPE1000", "NOERROR AA\n" SOA, BOTH},
        {"RFC 6895 3.1 type 0", "q:www.ex:TYPE0", "NOERROR AA\n" SOA, BOTH},
        {"RFC 6895 3.1 type 65535", "q:www.ex:TYPE65535", "NOERROR AA\n" SOA, BOTH},
        {"RFC 6895 3.1 an unknown meta type", "q:www.ex:TYPE200", "NOERROR AA\n" SOA, BOTH},
        {"RFC 6891 6.1.1 type OPT", "q:www.ex:OPT", "FORMERR\n", BOTH},
        {"RFC 8945 5.1 type TSIG", "q:www.ex:TSIG", "FORMERR\n", BOTH},
        {"RFC 2930 2 type TKEY", "q:www.ex:TKEY", "FORMERR\n", BOTH},
        {"RFC 9824 3.5 type NXNAME", "q:www.ex:NXNAME opt", "FORMERR\n" OPT " option15=001e\n", BOTH},
        {"RFC 1035 3.2.3 type MAILB", "q:www.ex:MAILB opt", "NOTIMP\n" OPT NOT_SUPPORTED, BOTH},
        {"RFC 1035 3.2.3 type MAILA", "q:www.ex:MAILA", "NOTIMP\n", BOTH},
        {"RFC 8482 4.1 ANY gets one set", "q:www.ex:ANY", "NOERROR AA\n" A, BOTH},
        {"RFC 8482 4.1 ANY where there is nothing", "q:no.ex:ANY", "NXDOMAIN AA\n" SOA, BOTH},
        {"RFC 8482 4.1 ANY of an empty non-terminal", "q:b.ex:ANY", "NOERROR AA\n" SOA, BOTH},
        {"RFC 1035 3.2.5 class ANY is not authoritative", "q:www.ex:A:255", "NOERROR\n" A, BOTH},
        {"RFC 8906 3.1.1 class HS", "q:www.ex:A:4 opt", "REFUSED\n" OPT NOT_AUTHORITATIVE, BOTH},
        {"RFC 2136 1.3 class NONE", "q:www.ex:A:254", "REFUSED\n", BOTH},
        {"RFC 6895 3.2 class 0", "q:www.ex:A:0", "REFUSED\n", BOTH},
        {"RFC 6895 3.2 an unknown class", "q:www.ex:A:65280", "REFUSED\n", BOTH},
        {"RFC 4892 3 version.bind is not told", "q:version.bind:TXT:3", "REFUSED\n", BOTH},
        {"RFC 4892 3 id.server is the NSID", "q:ID.server:TXT:3", "NOERROR AA\nan ID.server. 0 CLASS3 TXT \"ns1\"\n",
                BOTH},
        {"RFC 4892 3 hostname.bind, too", "q:hostname.bind:ANY:3",
                "NOERROR AA\nan hostname.bind. 0 CLASS3 TXT \"ns1\"\n", BOTH},
        {"RFC 4892 3 another type", "q:id.server:A:3", "REFUSED\n", BOTH},
        {"RFC 4892 3 another name", "q:authors.bind:TXT:3", "REFUSED\n", BOTH},
        {"RFC 4892 3 in class IN it is any name", "q:id.server:TXT", "REFUSED\n", BOTH},
        {"RFC 8914 4.21 no zone of ours", "q:www.example:A opt", "REFUSED\n" OPT NOT_AUTHORITATIVE, BOTH},
        {"RFC 8914 4.19 a transfer that is not allowed", "q:ex:AXFR opt", "REFUSED\n" OPT " option15=0012\n", TCP},
        {"RFC 8914 4.21 a transfer of what is no apex", "q:www.ex:AXFR opt", "NOTAUTH\n" OPT NOT_AUTHORITATIVE, BOTH},
        {"RFC 8914 2 no extended error without EDNS", "q:www.example:A", "REFUSED\n", BOTH},

        /* EDNS */
        {"RFC 6891 7 EDNS", Q " opt", "NOERROR AA\n" A OPT "\n", BOTH},
        {"RFC 6891 6.2.3 a payload of 0", Q " opt:0", "NOERROR AA\n" A OPT "\n", BOTH},
        {"RFC 6891 6.2.3 a payload of 65535", Q " opt:65535", "NOERROR AA\n" A OPT "\n", BOTH},
        {"RFC 3225 3 DO is repeated", Q " opt:512:8000",
                "NOERROR AA\n" A "ar ; edns version 0 flags 8000 payload 1232:\n", BOTH},
        {"RFC 8906 8.2.4 unknown flags are not", Q " opt:512:7fff", "NOERROR AA\n" A OPT "\n", BOTH},
        {"RFC 6891 6.1.3 an extended rcode in a query means nothing", Q " opt:512:ff000000", "NOERROR AA\n" A OPT "\n",
                BOTH},
        {"RFC 8906 8.2.2 version 1", Q " opt:512:00010000", "BADVERS\n" OPT "\n", BOTH},
        {"RFC 8906 8.2.2 version 255", Q " opt:512:00ff0000", "BADVERS\n" OPT "\n", BOTH},
        {"RFC 8906 8.2.5 version 1 and unknown flags", Q " opt:512:00010040", "BADVERS\n" OPT "\n", BOTH},
        {"RFC 8906 8.2.6 version 1 and an unknown option", Q " opt:512:00010000:0064.0000", "BADVERS\n" OPT "\n", BOTH},
        {"RFC 8906 8.2.9 version 1 and DO", Q " opt:512:00018000",
                "BADVERS\nar ; edns version 0 flags 8000 payload 1232:\n", BOTH},
        {"RFC 6891 6.1.3 options of version 1 are not looked at", Q " opt:512:00010000:ffffffffff",
                "BADVERS\n" OPT "\n", BOTH},
        {"RFC 8906 8.2.3 unknown options", Q " opt:512:0:0064.0000.ffff.0003.616263", "NOERROR AA\n" A OPT "\n", BOTH},
        {"RFC 6891 6.1.2 an option that ends too soon", Q " opt:512:0:0064.0001", "FORMERR\n" OPT "\n", BOTH},
        {"RFC 6891 6.1.2 half an option", Q " opt:512:0:0064.00", "FORMERR\n" OPT "\n", BOTH},
        {"RFC 6891 6.1.1 two OPT", Q " opt opt", "FORMERR\n" OPT "\n", BOTH},
        {"RFC 6891 6.1.1 OPT as an answer", Q " an:" OPT_RECORD, "FORMERR\n", BOTH},
        {"RFC 6891 6.1.1 OPT as an authority", Q " ns:" OPT_RECORD, "FORMERR\n", BOTH},
        {"RFC 6891 6.1.2 OPT of a name", Q " ar:01.61.00.0029.04d0.00000000.0000", "FORMERR\n" OPT "\n", BOTH},
        {"RFC 6891 6.1.2 OPT of a name by a pointer", Q " ar:c00c.0029.04d0.00000000.0000", "FORMERR\n" OPT "\n", BOTH},
        {"RFC 6891 6.1.1 OPT behind another record", Q " ar:" RECORD " opt", "NOERROR AA\n" A OPT "\n", BOTH},
        {"RFC 5001 2.1 NSID", Q " opt:512:0:0003.0000", "NOERROR AA\n" A OPT " option3=6e7331\n", BOTH},
        {"RFC 5001 2.1 a payload of the client's is ignored", Q " opt:512:0:0003.0002.ffff",
                "NOERROR AA\n" A OPT " option3=6e7331\n", BOTH},
        {"RFC 7828 3.3.1 keepalive over UDP is ignored", Q " opt:512:0:000b.0000", "NOERROR AA\n" A OPT "\n", UDP},
        {"RFC 7828 3.3.2 keepalive over TCP", Q " opt:512:0:000b.0000", "NOERROR AA\n" A OPT " option11=012c\n", TCP},
        {"RFC 7830 6 padding, where nothing is encrypted", Q " opt:512:0:000c.0004.00000000", "NOERROR AA\n" A OPT "\n",
                BOTH},
        {"RFC 7314 3.1 EXPIRE of the zone", "q:EX:SOA opt:512:0:0009.0000",
                "NOERROR AA\nan EX. 60 SOA m. h. 3 1 1 1 5\n" OPT " option9=00000001\n", BOTH},
        {"RFC 7314 3.1 EXPIRE and a payload, which is ignored", "q:ex:SOA opt:512:0:0009.0004.00000000",
                "NOERROR AA\nan ex. 60 SOA m. h. 3 1 1 1 5\n" OPT " option9=00000001\n", BOTH},
        {"RFC 7314 3.1 EXPIRE for another type", Q " opt:512:0:0009.0000", "NOERROR AA\n" A OPT "\n", BOTH},
        {"RFC 7314 3.1 EXPIRE for a name that is no apex", "q:www.ex:SOA opt:512:0:0009.0000",
                "NOERROR AA\n" SOA OPT "\n", BOTH},
        {"RFC 7314 3.1 EXPIRE where nothing is told of a zone", "q:ex:AXFR opt:512:0:0009.0000",
                "REFUSED\n" OPT " option15=0012\n", TCP},
        {"RFC 8914 3 an extended error in a query is ignored", Q " opt:512:0:000f.0002.0000", "NOERROR AA\n" A OPT "\n",
                BOTH},
        {"RFC 8945 5.2 TSIG that is not the last record", Q " ar:00.00fa.00ff.00000000.0000 ar:" RECORD, "FORMERR\n",
                BOTH},

        /* the client subnet */
        {"RFC 7871 7.2.2 repeated with scope 0 where nothing is tailored", Q " opt:512:0:0008.0007.00011800.c00002",
                "NOERROR AA\n" A OPT " option8=00011800c00002\n", BOTH},
        {"RFC 7871 7.1.2 source 0", Q " opt:512:0:0008.0004.00010000", "NOERROR AA\n" A OPT " option8=00010000\n",
                BOTH},
        {"RFC 7871 7.1.2 source 0 of IPv6", Q " opt:512:0:0008.0004.00020000",
                "NOERROR AA\n" A OPT " option8=00020000\n", BOTH},
        {"RFC 7871 6 family 0 without an address", Q " opt:512:0:0008.0004.00000000",
                "NOERROR AA\n" A OPT " option8=00000000\n", BOTH},
        {"RFC 7871 6 family 0 with an address", Q " opt:512:0:0008.0005.00000800.c0", "FORMERR\n" OPT "\n", BOTH},
        {"RFC 7871 7.1.2 an unknown family", Q " opt:512:0:0008.0005.00030800.c0", "FORMERR\n" OPT "\n", BOTH},
        {"RFC 7871 6 source over 32", Q " opt:512:0:0008.0009.00012100.c000020000", "FORMERR\n" OPT "\n", BOTH},
        {"RFC 7871 6 source over 128", Q " opt:512:0:0008.0015.00028100.0000000000000000000000000000000000",
                "FORMERR\n" OPT "\n", BOTH},
        {"RFC 7871 6 source 128", Q " opt:512:0:0008.0014.00028000.20010db8000000000000000000000001",
                "NOERROR AA\n" A OPT " option8=0002800020010db8000000000000000000000001\n", BOTH},
        {"RFC 7871 6 an address too short", Q " opt:512:0:0008.0006.00011800.c000", "FORMERR\n" OPT "\n", BOTH},
        {"RFC 7871 6 an address too long", Q " opt:512:0:0008.0008.00011800.c0000200", "FORMERR\n" OPT "\n", BOTH},
        {"RFC 7871 6 bits behind the source prefix", Q " opt:512:0:0008.0007.00011700.c00001", "FORMERR\n" OPT "\n",
                BOTH},
        {"RFC 7871 6 a scope in a query", Q " opt:512:0:0008.0007.00011818.c00002", "FORMERR\n" OPT "\n", BOTH},
        {"RFC 7871 6 less than four bytes", Q " opt:512:0:0008.0003.000118", "FORMERR\n" OPT "\n", BOTH},
        {"RFC 7871 6 nothing in it", Q " opt:512:0:0008.0000", "FORMERR\n" OPT "\n", BOTH},
        {"RFC 7871 7.1.1 two of them", Q " opt:512:0:0008.0004.00010000.0008.0004.00010000", "FORMERR\n" OPT "\n",
                BOTH},
        {"RFC 7871 7.4 a negative answer", "q:no.ex:A opt:512:0:0008.0007.00011800.c00002",
                "NXDOMAIN AA\n" SOA OPT " option8=00011800c00002\n", BOTH},
};

static struct fixture *fixture_of(const char *keys)
{
	struct fixture *fixture = fixture_new(&(struct fixture_files){.zones = zones, .server = keys});
	fixture->client.keepalive = 300;
	return fixture;
}

/* Sends what the words say; what comes back as text. */
static char *asked(struct fixture *fixture, const char *words, bool stream)
{
	uint8_t packet[PACKET_MAX];
	fixture->client.stream = stream;
	fixture_send(fixture, packet, packet_build(words, packet));
	return fixture_text(fixture, true);
}

static void test_rows(void **state)
{
	(void)state;
	struct fixture *fixture = fixture_of(server);
	unsigned wrong = 0;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int over = UDP; over <= TCP; over++) {
			if (rows[i].over != BOTH && rows[i].over != over)
				continue;
			char *text = asked(fixture, rows[i].packet, over == TCP);
			if (strcmp(text, rows[i].expected) != 0) {
				print_error("%s, over %s\nis:\n%sshould be:\n%s\n", rows[i].rule,
				        over == TCP ? "TCP" : "UDP", text, rows[i].expected);
				wrong++;
			}
			free(text);
		}
	fixture_free(fixture);
	assert_int_equal(wrong, 0);
}

/* RFC 1035 4.1.1: less than a header gets no answer, whatever it is. */
static void test_short(void **state)
{
	(void)state;
	struct fixture *fixture = fixture_of(NULL);
	uint8_t packet[PACKET_MAX];
	size_t whole = packet_build(Q, packet);
	for (size_t size = 0; size < whole; size++) {
		assert_true((fixture_send(fixture, packet, size) > 0) == (size >= DNS_HEADER));
		if (fixture->size)
			assert_int_equal(fixture->reply[3] & 15, RCODE_FORMERR);
	}
	fixture_free(fixture);
}

/* Any 12 bytes of header before a good question: an answer is due exactly where QR is 0, and repeats id, opcode, RD. */
static void test_headers(void **state)
{
	(void)state;
	struct fixture *fixture = fixture_of(NULL);
	uint8_t packet[PACKET_MAX];
	size_t size = packet_build(Q, packet);
	for (unsigned flags = 0; flags <= UINT16_MAX; flags += 0x11) {
		packet[2] = (uint8_t)(flags >> 8);
		packet[3] = (uint8_t)flags;
		assert_true((fixture_send(fixture, packet, size) > 0) == !(flags & FLAG_QR));
		if (!fixture->size)
			continue;
		unsigned reply = (unsigned)(fixture->reply[2] << 8 | fixture->reply[3]), opcode = flags >> 11 & 15;
		assert_int_equal(reply & (FLAG_OPCODE | FLAG_RD), flags & (FLAG_OPCODE | FLAG_RD));
		assert_int_equal(reply & (FLAG_QR | FLAG_TC | FLAG_RA | FLAG_AD | FLAG_CD | 0x40), FLAG_QR);
		assert_int_equal(reply & 15, opcode ? RCODE_NOTIMP : RCODE_NOERROR);
	}
	fixture_free(fixture);
}

/* RFC 1035 2.3.4: names of 255 bytes are names, those of 256 are not; so are 127 labels. */
static void test_long_names(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		unsigned labels, size,
		        last; /* so many of `size` bytes, then one of `last`, 0: none; then ex and the root */
		unsigned rcode;
	} names[] = {
	        {"a name of 255 bytes", 3, 63, 58, RCODE_NXDOMAIN},
	        {"a name of 256 bytes", 3, 63, 59, RCODE_FORMERR},
	        {"127 labels", 125, 1, 0, RCODE_NXDOMAIN},
	        {"128 labels", 126, 1, 0, RCODE_FORMERR},
	        {"a label of 63 bytes", 1, 63, 0, RCODE_NXDOMAIN},
	        {"a label of 64 bytes", 1, 64, 0, RCODE_FORMERR},
	};
	struct fixture *fixture = fixture_of(NULL);
	for (size_t i = 0; i < COUNT(names); i++) {
		print_message("%s\n", names[i].name);
		uint8_t packet[PACKET_MAX];
		packet_build("counts=1,0,0,0", packet);
		struct writer w = writer_of(packet + DNS_HEADER, 1000);
		for (unsigned label = 0; label <= names[i].labels; label++) {
			unsigned size = label < names[i].labels ? names[i].size : names[i].last;
			if (!size)
				break;
			write_u8(&w, (uint8_t)size);
			memset(write_room(&w, size), 'a', size);
		}
		write_bytes(&w, "\2ex\0\0\1\0\1", 8);
		assert_true(fixture_send(fixture, packet, DNS_HEADER + writer_offset(&w)) > 0);
		assert_int_equal(fixture->reply[3] & 15, names[i].rcode);
	}
	fixture_free(fixture);
}

/* What the configuration switches. */
static void test_switches(void **state)
{
	(void)state;
	static const struct {
		const char *rule, *keys, *packet, *expected;
	} switches[] = {
	        {"RFC 4892 3 no id.server by default", "", "q:id.server:TXT:3", "REFUSED\n"},
	        {"RFC 5001 2.1 no NSID by default", "", Q " opt:512:0:0003.0000", "NOERROR AA\n" A OPT "\n"},
	        {"RFC 4892 3 version.bind as configured", "version: one\n", "q:VERSION.bind:TXT:3",
	                "NOERROR AA\nan VERSION.bind. 0 CLASS3 TXT \"one\"\n"},
	        {"RFC 4892 3 version.server, too", "version: one\n", "q:version.server:TXT:3",
	                "NOERROR AA\nan version.server. 0 CLASS3 TXT \"one\"\n"},
	        {"RFC 7871 7.2.1 a subnet that is not honoured is not repeated", "ecs: off\n",
	                Q " opt:512:0:0008.0007.00011800.c00002", "NOERROR AA\n" A OPT "\n"},
	        {"RFC 7871 6 but a broken one is FORMERR", "ecs: off\n", Q " opt:512:0:0008.0003.000118",
	                "FORMERR\n" OPT "\n"},
	        {"RFC 7871 11.3 honoured from listed resolvers", "ecs: [192.0.2.0/24]\n",
	                Q " opt:512:0:0008.0007.00011800.c63364", "NOERROR AA\n" A OPT " option8=00011800c63364\n"},
	        {"RFC 7871 11.3 and from no others", "ecs: [192.0.3.0/24]\n", Q " opt:512:0:0008.0007.00011800.c63364",
	                "NOERROR AA\n" A OPT "\n"},
	        {"RFC 7873 5.2 no cookie without a secret", "cookies: off\n", Q " opt:512:0:000a.0008.3132333435363738",
	                "NOERROR AA\n" A OPT "\n"},
	        {"RFC 7873 5.4 a cookie alone, where none is given", "cookies: off\n",
	                "opt:512:0:000a.0008.3132333435363738", "FORMERR\n" OPT "\n"},
	};
	for (size_t i = 0; i < COUNT(switches); i++) {
		print_message("%s\n", switches[i].rule);
		struct fixture *fixture = fixture_of(switches[i].keys);
		char *text = asked(fixture, switches[i].packet, false);
		assert_string_equal(text, switches[i].expected);
		free(text);
		fixture_free(fixture);
	}
}

/* RFC 8914 4.25: a zone that could not be loaded; a chain from another zone ends before it. */
static void test_not_loaded(void **state)
{
	(void)state;
	struct fixture *fixture = fixture_of(NULL);
	struct snapshot_zone *zone = live_current(fixture->source)->snapshot->zones;
	while (zone->length != sizeof "\2ex")
		zone++;
	struct zone *loaded = zone->zone;
	zone->zone = NULL;
	char *text = asked(fixture, Q " opt", false), *chain = asked(fixture, "q:into.other:A", false);
	zone->zone = loaded;
	assert_string_equal(chain, "NOERROR AA\nan into.other. 60 CNAME www.ex.\n");
	free(chain);
	const char *says = "SERVFAIL\n" OPT " option15=0018"
	                   "746865207a6f6e6520636f756c64206e6f74206265206c6f61646564\n";
	assert_string_equal(text, says);
	free(text);
	fixture_free(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rows),
	        cmocka_unit_test(test_short),
	        cmocka_unit_test(test_headers),
	        cmocka_unit_test(test_long_names),
	        cmocka_unit_test(test_switches),
	        cmocka_unit_test(test_not_loaded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
