/*
 * test_records.c: records as RFCs write them, from a line of a zone to the bytes that those RFCs ask for; and what is
 * said, with line and column, of those that are wrong. All vectors of RFC 9460, appendix D, are here.
 *
 * tests/unit/zone/test_rdata.c has every type, compared with ldns; here no other program's word is taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Four lines; a row's record is the fifth. */
#define HEAD "$TTL 60\n@ SOA a b 1 2 3 4 5\n@ NS ns.out.\n\n"
#define FOO "03666f6f076578616d706c6503636f6d00"     /* foo.example.com. */
#define FOO_ORG "03666f6f076578616d706c65036f726700" /* foo.example.org. */
#define ALPN "0001000c08665c6f6f2c626172026832"

static const struct good {
	const char *rule, *record; /* "TYPE DATA" */
	const char *hex;
} good[] = {
        {"RFC 9460 D.1 AliasMode", "HTTPS 0 foo.example.com.", "0000" FOO},
        {"RFC 9460 D.2 TargetName is .", "SVCB 1 .", "000100"},
        {"RFC 9460 D.2 a port", "SVCB 16 foo.example.com. port=53", "0010" FOO "000300020035"},
        {"RFC 9460 D.2 a generic key and unquoted value", "SVCB 1 foo.example.com. key667=hello",
                "0001" FOO "029b000568656c6c6f"},
        {"RFC 9460 D.2 a generic key and quoted value with a decimal escape",
                "SVCB 1 foo.example.com. key667=\"hello\\210qoo\"", "0001" FOO "029b000968656c6c6fd2716f6f"},
        {"RFC 9460 D.2 two quoted IPv6 hints", "SVCB 1 foo.example.com. (\nipv6hint=\"2001:db8::1,2001:db8::53:1\"\n)",
                "0001" FOO "0006002020010db800000000000000000000000120010db8000000000000000000530001"},
        {"RFC 9460 D.2 an IPv6 hint with IPv4 in it",
                "SVCB 1 example.com. (\nipv6hint=\"2001:db8:122:344::192.0.2.33\"\n)",
                "0001076578616d706c6503636f6d000006001020010db80122034400000000c0000221"},
        {"RFC 9460 D.2 keys are sorted, in mandatory, too",
                "SVCB 16 foo.example.org. (\nalpn=h2,h3-19 mandatory=ipv4hint,alpn\nipv4hint=192.0.2.1\n)",
                "0010" FOO_ORG "0000000400010004000100090268320568332d313900040004c0000201"},
        {"RFC 9460 D.2 an alpn value with an escaped comma and backslash, quoted",
                "SVCB 16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"", "0010" FOO_ORG ALPN},
        {"RFC 9460 D.2 the same in decimal, unquoted", "SVCB 16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2",
                "0010" FOO_ORG ALPN},
        {"RFC 9460 2.1 the same by RFC 3597", "TYPE64 \\# 3 000100", "000100"},

        {"RFC 8659 4.1.1 CAA", "CAA 0 issue \"ca1.example.net\"", "000569737375656361312e6578616d706c652e6e6574"},
        {"RFC 8659 4.1 CAA critical, an empty value", "CAA 128 tbs \"\"", "8003746273"},
        {"RFC 6698 2.3 TLSA", "TLSA 0 0 1 (\nd2abde240d7cd3ee6b4b28c54df034b9\n7983a1d16e8a410e4561cb106618e971 )",
                "000001d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971"},
        {"RFC 8162 2 SMIMEA", "SMIMEA 3 0 0 3082 0307", "03000030820307"},
        {"RFC 4255 3.2 SSHFP", "SSHFP 2 1 123456789abcdef67890123456789abcdef67890",
                "0201123456789abcdef67890123456789abcdef67890"},
        {"RFC 3403 6.1 NAPTR", "NAPTR 100 10 \"\" \"\" \"/urn:cid:.+@([^\\\\.]+\\\\.)(.*)$/\\\\2/i\" .",
                "0064000a0000202f75726e3a6369643a2e2b40285b5e5c2e5d2b5c2e29282e2a29242f5c322f6900"},
        {"RFC 1876 4 LOC, defaults", "LOC 42 21 54 N 71 06 18 W -24m 30m", "0033161389172dd070be15f000988d20"},
        {"RFC 7553 4.5 URI has no length byte", "URI 10 1 \"ftp://ftp1.example.com/public\"",
                "000a00016674703a2f2f667470312e6578616d706c652e636f6d2f7075626c6963"},
        {"RFC 7929 2.3 OPENPGPKEY", "OPENPGPKEY mQCN AzIG", "99008d033206"},
        {"RFC 8078 4 CDS, delete", "CDS 0 0 0 00", "0000000000"},
        {"RFC 8078 4 CDNSKEY, delete", "CDNSKEY 0 3 0 AA==", "0000030000"},
        {"RFC 7477 2.1.3 CSYNC", "CSYNC 66 3 A NS AAAA", "000000420003000460000008"},
        {"RFC 8976 2.3 ZONEMD",
                "ZONEMD 2018031500 1 1 (\nc68090d90a7aed716bc459f9340e3d7c\n1370d4d24b7e2fc3a1ddc0b9a87153b9\n"
                "a9713b3c9ae5cc27777f98b8e730044c )",
                "7848b78c0101c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e7"
                "30044c"},
        {"RFC 3597 5 any type", "TYPE731 \\# 6 abcdef 012345", "abcdef012345"},
        {"RFC 3597 5 a known type as bytes", "TYPE1 \\# 4 0A000001", "0a000001"},
};

static const struct bad {
	const char *rule, *record;
	const char *said; /* behind "5:" */
} bad[] = {
        {"RFC 9460 D.3 a key twice", "SVCB 1 foo.example.com. key123=abc key123=def",
                "38: error: SVCB: a key is given twice\n"},
        {"RFC 9460 D.3 mandatory without a value", "SVCB 1 foo.example.com. mandatory",
                "27: error: SVCB: mandatory needs a value\n"},
        {"RFC 9460 D.3 alpn without a value", "SVCB 1 foo.example.com. alpn", "27: error: SVCB: alpn needs a value\n"},
        {"RFC 9460 D.3 port without a value", "SVCB 1 foo.example.com. port", "27: error: SVCB: port needs a value\n"},
        {"RFC 9460 D.3 ipv4hint without a value", "SVCB 1 foo.example.com. ipv4hint",
                "27: error: SVCB: ipv4hint needs a value\n"},
        {"RFC 9460 D.3 ipv6hint without a value", "SVCB 1 foo.example.com. ipv6hint",
                "27: error: SVCB: ipv6hint needs a value\n"},
        {"RFC 9460 D.3 no-default-alpn with a value", "SVCB 1 foo.example.com. no-default-alpn=abc",
                "27: error: SVCB: no-default-alpn takes no value\n"},
        {"RFC 9460 D.3 mandatory names a key that is not there", "SVCB 1 foo.example.com. mandatory=key123",
                "27: error: SVCB: mandatory names a key that is not given\n"},
        {"RFC 9460 D.3 mandatory names itself", "SVCB 1 foo.example.com. mandatory=mandatory",
                "27: error: SVCB: mandatory: 'mandatory' is no key that may stand here\n"},
        {"RFC 9460 D.3 mandatory names a key twice", "SVCB 1 foo.example.com. mandatory=key123,key123 key123=abc",
                "27: error: SVCB: mandatory names one key twice\n"},
        {"RFC 9460 2.1 no TargetName", "HTTPS 1", "9: error: HTTPS: the record ends where a name should be\n"},
        {"RFC 8659 4.1 CAA flags", "CAA 256 issue a", "7: error: CAA: 256 is over 255\n"},
        {"RFC 6698 2.2 TLSA without data", "TLSA 3 1 1",
                "12: error: TLSA: the record ends where hexadecimal digits should be\n"},
        {"RFC 6698 2.2 TLSA, half a byte", "TLSA 3 1 1 abc", "14: error: TLSA: an odd number of hexadecimal digits\n"},
        {"RFC 8162 2 SMIMEA, a usage that is no number", "SMIMEA x 0 0 00",
                "10: error: SMIMEA: 'x' is no certificate usage\n"},
        {"RFC 4255 3.2 SSHFP without a fingerprint", "SSHFP 1 1",
                "11: error: SSHFP: the record ends where hexadecimal digits should be\n"},
        {"RFC 3403 4.1 NAPTR without a replacement", "NAPTR 1 1 a b c",
                "17: error: NAPTR: the record ends where a name should be\n"},
        {"RFC 1876 3 LOC, a latitude over 90", "LOC 91 0 0 N 0 0 0 E 0m",
                "7: error: LOC: '91 0 0 N 0 0 0 E 0m' is no location (RFC 1876)\n"},
        {"RFC 7553 4.5 URI without a target", "URI 1 1", "9: error: URI: the record ends where a string should be\n"},
        {"RFC 7929 2.3 OPENPGPKEY, no base64", "OPENPGPKEY ***", "14: error: OPENPGPKEY: '***' is no base64\n"},
        {"RFC 7344 3.1 CDS, no hexadecimal", "CDS 1 8 2 xyz", "13: error: CDS: 'xyz' is not hexadecimal\n"},
        {"RFC 7344 3.2 CDNSKEY, flags over 65535", "CDNSKEY 65536 3 8 AQAB",
                "11: error: CDNSKEY: 65536 is over 65535\n"},
        {"RFC 7477 2.1.1.3 CSYNC, an unknown type", "CSYNC 1 3 FOO", "13: error: CSYNC: no type is called 'FOO'\n"},
        {"RFC 8976 2.2 ZONEMD, a scheme over 255", "ZONEMD 1 256 1 00", "12: error: ZONEMD: 256 is over 255\n"},
        {"RFC 3597 5 fewer bytes than announced", "TYPE731 \\# 6 abcdef",
                "16: error: TYPE731: 3 bytes follow, not the 6 that were announced\n"},
};

/* Loads HEAD and `a RECORD` of example.com. */
static struct zone *load(const char *record, struct err *err)
{
	char text[2000];
	assert_true((size_t)snprintf(text, sizeof text, HEAD "a %s\n", record) < sizeof text);
	folder_put_text("z", text);
	return zone_of("z", "example.com.", NULL, err);
}

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct err *err = err_new();
		struct zone *zone = load(good[i].record, err);
		print_message("%s\n", good[i].rule);
		if (!zone)
			fail_msg("%s", err_text(err, "z"));
		char *text = zone_text(zone), *at = strstr(text, "\na.example.com. ");
		assert_non_null(at);
		/* TYPE, TTL, then the data */
		at = strchr(at + 16, ' ');
		assert_non_null(at);
		at = strchr(at + 1, ' ');
		assert_non_null(at);
		size_t size = strcspn(at + 1, " \n");
		at[1 + size] = 0;
		assert_string_equal(at + 1, good[i].hex);
		free(text);
		zone_release(zone);
		err_free(err);
	}
}

static void test_bad(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err *err = err_new();
		struct zone *zone = load(bad[i].record, err);
		print_message("%s\n", bad[i].rule);
		assert_null(zone);
		char *said = err_text(err, "z");
		if (strncmp(said, "5:", 2) != 0 || strcmp(said + 2, bad[i].said) != 0) {
			print_error("%s\n%s", bad[i].record, said);
			wrong++;
		}
		free(said);
		err_free(err);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_good, folder_enter, folder_leave),
	        cmocka_unit_test_setup_teardown(test_bad, folder_enter, folder_leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
