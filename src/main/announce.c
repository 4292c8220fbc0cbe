/*
 * announce.c: which zones are new in what was just published, and whom that concerns.
 *
 * Called by daemon.c when answering begins and after each reload. What was
 * announced is remembered by digest, since the snapshot before is gone by then.
 */
#include <string.h>

#include "base/dict.h"
#include "main/daemon.h"

struct announced {
	struct arena *arena;
	struct dict *names; /* apex → index */
	uint8_t (*digests)[32];
};

void announced_free(struct announced *announced)
{
	if (!announced)
		return;
	dict_free(announced->names);
	arena_free(announced->arena);
}

/* What the snapshot has, for the next time. */
static struct announced *announced_of(const struct snapshot *snapshot)
{
	struct arena *arena = arena_new();
	struct announced *announced = arena_alloc(arena, sizeof *announced);
	announced->arena = arena;
	announced->names = dict_new();
	announced->digests = arena_alloc(arena, snapshot->zone_count * sizeof *announced->digests);
	for (uint32_t i = 0; i < snapshot->zone_count; i++) {
		const struct snapshot_zone *zone = &snapshot->zones[i];
		if (!zone->zone || !snapshot->conf->zones[i].notify_count)
			continue;
		memcpy(announced->digests[i], zone->zone->digest, sizeof announced->digests[i]);
		dict_add(announced->names, zone->name, zone->length, i);
	}
	return announced;
}

static bool was_announced(const struct announced *announced, const struct snapshot_zone *zone)
{
	uint32_t index;
	return announced && dict_get(announced->names, zone->name, zone->length, &index) &&
	       !memcmp(announced->digests[index], zone->zone->digest, sizeof zone->zone->digest);
}

void announce(struct daemon *daemon)
{
	const struct snapshot *snapshot = live_current(daemon->source)->snapshot;
	const struct conf *conf = snapshot->conf;
	for (uint32_t i = 0; i < snapshot->zone_count; i++) {
		const struct snapshot_zone *zone = &snapshot->zones[i];
		if (!zone->zone || !conf->zones[i].notify_count || was_announced(daemon->announced, zone))
			continue;
		for (uint32_t j = 0; j < conf->zones[i].notify_count; j++) {
			const struct conf_notify *target = &conf->zones[i].notify[j];
			struct notify notify = {.zone = zone->name,
			        .soa = zone->zone->soa,
			        .serial = zone->zone->serial,
			        .to = target->to,
			        .key = target->key == NO_INDEX ? NULL : &conf->keys[target->key]};
			notifier_send(daemon->notifier, &notify);
		}
	}
	announced_free(daemon->announced);
	daemon->announced = announced_of(snapshot);
}
