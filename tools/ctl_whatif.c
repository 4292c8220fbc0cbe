/*
 * ctl_whatif.c: what a failure, or one more data center, would do: asked of the server, or worked out by the files.
 */
#include "tools/ctl.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "control/control.h"
#include "main/report.h"
#include "snap/whatif.h"
#include "tools/ctl_offline.h"

/* ---- one group ---- */

static char *kilometres(const json_t *distance, const char *family, const char *side, const char *key)
{
	const json_t *value = json_object_get(json_object_get(json_object_get(distance, family), side), key);
	char *text;
	if (!json_is_number(value))
		return ctl_visible("-");
	MUST(asprintf(&text, "%.0f km", json_number_value(value)) >= 0);
	return text;
}

static void show_distances(const struct ctl *ctl, const json_t *group)
{
	static const char *const heading[] = {"  DISTANCE", "IPV4 BEFORE", "AFTER", "IPV6 BEFORE", "AFTER"};
	static const struct {
		const char *label, *member, *key;
	} rows[] = {{"mean", "distance", "mean_km"}, {"median", "distance", "median_km"},
	        {"mean of who moves", "distance_moved", "mean_km"},
	        {"median of who moves", "distance_moved", "median_km"}};
	struct ctl_table *table = ctl_table_new(5);
	ctl_table_heading(table, heading);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const json_t *distance = json_object_get(group, rows[i].member);
		ctl_table_add_indented(table, ctl_visible(rows[i].label), NULL);
		for (size_t family = 0; family < FAMILIES_SHOWN; family++) {
			ctl_table_add(table, kilometres(distance, ctl_families[family], "before", rows[i].key), NULL);
			ctl_table_add(table, kilometres(distance, ctl_families[family], "after", rows[i].key), NULL);
		}
	}
	ctl_table_end(table, stdout, ctl->colour_out);
}

static bool any_lost(const json_t *group)
{
	const json_t *moves = json_object_get(group, "moves");
	for (size_t i = 0; i < json_array_size(moves); i++)
		if (!json_is_string(json_object_get(json_array_get(moves, i), "to")))
			return true;
	return false;
}

static void show_group(const struct ctl *ctl, const json_t *group)
{
	ctl_show_who(group);
	if (any_lost(group)) {
		char *rule = ctl_text(group, "all_down");
		printf("  no data center is left for some of them: `all-down: %s` decides what they are told\n", rule);
		free(rule);
	}
	ctl_show_moves(ctl, group);
	show_distances(ctl, group);
	putchar('\n');
}

/* ---- capacity ---- */

/* A use in the words of its measure: "87 %", "1.3 times". */
static char *use_text(const json_t *value, bool growth)
{
	char *text;
	if (!json_is_number(value))
		return ctl_visible("-");
	double use = json_number_value(value);
	MUST(asprintf(&text, growth ? "%.2f times" : "%.0f %%", growth ? use : 100 * use) >= 0);
	return text;
}

static char *worst_text(const json_t *worst, bool growth)
{
	char *text, *name = ctl_text(worst, "name"), *use = use_text(json_object_get(worst, "use"), growth);
	if (json_is_object(worst))
		MUST(asprintf(&text, "%s %s", name, use) >= 0);
	else
		text = ctl_visible("-");
	free(name);
	free(use);
	return text;
}

/* "fra (down)": what is asked about it, or what it is already. */
static char *marked_name(const json_t *site)
{
	const char *now = json_string_value(json_object_get(site, "now"));
	bool out = now && strcmp(now, "up") != 0;
	char *text, *name = ctl_text(site, "name"), *state = ctl_text(site, "now");
	if (out)
		MUST(asprintf(&text, "%s (%s already)", name, state) >= 0);
	else
		MUST(asprintf(&text, "%s%s", name,
		             json_is_true(json_object_get(site, "down"))    ? " (down)"
		             : json_is_true(json_object_get(site, "added")) ? " (added)"
		                                                            : "") >= 0);
	free(name);
	free(state);
	return text;
}

static void show_site(struct ctl_table *table, const json_t *site, bool growth)
{
	bool over = json_is_true(json_object_get(site, "over"));
	char *rate;
	MUST(asprintf(&rate, "%.6g/s", json_number_value(json_object_get(site, "capacity"))) >= 0);
	ctl_table_add_indented(table, marked_name(site), over ? "31" : NULL);
	ctl_table_add(table, json_is_number(json_object_get(site, "capacity")) ? strdup(rate) : ctl_visible("-"), NULL);
	free(rate);
	for (unsigned i = 0; i < 2; i++) {
		char *share;
		MUST(asprintf(&share, "%.1f %%",
		             100 * json_number_value(json_object_get(site, i ? "share_after" : "share_before"))) >= 0);
		ctl_table_add(table, share, NULL);
	}
	ctl_table_add(table, use_text(json_object_get(site, "use_before"), growth), NULL);
	ctl_table_add(table, use_text(json_object_get(site, "use_after"), growth), over ? "31" : NULL);
	ctl_table_add(table, worst_text(json_object_get(site, "if_it_fails"), growth), NULL);
}

