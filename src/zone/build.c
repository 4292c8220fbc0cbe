/*
 * build.c: the sets of each name, in one pass; then what leads from set to name.
 *
 * A cell turns from draft to node in place. A set's records are copied from the
 * log, which is freed behind the pass.
 */
#include "zone/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/cursor.h"
#include "base/hash.h"

enum { PAIRWISE = 16, MESSAGE_BYTES = 65535, MESSAGE_HEAD = 12 + 4, OWNER_POINTER = 2 };

struct place record_place(const struct build *build, const struct record *record)
{
	char name[16];
	uint32_t width = (uint32_t)strlen(rrtype_format(record->type, name));
	return (struct place){build->sources->list[record->source], record->offset, width};
}

static uint16_t wire_u16(const uint8_t *at)
{
	struct reader r = reader_of(at, 2);
	return read_u16(&r);
}

static uint32_t wire_u32(const uint8_t *at)
{
	struct reader r = reader_of(at, 4);
	return read_u32(&r);
}

static uint32_t record_ttl(const struct record *record)
{
	return wire_u32(record->wire + 4);
}

static uint16_t record_size(const struct record *record)
{
	return wire_u16(record->wire + 8);
}

/* Sorting */

static int by_type(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->covered != y->covered)
		return x->covered < y->covered ? -1 : 1;
	return x->sequence < y->sequence ? -1 : 1;
}

/* The records of a name, by type and covered type, else in the order of the file. */
static void gather(struct build *build, struct record *first)
{
	build->item_count = 0;
	bool sorted = true;
	for (struct record *record = first; record; record = record->next) {
		if (build->item_count == build->item_room) {
			build->item_room = build->item_room ? 2 * build->item_room : 64;
			build->items = realloc(build->items, build->item_room * sizeof *build->items);
			MUST(build->items);
		}
		struct item *item = &build->items[build->item_count];
		*item = (struct item){.record = record, .type = record->type, .sequence = build->item_count};
		if (record->type == TYPE_RRSIG)
			item->covered = wire_u16(record->wire + RR_HEADER);
		sorted = sorted && (build->item_count == 0 || by_type(item - 1, item) < 0);
		build->item_count++;
	}
	if (!sorted)
		qsort(build->items, build->item_count, sizeof *build->items, by_type);
}

/* Duplicates */

/* The data with the names that the type's row knows in lower case. */
static void canonical(const struct record *record, uint8_t *to)
{
	const struct rrtype *row = rrtype_get(record->type);
	size_t size = record_size(record), at = row->names ? row->skip : row->target_skip;
	memcpy(to, record->wire + RR_HEADER, size);
	unsigned names = row->names ? row->names : row->has_target;
	for (; names && at < size; names--) {
		size_t length = name_length(to + at);
		name_lower(to + at, to + at, length);
		at += length;
	}
}

static bool same_data(const struct item *a, const struct item *b)
{
	uint8_t x[UINT16_MAX], y[UINT16_MAX];
	if (a->hash != b->hash || record_size(a->record) != record_size(b->record))
		return false;
	canonical(a->record, x);
	canonical(b->record, y);
	return memcmp(x, y, record_size(a->record)) == 0;
}

static void drop(struct build *build, struct item *item)
{
	place_report(build->err, ERR_WARNING, record_place(build, item->record),
	        "the same record again is dropped (RFC 2181 5)");
	item->record = NULL;
}

/* Duplicates among many, by a table of their hashes. */
static void drop_by_table(struct build *build, struct item *items, uint32_t count)
{
	uint32_t mask = 64;
	while (mask < 2 * count)
		mask *= 2;
	uint32_t *table = calloc(mask--, sizeof *table);
	MUST(table);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = (uint32_t)items[i].hash & mask;
		while (table[at] && !same_data(&items[table[at] - 1], &items[i]))
			at = (at + 1) & mask;
		if (table[at])
			drop(build, &items[i]);
		else
			table[at] = i + 1;
	}
	free(table);
}

static void drop_duplicates(struct build *build, struct item *items, uint32_t count)
{
	uint8_t data[UINT16_MAX];
	for (uint32_t i = 0; i < count; i++) {
		canonical(items[i].record, data);
		items[i].hash = hash_bytes(build->zone->seed, data, record_size(items[i].record));
	}
	if (count > PAIRWISE) {
		drop_by_table(build, items, count);
		return;
	}
	for (uint32_t i = 1; i < count; i++)
		for (uint32_t k = 0; k < i; k++)
			if (items[k].record && same_data(&items[k], &items[i])) {
				drop(build, &items[i]);
				break;
			}
}

