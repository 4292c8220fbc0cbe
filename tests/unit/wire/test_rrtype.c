/* test_rrtype.c: the table of record types, and the names of response codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/query.h"
#include "wire/rrset.h"

static const struct row {
	const char *name, *text;
	uint16_t type;
	uint8_t skip, names;
	int target; /* bytes before the target; -1: none */
	bool meta;
} rows[] = {
        {"RFC 1035 3.4.1", "A", 1, 0, 0, -1, false},
        {"RFC 1035 3.3.11", "NS", 2, 0, 1, 0, false},
        {"RFC 1035 3.3.1", "CNAME", 5, 0, 1, -1, false},
        {"RFC 1035 3.3.13", "SOA", 6, 0, 2, -1, false},
        {"RFC 1035 3.3.7", "MINFO", 14, 0, 2, -1, false},
        {"RFC 1035 3.3.9", "MX", 15, 2, 1, 2, false},
        {"RFC 1183 1: not of RFC 1035", "AFSDB", 18, 0, 0, 2, false},
        {"RFC 3597 4: RP is not compressed", "RP", 17, 0, 0, -1, false},
        {"RFC 2782", "SRV", 33, 0, 0, 6, false},
        {"RFC 3597 4: NAPTR is not compressed", "NAPTR", 35, 0, 0, -1, false},
        {"RFC 6672 2.5: DNAME is not compressed", "DNAME", 39, 0, 0, -1, false},
        {"RFC 6891", "OPT", 41, 0, 0, -1, true},
        {"RFC 4034 3.1.7: RRSIG is not compressed", "RRSIG", 46, 0, 0, -1, false},
        {"RFC 9460 4.1", "SVCB", 64, 0, 0, 2, false},
        {"RFC 9460 4.1", "HTTPS", 65, 0, 0, 2, false},
        {"RFC 9824 3.4", "NXNAME", 128, 0, 0, -1, true},
        {"RFC 8945", "TSIG", 250, 0, 0, -1, true},
        {"RFC 1995", "IXFR", 251, 0, 0, -1, true},
        {"RFC 1035 3.2.3", "ANY", 255, 0, 0, -1, true},
        {"RFC 8659", "CAA", 257, 0, 0, -1, false},
        {"IANA", "DLV", 32769, 0, 0, -1, false},
        {"RFC 3597 5", "TYPE54", 54, 0, 0, -1, false},
        {"RFC 3597 5", "TYPE65280", 65280, 0, 0, -1, false},
        {"RFC 6895 3.1: 128-255 are meta types", "TYPE200", 200, 0, 0, -1, true},
        {"RFC 6895 3.1: 0 is reserved", "TYPE0", 0, 0, 0, -1, true},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *row = &rows[i];
		const struct rrtype *type = rrtype_get(row->type);
		uint16_t parsed = 1;
		char text[16];
		print_message("%s %s\n", row->name, row->text);
		assert_string_equal(rrtype_format(row->type, text), row->text);
		assert_true(rrtype_parse(&parsed, row->text));
		assert_int_equal(parsed, row->type);
		assert_int_equal(type->skip, row->skip);
		assert_int_equal(type->names, row->names);
		assert_int_equal(type->has_target, row->target >= 0);
		if (row->target >= 0)
			assert_int_equal(type->target_skip, row->target);
		assert_int_equal(type->meta, row->meta);
	}
}

/* Each number's text leads back to it, and a row's number is its place. */
static void test_every_number(void **state)
{
	(void)state;
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		char text[16];
		uint16_t parsed;
		const struct rrtype *row = rrtype_get((uint16_t)type);
		assert_true(!row->name || row->type == type);
		assert_true(rrtype_parse(&parsed, rrtype_format((uint16_t)type, text)));
		assert_int_equal(parsed, type);
	}
}

static void test_parse(void **state)
{
	(void)state;
	static const char *const refused[] = {
	        "", "TYPE", "TYPE-1", "TYPE65536", "TYPE1x", "TYPE 1", "B", "AA", "A ", "*"};
	uint16_t type;
	assert_true(rrtype_parse(&type, "aaaa") && type == TYPE_AAAA);
	assert_true(rrtype_parse(&type, "type28") && type == TYPE_AAAA);
	assert_true(rrtype_parse(&type, "NSAP-ptr") && type == 23);
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		print_message("'%s' is no type\n", refused[i]);
		assert_false(rrtype_parse(&type, refused[i]));
	}
}

static void test_rcodes(void **state)
{
	(void)state;
	char text[16];
	assert_string_equal(rcode_format(RCODE_NOERROR, text), "NOERROR");
	assert_string_equal(rcode_format(RCODE_NXDOMAIN, text), "NXDOMAIN");
	assert_string_equal(rcode_format(RCODE_BADVERS, text), "BADVERS");
	assert_string_equal(rcode_format(RCODE_BADCOOKIE, text), "BADCOOKIE");
	assert_string_equal(rcode_format(12, text), "RCODE12");
	assert_string_equal(rcode_format(77, text), "RCODE77");
	assert_string_equal(rcode_format(4095, text), "RCODE4095");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rows),
	        cmocka_unit_test(test_every_number),
	        cmocka_unit_test(test_parse),
	        cmocka_unit_test(test_rcodes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
