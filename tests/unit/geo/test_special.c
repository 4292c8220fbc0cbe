/*
 * test_special.c: addresses that nobody can place, and IPv4 in IPv6.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "geo/special.h"
#include "world.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_specials(void **state)
{
	(void)state;
	static const struct {
		const char *address;
		bool special;
	} addresses[] = {{"0.1.2.3", true}, {"1.0.0.0", false}, {"9.255.255.255", false}, {"10.0.0.0", true},
	        {"10.255.255.255", true}, {"11.0.0.0", false}, {"100.63.255.255", false}, {"100.64.0.0", true},
	        {"100.127.255.255", true}, {"100.128.0.0", false}, {"126.255.255.255", false}, {"127.0.0.1", true},
	        {"169.254.1.1", true}, {"172.15.255.255", false}, {"172.16.0.0", true}, {"172.31.255.255", true},
	        {"172.32.0.0", false}, {"192.0.2.1", true}, {"192.0.3.1", false}, {"192.168.255.255", true},
	        {"192.169.0.0", false}, {"198.17.255.255", false}, {"198.18.0.0", true}, {"198.51.100.9", true},
	        {"203.0.113.9", true}, {"223.255.255.255", false}, {"224.0.0.1", true}, {"255.255.255.255", true},
	        {"::", true}, {"::1", true}, {"2001::1", true}, {"2001:db8::1", true}, {"2001:db9::1", false},
	        {"2001:4860::8888", false}, {"fc00::", true}, {"fdff::1", true}, {"fe80::1", true}, {"ff02::1", true},
	        {"2a00::1", false}, {"3fff:fff::1", true}, {"64:ff9b:1::1", true}};
	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct addr addr = world_addr(addresses[i].address);
		if (special_is(&addr) != addresses[i].special)
			fail_msg("%s: expected %d", addresses[i].address, addresses[i].special);
	}
	const struct prefix *prefixes;
	size_t count = special_prefixes(&prefixes);
	for (size_t i = 0; i < count; i++) {
		struct addr masked = prefixes[i].addr;
		addr_mask(&masked, prefixes[i].length);
		assert_true(addr_equal(&masked, &prefixes[i].addr)); /* no host bits */
		assert_true(special_is(&masked));
	}
}

static void test_forms(void **state)
{
	(void)state;
	static const struct {
		const char *outer, *inner;
		unsigned before;
	} forms[] = {{"::ffff:192.0.2.1", "192.0.2.1", 96}, {"64:ff9b::192.0.2.1", "192.0.2.1", 96},
	        {"2002:c000:201::", "192.0.2.1", 16}, {"2002:c000:201:ffff:ffff:ffff:ffff:ffff", "192.0.2.1", 16},
	        {"::fffe:192.0.2.1", "::fffe:192.0.2.1", 0}, {"::192.0.2.1", "::192.0.2.1", 0},
	        {"64:ff9b:1::192.0.2.1", "64:ff9b:1::192.0.2.1", 0}, {"64:ff9b::1:0:0", "64:ff9b::1:0:0", 0},
	        {"1::ffff:192.0.2.1", "1::ffff:192.0.2.1", 0}, {"2003:c000:201::", "2003:c000:201::", 0},
	        {"0.0.255.255", "0.0.255.255", 0}, {"32.2.1.1", "32.2.1.1", 0}};
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct addr outer = world_addr(forms[i].outer), inner = world_addr(forms[i].inner);
		bool within = false;
		for (size_t j = 0; j < FORMS; j++)
			within |= prefix_contains(&special_forms[j], &outer);
		assert_int_equal(within, forms[i].before > 0); /* the table and the words say the same */
		assert_int_equal(special_unwrap(&outer), forms[i].before);
		assert_true(addr_equal(&outer, &inner));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_specials),
	        cmocka_unit_test(test_forms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
