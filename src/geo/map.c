/*
 * map.c: rules and facts → the tables of a map.
 *
 * First the complete map, as tilings of orders of all data centers that take part: one decision for each distinct fact,
 * one pass over each family. Then for each set the orders are renamed and the tiling is joined again, which needs no
 * database; small sets come first, since they give the widest scopes for the expected memory.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/both.h"
#include "base/hash.h"
#include "geo/decide.h"
#include "geo/special.h"
#include "geo/table.h"

struct map {
	struct map_table *tables;
	size_t count;
	struct poptrie clients[GEO_FAMILIES], resolvers[GEO_FAMILIES]; /* the complete ones, if a set needs them */
	struct order_table orders;
	uint32_t **names; /* by set; NULL: a table of its own, or the complete one */
};

#define AHEAD 16 /* pieces between the fetching of a decision and its use */

/* Decisions on pairs of a rule and a fact, the last ones. */
#define CACHE_SIZE 4096

struct build {
	const struct map_rules *rules;
	const struct geodb *db;
	const uint8_t *const *sets;
	const uint8_t *set_counts;
	size_t set_count;
	struct map *map;
	struct decider decider;
	struct rule_index index;
	bool *closed;          /* by rule: `only` with a data center in every set */
	bool exact;            /* all `only` rules are closed: the complete table has the widest scopes */
	uint32_t *fact_orders; /* by fact */
	uint32_t special_order;
	bool apart; /* the families are done at once, on two threads */
	struct {
		uint64_t key;
		uint32_t order;
	} cache[CACHE_SIZE];
	struct tiling clients[GEO_FAMILIES], resolvers[GEO_FAMILIES]; /* resolvers: no pieces if there are no rules */
	struct tiling_writer own[GEO_FAMILIES];                       /* of the set that is being made */
	uint64_t refused; /* the least guess of a size that then did not fit: no use in trying more */
};

static uint32_t order_for(struct build *build, struct decider *decider, struct order_table *orders,
        const struct map_rule *rule, const struct geo_facts *facts)
{
	uint8_t order[DATACENTERS_MAX];
	bool closed = rule && build->closed[rule - build->rules->rules];
	unsigned count = decider_order(decider, rule, facts, closed, order);
	return order_table_add(orders, order, count);
}

/* Sets up the data centers that are in any set. */
static void gather_members(struct build *build, const struct datacenter *datacenters, size_t count)
{
	bool used[DATACENTERS_MAX] = {false};
	for (size_t i = 0; i < build->set_count; i++)
		for (unsigned j = 0; j < build->set_counts[i]; j++)
			used[build->sets[i][j]] = true;
	decider_init(&build->decider, datacenters, count, used);
}

static bool meets(const struct rule_list *list, const uint8_t *set, unsigned count)
{
	for (unsigned i = 0; i < list->count; i++)
		if (memchr(set, list->datacenters[i], count))
			return true;
	return false;
}

/* Which `only` rules leave nobody without an answer; a warning for those that do. */
static void close_rules(struct build *build, struct err *err)
{
	build->closed = calloc(build->rules->count + 1, sizeof *build->closed);
	MUST(build->closed);
	build->exact = true;
	for (size_t i = 0; i < build->rules->count; i++) {
		const struct map_rule *rule = &build->rules->rules[i];
		size_t missed = 0;
		for (size_t j = 0; rule->list.only && j < build->set_count; j++)
			missed += !meets(&rule->list, build->sets[j], build->set_counts[j]);
		build->closed[i] = !missed;
		build->exact &= !missed;
		if (missed)
			err_add(err, ERR_WARNING, &(struct err_at){.file = rule->file, .line = rule->line},
			        "a service of map '%s' has no data center of this `only` list: there its clients go by "
			        "distance",
			        build->rules->name);
	}
}

/* Facts from..to. */
struct deciding {
	struct build *build;
	struct decider *decider;
	struct order_table *orders;
	uint32_t from, to;
};