/* Sets */

/* The lowest TTL of the records, which is what all get (RFC 2181 5.2). */
static uint32_t lowest_ttl(struct build *build, const struct item *items, uint32_t count)
{
	uint32_t lowest = record_ttl(items[0].record);
	const struct record *other = NULL;
	for (uint32_t i = 1; i < count; i++) {
		if (!items[i].record)
			continue;
		uint32_t ttl = record_ttl(items[i].record);
		if (ttl != lowest && !other)
			other = items[i].record;
		if (ttl < lowest)
			lowest = ttl;
	}
	if (other)
		place_report(build->err, ERR_WARNING, record_place(build, other),
		        "TTLs differ within one set; the lowest, %u, is used for all of it (RFC 2181 5.2)", lowest);
	return lowest;
}

static struct link *link_new(struct build *build)
{
	if (build->link_count == build->link_room) {
		build->link_room = build->link_room ? 2 * build->link_room : 64;
		build->links = realloc(build->links, build->link_room * sizeof *build->links);
		MUST(build->links);
	}
	return &build->links[build->link_count++];
}

/* A link for each record of a finished set, whose data name a target. */
static void link_set(struct build *build, struct rrset *set, uint32_t node, const struct item *items, uint32_t count)
{
	uint32_t at = 0;
	uint16_t number = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct record *record = items[i].record;
		if (!record)
			continue;
		*link_new(build) = (struct link){.set = set,
		        .node = node,
		        .data = at + RR_HEADER,
		        .number = number++,
		        .source = record->source,
		        .offset = record->offset};
		at += RR_HEADER + (uint32_t)record_size(record);
	}
}

/* Copies the records of one set behind `*to`; they are of one type, and of one covered type. */
static void copy_records(struct build *build, struct rrset *set, const struct item *items, uint32_t count, uint8_t *to)
{
	uint32_t ttl = lowest_ttl(build, items, count);
	*set = (struct rrset){.wire = to, .ttl = ttl, .type = items[0].type};
	for (uint32_t i = 0; i < count; i++) {
		if (!items[i].record)
			continue;
		size_t size = (size_t)RR_HEADER + record_size(items[i].record);
		memcpy(to, items[i].record->wire, size);
		put_u32(to + 4, ttl);
		to += size;
		set->size += (uint32_t)size;
		set->count++;
	}
}

/* How many items from `items` on are of one set. */
static uint32_t run_length(const struct item *items, uint32_t left, bool by_covered)
{
	uint32_t run = 1;
	while (run < left && items[run].type == items[0].type &&
	        (!by_covered || items[run].covered == items[0].covered))
		run++;
	return run;
}

/* Bytes of the records that are kept; 0, and an error, if no message could carry them. */
static uint32_t run_size(struct build *build, const struct item *items, uint32_t count, size_t owner)
{
	uint64_t size = 0, sent = MESSAGE_HEAD + owner;
	for (uint32_t i = 0; i < count; i++)
		if (items[i].record)
			size += (uint64_t)RR_HEADER + record_size(items[i].record), sent += OWNER_POINTER;
	sent += size;
	if (sent <= MESSAGE_BYTES)
		return (uint32_t)size;
	char type[16];
	place_report(build->err, ERR_ERROR, record_place(build, items[0].record),
	        "the %s set of this name takes %llu bytes; a message has 65535", rrtype_format(items[0].type, type),
	        (unsigned long long)sent);
	return 0;
}

