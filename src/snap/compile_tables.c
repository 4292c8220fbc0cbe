/*
 * compile_tables.c: databases and maps → the table of each service, made once
 * for each distinct set of data centers, and shared with the snapshot before
 * where nothing of it changed.
 *
 * Called by compile.c once a build; the longest step by far.
 */
#include <stdatomic.h>
#include <string.h>

#include "base/hash.h"
#include "geo/geodb.h"
#include "snap/compile.h"
#include "snap/plan.h"

/* Two chained hashes: equal identity, equal tables. */
static void identify(uint64_t identity[2], const void *bytes, size_t size)
{
	for (unsigned i = 0; i < 2; i++) {
		uint8_t key[16] = {(uint8_t)i};
		memcpy(key + 8, &identity[i], 8);
		identity[i] = siphash(key, bytes, size);
	}
}

static void identify_text(uint64_t identity[2], const char *text)
{
	identify(identity, text ? text : "", text ? strlen(text) + 1 : 0);
}

static void identify_rule(uint64_t identity[2], const struct map_rule *rule)
{
	uint8_t kind = (uint8_t)rule->kind;
	identify(identity, &kind, 1);
	identify_text(identity, rule->key);
	identify(identity, &rule->asn, sizeof rule->asn);
	identify(identity, &rule->prefix.addr.family, 1);
	identify(identity, rule->prefix.addr.bytes, sizeof rule->prefix.addr.bytes);
	identify(identity, &rule->prefix.length, 1);
	identify(identity, &rule->list.only, 1);
	identify(identity, rule->list.datacenters, rule->list.count);
}

static void identify_datacenter(uint64_t identity[2], const struct datacenter *datacenter)
{
	double point[2] = {datacenter->latitude, datacenter->longitude};
	identify_text(identity, datacenter->name);
	identify(identity, &datacenter->located, 1);
	identify(identity, point, datacenter->located ? sizeof point : 0);
	identify(identity, &datacenter->bias, sizeof datacenter->bias);
}

/* The distinct sets of data centers of the services of one map. */
struct sets {
	const uint8_t **list;
	uint8_t *counts;
	bool *spills; /* some service of the set spills */
	uint32_t count;
};

static uint32_t set_add(struct arena *arena, struct sets *sets, const struct service *service)
{
	uint8_t set[POOLS_MAX];
	for (unsigned i = 0; i < service->pool_count; i++)
		set[i] = (uint8_t)service->pools[i].datacenter;
	for (uint32_t i = 0; i < sets->count; i++)
		if (sets->counts[i] == service->pool_count && !memcmp(sets->list[i], set, service->pool_count)) {
			sets->spills[i] |= service->spill;
			return i;
		}
	sets->spills[sets->count] = service->spill;
	sets->list[sets->count] = arena_copy(arena, set, service->pool_count);
	sets->counts[sets->count] = service->pool_count;
	return sets->count++;
}

static struct sets *collect_sets(struct snapshot *snapshot)
{
	const struct conf *conf = snapshot->conf;
	struct arena *arena = snapshot->arena;
	struct sets *sets = arena_alloc(arena, conf->map_count * sizeof *sets);
	uint32_t *users = arena_alloc(arena, conf->map_count * sizeof *users);
	struct service *services = arena_copy(
	        arena, snapshot->steering.services, snapshot->steering.service_count * sizeof *services);
	for (uint32_t i = 0; i < snapshot->steering.service_count; i++)
		if (services[i].map != NO_INDEX)
			users[services[i].map]++;
	for (uint32_t i = 0; i < conf->map_count; i++) {
		sets[i].list = arena_alloc(arena, users[i] * sizeof *sets[i].list);
		sets[i].counts = arena_alloc(arena, users[i]);
		sets[i].spills = arena_alloc(arena, users[i] * sizeof *sets[i].spills);
	}
	for (uint32_t i = 0; i < snapshot->steering.service_count; i++)
		if (services[i].map != NO_INDEX)
			services[i].set = set_add(arena, &sets[services[i].map], &services[i]);
	snapshot->steering.services = services;
	return sets;
}

/* What every map rests on. */
static void identify_base(uint64_t identity[2], const struct geo_unit *unit, const struct conf *conf)
{
	const struct geodb_file *files;
	size_t file_count = geodb_files(unit->geodb, &files);
	for (size_t i = 0; i < file_count; i++)
		identify(identity, files[i].digest, sizeof files[i].digest);
	identify(identity, &unit->geodb->countries, sizeof unit->geodb->countries);
	for (uint32_t i = 0; i < conf->datacenter_count; i++)
		identify_datacenter(identity, &conf->datacenters[i]);
}