static void decide_part(void *argument)
{
	const struct deciding *deciding = argument;
	struct build *build = deciding->build;
	const struct geodb *db = build->db;
	for (uint32_t i = deciding->from; i < deciding->to; i++) {
		struct geo_facts known = geodb_complete(&db->countries, &db->facts.facts[i]);
		build->fact_orders[i] = order_for(
		        build, deciding->decider, deciding->orders, rule_decide(&build->index, &known), &known);
	}
}

/* The orders of the second half, which were numbered by themselves, among those of the first. */
static void join_orders(struct build *build, const struct deciding *second)
{
	struct order_table *all = &build->map->orders;
	uint32_t *names = malloc(second->orders->count * sizeof *names);
	MUST(names);
	for (uint32_t i = 1; i < second->orders->count; i++) {
		const uint8_t *order = order_get(second->orders, i);
		names[i] = order_table_add(all, order + 1, *order);
	}
	for (uint32_t i = second->from; i < second->to; i++)
		build->fact_orders[i] = names[build->fact_orders[i]];
	free(names);
}

static void decide_facts(struct build *build)
{
	uint32_t count = build->db->facts.count, half = build->db->at_once ? count / 2 : count;
	struct geo_facts nothing = geodb_complete(&build->db->countries, &FACT_EMPTY);
	struct decider other = build->decider;
	struct order_table orders;
	order_table_init(&orders, build->decider.count);
	struct deciding first = {build, &build->decider, &build->map->orders, 0, half};
	struct deciding second = {build, &other, &orders, half, count};
	build->fact_orders = malloc(count * sizeof *build->fact_orders);
	MUST(build->fact_orders);
	both(build->db->at_once, decide_part, &first, &second);
	join_orders(build, &second);
	order_table_free(&orders);
	build->special_order = order_for(
	        build, &build->decider, &build->map->orders, rule_decide(&build->index, &nothing), &nothing);
}

/* The order of a net or resolver rule where a fact is known (0: none is). */
static uint32_t order_of_rule(struct build *build, uint32_t rule, uint32_t fact)
{
	uint64_t key = (uint64_t)rule << 32 | fact | UINT64_C(1) << 63;
	uint64_t slot = hash_mix(0, key) % CACHE_SIZE;
	if (build->cache[slot].key != key) {
		struct geo_facts known = geodb_complete(&build->db->countries, &build->db->facts.facts[fact]);
		build->cache[slot].key = key;
		build->cache[slot].order = order_for(
		        build, &build->decider, &build->map->orders, &build->rules->rules[rule], &known);
	}
	return build->cache[slot].order;
}

/* Numbers of the tiling of exceptions: 2 × (rule + 1) + special, or one of the forms that IPv4 has in IPv6. */
#define EXCEPTION_FORM TILING_ID_NONE

/* Rules of a kind, by prefix; number 2 × (rule + 1). *count: how many there are. */
static struct tiling rule_tiling(const struct map_rules *rules, enum rule_kind kind, unsigned family, size_t *count)
{
	struct patch *patches = malloc((rules->count + 1) * sizeof *patches);
	MUST(patches);
	*count = 0;
	for (size_t i = 0; i < rules->count; i++) {
		struct prefix prefix = rules->rules[i].kind == kind ? rule_prefix(&rules->rules[i])
		                                                    : (struct prefix){.length = 0};
		if (prefix.addr.family && geo_family(&prefix.addr) == family)
			patches[(*count)++] = patch_of(&prefix, 2 * ((uint32_t)i + 1));
	}
	struct tiling tiling = tiling_of_patches(patches, *count, 0);
	free(patches);
	return tiling;
}

/* One over the other: specials and rules in one tiling; takes both. */
static struct tiling join_exceptions(struct tiling special, struct tiling rules)
{
	struct tiling_writer writer;
	tiling_begin(&writer, special.count + rules.count);
	struct overlay overlay = overlay_of(&special, &rules);
	unsigned length;
	uint32_t a, b;
	while (overlay_next(&overlay, &length, &a, &b))
		tiling_add(&writer, length, a == EXCEPTION_FORM ? a : a | b);
	tiling_free(&special);
	tiling_free(&rules);
	return tiling_end(&writer);
}

