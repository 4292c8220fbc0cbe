/*
 * test_map.c: rules: which one decides, what order it gives, how wide it is; sets of data centers; memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { IAD, FRA, SIN, SYD, CDN, DATACENTERS };
static const struct datacenter datacenters[DATACENTERS] = {{"iad", true, 38.95, -77.45, 0, 0},
        {"fra", true, 50.03, 8.57, 0, 0}, {"sin", true, 1.36, 103.99, 0, 0}, {"syd", true, -33.95, 151.18, 0, 0},
        {"cdn", false, 0, 0, 0, 0}};
static const uint8_t all[] = {IAD, FRA, SIN, SYD, CDN};

static const struct world_network networks[] = {
        {"1.0.0.0/8", "{\"country_code\":\"DE\",\"latitude\":52.5,\"longitude\":13.4}"},
        {"1.128.0.0/9", "{\"country_code\":\"BR\",\"latitude\":-23.5,\"longitude\":-46.6}"},
        {"2.0.0.0/8", "{\"country_code\":\"US\",\"state1\":\"HI\",\"latitude\":21.3,\"longitude\":-157.9}"},
        {"2.128.0.0/9", "{\"country_code\":\"US\",\"state1\":\"NY\",\"latitude\":40.7,\"longitude\":-74.0}"},
        {"3.0.0.0/8", "{\"country_code\":\"JP\",\"asn\":64500}"}, {"4.0.0.0/8", "{\"country_code\":\"EU\"}"},
        {"5.0.0.0/8", "{\"asn\":64501}"}, {"6.0.0.0/8", "{\"country_code\":\"QQ\"}"},
        {"192.168.0.0/16", "{\"country_code\":\"DE\",\"latitude\":52.5,\"longitude\":13.4}"},
        {"2a00::/16", "{\"country_code\":\"DE\",\"latitude\":52.5,\"longitude\":13.4}"},
        {"2a01::/16", "{\"country_code\":\"JP\"}"}, {NULL, NULL}};

static const uint8_t sin_only[] = {SIN}, fra_iad[] = {FRA, IAD}, sin_iad[] = {SIN, IAD}, syd_sin[] = {SYD, SIN},
                     cdn_fra[] = {CDN, FRA}, iad_fra_sin[] = {IAD, FRA, SIN};
#define LIST(list)                                                                                                     \
	{                                                                                                              \
		list, COUNT(list), false                                                                               \
	}
#define ONLY(list)                                                                                                     \
	{                                                                                                              \
		list, COUNT(list), true                                                                                \
	}
#define KEYED(kind, key, list)                                                                                         \
	{                                                                                                              \
		kind, key, 0, {.length = 0}, list, "world.yaml", __LINE__                                              \
	}
#define PREFIX(kind, length, list, ...)                                                                                \
	{                                                                                                              \
		kind, NULL, 0, {{__VA_ARGS__}, length}, list, "world.yaml", __LINE__                                   \
	}

static const struct map_rule rules[] = {
        KEYED(RULE_CONTINENT, "EU", LIST(fra_iad)),
        KEYED(RULE_COUNTRY, "BR", LIST(iad_fra_sin)),
        KEYED(RULE_COUNTRY, "JP", ONLY(sin_only)),
        KEYED(RULE_SUBDIVISION, "US-HI", LIST(sin_iad)),
        {RULE_ASN, NULL, 64500, {.length = 0}, LIST(syd_sin), "world.yaml", __LINE__},
        PREFIX(RULE_NET, 22, LIST(cdn_fra), ADDR_V4, {198, 51, 100, 0}),
        PREFIX(RULE_NET, 24, LIST(syd_sin), ADDR_V4, {1, 2, 3, 0}),
        PREFIX(RULE_NET, 16, ONLY(fra_iad), ADDR_V4, {1, 2, 0, 0}),
        PREFIX(RULE_NET, 48, LIST(sin_only), ADDR_V6, {0x20, 0x01, 0x0d, 0xb8, 0, 0x77}),
        PREFIX(RULE_NET, 112, LIST(sin_only), ADDR_V6, {[10] = 0xff, 0xff, 9, 9}),
        PREFIX(RULE_RESOLVER, 25, LIST(sin_only), ADDR_V4, {192, 0, 2, 128}),
        PREFIX(RULE_RESOLVER, 32, LIST(sin_only), ADDR_V4, {1, 2, 3, 4}),
        KEYED(RULE_UNKNOWN, NULL, LIST(iad_fra_sin)),
};
static const struct map_rules world = {"world", rules, COUNT(rules)};

struct built {
	struct geodb *db;
	struct map *map;
	struct err *err;
};

static struct built build(const struct map_rules *map_rules, const uint8_t *const *sets, const uint8_t *counts,
        size_t count, uint64_t memory)
{
	struct built built = {.db = world_open(&(struct world_file){networks, 6, 28}, 1), .err = err_new()};
	built.map = map_build(map_rules, built.db, datacenters, DATACENTERS, sets, counts, count, memory, built.err);
	assert_non_null(built.map);
	return built;
}

static void built_free(struct built *built)
{
	map_free(built->map);
	geodb_free(built->db);
	err_free(built->err);
}

struct expected {
	const char *address, *order;
	unsigned scope;
	enum rule_kind kind; /* of the rule that decides */
	bool resolver;
};
#define NEAREST ((enum rule_kind)99) /* no rule */

