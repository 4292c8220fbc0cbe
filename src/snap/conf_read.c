/*
 * conf_read.c: from the path of meridian.yaml to a struct conf, or to the list of all that is wrong.
 */
#include "snap/conf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "snap/conf_reader.h"

static char *disk_read(
        void *context, const char *path, size_t max, size_t *size, struct err *err, const struct err_at *at)
{
	(void)context;
	return file_read(path, max, size, err, at);
}

static int disk_list(void *context, const char *folder, const char *suffix, struct arena *arena, char ***paths,
        struct err *err, const struct err_at *at)
{
	(void)context;
	return file_list(folder, suffix, arena, paths, err, at);
}

static bool disk_exists(void *context, const char *path)
{
	(void)context;
	return access(path, F_OK) == 0;
}

const struct yaml *conf_load(struct reader *reader, const char *path, const struct err_at *at)
{
	size_t size;
	bool empty;
	char *text = reader->source->read(reader->source->context, path, YAML_BYTES_MAX, &size, reader->err, at);
	if (!text)
		return NULL;
	/* Places point into the text for as long as the conf lives. */
	char *copy = arena_bytes(reader->arena, size + 1);
	memcpy(copy, text, size);
	copy[size] = 0;
	free(text);
	return yaml_parse(reader->scratch, path, copy, size, &empty, reader->err);
}

static void read_all(struct reader *reader, const char *path)
{
	const struct yaml *zones, *geo;
	size_t before = err_count(reader->err, ERR_ERROR);
	const struct yaml *root = conf_load(reader, path, NULL);
	bool readable = root || before == err_count(reader->err, ERR_ERROR);
	conf_server_read(reader, root, &zones, &geo);
	/* Where the rest lies is only known from a file that could be read. */
	if (readable) {
		conf_zones_read(reader, zones);
		conf_geo_read(reader, geo);
	}
	names_free(&reader->keys);
}

struct conf *conf_read_from(
        const struct conf_source *source, const char *path, const struct conf *previous, struct err *err)
{
	size_t before = err_count(err, ERR_ERROR);
	struct arena *arena = arena_new();
	struct reader reader = {
	        .arena = arena, .scratch = arena_new(), .err = err, .source = source, .previous = previous};
	struct conf *conf = arena_alloc(arena, sizeof *conf);
	conf->arena = arena;
	conf->path = arena_string(arena, path);
	reader.conf = conf;
	read_all(&reader, conf->path);
	arena_free(reader.scratch);
	if (err_count(err, ERR_ERROR) == before)
		return conf;
	conf_free(conf);
	return NULL;
}

struct conf *conf_read_after(const char *path, const struct conf *previous, struct err *err)
{
	static const struct conf_source disk = {.read = disk_read, .list = disk_list, .exists = disk_exists};
	return conf_read_from(&disk, path, previous, err);
}

struct conf *conf_read(const char *path, struct err *err)
{
	return conf_read_after(path, NULL, err);
}

void conf_free(struct conf *conf)
{
	if (conf)
		arena_free(conf->arena);
}
