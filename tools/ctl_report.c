/*
 * ctl_report.c: status, health and stats for people.
 */
#include "tools/ctl.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* A line "LABEL   TEXT", takes `text` over. */
static void show_line(const char *label, char *text)
{
	printf("%-13s %s\n", label, text);
	free(text);
}

static void show_reload(const struct ctl *ctl, const json_t *reload)
{
	if (!json_is_object(reload))
		return;
	bool good = json_is_true(json_object_get(reload, "ok"));
	bool loaded = !json_object_get(reload, "loaded") || json_is_true(json_object_get(reload, "loaded"));
	char *at = ctl_time(reload, "at");
	const char *colour = !ctl->colour_out ? "" : good ? "\033[32m" : "\033[31m";
	printf("%-13s %s, in %lld ms: %s%s%s\n", "last reload", at, (long long)number(reload, "took_ms"), colour,
	        good     ? "ok"
	        : loaded ? "loaded with errors"
	                 : "not loaded, the old goes on",
	        ctl->colour_out ? "\033[0m" : "");
	free(at);
	ctl_show_errors(json_object_get(reload, "errors"), stdout, ctl->colour_out);
}

static void show_zones(const struct ctl *ctl, const json_t *zones)
{
	static const char *const heading[] = {"ZONE", "SERIAL", "RECORDS", "STATE", "FILE"};
	struct ctl_table *table = ctl_table_new(5);
	ctl_table_heading(table, heading);
	for (size_t i = 0; i < json_array_size(zones); i++) {
		const json_t *zone = json_array_get(zones, i);
		bool stale = json_is_true(json_object_get(zone, "stale"));
		bool missing = json_is_false(json_object_get(zone, "loaded"));
		const char *state = missing ? "not loaded" : stale ? "stale" : "ok";
		ctl_table_add(table, ctl_text(zone, "name"), NULL);
		ctl_table_add(table, missing ? ctl_visible("-") : ctl_text(zone, "serial"), NULL);
		ctl_table_add(table, missing ? ctl_visible("-") : ctl_text(zone, "records"), NULL);
		ctl_table_add(table, ctl_visible(state), ctl_state_colour(state));
		ctl_table_add(table, ctl_text(zone, "file"), NULL);
	}
	if (json_array_size(zones))
		putchar('\n');
	ctl_table_end(table, stdout, ctl->colour_out);
}

static void show_databases(const struct ctl *ctl, const json_t *databases)
{
	static const char *const heading[] = {"DATABASE", "KIND", "AGE", "NETWORKS"};
	struct ctl_table *table = ctl_table_new(4);
	ctl_table_heading(table, heading);
	for (size_t i = 0; i < json_array_size(databases); i++) {
		const json_t *database = json_array_get(databases, i);
		char age[32];
		json_int_t days = number(database, "age_days");
		snprintf(age, sizeof age, "%lldd", (long long)days);
		ctl_table_add(table, ctl_text(database, "path"), NULL);
		ctl_table_add(table, ctl_text(database, "kind"), NULL);
		ctl_table_add(table, ctl_visible(age), days > 45 ? "33" : NULL);
		ctl_table_add(table, ctl_text(database, "networks"), NULL);
	}
	if (json_array_size(databases))
		putchar('\n');
	ctl_table_end(table, stdout, ctl->colour_out);
}

/* A table of members as text, below an empty line; the member `state` coloured. */
static void show_rows(const struct ctl *ctl, const json_t *rows, unsigned columns, const char *const *heading,
        const char *const *keys)
{
	struct ctl_table *table = ctl_table_new(columns);
	ctl_table_heading(table, heading);
	for (size_t i = 0; i < json_array_size(rows); i++)
		for (unsigned j = 0; j < columns; j++) {
			const json_t *row = json_array_get(rows, i);
			bool time = json_is_integer(json_object_get(row, keys[j]));
			char *text = time ? ctl_time(row, keys[j]) : ctl_text(row, keys[j]);
			ctl_table_add(table, text, strcmp(keys[j], "state") ? NULL : ctl_state_colour(text));
		}
	if (json_array_size(rows))
		putchar('\n');
	ctl_table_end(table, stdout, ctl->colour_out);
}

