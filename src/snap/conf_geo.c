/*
 * conf_geo.c: the files of geo/ as one: sections may be spread over files, names are each defined once.
 *
 * Two passes: first all names of data centers, probes and maps, so that the order of files and sections does not
 * matter; then what they say. A thing with a mistake keeps its name, so that others who name it are not blamed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/file.h"
#include "snap/conf_reader.h"
#include "wire/name.h"

enum section { DATACENTERS, PROBES, MAPS, SERVICES, SAFETY, SECTIONS };

struct geo {
	const struct yaml **sections[SECTIONS]; /* of each file that has it */
	uint32_t counts[SECTIONS];
	uint32_t entries[SECTIONS]; /* in all of them */
};

static option_read read_section;
static const struct option sections[] = {
        {"datacenters", read_section, DATACENTERS},
        {"probes", read_section, PROBES},
        {"maps", read_section, MAPS},
        {"services", read_section, SERVICES},
        {"safety", read_section, SAFETY},
};

/* Keeps the section for later; `field` minus its offset is the struct geo. */
static bool read_section(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct geo *geo = (void *)((char *)field - option->offset);
	enum section section = (enum section)option->offset;
	if (value->kind == YAML_EMPTY)
		return true;
	if (!expect_mapping(reader, value, "a mapping"))
		return false;
	geo->sections[section][geo->counts[section]++] = value;
	geo->entries[section] += value->count;
	return true;
}

/* Calls `visit` for each entry of a section, file by file. */
static void each(struct reader *reader, const struct geo *geo, enum section section, void *context,
        void (*visit)(struct reader *, const struct yaml *, void *context))
{
	for (uint32_t i = 0; i < geo->counts[section]; i++)
		for (const struct yaml *value = geo->sections[section][i]->first; value; value = value->next)
			visit(reader, value, context);
}

struct naming {
	struct names *names;
	const char *what;
};

static void name_entry(struct reader *reader, const struct yaml *value, void *context)
{
	struct naming *naming = context;
	names_add(reader, naming->names, value, naming->what);
}

static bool read_at(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct datacenter *datacenter = field;
	(void)option;
	if (!expect_list(reader, value, "[latitude, longitude]"))
		return false;
	if (value->count != 2) {
		reader_error(reader, value, "'at' must be two numbers, [latitude, longitude]");
		return false;
	}
	bool latitude = read_decimal(reader, value->first, "a latitude", -90, 90, &datacenter->latitude);
	bool longitude = read_decimal(reader, value->first->next, "a longitude", -180, 180, &datacenter->longitude);
	datacenter->located = latitude && longitude;
	return datacenter->located;
}

static bool read_capacity(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	return read_decimal(reader, value, "'capacity'", 0, 1e15, field);
}

static bool read_bias(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	double bias;
	(void)option;
	if (!read_decimal(reader, value, "'bias'", -99, 99, &bias))
		return false;
	if (bias != (int)bias) {
		reader_error(reader, value, "'bias' must be a whole number of percent, not '%s'", value->text);
		return false;
	}
	*(int *)field = (int)bias;
	return true;
}

static void read_datacenter(struct reader *reader, const struct yaml *value, struct datacenter *datacenter)
{
	static const struct option options[] = {
	        {"at", read_at, 0},
	        {"capacity", read_capacity, offsetof(struct datacenter, capacity)},
	        {"bias", read_bias, offsetof(struct datacenter, bias)},
	};
	datacenter->name = arena_string(reader->arena, value->key->text);
	if (value->kind != YAML_EMPTY)
		options_read(reader, value, "a data center", OPTIONS(options), datacenter);
}

static bool read_brake(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	static const struct option options[] = {
	        {"datacenters", read_unsigned, offsetof(struct safety, brake), 1, DATACENTERS_MAX},
	        {"per", read_duration, offsetof(struct safety, brake_per), NANO_SECOND, 30 * 86400 * NANO_SECOND},
	};
	struct safety *safety = field;
	(void)option;
	if (is_word(value, "off"))
		return true;
	if (value->kind != YAML_MAPPING)
		return expect_mapping(reader, value, "off or { datacenters: 1, per: 10m }");
	safety->brake = 1;
	safety->brake_per = 600 * NANO_SECOND;
	return options_read(reader, value, "'brake'", OPTIONS(options), safety);
}

