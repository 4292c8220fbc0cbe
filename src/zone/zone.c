/*
 * zone.c: a load from beginning to end; references.
 */
#include "zone/zone.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/cursor.h"
#include "zone/build.h"
#include "zone/master.h"

/* Has nothing changed? Compares all texts that made up `previous`, from the main file on. */
static bool is_same(const struct zone *previous, struct sources *sources, const uint8_t *origin)
{
	if (strcmp(previous->file, sources->list[0]->path) != 0 || !name_equal(previous->name, origin))
		return false;
	struct err *ignored = err_new();
	bool read = true;
	for (uint32_t i = 1; read && i < previous->file_count; i++)
		read = source_open(sources, previous->files[i], (struct place){0}, ignored) >= 0;
	err_free(ignored);
	uint8_t digest[32];
	sources_digest(sources, digest);
	sources_keep(sources, 1);
	return read && memcmp(digest, previous->digest, sizeof digest) == 0;
}

static void remember_sources(struct zone *zone, const struct sources *sources)
{
	const char **files = arena_alloc(zone->arena, sources->count * sizeof *files);
	for (uint32_t i = 0; i < sources->count; i++)
		files[i] = sources->list[i]->path;
	zone->file = files[0];
	zone->files = files;
	zone->file_count = sources->count;
	sources_digest(sources, zone->digest);
}

static void remember_soa(struct zone *zone)
{
	zone->soa = node_set(&zone->nodes[0], TYPE_SOA);
	if (!zone->soa)
		return;
	enum { TAIL = 20 }; /* SERIAL REFRESH RETRY EXPIRE MINIMUM */
	MUST(zone->soa->size > RR_HEADER + TAIL);
	struct reader r = reader_of(zone->soa->wire + zone->soa->size - TAIL, TAIL);
	zone->serial = read_u32(&r);
	read_bytes(&r, 8); /* REFRESH, RETRY */
	zone->expire = read_u32(&r);
	uint32_t minimum = read_u32(&r);
	zone->negative_ttl = minimum < zone->soa->ttl ? minimum : zone->soa->ttl;
}

/* Lines of a text: about as many as it has records. */
static uint32_t count_lines(const struct source *source)
{
	uint32_t lines = 1;
	const char *end = source->text + source->size;
	for (const char *at = source->text; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		lines++;
	return lines;
}

/* Reads, checks and builds all of it from the main file, which is open. */
static struct zone *load(
        struct arena *arena, struct sources *sources, const uint8_t *origin, uint64_t seed, struct err *err)
{
	struct draft draft;
	draft_start(&draft, arena, origin, seed);
	draft_expect(&draft, count_lines(sources->list[0]));
	struct master *master = malloc(sizeof *master);
	MUST(master);
	memset(master, 0, offsetof(struct master, rdata));
	master->draft = &draft;
	master->sources = sources;
	master->err = err;
	master_read(master, 0);

	struct zone *zone = arena_alloc(arena, sizeof *zone);
	zone->arena = arena;
	zone->seed = seed;
	atomic_init(&zone->references, 1);
	struct build build = {.zone = zone,
	        .draft = &draft,
	        .sources = sources,
	        .err = err,
	        .broken_soa = master->broken_soa,
	        .broken_ns = master->broken_ns};
	free(master);
	build_zone(&build);
	draft_end(&draft);
	remember_soa(zone);
	remember_sources(zone, sources);
	return zone;
}

struct zone *zone_load(const char *file, const uint8_t *origin, uint64_t seed, struct zone *previous, struct err *err)
{
	size_t errors = err_count(err, ERR_ERROR);
	struct arena *arena = arena_new();
	struct sources sources = {.arena = arena};
	struct zone *zone = NULL;
	if (source_open(&sources, file, (struct place){0}, err) >= 0) {
		if (previous && is_same(previous, &sources, origin))
			zone = zone_hold(previous);
		else
			zone = load(arena, &sources, origin, seed, err);
	}
	sources_close(&sources);
	if (zone == previous || !zone) {
		arena_free(arena);
	} else if (err_count(err, ERR_ERROR) > errors) {
		zone_release(zone);
		zone = NULL;
	}
	return zone;
}

struct zone *zone_hold(struct zone *zone)
{
	atomic_fetch_add(&zone->references, 1);
	return zone;
}

void zone_release(struct zone *zone)
{
	if (!zone || atomic_fetch_sub(&zone->references, 1) > 1)
		return;
	free((void *)(uintptr_t)zone->nodes);
	free((void *)(uintptr_t)zone->slots);
	arena_free(zone->arena);
}
