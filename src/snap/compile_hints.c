/*
 * compile_hints.c: which SVCB and HTTPS records have address hints (RFC 9460
 * 7.3) that are those of a steered name: the owner, or any other of ours.
 *
 * Called by compile.c once a build, after compile_attachments. A record has to
 * have a hint for one to be given: the zone says where they are wanted. Signed
 * sets stay as they are: a hint of this client's would break the signature.
 */
#include <string.h>

#include "base/cursor.h"
#include "snap/compile.h"

/* The steered name that a record's hints are of. */
static const struct attachment *source_of(const struct snapshot *snapshot, const struct snapshot_zone *zone,
        const struct node *owner, const uint8_t *rdata, uint16_t size)
{
	if (!svcb_hinted(rdata, size))
		return NULL;
	const uint8_t *target = rdata + 2;
	if (target[0] == 0)
		return snapshot_attachment(zone, owner);
	const struct snapshot_zone *other;
	const struct node *node = compile_node_of(snapshot, target, &other);
	return node ? snapshot_attachment(other, node) : NULL;
}

/* By record; NULL if none of the set's hints is steered. */
static const struct attachment *const *sources_of(const struct snapshot *snapshot, const struct snapshot_zone *zone,
        const struct node *owner, const struct rrset *set)
{
	const struct attachment **sources = NULL;
	struct reader r = reader_of(set->wire, set->size);
	for (unsigned i = 0; i < set->count; i++) {
		read_bytes(&r, RR_HEADER - 2);
		uint16_t size = read_u16(&r);
		const struct attachment *source = source_of(snapshot, zone, owner, read_bytes(&r, size), size);
		if (!source)
			continue;
		if (!sources)
			sources = arena_alloc(snapshot->arena, set->count * sizeof *sources);
		sources[i] = source;
	}
	return sources;
}

static void add(struct snapshot_zone *zone, struct hinted_set *table, const struct rrset *set,
        const struct attachment *const *sources)
{
	uint32_t slot = hint_slot(set) & zone->hint_mask;
	while (table[slot].set)
		slot = (slot + 1) & zone->hint_mask;
	table[slot] = (struct hinted_set){set, sources};
	zone->hints = table;
}

static void compile_zone(const struct snapshot *snapshot, struct snapshot_zone *zone)
{
	/* at most two sets a name, and half the slots empty */
	uint32_t size = 4;
	while (size < zone->zone->hinted_count * 4)
		size *= 2;
	struct hinted_set *table = arena_alloc(snapshot->arena, size * sizeof *table);
	zone->hint_mask = size - 1;
	for (uint32_t i = 0; i < zone->zone->hinted_count; i++) {
		const struct node *node = zone->zone->hinted[i];
		for (unsigned j = 0; j < node->set_count; j++) {
			const struct rrset *set = &node->sets[j];
			if ((set->type != TYPE_SVCB && set->type != TYPE_HTTPS) || set->signatures)
				continue;
			const struct attachment *const *sources = sources_of(snapshot, zone, node, set);
			if (sources)
				add(zone, table, set, sources);
		}
	}
}

void compile_hints(struct snapshot *snapshot)
{
	if (!snapshot->steering.service_count)
		return;
	for (uint32_t i = 0; i < snapshot->zone_count; i++)
		if (snapshot->zones[i].zone && snapshot->zones[i].zone->hinted_count)
			compile_zone(snapshot, &snapshot->zones[i]);
}
