/*
 * compile_loops.c: services of names (`cname`) that lead to each other, so that
 * some client would be sent round and never get an address.
 *
 * Called by compile.c once a build, after compile_attachments. Whether a pool is
 * chosen hangs on the client and on health, so every pool counts. CNAMEs of the
 * zones in between are followed, names of others are not ours to know.
 */
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "snap/compile.h"

enum { HOPS_MAX = 16, SHOWN_MAX = 8 };
enum { WHITE, GREY, BLACK }; /* not seen, on the path, done */

/* A walk down the pools of the services, in a stack of its own: ten thousand may stand in a row. */
struct walk {
	const struct snapshot *snapshot;
	uint8_t *colours;
	uint32_t *path; /* services from the first to the one that is looked at */
	uint8_t *pools; /* by place in the path: the next pool to go down */
	uint32_t depth;
};

/* The service that answers for a name, or for the one that its CNAMEs lead to; NO_INDEX: none. */
static uint32_t service_of(const struct snapshot *snapshot, const uint8_t *name)
{
	for (unsigned hops = 0; hops < HOPS_MAX; hops++) {
		const struct snapshot_zone *zone;
		const struct node *node = compile_node_of(snapshot, name, &zone);
		const struct attachment *attachment = node ? snapshot_attachment(zone, node) : NULL;
		if (attachment)
			return attachment->service;
		const struct rrset *cname = node ? node_set(node, TYPE_CNAME) : NULL;
		if (!cname)
			return NO_INDEX;
		name = cname->wire + RR_HEADER;
	}
	return NO_INDEX;
}

static void report(const struct walk *walk, uint32_t again, struct err *err)
{
	const struct service *services = walk->snapshot->steering.services;
	char round[SHOWN_MAX * 280] = "";
	uint32_t first = 0;
	while (walk->path[first] != again)
		first++;
	for (uint32_t i = first; i < walk->depth; i++)
		if (i - first < SHOWN_MAX - 1 || i + 1 == walk->depth)
			snprintf(round + strlen(round), sizeof round - strlen(round), "%s, ",
			        services[walk->path[i]].name);
		else if (i - first == SHOWN_MAX - 1)
			snprintf(round + strlen(round), sizeof round - strlen(round), "..., ");
	const struct conf_service *from = &walk->snapshot->conf->services[again];
	struct err_at at = conf_place_at(&from->name_places[0]);
	err_add(err, ERR_ERROR, &at,
	        "the pools of these names lead round in a ring, in which a client gets no address: %s%s", round,
	        services[again].name);
}

/* Goes one pool on. */
static void step(struct walk *walk, struct err *err)
{
	uint32_t index = walk->path[walk->depth - 1];
	const struct service *service = &walk->snapshot->steering.services[index];
	uint8_t pool = walk->pools[walk->depth - 1]++;
	if (!service->names || pool == service->pool_count) {
		walk->colours[index] = BLACK;
		walk->depth--;
		return;
	}
	uint32_t next = service_of(walk->snapshot, service->pools[pool].cname);
	if (next == NO_INDEX || next == index) /* its own name: compile_attachments has told */
		return;
	if (walk->colours[next] == GREY)
		report(walk, next, err);
	if (walk->colours[next] != WHITE)
		return;
	walk->colours[next] = GREY;
	walk->path[walk->depth] = next;
	walk->pools[walk->depth++] = 0;
}

void compile_loops(const struct snapshot *snapshot, struct err *err)
{
	uint32_t count = snapshot->steering.service_count;
	struct arena *scratch = arena_new();
	struct walk walk = {.snapshot = snapshot,
	        .colours = arena_alloc(scratch, count),
	        .path = arena_alloc(scratch, count * sizeof *walk.path),
	        .pools = arena_alloc(scratch, count)};
	for (uint32_t i = 0; i < count; i++) {
		if (walk.colours[i] != WHITE || !snapshot->steering.services[i].names)
			continue;
		walk.colours[i] = GREY;
		walk.path[0] = i;
		walk.pools[0] = 0;
		walk.depth = 1;
		while (walk.depth)
			step(&walk, err);
	}
	arena_free(scratch);
}
