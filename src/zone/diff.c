/*
 * diff.c: what changed between two versions of a zone (RFC 1995 4).
 *
 * Called by snap's compiler when a zone's text changed. Sets are compared
 * whole first: in a large zone nearly all are equal.
 */
#include "zone/diff.h"

#include <stdatomic.h>
#include <string.h>

#include "base/assert.h"
#include "base/cursor.h"

/* Larger sets that differ are replaced whole: comparing their records would take the square of their number. */
#define COMPARED_MAX 256

/* One side of a diff while it grows. */
struct side {
	struct arena *arena;
	struct change *list;
	uint32_t count, room;
	uint64_t size;
};

static struct change change_of(struct arena *arena, const struct node *node, const struct rrset *set)
{
	struct change change = {.owner = arena_copy(arena, node->name, node->length), .set = *set};
	change.set.wire = arena_copy(arena, set->wire, set->size);
	change.set.targets = NULL;
	change.set.signatures = NULL;
	return change;
}

static struct change change_copy(struct arena *arena, const struct change *change)
{
	struct change copy = *change;
	copy.owner = arena_copy(arena, change->owner, name_length(change->owner));
	copy.set.wire = arena_copy(arena, change->set.wire, change->set.size);
	return copy;
}

static const struct change *changes_copy(struct arena *arena, const struct change *changes, uint32_t count)
{
	struct change *copy = arena_alloc(arena, count * sizeof *copy);
	for (uint32_t i = 0; i < count; i++)
		copy[i] = change_copy(arena, &changes[i]);
	return copy;
}

static void side_add(struct side *side, const struct node *node, const struct rrset *set)
{
	if (!set->count)
		return;
	side->list = arena_grow(side->arena, side->list, side->count, &side->room, sizeof *side->list);
	side->list[side->count++] = change_of(side->arena, node, set);
	side->size += set->size + node->length;
}

/* The next record of a set, TTL and RDATA; *at moves on. */
static const uint8_t *next_record(const struct rrset *set, uint32_t *at, uint32_t *size)
{
	struct reader r = reader_of(set->wire + *at, set->size - *at);
	read_bytes(&r, RR_HEADER - 2);
	*size = RR_HEADER + read_u16(&r);
	const uint8_t *record = set->wire + *at;
	*at += *size;
	return record;
}

static bool has_record(const struct rrset *set, const uint8_t *record, uint32_t size)
{
	uint32_t at = 0, other_size;
	while (at < set->size) {
		const uint8_t *other = next_record(set, &at, &other_size);
		if (other_size == size && !memcmp(other, record, size))
			return true;
	}
	return false;
}

/* Adds to `side` the records of `set` that `other` lacks. */
static void side_add_missing(
        struct side *side, const struct node *node, const struct rrset *set, const struct rrset *other)
{
	if (set->count > COMPARED_MAX || other->count > COMPARED_MAX) {
		side_add(side, node, set);
		return;
	}
	struct rrset missing = *set;
	uint8_t *wire = arena_alloc(side->arena, set->size);
	struct writer w = writer_of(wire, set->size);
	uint32_t at = 0, size;
	missing.count = 0;
	while (at < set->size) {
		const uint8_t *record = next_record(set, &at, &size);
		if (has_record(other, record, size))
			continue;
		write_bytes(&w, record, size);
		missing.count++;
	}
	missing.wire = wire;
	missing.size = (uint32_t)writer_offset(&w);
	side_add(side, node, &missing);
}

/* What `zone` has and `other` has not, or not so; false once it is more than `limit` bytes. */
static bool compare(struct side *side, const struct zone *zone, const struct zone *other, uint64_t limit)
{
	for (uint32_t i = 0; i < zone->node_count; i++) {
		const struct node *node = &zone->nodes[i];
		const struct node *there = zone_find(
		        other, node->name, node->length, name_hash(node->name, other->seed));
		for (unsigned j = 0; j < node->set_count; j++) {
			const struct rrset *set = &node->sets[j];
			const struct rrset *same = there ? node_set(there, set->type) : NULL;
			if (set->type == TYPE_SOA)
				continue;
			if (!same)
				side_add(side, node, set);
			else if (same->size != set->size || memcmp(same->wire, set->wire, set->size) != 0)
				side_add_missing(side, node, set, same);
		}
		if (side->size > limit)
			return false;
	}
	return true;
}

