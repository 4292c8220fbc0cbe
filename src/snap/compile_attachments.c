/*
 * compile_attachments.c: binds each service to the nodes of its names, so that
 * a query that has found its node finds its service in one probe of a table.
 *
 * Called by compile.c once a build. Zones stay pure: the table is the
 * snapshot's, so that a zone can be shared by snapshots that steer it otherwise.
 */
#include <string.h>

#include "snap/compile.h"

/* The node that a name has, or that a wildcard gives it (RFC 4592 3.3.1). */
static const struct node *node_in(const struct zone *zone, const uint8_t *lower, const struct name_labels *labels)
{
	size_t length = labels->at[labels->count] + 1u;
	for (unsigned first = 0; first <= labels->count; first++) {
		unsigned at = labels->at[first];
		const struct node *node = zone_find(zone, lower + at, length - at, labels->hash[first]);
		if (node)
			return first ? node->wildcard : node;
	}
	return NULL;
}

const struct node *compile_node_of(
        const struct snapshot *snapshot, const uint8_t *name, const struct snapshot_zone **zone)
{
	uint8_t lower[NAME_BYTES + 9];
	struct name_labels labels;
	name_lower(lower, name, name_length(name));
	name_split(&labels, lower, snapshot->seed);
	*zone = snapshot_zone_find(snapshot, lower, &labels, 0);
	return *zone && (*zone)->zone ? node_in((*zone)->zone, lower, &labels) : NULL;
}

/* The attachments of one zone while they are collected. */
struct collected {
	struct attachment *list;
	uint32_t count, room;
};

static void collect(struct arena *arena, struct collected *zone, const struct attachment *attachment)
{
	zone->list = arena_grow(arena, zone->list, zone->count, &zone->room, sizeof *zone->list);
	zone->list[zone->count++] = *attachment;
}

/* The TTLs that a steered name takes from its records in the zone; false if it has none that the service may stand for.
 */
static bool zone_ttls(const struct node *node, const struct service *service, uint32_t ttl[FAMILIES])
{
	const struct rrset *a = node_set(node, TYPE_A), *aaaa = node_set(node, TYPE_AAAA);
	const struct rrset *cname = node_set(node, TYPE_CNAME);
	if (service->names) {
		const struct rrset *sets[] = {a, aaaa, cname};
		uint32_t lowest = UINT32_MAX;
		for (unsigned i = 0; i < 3; i++)
			if (sets[i] && sets[i]->ttl < lowest)
				lowest = sets[i]->ttl;
		ttl[FAMILY_V4] = ttl[FAMILY_V6] = lowest;
		return a || aaaa || cname;
	}
	ttl[FAMILY_V4] = a ? a->ttl : aaaa ? aaaa->ttl : 0;
	ttl[FAMILY_V6] = aaaa ? aaaa->ttl : a ? a->ttl : 0;
	return a || aaaa;
}

/* A name whose answer may become a CNAME holds nothing else (RFC 1034 3.6.2). */
static bool has_other_data(const struct node *node)
{
	for (unsigned i = 0; i < node->set_count; i++) {
		uint16_t type = node->sets[i].type;
		if (type != TYPE_A && type != TYPE_AAAA && type != TYPE_CNAME && type != TYPE_RRSIG &&
		        type != TYPE_NSEC)
			return true;
	}
	return false;
}

/* Would the answer lead back to its own question? */
static bool leads_to_itself(const struct service *service, const struct node *node)
{
	for (unsigned i = 0; i < service->pool_count; i++)
		if (service->pools[i].cname && name_equal(service->pools[i].cname, node->name))
			return true;
	return false;
}

/* Says what keeps a service from a node; true if nothing does. */
static bool may_attach(const struct service *service, const struct node *node, const struct snapshot_zone *zone,
        const char *name, const struct err_at *at, struct attachment *attachment, struct err *err)
{
	enum err_level level = zone->stale ? ERR_WARNING : ERR_ERROR;
	if (!node || !node->set_count)
		err_add(err, level, at, "%s has no record in zone file %s; give it the default addresses there", name,
		        zone->zone->file);
	else if (node->cut)
		err_add(err, level, at, "%s is not ours to answer: it lies at or below a delegation in %s", name,
		        zone->zone->file);
	else if (!zone_ttls(node, service, attachment->ttl))
		err_add(err, level, at, "%s has no %s record in zone file %s", name,
		        service->names ? "A, AAAA or CNAME" : "A or AAAA", zone->zone->file);
	else if (service->names && has_other_data(node))
		err_add(err, level, at, "%s is steered to names (CNAME), but has other records in zone file %s", name,
		        zone->zone->file);
	else if (leads_to_itself(service, node))
		err_add(err, ERR_ERROR, at, "%s is steered to a pool whose cname is %s itself", name, name);
	else
		return true;
	return false;
}

static void attach(
        struct snapshot *snapshot, struct collected *collected, uint32_t index, uint32_t name_index, struct err *err)
{
	const struct conf_service *from = &snapshot->conf->services[index];
	const struct service *service = &snapshot->steering.services[index];
	const uint8_t *lower = from->names[name_index];
	struct err_at at = conf_place_at(&from->name_places[name_index]);
	char text[NAME_TEXT_MAX];
	name_format(lower, text);
	struct name_labels labels;
	name_split(&labels, lower, snapshot->seed);
	const struct snapshot_zone *zone = snapshot_zone_find(snapshot, lower, &labels, 0);
	if (!zone) {
		err_add(err, ERR_ERROR, &at, "%s lies in no zone of this server", text);
		return;
	}
	if (!zone->zone) {
		err_add(err, ERR_WARNING, &at, "%s is not steered: its zone could not be loaded", text);
		return;
	}
	const struct node *node = zone_find(zone->zone, lower, name_length(lower), labels.hash[0]);
	struct attachment attachment = {.service = index};
	if (!may_attach(service, node, zone, text, &at, &attachment, err))
		return;
	uint32_t ttl = attachment.ttl[FAMILY_V4] > attachment.ttl[FAMILY_V6] ? attachment.ttl[FAMILY_V4]
	                                                                     : attachment.ttl[FAMILY_V6];
	compile_promise(&snapshot->steering, service, ttl, text, &at, err);
	attachment.node = node->index + 1;
	collect(snapshot->arena, &collected[zone - snapshot->zones], &attachment);
}

/* Seals what was collected of a zone into its table. */
static void seal(struct snapshot *snapshot, struct snapshot_zone *zone, const struct collected *collected)
{
	if (!collected->count)
		return;
	uint32_t size = 16;
	while (size < collected->count * 4)
		size *= 2;
	struct attachment *table = arena_alloc(snapshot->arena, size * sizeof *table);
	for (uint32_t i = 0; i < collected->count; i++) {
		uint32_t slot = attachment_slot(collected->list[i].node) & (size - 1);
		while (table[slot].node)
			slot = (slot + 1) & (size - 1);
		table[slot] = collected->list[i];
	}
	zone->attachments = table;
	zone->attachment_mask = size - 1;
}

void compile_attachments(struct snapshot *snapshot, struct err *err)
{
	struct collected *collected = arena_alloc(snapshot->arena, snapshot->zone_count * sizeof *collected);
	for (uint32_t i = 0; i < snapshot->conf->service_count; i++)
		for (uint32_t j = 0; j < snapshot->conf->services[i].name_count; j++)
			attach(snapshot, collected, i, j, err);
	for (uint32_t i = 0; i < snapshot->zone_count; i++)
		seal(snapshot, &snapshot->zones[i], &collected[i]);
}
