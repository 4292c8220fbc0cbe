/*
 * plan_changes.c: what was added, removed or changed between two snapshots, kind by kind.
 *
 * Called by plan.c. Zones and services are told apart by their digests first, so that what did not change costs a
 * comparison of a few bytes.
 */
#include <string.h>

#include "base/dict.h"
#include "geo/geodb.h"
#include "snap/plan.h"
#include "wire/name.h"

static void note(struct plan *plan, enum plan_kind kind, enum plan_sign sign, const char *name, const char *detail)
{
	struct plan_change **list = &plan->changes[kind];
	uint32_t count = plan->change_count[kind];
	plan->counted[kind][sign]++;
	if (count >= PLAN_CHANGES_MAX)
		return;
	if (!*list)
		*list = arena_alloc(plan->arena, PLAN_CHANGES_MAX * sizeof **list);
	(*list)[plan->change_count[kind]++] = (struct plan_change){
	        .kind = kind, .sign = sign, .name = arena_string(plan->arena, name), .detail = detail};
}

/* ---- names of zones ---- */

static bool has_records(const struct node *node)
{
	return node && node->set_count && !(node->flags & NODE_OCCLUDED);
}

/* Sets are compared as they stand; an SOA changes with every version and says nothing. */
static bool same_sets(const struct node *a, const struct node *b)
{
	if (a->set_count != b->set_count)
		return false;
	for (unsigned i = 0; i < a->set_count; i++) {
		const struct rrset *x = &a->sets[i], *y = &b->sets[i];
		if (x->type != y->type)
			return false;
		if (x->type != TYPE_SOA && (x->size != y->size || memcmp(x->wire, y->wire, x->size) != 0))
			return false;
	}
	return true;
}

static const struct node *node_of(const struct zone *zone, const struct node *like)
{
	return zone_find(zone, like->name, like->length, name_hash(like->name, zone->seed));
}

/* Notes the names of `zone` that `other` has not, or has with other records. */
static void note_names(
        struct plan *plan, const struct zone *zone, const struct zone *other, bool new, uint64_t counts[])
{
	char text[NAME_TEXT_MAX];
	for (uint32_t i = 0; i < zone->node_count; i++) {
		const struct node *node = &zone->nodes[i];
		if (!has_records(node))
			continue;
		const struct node *match = other ? node_of(other, node) : NULL;
		if (!has_records(match)) {
			note(plan, PLAN_NAME, new ? PLAN_ADDED : PLAN_REMOVED, name_format(node->name, text), NULL);
			counts[new ? PLAN_ADDED : PLAN_REMOVED]++;
		} else if (new && !same_sets(node, match)) {
			note(plan, PLAN_NAME, PLAN_CHANGED, name_format(node->name, text), NULL);
			counts[PLAN_CHANGED]++;
		}
	}
}

static void compare_zone(struct plan *plan, const struct snapshot_zone *old, const struct snapshot_zone *now)
{
	char text[NAME_TEXT_MAX];
	uint64_t counts[PLAN_SIGNS] = {0};
	name_format(now->name, text);
	if (old->zone == now->zone)
		return;
	if (old->zone && now->zone && !memcmp(old->zone->digest, now->zone->digest, sizeof now->zone->digest))
		return;
	if (!old->zone || !now->zone) {
		note(plan, PLAN_ZONE, PLAN_CHANGED, text, now->zone ? "can be loaded again" : "cannot be loaded");
		return;
	}
	note_names(plan, now->zone, old->zone, true, counts);
	note_names(plan, old->zone, now->zone, false, counts);
	note(plan, PLAN_ZONE, PLAN_CHANGED, text,
	        arena_printf(plan->arena, "serial %u -> %u: %llu names added, %llu removed, %llu changed",
	                old->zone->serial, now->zone->serial, (unsigned long long)counts[PLAN_ADDED],
	                (unsigned long long)counts[PLAN_REMOVED], (unsigned long long)counts[PLAN_CHANGED]));
}

