/*
 * test_distance.c: distances between cities, orders near the antimeridian and the poles, bias, ties.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "geo/distance.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_distances(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		double from[2], to[2], km;
	} ways[] = {
	        {"London - New York", {51.5074, -0.1278}, {40.7128, -74.0060}, 5570.2},
	        {"Tokyo - San Francisco, over the antimeridian", {35.6762, 139.6503}, {37.7749, -122.4194}, 8280},
	        {"Fiji - Samoa, over the antimeridian", {-18.1416, 178.4419}, {-13.8333, -171.7667}, 1146},
	        {"nowhere", {12.5, 34.5}, {12.5, 34.5}, 0},
	        {"a metre", {0, 0}, {0, 0.000008993}, 0.001},
	        {"pole to pole", {90, 0}, {-90, 123}, 20015.1},
	        {"half around", {0, -90}, {0, 90}, 20015.1},
	        {"the same pole, whatever its longitude", {90, 10}, {90, -120}, 0},
	};
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct datacenter to = {.located = true, .latitude = ways[i].to[0], .longitude = ways[i].to[1]};
		double km = geo_distance(ways[i].from[0], ways[i].from[1], &to);
		if (!(fabs(km - ways[i].km) <= ways[i].km * 0.005 + 1e-5))
			fail_msg("%s: %f km, expected %f", ways[i].name, km, ways[i].km);
	}
}

#define AT(latitude, longitude) true, latitude, longitude, 0, 0

static void expect_order(
        const char *name, const struct datacenter *datacenters, double latitude, double longitude, const char *expected)
{
	uint8_t chosen[DATACENTERS_MAX] = {0}, order[DATACENTERS_MAX] = {0};
	char text[DATACENTERS_MAX + 1] = "";
	unsigned count = 0;
	struct atlas atlas;
	for (; datacenters[count].name; count++)
		chosen[count] = order[count] = (uint8_t)count;
	atlas_init(&atlas, datacenters, chosen, count);
	atlas_sort(&atlas, latitude, longitude, order);
	for (unsigned i = 0; i < count; i++)
		text[i] = datacenters[order[i]].name[0];
	if (strcmp(text, expected) != 0)
		fail_msg("%s: %s, expected %s", name, text, expected);
}

static void test_orders(void **state)
{
	(void)state;
	static const struct datacenter pacific[] = {
	        {"west", AT(0, 170)}, {"east", AT(0, -170)}, {"africa", AT(0, 10)}, {NULL}};
	expect_order("west of the antimeridian", pacific, 0, 179, "wea");
	expect_order("east of it", pacific, 0, -179, "ewa");
	expect_order("on it, either way: a tie, by the file", pacific, 0, 180, "wea");
	expect_order("on it, either way: a tie, by the file", pacific, 0, -180, "wea");
	static const struct datacenter north[] = {
	        {"tromsoe", AT(69.6, 18.9)}, {"nome", AT(64.5, -165.4)}, {"quito", AT(0, -78)}, {NULL}};
	expect_order("the pole", north, 90, 0, "tnq");
	expect_order("the pole by another longitude", north, 90, 180, "tnq");
	expect_order("beyond the pole", north, 85, -165, "ntq");
	/* Plain degrees would say that 30 of longitude at 60 north are farther than 20 of latitude. */
	static const struct datacenter flat[] = {{"south", AT(40, 0)}, {"east", AT(60, 30)}, {NULL}};
	expect_order("degrees shrink to the north", flat, 60, 0, "es");
	static const struct datacenter twins[] = {{"b", AT(50, 8)}, {"a", AT(50, 8)}, {"c", AT(50, 8)}, {NULL}};
	expect_order("ties by the file", twins, 10, 10, "bac");
	static const struct datacenter ring[] = {
	        {"a", AT(60, 0)}, {"b", AT(60, 120)}, {"c", AT(60, -120)}, {"d", AT(60, 77)}, {NULL}};
	expect_order("a ring around the pole: a tie", ring, 90, 0, "abcd");
	static const struct datacenter cdn[] = {
	        {"x", false, 0, 0, 0, 0}, {"a", AT(0, 0)}, {"y", false, 0, 0, 0, 0}, {"b", AT(1, 1)}, {NULL}};
	expect_order("those without `at` come last", cdn, 1, 1, "baxy");
}

static void test_bias(void **state)
{
	(void)state;
	struct datacenter pair[] = {{"a", true, 0, 0, 0, 0}, {"b", true, 0, 100, 0, 0}, {NULL}};
	static const struct {
		int bias_a, bias_b;
		double border; /* clients on the equator west of it go to a */
	} borders[] = {{0, 0, 50}, {25, 0, 400.0 / 7}, {0, 25, 300.0 / 7}, {-25, 0, 300.0 / 7}, {50, -50, 80},
	        {99, 0, 10000.0 / 101}, {-99, 0, 100.0 / 101}};
	for (size_t i = 0; i < COUNT(borders); i++) {
		pair[0].bias = borders[i].bias_a;
		pair[1].bias = borders[i].bias_b;
		expect_order("west of the border", pair, 0, borders[i].border - 0.01, "ab");
		expect_order("east of the border", pair, 0, borders[i].border + 0.01, "ba");
	}
	struct datacenter cdn[] = {{"x", false, 0, 0, 0, 0}, {"a", true, 0, 0, -99, 0}, {NULL}};
	expect_order("no bias is so bad as to be nowhere", cdn, 0, 180, "ax");
}

/* Large sets go another way through the sort: any order given to begin with must come to the same. */
static void test_many(void **state)
{
	(void)state;
	static struct datacenter datacenters[DATACENTERS_MAX];
	uint8_t chosen[DATACENTERS_MAX], order[DATACENTERS_MAX] = {0};
	uint64_t random = 1;
	for (unsigned i = 0; i < DATACENTERS_MAX; i++) {
		random = hash_mix(random, i);
		datacenters[i] = (struct datacenter){.name = "x",
		        .located = i % 50 != 7,
		        .latitude = (double)(random % 1800) / 10 - 90,
		        .longitude = (double)(random / 1800 % 3600) / 10 - 180};
		chosen[i] = order[i] = (uint8_t)i;
	}
	for (unsigned count = 1; count <= DATACENTERS_MAX; count += count < 60 ? 1 : 19) {
		struct atlas atlas;
		atlas_init(&atlas, datacenters, chosen, count);
		for (unsigned i = 0; i < count; i++)
			order[i] = (uint8_t)(count - 1 - i);
		for (unsigned round = 0; round < 5; round++) {
			double latitude = (double)round * 40 - 80, longitude = (double)round * 70 - 170, last = -1;
			bool seen[DATACENTERS_MAX] = {false};
			atlas_sort(&atlas, latitude, longitude, order);
			for (unsigned i = 0; i < count; i++) {
				assert_false(seen[order[i]]);
				seen[order[i]] = true;
				const struct datacenter *datacenter = &datacenters[order[i]];
				double far = datacenter->located ? geo_distance(latitude, longitude, datacenter)
				                                 : INFINITY;
				assert_true(far >= last - 1e-6);
				last = far;
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_distances),
	        cmocka_unit_test(test_orders),
	        cmocka_unit_test(test_bias),
	        cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