static void identify_unit(struct geo_unit *unit, const struct conf *conf, const struct sets *sets)
{
	uint64_t base[2] = {0};
	const struct geodb_file *files;
	size_t file_count = geodb_files(unit->geodb, &files);
	identify_base(base, unit, conf);
	identify(unit->identity, base, sizeof base);
	for (size_t i = 0; i < file_count; i++)
		identify_text(unit->identity, files[i].path);
	identify(unit->identity, &conf->table_memory, sizeof conf->table_memory);
	unit->identities = arena_alloc(unit->arena, conf->map_count * sizeof *unit->identities);
	for (uint32_t i = 0; i < conf->map_count; i++) {
		uint64_t *own = unit->identities[i];
		memcpy(own, base, sizeof base);
		for (size_t j = 0; j < conf->maps[i].count; j++)
			identify_rule(own, &conf->maps[i].rules[j]);
		identify_text(unit->identity, conf->maps[i].name);
		identify(unit->identity, own, sizeof base);
		for (uint32_t j = 0; j < sets[i].count; j++) {
			identify(unit->identity, sets[i].list[j], sets[i].counts[j]);
			identify(unit->identity, &sets[i].spills[j], sizeof sets[i].spills[j]);
		}
	}
}

/* Whether these files would give the unit anew, bytes and all. Told before any database is walked, which most reloads
 * need not. */
static bool same_unit(const struct geo_unit *before, const struct conf *conf, const struct sets *sets)
{
	struct geo_unit like = {.arena = arena_new(), .geodb = before->geodb};
	identify_unit(&like, conf, sets);
	bool same = !memcmp(like.identity, before->identity, sizeof like.identity);
	arena_free(like.arena);
	return same && geodb_unchanged(before->geodb, conf->databases, conf->database_count, conf->countries);
}

static struct geo_unit *unit_open(const struct conf *conf, const struct sets *sets, bool at_once, struct err *err)
{
	struct arena *arena = arena_new();
	struct geo_unit *unit = arena_alloc(arena, sizeof *unit);
	*unit = (struct geo_unit){.arena = arena, .references = 1, .map_count = conf->map_count};
	unit->maps = arena_alloc(arena, conf->map_count * sizeof *unit->maps);
	struct err_at *places = arena_alloc(arena, conf->database_count * sizeof *places);
	for (uint32_t i = 0; i < conf->database_count; i++)
		places[i] = conf_place_at(&conf->database_places[i]);
	unit->geodb = geodb_open(conf->databases, places, conf->database_count, conf->countries, at_once, err);
	if (!unit->geodb) {
		arena_free(arena);
		return NULL;
	}
	identify_unit(unit, conf, sets);
	return unit;
}

void geo_unit_release(struct geo_unit *unit)
{
	if (!unit || atomic_fetch_sub(&unit->references, 1) > 1)
		return;
	for (uint32_t i = 0; i < unit->map_count; i++)
		map_free(unit->maps[i]);
	geodb_free(unit->geodb);
	arena_free(unit->arena);
}

static bool build_maps(struct geo_unit *unit, const struct conf *conf, const struct sets *sets, struct err *err)
{
	uint64_t memory = conf->table_memory;
	for (uint32_t i = 0; i < conf->map_count; i++) {
		if (!sets[i].count)
			continue;
		unit->maps[i] = map_build(&conf->maps[i], unit->geodb, conf->datacenters, conf->datacenter_count,
		        sets[i].list, sets[i].counts, sets[i].count, memory, err);
		if (!unit->maps[i])
			return false;
		for (uint32_t j = 0; j < sets[i].count; j++) {
			uint64_t size = map_table_size(map_table_get(unit->maps[i], j));
			memory -= size < memory ? size : memory;
			if (sets[i].spills[j])
				map_rank(unit->maps[i], j, unit->geodb, conf->datacenters, sets[i].list[j],
				        sets[i].counts[j]);
		}
	}
	return true;
}

void compile_tables(struct snapshot *snapshot, const struct snapshot_request *request, struct err *err)
{
	const struct conf *conf = snapshot->conf;
	const struct snapshot *previous = request->previous;
	const struct sets *sets = collect_sets(snapshot);
	struct geo_unit *before = previous ? previous->geo : NULL, *unit = before;
	if (before && same_unit(before, conf, sets)) {
		atomic_fetch_add(&unit->references, 1);
	} else {
		unit = unit_open(conf, sets, request->keep, err);
		if (!unit || !build_maps(unit, conf, sets, err)) {
			geo_unit_release(unit);
			return;
		}
	}
	snapshot->geo = unit;
	snapshot->geodb = unit->geodb;
	const struct steering *steering = &snapshot->steering;
	const struct map_table **tables = arena_alloc(snapshot->arena, steering->service_count * sizeof *tables);
	for (uint32_t i = 0; i < steering->service_count; i++) {
		const struct service *service = &steering->services[i];
		if (service->map != NO_INDEX)
			tables[i] = map_table_get(unit->maps[service->map], service->set);
	}
	snapshot->service_tables = tables;
	if (previous && !request->accept)
		plan_check_moves(previous, snapshot, err);
	if (unit != before && !request->keep)
		geodb_release(unit->geodb);
}