/* Signatures: one set for those who ask for RRSIG, and each covered set's part of it. */
static void build_signatures(struct build *build, struct node *node, struct rrset *sets, struct rrset *all,
        const struct item *items, uint32_t count, uint8_t *to)
{
	*all = (struct rrset){.wire = to, .ttl = UINT32_MAX, .type = TYPE_RRSIG};
	for (uint32_t at = 0, run; at < count; at += run) {
		run = run_length(items + at, count - at, true);
		struct rrset *part = arena_alloc(build->zone->arena, sizeof *part);
		copy_records(build, part, items + at, run, to);
		to += part->size;
		all->size += part->size;
		all->count = (uint16_t)(all->count + part->count);
		all->ttl = part->ttl < all->ttl ? part->ttl : all->ttl;
		struct rrset *covered = NULL;
		for (unsigned i = 0; i < node->set_count; i++)
			if (sets[i].type == items[at].covered)
				covered = &sets[i];
		if (covered)
			covered->signatures = part;
		char type[16];
		if (!covered)
			place_report(build->err, ERR_WARNING, record_place(build, items[at].record),
			        "a signature of a %s set, which is not here", rrtype_format(items[at].covered, type));
	}
}

static void build_set(struct build *build, struct node *node, struct rrset *sets, struct rrset *set, struct item *items,
        uint32_t count)
{
	if (count > 1)
		drop_duplicates(build, items, count);
	uint32_t size = run_size(build, items, count, node->length);
	*set = (struct rrset){.type = items[0].type};
	if (size == 0)
		return;
	uint8_t *to = arena_bytes(build->zone->arena, size);
	if (set->type == TYPE_RRSIG) {
		build_signatures(build, node, sets, set, items, count, to);
	} else {
		copy_records(build, set, items, count, to);
	}
	build->zone->records += set->count;
	if (rrtype_get(set->type)->has_target)
		link_set(build, set, node->index, items, count);
}

/* All sets of a name. RRSIG comes last to be built, whatever its place, because it hangs on the others. */
static void build_sets(struct build *build, struct node *node)
{
	struct item *items = build->items;
	uint32_t count = build->item_count, types = 0, signatures = DRAFT_NONE;
	for (uint32_t at = 0; at < count; at += run_length(items + at, count - at, false))
		types++;
	struct rrset *sets = arena_alloc(build->zone->arena, types * sizeof *sets);
	node->sets = sets;
	node->set_count = (uint16_t)types;
	struct rrset *set = sets;
	for (uint32_t at = 0, run; at < count; at += run, set++) {
		run = run_length(items + at, count - at, false);
		if (items[at].type == TYPE_RRSIG)
			signatures = at;
		*set = (struct rrset){.type = items[at].type};
		if (items[at].type != TYPE_RRSIG)
			build_set(build, node, sets, set, items + at, run);
	}
	if (signatures == DRAFT_NONE)
		return;
	for (set = sets; set->type != TYPE_RRSIG; set++)
		;
	build_set(
	        build, node, sets, set, items + signatures, run_length(items + signatures, count - signatures, false));
}

/* A node's flags by what it has and by its parent's. */
static void set_flags(struct node *node)
{
	bool apex = !node->parent, wildcard = node->name[0] == 1 && node->name[1] == '*';
	unsigned flags = 0;
	if (!apex) {
		node->cut = node->parent->cut;
		if (node->parent->flags & (NODE_DNAME | NODE_BELOW_DNAME))
			flags |= NODE_BELOW_DNAME;
	}
	if (node->cut)
		flags |= NODE_OCCLUDED;
	/* RFC 4592 4.2: what NS at a wildcard means is not defined; it is data, not a cut. */
	if (!apex && !node->cut && !wildcard && node_set(node, TYPE_NS)) {
		flags |= NODE_CUT;
		node->cut = node;
	}
	if (node_set(node, TYPE_DNAME))
		flags |= NODE_DNAME;
	if (node_set(node, TYPE_CNAME))
		flags |= NODE_CNAME;
	node->flags = (uint8_t)flags;
}

static bool set_hinted(const struct rrset *set)
{
	struct reader r = reader_of(set->wire, set->size);
	while (reader_left(&r)) {
		read_bytes(&r, RR_HEADER - 2);
		uint16_t size = read_u16(&r);
		if (svcb_hinted(read_bytes(&r, size), size))
			return true;
	}
	return false;
}

/* Notes a name that has address hints, for who steers. */
static void note_hints(struct build *build, const struct node *node)
{
	bool hinted = false;
	for (unsigned i = 0; i < node->set_count; i++)
		if (node->sets[i].type == TYPE_SVCB || node->sets[i].type == TYPE_HTTPS)
			hinted = hinted || set_hinted(&node->sets[i]);
	if (!hinted)
		return;
	if (build->hinted_count == build->hinted_room) {
		build->hinted_room = build->hinted_room ? 2 * build->hinted_room : 64;
		build->hinted = realloc(build->hinted, build->hinted_room * sizeof *build->hinted);
		MUST(build->hinted);
	}
	build->hinted[build->hinted_count++] = node;
}

