/*
 * test_tables.c: random databases, rules, data centers and sets, compiled, against a binary trie that is filled by
 * thinking the long way: every prefix looked at, every distance by haversine, nothing shared with the code but the list
 * of special addresses and the table of countries.
 *
 * For clients the tables must have exactly the cells of the trie, joined as far as they go: the same order, the widest
 * scope. For resolvers and for filtered tables: the same order, and a scope in which all have it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/dict.h"
#include "base/hash.h"
#include "geo/country.h"
#include "geo/special.h"
#include "trie_oracle.h"
#include "world.h"

#define ROUNDS 60
#define FILES 3
#define NETWORKS 40
#define RULES 40
#define CENTERS 12
#define SETS 4

/* One thing a database says. */
struct saying {
	struct prefix prefix;
	char country[3], part[3], text[40];
	bool located;
	int latitude, longitude;
	uint32_t asn;
	char record[200];
};

struct trial {
	uint64_t random;
	struct saying sayings[FILES][NETWORKS];
	unsigned files;
	struct datacenter datacenters[CENTERS];
	unsigned datacenter_count;
	struct map_rule rules[RULES];
	struct map_rules map;
	uint8_t lists[RULES][CENTERS], sets[SETS][CENTERS], set_counts[SETS];
	struct countries countries;
	size_t set; /* the one that is looked at */
	bool resolver;
	struct dict *orders; /* bytes → number */
};

static unsigned pick(struct trial *trial, unsigned count)
{
	trial->random += 0x9e3779b97f4a7c15u;
	return (unsigned)(hash_mix(trial->random, 1) % count);
}

