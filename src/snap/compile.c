/*
 * compile.c: a folder of files → a sealed snapshot, or the list of what is wrong.
 *
 * Called by the reload on the builder thread, by `check` and the tests offline.
 * The catch: a bad zone stops nothing but itself; anything else that is bad
 * stops the whole.
 */
#include "snap/compile.h"

#include <malloc.h>
#include <string.h>

#include "base/assert.h"

static bool any_zone_loaded(const struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->zone_count; i++)
		if (snapshot->zones[i].zone)
			return true;
	return false;
}

/* Fills the snapshot; false where it must not be published. */
static bool compile(struct snapshot *snapshot, const struct snapshot_request *request, struct err *err)
{
	const struct snapshot *previous = request->previous;
	uint32_t bad_zones = compile_zones(snapshot, previous, err);
	size_t zone_errors = err_count(err, ERR_ERROR);
	compile_services(snapshot);
	compile_attachments(snapshot, err);
	compile_loops(snapshot, err);
	compile_hints(snapshot);
	if (err_count(err, ERR_ERROR) == zone_errors)
		compile_tables(snapshot, request, err);
	if (err_count(err, ERR_ERROR) > zone_errors)
		return false;
	if (!any_zone_loaded(snapshot)) {
		err_add(err, ERR_ERROR, NULL, "no zone could be loaded");
		return false;
	}
	return !(snapshot->conf->strict && bad_zones);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_listeners(const struct conf *a, const struct conf *b)
{
	bool same = a->listen_count == b->listen_count;
	for (uint32_t i = 0; same && i < a->listen_count; i++)
		same = addr_equal(&a->listen[i].addr, &b->listen[i].addr) && a->listen[i].port == b->listen[i].port;
	return same;
}

static bool same_metrics(const struct conf *a, const struct conf *b)
{
	if (!a->metrics || !b->metrics)
		return a->metrics == b->metrics;
	return addr_equal(&a->metrics->addr, &b->metrics->addr) && a->metrics->port == b->metrics->port;
}

static bool same_events(const struct conf_events *a, const struct conf_events *b)
{
	const char *const *one = a->exec, *const *other = b->exec;
	while (one && other && *one && same_text(*one, *other))
		one++, other++;
	return same_text(a->file, b->file) && same_text(a->socket, b->socket) &&
	       same_text(one ? *one : NULL, other ? *other : NULL);
}

/* Keys that only a start obeys: an edit that does nothing now must not look as if it had. */
static void warn_of_restart(const struct conf *conf, const struct conf *before, struct err *err)
{
	const struct {
		const char *key;
		bool same;
	} keys[] = {
	        {"listen", same_listeners(conf, before)},
	        {"workers", conf->workers == before->workers},
	        {"state", same_text(conf->state, before->state)},
	        {"control", same_text(conf->control, before->control)},
	        {"user", same_text(conf->user, before->user)},
	        {"metrics", same_metrics(conf, before)},
	        {"events", same_events(&conf->events, &before->events)},
	};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (!keys[i].same)
			err_add(err, ERR_WARNING, &(struct err_at){.file = conf->path},
			        "'%s' has changed; that takes effect at the next start", keys[i].key);
}

struct snapshot *snapshot_build(const char *path, const struct snapshot *previous, uint64_t seed, struct err *err)
{
	return snapshot_make(&(struct snapshot_request){.path = path, .previous = previous, .seed = seed}, err);
}

struct snapshot *snapshot_make(const struct snapshot_request *request, struct err *err)
{
	const struct snapshot *previous = request->previous;
	struct conf *conf = conf_read_after(request->path, previous ? previous->conf : NULL, err);
	if (!conf)
		return NULL;
	if (previous)
		warn_of_restart(conf, previous->conf, err);
	struct arena *arena = arena_new();
	struct snapshot *snapshot = arena_alloc(arena, sizeof *snapshot);
	snapshot->arena = arena;
	snapshot->seed = request->seed;
	snapshot->conf = conf;
	snapshot->generation = previous ? previous->generation + 1 : 1;
	if (compile(snapshot, request, err)) {
		malloc_trim(0); /* what only reading needed, a third of it all, goes back to the system */
		return snapshot;
	}
	snapshot_free(snapshot);
	return NULL;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (uint32_t i = 0; i < snapshot->zone_count; i++) {
		zone_release(snapshot->zones[i].zone);
		zone_diff_release(snapshot->zones[i].diffs);
	}
	geo_unit_release(snapshot->geo);
	conf_free(snapshot->conf);
	arena_free(snapshot->arena);
}