static void whole_zone(struct plan *plan, const struct snapshot_zone *zone, enum plan_sign sign)
{
	char text[NAME_TEXT_MAX];
	uint64_t names = 0;
	for (uint32_t i = 0; zone->zone && i < zone->zone->node_count; i++)
		names += has_records(&zone->zone->nodes[i]);
	note(plan, PLAN_ZONE, sign, name_format(zone->name, text),
	        zone->zone ? arena_printf(plan->arena, "%llu names", (unsigned long long)names) : "cannot be loaded");
}

/* ---- what has a name ---- */

/* A list of things with names, as both snapshots have one. */
struct listed {
	const char *(*name)(const struct snapshot *snapshot, uint32_t index, char text[NAME_TEXT_MAX]);
	/* Notes what differs. */
	void (*compare)(struct plan *plan, const struct snapshot *before, uint32_t old, const struct snapshot *after,
	        uint32_t now);
	void (*whole)(struct plan *plan, const struct snapshot *snapshot, uint32_t index, enum plan_sign sign);
};

static const char *zone_name(const struct snapshot *snapshot, uint32_t index, char text[NAME_TEXT_MAX])
{
	return name_format(snapshot->zones[index].name, text);
}

static void zones_compare(
        struct plan *plan, const struct snapshot *before, uint32_t old, const struct snapshot *after, uint32_t now)
{
	compare_zone(plan, &before->zones[old], &after->zones[now]);
}

static void zone_whole(struct plan *plan, const struct snapshot *snapshot, uint32_t index, enum plan_sign sign)
{
	whole_zone(plan, &snapshot->zones[index], sign);
}

static const char *datacenter_name(const struct snapshot *snapshot, uint32_t index, char text[NAME_TEXT_MAX])
{
	(void)text;
	return snapshot->conf->datacenters[index].name;
}

static void datacenters_compare(
        struct plan *plan, const struct snapshot *before, uint32_t old, const struct snapshot *after, uint32_t now)
{
	const struct datacenter *a = &before->conf->datacenters[old], *b = &after->conf->datacenters[now];
	char detail[256] = "";
	size_t size = 0;
	if (a->located != b->located || (b->located && (a->latitude != b->latitude || a->longitude != b->longitude)))
		size += (size_t)snprintf(detail, sizeof detail, "; at another place");
	if (a->bias != b->bias)
		size += (size_t)snprintf(detail + size, sizeof detail - size, "; bias %d -> %d", a->bias, b->bias);
	if (a->capacity != b->capacity)
		size += (size_t)snprintf(
		        detail + size, sizeof detail - size, "; capacity %g -> %g", a->capacity, b->capacity);
	if (size)
		note(plan, PLAN_DATACENTER, PLAN_CHANGED, b->name, arena_string(plan->arena, detail + 2));
}

static const char *probe_name(const struct snapshot *snapshot, uint32_t index, char text[NAME_TEXT_MAX])
{
	(void)text;
	return snapshot->conf->probes[index].name;
}

static void probes_compare(
        struct plan *plan, const struct snapshot *before, uint32_t old, const struct snapshot *after, uint32_t now)
{
	if (before->conf->probes[old].digest != after->conf->probes[now].digest)
		note(plan, PLAN_PROBE, PLAN_CHANGED, after->conf->probes[now].name, NULL);
}

static const char *service_name(const struct snapshot *snapshot, uint32_t index, char text[NAME_TEXT_MAX])
{
	(void)text;
	return snapshot->steering.services[index].name;
}

static void services_compare(
        struct plan *plan, const struct snapshot *before, uint32_t old, const struct snapshot *after, uint32_t now)
{
	if (before->conf->services[old].digest != after->conf->services[now].digest)
		note(plan, PLAN_SERVICE, PLAN_CHANGED, after->steering.services[now].name, NULL);
}