static void show_next(const json_t *next, bool growth, const char *unit)
{
	const json_t *then = json_object_get(next, "then");
	if (!json_is_object(next))
		return;
	char *name = ctl_text(next, "name"), *use = use_text(json_object_get(next, "use"), growth);
	printf("falls next: %s, with %s %s", name, use, unit);
	free(name);
	free(use);
	if (json_is_object(then)) {
		name = ctl_text(then, "name");
		use = use_text(json_object_get(then, "use"), growth);
		printf("; after it %s, with %s", name, use);
		free(name);
		free(use);
	} else {
		printf("; nothing is left after it");
	}
	putchar('\n');
}

static void show_capacity(const struct ctl *ctl, const json_t *capacity)
{
	static const struct {
		const char *by, *title, *unit;
	} measures[] = {{"load", "Load, as data centers report it now and as it would go with their clients:",
	                        "of its capacity"},
	        {"capacity", "Part of the clients against part of the capacity (no data center reports its load):",
	                "of its part"},
	        {"growth",
	                "Clients against those of now (neither capacities nor loads are known):", "what it has now"}};
	static const char *const heading[] = {
	        "  DATA CENTER", "CAPACITY", "CLIENTS BEFORE", "AFTER", "LOAD BEFORE", "AFTER", "IF IT FAILS NEXT"};
	const json_t *sites = json_object_get(capacity, "datacenters");
	const char *by = json_string_value(json_object_get(capacity, "by"));
	size_t measure = 0;
	while (measure < 2 && strcmp(measures[measure].by, by ? by : "") != 0)
		measure++;
	bool growth = measure == 2;
	if (!json_array_size(sites))
		return;
	puts(measures[measure].title);
	struct ctl_table *table = ctl_table_new(7);
	ctl_table_heading(table, heading);
	for (size_t i = 0; i < json_array_size(sites); i++)
		show_site(table, json_array_get(sites, i), growth);
	ctl_table_end(table, stdout, ctl->colour_out);
	for (size_t i = 0; i < json_array_size(sites); i++) {
		const json_t *site = json_array_get(sites, i);
		if (!json_is_true(json_object_get(site, "over")))
			continue;
		char *name = ctl_text(site, "name"), *use = use_text(json_object_get(site, "use_after"), false);
		printf("over: %s, with %s %s\n", name, use, measures[measure].unit);
		free(name);
		free(use);
	}
	show_next(json_object_get(capacity, "next"), growth, measures[measure].unit);
}

void ctl_show_whatif(const struct ctl *ctl, const json_t *data)
{
	const json_t *groups = json_object_get(data, "groups");
	json_int_t same = json_integer_value(json_object_get(data, "same"));
	ctl_show_errors(json_object_get(data, "items"), stderr, ctl->colour_err);
	for (size_t i = 0; i < json_array_size(groups); i++)
		show_group(ctl, json_array_get(groups, i));
	if (same)
		printf("%lld %s: no client moves\n\n", (long long)same, same == 1 ? "service" : "services");
	show_capacity(ctl, json_object_get(data, "capacity"));
	if (json_array_size(groups))
		ctl_show_weighing(data, json_object_get(data, "generation")
		                                ? NULL
		                                : "by the files, all data centers are taken to be up now");
}

/* ---- without a server ---- */

static json_t *ask(
        const struct ctl *ctl, const struct snapshot *snapshot, struct whatif_question *question, struct err *err)
{
	struct query_log *log = ctl->log ? query_log_read(ctl->log, true, err) : NULL;
	if (ctl->log && !log)
		return NULL;
	struct board *board = board_new(&snapshot->steering, NULL);
	struct whatif_state *state = whatif_state_new(board);
	question->log = log;
	question->state = state;
	struct whatif *whatif = whatif_new(snapshot, question, err);
	json_t *data = whatif ? report_whatif(whatif, question) : NULL;
	if (data)
		json_object_set_new(data, "items", control_err_json(err));
	whatif_free(whatif);
	whatif_state_free(state);
	board_free(board);
	query_log_free(log);
	return data;
}

int offline_whatif(const struct ctl *ctl)
{
	struct arena *arena = arena_new();
	struct err *err = err_new();
	struct whatif_question question = {.down = NULL};
	bool good = whatif_parse(arena, &question, ctl->down, ctl->add, ctl->services, err);
	struct snapshot *snapshot = good ? offline_load(ctl) : NULL;
	json_t *data = snapshot ? ask(ctl, snapshot, &question, err) : NULL;
	json_t *items = data ? NULL : control_err_json(err);
	ctl_show_own_errors(items, "whatif", stderr, ctl->colour_err);
	json_decref(items);
	if (data && ctl->json)
		ctl_show_json(data);
	else if (data)
		ctl_show_whatif(ctl, data);
	snapshot_free(snapshot);
	err_free(err);
	arena_free(arena);
	int status = data ? CTL_DONE : CTL_FAILED;
	json_decref(data);
	return status;
}
