/*
 * ctl_explain.c: an explanation as a story: who asked, what is known of them, which rule decided, who could have
 * answered, and what was answered.
 */
#include "tools/ctl.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

/* "LABEL       TEXT" with TEXT of a member, if it is there. */
static void show_member(const char *label, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	if (!value || json_is_null(value))
		return;
	char *text = ctl_text(object, key);
	printf("%-9s %s\n", label, text);
	free(text);
}

static bool has(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	return value && !json_is_null(value) && !json_is_false(value);
}

static void show_client(const json_t *client)
{
	const char *via = json_string_value(json_object_get(client, "via"));
	bool subnet = via && strcmp(via, "ecs") == 0;
	char *address = ctl_text(client, "address"), *from = ctl_text(client, "from"), *ecs = ctl_text(client, "ecs");
	printf("%-9s %s, ", "client", address);
	char *why = ctl_text(client, "why");
	if (subnet)
		printf("of the client subnet %s sent by %s", ecs, from);
	else if (has(client, "ecs"))
		printf("the source of the query; its client subnet %s is not used: %s", ecs, why);
	else
		printf("the source of the query%s",
		        via && strcmp(via, "resolver") == 0 ? ", which a rule for resolvers names" : "");
	free(why);
	puts(has(client, "special") ? "; a special address: unknown" : "");
	free(address);
	free(from);
	free(ecs);
}

static void show_facts(const json_t *facts)
{
	static const char *const keys[] = {"continent", "country", "subdivision"};
	bool first = true;
	printf("%-9s ", "facts");
	for (size_t i = 0; i < 3; i++)
		if (has(facts, keys[i])) {
			char *text = ctl_text(facts, keys[i]);
			printf("%s%s %s", first ? "" : ", ", keys[i], text);
			free(text);
			first = false;
		}
	const json_t *location = json_object_get(facts, "location");
	if (json_array_size(location) == 2) {
		printf("%sat [%.2f, %.2f]", first ? "" : ", ", json_number_value(json_array_get(location, 0)),
		        json_number_value(json_array_get(location, 1)));
		first = false;
	}
	if (has(facts, "asn")) {
		printf("%sAS%lld", first ? "" : ", ", (long long)json_integer_value(json_object_get(facts, "asn")));
		first = false;
	}
	puts(has(facts, "lost") ? "not known any more: a database was overwritten in place; reload"
	        : first         ? "none: not in the databases"
	                        : "");
}

static void show_rule(const json_t *data)
{
	const json_t *rule = json_object_get(data, "rule");
	char *text = ctl_text(rule, "text"), *file = ctl_text(rule, "file");
	show_member("service", data, "service");
	show_member("map", data, "map");
	if (json_is_object(rule))
		printf("%-9s %s (%s:%lld)\n", "rule", text, file,
		        (long long)json_integer_value(json_object_get(rule, "line")));
	else
		printf("%-9s none: %s\n", "rule",
		        has(data, "map") ? "nearest first" : "the order of the service, the same for every client");
	free(text);
	free(file);
}

static void show_candidates(const struct ctl *ctl, const json_t *candidates)
{
	static const char *const heading[] = {"", "DATA CENTER", "DISTANCE", "MEMBERS UP", "STATE"};
	struct ctl_table *table = ctl_table_new(5);
	ctl_table_heading(table, heading);
	for (size_t i = 0; i < json_array_size(candidates); i++) {
		const json_t *row = json_array_get(candidates, i);
		bool chosen = json_is_true(json_object_get(row, "chosen"));
		char *up = ctl_text(row, "members_up"), *all = ctl_text(row, "members"), *members = NULL;
		char *far = ctl_text(row, "distance_km"), *distance = NULL, *reason = ctl_text(row, "reason");
		MUST(asprintf(&members, "%s of %s", up, all) >= 0);
		MUST(asprintf(&distance, "%s%s", far, has(row, "distance_km") ? " km" : "") >= 0);
		ctl_table_add(table, ctl_visible(chosen ? "*" : " "), "32");
		ctl_table_add(table, ctl_text(row, "datacenter"), chosen ? "1" : NULL);
		ctl_table_add(table, distance, NULL);
		ctl_table_add(table, members, NULL);
		if (!json_integer_value(json_object_get(row, "members"))) {
			free(reason);
			reason = ctl_visible("has none of this family");
		}
		ctl_table_add(table, reason, ctl_state_colour(reason));
		free(up);
		free(all);
		free(far);
	}
	if (json_array_size(candidates))
		putchar('\n');
	ctl_table_end(table, stdout, ctl->colour_out);
}