static void read_safety(struct reader *reader, const struct geo *geo)
{
	static const struct option options[] = {
	        {"keep", read_unsigned, offsetof(struct safety, keep), 0, DATACENTERS_MAX},
	        {"brake", read_brake, 0},
	        {"freeze", read_flag, offsetof(struct safety, freeze)},
	        {"linger", read_duration, offsetof(struct safety, linger), 0, 7 * 86400 * NANO_SECOND},
	        {"promise", read_duration, offsetof(struct safety, promise), NANO_SECOND, 86400 * NANO_SECOND},
	};
	struct conf *conf = reader->conf;
	for (uint32_t i = 0; i < geo->counts[SAFETY]; i++) {
		const struct yaml *section = geo->sections[SAFETY][i];
		options_read(reader, section, "'safety'", OPTIONS(options), &conf->safety);
		for (const struct yaml *value = section->first; value; value = value->next)
			for (uint32_t j = 0; j < i; j++) {
				const struct yaml *first = yaml_get(geo->sections[SAFETY][j], value->key->text);
				if (!first)
					continue;
				struct err_at at = yaml_at(first->key);
				reader_error(reader, value->key, "'%s' of safety is given twice; first at %s:%u",
				        value->key->text, at.file, at.line);
				break;
			}
		const struct yaml *keep = yaml_get(section, "keep");
		if (keep && conf->datacenter_count && conf->safety.keep >= conf->datacenter_count)
			reader_warn(reader, keep, "with %u data centers, 'keep: %u' lets none of them be taken out",
			        conf->datacenter_count, conf->safety.keep);
	}
}

static void read_service(struct reader *reader, const struct yaml *value, void *context)
{
	struct conf_service *services = context;
	conf_service_read(reader, value, &services[reader->conf->service_count++]);
}

static struct err_at at_of(const struct place *place)
{
	return (struct err_at){place->file, place->line, place->column, place->width, place->text, place->text_length};
}

/* A name is steered by one service. */
static void check_owners(struct reader *reader)
{
	struct conf *conf = reader->conf;
	struct dict *owners = dict_new();
	for (uint32_t i = 0; i < conf->service_count; i++)
		for (uint32_t j = 0; j < conf->services[i].name_count; j++) {
			const struct conf_service *service = &conf->services[i], *other;
			const uint8_t *name = service->names[j];
			uint32_t first = i;
			char text[NAME_TEXT_MAX];
			if (dict_add(owners, name, name_length(name), i) ||
			        !dict_get(owners, name, name_length(name), &first))
				continue;
			uint32_t k = 0;
			for (other = &conf->services[first]; !name_equal(other->names[k], name);)
				k++;
			const struct place *there = &other->name_places[k];
			struct err_at at = at_of(&service->name_places[j]);
			err_add(reader->err, ERR_ERROR, &at, "%s is steered twice; first at %s:%u",
			        name_format(name, text), there->file, there->line);
		}
	dict_free(owners);
}

/* A list of `only`: which data centers, and the first rule that has it. */
struct only {
	uint64_t mask[(DATACENTERS_MAX + 63) / 64];
	const struct map_rule *rule;
};

static void mask_add(struct only *only, uint32_t datacenter)
{
	only->mask[datacenter / 64] |= UINT64_C(1) << datacenter % 64;
}

/* The distinct lists of `only` of a map. */
static uint32_t collect_only(struct reader *reader, const struct map_rules *map, struct only **lists)
{
	uint32_t count = 0, room = 0;
	struct dict *known = dict_new();
	*lists = NULL;
	for (size_t i = 0; i < map->count; i++) {
		const struct rule_list *list = &map->rules[i].list;
		struct only only = {.rule = &map->rules[i]};
		for (unsigned j = 0; j < list->count; j++)
			mask_add(&only, list->datacenters[j]);
		if (!list->only || !list->count || !dict_add(known, only.mask, sizeof only.mask, 0))
			continue;
		*lists = arena_grow(reader->scratch, *lists, count, &room, sizeof only);
		(*lists)[count++] = only;
	}
	dict_free(known);
	return count;
}

