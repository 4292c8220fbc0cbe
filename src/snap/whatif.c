/*
 * whatif.c: which pools are left, and who goes where for that.
 *
 * Called by main/inspect.c and by meridianctl. Services of one table, state and rule are looked at once. A data center
 * that is added gets tables of its own, made by the very code that makes those that serve; the order of the others is
 * the same in them, so that both sides are read out of one table.
 */
#include "snap/whatif.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/dict.h"
#include "snap/compile.h"
#include "snap/plan.h"
#include "wire/name.h"

/* ---- the state ---- */

static void note_pools(struct whatif_state *state, const struct board *board, uint32_t index)
{
	const struct service *service = &board_steering(board)->services[index];
	unsigned family = FAMILY_V6;
	for (unsigned i = 0; i < service->pool_count; i++)
		if (service->names || service->pools[i].of[FAMILY_V4].count)
			family = FAMILY_V4;
	for (unsigned i = 0; i < service->pool_count; i++) {
		enum pool_reason reason = board_pool(board, index, i, family);
		uint64_t bit = UINT64_C(1) << i;
		if (pool_is_usable(reason))
			state->usable[index] |= bit;
		else if (reason == POOL_HELD_BACK)
			state->held[index] |= bit;
	}
}

struct whatif_state *whatif_state_new(const struct board *board)
{
	const struct steering *steering = board_steering(board);
	struct whatif_state *state = calloc(1, sizeof *state);
	MUST(state);
	state->usable = calloc(steering->service_count + 1, sizeof *state->usable);
	state->held = calloc(steering->service_count + 1, sizeof *state->held);
	state->loads = calloc(steering->datacenter_count + 1, sizeof *state->loads);
	state->now = calloc(steering->datacenter_count + 1, sizeof *state->now);
	MUST(state->usable && state->held && state->loads && state->now);
	for (uint32_t i = 0; i < steering->service_count; i++)
		note_pools(state, board, i);
	for (uint32_t i = 0; i < steering->datacenter_count; i++) {
		struct datacenter_view view = board_datacenter(board, i);
		state->loads[i] = board_load(board, i).load;
		state->now[i] = view.drained ? "drained" : view.lost && !view.kept && !view.braked ? "down" : "up";
	}
	return state;
}

void whatif_state_free(struct whatif_state *state)
{
	if (!state)
		return;
	free(state->usable);
	free(state->held);
	free(state->loads);
	free(state->now);
	free(state);
}

/* ---- the question ---- */

/* Words between commas, each once. */
static const char **split(struct arena *arena, const char *text, unsigned *count)
{
	char *copy = arena_string(arena, text), *rest;
	const char **list = arena_alloc(arena, (strlen(text) / 2 + 1) * sizeof *list);
	*count = 0;
	for (char *word = strtok_r(copy, ", ", &rest); word; word = strtok_r(NULL, ", ", &rest)) {
		unsigned i = 0;
		while (i < *count && strcmp(list[i], word) != 0)
			i++;
		if (i == *count)
			list[(*count)++] = word;
	}
	return list;
}

/* A number of degrees up to ±`most`, as `at` of the files has it. */
static bool read_degrees(double *value, const char *text, double most)
{
	char *end;
	if (!*text || strspn(text, "+-.0123456789") != strlen(text))
		return false;
	*value = strtod(text, &end);
	return !*end && fabs(*value) <= most;
}

static bool read_added(struct arena *arena, struct whatif_question *question, const char *added, struct err *err)
{
	char *name = arena_string(arena, added), *place = strchr(name, '='), *comma = place ? strchr(place, ',') : NULL;
	struct datacenter *datacenter = arena_alloc(arena, sizeof *datacenter);
	if (comma) {
		*place++ = *comma++ = 0;
		*datacenter = (struct datacenter){.name = name, .located = true};
	}
	if (!comma || !*name || strpbrk(name, ", ") || !read_degrees(&datacenter->latitude, place, 90) ||
	        !read_degrees(&datacenter->longitude, comma, 180)) {
		err_add(err, ERR_ERROR, NULL, "'%s' is not NAME=LATITUDE,LONGITUDE, such as gru=-23.4,-46.5", added);
		return false;
	}
	question->added = datacenter;
	return true;
}