static void expect(const struct built *built, const struct map_rules *map_rules, size_t set, const uint8_t *members,
        const struct expected *expected)
{
	struct addr addr = world_addr(expected->address);
	struct map_hit hit = map_find(map_table_get(built->map, set), &addr, expected->resolver);
	struct geo_facts facts;
	const struct map_rule *rule = map_reason(map_rules, built->db, &addr, expected->resolver, &facts);
	char text[2000];
	if (strcmp(world_order(&hit, members, datacenters, text), expected->order) != 0)
		fail_msg("%s: %s, expected %s", expected->address, text, expected->order);
	if (hit.scope != expected->scope)
		fail_msg("%s: scope %u, expected %u", expected->address, hit.scope, expected->scope);
	if ((rule ? rule->kind : NEAREST) != expected->kind)
		fail_msg("%s: rule of kind %d, expected %d", expected->address, rule ? (int)rule->kind : -1,
		        expected->kind);
}

static const struct expected clients[] = {
        {"1.3.0.1", "fra iad sin syd cdn", 16, RULE_CONTINENT, false},
        {"1.64.0.1", "fra iad sin syd cdn", 10, RULE_CONTINENT, false},
        {"1.129.0.1", "iad fra sin syd cdn", 9, RULE_COUNTRY, false},
        {"2.1.0.1", "sin iad syd fra cdn", 9, RULE_SUBDIVISION, false},
        {"2.129.0.1", "iad fra sin syd cdn", 9, NEAREST, false},
        {"3.1.0.1", "syd sin fra iad cdn", 8, RULE_ASN, false},
        {"4.1.0.1", "fra iad sin syd cdn", 8, RULE_CONTINENT, false},
        {"5.1.0.1", "iad fra sin syd cdn", 8, RULE_UNKNOWN, false},
        {"7.1.0.1", "iad fra sin syd cdn", 7, RULE_UNKNOWN, false},
        {"1.2.0.1", "fra iad", 23, RULE_NET, false},
        {"1.2.3.77", "syd sin fra iad cdn", 24, RULE_NET, false},
        {"198.51.100.9", "cdn fra iad sin syd", 22, RULE_NET, false},
        {"2001:db8:77::1", "sin iad fra syd cdn", 48, RULE_NET, false},
        {"2001:db8:78::1", "iad fra sin syd cdn", 45, RULE_UNKNOWN, false},
        {"9.9.1.1", "sin iad fra syd cdn", 16, RULE_NET, false},
        {"192.168.1.1", "iad fra sin syd cdn", 6, RULE_UNKNOWN, false}, /* whatever the database says */
        {"10.1.1.1", "iad fra sin syd cdn", 7, RULE_UNKNOWN, false},
        {"2a00::1", "fra iad sin syd cdn", 16, RULE_CONTINENT, false},
        {"2a01::1", "sin", 16, RULE_COUNTRY, false},
        {"::ffff:1.2.3.77", "syd sin fra iad cdn", 120, RULE_NET, false},
        {"64:ff9b::3.1.0.1", "syd sin fra iad cdn", 104, RULE_ASN, false},
        {"2002:102:377:1::5", "syd sin fra iad cdn", 40, RULE_NET, false},
        {"::1", "iad fra sin syd cdn", 81, RULE_UNKNOWN, false},     /* not over ::ffff:0:0/96 */
        {"2003::1", "iad fra sin syd cdn", 16, RULE_UNKNOWN, false}, /* not over 2002::/16 */
        {"192.0.2.129", "iad fra sin syd cdn", 6, RULE_UNKNOWN, false},
        {"192.0.2.129", "sin iad fra syd cdn", 25, RULE_RESOLVER, true},
        {"192.0.2.1", "iad fra sin syd cdn", 25, RULE_UNKNOWN, true},
        {"1.2.3.4", "sin fra iad syd cdn", 32, RULE_RESOLVER, true},
        {"1.2.3.5", "syd sin fra iad cdn", 32, RULE_NET, true},
        {"1.2.3.4", "syd sin fra iad cdn", 24, RULE_NET, false},
        {"2a01::1", "sin", 16, RULE_COUNTRY, true},
};

