/*
 * test_rdata.c: the data of every type, from text to wire, and what is said about data that is wrong.
 *
 * What ldns reads rightly has to come out here byte for byte; the rows with a wire form of their own are those
 * that it gets wrong, or does not know.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/name.h"
#include "wire/rrset.h"
#include "zone/field.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const uint8_t origin[] = "\2ex\3com"; /* ex.com. */

static struct rdata *parse(uint16_t type, const char *text, int *size)
{
	static struct rdata rdata;
	size_t length = strlen(text);
	char *copy = malloc(length + 1);
	memcpy(copy, text, length + 1);
	struct source source = {.path = "z", .text = copy, .size = (uint32_t)length};
	struct scan scan;
	struct entry entry = {0};
	struct err *err = err_new();
	scan_start(&scan, &source);
	enum scan_result result = scan_next(&scan, &entry, err);
	assert_true(result == SCAN_ENTRY || (result == SCAN_END && length == 0));
	*size = rdata_parse(&rdata, type, entry.tokens, entry.count, origin);
	entry_free(&entry);
	err_free(err);
	free(copy);
	return &rdata;
}

static char *hex_of(const uint8_t *bytes, size_t size)
{
	char *hex = malloc(2 * size + 1);
	hex[0] = 0;
	for (size_t i = 0; i < size; i++)
		sprintf(hex + 2 * i, "%02x", bytes[i]);
	return hex;
}

/* What ldns makes of it: the hex of the data, or NULL. */
static char *ldns_hex(const char *type, const char *text)
{
	char line[2000];
	uint8_t *wire = NULL;
	size_t size = 0;
	ldns_rr *rr = NULL;
	snprintf(line, sizeof line, ". 60 IN %s %s", type, text);
	ldns_rdf *root = ldns_dname_new_frm_str("ex.com.");
	ldns_status status = ldns_rr_new_frm_str(&rr, line, 60, root, NULL);
	ldns_rdf_deep_free(root);
	if (status != LDNS_STATUS_OK)
		return NULL;
	assert_int_equal(ldns_rr2wire(&wire, rr, LDNS_SECTION_ANSWER, &size), LDNS_STATUS_OK);
	ldns_rr_free(rr);
	char *hex = hex_of(wire + 11, size - 11); /* behind the root and the head of the record */
	free(wire);
	return hex;
}

