/*
 * test_lookup.c: where a name leads, rule by rule (RFC 1034 4.3.2 and those that refine it). Each row names its rule's
 * section; the reply is compared whole, in the order of its records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fixture.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SOA(zone) "ns " zone " 5 SOA m. h. 3 1 1 1 5\n"

struct row {
	const char *rule, *question, *expected;
};

/* One zone with one of each. */
static const struct fixture_zone plain[] = {
        {"ex.", FIXTURE_APEX "www A 192.0.2.1\nwww A 192.0.2.2\nwww TXT t\na.b.c A 192.0.2.3\n"},
        {0},
};

static const struct row plain_rows[] = {
        {"RFC 1034 4.3.2 3a: the node matches", "www.ex A",
                "NOERROR AA\nan www.ex. 60 A 192.0.2.1\nan www.ex. 60 A 192.0.2.2\n"},
        {"RFC 2308 2.2: the name is there, the type is not", "www.ex MX", "NOERROR AA\n" SOA("ex.")},
        {"RFC 2308 2.1: the name is not there", "no.ex A", "NXDOMAIN AA\n" SOA("ex.")},
        {"RFC 8020 2: nothing is below a name that is not there", "a.no.ex A", "NXDOMAIN AA\n" SOA("ex.")},
        {"RFC 4592 2.2.2: an empty non-terminal exists", "b.c.ex A", "NOERROR AA\n" SOA("ex.")},
        {"RFC 1034 3.1: outside of all zones", "example A", "REFUSED\n"},
};

static void check_rows(const struct fixture_zone *zones, const struct row *rows, size_t count)
{
	struct fixture *fixture = fixture_new(&(struct fixture_files){.zones = zones});
	unsigned wrong = 0;
	for (size_t i = 0; i < count; i++) {
		char *text = fixture_ask(fixture, rows[i].question);
		if (strcmp(text, rows[i].expected) != 0) {
			print_error("%s\n? %s\nis:\n%sshould be:\n%s\n", rows[i].rule, rows[i].question, text,
			        rows[i].expected);
			wrong++;
		}
		free(text);
	}
	fixture_free(fixture);
	assert_int_equal(wrong, 0);
}

static void plain_zone(void **state)
{
	(void)state;
	check_rows(plain, plain_rows, COUNT(plain_rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(plain_zone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