static const char *database_name(const struct snapshot *snapshot, uint32_t index, char text[NAME_TEXT_MAX])
{
	const struct geodb_file *files;
	(void)text;
	geodb_files(snapshot->geodb, &files);
	const char *slash = strrchr(files[index].path, '/'); /* whichever folder it is read from */
	return slash ? slash + 1 : files[index].path;
}

static void databases_compare(
        struct plan *plan, const struct snapshot *before, uint32_t old, const struct snapshot *after, uint32_t now)
{
	const struct geodb_file *a, *b;
	geodb_files(before->geodb, &a);
	geodb_files(after->geodb, &b);
	if (memcmp(a[old].digest, b[now].digest, sizeof a[old].digest) != 0)
		note(plan, PLAN_DATABASE, PLAN_CHANGED, b[now].path,
		        arena_printf(plan->arena, "%llu networks -> %llu", (unsigned long long)a[old].records,
		                (unsigned long long)b[now].records));
}

/* ---- maps ---- */

/* What a rule is for: "net 192.0.2.0/24", "country DE". */
static const char *rule_text(const struct map_rule *rule, char text[NAME_TEXT_MAX])
{
	static const char *const kinds[] = {
	        "default", "continent", "country", "subdivision", "asn", "net", "resolver", "unknown"};
	char prefix[ADDR_TEXT_MAX];
	if (rule->key)
		snprintf(text, NAME_TEXT_MAX, "%s %s", kinds[rule->kind], rule->key);
	else if (rule->kind == RULE_ASN)
		snprintf(text, NAME_TEXT_MAX, "asn %u", rule->asn);
	else if (rule->kind == RULE_NET || rule->kind == RULE_RESOLVER)
		snprintf(text, NAME_TEXT_MAX, "%s %s", kinds[rule->kind], prefix_format(&rule->prefix, prefix));
	else
		snprintf(text, NAME_TEXT_MAX, "%s", kinds[rule->kind]);
	return text;
}

static bool same_list(
        const struct conf *before, const struct rule_list *a, const struct conf *after, const struct rule_list *b)
{
	if (a->count != b->count || a->only != b->only)
		return false;
	for (unsigned i = 0; i < a->count; i++)
		if (strcmp(before->datacenters[a->datacenters[i]].name, after->datacenters[b->datacenters[i]].name) !=
		        0)
			return false;
	return true;
}

static void note_rule(struct plan *plan, const struct map_rules *map, const struct map_rule *rule, enum plan_sign sign)
{
	char text[NAME_TEXT_MAX];
	if (plan->change_count[PLAN_RULE] >= PLAN_CHANGES_MAX) {
		plan->counted[PLAN_RULE][sign]++;
		return;
	}
	note(plan, PLAN_RULE, sign, arena_printf(plan->arena, "%s: %s", map->name, rule_text(rule, text)),
	        arena_printf(plan->arena, "%s:%u", rule->file, rule->line));
}

/* Rules that `map` has and `other` has not, or (`new`) with another list. */
static void compare_rules(struct plan *plan, const struct conf *conf, const struct map_rules *map,
        const struct conf *other_conf, const struct map_rules *other, bool new)
{
	struct dict *rules = dict_new();
	char text[NAME_TEXT_MAX];
	for (size_t i = 0; i < other->count; i++) {
		rule_text(&other->rules[i], text);
		dict_add(rules, text, strlen(text), (uint32_t)i);
	}
	for (size_t i = 0; i < map->count; i++) {
		uint32_t match;
		rule_text(&map->rules[i], text);
		if (!dict_get(rules, text, strlen(text), &match))
			note_rule(plan, map, &map->rules[i], new ? PLAN_ADDED : PLAN_REMOVED);
		else if (new && !same_list(conf, &map->rules[i].list, other_conf, &other->rules[match].list))
			note_rule(plan, map, &map->rules[i], PLAN_CHANGED);
	}
	dict_free(rules);
}

static const char *map_name(const struct snapshot *snapshot, uint32_t index, char text[NAME_TEXT_MAX])
{
	(void)text;
	return snapshot->conf->maps[index].name;
}