bool whatif_parse(struct arena *arena, struct whatif_question *question, const char *down, const char *added,
        const char *services, struct err *err)
{
	if (down)
		question->down = split(arena, down, &question->down_count);
	if (services)
		question->services = split(arena, services, &question->service_count);
	if (added && !read_added(arena, question, added, err))
		return false;
	if (question->down_count || added)
		return true;
	err_add(err, ERR_ERROR, NULL, "say what happens: --down DC[,DC], or --add NAME=LATITUDE,LONGITUDE");
	return false;
}

/* ---- what is looked at ---- */

struct looking {
	struct arena *arena;
	const struct snapshot *snapshot;
	const struct whatif_question *question;
	struct dict *keys;
	struct group {
		struct whatif_group shown;
		uint32_t first; /* a service of it */
		uint32_t room;
		uint64_t before, after;
		const struct map_table *table;
	} * groups;
	uint32_t count, room;
	struct map **maps; /* with the data center that is added; by map */
};

static bool is_down(const struct whatif_question *question, const char *name)
{
	for (unsigned i = 0; i < question->down_count; i++)
		if (strcmp(question->down[i], name) == 0)
			return true;
	return false;
}

static bool check_names(const struct snapshot *snapshot, const struct whatif_question *question, struct err *err)
{
	const struct steering *steering = &snapshot->steering;
	bool good = true;
	for (unsigned i = 0; i < question->down_count; i++)
		if (!steering_has(steering, question->down[i])) {
			err_unknown(err, NULL, "data center", question->down[i], steering->datacenters,
			        steering->datacenter_count);
			good = false;
		}
	if (question->added && steering_has(steering, question->added->name)) {
		err_add(err, ERR_ERROR, NULL, "there is a data center '%s' already", question->added->name);
		good = false;
	}
	if (question->added && steering->datacenter_count >= DATACENTERS_MAX) {
		err_add(err, ERR_ERROR, NULL, "there are %d data centers already, and no more can be", DATACENTERS_MAX);
		good = false;
	}
	return good;
}

/* Marks the services that were named, or all; NULL and an error if a name is no service's. */
static bool *wanted_services(struct looking *looking, struct err *err)
{
	const struct conf *conf = looking->snapshot->conf;
	const struct whatif_question *question = looking->question;
	bool *wanted = arena_alloc(looking->arena, conf->service_count), good = true;
	memset(wanted, !question->service_count, conf->service_count);
	for (unsigned i = 0; i < question->service_count; i++) {
		uint8_t name[NAME_BYTES];
		const char *why;
		bool found = false;
		if (!name_parse(name, question->services[i], strlen(question->services[i]), NULL, &why))
			name[0] = 0;
		for (uint32_t j = 0; j < conf->service_count; j++)
			for (uint32_t k = 0; k < conf->services[j].name_count; k++)
				if (name_equal(conf->services[j].names[k], name))
					found = wanted[j] = true;
		if (!found)
			err_unknown(err, NULL, "service", question->services[i], NULL, 0);
		good = good && found;
	}
	return good ? wanted : NULL;
}

/* Pools that are left of a service. */
static uint64_t left_of(const struct looking *looking, uint32_t index)
{
	const struct service *service = &looking->snapshot->steering.services[index];
	const struct whatif_state *state = looking->question->state;
	uint64_t down = 0;
	for (unsigned i = 0; i < service->pool_count; i++)
		if (is_down(looking->question, service->pools[i].name))
			down |= UINT64_C(1) << i;
	uint64_t left = state->usable[index] & ~down;
	if (!left)
		left = state->held[index] & ~down;
	if (!left && service->all_down == ALL_DOWN_POOL)
		left = UINT64_C(1) << service->all_down_pool & ~down;
	return left;
}

static bool takes_added(const struct looking *looking, uint32_t index)
{
	const struct service *service = &looking->snapshot->steering.services[index];
	return looking->question->added && service->map != NO_INDEX && service->pool_count < SHIFT_PLACES;
}

static struct group *group_of(struct looking *looking, const struct group *like)
{
	const struct service *service = &looking->snapshot->steering.services[like->first];
	char *text;
	size_t size;
	FILE *key = open_memstream(&text, &size);
	MUST(key);
	fwrite(&like->before, sizeof like->before, 1, key);
	fwrite(&like->after, sizeof like->after, 1, key);
	fwrite(&like->table, sizeof like->table, 1, key);
	fwrite(&service->all_down, sizeof service->all_down, 1, key);
	if (!like->table)
		fwrite(service->order, 1, service->pool_count, key);
	for (unsigned i = 0; i < service->pool_count; i++)
		fwrite(service->pools[i].name, 1, strlen(service->pools[i].name) + 1, key);
	MUST(fclose(key) == 0);
	uint32_t index = looking->count;
	if (dict_add(looking->keys, text, size, index)) {
		looking->groups = arena_grow(
		        looking->arena, looking->groups, looking->count, &looking->room, sizeof *looking->groups);
		looking->groups[looking->count++] = *like;
	} else {
		dict_get(looking->keys, text, size, &index);
	}
	free(text);
	return &looking->groups[index];
}