static void test_rules(void **state)
{
	(void)state;
	const uint8_t *sets[] = {all};
	struct built built = build(&world, sets, (const uint8_t[]){COUNT(all)}, 1, UINT64_MAX);
	assert_int_equal(err_items(built.err), 0);
	for (unsigned released = 0; released < 2; released++) {
		for (size_t i = 0; i < COUNT(clients); i++)
			expect(&built, &world, 0, all, &clients[i]);
		geodb_release(built.db);
	}
	built_free(&built);
}

/* Without rules: nearest, and the file's order for those who are nowhere; a default list; a list of the default under
 * `only`. */
static void test_defaults(void **state)
{
	(void)state;
	static const struct map_rule list[] = {
	        KEYED(RULE_DEFAULT, NULL, LIST(syd_sin)), KEYED(RULE_UNKNOWN, NULL, LIST(fra_iad))};
	static const struct map_rule only[] = {KEYED(RULE_DEFAULT, NULL, ONLY(syd_sin))};
	static const struct map_rule nearest[] = {{.kind = RULE_DEFAULT}, KEYED(RULE_UNKNOWN, NULL, ONLY(fra_iad))};
	static const struct {
		struct map_rules rules;
		struct expected expected[5];
	} maps[] = {
	        {{"none", NULL, 0}, {{"2.1.0.1", "iad syd sin fra cdn", 9, NEAREST, false},
	                                    {"3.1.0.1", "sin syd fra iad cdn", 8, NEAREST, false},
	                                    {"10.0.0.1", "iad fra sin syd cdn", 5, NEAREST, false},
	                                    {"4.0.0.1", "iad fra sin syd cdn", 6, NEAREST, false},
	                                    {"5.1.0.1", "iad fra sin syd cdn", 6, NEAREST, false}}},
	        {{"list", list, 2}, {{"3.1.0.1", "syd sin fra iad cdn", 8, RULE_DEFAULT, false},
	                                    {"4.1.0.1", "syd sin iad fra cdn", 8, RULE_DEFAULT, false},
	                                    {"6.1.0.1", "syd sin iad fra cdn", 8, RULE_DEFAULT, false},
	                                    {"5.1.0.1", "fra iad sin syd cdn", 8, RULE_UNKNOWN, false},
	                                    {"10.1.0.1", "fra iad sin syd cdn", 5, RULE_UNKNOWN, false}}},
	        {{"only", only, 1}, {{"1.1.1.1", "syd sin", 0, RULE_DEFAULT, false},
	                                    {"10.1.1.1", "syd sin", 0, RULE_DEFAULT, false},
	                                    {"2a00::", "syd sin", 5, RULE_DEFAULT, false},
	                                    {"::", "syd sin", 81, RULE_DEFAULT, false},
	                                    {"3.1.1.1", "syd sin", 0, RULE_DEFAULT, false}}},
	        {{"nearest", nearest, 2}, {{"2.1.0.1", "iad syd sin fra cdn", 9, RULE_DEFAULT, false},
	                                          {"10.1.1.1", "fra iad", 5, RULE_UNKNOWN, false},
	                                          {"4.1.1.1", "fra iad", 6, RULE_UNKNOWN, false},
	                                          {"5.1.1.1", "fra iad", 6, RULE_UNKNOWN, false},
	                                          {"3.1.1.1", "sin syd fra iad cdn", 8, RULE_DEFAULT, false}}},
	};
	const uint8_t *sets[] = {all};
	for (size_t i = 0; i < COUNT(maps); i++) {
		struct built built = build(&maps[i].rules, sets, (const uint8_t[]){COUNT(all)}, 1, UINT64_MAX);
		for (size_t j = 0; j < COUNT(maps[i].expected); j++)
			expect(&built, &maps[i].rules, 0, all, &maps[i].expected[j]);
		built_free(&built);
	}
}