/* The complete tiling of a family: orders of clients by net rules and facts, or of resolvers by their rules alone. */
static struct tiling order_tiling(struct build *build, unsigned family, enum rule_kind kind)
{
	size_t count;
	struct tiling rules = rule_tiling(build->rules, kind, family, &count);
	struct tiling exceptions = join_exceptions(special_tiling(family, EXCEPTION_FORM), rules);
	struct tiling_writer writer;
	tiling_begin(&writer, build->db->networks[family].count + exceptions.count);
	struct overlay overlay = overlay_of(&build->db->networks[family], &exceptions);
	unsigned length;
	uint32_t fact, exception;
	while (overlay_next(&overlay, &length, &fact, &exception)) {
		__builtin_prefetch(
		        &build->fact_orders[overlay.a + AHEAD < overlay.end ? piece_id(overlay.a[AHEAD]) : 0]);
		uint32_t order = kind == RULE_NET ? build->fact_orders[fact] : 0;
		if (exception == EXCEPTION_FORM)
			order = 0;
		else if (exception > 1)
			order = order_of_rule(build, exception / 2 - 1, exception & 1 ? 0 : fact);
		else if (exception && kind == RULE_NET)
			order = build->special_order;
		tiling_add(&writer, length, order);
	}
	tiling_free(&exceptions);
	return tiling_end(&writer);
}

static bool has_rules(const struct map_rules *rules, enum rule_kind kind)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->rules[i].kind == kind)
			return true;
	return false;
}

/* What is done for each family. */
struct family_work {
	struct build *build;
	unsigned family;
	struct map_table *table; /* of a set, and its numbers; NULL: all sets together */
	const uint32_t *names;
};

static void for_families(struct build *build, void (*work)(void *), struct map_table *table, const uint32_t *names)
{
	struct family_work v4 = {build, GEO_V4, table, names}, v6 = {build, GEO_V6, table, names};
	both(build->apart, work, &v4, &v6);
}

static void tile_family(void *argument)
{
	const struct family_work *work = argument;
	struct build *build = work->build;
	build->clients[work->family] = order_tiling(build, work->family, RULE_NET);
	if (has_rules(build->rules, RULE_RESOLVER))
		build->resolvers[work->family] = order_tiling(build, work->family, RULE_RESOLVER);
}

static void build_tilings(struct build *build)
{
	decide_facts(build);
	/* Rules of prefixes make new orders on the way, in one table for both. */
	build->apart = build->db->at_once && !has_rules(build->rules, RULE_NET) &&
	               !has_rules(build->rules, RULE_RESOLVER);
	for_families(build, tile_family, NULL, NULL);
	build->apart = build->db->at_once;
	order_table_seal(&build->map->orders);
}

/* One order by the places in a set (-1: not in it), whose `width` data centers it shall have. Returns how many are
 * candidates; what follows them is of no use to anyone, and put in one way only, so that equal orders are equal. */
static unsigned name_order(const uint8_t *order, unsigned count, const int16_t *places, unsigned width, uint8_t *own)
{
	bool taken[DATACENTERS_MAX];
	unsigned named = 0, candidates = 0;
	memset(taken, false, width);
	for (unsigned i = 0; i < count; i++) {
		int at = places[order[1 + i]];
		if (at >= 0)
			own[named++] = (uint8_t)at;
		if (i + 1 == order[0])
			candidates = named;
	}
	if (!candidates || candidates == width)
		return width;
	for (unsigned i = 0; i < candidates; i++)
		taken[own[i]] = true;
	named = candidates;
	for (unsigned i = 0; i < width; i++)
		if (!taken[i])
			own[named++] = (uint8_t)i;
	return candidates;
}

/* The orders of a set, out of the complete ones; returns the new number of each old one (malloc). */
static uint32_t *name_orders(const struct build *build, size_t set, struct order_table *orders)
{
	const struct order_table *all = &build->map->orders;
	const struct decider *decider = &build->decider;
	unsigned width = build->set_counts[set];
	int16_t places[DATACENTERS_MAX];
	uint32_t *names = malloc(all->count * sizeof *names);
	MUST(names);
	memset(places, -1, sizeof places);
	for (unsigned i = 0; i < width; i++)
		places[decider->position[build->sets[set][i]]] = (int16_t)i;
	order_table_init(orders, width);
	names[0] = 0;
	for (uint32_t id = 1; id < all->count; id++) {
		uint8_t own[DATACENTERS_MAX];
		unsigned count = name_order(order_get(all, id), decider->count, places, width, own);
		names[id] = order_table_add(orders, own, count);
	}
	order_table_seal(orders);
	return names;
}