static const struct good {
	const char *type, *text;
	const char *wire; /* in hex; NULL: as ldns has it */
} good[] = {
        {"A", "192.0.2.1", "c0000201"},
        {"A", "0.0.0.0", NULL},
        {"A", "255.255.255.255", NULL},
        {"AAAA", "2001:db8::1", NULL},
        {"AAAA", "::ffff:192.0.2.1", NULL},
        {"NS", "ns1", "036e733102657803636f6d00"},
        {"NS", "ns1.example.org.", NULL},
        {"MD", "a.", NULL},
        {"MF", "a.", NULL},
        {"CNAME", "@", "02657803636f6d00"},
        {"CNAME", ".", NULL},
        {"CNAME", "a\\.b\\065.C.",
                "04612e62410143"
                "00"},
        {"SOA", "ns hostmaster 1 2 3 4 5", NULL},
        {"SOA", "ns. h. 4294967295 1h 30m 2w 1h30m5s", NULL},
        {"MB", "a.", NULL},
        {"MG", "a.", NULL},
        {"MR", "a.", NULL},
        {"WKS", "192.0.2.1 TCP 25",
                "c000020106"
                "00000040"},
        {"PTR", "host.example.", NULL},
        {"HINFO", "\"a b\" c", NULL},
        {"MINFO", "a. b.", NULL},
        {"MX", "10 mail", NULL},
        {"MX", "65535 .", NULL},
        {"TXT", "a \"b c\" \"\" \"\\\"\\\\\\065;\"",
                "0161"
                "03622063"
                "00"
                "04225c413b"},
        {"TXT", "\"v=spf1 -all\"", NULL},
        {"RP", "a. b.", NULL},
        {"AFSDB", "1 a.", NULL},
        {"X25", "311061700956", NULL},
        {"ISDN", "150862028003217 004", NULL},
        {"ISDN", "150862028003217", NULL},
        {"RT", "2 a.", NULL},
        {"NSAP", "0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00", NULL},
        {"NSAP-PTR", "a.b.", "0161016200"},
        {"KEY", "256 3 8 AQAB", NULL},
        {"PX", "10 a. b.", NULL},
        {"GPOS", "-32.6882 116.8652 10.0", NULL},
        {"LOC", "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m", NULL},
        {"LOC", "90 0 0 S 180 0 0 W 0m", NULL},
        {"NXT", "a. A MX NXT",
                "0161004001"
                "0002"},
        {"EID", "e32c6f78163a9348", NULL},
        {"NIMLOC", "32251a030067", NULL},
        {"SRV", "0 65535 443 web", NULL},
        {"ATMA", "47000580ffe1000000f21a26d80020481a26d800", NULL},
        {"NAPTR", "100 50 \"s\" \"z3950+I2L+I2C\" \"\" _z3950._tcp.gatech.edu.", NULL},
        {"NAPTR", "100 10 u E2U+sip \"!^.*$!sip:a@b!\" .", NULL},
        {"KX", "10 a.", NULL},
        {"CERT", "PKIX 1 RSASHA256 AQAB", NULL},
        {"CERT", "6 0 0 AQAB", NULL},
        {"DNAME", "other.", NULL},
        {"APL", "1:192.168.32.0/21 !1:192.168.38.0/28 2:2001:db8::/32", NULL},
        {"DS", "60485 5 1 2BB183AF5F22588179A53B0A 98631FAD1A292118", NULL},
        {"DS", "60485 RSASHA256 2 2BB183AF", NULL},
        {"SSHFP", "2 1 123456789abcdef67890123456789abcdef67890", NULL},
        {"IPSECKEY", "10 1 2 192.0.2.38 AQNR",
                "0a0102c0000226"
                "010351"},
        {"IPSECKEY", "10 0 2 . AQNR",
                "0a0002"
                "010351"},
        {"IPSECKEY", "10 2 2 2001:db8::1 AQNR",
                "0a0202"
                "20010db8000000000000000000000001"
                "010351"},
        {"IPSECKEY", "10 3 2 gw AQNR",
                "0a0302"
                "02677702657803636f6d00"
                "010351"},
        {"IPSECKEY", "10 3 0 gw",
                "0a0300"
                "02677702657803636f6d00"},
        {"RRSIG", "A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1 W6WN", NULL},
        {"RRSIG", "TYPE65400 8 0 0 1 2 65535 . AQAB", NULL},
        {"SIG", "A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1", NULL},
        {"NSEC", "host A MX RRSIG NSEC TYPE1234", NULL},
        {"NSEC", "host", NULL},
        {"DNSKEY", "256 3 5 AQPS Kmyn fzW4", NULL},
        {"DHCID", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=", NULL},
        {"NSEC3", "1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG", NULL},
        {"NSEC3", "1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s", NULL},
        {"NSEC3PARAM", "1 0 12 aabbccdd", NULL},
        {"TLSA", "3 1 1 d2abde24 0d7cd3ee", NULL},
        {"TLSA", "PKIX-TA Cert SHA2-256 d2ab", NULL},
        {"SMIMEA", "3 0 0 aabb", NULL},
        {"HIP", "2 200100107B1A74DF365639CC39F1D578 AwEAAbdx a. rvs",
                "10"
                "02"
                "0006"
                "200100107b1a74df365639cc39f1d578"
                "03010001b771"
                "016100"
                "037276"
                "7302657803636f6d00"},
        {"NINFO", "a b", "01610162"},
        {"RKEY", "0 0 5 AQAB", "00000005010001"},
        {"TALINK", "a. b.", NULL},
        {"CDS", "0 0 0 00", NULL},
        {"CDNSKEY", "0 3 0 AA==", NULL},
        {"OPENPGPKEY", "aGVs bG8=", NULL},
        {"CSYNC", "66 3 A NS AAAA", NULL},
        {"ZONEMD", "2018031500 1 1 FEBE3D4C E2EC2FFA", NULL},
        {"SPF", "\"v=spf1 -all\"", NULL},
        {"NID", "10 0014:4fff:ff20:ee64", NULL},
        {"L32", "10 10.1.2.0", NULL},
        {"L64", "10 2001:0DB8:1140:1000", NULL},
        {"LP", "10 l64", NULL},
        {"EUI48", "00-00-5e-00-53-2a", NULL},
        {"EUI64", "00-00-5e-ef-10-00-00-2a", NULL},
        {"URI", "10 1 \"ftp://ftp1.example.com/public\"", NULL},
        {"CAA", "0 issue \"ca1.example.net\"", NULL},
        {"CAA", "128 tbs \"\"", NULL},
        {"AVC", "\"a:b\" c", "03613a620163"},
        {"AMTRELAY", "10 1 3 relay",
                "0a83"
                "0572656c617902657803636f6d00"},
        {"AMTRELAY", "10 0 0 .", "0a00"},
        {"RESINFO", "qnamemin", "08716e616d656d696e"},
        {"TA", "60485 5 1 2BB1", "ec4505012bb1"},
        {"DLV", "60485 5 1 2BB1", NULL},
        {"TYPE65400", "\\# 3 ab CDE f", "abcdef"},
        {"TYPE65400", "\\# 0", ""},
        {"A", "\\# 4 C0000201", "c0000201"},
        {"NULL", "\\# 2 0001", "0001"},
        {"DOA", "\\# 1 00", "00"},
        /* RFC 9460 D.1 */
        {"HTTPS", "0 foo.example.com.",
                "0000"
                "03666f6f"
                "076578616d706c65"
                "03636f6d00"},
        {"SVCB", "1 .", "000100"},
        {"SVCB", "16 foo.example.com. port=53",
                "0010"
                "03666f6f"
                "076578616d706c65"
                "03636f6d00"
                "000300020035"},
        {"SVCB", "1 foo. key667=hello",
                "0001"
                "03666f6f00"
                "029b0005"
                "68656c6c6f"},
        {"SVCB", "1 foo. key667=\"hello\\210qoo\"",
                "0001"
                "03666f6f00"
                "029b0009"
                "68656c6c6fd2716f6f"},
        {"SVCB", "1 foo. ipv6hint=\"2001:db8::1,2001:db8::53:1\"",
                "0001"
                "03666f6f00"
                "00060020"
                "20010db8000000000000000000000001"
                "20010db8000000000000000000530001"},
        {"SVCB", "16 foo. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1",
                "0010"
                "03666f6f00"
                "000000040001"
                "0004"
                "00010009"
                "02683205"
                "68332d3139"
                "00040004"
                "c0000201"},
        {"SVCB", "16 foo. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
                "0010"
                "03666f6f00"
                "0001000c"
                "08665c6f6f2c626172"
                "026832"},
        {"SVCB", "16 foo. alpn=f\\\\\\092oo\\092,bar,h2",
                "0010"
                "03666f6f00"
                "0001000c"
                "08665c6f6f2c626172"
                "026832"},
        {"HTTPS", "1 . alpn=h2 no-default-alpn ech=AQAB dohpath=/q{?dns} ohttp",
                "000100"
                "00010003026832"
                "00020000"
                "00050003010001"
                "000700082f717b3f646e737d"
                "00080000"},
        {"HTTPS", "1 . key3=\"\\001\\187\" key65534",
                "000100"
                "0003000201bb"
                "fffe0000"},
};

static const struct bad {
	const char *type, *text;
	unsigned fault; /* index of the token; the count: what is missing */
	const char *why;
} bad[] = {
        {"A", "", 0, "the record ends where an IPv4 address should be"},
        {"A", "1.2.3", 0, "'1.2.3' is no IPv4 address"},
        {"A", "1.2.3.4.5", 0, "'1.2.3.4.5' is no IPv4 address"},
        {"A", "1.2.3.256", 0, "'1.2.3.256' is no IPv4 address"},
        {"A", "1.2.3.04", 0, "'1.2.3.04' is no IPv4 address"},
        {"A", "1.2..4", 0, "'1.2..4' is no IPv4 address"},
        {"A", "1.2.3.", 0, "'1.2.3.' is no IPv4 address"},
        {"A", "1.2.3.4 x", 1, "'x' is more than A has"},
        {"AAAA", "1.2.3.4", 0, "'1.2.3.4' is no IPv6 address"},
        {"AAAA", "2001:db8::1::", 0, "'2001:db8::1::' is no IPv6 address"},
        {"MX", "10", 1, "the record ends where a name should be"},
        {"MX", "mail 10", 0, "'mail' is no number"},
        {"MX", "65536 a", 0, "65536 is over 65535"},
        {"MX", "-1 a", 0, "'-1' is no number"},
        {"MX", "\"\" a", 0, "'' is no number"},
        {"SOA", "a b 4294967296 2 3 4 5", 2, "4294967296 is over 4294967295"},
        {"SOA", "a b 1 2x 3 4 5", 3, "'2x' is no time"},
        {"SOA", "a b 1 1h30 3 4 5", 3, "'1h30' is no time"},
        {"SOA", "a b 1 2 3 4", 6, "the record ends where a time should be"},
        {"TXT", "", 0, "the record ends where a string should be"},
        {"TXT", "a\\300", 0, "\\300 is over 255"},
        {"TXT", "a\\30", 0, "a backslash before a digit needs three digits"},
        {"TXT", "a b\"c\"", 1, "a quote inside a word; write \\\" or put all of it in quotes"},
        {"NSEC", "a A FOO", 2, "no type is called 'FOO'"},
        {"NSEC", "a TYPE65536", 1, "no type is called 'TYPE65536'"},
        {"RRSIG", "FOO 5 3 1 1 1 1 a. AQAB", 0, "no type is called 'FOO'"},
        {"RRSIG", "A 5 3 1 20031322173103 1 1 a. AQAB", 4, "'20031322173103' is no time (YYYYMMDDHHmmSS)"},
        {"RRSIG", "A 5 3 1 4294967296 1 1 a. AQAB", 4, "4294967296 is over 4294967295"},
        {"DS", "1 8 2 abc", 3, "an odd number of hexadecimal digits"},
        {"DS", "1 8 2 ab xy", 4, "'xy' is not hexadecimal"},
        {"DS", "1 256 2 ab", 1, "256 is over 255"},
        {"DS", "1 RSAX 2 ab", 1, "'RSAX' is no algorithm"},
        {"DNSKEY", "256 3 8 ****", 3, "'****' is no base64"},
        {"LOC", "91 0 0 N 0 0 0 E 0m", 0, "'91 0 0 N 0 0 0 E 0m' is no location (RFC 1876)"},
        {"CAA", "0 is-sue a", 1, "a property is letters and digits, such as issue"},
        {"CAA", "256 issue a", 0, "256 is over 255"},
        {"EUI48", "00-00-5e-00-53", 0, "'00-00-5e-00-53' is no 48-bit address (00-11-22-33-44-55)"},
        {"APL", "1:192.0.2.0/33", 0, "'1:192.0.2.0/33' is no address prefix (RFC 3123)"},
        {"IPSECKEY", "10 4 2 . AQAB", 1, "4 is over 3"},
        {"IPSECKEY", "10 0 2 a AQAB", 3, "no gateway is written as ."},
        {"HIP", "2 \"\" AQAB", 1, "a tag has 1 to 255 bytes"},
        {"NXT", "a. TYPE128", 1, "'TYPE128' is no type below 128"},
        {"NULL", "a", 0, "data of type NULL has to be written as \\# LENGTH HEX (RFC 3597)"},
        {"TYPE65400", "a", 0, "data of type TYPE65400 has to be written as \\# LENGTH HEX (RFC 3597)"},
        {"A", "\\#", 1, "the record ends where a number should be"},
        {"A", "\\# 4 01 02", 3, "2 bytes follow, not the 4 that were announced"},
        {"A", "\\# 3 010203", 2, "these bytes are no data of type A"},
        {"NS", "\\# 2 0161", 2, "these bytes are no data of type NS"},
        {"NS", "\\# 2 c000", 2, "these bytes are no data of type NS"},
        {"NSEC", "\\# 3 000000", 2, "these bytes are no data of type NSEC"},
        {"SVCB", "\\# 11 000100 00030002 0035 0003", 5, "these bytes are no data of type SVCB"},
        {"SVCB", "1 foo. key123=abc key123=def", 3, "a key is given twice"},
        {"SVCB", "1 foo. mandatory", 2, "mandatory needs a value"},
        {"SVCB", "1 foo. alpn=", 2, "alpn needs a value"},
        {"SVCB", "1 foo. alpn=h2,", 2, "alpn: an empty item"},
        {"SVCB", "1 foo. port=65536", 2, "port takes a number of 0 to 65535"},
        {"SVCB", "1 foo. no-default-alpn=abc", 2, "no-default-alpn takes no value"},
        {"SVCB", "1 foo. no-default-alpn", 2, "no-default-alpn without alpn (RFC 9460 7.1.1)"},
        {"SVCB", "1 foo. mandatory=key123", 2, "mandatory names a key that is not given"},
        {"SVCB", "1 foo. mandatory=mandatory", 2, "mandatory: 'mandatory' is no key that may stand here"},
        {"SVCB", "1 foo. mandatory=alpn,alpn alpn=h2", 2, "mandatory names one key twice"},
        {"SVCB", "1 foo. ipv4hint=1.2.3", 2, "ipv4hint: '1.2.3' is no IPv4 address"},
        {"SVCB", "1 foo. key65535=a", 2, "'key65535' is no key of RFC 9460"},
        {"SVCB", "1 foo. bar=a", 2, "'bar' is no key of RFC 9460"},
        {"SVCB", "1 foo. alpn=\"a\"b", 2, "alpn: a quote inside the value"},
        {"SVCB", "1 foo. ech=***", 2, "ech: no base64"},
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		const struct good *row = &good[i];
		uint16_t type;
		int size;
		print_message("%s %s\n", row->type, row->text);
		assert_true(type_parse(&type, row->type, strlen(row->type)));
		struct rdata *rdata = parse(type, row->text, &size);
		if (size < 0)
			fail_msg("%s", rdata->why);
		char *hex = hex_of(rdata->bytes, (size_t)size);
		char *expected = row->wire ? strdup(row->wire) : ldns_hex(row->type, row->text);
		assert_non_null(expected);
		assert_string_equal(hex, expected);
		assert_true(rdata_check(type, rdata->bytes, (size_t)size));
		/* The same, as RFC 3597 writes it. */
		char unknown[2000];
		snprintf(unknown, sizeof unknown, "\\# %d %s", size, hex);
		rdata = parse(type, unknown, &size);
		char *again = hex_of(rdata->bytes, size < 0 ? 0 : (size_t)size);
		assert_string_equal(again, hex);
		free(again);
		free(expected);
		free(hex);
	}
}

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		const struct bad *row = &bad[i];
		uint16_t type;
		int size;
		print_message("%s %s\n", row->type, row->text);
		assert_true(type_parse(&type, row->type, strlen(row->type)));
		struct rdata *rdata = parse(type, row->text, &size);
		assert_int_equal(size, -1);
		assert_string_equal(rdata->why, row->why);
		assert_int_equal(rdata->fault, row->fault);
	}
}