static bool meets(const struct only *only, const struct only *own)
{
	uint64_t common = 0;
	for (size_t i = 0; i < sizeof own->mask / sizeof *own->mask; i++)
		common |= only->mask[i] & own->mask[i];
	return common;
}

/* Whom `only` sends to data centers in which a service has no pool, it would send nowhere. */
static void check_only(struct reader *reader)
{
	const struct conf *conf = reader->conf;
	for (uint32_t i = 0; i < conf->map_count; i++) {
		struct only *lists;
		uint32_t count = collect_only(reader, &conf->maps[i], &lists);
		for (uint32_t j = 0; count && j < conf->service_count; j++) {
			const struct conf_service *service = &conf->services[j];
			struct only own = {.rule = NULL};
			for (uint32_t k = 0; k < service->pool_count; k++)
				if (service->pools[k].datacenter != NO_INDEX)
					mask_add(&own, service->pools[k].datacenter);
			for (uint32_t k = 0; k < count && service->map == i && service->pool_count; k++) {
				if (meets(&lists[k], &own))
					continue;
				struct err_at at = at_of(&service->place);
				err_add(reader->err, ERR_ERROR, &at,
				        "no pool for the clients of %s:%u: `only` sends them nowhere else, and "
				        "this service has no pool there",
				        lists[k].rule->file, lists[k].rule->line);
			}
		}
	}
}

static void read_all(struct reader *reader, struct geo *geo)
{
	struct conf *conf = reader->conf;
	each(reader, geo, DATACENTERS, &(struct naming){&reader->datacenters, "data center"}, name_entry);
	each(reader, geo, PROBES, &(struct naming){&reader->probes, "probe"}, name_entry);
	each(reader, geo, MAPS, &(struct naming){&reader->maps, "map"}, name_entry);
	if (reader->datacenters.count > DATACENTERS_MAX)
		reader_error(reader, reader->datacenters.nodes[DATACENTERS_MAX]->key,
		        "there are more than %d data centers", DATACENTERS_MAX);

	struct datacenter *datacenters = arena_alloc(conf->arena, reader->datacenters.count * sizeof *datacenters);
	conf->datacenters = datacenters;
	conf->datacenter_count = reader->datacenters.count;
	for (uint32_t i = 0; i < conf->datacenter_count; i++)
		read_datacenter(reader, reader->datacenters.nodes[i], &datacenters[i]);
	struct probe_spec *probes = arena_alloc(conf->arena, reader->probes.count * sizeof *probes);
	conf->probes = probes;
	conf->probe_count = reader->probes.count;
	for (uint32_t i = 0; i < conf->probe_count; i++)
		conf_probe_read(reader, reader->probes.nodes[i], &probes[i]);
	conf_parts_read(reader, probes);
	struct map_rules *maps = arena_alloc(conf->arena, reader->maps.count * sizeof *maps);
	conf->maps = maps;
	conf->map_count = reader->maps.count;
	/* Beyond the limit an index into the data centers does not fit a rule. */
	for (uint32_t i = 0; i < conf->map_count && conf->datacenter_count <= DATACENTERS_MAX; i++)
		conf_map_read(reader, reader->maps.nodes[i], &maps[i]);
	struct conf_service *services = arena_alloc(conf->arena, geo->entries[SERVICES] * sizeof *services);
	conf->services = services;
	each(reader, geo, SERVICES, services, read_service);
	check_owners(reader);
	check_only(reader);
	read_safety(reader, geo);
}

/* The country codes of countries.tsv, its first column, to find typing errors. What is wrong with the file is told by
 * those who need it. */