static const uint8_t europe[] = {FRA}, pair[] = {FRA, SIN}, far[] = {SYD, CDN};
static const uint8_t *const some_sets[] = {all, europe, pair, far};
static const uint8_t some_counts[] = {COUNT(all), COUNT(europe), COUNT(pair), COUNT(far)};

/* Orders of a set are those of all, without the rest; scopes as wide as the set allows. */
static void test_sets(void **state)
{
	(void)state;
	static const struct {
		size_t set;
		struct expected expected;
	} expected[] = {{1, {"1.1.1.1", "fra", 0, RULE_CONTINENT, false}},
	        {1, {"10.1.1.1", "fra", 0, RULE_UNKNOWN, false}},
	        {1, {"2a01::1", "fra", 5, RULE_COUNTRY, false}}, /* `only` sin: it is not there */
	        {2, {"1.1.1.1", "fra sin", 15, RULE_CONTINENT, false}},
	        {2, {"2.1.1.1", "sin fra", 9, RULE_SUBDIVISION, false}},
	        {2, {"2a01::1", "sin", 16, RULE_COUNTRY, false}}, {3, {"1.129.0.1", "syd cdn", 1, RULE_COUNTRY, false}},
	        {3, {"198.51.100.1", "cdn syd", 22, RULE_NET, false}},
	        {3, {"2a01::1", "syd cdn", 5, RULE_COUNTRY, false}},
	        {2, {"192.0.2.129", "sin fra", 25, RULE_RESOLVER, true}}};
	struct built built = build(&world, some_sets, some_counts, COUNT(some_sets), UINT64_MAX);
	for (size_t i = 0; i < COUNT(expected); i++)
		expect(&built, &world, expected[i].set, some_sets[expected[i].set], &expected[i].expected);
	for (size_t i = 0; i < COUNT(clients); i++)
		expect(&built, &world, 0, all, &clients[i]);
	/* A warning for each rule whose list is of no use to some set. */
	static const size_t warned[] = {2, 7};
	assert_int_equal(err_items(built.err), COUNT(warned));
	for (size_t i = 0; i < COUNT(warned); i++) {
		assert_string_equal(err_item(built.err, i)->file, "world.yaml");
		assert_int_equal(err_item(built.err, i)->line, rules[warned[i]].line);
		assert_int_equal(err_item(built.err, i)->level, ERR_WARNING);
	}
	built_free(&built);
}