/* Every type that ldns can read has a row above. */
static void test_complete(void **state)
{
	(void)state;
	struct layout layout;
	for (unsigned type = 1; type < 65536; type++) {
		if (!layout_get(&layout, (uint16_t)type) || rrtype_get((uint16_t)type)->meta || type == 40)
			continue;
		bool found = false;
		uint16_t other;
		for (size_t i = 0; i < COUNT(good); i++)
			found = found || (type_parse(&other, good[i].type, strlen(good[i].type)) && other == type);
		if (!found && (type < 262 || type > 263))
			fail_msg("type %u has no row", type);
	}
}

/* A wire form that is cut, or goes on, is found out where the type has a length. */
static void test_check_lengths(void **state)
{
	(void)state;
	static const struct {
		uint16_t type;
		const char *bytes;
		size_t size, right;
	} rows[] = {
	        {TYPE_A, "\1\2\3\4\5", 5, 4},
	        {TYPE_NS, "\1a\0b", 4, 3},
	        {TYPE_MX, "\0\1\1a\0b", 6, 5},
	        {TYPE_SOA,
	                "\0\0........"
	                "..........x",
	                23, 22},
	        {TYPE_SVCB, "\0\1\0\0\3\0\2\0\65x", 10, 9},
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t size = 0; size <= rows[i].size; size++) {
			bool right = size == rows[i].right || (rows[i].type == TYPE_SVCB && size == 3);
			assert_int_equal(rdata_check(rows[i].type, (const uint8_t *)rows[i].bytes, size), right);
		}
}

