/*
 * ctl_plan.c: what a reload would change, asked of the server or worked out between two configurations.
 */
#include "tools/ctl.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "control/control.h"
#include "main/report.h"
#include "snap/plan.h"

enum { LISTED_MAX = 20, COUNTRIES_MAX = 5, SERVICES_MAX = 3 };

const char *const ctl_families[FAMILIES_SHOWN] = {"ipv4", "ipv6"};

char *ctl_percent(const json_t *shares, const char *family)
{
	const json_t *share = json_object_get(shares, family);
	char *text;
	double percent = 100 * json_number_value(share);
	if (!json_is_number(share))
		return strdup("-");
	MUST(asprintf(&text, percent > 0 && percent < 0.05 ? "<0.1 %%" : "%.1f %%", percent) >= 0);
	return text;
}

/* ---- what changed ---- */

static const char *sign_of(const char *change)
{
	return strcmp(change, "added") == 0 ? "+" : strcmp(change, "removed") == 0 ? "-" : "~";
}

/* One kind; returns how many lines there would be in all. */
static json_int_t show_kind(struct ctl_table *table, const json_t *changes, const char *kind, const char *word)
{
	const json_t *all = json_object_get(changes, kind), *list = json_object_get(all, "list");
	json_int_t count = 0, shown = 0;
	static const char *const signs[] = {"added", "removed", "changed"};
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		count += json_integer_value(json_object_get(all, signs[i]));
	for (size_t i = 0; i < json_array_size(list) && i < LISTED_MAX; i++, shown++) {
		const json_t *item = json_array_get(list, i);
		const char *change = json_string_value(json_object_get(item, "change"));
		const char *sign = sign_of(change ? change : "");
		const char *colour = *sign == '+' ? "32" : *sign == '-' ? "31" : "33";
		ctl_table_add(table, ctl_visible(sign), colour);
		ctl_table_add(table, ctl_visible(word), NULL);
		ctl_table_add(table, ctl_text(item, "name"), NULL);
		ctl_table_add(table,
		        json_is_string(json_object_get(item, "detail")) ? ctl_text(item, "detail") : strdup(""), NULL);
	}
	if (count > shown) {
		char *more;
		MUST(asprintf(&more, "and %lld more", (long long)(count - shown)) >= 0);
		ctl_table_add(table, strdup(" "), NULL);
		ctl_table_add(table, ctl_visible(word), NULL);
		ctl_table_add(table, more, NULL);
		ctl_table_add(table, strdup(""), NULL);
	}
	return count;
}

static json_int_t show_changes(const struct ctl *ctl, const json_t *changes)
{
	static const struct {
		const char *kind, *word;
	} rows[] = {{"zones", "zone"}, {"names", "name"}, {"datacenters", "data center"}, {"probes", "probe"},
	        {"databases", "database"}, {"maps", "map"}, {"rules", "rule"}, {"services", "service"}};
	struct ctl_table *table = ctl_table_new(4);
	json_int_t count = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		count += show_kind(table, changes, rows[i].kind, rows[i].word);
	ctl_table_end(table, stdout, ctl->colour_out);
	return count;
}

/* ---- who moves ---- */

/* "a, b and 3 more" */
static void show_services(const json_t *group)
{
	const json_t *services = json_object_get(group, "services");
	json_int_t count = json_integer_value(json_object_get(group, "service_count"));
	for (size_t i = 0; i < json_array_size(services) && i < SERVICES_MAX; i++) {
		char *name = ctl_visible(json_string_value(json_array_get(services, i)));
		printf("%s%s", i ? ", " : "", name);
		free(name);
	}
	if (count > SERVICES_MAX)
		printf(" and %lld more", (long long)(count - SERVICES_MAX));
}

/* "BR 3.2 %, AR 1.0 % and 4 more": of the family with the most to tell. */
static char *list_countries(const json_t *countries, const json_t *share)
{
	const char *family = json_number_value(json_object_get(share, "ipv4")) > 0 ? "ipv4" : "ipv6";
	char *text;
	size_t size, shown = 0;
	FILE *out = open_memstream(&text, &size);
	MUST(out);
	for (size_t i = 0; i < json_array_size(countries) && shown < COUNTRIES_MAX; i++, shown++) {
		const json_t *item = json_array_get(countries, i);
		char *country = ctl_text(item, "country");
		char *percent = ctl_percent(json_object_get(item, "share"), family);
		fprintf(out, "%s%s %s", i ? ", " : "", strcmp(country, "-") == 0 ? "no country" : country, percent);
		free(country);
		free(percent);
	}
	if (json_array_size(countries) > shown)
		fprintf(out, " and %zu more", json_array_size(countries) - shown);
	MUST(fclose(out) == 0);
	return text;
}

/* "  NAME" of a data center, or "(none)". */
static void add_name(struct ctl_table *table, const json_t *object, const char *key, bool first, const char *colour)
{
	char *name = json_is_string(json_object_get(object, key)) ? ctl_text(object, key) : strdup("(none)");
	if (first)
		ctl_table_add_indented(table, name, colour);
	else
		ctl_table_add(table, name, colour);
}