/* Few bits are set, so that prefixes meet; some lie in special space, some around the forms of IPv4. */
static struct prefix pick_prefix(struct trial *trial)
{
	static const char *const places[] = {"0.0.0.0", "10.0.0.0", "192.0.2.0", "224.0.0.0", "9.0.0.0",
	        "2000::", "2001:db8::", "fe00::", "2a00::", "40::", "64:ff9a::", "2003::"};
	struct prefix prefix = {.addr = world_addr(places[pick(trial, 12)])};
	unsigned bits = addr_bits(&prefix.addr);
	unsigned longest = pick(trial, 4) ? (bits == 32 ? 24 : 56) : bits;
	prefix.length = (uint8_t)(1 + pick(trial, longest));
	for (unsigned flips = pick(trial, 4); flips; flips--) {
		unsigned bit = pick(trial, longest);
		prefix.addr.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
	addr_mask(&prefix.addr, prefix.length);
	/* What a file has at ::/96 is its IPv4, and a rule for IPv4 by another name is one for IPv4: test_geodb and
	 * test_map know of that. */
	struct prefix v4 = {.addr = world_addr("::"), .length = 96};
	bool meets = prefix_contains(&v4, &prefix.addr) || prefix_contains(&prefix, &v4.addr);
	for (size_t i = 0; i < FORMS; i++)
		meets |= prefix_contains(&special_forms[i], &prefix.addr);
	if (meets)
		return pick_prefix(trial);
	return prefix;
}

static const char *const countries[] = {"DE", "FR", "US", "JP", "BR", "QQ"};
static const char *const parts[] = {"BE", "HI", "NY"};

static void pick_saying(struct trial *trial, struct saying *saying)
{
	*saying = (struct saying){.prefix = pick_prefix(trial)};
	size_t used = (size_t)snprintf(saying->record, sizeof saying->record, "{\"x\":%u", pick(trial, 3));
	if (pick(trial, 4)) {
		snprintf(saying->country, sizeof saying->country, "%s", countries[pick(trial, 6)]);
		used += (size_t)snprintf(saying->record + used, sizeof saying->record - used,
		        ",\"country_code\":\"%s\"", saying->country);
		if (pick(trial, 2)) {
			snprintf(saying->part, sizeof saying->part, "%s", parts[pick(trial, 3)]);
			used += (size_t)snprintf(saying->record + used, sizeof saying->record - used,
			        ",\"region\":\"%s\"", saying->part);
		}
	}
	if (pick(trial, 2)) {
		saying->located = true;
		saying->latitude = (int)pick(trial, 181) - 90;
		saying->longitude = (int)pick(trial, 361) - 180;
		used += (size_t)snprintf(saying->record + used, sizeof saying->record - used,
		        ",\"lat\":%d,\"lon\":%d.0", saying->latitude, saying->longitude);
	}
	if (!pick(trial, 3)) {
		saying->asn = 1 + pick(trial, 3);
		used += (size_t)snprintf(
		        saying->record + used, sizeof saying->record - used, ",\"asn\":%u", saying->asn);
	}
	snprintf(saying->record + used, sizeof saying->record - used, "}");
}

static int compare_sayings(const void *a, const void *b)
{
	const struct saying *x = a, *y = b;
	return (int)x->prefix.length - (int)y->prefix.length;
}

static void pick_rules(struct trial *trial)
{
	static const char *const keys[][4] = {[RULE_CONTINENT] = {"EU", "NA", "AS", "SA"},
	        [RULE_COUNTRY] = {"DE", "US", "JP", "QQ"},
	        [RULE_SUBDIVISION] = {"DE-BE", "US-HI", "US-NY", "JP-NY"}};
	unsigned count = 0, wanted = pick(trial, RULES);
	bool fallback = false, unknown = false;
	for (unsigned i = 0; i < wanted; i++) {
		struct map_rule *rule = &trial->rules[count];
		*rule = (struct map_rule){
		        .kind = (enum rule_kind)pick(trial, RULE_UNKNOWN + 1), .file = "x", .line = i};
		if (rule->kind == RULE_NET || rule->kind == RULE_RESOLVER)
			rule->prefix = pick_prefix(trial);
		else if (rule->kind == RULE_ASN)
			rule->asn = 1 + pick(trial, 3);
		else if (rule->kind != RULE_DEFAULT && rule->kind != RULE_UNKNOWN)
			rule->key = keys[rule->kind][pick(trial, 4)];
		else if (rule->kind == RULE_DEFAULT ? fallback : unknown)
			continue;
		fallback |= rule->kind == RULE_DEFAULT;
		unknown |= rule->kind == RULE_UNKNOWN;
		bool twice = false;
		for (unsigned j = 0; j < count; j++)
			twice |= trial->rules[j].kind == rule->kind && trial->rules[j].asn == rule->asn &&
			         trial->rules[j].key == rule->key &&
			         trial->rules[j].prefix.length == rule->prefix.length &&
			         addr_equal(&trial->rules[j].prefix.addr, &rule->prefix.addr);
		if (twice)
			continue;
		unsigned listed = rule->kind == RULE_DEFAULT ? pick(trial, 3)
		                                             : 1 + pick(trial, trial->datacenter_count);
		bool in[CENTERS] = {false};
		for (unsigned j = 0; j < listed; j++) {
			unsigned datacenter = pick(trial, trial->datacenter_count);
			if (!in[datacenter])
				trial->lists[count][rule->list.count++] = (uint8_t)datacenter;
			in[datacenter] = true;
		}
		rule->list.datacenters = trial->lists[count];
		rule->list.only = rule->list.count && !pick(trial, 4);
		count++;
	}
	trial->map = (struct map_rules){"random", trial->rules, count};
}

static void pick_trial(struct trial *trial)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};
	struct err *err = err_new();
	assert_true(countries_read(&trial->countries, NULL, err));
	err_free(err);
	trial->files = 1 + pick(trial, FILES);
	for (unsigned file = 0; file < trial->files; file++) {
		for (unsigned i = 0; i < NETWORKS; i++)
			pick_saying(trial, &trial->sayings[file][i]);
		/* Something that makes the file of use whatever the rest is. */
		trial->sayings[file][0].asn = 1;
		snprintf(trial->sayings[file][0].record, 200, "{\"asn\":1}");
		trial->sayings[file][0].country[0] = trial->sayings[file][0].part[0] = 0;
		trial->sayings[file][0].located = false;
		/* Stable enough: of two equal prefixes the later one counts, here and there. */
		qsort(trial->sayings[file], NETWORKS, sizeof **trial->sayings, compare_sayings);
	}
	trial->datacenter_count = 1 + pick(trial, CENTERS);
	for (unsigned i = 0; i < trial->datacenter_count; i++)
		trial->datacenters[i] = (struct datacenter){.name = names[i],
		        .located = pick(trial, 6) > 0,
		        .latitude = pick(trial, 1801) / 10.0 - 90.0,
		        .longitude = pick(trial, 3601) / 10.0 - 180.0,
		        .bias = pick(trial, 4) ? 0 : (int)pick(trial, 199) - 99};
	pick_rules(trial);
	for (size_t i = 0; i < SETS; i++) {
		unsigned mask = 0;
		while (!mask)
			mask = pick(trial, 1u << trial->datacenter_count);
		for (unsigned j = 0; j < trial->datacenter_count; j++)
			if (i == 0 || mask >> j & 1)
				trial->sets[i][trial->set_counts[i]++] = (uint8_t)j;
	}
}

