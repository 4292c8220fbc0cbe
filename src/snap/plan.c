/*
 * plan.c: which services get another table, and who moves for that.
 *
 * Called by the builder for a plan, and in every reload that has a map with max-move. Services of the same two tables
 * are looked at once: ten thousand of them on one map cost as much as one.
 */
#include "snap/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/dict.h"
#include "snap/compile.h"

/* A service before and after. */
struct pair {
	const struct snapshot *before, *after;
	uint32_t old, now; /* indexes */
};

static const struct service *service_of(const struct snapshot *snapshot, uint32_t index)
{
	return &snapshot->steering.services[index];
}

static bool same_identity(const struct pair *pair)
{
	uint32_t old = service_of(pair->before, pair->old)->map, now = service_of(pair->after, pair->now)->map;
	if (old == NO_INDEX || now == NO_INDEX)
		return old == now;
	return !memcmp(pair->before->geo->identities[old], pair->after->geo->identities[now],
	        sizeof pair->after->geo->identities[now]);
}

/* Whether each client keeps its order, without looking at the tables. */
static bool same_table(const struct pair *pair)
{
	const struct service *old = service_of(pair->before, pair->old), *now = service_of(pair->after, pair->now);
	if (old->pool_count != now->pool_count || !same_identity(pair))
		return false;
	for (unsigned i = 0; i < now->pool_count; i++) {
		unsigned at = old->map == NO_INDEX ? old->order[i] : i, is = now->map == NO_INDEX ? now->order[i] : i;
		if (strcmp(old->pools[at].name, now->pools[is].name) != 0)
			return false;
	}
	return true;
}

/* ---- groups ---- */

struct grouping {
	struct arena *arena;
	const struct snapshot *before, *after;
	bool limited; /* only of maps with max-move */
	struct dict *keys;
	struct group {
		struct plan_group plan;
		struct pair pair; /* the first */
		uint32_t room;
	} * groups;
	uint32_t count, room, same;
};

static void key_side(FILE *key, const struct snapshot *snapshot, uint32_t index)
{
	const struct service *service = service_of(snapshot, index);
	const struct map_table *table = snapshot->service_tables[index];
	fwrite(&table, sizeof table, 1, key);
	fwrite(&service->pool_count, sizeof service->pool_count, 1, key);
	if (!table)
		fwrite(service->order, 1, service->pool_count, key);
	for (unsigned i = 0; i < service->pool_count; i++)
		fwrite(service->pools[i].name, 1, strlen(service->pools[i].name) + 1, key);
}

/* The group of services like this one, made if it is the first. */
static struct group *group_of(struct grouping *grouping, const struct pair *pair)
{
	char *text;
	size_t size;
	FILE *key = open_memstream(&text, &size);
	MUST(key);
	key_side(key, pair->before, pair->old);
	key_side(key, pair->after, pair->now);
	MUST(fclose(key) == 0);
	uint32_t index = grouping->count;
	if (dict_add(grouping->keys, text, size, index)) {
		if (grouping->count == grouping->room) {
			grouping->room = grouping->room ? 2 * grouping->room : 16;
			grouping->groups = realloc(grouping->groups, grouping->room * sizeof *grouping->groups);
			MUST(grouping->groups);
		}
		uint32_t map = service_of(pair->after, pair->now)->map;
		grouping->groups[grouping->count++] = (struct group){
		        .pair = *pair, .plan.map = map == NO_INDEX ? NULL : pair->after->conf->maps[map].name};
	} else {
		dict_get(grouping->keys, text, size, &index);
	}
	free(text);
	return &grouping->groups[index];
}

static void group_add(struct grouping *grouping, struct group *group, const char *name)
{
	struct plan_group *plan = &group->plan;
	if (plan->service_count == group->room) {
		group->room = group->room ? 2 * group->room : 4;
		const char **larger = arena_alloc(grouping->arena, group->room * sizeof *larger);
		if (plan->service_count)
			memcpy(larger, plan->services, plan->service_count * sizeof *larger);
		plan->services = larger;
	}
	plan->services[plan->service_count++] = arena_string(grouping->arena, name);
}

static bool wanted(const struct grouping *grouping, uint32_t now)
{
	uint32_t map = service_of(grouping->after, now)->map;
	return !grouping->limited || (map != NO_INDEX && grouping->after->conf->maps[map].max_move < 100);
}

/* Services of both sides, by name, whose tables differ. */
static void gather(struct grouping *grouping)
{
	struct dict *names = dict_new();
	const struct steering *before = &grouping->before->steering, *after = &grouping->after->steering;
	grouping->keys = dict_new();
	for (uint32_t i = 0; i < before->service_count; i++)
		dict_add(names, before->services[i].name, strlen(before->services[i].name), i);
	for (uint32_t i = 0; i < after->service_count; i++) {
		struct pair pair = {grouping->before, grouping->after, 0, i};
		const char *name = after->services[i].name;
		if (!wanted(grouping, i) || !dict_get(names, name, strlen(name), &pair.old))
			continue;
		if (same_table(&pair))
			grouping->same++;
		else
			group_add(grouping, group_of(grouping, &pair), name);
	}
	dict_free(names);
	dict_free(grouping->keys);
}

/* ---- moves ---- */