static void know_countries(struct reader *reader)
{
	size_t size, count = 0;
	struct err *quiet = err_new();
	const char *path = reader->conf->countries;
	char *text = path ? reader->source->read(reader->source->context, path, YAML_BYTES_MAX, &size, quiet, NULL)
	                  : NULL;
	for (const char *at = path ? text : geodb_countries(); at && *at; count++) {
		unsigned first = (unsigned)at[0] - 'A', second = first < 26 ? (unsigned)at[1] - 'A' : 26;
		if (second < 26 && at[2] == '\t') {
			unsigned bit = 26 * first + second;
			reader->known_countries[bit / 8] |= (uint8_t)(1 << bit % 8);
			reader->knows_countries = true;
		}
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	free(text);
	err_free(quiet);
}

static void find_countries(struct reader *reader, const char *folder)
{
	const char *path = file_within(reader->arena, folder, "countries.tsv");
	bool there = reader->source->exists(reader->source->context, path);
	reader->conf->countries = there ? path : NULL;
	know_countries(reader);
}

/* A file that is meant but not read. */
static void warn_of_yml(struct reader *reader, const char *folder, const struct err_at *at)
{
	char **paths;
	struct err *quiet = err_new();
	int count = reader->source->list(reader->source->context, folder, ".yml", reader->scratch, &paths, quiet, at);
	for (int i = 0; i < count; i++)
		err_add(reader->err, ERR_WARNING, at, "%s is not read: its name does not end in .yaml", paths[i]);
	err_free(quiet);
}

/* A folder that is empty or gone while names are steered by it is a copy that went wrong: it must not end all steering.
 */
static bool check_lost(struct reader *reader, const char *folder, const struct err_at *at)
{
	if (!reader->previous || !reader->previous->service_count)
		return false;
	err_add(reader->err, ERR_ERROR, at,
	        "there is no file *.yaml in %s, and all steering would end; if that is meant, put one there that has "
	        "no "
	        "services",
	        folder);
	return true;
}

static void read_files(struct reader *reader, const char *folder, const struct err_at *at)
{
	char **paths;
	struct geo geo;
	memset(&geo, 0, sizeof geo);
	int count = reader->source->list(
	        reader->source->context, folder, ".yaml", reader->arena, &paths, reader->err, at);
	if (count == 0 && !check_lost(reader, folder, at))
		err_add(reader->err, ERR_WARNING, at, "there is no file *.yaml in %s, so nothing is steered", folder);
	if (count >= 0)
		warn_of_yml(reader, folder, at);
	for (enum section i = 0; i < SECTIONS && count > 0; i++)
		geo.sections[i] = arena_alloc(reader->scratch, (size_t)count * sizeof *geo.sections[i]);
	for (int i = 0; i < count; i++) {
		const struct yaml *root = conf_load(reader, paths[i], at);
		if (root)
			options_read(reader, root, "a file of geo/", OPTIONS(sections), &geo);
	}
	names_new(reader, &reader->datacenters, geo.entries[DATACENTERS]);
	names_new(reader, &reader->probes, geo.entries[PROBES]);
	names_new(reader, &reader->maps, geo.entries[MAPS]);
	read_all(reader, &geo);
	names_free(&reader->datacenters);
	names_free(&reader->probes);
	names_free(&reader->maps);
}

void conf_geo_read(struct reader *reader, const struct yaml *value)
{
	struct conf *conf = reader->conf;
	const char *folder;
	struct err_at at = {.file = conf->path};
	if (!value)
		folder = file_beside(conf->arena, conf->path, "geo");
	else if (read_path(reader, value, NULL, &folder))
		at = yaml_at(value);
	else
		return;
	conf->safety = (struct safety){.keep = 1, .freeze = true, .linger = 300 * NANO_SECOND};
	find_countries(reader, folder);
	/* A server that steers nothing needs no folder; but then it needs no databases either. */
	if (value || reader->source->exists(reader->source->context, folder)) {
		read_files(reader, folder, &at);
		return;
	}
	if (!check_lost(reader, folder, &at) && conf->database_count) {
		at = conf_place_at(&conf->database_places[0]);
		err_add(reader->err, ERR_WARNING, &at, "nothing is steered by it: there is no folder %s", folder);
	}
}