static void show_overrides(const struct ctl *ctl, const json_t *data)
{
	static const char *const heading[] = {"OVERRIDE", "OF", "REASON", "SINCE", "UNTIL"};
	static const char *const keys[] = {"what", "name", "reason", "since", "until"};
	show_rows(ctl, json_object_get(data, "overrides"), 5, heading, keys);
}

static void show_remarks(const struct ctl *ctl, const json_t *data)
{
	static const char *const heading[] = {"SERVICE", "POOL", "REMARK"};
	static const char *const keys[] = {"service", "pool", "text"};
	show_rows(ctl, json_object_get(data, "remarks"), 3, heading, keys);
}

void ctl_show_override(const struct ctl *ctl, const json_t *data)
{
	char *did = ctl_text(data, "did"), *name = ctl_text(data, "name"), *drained = ctl_text(data, "drained");
	if (!json_is_true(json_object_get(data, "nothing")))
		printf("done: %s %s", did, name);
	else
		printf("nothing to undo: %s is not %s", name, strcmp(did, "undrain") == 0 ? "drained" : "forced");
	if (strstr(did, "drain"))
		printf("; drained now: %s", json_array_size(json_object_get(data, "drained")) ? drained : "none");
	putchar('\n');
	if (json_is_false(json_object_get(data, "kept")))
		fprintf(stderr,
		        "meridianctl: warning: the server keeps no state: this will be forgotten at its restart\n");
	(void)ctl;
	free(did);
	free(name);
	free(drained);
}

void ctl_show_status(const struct ctl *ctl, const json_t *data)
{
	char span[32], *version = ctl_text(data, "version"), *phase = ctl_text(data, "phase");
	const json_t *targets = json_object_get(data, "targets");
	printf("%-13s %s, pid %lld, %s, up %s\n", "meridiand", version, (long long)number(data, "pid"), phase,
	        ctl_span(number(data, "uptime_s"), span));
	free(version);
	free(phase);
	show_line("listens on", ctl_text(data, "listen"));
	if (json_object_get(data, "workers"))
		show_line("workers", ctl_text(data, "workers"));
	if (json_object_get(data, "generation"))
		show_line("generation", ctl_text(data, "generation"));
	show_reload(ctl, json_object_get(data, "reload"));
	if (json_object_get(data, "services"))
		show_line("services", ctl_text(data, "services"));
	if (json_object_get(data, "datacenters"))
		show_line("data centers", ctl_text(data, "datacenters"));
	if (targets)
		printf("%-13s %lld up, %lld down, %lld unknown\n", "targets", (long long)number(targets, "up"),
		        (long long)number(targets, "down"), (long long)number(targets, "unknown"));
	if (json_is_true(json_object_get(data, "frozen")))
		show_line("frozen", ctl_visible("all targets were lost at once: the state from before is kept"));
	show_overrides(ctl, data);
	show_remarks(ctl, data);
	show_zones(ctl, json_object_get(data, "zones"));
	show_databases(ctl, json_object_get(data, "databases"));
}

static void show_target(struct ctl_table *table, const json_t *target)
{
	char took[32], *state = ctl_text(target, "state"), *forced = ctl_text(target, "forced"), *both = NULL;
	const char *reason = json_string_value(json_object_get(target, "reason"));
	snprintf(took, sizeof took, "%lldms", (long long)number(target, "took_ms"));
	const char *colour = ctl_state_colour(state);
	if (json_is_string(json_object_get(target, "forced"))) {
		char *why = reason ? ctl_text(target, "reason") : ctl_visible("");
		MUST(asprintf(&both, "forced %s%s%s%s (is %s)", forced, reason ? ", '" : "", why, reason ? "'" : "",
		             state) >= 0);
		colour = ctl_state_colour("forced");
		free(why);
		free(state);
		state = both;
	}
	ctl_table_add(table, ctl_text(target, "name"), NULL);
	ctl_table_add(table, ctl_text(target, "datacenter"), NULL);
	ctl_table_add(table, state, colour);
	ctl_table_add(table, ctl_time(target, "since"), NULL);
	ctl_table_add(table, ctl_text(target, "last_result"), NULL);
	ctl_table_add(table, ctl_visible(took), NULL);
	ctl_table_add(table, ctl_text(target, "window"), NULL);
	free(forced);
}

