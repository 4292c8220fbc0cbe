/*
 * report_whatif.c: what would happen if data centers failed, or one was added, as JSON.
 *
 * Called on the builder by inspect.c, and by meridianctl offline.
 */
#include <math.h>
#include <string.h>

#include "main/report.h"
#include "snap/whatif.h"

#define SERVICES_MAX 1000 /* that are named of one group */

static const char *const families[GEO_FAMILIES] = {[GEO_V4] = "ipv4", [GEO_V6] = "ipv6"};

static json_t *real_or_null(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *by_family(const struct shift *shift, const double shares[GEO_FAMILIES])
{
	json_t *object = json_object();
	for (unsigned family = 0; family < GEO_FAMILIES; family++)
		if (shift->counted[family])
			json_object_set_new(object, families[family], json_real(shares[family]));
	return object;
}

static const char *place_name(const struct whatif_group *group, unsigned place)
{
	return place == SHIFT_NOBODY ? NULL : group->names[place];
}

static json_t *report_places(const struct whatif_group *group)
{
	json_t *list = json_array();
	for (unsigned i = 0; i <= SHIFT_NOBODY; i++) {
		double before[GEO_FAMILIES], after[GEO_FAMILIES], sum = 0;
		for (unsigned family = 0; family < GEO_FAMILIES; family++) {
			before[family] = group->before[family][i];
			after[family] = group->after[family][i];
			sum += before[family] + after[family];
		}
		if (i >= group->name_count && !(sum > 0))
			continue;
		json_array_append_new(
		        list, json_pack("{s:s?, s:o, s:o}", "name", place_name(group, i), "before",
		                      by_family(&group->shift, before), "after", by_family(&group->shift, after)));
	}
	return list;
}

/* Who moves, whatever would follow: each pair once, the largest first. */
static json_t *report_moves(const struct whatif_group *group)
{
	json_t *list = json_array();
	double shares[SHIFT_PLACES + 1][SHIFT_PLACES + 1][GEO_FAMILIES];
	memset(shares, 0, sizeof shares);
	for (size_t i = 0; i < group->shift.count; i++) {
		const struct shift_way *way = &group->shift.ways[i];
		for (unsigned family = 0; family < GEO_FAMILIES && way->from != way->to; family++)
			shares[way->from][way->to][family] += way->share[family];
	}
	for (;;) {
		double most = 0, (*best)[GEO_FAMILIES] = NULL;
		unsigned from = 0, to = 0;
		for (unsigned i = 0; i <= SHIFT_NOBODY; i++)
			for (unsigned j = 0; j <= SHIFT_NOBODY; j++)
				if (shares[i][j][GEO_V4] + shares[i][j][GEO_V6] > most) {
					best = &shares[i][j];
					most = (*best)[GEO_V4] + (*best)[GEO_V6];
					from = i;
					to = j;
				}
		if (!best)
			return list;
		json_array_append_new(list, json_pack("{s:s?, s:s?, s:o}", "from", place_name(group, from), "to",
		                                    place_name(group, to), "share", by_family(&group->shift, *best)));
		memset(best, 0, sizeof *best);
	}
}

static json_t *report_distance(const struct shift_distance *distance)
{
	return json_pack(
	        "{s:o, s:o}", "mean_km", real_or_null(distance->mean), "median_km", real_or_null(distance->median));
}

static json_t *report_distances(const struct shift *shift, enum shift_who who)
{
	json_t *object = json_object();
	for (unsigned family = 0; family < GEO_FAMILIES; family++)
		if (shift->counted[family])
			json_object_set_new(object, families[family],
			        json_pack("{s:o, s:o}", "before", report_distance(&shift->distance[family][who].before),
			                "after", report_distance(&shift->distance[family][who].after)));
	return object;
}

static json_t *report_group(const struct whatif_group *group)
{
	static const char *const rules[] = {[ALL_DOWN_ALL] = "all",
	        [ALL_DOWN_LAST] = "last",
	        [ALL_DOWN_NODATA] = "nodata",
	        [ALL_DOWN_SERVFAIL] = "servfail",
	        [ALL_DOWN_POOL] = "pool"};
	json_t *services = json_array();
	for (uint32_t i = 0; i < group->service_count && i < SERVICES_MAX; i++)
		json_array_append_new(services, json_string(group->services[i]));
	return json_pack("{s:o, s:I, s:s?, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "services", services, "service_count",
	        (json_int_t)group->service_count, "map", group->map, "all_down", rules[group->all_down], "clients",
	        by_family(&group->shift, group->shift.weight), "moved", by_family(&group->shift, group->moved),
	        "datacenters", report_places(group), "moves", report_moves(group), "distance",
	        report_distances(&group->shift, SHIFT_ALL), "distance_moved",
	        report_distances(&group->shift, SHIFT_MOVED));
}

/* {datacenter, use}; null where nobody is left. */
static json_t *report_worst(const struct whatif *whatif, const struct whatif_site *site)
{
	if (site->worst == NO_INDEX)
		return json_null();
	return json_pack("{s:s, s:f}", "name", whatif->sites[site->worst].name, "use", site->worst_use);
}

static json_t *report_capacity(const struct whatif *whatif)
{
	static const char *const bases[] = {
	        [WHATIF_BY_LOAD] = "load", [WHATIF_BY_CAPACITY] = "capacity", [WHATIF_BY_GROWTH] = "growth"};
	json_t *list = json_array(), *next = json_null();
	for (uint32_t i = 0; i < whatif->site_count; i++) {
		const struct whatif_site *site = &whatif->sites[i];
		json_array_append_new(
		        list, json_pack("{s:s, s:b, s:b, s:s?, s:o, s:f, s:f, s:o, s:o, s:b, s:o}", "name", site->name,
		                      "down", site->down, "added", site->added, "now", site->now, "capacity",
		                      site->capacity > 0 ? json_real(site->capacity) : json_null(), "share_before",
		                      site->before, "share_after", site->after, "use_before", real_or_null(site->use),
		                      "use_after", real_or_null(site->use_after), "over", site->over, "if_it_fails",
		                      report_worst(whatif, site)));
	}
	if (whatif->next != NO_INDEX)
		next = json_pack("{s:s, s:f, s:o}", "name", whatif->sites[whatif->next].name, "use",
		        whatif->sites[whatif->next].use_after, "then",
		        report_worst(whatif, &whatif->sites[whatif->next]));
	return json_pack("{s:s, s:o, s:o}", "by", bases[whatif->basis], "datacenters", list, "next", next);
}

json_t *report_whatif(const struct whatif *whatif, const struct whatif_question *question)
{
	json_t *down = json_array(), *groups = json_array();
	json_int_t same = 0;
	for (unsigned i = 0; i < question->down_count; i++)
		json_array_append_new(down, json_string(question->down[i]));
	for (uint32_t i = 0; i < whatif->group_count; i++) {
		const struct whatif_group *group = &whatif->groups[i];
		if (group->moved[GEO_V4] > 0 || group->moved[GEO_V6] > 0)
			json_array_append_new(groups, report_group(group));
		else
			same += group->service_count;
	}
	json_t *object = json_pack("{s:s, s:o, s:o, s:I, s:o}", "weighed_by", whatif->logged ? "log" : "addresses",
	        "down", down, "groups", groups, "same", same, "capacity", report_capacity(whatif));
	json_object_set_new(object, "added",
	        question->added ? json_pack("{s:s, s:[f, f]}", "name", question->added->name, "at",
	                                  question->added->latitude, question->added->longitude)
	                        : json_null());
	return object;
}