/* Positions of a service's pools → common numbers, which grow by the names that are new. */
static void number_pools(
        struct arena *arena, struct plan_group *group, const struct service *service, uint16_t *numbers)
{
	for (unsigned i = 0; i < service->pool_count; i++) {
		unsigned at = 0;
		while (at < group->name_count && strcmp(group->names[at], service->pools[i].name) != 0)
			at++;
		if (at == group->name_count)
			group->names[group->name_count++] = arena_string(arena, service->pools[i].name);
		numbers[i] = (uint16_t)at;
	}
}

static struct moves_side side_of(const struct snapshot *snapshot, uint32_t index, const uint16_t *numbers)
{
	const struct service *service = service_of(snapshot, index);
	return (struct moves_side){.table = snapshot->service_tables[index],
	        .order = service->order,
	        .count = service->pool_count,
	        .names = numbers};
}

static void find_moves(struct arena *arena, struct group *group, const struct census *census)
{
	uint16_t old[POOLS_MAX], now[POOLS_MAX];
	const struct pair *pair = &group->pair;
	group->plan.names = arena_alloc(arena, 2 * POOLS_MAX * sizeof *group->plan.names);
	number_pools(arena, &group->plan, service_of(pair->before, pair->old), old);
	number_pools(arena, &group->plan, service_of(pair->after, pair->now), now);
	struct moves_side before = side_of(pair->before, pair->old, old);
	struct moves_side after = side_of(pair->after, pair->now, now);
	moves_find(&group->plan.moves, census, &before, &after, group->plan.name_count);
}

const struct geodb *plan_facts(const struct snapshot *snapshot, struct geodb **again, struct err *err)
{
	*again = NULL;
	if (snapshot->geodb->networks[GEO_V4].count)
		return snapshot->geodb;
	return *again = geodb_reopen(snapshot->geodb, err);
}

/* Moves of all groups; false and an error if the databases cannot be read again. */
static bool find_all_moves(struct grouping *grouping, const struct query_log *log, struct err *err)
{
	struct geodb *again;
	if (!grouping->count)
		return true;
	const struct geodb *facts = plan_facts(grouping->after, &again, err);
	if (!facts)
		return false;
	struct census *census = census_new(facts, log);
	for (uint32_t i = 0; i < grouping->count; i++)
		find_moves(grouping->arena, &grouping->groups[i], census);
	census_free(census);
	geodb_free(again);
	return true;
}

/* The family of which more moves, if it is too much; −1: it is not. */
static int too_much(const struct moves *moves, const struct map_rules *map)
{
	unsigned family = moves->moved[GEO_V6] > moves->moved[GEO_V4] ? GEO_V6 : GEO_V4;
	return moves->moved[family] * 100 > map->max_move ? (int)family : -1;
}

struct plan *plan_new(
        const struct snapshot *before, const struct snapshot *after, const struct query_log *log, struct err *err)
{
	struct arena *arena = arena_new();
	struct plan *plan = arena_alloc(arena, sizeof *plan);
	struct grouping grouping = {.arena = arena, .before = before, .after = after};
	plan->arena = arena;
	plan->logged = log;
	plan_find_changes(plan, before, after);
	gather(&grouping);
	bool good = find_all_moves(&grouping, log, err);
	plan->same = grouping.same;
	plan->groups = arena_alloc(arena, grouping.count * sizeof *plan->groups);
	for (uint32_t i = 0; i < grouping.count && good; i++) {
		uint32_t map = service_of(after, grouping.groups[i].pair.now)->map;
		struct plan_group *group = &plan->groups[plan->group_count++];
		*group = grouping.groups[i].plan;
		group->limit = map == NO_INDEX ? 100 : after->conf->maps[map].max_move;
		group->over = map != NO_INDEX && !log && too_much(&group->moves, &after->conf->maps[map]) >= 0;
	}
	free(grouping.groups);
	if (good)
		return plan;
	plan_free(plan);
	return NULL;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (uint32_t i = 0; i < plan->group_count; i++)
		moves_free(&plan->groups[i].moves);
	arena_free(plan->arena);
}

/* ---- max-move ---- */

static void refuse(const struct map_rules *map, const struct plan_group *group, unsigned family, struct err *err)
{
	struct err_at at = {.file = map->max_file, .line = map->max_line};
	char others[32] = "";
	if (group->service_count > 1)
		snprintf(others, sizeof others, " and %u more", group->service_count - 1);
	err_add(err, ERR_ERROR, &at,
	        "map '%s': %.1f %% of the IPv%d clients of %s%s would move, more than max-move %u%%; see `meridianctl "
	        "plan`, and let it through by `meridianctl reload --accept`",
	        map->name, 100 * group->moves.moved[family], family == GEO_V4 ? 4 : 6, group->services[0], others,
	        map->max_move);
}

void plan_check_moves(const struct snapshot *before, const struct snapshot *after, struct err *err)
{
	struct arena *arena = arena_new();
	struct grouping grouping = {.arena = arena, .before = before, .after = after, .limited = true};
	gather(&grouping);
	if (find_all_moves(&grouping, NULL, err)) {
		for (uint32_t i = 0; i < grouping.count; i++) {
			struct group *group = &grouping.groups[i];
			uint32_t index = service_of(after, group->pair.now)->map;
			const struct map_rules *map = &after->conf->maps[index];
			int family = too_much(&group->plan.moves, map);
			if (family >= 0)
				refuse(map, &group->plan, (unsigned)family, err);
			moves_free(&group->plan.moves);
		}
	}
	free(grouping.groups);
	arena_free(arena);
}