static void show_readings(const struct ctl *ctl, json_t *targets)
{
	static const char *const heading[] = {"TARGET", "FIELD", "READ"};
	struct ctl_table *table = ctl_table_new(3);
	json_t *target, *value;
	const char *field;
	size_t index, count = 0;
	ctl_table_heading(table, heading);
	json_array_foreach(targets, index, target)
	{
		json_t *readings = json_object_get(target, "readings");
		json_object_foreach(readings, field, value)
		{
			ctl_table_add(table, ctl_text(target, "name"), NULL);
			ctl_table_add(table, ctl_visible(field), NULL);
			ctl_table_add(table, ctl_text(readings, field), NULL);
			count++;
		}
	}
	if (count)
		putchar('\n');
	ctl_table_end(table, stdout, ctl->colour_out);
}

void ctl_show_health(const struct ctl *ctl, const json_t *data)
{
	static const char *const targets_heading[] = {
	        "TARGET", "DATA CENTER", "STATE", "SINCE", "LAST RESULT", "TOOK", "RESULTS, NEWEST LAST"};
	static const char *const pools_heading[] = {"SERVICE", "POOL", "FAMILY", "STATE"};
	static const char *const pools_keys[] = {"service", "pool", "family", "state"};
	static const char *const datacenters_heading[] = {
	        "DATA CENTER", "STATE", "REASON", "SINCE", "UNTIL", "CLIENTS MAY COME UNTIL"};
	static const char *const datacenters_keys[] = {"name", "state", "reason", "since", "until", "serving_to"};
	static const char *const lists_heading[] = {"LIST OF MEMBERS", "STATE", "MEMBERS", "SINCE", "LAST GOOD"};
	static const char *const lists_keys[] = {"from", "state", "members", "since", "last_good"};
	const json_t *targets = json_object_get(data, "targets"), *pools = json_object_get(data, "pools");
	struct ctl_table *table = ctl_table_new(7);
	ctl_table_heading(table, targets_heading);
	for (size_t i = 0; i < json_array_size(targets); i++)
		show_target(table, json_array_get(targets, i));
	ctl_table_end(table, stdout, ctl->colour_out);
	show_readings(ctl, json_object_get(data, "targets"));
	show_rows(ctl, pools, 4, pools_heading, pools_keys);
	show_rows(ctl, json_object_get(data, "lists"), 5, lists_heading, lists_keys);
	show_remarks(ctl, data);
	if (!json_array_size(targets) && !json_array_size(pools))
		puts("nothing is steered");
	show_rows(ctl, json_object_get(data, "datacenters"), 6, datacenters_heading, datacenters_keys);
	if (json_is_true(json_object_get(data, "frozen")))
		puts("\nfrozen: all targets were lost at once: the state from before is kept");
}

void ctl_show_stats(const struct ctl *ctl, const json_t *data)
{
	static const char *const heading[] = {"COUNTER", "VALUE"};
	json_t *counters = json_object_get(data, "counters"), *value;
	const char *name;
	struct ctl_table *table = ctl_table_new(2);
	ctl_table_heading(table, heading);
	json_object_foreach(counters, name, value)
	{
		ctl_table_add(table, ctl_visible(name), NULL);
		ctl_table_add(table, ctl_text(counters, name), NULL);
	}
	ctl_table_end(table, stdout, ctl->colour_out);
}
