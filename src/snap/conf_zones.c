/*
 * conf_zones.c: which zones there are, and in which files: a folder of NAME.zone, a mapping, or both.
 *
 * The files are not looked into here: a zone that cannot be read is that zone's fault alone.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/file.h"
#include "snap/conf_reader.h"
#include "wire/name.h"

static const char suffix[] = ".zone";

/* Zones as they are found. */
struct zones {
	struct conf_zone *list;
	uint32_t count, room;
	uint32_t in_folder;   /* the first ones */
	struct dict *origins; /* wire form → index */
	struct dict *named;   /* those of the folder that are named, too */
	struct conf_zone defaults;
};

/* Appends, unless the origin is there already. `node`: where it is named. */
static void zone_add(struct reader *reader, struct zones *zones, const struct conf_zone *zone, const struct yaml *node)
{
	uint32_t first;
	if (dict_get(zones->origins, zone->origin, name_length(zone->origin), &first)) {
		reader_error(reader, node, "the zone %s is given twice: by %s and by %s", zone->name,
		        zones->list[first].file, zone->file);
		return;
	}
	if (zones->count == zones->room) {
		zones->room = zones->room ? 2 * zones->room : 64;
		zones->list = realloc(zones->list, zones->room * sizeof *zones->list);
		MUST(zones->list);
	}
	dict_add(zones->origins, zone->origin, name_length(zone->origin), zones->count);
	zones->list[zones->count++] = *zone;
}

/* A zone of the folder that is named, too, with no file or with that one: what is said of it there holds. */
static bool zone_refine(struct zones *zones, const struct conf_zone *zone)
{
	uint32_t index;
	size_t length = name_length(zone->origin);
	if (!dict_get(zones->origins, zone->origin, length, &index) || index >= zones->in_folder)
		return false;
	struct conf_zone *known = &zones->list[index];
	if ((zone->file && strcmp(zone->file, known->file) != 0) ||
	        !dict_add(zones->named, zone->origin, length, index))
		return false;
	const char *file = known->file;
	*known = *zone;
	known->file = file;
	return true;
}

/* The origin that a file's name says. */
static bool zone_of_file(struct reader *reader, struct conf_zone *zone, const char *path, const struct yaml *node)
{
	uint8_t name[NAME_BYTES];
	char text[NAME_TEXT_MAX];
	const char *why = NULL, *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t length = name_parse(name, base, strlen(base) - strlen(suffix), NULL, &why);
	if (!length) {
		reader_error(reader, node, "%s: the file's name is no domain name: %s", path, why);
		return false;
	}
	name_lower(name, name, length);
	zone->origin = arena_copy(reader->arena, name, length);
	zone->name = arena_string(reader->arena, name_format(name, text));
	zone->file = path;
	zone->place = reader_place(node);
	return true;
}

static void read_folder(struct reader *reader, struct zones *zones, const char *folder, const struct yaml *node)
{
	char **paths;
	struct err_at at = yaml_at(node);
	int count = reader->source->list(
	        reader->source->context, folder, suffix, reader->arena, &paths, reader->err, &at);
	if (count == 0)
		reader_error(reader, node, "there is no file NAME%s in %s", suffix, folder);
	for (int i = 0; i < count; i++) {
		struct conf_zone zone = zones->defaults;
		if (zone_of_file(reader, &zone, paths[i], node))
			zone_add(reader, zones, &zone, node);
	}
	zones->in_folder = zones->count;
}

static void read_named_zone(struct reader *reader, struct zones *zones, const struct yaml *value)
{
	static const struct option options[] = {
	        {"file", read_path, offsetof(struct conf_zone, file)},
	        {"transfer", read_transfer, 0},
	        {"notify", read_notify, 0},
	};
	char text[NAME_TEXT_MAX];
	struct conf_zone zone = zones->defaults;
	zone.origin = read_name(reader, value->key, true);
	zone.place = reader_place(value->key);
	if (zone.origin)
		zone.name = arena_string(reader->arena, name_format(zone.origin, text));
	if (value->kind == YAML_MAPPING) {
		options_read(reader, value, "a zone", OPTIONS(options), &zone);
		if (!zone.file && yaml_get(value, "file"))
			return;
	} else if (!read_path(reader, value, NULL, &zone.file)) {
		return;
	}
	if (!zone.origin || zone_refine(zones, &zone))
		return;
	if (zone.file)
		zone_add(reader, zones, &zone, value->key);
	else
		reader_error(reader, value->key, "the zone '%s' has no file", value->key->text);
}

static bool read_defaults(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	static const struct option options[] = {{"transfer", read_transfer, 0}, {"notify", read_notify, 0}};
	(void)option;
	struct zones *zones = field;
	return options_read(reader, value, "'default'", OPTIONS(options), &zones->defaults);
}

/* A mapping: `default` first, whatever the order in the file. */
static void read_mapping(struct reader *reader, struct zones *zones, const struct yaml *value)
{
	static const struct option options[] = {
	        {"folder", read_later}, {"default", read_defaults, 0}, {"named", read_later}};
	const char *path;
	if (!options_read(reader, value, "'zones'", OPTIONS(options), zones))
		return;
	const struct yaml *folder = yaml_get(value, "folder"), *named = yaml_get(value, "named");
	if (folder && read_path(reader, folder, NULL, &path))
		read_folder(reader, zones, path, folder);
	if (named && expect_mapping(reader, named, "a mapping of zones to files"))
		for (const struct yaml *item = named->first; item; item = item->next)
			read_named_zone(reader, zones, item);
	if (!folder && !named)
		reader_error(reader, value->key, "'zones' names neither a folder nor a zone");
}

/* Not given: the folder `zones` beside meridian.yaml. */
static void read_unnamed(struct reader *reader, struct zones *zones)
{
	const char *path = reader->conf->path;
	struct yaml_file file = {.path = path}; /* no line to point at */
	struct yaml node = {.file = &file};
	read_folder(reader, zones, file_beside(reader->arena, path, "zones"), &node);
}

void conf_zones_read(struct reader *reader, const struct yaml *value)
{
	struct conf *conf = reader->conf;
	struct zones zones = {.origins = dict_new(), .named = dict_new()};
	const char *folder;
	if (!value)
		read_unnamed(reader, &zones);
	else if (value->kind == YAML_MAPPING)
		read_mapping(reader, &zones, value);
	else if (expect_scalar(reader, value, "a folder or a mapping") && read_path(reader, value, NULL, &folder))
		read_folder(reader, &zones, folder, value);
	conf->zones = arena_copy(conf->arena, zones.list, zones.count * sizeof *zones.list);
	conf->zone_count = zones.count;
	free(zones.list);
	dict_free(zones.origins);
	dict_free(zones.named);
}
