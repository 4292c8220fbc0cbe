/*
 * conf_map.c: the rules of a map: which clients, and the data centers that they prefer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "snap/conf_rules.h"

static option_read read_default, read_unknown, read_continents, read_countries, read_subdivisions, read_asns, read_nets,
        read_resolvers, read_max_move;

static const struct option options[] = {
        {"default", read_default},
        {"continent", read_continents},
        {"country", read_countries},
        {"subdivision", read_subdivisions},
        {"asn", read_asns},
        {"net", read_nets},
        {"nets", read_later}, /* last, so that a duplicate is told of the long list and not of the map */
        {"resolver", read_resolvers},
        {"unknown", read_unknown},
        {"max-move", read_max_move},
};

/* The data centers of a list of names, each once. */
static bool read_names(struct reader *reader, const struct yaml *value, struct rule_list *list)
{
	uint8_t found[DATACENTERS_MAX];
	bool seen[DATACENTERS_MAX] = {false}, good = true;
	if (!expect_list(reader, value, "a list of data centers"))
		return false;
	if (!value->count) {
		reader_error(reader, value, "%s names no data center", reader_subject(reader, value));
		return false;
	}
	for (const struct yaml *item = value->first; item; item = item->next) {
		uint32_t index = NO_INDEX;
		if (expect_scalar(reader, item, "the name of a data center"))
			index = names_find(reader, &reader->datacenters, item, item->text, "data center");
		if (index == NO_INDEX) {
			good = false;
			continue;
		}
		MUST(index < DATACENTERS_MAX);
		if (seen[index]) {
			reader_error(reader, item, "'%s' is here twice", item->text);
			good = false;
			continue;
		}
		seen[index] = true;
		found[list->count++] = (uint8_t)index;
	}
	list->datacenters = arena_copy(reader->arena, found, list->count);
	return good;
}

static bool read_only(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct rule_list *list = field;
	(void)option;
	list->only = true;
	return read_names(reader, value, list);
}

/* What a rule says: `nearest`, a list, or { only: list }. */
static bool read_list(struct reader *reader, const struct yaml *value, struct rule_list *list)
{
	static const struct option only[] = {{"only", read_only, 0}};
	*list = (struct rule_list){.count = 0};
	if (is_word(value, "nearest"))
		return true;
	if (value->kind == YAML_LIST)
		return read_names(reader, value, list);
	if (value->kind != YAML_MAPPING) {
		expect_list(reader, value, "a list of data centers, { only: [...] } or nearest");
		return false;
	}
	if (!options_read(reader, value, "a rule", OPTIONS(only), list))
		return false;
	if (!value->count)
		reader_error(reader, value, "%s names no data center", reader_subject(reader, value));
	return list->count > 0;
}

static void add(struct reader *reader, struct rules *rules, struct map_rule *rule, const struct yaml *value)
{
	struct err_at at = yaml_at(value->key);
	rule->file = at.file;
	rule->line = at.line;
	if (!read_list(reader, value, &rule->list))
		return;
	const struct map_rule *first = rules_add(rules, rule);
	if (first)
		reader_error(reader, value->key, "there are two rules for '%s'; first at %s:%u", value->key->text,
		        first->file, first->line);
}

static bool read_default(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct map_rule rule = {.kind = RULE_DEFAULT};
	(void)option;
	add(reader, field, &rule, value);
	return true;
}