static uint64_t tables_size(const struct map_table *table)
{
	uint64_t size = order_table_size(&table->orders);
	for (unsigned family = 0; family < GEO_FAMILIES; family++) {
		size += poptrie_size(&table->clients[family]);
		if (table->resolvers[family].direct)
			size += poptrie_size(&table->resolvers[family]);
	}
	return size;
}

/* Bytes of a set's tables, guessed from a sample for a sixteenth of what making them costs: 2 to 2.5 pieces a run. */
static uint64_t guess_size(const struct build *build, const uint32_t *names)
{
	uint64_t runs = 0;
	for (unsigned family = 0; family < GEO_FAMILIES; family++)
		runs += tiling_runs(&build->clients[family], names);
	return 2 * runs * POPTRIE_PIECE_SIZE;
}

static void free_own(struct map_table *table)
{
	for (unsigned family = 0; family < GEO_FAMILIES; family++) {
		poptrie_free(&table->clients[family]);
		poptrie_free(&table->resolvers[family]);
	}
}

/* The tilings of a set, in build->own; false if their tables would take more than `memory`. */
static bool rename_tilings(struct build *build, const uint32_t *names, uint64_t memory)
{
	uint64_t room = memory / POPTRIE_PIECE_SIZE;
	for (unsigned family = 0; family < GEO_FAMILIES; family++) {
		if (!tiling_rename(&build->own[family], &build->clients[family], names, room))
			return false;
		room -= build->own[family].tiling.count;
	}
	return true;
}

static void build_own_family(void *argument)
{
	const struct family_work *work = argument;
	struct tiling_writer *own = &work->build->own[work->family];
	const struct tiling *resolvers = &work->build->resolvers[work->family];
	poptrie_build(&work->table->clients[work->family], &own->tiling);
	if (!resolvers->count)
		return;
	tiling_rename(own, resolvers, work->names, SIZE_MAX);
	poptrie_build(&work->table->resolvers[work->family], &own->tiling);
}

/* Makes a set's own tables; false (and nothing made) if they take more than `memory`. */
static bool build_own(struct build *build, struct map_table *table, const uint32_t *names, uint64_t memory)
{
	uint64_t orders = order_table_size(&table->orders), guess = guess_size(build, names);
	if (orders >= memory || guess > memory || guess >= build->refused)
		return false;
	if (rename_tilings(build, names, memory - orders)) {
		for_families(build, build_own_family, table, names);
		table->size = tables_size(table);
		if (table->size <= memory)
			return true;
		free_own(table);
	}
	build->refused = guess;
	return false;
}

/* The complete tables, once. */
static void build_complete_family(void *argument)
{
	const struct family_work *work = argument;
	struct map *map = work->build->map;
	poptrie_build(&map->clients[work->family], &work->build->clients[work->family]);
	if (work->build->resolvers[work->family].count)
		poptrie_build(&map->resolvers[work->family], &work->build->resolvers[work->family]);
}

static void use_complete(struct build *build, struct map_table *table)
{
	if (!build->map->clients[GEO_V4].direct)
		for_families(build, build_complete_family, NULL, NULL);
	memcpy(table->clients, build->map->clients, sizeof table->clients);
	memcpy(table->resolvers, build->map->resolvers, sizeof table->resolvers);
}