static double haversine(double latitude_a, double longitude_a, double latitude_b, double longitude_b)
{
	double radians = M_PI / 180;
	double a = pow(sin((latitude_a - latitude_b) * radians / 2), 2);
	double b = pow(sin((longitude_a - longitude_b) * radians / 2), 2);
	return 2 * asin(fmin(1, sqrt(a + cos(latitude_a * radians) * cos(latitude_b * radians) * b)));
}

struct known {
	char country[3], continent[3], subdivision[8];
	bool located;
	double latitude, longitude;
	uint32_t asn;
};

static struct known look_up(const struct trial *trial, const struct addr *addr)
{
	struct known known = {.located = false};
	if (special_is(addr))
		return known;
	for (unsigned file = 0; file < trial->files; file++) {
		const struct saying *found = NULL;
		for (unsigned i = 0; i < NETWORKS; i++)
			if (prefix_contains(&trial->sayings[file][i].prefix, addr))
				found = &trial->sayings[file][i];
		if (!found)
			continue;
		if (!known.located && found->located) {
			known.located = true;
			known.latitude = found->latitude;
			known.longitude = found->longitude;
		}
		if (!*known.country)
			memcpy(known.country, found->country, sizeof known.country);
		if (!*known.subdivision && *found->part)
			snprintf(known.subdivision, sizeof known.subdivision, "%s-%s", found->country, found->part);
		if (!known.asn)
			known.asn = found->asn;
	}
	const struct country *country = *known.country ? countries_find(&trial->countries, known.country) : NULL;
	if (country) {
		memcpy(known.continent, country->continent, 2);
		if (!known.located) {
			known.located = true;
			known.latitude = country->latitude / DEGREE;
			known.longitude = country->longitude / DEGREE;
		}
	}
	return known;
}

static const struct map_rule *longest(const struct trial *trial, enum rule_kind kind, const struct addr *addr)
{
	const struct map_rule *found = NULL;
	for (size_t i = 0; i < trial->map.count; i++) {
		const struct map_rule *rule = &trial->rules[i];
		if (rule->kind == kind && prefix_contains(&rule->prefix, addr) &&
		        (!found || rule->prefix.length > found->prefix.length))
			found = rule;
	}
	return found;
}

static const struct map_rule *keyed(const struct trial *trial, enum rule_kind kind, const char *key, uint32_t asn)
{
	for (size_t i = 0; i < trial->map.count; i++) {
		const struct map_rule *rule = &trial->rules[i];
		if (rule->kind == kind &&
		        (kind == RULE_ASN ? asn && rule->asn == asn : !rule->key || strcmp(rule->key, key) == 0))
			return rule;
	}
	return NULL;
}

static const struct map_rule *decide(const struct trial *trial, const struct addr *addr, const struct known *known)
{
	const struct map_rule *rule = trial->resolver ? longest(trial, RULE_RESOLVER, addr) : NULL;
	if (!rule)
		rule = longest(trial, RULE_NET, addr);
	if (!rule)
		rule = keyed(trial, RULE_ASN, NULL, known->asn);
	if (!rule && *known->subdivision)
		rule = keyed(trial, RULE_SUBDIVISION, known->subdivision, 0);
	if (!rule && *known->country)
		rule = keyed(trial, RULE_COUNTRY, known->country, 0);
	if (!rule && *known->continent)
		rule = keyed(trial, RULE_CONTINENT, known->continent, 0);
	if (rule)
		return rule;
	const struct map_rule *fallback = keyed(trial, RULE_DEFAULT, "", 0),
	                      *unknown = keyed(trial, RULE_UNKNOWN, "", 0);
	if (known->located || (*known->country && fallback && fallback->list.count) || !unknown)
		return fallback;
	return unknown;
}