static void build_node(struct build *build, uint32_t index)
{
	union cell *cells = build->draft->cells;
	struct name_draft draft = cells[index].draft;
	if (draft.first)
		draft_forget(build->draft, draft.first);
	gather(build, draft.first);
	struct node *node = &cells[index].node;
	*node = (struct node){.name = draft.name,
	        .length = draft.length,
	        .index = index,
	        .parent = index ? &cells[draft.parent].node : NULL,
	        .wildcard = draft.wildcard ? &cells[draft.wildcard].node : NULL};
	if (build->item_count)
		build_sets(build, node);
	set_flags(node);
	if (build->item_count) {
		note_hints(build, node);
		check_name(build, node);
	}
	if (index == 0)
		check_apex(build);
}

/* Links */

/* Is the name in the zone? Both are lower case. */
static bool in_zone(const struct zone *zone, const uint8_t *name, size_t length)
{
	return length >= zone->length && name_is_within(name, zone->name);
}

static bool is_service(const struct rrset *set)
{
	return set->type == TYPE_SVCB || set->type == TYPE_HTTPS;
}

/* Has the node what one who got `set` would ask for next: addresses, or what an alias leads to (RFC 9460 4.1)? */
static bool is_wanted(const struct node *node, const struct rrset *set)
{
	return node_set(node, TYPE_A) || node_set(node, TYPE_AAAA) || (is_service(set) && node_set(node, set->type));
}

static const struct node *link_target(struct build *build, const struct link *link)
{
	struct zone *zone = build->zone;
	const uint8_t *data = link->set->wire + link->data;
	const uint8_t *name = data + rrtype_get(link->set->type)->target_skip;
	uint8_t lower[NAME_BYTES];
	size_t length = name_length(name);
	name_lower(lower, name, length);
	if (length == 1 && link->set->type != TYPE_NS) {
		/* The root: no host there (RFC 7505 3, 2782); but of a service, the owner itself (RFC 9460 2.5). */
		const struct node *owner = &zone->nodes[link->node];
		return is_service(link->set) && wire_u16(data) > 0 && is_wanted(owner, link->set) ? owner : NULL;
	}
	if (!in_zone(zone, lower, length))
		return NULL;
	const struct node *node = zone_find(zone, lower, length, name_hash(lower, zone->seed));
	check_target(build, link, lower, node);
	/* What a wildcard gives a name, it gives it here, too (RFC 4592 3.3.1). */
	if (!node)
		node = check_encloser(zone, lower)->wildcard;
	return node && is_wanted(node, link->set) ? node : NULL;
}

static void build_links(struct build *build)
{
	const struct node **targets = NULL;
	for (size_t i = 0; i < build->link_count; i++) {
		const struct link *link = &build->links[i];
		if (link->number == 0)
			targets = NULL;
		const struct node *target = link_target(build, link);
		if (!target)
			continue;
		if (!targets)
			link->set->targets = targets = arena_alloc(
			        build->zone->arena, link->set->count * sizeof *targets);
		targets[link->number] = target;
	}
}

void build_zone(struct build *build)
{
	struct zone *zone = build->zone;
	struct draft *draft = build->draft;
	draft_fit(draft);
	zone->nodes = &draft->cells[0].node;
	zone->node_count = draft->count;
	zone->slots = draft->slots;
	zone->slot_mask = draft->mask;
	zone->name = draft->cells[0].draft.name;
	zone->length = draft->origin_length;
	zone->labels = (uint8_t)name_label_count(zone->name);
	for (uint32_t i = 0; i < draft->count; i++)
		build_node(build, i);
	draft_forget(draft, NULL);
	build_links(build);
	if (build->hinted_count) {
		const struct node **hinted = arena_alloc(zone->arena, build->hinted_count * sizeof *hinted);
		memcpy(hinted, build->hinted, build->hinted_count * sizeof *hinted);
		zone->hinted = hinted;
		zone->hinted_count = build->hinted_count;
	}
	draft->cells = NULL;
	draft->slots = NULL;
	free(build->hinted);
	free(build->items);
	free(build->links);
}
