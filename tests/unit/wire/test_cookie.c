/* test_cookie.c: the vectors of RFC 9018, appendix A, and what makes a cookie invalid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/cookie.h"

static size_t unhex(uint8_t *to, const char *hex)
{
	size_t size = strlen(hex) / 2;
	for (size_t i = 0; i < size; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], 0};
		to[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return size;
}

static const struct vector {
	const char *name, *address, *client, *secret, *previous;
	uint32_t now;
	const char *wanted;   /* server cookie made */
	const char *received; /* server cookie judged at `now` */
	enum cookie_state state;
} vectors[] = {
        {"RFC 9018 A.1 learning a new server cookie", "198.51.100.100", "2464c4abcf10c957",
                "e5e973e5a6b2a43f48e7dc849e37bfcf", NULL, 1559731985, "010000005cf79f111f8130c3eee29480", "",
                COOKIE_ABSENT},
        {"RFC 9018 A.2 the same client learning a renewed server cookie", "198.51.100.100", "2464c4abcf10c957",
                "e5e973e5a6b2a43f48e7dc849e37bfcf", NULL, 1559734385, "010000005cf7a871d4a564a1442aca77",
                "010000005cf79f111f8130c3eee29480", COOKIE_VALID},
        {"RFC 9018 A.3 another client, reserved bits are not zero", "203.0.113.203", "fc93fc62807ddb86",
                "e5e973e5a6b2a43f48e7dc849e37bfcf", NULL, 1559734700, "010000005cf7a9acf73a7810aca2381e",
                "01abcdef5cf78f71a314227b6679ebf5", COOKIE_INVALID},
        {"RFC 9018 A.3 the same while it is fresh", "203.0.113.203", "fc93fc62807ddb86",
                "e5e973e5a6b2a43f48e7dc849e37bfcf", NULL, 1559727985, NULL, "01abcdef5cf78f71a314227b6679ebf5",
                COOKIE_VALID},
        {"RFC 9018 A.4 an IPv6 query with a rolled over secret", "2001:db8:220:1:59de:d0f4:8769:82b8",
                "22681ab97d52c298", "445536bcd2513298075a5d379663c962", "dd3bdf9344b678b185a6f5cb60fca715", 1559741961,
                "010000005cf7c609a6bb79d16625507a", "010000005cf7c57926556bd0934c72f8", COOKIE_VALID},
        {"RFC 9018 5 the old secret is gone", "2001:db8:220:1:59de:d0f4:8769:82b8", "22681ab97d52c298",
                "445536bcd2513298075a5d379663c962", NULL, 1559741961, NULL, "010000005cf7c57926556bd0934c72f8",
                COOKIE_INVALID},
};

static struct cookie_secrets secrets_of(const char *first, const char *second)
{
	struct cookie_secrets secrets = {.count = second ? 2 : 1};
	unhex(secrets.secret[0], first);
	if (second)
		unhex(secrets.secret[1], second);
	return secrets;
}

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		const struct vector *v = &vectors[i];
		print_message("%s\n", v->name);
		struct cookie_secrets secrets = secrets_of(v->secret, v->previous);
		struct addr address;
		uint8_t cookie[40], made[COOKIE_BYTES], wanted[16];
		assert_true(addr_parse(&address, v->address));
		unhex(cookie, v->client);
		size_t size = 8 + unhex(cookie + 8, v->received);
		assert_int_equal(cookie_check(&secrets, cookie, size, &address, v->now), v->state);
		if (!v->wanted)
			continue;
		unhex(wanted, v->wanted);
		cookie_make(made, &secrets, cookie, &address, v->now);
		assert_memory_equal(made, cookie, 8);
		assert_memory_equal(made + 8, wanted, 16);
	}
}

static const struct judgement {
	const char *name;
	uint32_t made;
	int32_t later;
	int damaged; /* byte that is changed; -1: none */
	size_t size;
	enum cookie_state state;
} judgements[] = {
        {"RFC 9018 4.3 at once", 1000000, 0, -1, 24, COOKIE_VALID},
        {"RFC 9018 4.3 an hour old", 1000000, 3600, -1, 24, COOKIE_VALID},
        {"RFC 9018 4.3 over an hour old", 1000000, 3601, -1, 24, COOKIE_INVALID},
        {"RFC 9018 4.3 five minutes ahead", 1000000, -300, -1, 24, COOKIE_VALID},
        {"RFC 9018 4.3 over five minutes ahead", 1000000, -301, -1, 24, COOKIE_INVALID},
        {"RFC 9018 4.3 serial arithmetic over 2^32", UINT32_MAX - 10, 60, -1, 24, COOKIE_VALID},
        {"RFC 9018 4.3 serial arithmetic back over 2^32", 5, -60, -1, 24, COOKIE_VALID},
        {"RFC 7873 5.2.3 client cookie changed", 1000000, 0, 0, 24, COOKIE_INVALID},
        {"RFC 9018 4.1 version changed", 1000000, 0, 8, 24, COOKIE_INVALID},
        {"RFC 9018 4.2 reserved changed", 1000000, 0, 9, 24, COOKIE_INVALID},
        {"RFC 9018 4.3 time changed", 1000000, 0, 15, 24, COOKIE_INVALID},
        {"RFC 9018 4.4 first byte of the hash changed", 1000000, 0, 16, 24, COOKIE_INVALID},
        {"RFC 9018 4.4 last byte of the hash changed", 1000000, 0, 23, 24, COOKIE_INVALID},
        {"RFC 7873 5.2.2 client part only", 1000000, 0, -1, 8, COOKIE_ABSENT},
        {"RFC 7873 5.2.4 a byte short", 1000000, 0, -1, 23, COOKIE_INVALID},
        {"RFC 7873 5.2.4 of another server, longer", 1000000, 0, -1, 40, COOKIE_INVALID},
};

static void test_judgements(void **state)
{
	(void)state;
	struct cookie_secrets secrets = secrets_of("e5e973e5a6b2a43f48e7dc849e37bfcf", NULL);
	struct addr client, other;
	addr_parse(&client, "192.0.2.1");
	addr_parse(&other, "192.0.2.2");
	for (size_t i = 0; i < sizeof judgements / sizeof *judgements; i++) {
		const struct judgement *j = &judgements[i];
		uint8_t cookie[40] = {1, 2, 3, 4, 5, 6, 7, 8};
		uint32_t now = j->made + (uint32_t)j->later;
		print_message("%s\n", j->name);
		cookie_make(cookie, &secrets, cookie, &client, j->made);
		if (j->damaged >= 0)
			cookie[j->damaged] ^= 2;
		assert_int_equal(cookie_check(&secrets, cookie, j->size, &client, now), j->state);
		if (j->state == COOKIE_VALID)
			assert_int_equal(cookie_check(&secrets, cookie, j->size, &other, now), COOKIE_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_vectors),
	        cmocka_unit_test(test_judgements),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