static void maps_compare(
        struct plan *plan, const struct snapshot *before, uint32_t old, const struct snapshot *after, uint32_t now)
{
	const struct map_rules *a = &before->conf->maps[old], *b = &after->conf->maps[now];
	uint64_t counts[PLAN_SIGNS];
	memcpy(counts, plan->counted[PLAN_RULE], sizeof counts);
	compare_rules(plan, after->conf, b, before->conf, a, true);
	compare_rules(plan, before->conf, a, after->conf, b, false);
	for (unsigned i = 0; i < PLAN_SIGNS; i++)
		counts[i] = plan->counted[PLAN_RULE][i] - counts[i];
	if (counts[PLAN_ADDED] + counts[PLAN_REMOVED] + counts[PLAN_CHANGED])
		note(plan, PLAN_MAP, PLAN_CHANGED, b->name,
		        arena_printf(plan->arena, "%llu rules added, %llu removed, %llu changed",
		                (unsigned long long)counts[PLAN_ADDED], (unsigned long long)counts[PLAN_REMOVED],
		                (unsigned long long)counts[PLAN_CHANGED]));
	else if (a->max_move != b->max_move)
		note(plan, PLAN_MAP, PLAN_CHANGED, b->name,
		        arena_printf(plan->arena, "max-move %u%% -> %u%%", a->max_move, b->max_move));
}

/* ---- all of them ---- */

static void compare_lists(struct plan *plan, enum plan_kind kind, const struct snapshot *before, uint32_t old_count,
        const struct snapshot *after, uint32_t now_count, const struct listed *listed)
{
	struct dict *old = dict_new(), *now = dict_new();
	char text[NAME_TEXT_MAX];
	for (uint32_t i = 0; i < old_count; i++) {
		const char *name = listed->name(before, i, text);
		dict_add(old, name, strlen(name), i);
	}
	for (uint32_t i = 0; i < now_count; i++) {
		uint32_t match;
		const char *name = listed->name(after, i, text);
		dict_add(now, name, strlen(name), i);
		if (dict_get(old, name, strlen(name), &match))
			listed->compare(plan, before, match, after, i);
		else if (listed->whole)
			listed->whole(plan, after, i, PLAN_ADDED);
		else
			note(plan, kind, PLAN_ADDED, name, NULL);
	}
	for (uint32_t i = 0; i < old_count; i++) {
		uint32_t match;
		const char *name = listed->name(before, i, text);
		if (dict_get(now, name, strlen(name), &match))
			continue;
		if (listed->whole)
			listed->whole(plan, before, i, PLAN_REMOVED);
		else
			note(plan, kind, PLAN_REMOVED, name, NULL);
	}
	dict_free(old);
	dict_free(now);
}

void plan_find_changes(struct plan *plan, const struct snapshot *before, const struct snapshot *after)
{
	const struct conf *old = before->conf, *now = after->conf;
	const struct geodb_file *files;
	const struct {
		enum plan_kind kind;
		uint32_t old, now;
		struct listed listed;
	} lists[] = {
	        {PLAN_ZONE, before->zone_count, after->zone_count, {zone_name, zones_compare, zone_whole}},
	        {PLAN_DATACENTER, old->datacenter_count, now->datacenter_count,
	                {datacenter_name, datacenters_compare, NULL}},
	        {PLAN_PROBE, old->probe_count, now->probe_count, {probe_name, probes_compare, NULL}},
	        {PLAN_MAP, old->map_count, now->map_count, {map_name, maps_compare, NULL}},
	        {PLAN_SERVICE, old->service_count, now->service_count, {service_name, services_compare, NULL}},
	        {PLAN_DATABASE, (uint32_t)geodb_files(before->geodb, &files),
	                (uint32_t)geodb_files(after->geodb, &files), {database_name, databases_compare, NULL}},
	};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		compare_lists(plan, lists[i].kind, before, lists[i].old, after, lists[i].now, &lists[i].listed);
}