static void gather(struct looking *looking, const bool *wanted)
{
	const struct steering *steering = &looking->snapshot->steering;
	looking->keys = dict_new();
	for (uint32_t i = 0; i < steering->service_count; i++) {
		if (!wanted[i])
			continue;
		const struct service *service = &steering->services[i];
		struct group like = {.first = i,
		        .before = looking->question->state->usable[i],
		        .after = left_of(looking, i),
		        .table = looking->snapshot->service_tables[i],
		        .shown.all_down = service->all_down};
		if (takes_added(looking, i))
			like.after |= UINT64_C(1) << service->pool_count;
		if (service->map != NO_INDEX)
			like.shown.map = looking->snapshot->conf->maps[service->map].name;
		struct group *group = group_of(looking, &like);
		struct whatif_group *shown = &group->shown;
		shown->services = arena_grow(
		        looking->arena, shown->services, shown->service_count, &group->room, sizeof *shown->services);
		shown->services[shown->service_count++] = service->name;
	}
	dict_free(looking->keys);
}

/* ---- tables with one more ---- */

/* For each set of a map's services one with the data center that is added. */
static void build_map(struct looking *looking, uint32_t index, const struct geodb *facts, const struct datacenter *all)
{
	const struct conf *conf = looking->snapshot->conf;
	const uint8_t **sets = arena_alloc(looking->arena, looking->count * sizeof *sets);
	uint8_t *counts = arena_alloc(looking->arena, looking->count);
	uint32_t *groups = arena_alloc(looking->arena, looking->count * sizeof *groups), count = 0;
	struct err *err = err_new(); /* what it warns of concerns scopes */
	for (uint32_t i = 0; i < looking->count; i++) {
		uint32_t first = looking->groups[i].first;
		const struct service *service = &looking->snapshot->steering.services[first];
		if (service->map != index || !takes_added(looking, first))
			continue;
		uint8_t *set = arena_bytes(looking->arena, service->pool_count + 1u);
		for (unsigned j = 0; j < service->pool_count; j++)
			set[j] = (uint8_t)service->pools[j].datacenter;
		set[service->pool_count] = (uint8_t)conf->datacenter_count;
		sets[count] = set;
		counts[count] = (uint8_t)(service->pool_count + 1);
		groups[count++] = i;
	}
	if (count)
		looking->maps[index] = map_build(&conf->maps[index], facts, all, conf->datacenter_count + 1u, sets,
		        counts, count, conf->table_memory, err);
	for (uint32_t i = 0; i < count && looking->maps[index]; i++)
		looking->groups[groups[i]].table = map_table_get(looking->maps[index], i);
	err_free(err);
}

static void build_maps(struct looking *looking, const struct geodb *facts)
{
	const struct conf *conf = looking->snapshot->conf;
	struct datacenter *all = arena_alloc(looking->arena, (conf->datacenter_count + 1) * sizeof *all);
	memcpy(all, conf->datacenters, conf->datacenter_count * sizeof *all);
	all[conf->datacenter_count] = *looking->question->added;
	looking->maps = arena_alloc(looking->arena, conf->map_count * sizeof *looking->maps);
	for (uint32_t i = 0; i < conf->map_count; i++)
		build_map(looking, i, facts, all);
}

/* ---- shares ---- */

static void sum_group(struct whatif_group *shown)
{
	for (size_t i = 0; i < shown->shift.count; i++) {
		const struct shift_way *way = &shown->shift.ways[i];
		for (unsigned family = 0; family < GEO_FAMILIES; family++) {
			shown->before[family][way->from] += way->share[family];
			shown->after[family][way->to] += way->share[family];
			shown->moved[family] += way->from != way->to ? way->share[family] : 0;
		}
	}
}