/* Returns the bytes that are the set's own. */
static uint64_t build_set(struct build *build, size_t set, uint64_t memory, size_t *filtered)
{
	struct map_table *table = &build->map->tables[set];
#if defined(__x86_64__)
	table->counts_bits = __builtin_cpu_supports("popcnt");
#endif
	if (build->exact && build->set_counts[set] == build->decider.count) {
		use_complete(build, table);
		table->orders = build->map->orders;
		table->size = tables_size(table);
		return 0;
	}
	uint32_t *names = name_orders(build, set, &table->orders);
	if (build_own(build, table, names, memory)) {
		free(names);
		return table->size;
	}
	use_complete(build, table);
	table->names = build->map->names[set] = names;
	table->size = order_table_size(&table->orders) + build->map->orders.count * sizeof *names;
	++*filtered;
	return table->size;
}

static void build_sets(struct build *build, uint64_t memory, struct err *err)
{
	size_t filtered = 0;
	for (unsigned count = 1; count <= build->decider.count; count++) {
		for (size_t set = 0; set < build->set_count; set++) {
			if (build->set_counts[set] != count)
				continue;
			uint64_t size = build_set(build, set, memory, &filtered);
			memory -= size < memory ? size : memory;
		}
	}
	if (filtered)
		err_add(err, ERR_WARNING, NULL,
		        "map '%s': %zu of %zu sets of data centers find no room in table-memory; their scopes are "
		        "narrower than they could be",
		        build->rules->name, filtered, build->set_count);
}

static void build_free(struct build *build)
{
	for (unsigned family = 0; family < GEO_FAMILIES; family++) {
		tiling_free(&build->clients[family]);
		tiling_free(&build->resolvers[family]);
		tiling_abandon(&build->own[family]);
	}
	rule_index_free(&build->index);
	free(build->fact_orders);
	free(build->closed);
	free(build);
}

struct map *map_build(const struct map_rules *rules, const struct geodb *db, const struct datacenter *datacenters,
        size_t datacenter_count, const uint8_t *const *sets, const uint8_t *set_counts, size_t set_count,
        uint64_t memory, struct err *err)
{
	MUST(datacenter_count <= DATACENTERS_MAX && db->facts.count);
	if (rules->count >= TILING_ID_NONE / 2 - 1) {
		err_add(err, ERR_ERROR, NULL, "map '%s' has too many rules", rules->name);
		return NULL;
	}
	struct map *map = calloc(1, sizeof *map);
	struct build *build = calloc(1, sizeof *build);
	MUST(map && build);
	*build = (struct build){
	        .rules = rules, .db = db, .sets = sets, .set_counts = set_counts, .set_count = set_count, .map = map};
	map->count = set_count;
	map->tables = calloc(set_count + 1, sizeof *map->tables);
	map->names = calloc(set_count + 1, sizeof *map->names);
	MUST(map->tables && map->names);
	gather_members(build, datacenters, datacenter_count);
	order_table_init(&map->orders, build->decider.count);
	rule_index_init(&build->index, rules);
	close_rules(build, err);
	build_tilings(build);
	for (unsigned family = 0; family < GEO_FAMILIES; family++)
		tiling_begin(&build->own[family], build->clients[family].count);
	build->refused = UINT64_MAX;
	build_sets(build, memory, err);
	build_free(build);
	return map;
}

void map_free(struct map *map)
{
	if (!map)
		return;
	for (size_t i = 0; i < map->count; i++) {
		struct map_table *table = &map->tables[i];
		for (unsigned family = 0; family < GEO_FAMILIES; family++) {
			if (table->clients[family].direct != map->clients[family].direct)
				poptrie_free(&table->clients[family]);
			if (table->resolvers[family].direct != map->resolvers[family].direct)
				poptrie_free(&table->resolvers[family]);
		}
		if (table->orders.bytes != map->orders.bytes)
			order_table_free(&table->orders);
		free(map->names[i]);
		free(table->places);
	}
	for (unsigned family = 0; family < GEO_FAMILIES; family++) {
		poptrie_free(&map->clients[family]);
		poptrie_free(&map->resolvers[family]);
	}
	order_table_free(&map->orders);
	free(map->tables);
	free(map->names);
	free(map);
}

struct map_table *map_table_take(struct map *map, size_t set)
{
	MUST(set < map->count);
	return &map->tables[set];
}

const struct map_table *map_table_get(const struct map *map, size_t set)
{
	MUST(set < map->count);
	return &map->tables[set];
}