static void test_seconds(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t seconds; /* -1: none */
	} rows[] = {{"0", 0}, {"3600", 3600}, {"1h30m", 5400}, {"1W2d3H4m5S", 788645}, {"2147483647", INT32_MAX},
	        {"2147483648", -1}, {"1h30", -1}, {"h", -1}, {"", -1}, {"-1", -1}, {"1 ", -1},
	        {"99999999999999999999", -1}, {"3551w", -1}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct token token = {.text = rows[i].text, .length = (uint32_t)strlen(rows[i].text)};
		uint32_t seconds;
		bool good_time = seconds_parse(&seconds, &token, INT32_MAX);
		assert_int_equal(good_time ? (int64_t)seconds : -1, rows[i].seconds);
	}
}

/* 65535 bytes are the most, however they come. */
static void test_longest(void **state)
{
	(void)state;
	char *text = malloc(300000), *at = text;
	int size;
	for (int i = 0; i < 256; i++, at += 256)
		at += sprintf(at, "%s", i ? " " : ""), memset(at, 'a', 256), at[255] = 0, at--;
	at[0] = 0;
	struct rdata *rdata = parse(TYPE_TXT, text, &size);
	assert_int_equal(size, -1);
	assert_string_equal(rdata->why, "more than 65535 bytes of data");
	memset(text, 'a', 256);
	text[256] = 0;
	rdata = parse(TYPE_TXT, text, &size);
	assert_int_equal(size, -1);
	assert_string_equal(rdata->why, "256 bytes in one string; at most 255 may be");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_good),
	        cmocka_unit_test(test_bad),
	        cmocka_unit_test(test_complete),
	        cmocka_unit_test(test_check_lengths),
	        cmocka_unit_test(test_seconds),
	        cmocka_unit_test(test_longest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