/* Without memory: the same orders, narrower scopes, a warning. */
static void test_memory(void **state)
{
	(void)state;
	struct built rich = build(&world, some_sets, some_counts, COUNT(some_sets), UINT64_MAX);
	struct built poor = build(&world, some_sets, some_counts, COUNT(some_sets), 0);
	bool narrower = false;
	for (size_t set = 0; set < COUNT(some_sets); set++) {
		for (size_t i = 0; i < COUNT(clients); i++) {
			struct addr addr = world_addr(clients[i].address);
			char expected[2000], text[2000];
			struct map_hit hit = map_find(map_table_get(rich.map, set), &addr, clients[i].resolver);
			world_order(&hit, some_sets[set], datacenters, expected);
			unsigned scope = hit.scope;
			hit = map_find(map_table_get(poor.map, set), &addr, clients[i].resolver);
			assert_string_equal(world_order(&hit, some_sets[set], datacenters, text), expected);
			assert_true(hit.scope >= scope);
			narrower |= hit.scope > scope;
		}
	}
	assert_true(narrower);
	assert_int_equal(err_items(poor.err), 3);
	assert_non_null(strstr(err_item(poor.err, 2)->message, "table-memory"));
	uint64_t size = map_table_size(map_table_get(rich.map, 2));
	built_free(&poor);
	/* Just enough for the smallest one. */
	poor = build(
	        &world, some_sets, some_counts, COUNT(some_sets), map_table_size(map_table_get(rich.map, 1)) + 100);
	struct addr addr = world_addr("1.1.1.1");
	assert_int_equal(map_find(map_table_get(poor.map, 1), &addr, false).scope, 0);
	assert_true(map_table_size(map_table_get(poor.map, 2)) < size);
	built_free(&poor);
	built_free(&rich);
}

/* Of those who have iad first, Hawaii loses 3,000 km by its second choice, and New York 6,000. */
static void test_rank(void **state)
{
	(void)state;
	static const struct world_network places[] = {
	        {"2.0.0.0/9", "{\"country_code\":\"US\",\"latitude\":21.3,\"longitude\":-157.9}"},
	        {"2.128.0.0/10", "{\"country_code\":\"US\",\"latitude\":40.7,\"longitude\":-74.0}"},
	        {"3.0.0.0/8", "{\"country_code\":\"DE\",\"latitude\":52.5,\"longitude\":13.4}"},
	        {"2.192.0.0/10", "{\"country_code\":\"QQ\"}"}, {NULL, NULL}};
	static const struct {
		const char *address;
		unsigned start, span;
	} cases[] = {
	        {"2.130.0.1", 0, 21845},   /* a third: loses most, goes last */
	        {"2.1.0.1", 21845, 43690}, /* two thirds */
	        {"3.1.0.1", 0, 65535},     /* all who have fra first */
	        {"::ffff:2.1.0.1", 21845, 43690},
	};
	static const struct map_rules plain = {.name = "plain"};
	static const uint8_t set[] = {IAD, FRA, SIN};
	const uint8_t *const sets[] = {set};
	struct geodb *db = world_open(&(struct world_file){places, 6, 28}, 1);
	struct err *err = err_new();
	struct map *map = map_build(
	        &plain, db, datacenters, DATACENTERS, sets, &(uint8_t){COUNT(set)}, 1, 1 << 20, err);
	assert_non_null(map);
	for (unsigned ranked = 0; ranked < 2; ranked++) {
		for (size_t i = 0; i < COUNT(cases); i++) {
			struct addr addr = world_addr(cases[i].address);
			struct map_hit hit = map_find(map_table_get(map, 0), &addr, false);
			struct map_place place = map_place(map_table_get(map, 0), &hit);
			assert_int_equal(place.start, ranked ? cases[i].start : 0);
			assert_int_equal(place.span, ranked ? cases[i].span : 65535);
		}
		if (!ranked)
			map_rank(map, 0, db, datacenters, set, COUNT(set));
	}
	map_free(map);
	geodb_free(db);
	err_free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rules),
	        cmocka_unit_test(test_defaults),
	        cmocka_unit_test(test_sets),
	        cmocka_unit_test(test_rank),
	        cmocka_unit_test(test_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