static void show_ways(const struct ctl *ctl, const json_t *moves)
{
	static const char *const heading[] = {"  FROM", "TO", "IPV4", "IPV6", "COUNTRIES"};
	bool told = json_object_get(json_array_get(moves, 0), "countries");
	struct ctl_table *table = ctl_table_new(told ? 5 : 4);
	ctl_table_heading(table, heading);
	for (size_t i = 0; i < json_array_size(moves); i++) {
		const json_t *move = json_array_get(moves, i), *share = json_object_get(move, "share");
		add_name(table, move, "from", true, NULL);
		add_name(table, move, "to", false, json_is_string(json_object_get(move, "to")) ? NULL : "31");
		for (size_t family = 0; family < FAMILIES_SHOWN; family++)
			ctl_table_add(table, ctl_percent(share, ctl_families[family]), NULL);
		if (told)
			ctl_table_add(table, list_countries(json_object_get(move, "countries"), share), NULL);
	}
	ctl_table_end(table, stdout, ctl->colour_out);
}

static void show_shares(const struct ctl *ctl, const json_t *datacenters)
{
	static const char *const heading[] = {"  DATA CENTER", "IPV4 BEFORE", "AFTER", "IPV6 BEFORE", "AFTER"};
	struct ctl_table *table = ctl_table_new(5);
	ctl_table_heading(table, heading);
	for (size_t i = 0; i < json_array_size(datacenters); i++) {
		const json_t *item = json_array_get(datacenters, i);
		add_name(table, item, "name", true, NULL);
		for (size_t family = 0; family < FAMILIES_SHOWN; family++) {
			ctl_table_add(table, ctl_percent(json_object_get(item, "before"), ctl_families[family]), NULL);
			ctl_table_add(table, ctl_percent(json_object_get(item, "after"), ctl_families[family]), NULL);
		}
	}
	ctl_table_end(table, stdout, ctl->colour_out);
}

void ctl_show_who(const json_t *group)
{
	const json_t *moved = json_object_get(group, "moved"), *later = json_object_get(group, "later");
	show_services(group);
	if (json_is_string(json_object_get(group, "map"))) {
		char *map = ctl_text(group, "map");
		printf(" (map %s)", map);
		free(map);
	}
	for (size_t family = 0; family < FAMILIES_SHOWN; family++) {
		char *percent = ctl_percent(moved, ctl_families[family]);
		char *next = ctl_percent(later, ctl_families[family]);
		if (*percent != '-')
			printf("%s IPv%d: %s of the clients move", family ? ";" : ":", family ? 6 : 4, percent);
		if (*next != '-' && strcmp(next, "0.0 %") != 0)
			printf(", for %s only a later choice changes", next);
		free(percent);
		free(next);
	}
	putchar('\n');
}

void ctl_show_moves(const struct ctl *ctl, const json_t *group)
{
	show_ways(ctl, json_object_get(group, "moves"));
	if (json_array_size(json_object_get(group, "moves")))
		show_shares(ctl, json_object_get(group, "datacenters"));
}

static void show_group(const struct ctl *ctl, const json_t *group)
{
	putchar('\n');
	ctl_show_who(group);
	if (json_is_true(json_object_get(group, "over")))
		printf("  more than max-move %.0f%%: a reload is refused without --accept\n",
		        100 * json_number_value(json_object_get(group, "max_move")));
	ctl_show_moves(ctl, group);
}

void ctl_show_weighing(const json_t *data, const char *taken)
{
	const char *by = json_string_value(json_object_get(data, "weighed_by"));
	printf("\nClients are %s, each family by itself%s%s.\n",
	        by && strcmp(by, "log") == 0 ? "weighed by the query log"
	                                     : "counted by address space that the databases know",
	        taken ? ";\n" : "", taken ? taken : "");
}

void ctl_show_plan(const struct ctl *ctl, const json_t *data)
{
	const json_t *groups = json_object_get(data, "moves");
	json_int_t same = json_integer_value(json_object_get(data, "same"));
	ctl_show_errors(json_object_get(data, "items"), stderr, ctl->colour_err);
	if (!show_changes(ctl, json_object_get(data, "changes")) && !json_array_size(groups)) {
		puts("nothing would change");
		return;
	}
	for (size_t i = 0; i < json_array_size(groups); i++)
		show_group(ctl, json_array_get(groups, i));
	if (same)
		printf("\n%lld %s: no client moves\n", (long long)same, same == 1 ? "service" : "services");
	if (json_array_size(groups))
		ctl_show_weighing(data, "all data centers are taken to be up");
}

/* ---- without a server ---- */

static json_t *plan_between(const struct ctl *ctl, const struct snapshot *before, struct err *err)
{
	struct snapshot_request request = {.path = ctl_file(ctl), .previous = before, .accept = true, .keep = true};
	struct query_log *log = ctl->log ? query_log_read(ctl->log, true, err) : NULL;
	struct snapshot *after = !ctl->log || log ? snapshot_make(&request, err) : NULL;
	struct plan *plan = after ? plan_new(before, after, log, err) : NULL;
	json_t *data = plan ? report_plan(plan) : NULL;
	plan_free(plan);
	snapshot_free(after);
	query_log_free(log);
	return data;
}

int offline_plan(const struct ctl *ctl)
{
	struct err *err = err_new();
	struct snapshot *before = snapshot_build(ctl->from, NULL, 0, err);
	json_t *data = before ? plan_between(ctl, before, err) : NULL;
	bool failed = err_count(err, ERR_ERROR);
	if (failed || !data)
		err_print(err, stderr, ctl->colour_err);
	if (!data)
		ctl_fail(ctl, "%s and %s cannot be compared", ctl->from, ctl_file(ctl));
	else if (ctl->json)
		ctl_show_json(data);
	else
		ctl_show_plan(ctl, data);
	snapshot_free(before);
	err_free(err);
	int status = data && !failed ? CTL_DONE : CTL_FAILED;
	json_decref(data);
	return status;
}