/* How far a data center is for sorting; beyond all for one that is nowhere, and all the same for a client who is. */
static double far(const struct datacenter *datacenter, const struct known *known)
{
	if (!datacenter->located)
		return 1e9;
	if (!known->located)
		return 0;
	double distance = haversine(known->latitude, known->longitude, datacenter->latitude, datacenter->longitude);
	return datacenter->bias > 0 ? distance * (1 - datacenter->bias / 100.0)
	                            : distance / (1 + datacenter->bias / 100.0);
}

/* The order of the set that is looked at: its count, then positions; as a number. */
static uint32_t expected_order(void *context, const struct addr *addr)
{
	struct trial *trial = context;
	for (size_t i = 0; i < FORMS; i++)
		if (prefix_contains(&special_forms[i], addr))
			return ORACLE_APART;
	struct known known = look_up(trial, addr);
	const struct map_rule *rule = decide(trial, addr, &known);
	const uint8_t *set = trial->sets[trial->set];
	uint8_t order[CENTERS];
	bool taken[CENTERS] = {false};
	unsigned count = 0;
	for (unsigned i = 0; rule && i < rule->list.count; i++)
		for (unsigned j = 0; j < trial->set_counts[trial->set]; j++)
			if (set[j] == rule->list.datacenters[i] && !taken[j]) {
				order[count++] = (uint8_t)j;
				taken[j] = true;
			}
	bool only = rule && rule->list.only && count;
	while (!only && count < trial->set_counts[trial->set]) {
		int best = -1;
		for (unsigned j = 0; j < trial->set_counts[trial->set]; j++)
			if (!taken[j] && (best < 0 || far(&trial->datacenters[set[j]], &known) <
			                                      far(&trial->datacenters[set[best]], &known) - 1e-11))
				best = (int)j;
		order[count++] = (uint8_t)best;
		taken[best] = true;
	}
	uint32_t number = (uint32_t)dict_count(trial->orders);
	if (!dict_add(trial->orders, order, count, number))
		dict_get(trial->orders, order, count, &number);
	return number;
}

static uint32_t found_order(struct trial *trial, const struct map_hit *hit)
{
	uint32_t number = ORACLE_APART;
	dict_get(trial->orders, hit->order, hit->count, &number);
	return number;
}

struct check {
	struct trial *trial;
	const struct map_table *table, *filtered;
	const struct oracle *oracle, *resolvers;
};

static void check_address(struct check *check, const struct addr *addr)
{
	char text[ADDR_TEXT_MAX];
	unsigned scope, resolver_scope;
	uint32_t order = oracle_find(check->oracle, addr, &scope);
	if (order == ORACLE_APART)
		return;
	struct map_hit hit = map_find(check->table, addr, false);
	if (found_order(check->trial, &hit) != order || hit.scope != scope)
		fail_msg("%s: order %u scope %u, expected %u scope %u", addr_format(addr, text),
		        found_order(check->trial, &hit), hit.scope, order, scope);
	hit = map_find(check->filtered, addr, false);
	if (found_order(check->trial, &hit) != order || hit.scope < scope)
		fail_msg("%s, filtered: order %u scope %u, expected %u scope %u at least", addr_format(addr, text),
		        found_order(check->trial, &hit), hit.scope, order, scope);
	order = oracle_find(check->resolvers, addr, &resolver_scope);
	for (unsigned i = 0; i < 2; i++) {
		hit = map_find(i ? check->filtered : check->table, addr, true);
		if (found_order(check->trial, &hit) != order || hit.scope < resolver_scope)
			fail_msg("%s, resolver: order %u scope %u, expected %u scope %u at least",
			        addr_format(addr, text), found_order(check->trial, &hit), hit.scope, order,
			        resolver_scope);
	}
}

