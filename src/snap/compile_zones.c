/*
 * compile_zones.c: every zone loaded, shared with the snapshot before, or kept
 * from it; and the table that finds the most specific zone of a name.
 *
 * Called by compile.c once a build, and (snapshot_zone_find) by every query.
 */
#include <string.h>

#include "base/dict.h"
#include "snap/compile.h"

/* An open-addressing table of at most half its slots used. */
static uint32_t table_mask(uint32_t entries)
{
	uint32_t size = 4;
	while (size < entries * 2)
		size *= 2;
	return size - 1;
}

static void index_zones(struct snapshot *snapshot)
{
	snapshot->zone_mask = table_mask(snapshot->zone_count);
	struct node_slot *slots = arena_alloc(snapshot->arena, (snapshot->zone_mask + 1) * sizeof *slots);
	for (uint32_t i = 0; i < snapshot->zone_count; i++) {
		const uint8_t *name = snapshot->zones[i].name;
		uint64_t hash = name_hash(name, snapshot->seed);
		uint32_t slot = hash & snapshot->zone_mask;
		while (slots[slot].node)
			slot = (slot + 1) & snapshot->zone_mask;
		slots[slot] = (struct node_slot){.tag = (uint32_t)(hash >> 32), .node = i + 1};
		unsigned labels = name_label_count(name);
		snapshot->zone_labels[labels / 64] |= UINT64_C(1) << labels % 64;
	}
	snapshot->zone_slots = slots;
}

/* Zones of the snapshot before by name, so that thousands of zones reload in linear time. */
static struct dict *zones_by_name(const struct snapshot *snapshot)
{
	struct dict *dict = dict_new();
	for (uint32_t i = 0; snapshot && i < snapshot->zone_count; i++)
		dict_add(dict, snapshot->zones[i].name, snapshot->zones[i].length, i);
	return dict;
}

/* A new version of a zone that secondaries have: what changed since, and whether its serial tells it (RFC 1982 3.2). */
static void tell_versions_apart(
        struct snapshot_zone *zone, const struct snapshot_zone *last, const struct conf_zone *named, struct err *err)
{
	uint32_t before = last->zone->serial, now = zone->zone->serial;
	if (!named->transfer_count)
		return;
	if (serial_before(before, now)) {
		if (!last->serial_reused)
			zone->diffs = zone_diff_make(last->zone, zone->zone, last->diffs);
		return;
	}
	if (zone_diff_none(last->zone, zone->zone)) {
		zone->diffs = last->diffs ? zone_diff_hold(last->diffs) : NULL;
		zone->serial_reused = last->serial_reused;
		return;
	}
	zone->serial_reused = true;
	err_add(err, ERR_WARNING, &(struct err_at){.file = named->file},
	        "the zone changed, but its serial did not go up (%u, before %u): secondaries keep what they have", now,
	        before);
}

uint32_t compile_zones(struct snapshot *snapshot, const struct snapshot *previous, struct err *err)
{
	const struct conf *conf = snapshot->conf;
	uint32_t bad = 0;
	struct dict *known = zones_by_name(previous);
	snapshot->zone_count = conf->zone_count;
	snapshot->zones = arena_alloc(snapshot->arena, conf->zone_count * sizeof *snapshot->zones);
	for (uint32_t i = 0; i < conf->zone_count; i++) {
		const struct conf_zone *named = &conf->zones[i];
		struct snapshot_zone *zone = &snapshot->zones[i];
		zone->name = named->origin;
		zone->length = (uint8_t)name_length(named->origin);
		uint32_t index;
		struct zone *before = NULL;
		if (dict_get(known, zone->name, zone->length, &index))
			before = previous->zones[index].zone;
		const struct snapshot_zone *last = before ? &previous->zones[index] : NULL;
		struct zone_diff *diffs = last ? last->diffs : NULL;
		zone->zone = zone_load(named->file, named->origin, snapshot->seed, before, err);
		if (zone->zone && before && zone->zone != before) {
			tell_versions_apart(zone, last, named, err);
			continue;
		}
		zone->diffs = diffs ? zone_diff_hold(diffs) : NULL;
		zone->serial_reused = last && last->serial_reused;
		if (zone->zone)
			continue;
		bad++;
		zone->stale = before;
		zone->zone = before ? zone_hold(before) : NULL;
	}
	dict_free(known);
	index_zones(snapshot);
	return bad;
}

static const struct snapshot_zone *slot_find(
        const struct snapshot *snapshot, const uint8_t *lower, size_t length, uint64_t hash)
{
	for (uint32_t slot = (uint32_t)hash;; slot++) {
		const struct node_slot *found = &snapshot->zone_slots[slot & snapshot->zone_mask];
		if (!found->node)
			return NULL;
		const struct snapshot_zone *zone = &snapshot->zones[found->node - 1];
		if (found->tag == (uint32_t)(hash >> 32) && zone->length == length &&
		        bytes_same(zone->name, lower, length))
			return zone;
	}
}

const struct snapshot_zone *snapshot_zone_find(
        const struct snapshot *snapshot, const uint8_t *lower, const struct name_labels *labels, unsigned skip)
{
	size_t length = labels->at[labels->count] + 1u;
	if (skip > labels->count)
		return NULL;
	unsigned most = labels->count - skip, half = most / 64;
	uint64_t counts = snapshot->zone_labels[half] & UINT64_MAX >> (63 - most % 64);
	for (;; counts = snapshot->zone_labels[--half]) {
		while (counts) {
			unsigned count = 63 - (unsigned)__builtin_clzll(counts),
			         first = labels->count - half * 64 - count;
			unsigned at = labels->at[first];
			const struct snapshot_zone *zone = slot_find(
			        snapshot, lower + at, length - at, labels->hash[first]);
			if (zone)
				return zone;
			counts ^= UINT64_C(1) << count;
		}
		if (!half)
			return NULL;
	}
}