static void find_shift(struct looking *looking, struct group *group, struct shift_ground *ground)
{
	const struct snapshot *snapshot = looking->snapshot;
	const struct service *service = &snapshot->steering.services[group->first];
	const struct datacenter *at[SHIFT_PLACES] = {NULL};
	struct whatif_group *shown = &group->shown;
	shown->names = arena_alloc(looking->arena, (SHIFT_PLACES + 1) * sizeof *shown->names);
	for (unsigned i = 0; i < service->pool_count; i++) {
		uint32_t datacenter = service->pools[i].datacenter;
		shown->names[i] = service->pools[i].name;
		at[i] = datacenter == NO_INDEX ? NULL : &snapshot->conf->datacenters[datacenter];
	}
	shown->name_count = service->pool_count;
	if (takes_added(looking, group->first)) {
		at[shown->name_count] = looking->question->added;
		shown->names[shown->name_count++] = looking->question->added->name;
	}
	shift_find(&shown->shift, ground,
	        &(struct shift_question){.table = group->table,
	                .order = service->order,
	                .count = shown->name_count,
	                .at = at,
	                .before = group->before,
	                .after = group->after});
	shown->left = group->after;
	sum_group(shown);
}

static bool find_all(struct looking *looking, struct whatif *whatif, struct err *err)
{
	struct geodb *again;
	const struct geodb *facts = plan_facts(looking->snapshot, &again, err);
	if (!facts)
		return false;
	struct shift_ground *ground = shift_ground_new(facts, looking->question->log);
	if (looking->question->added)
		build_maps(looking, facts);
	whatif->groups = arena_alloc(looking->arena, looking->count * sizeof *whatif->groups);
	for (uint32_t i = 0; i < looking->count; i++) {
		find_shift(looking, &looking->groups[i], ground);
		whatif->groups[whatif->group_count++] = looking->groups[i].shown;
	}
	for (uint32_t i = 0; looking->maps && i < looking->snapshot->conf->map_count; i++)
		map_free(looking->maps[i]);
	shift_ground_free(ground);
	geodb_free(again);
	return true;
}

static bool is_left(const struct whatif *whatif, const char *name)
{
	for (uint32_t i = 0; i < whatif->group_count; i++) {
		const struct whatif_group *group = &whatif->groups[i];
		for (unsigned j = 0; j < group->name_count; j++)
			if (group->left >> j & 1 && strcmp(group->names[j], name) == 0)
				return true;
	}
	return false;
}

/* What automation would do otherwise. */
static void warn_of_safety(const struct snapshot *snapshot, const struct whatif *whatif,
        const struct whatif_question *question, struct err *err)
{
	const struct safety *safety = &snapshot->steering.safety;
	unsigned left = 0;
	for (uint32_t i = 0; i < whatif->site_count; i++)
		left += is_left(whatif, whatif->sites[i].name);
	if (question->down_count && left < safety->keep)
		err_add(err, ERR_WARNING, NULL,
		        "%u data center%s would be left, and `safety` keeps %u: some that are down would go on being "
		        "given",
		        left, left == 1 ? "" : "s", safety->keep);
	if (safety->brake_per && question->down_count > safety->brake)
		err_add(err, ERR_WARNING, NULL,
		        "the brake of `safety` lets automation take out %u data center%s in %lld s: the others would "
		        "go "
		        "on being given for as long",
		        safety->brake, safety->brake == 1 ? "" : "s", (long long)(safety->brake_per / NANO_SECOND));
}

struct whatif *whatif_new(const struct snapshot *snapshot, const struct whatif_question *question, struct err *err)
{
	struct arena *arena = arena_new();
	struct looking looking = {.arena = arena, .snapshot = snapshot, .question = question};
	struct whatif *whatif = arena_alloc(arena, sizeof *whatif);
	whatif->arena = arena;
	whatif->logged = question->log;
	bool good = check_names(snapshot, question, err);
	const bool *wanted = good ? wanted_services(&looking, err) : NULL;
	if (wanted)
		gather(&looking, wanted);
	if (!wanted || !find_all(&looking, whatif, err)) {
		whatif_free(whatif);
		return NULL;
	}
	whatif_weigh(whatif, snapshot, question);
	warn_of_safety(snapshot, whatif, question, err);
	return whatif;
}

void whatif_free(struct whatif *whatif)
{
	if (!whatif)
		return;
	for (uint32_t i = 0; i < whatif->group_count; i++)
		shift_free(&whatif->groups[i].shift);
	arena_free(whatif->arena);
}