static void check_cell(void *context, const struct prefix *cell, uint32_t value)
{
	(void)value;
	struct addr last = cell->addr;
	check_address(context, &cell->addr);
	for (unsigned bit = cell->length; bit < addr_bits(&last); bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	check_address(context, &last);
}

static struct oracle *make_oracle(struct trial *trial, unsigned family, bool resolver)
{
	struct oracle *oracle = oracle_new(family);
	const struct prefix *specials;
	size_t count = special_prefixes(&specials);
	for (size_t i = 0; i < count; i++)
		if (specials[i].addr.family == family)
			oracle_cut(oracle, &specials[i]);
	for (size_t i = 0; i < FORMS && family == ADDR_V6; i++)
		oracle_cut(oracle, &special_forms[i]);
	for (unsigned file = 0; file < trial->files; file++)
		for (unsigned i = 0; i < NETWORKS; i++)
			if (trial->sayings[file][i].prefix.addr.family == family)
				oracle_cut(oracle, &trial->sayings[file][i].prefix);
	for (size_t i = 0; i < trial->map.count; i++)
		if (trial->rules[i].prefix.addr.family == family)
			oracle_cut(oracle, &trial->rules[i].prefix);
	trial->resolver = resolver;
	oracle_fill(oracle, expected_order, trial);
	oracle_join(oracle);
	return oracle;
}

static struct geodb *open_files(struct trial *trial)
{
	static struct world_network networks[FILES][NETWORKS + 1];
	static char prefixes[FILES][NETWORKS][ADDR_TEXT_MAX];
	struct world_file files[FILES];
	for (unsigned file = 0; file < trial->files; file++) {
		for (unsigned i = 0; i < NETWORKS; i++)
			networks[file][i] = (struct world_network){
			        prefix_format(&trial->sayings[file][i].prefix, prefixes[file][i]),
			        trial->sayings[file][i].record};
		networks[file][NETWORKS] = (struct world_network){NULL, NULL};
		files[file] = (struct world_file){networks[file], 6, 24 + 4 * pick(trial, 3)};
	}
	return world_open(files, trial->files);
}

static void run_trial(uint64_t seed)
{
	struct trial *trial = calloc(1, sizeof *trial);
	struct err *err = err_new();
	assert_non_null(trial);
	trial->random = seed;
	trial->orders = dict_new();
	pick_trial(trial);
	struct geodb *db = open_files(trial);
	const uint8_t *sets[SETS];
	for (size_t i = 0; i < SETS; i++)
		sets[i] = trial->sets[i];
	struct map *map = map_build(&trial->map, db, trial->datacenters, trial->datacenter_count, sets,
	        trial->set_counts, SETS, UINT64_MAX, err);
	struct map *filtered = map_build(
	        &trial->map, db, trial->datacenters, trial->datacenter_count, sets, trial->set_counts, SETS, 0, err);
	for (trial->set = 0; trial->set < SETS; trial->set++) {
		for (unsigned family = ADDR_V4; family <= ADDR_V6; family += ADDR_V6 - ADDR_V4) {
			struct oracle *oracle = make_oracle(trial, family, false),
			              *resolvers = make_oracle(trial, family, true);
			struct check check = {trial, map_table_get(map, trial->set),
			        map_table_get(filtered, trial->set), oracle, resolvers};
			oracle_walk(oracle, check_cell, &check);
			oracle_walk(resolvers, check_cell, &check);
			oracle_free(oracle);
			oracle_free(resolvers);
		}
	}
	map_free(map);
	map_free(filtered);
	geodb_free(db);
	dict_free(trial->orders);
	free(trial);
	err_free(err);
}

static void test_trials(void **state)
{
	(void)state;
	const char *rounds = getenv("ROUNDS"); /* more of them, by hand */
	unsigned count = rounds ? (unsigned)strtoul(rounds, NULL, 10) : ROUNDS;
	for (unsigned seed = 1; seed <= count; seed++) {
		char name[20];
		snprintf(name, sizeof name, "%u", seed);
		setenv("TRIAL", name, 1);
		run_trial(seed);
	}
}

static int say_trial(void **state)
{
	(void)state;
	print_message("last seed: %s\n", getenv("TRIAL"));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(test_trials, say_trial),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
