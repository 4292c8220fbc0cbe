/*
 * report_plan.c: what a reload would change, as JSON.
 *
 * Called on the builder by inspect.c, and by meridianctl offline.
 */
#include "main/report.h"
#include "snap/plan.h"

#define SERVICES_MAX 1000 /* that are named of one group */

static const char *const kinds[PLAN_KINDS] = {
        [PLAN_ZONE] = "zones",
        [PLAN_NAME] = "names",
        [PLAN_DATACENTER] = "datacenters",
        [PLAN_PROBE] = "probes",
        [PLAN_MAP] = "maps",
        [PLAN_RULE] = "rules",
        [PLAN_SERVICE] = "services",
        [PLAN_DATABASE] = "databases",
};
static const char *const signs[PLAN_SIGNS] = {
        [PLAN_ADDED] = "added", [PLAN_REMOVED] = "removed", [PLAN_CHANGED] = "changed"};
static const char *const families[GEO_FAMILIES] = {[GEO_V4] = "ipv4", [GEO_V6] = "ipv6"};

static json_t *report_kind(const struct plan *plan, enum plan_kind kind)
{
	json_t *list = json_array(), *object = json_object();
	for (uint32_t i = 0; i < plan->change_count[kind]; i++) {
		const struct plan_change *change = &plan->changes[kind][i];
		json_array_append_new(list, json_pack("{s:s, s:s, s:s?}", "change", signs[change->sign], "name",
		                                    change->name, "detail", change->detail));
	}
	for (unsigned sign = 0; sign < PLAN_SIGNS; sign++)
		json_object_set_new(object, signs[sign], json_integer((json_int_t)plan->counted[kind][sign]));
	json_object_set_new(object, "list", list);
	return object;
}

/* {"ipv4": …, "ipv6": …} of the families that have clients. */
static json_t *by_family(const struct moves *moves, const double shares[GEO_FAMILIES])
{
	json_t *object = json_object();
	for (unsigned family = 0; family < GEO_FAMILIES; family++)
		if (moves->counted[family])
			json_object_set_new(object, families[family], json_real(shares[family]));
	return object;
}

static json_t *report_group_datacenters(const struct plan_group *group)
{
	const struct moves *moves = &group->moves;
	json_t *list = json_array();
	for (unsigned i = 0; i < group->name_count; i++) {
		double before[GEO_FAMILIES], after[GEO_FAMILIES];
		for (unsigned family = 0; family < GEO_FAMILIES; family++) {
			before[family] = moves->before[family][i];
			after[family] = moves->after[family][i];
		}
		json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "name", group->names[i], "before",
		                                    by_family(moves, before), "after", by_family(moves, after)));
	}
	return list;
}

static json_t *report_country(const struct moves *moves, const struct move *move)
{
	char text[3];
	place_country(move->place, text);
	return json_pack("{s:o, s:o}", "country", *text ? json_string(text) : json_null(), "share",
	        by_family(moves, move->share));
}

/* All moves from one data center to one other, by country, the largest first. */
static json_t *report_way(const struct plan_group *group, unsigned from, unsigned to)
{
	const struct moves *moves = &group->moves;
	double sum[GEO_FAMILIES] = {0};
	json_t *countries = json_array();
	for (size_t i = 0; i < moves->count; i++) {
		const struct move *move = &moves->list[i];
		if (move->from != from || move->to != to)
			continue;
		for (unsigned family = 0; family < GEO_FAMILIES; family++)
			sum[family] += move->share[family];
		json_array_append_new(countries, report_country(moves, move));
	}
	return json_pack("{s:s, s:s, s:o, s:o}", "from", group->names[from], "to", group->names[to], "share",
	        by_family(moves, sum), "countries", countries);
}

/* Ways in the order of their largest country. */
static json_t *report_ways(const struct plan_group *group)
{
	json_t *list = json_array();
	bool *seen = calloc((size_t)group->name_count * group->name_count + 1, sizeof *seen);
	for (size_t i = 0; seen && i < group->moves.count; i++) {
		const struct move *move = &group->moves.list[i];
		bool *told = &seen[move->from * group->name_count + move->to];
		if (!*told)
			json_array_append_new(list, report_way(group, move->from, move->to));
		*told = true;
	}
	free(seen);
	return list;
}

static json_t *report_group(const struct plan_group *group)
{
	json_t *services = json_array();
	for (uint32_t i = 0; i < group->service_count && i < SERVICES_MAX; i++)
		json_array_append_new(services, json_string(group->services[i]));
	json_t *object = json_pack("{s:o, s:I, s:s?, s:o, s:o, s:o, s:o, s:o}", "services", services, "service_count",
	        (json_int_t)group->service_count, "map", group->map, "clients",
	        by_family(&group->moves, group->moves.weight), "moved", by_family(&group->moves, group->moves.moved),
	        "later", by_family(&group->moves, group->moves.later), "datacenters", report_group_datacenters(group),
	        "moves", report_ways(group));
	json_object_set_new(object, "max_move", group->limit < 100 ? json_real(group->limit / 100.0) : json_null());
	json_object_set_new(object, "over", json_boolean(group->over));
	return object;
}

json_t *report_plan(const struct plan *plan)
{
	json_t *changes = json_object(), *groups = json_array();
	for (unsigned kind = 0; kind < PLAN_KINDS; kind++)
		json_object_set_new(changes, kinds[kind], report_kind(plan, kind));
	for (uint32_t i = 0; i < plan->group_count; i++)
		json_array_append_new(groups, report_group(&plan->groups[i]));
	return json_pack("{s:s, s:o, s:o, s:I}", "weighed_by", plan->logged ? "log" : "addresses", "changes", changes,
	        "moves", groups, "same", (json_int_t)plan->same);
}