static uint64_t zone_bytes(const struct zone *zone)
{
	uint64_t bytes = 0;
	for (uint32_t i = 0; i < zone->node_count; i++)
		for (unsigned j = 0; j < zone->nodes[i].set_count; j++)
			bytes += zone->nodes[i].sets[j].size + zone->nodes[i].length;
	return bytes;
}

/* Puts a diff on top of a chain, which is taken over. */
static void diff_link(struct zone_diff *diff, struct zone_diff *before)
{
	diff->before = before;
	diff->length = before ? before->length + 1 : 1;
	diff->total = diff->size + (before ? before->total : 0);
}

/* A diff with nothing before it. */
static struct zone_diff *diff_copy(const struct zone_diff *diff)
{
	struct arena *arena = arena_new();
	struct zone_diff *copy = arena_alloc(arena, sizeof *copy);
	*copy = (struct zone_diff){.arena = arena,
	        .from = diff->from,
	        .to = diff->to,
	        .old_soa = change_copy(arena, &diff->old_soa),
	        .new_soa = change_copy(arena, &diff->new_soa),
	        .removed = changes_copy(arena, diff->removed, diff->removed_count),
	        .added = changes_copy(arena, diff->added, diff->added_count),
	        .removed_count = diff->removed_count,
	        .added_count = diff->added_count,
	        .size = diff->size,
	        .references = 1};
	return copy;
}

/* The newest half of a chain that has become too long, so that who is not far behind still gets changes. They are
 * copied, since others may hold the old chain; half, so that it is not done for each version. NULL: not even the newest
 * is that small. */
static struct zone_diff *chain_newest(const struct zone_diff *chain, uint64_t limit)
{
	const struct zone_diff *kept[DIFFS_MAX / 2];
	unsigned count = 0;
	uint64_t total = 0;
	for (; chain && count < DIFFS_MAX / 2 && total + chain->size <= limit / 2; chain = chain->before) {
		total += chain->size;
		kept[count++] = chain;
	}
	struct zone_diff *newest = NULL;
	while (count > 0) {
		struct zone_diff *copy = diff_copy(kept[--count]);
		diff_link(copy, newest);
		newest = copy;
	}
	return newest;
}

struct zone_diff *zone_diff_make(const struct zone *old, const struct zone *now, struct zone_diff *before)
{
	if (!serial_before(old->serial, now->serial))
		return NULL;
	struct arena *arena = arena_new();
	struct side removed = {.arena = arena}, added = {.arena = arena};
	uint64_t limit = zone_bytes(now);
	if (!compare(&removed, old, now, limit) || !compare(&added, now, old, limit) ||
	        removed.size + added.size > limit) {
		arena_free(arena);
		return NULL;
	}
	struct zone_diff *diff = arena_alloc(arena, sizeof *diff);
	*diff = (struct zone_diff){.arena = arena,
	        .from = old->serial,
	        .to = now->serial,
	        .old_soa = change_of(arena, old->nodes, old->soa),
	        .new_soa = change_of(arena, now->nodes, now->soa),
	        .removed = removed.list,
	        .removed_count = removed.count,
	        .added = added.list,
	        .added_count = added.count,
	        .size = removed.size + added.size,
	        .references = 1};
	if (!before || before->to != old->serial)
		before = NULL;
	else if (before->length < DIFFS_MAX && before->total + diff->size <= limit)
		before = zone_diff_hold(before);
	else
		before = chain_newest(before, limit > diff->size ? limit - diff->size : 0);
	diff_link(diff, before);
	return diff;
}

bool zone_diff_none(const struct zone *a, const struct zone *b)
{
	if (a->soa->size != b->soa->size || memcmp(a->soa->wire, b->soa->wire, a->soa->size) != 0)
		return false;
	struct side side = {.arena = arena_new()};
	bool none = compare(&side, a, b, 0) && compare(&side, b, a, 0);
	arena_free(side.arena);
	return none;
}

struct zone_diff *zone_diff_hold(struct zone_diff *diff)
{
	atomic_fetch_add(&diff->references, 1);
	return diff;
}

void zone_diff_release(struct zone_diff *diff)
{
	while (diff && atomic_fetch_sub(&diff->references, 1) == 1) {
		struct zone_diff *before = diff->before;
		arena_free(diff->arena);
		diff = before;
	}
}