static bool read_unknown(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct map_rule rule = {.kind = RULE_UNKNOWN};
	(void)option;
	if (is_word(value, "nearest")) {
		reader_error(reader, value, "where a client is unknown, nothing is nearest; list the data centers");
		return false;
	}
	add(reader, field, &rule, value);
	return true;
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A text in upper case, to suggest. */
static const char *upper(struct reader *reader, const char *text)
{
	char *copy = arena_string(reader->scratch, text);
	for (char *at = copy; *at; at++)
		if (*at >= 'a' && *at <= 'z')
			*at = (char)(*at - 'a' + 'A');
	return copy;
}

static bool is_country(const char *text)
{
	return is_upper(text[0]) && is_upper(text[1]) && !text[2];
}

static bool is_subdivision(const char *text)
{
	size_t length = strlen(text);
	if (length < 4 || length > 6 || !is_upper(text[0]) || !is_upper(text[1]) || text[2] != '-')
		return false;
	for (const char *at = text + 3; *at; at++)
		if (!is_upper(*at) && !is_digit(*at))
			return false;
	return true;
}

/* A code that no database will ever give. */
static void check_known(struct reader *reader, const struct yaml *key, const char *text)
{
	static const char *const others[][2] = {{"UK", "GB"}, {"EL", "GR"}};
	unsigned bit = 26 * (unsigned)(text[0] - 'A') + (unsigned)(text[1] - 'A');
	if (!reader->knows_countries || (reader->known_countries[bit / 8] >> bit % 8 & 1))
		return;
	const char *other = NULL;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (memcmp(text, others[i][0], 2) == 0)
			other = others[i][1];
	reader_warn(reader, key, "the country '%.2s' is not in %s%s", text,
	        reader->conf->countries ? reader->conf->countries : "the table of countries",
	        other ? arena_printf(reader->scratch, "; did you mean '%s'?", other) : "");
}

/* What the keys of a mapping of rules are, and how a good one is told. */
struct key_kind {
	enum rule_kind kind;
	const char *expected;
	bool (*check)(const char *text);
};

static bool is_continent(const char *text)
{
	static const char *const codes[] = {"AF", "AN", "AS", "EU", "NA", "OC", "SA"};
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (strcmp(text, codes[i]) == 0)
			return true;
	return false;
}

static bool read_codes(
        struct reader *reader, const struct yaml *value, const struct key_kind *kind, struct rules *rules)
{
	if (!expect_mapping(reader, value, "a mapping of codes to lists of data centers"))
		return false;
	for (const struct yaml *item = value->first; item; item = item->next) {
		const char *text = item->key->text, *better = upper(reader, text);
		if (!kind->check(text)) {
			if (kind->check(better))
				reader_error(reader, item->key, "'%s' is no %s; did you mean '%s'?", text,
				        kind->expected, better);
			else
				reader_error(reader, item->key, "'%s' is no %s", text, kind->expected);
			continue;
		}
		if (kind->kind != RULE_CONTINENT)
			check_known(reader, item->key, text);
		struct map_rule rule = {.kind = kind->kind, .key = arena_string(reader->arena, text)};
		add(reader, rules, &rule, item);
	}
	return true;
}

static bool read_continents(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	static const struct key_kind kind = {RULE_CONTINENT, "continent (AF, AN, AS, EU, NA, OC or SA)", is_continent};
	(void)option;
	return read_codes(reader, value, &kind, field);
}

static bool read_countries(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	static const struct key_kind kind = {
	        RULE_COUNTRY, "country code, two upper-case letters as in ISO 3166-1", is_country};
	(void)option;
	return read_codes(reader, value, &kind, field);
}

static bool read_subdivisions(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	static const struct key_kind kind = {
	        RULE_SUBDIVISION, "subdivision as in ISO 3166-2, such as US-HI", is_subdivision};
	(void)option;
	return read_codes(reader, value, &kind, field);
}

static bool read_asns(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	if (!expect_mapping(reader, value, "a mapping of AS numbers to lists of data centers"))
		return false;
	for (const struct yaml *item = value->first; item; item = item->next) {
		const char *text = item->key->text;
		int64_t number;
		text += strncmp(text, "AS", 2) == 0 ? 2 : 0;
		if (!text_number(&number, text, 1, UINT32_MAX)) {
			reader_error(reader, item->key, "'%s' is no AS number from 1 to 4294967295", item->key->text);
			continue;
		}
		struct map_rule rule = {.kind = RULE_ASN, .asn = (uint32_t)number};
		add(reader, field, &rule, item);
	}
	return true;
}

static bool read_prefix_rules(struct reader *reader, const struct yaml *value, enum rule_kind kind, struct rules *rules)
{
	if (!expect_mapping(reader, value, "a mapping of prefixes to lists of data centers"))
		return false;
	for (const struct yaml *item = value->first; item; item = item->next) {
		struct map_rule rule = {.kind = kind};
		if (!read_prefix(reader, item->key, &rule.prefix))
			continue;
		if (prefix_canonical(&rule.prefix))
			add(reader, rules, &rule, item);
		else
			reader_error(reader, item->key,
			        "'%s' is part of a 6to4 network, which is looked up by its IPv4 address; at most /48",
			        item->key->text);
	}
	return true;
}

static bool read_nets(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	return read_prefix_rules(reader, value, RULE_NET, field);
}

static bool read_resolvers(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	return read_prefix_rules(reader, value, RULE_RESOLVER, field);
}

static bool read_max_move(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct rules *rules = field;
	rules->max_move_at = reader_place(value->key);
	return read_percent(reader, value, option, &rules->max_move);
}

static bool read_files(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	const char *path;
	if (value->kind != YAML_SCALAR && !expect_list(reader, value, "a file, or a list of files"))
		return false;
	const struct yaml *item = value->kind == YAML_LIST ? value->first : value;
	for (; item; item = value->kind == YAML_LIST ? item->next : NULL) {
		struct err_at at = yaml_at(item);
		if (read_path(reader, item, option, &path))
			nets_read(reader, field, path, &at);
	}
	return true;
}

void conf_map_read(struct reader *reader, const struct yaml *value, struct map_rules *map)
{
	map->name = arena_string(reader->arena, value->key->text);
	map->max_move = 100;
	if (value->kind == YAML_EMPTY)
		return;
	struct rules rules;
	rules_new(&rules);
	if (options_read(reader, value, "a map", OPTIONS(options), &rules)) {
		const struct yaml *files = yaml_get(value, "nets");
		if (files)
			read_files(reader, files, NULL, &rules);
	}
	map->rules = arena_copy(reader->arena, rules.list, rules.count * sizeof *rules.list);
	map->count = rules.count;
	map->max_move = rules.max_move;
	map->max_file = rules.max_move_at.file;
	map->max_line = rules.max_move_at.line;
	rules_free(&rules);
}
