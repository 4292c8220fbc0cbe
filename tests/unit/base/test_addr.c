/*
 * test_addr.c: addresses, prefixes and endpoints, as people and as the kernel write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "base/addr.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_addr(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected; /* NULL: refused */
	} rows[] = {{"192.0.2.1", "192.0.2.1"}, {"0.0.0.0", "0.0.0.0"}, {"255.255.255.255", "255.255.255.255"},
	        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"}, {"::", "::"}, {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"}, {"::ffff:192.0.2.1", "::ffff:192.0.2.1"}, {"", NULL},
	        {"192.0.2", NULL}, {"192.0.2.256", NULL}, {"192.0.2.01", NULL}, {"192.0.2.1 ", NULL},
	        {" 192.0.2.1", NULL}, {"0x7f.1", NULL}, {"1", NULL}, {"2001:db8::1%eth0", NULL},
	        {"2001:db8::1::2", NULL}, {"12345::", NULL}, {"[::1]", NULL}, {"example.com", NULL}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr addr;
		char text[ADDR_TEXT_MAX];
		assert_int_equal(addr_parse(&addr, rows[i].text), rows[i].expected != NULL);
		assert_string_equal(addr_format(&addr, text), rows[i].expected ? rows[i].expected : "none");
	}
}

static void test_mask(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned length;
		const char *expected;
	} rows[] = {{"255.255.255.255", 0, "0.0.0.0"}, {"255.255.255.255", 1, "128.0.0.0"},
	        {"255.255.255.255", 23, "255.255.254.0"}, {"255.255.255.255", 24, "255.255.255.0"},
	        {"255.255.255.255", 32, "255.255.255.255"}, {"2001:db8:ffff:ffff:ffff::1", 33, "2001:db8:8000::"},
	        {"2001:db8::1", 128, "2001:db8::1"}, {"ffff::", 0, "::"}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr addr;
		char text[ADDR_TEXT_MAX];
		assert_true(addr_parse(&addr, rows[i].text));
		addr_mask(&addr, rows[i].length);
		assert_string_equal(addr_format(&addr, text), rows[i].expected);
	}
}

static void test_prefix(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum prefix_fault fault;
		const char *expected;
	} rows[] = {{"192.0.2.0/24", PREFIX_OK, "192.0.2.0/24"}, {"192.0.2.1", PREFIX_OK, "192.0.2.1/32"},
	        {"0.0.0.0/0", PREFIX_OK, "0.0.0.0/0"}, {"::/0", PREFIX_OK, "::/0"},
	        {"2001:db8::/32", PREFIX_OK, "2001:db8::/32"}, {"2001:db8::1", PREFIX_OK, "2001:db8::1/128"},
	        {"192.0.2.1/24", PREFIX_HOST_BITS, "192.0.2.0/24"}, {"192.0.2.0/22", PREFIX_HOST_BITS, "192.0.0.0/22"},
	        {"2001:db8::1/64", PREFIX_HOST_BITS, "2001:db8::/64"}, {"192.0.2.0/33", PREFIX_LENGTH, NULL},
	        {"::/129", PREFIX_LENGTH, NULL}, {"::/99999", PREFIX_LENGTH, NULL},
	        {"::/4294967296", PREFIX_SYNTAX, NULL}, {"192.0.2.0/", PREFIX_SYNTAX, NULL},
	        {"192.0.2.0/-1", PREFIX_SYNTAX, NULL}, {"192.0.2.0/+1", PREFIX_SYNTAX, NULL},
	        {"192.0.2.0/024", PREFIX_SYNTAX, NULL}, {"192.0.2.0/24 ", PREFIX_SYNTAX, NULL},
	        {"192.0.2.0/24/1", PREFIX_SYNTAX, NULL}, {"192.0.2.0/255.255.255.0", PREFIX_SYNTAX, NULL},
	        {"/24", PREFIX_SYNTAX, NULL}, {"", PREFIX_SYNTAX, NULL},
	        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/1", PREFIX_SYNTAX,
	                NULL}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct prefix prefix;
		char text[ADDR_TEXT_MAX];
		assert_int_equal(prefix_parse(&prefix, rows[i].text), rows[i].fault);
		if (rows[i].expected)
			assert_string_equal(prefix_format(&prefix, text), rows[i].expected);
	}
}

static void test_contains(void **state)
{
	(void)state;
	static const struct {
		const char *prefix, *addr;
		bool expected;
	} rows[] = {{"192.0.2.0/23", "192.0.3.255", true}, {"192.0.2.0/23", "192.0.4.0", false},
	        {"0.0.0.0/0", "255.0.0.1", true}, {"0.0.0.0/0", "::", false}, {"::/0", "0.0.0.0", false},
	        {"2001:db8::/33", "2001:db8:7fff::", true}, {"2001:db8::/33", "2001:db8:8000::", false}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct prefix prefix;
		struct addr addr;
		assert_int_equal(prefix_parse(&prefix, rows[i].prefix), PREFIX_OK);
		assert_true(addr_parse(&addr, rows[i].addr));
		assert_int_equal(prefix_contains(&prefix, &addr), rows[i].expected);
	}
}

static void test_endpoint(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected; /* NULL: refused */
	} rows[] = {{"192.0.2.1", "192.0.2.1@53"}, {"::@5300", "::@5300"}, {"127.0.0.1@1", "127.0.0.1@1"},
	        {"127.0.0.1@65535", "127.0.0.1@65535"}, {"127.0.0.1@65536", NULL}, {"127.0.0.1@0", NULL},
	        {"127.0.0.1@", NULL}, {"127.0.0.1@-1", NULL}, {"127.0.0.1@053", NULL}, {"127.0.0.1@53@53", NULL},
	        {"127.0.0.1:53", NULL}, {"@53", NULL}, {"localhost@53", NULL},
	        {"127.0.0.1@99999999999999999999", NULL}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint endpoint;
		struct sockaddr_storage kernel;
		char text[ADDR_TEXT_MAX];
		assert_int_equal(endpoint_parse(&endpoint, rows[i].text, 53), rows[i].expected != NULL);
		if (!rows[i].expected)
			continue;
		socklen_t length = endpoint_to_sockaddr(&endpoint, &kernel);
		assert_int_equal(length,
		        endpoint.addr.family == ADDR_V4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
		struct endpoint back = endpoint_from_sockaddr((struct sockaddr *)&kernel);
		assert_string_equal(endpoint_format(&back, text), rows[i].expected);
		assert_true(addr_equal(&back.addr, &endpoint.addr));
	}
}

static void test_other_family(void **state)
{
	(void)state;
	struct sockaddr_storage kernel = {.ss_family = AF_UNIX};
	assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&kernel).addr.family, ADDR_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_addr), cmocka_unit_test(test_mask),
	        cmocka_unit_test(test_prefix), cmocka_unit_test(test_contains), cmocka_unit_test(test_endpoint),
	        cmocka_unit_test(test_other_family)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