/* The members of the pool that answers, where there is a choice. */
static void show_pool(const struct ctl *ctl, const json_t *data)
{
	static const char *const heading[] = {"", "MEMBER", "WEIGHT", "STATE"};
	const json_t *members = json_object_get(data, "members");
	if (json_array_size(members) < 2)
		return;
	char *picked = ctl_text(data, "picked");
	printf("\nmembers   %s\n", picked);
	free(picked);
	struct ctl_table *table = ctl_table_new(4);
	ctl_table_heading(table, heading);
	for (size_t i = 0; i < json_array_size(members); i++) {
		const json_t *member = json_array_get(members, i);
		char *state = ctl_text(member, has(member, "forced") ? "forced" : "state"), *told;
		const char *more = !has(member, "target")          ? ", has no probe"
		                   : strcmp(state, "unknown") == 0 ? ", counts as up"
		                                                   : "";
		MUST(asprintf(&told, "%s%s%s", has(member, "forced") ? "forced " : "", state, more) >= 0);
		ctl_table_add(table, ctl_visible(has(member, "given") ? "*" : " "), "32");
		ctl_table_add(table, ctl_text(member, "member"), NULL);
		ctl_table_add(table, ctl_text(member, "weight"), NULL);
		ctl_table_add(table, told, ctl_state_colour(told));
		free(state);
	}
	ctl_table_end(table, stdout, ctl->colour_out);
}

static void show_answer(const struct ctl *ctl, const json_t *data)
{
	static const char *const keys[] = {"name", "ttl", "type", "data"};
	const json_t *answer = json_object_get(data, "answer");
	char *rcode = ctl_text(data, "rcode"), *scope = ctl_text(data, "scope");
	printf("\nanswer    %s%s%s, scope %s", ctl->colour_out ? "\033[1m" : "", rcode,
	        ctl->colour_out ? "\033[0m" : "", scope);
	if (has(data, "sticky_prefix"))
		printf(", which hangs on the hash of the client's /%lld",
		        (long long)json_integer_value(json_object_get(data, "sticky_prefix")));
	if (has(data, "all_down"))
		fputs("; every pool is down, so the rule `all-down` decided", stdout);
	puts(json_array_size(answer) ? "" : ", no records");
	struct ctl_table *table = ctl_table_new(4);
	for (size_t i = 0; i < json_array_size(answer); i++)
		for (size_t j = 0; j < 4; j++)
			ctl_table_add(table, ctl_text(json_array_get(answer, i), keys[j]), NULL);
	ctl_table_end(table, stdout, ctl->colour_out);
	free(rcode);
	free(scope);
}

/* What of the pools deserves a look. */
static void show_notes(const json_t *remarks)
{
	for (size_t i = 0; i < json_array_size(remarks); i++) {
		char *pool = ctl_text(json_array_get(remarks, i), "pool"),
		     *text = ctl_text(json_array_get(remarks, i), "text");
		printf("%snote      %s: %s\n", i ? "" : "\n", pool, text);
		free(pool);
		free(text);
	}
}

/* Why the TTL is not that of the zone. */
static void show_ttl(const json_t *data)
{
	if (!has(data, "ttl_why"))
		return;
	char *why = ctl_text(data, "ttl_why"), *full = ctl_text(data, "ttl_full");
	printf("\nttl       shorter than the %s s of the zone: this answer may change when %s\n", full, why);
	free(why);
	free(full);
}

void ctl_show_explain(const struct ctl *ctl, const json_t *data)
{
	const json_t *question = json_object_get(data, "question");
	char *name = ctl_text(question, "name"), *type = ctl_text(question, "type");
	printf("%-9s %s %s\n", "question", name, type);
	free(name);
	free(type);
	show_client(json_object_get(data, "client"));
	show_member("zone", data, "zone");
	if (!has(data, "zone"))
		puts("zone      none of ours");
	if (has(data, "steered")) {
		if (has(data, "map"))
			show_facts(json_object_get(data, "facts"));
		show_rule(data);
		show_candidates(ctl, json_object_get(data, "candidates"));
		show_pool(ctl, data);
		show_notes(json_object_get(data, "remarks"));
		show_ttl(data);
	} else if (has(data, "zone")) {
		puts("service   none: the answer is the zone's, the same for every client");
	}
	show_answer(ctl, data);
}
