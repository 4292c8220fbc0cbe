/*
 * check.c: what RFC 1034, 2181 and 6672 ask of a zone beyond its text. ldns checks none of it.
 */
#include "zone/build.h"

#include <string.h>

#include "base/assert.h"

/* The first record of a type at the name at hand, or NULL. */
static const struct record *record_of(const struct build *build, uint16_t type)
{
	for (uint32_t i = 0; i < build->item_count; i++)
		if (build->items[i].type == type && build->items[i].record)
			return build->items[i].record;
	return NULL;
}

/* The second record that is left of a type, or NULL. */
static const struct record *second_of(const struct build *build, uint16_t type)
{
	unsigned seen = 0;
	for (uint32_t i = 0; i < build->item_count; i++)
		if (build->items[i].type == type && build->items[i].record && ++seen == 2)
			return build->items[i].record;
	return NULL;
}

static void error(struct build *build, const struct record *record, const struct node *node, const char *what)
{
	char name[NAME_TEXT_MAX];
	place_report(build->err, ERR_ERROR, record_place(build, record), "%s: %s", name_format(node->name, name), what);
}

/* Types of which a name has one at most. */
static void check_single(struct build *build, const struct node *node)
{
	static const struct {
		uint16_t type;
		const char *what;
	} singles[] = {
	        {TYPE_SOA, "a second SOA"},
	        {TYPE_CNAME, "a second CNAME (RFC 2181 10.1)"},
	        {TYPE_DNAME, "a second DNAME (RFC 6672 2.4)"},
	};
	for (size_t i = 0; i < sizeof singles / sizeof singles[0]; i++) {
		const struct record *second = second_of(build, singles[i].type);
		if (second)
			error(build, second, node, singles[i].what);
	}
}

/* Beside a CNAME there are its signatures and proofs alone (RFC 1034 3.6.2, RFC 4034). */
static void check_cname(struct build *build, const struct node *node)
{
	for (uint32_t i = 0; i < build->item_count; i++) {
		const struct item *item = &build->items[i];
		if (!item->record || item->type == TYPE_CNAME || item->type == TYPE_RRSIG || item->type == TYPE_NSEC)
			continue;
		char name[NAME_TEXT_MAX], type[16];
		struct err_at other = {.file = ""};
		if (place_wanted(build->err, ERR_ERROR))
			other = place_at(record_place(build, item->record));
		place_report(build->err, ERR_ERROR, record_place(build, record_of(build, TYPE_CNAME)),
		        "%s: CNAME beside other data: %s on line %u of %s (RFC 1034 3.6.2)",
		        name_format(node->name, name), rrtype_format(item->type, type), other.line, other.file);
		return;
	}
}

/* No names below a DNAME (RFC 6672 2.4), but for the proofs of denial. */
static void check_below_dname(struct build *build, const struct node *node)
{
	for (uint32_t i = 0; i < build->item_count; i++) {
		const struct item *item = &build->items[i];
		if (!item->record || item->type == TYPE_NSEC3 || item->type == TYPE_RRSIG)
			continue;
		const struct node *above = node->parent;
		while (!(above->flags & NODE_DNAME))
			above = above->parent;
		char name[NAME_TEXT_MAX], dname[NAME_TEXT_MAX];
		place_report(build->err, ERR_ERROR, record_place(build, item->record),
		        "%s is below the DNAME of %s (RFC 6672 2.4)", name_format(node->name, name),
		        name_format(above->name, dname));
		return;
	}
}

/* What is kept below a delegation and never served: all but addresses for its name servers. */
static void check_occluded(struct build *build, const struct node *node)
{
	for (uint32_t i = 0; i < build->item_count; i++) {
		const struct item *item = &build->items[i];
		if (!item->record || item->type == TYPE_A || item->type == TYPE_AAAA || item->type == TYPE_RRSIG ||
		        item->type == TYPE_NSEC)
			continue;
		char name[NAME_TEXT_MAX], cut[NAME_TEXT_MAX], type[16];
		place_report(build->err, ERR_WARNING, record_place(build, item->record),
		        "%s %s is below the delegation of %s, and never served", name_format(node->name, name),
		        rrtype_format(item->type, type), name_format(node->cut->name, cut));
		return;
	}
}

/* At a delegation the parent speaks for NS, DS and NSEC alone. */
static void check_cut(struct build *build, const struct node *node)
{
	for (uint32_t i = 0; i < build->item_count; i++) {
		const struct item *item = &build->items[i];
		if (!item->record || item->type == TYPE_NS || item->type == TYPE_DS || item->type == TYPE_NSEC ||
		        item->type == TYPE_RRSIG || item->type == TYPE_A || item->type == TYPE_AAAA ||
		        item->type == TYPE_DNAME)
			continue;
		char name[NAME_TEXT_MAX], type[16];
		place_report(build->err, ERR_WARNING, record_place(build, item->record),
		        "%s: %s beside a delegation's NS is never served", name_format(node->name, name),
		        rrtype_format(item->type, type));
		return;
	}
}

/* A name such as www.example.com.example.com.: meant was one with a dot at its end. */
static bool lacks_dot(const struct zone *zone, const uint8_t *name)
{
	uint8_t rest[NAME_BYTES];
	if (zone->labels < 2 || !name_is_within(name, zone->name)) /* one label proves nothing */
		return false;
	size_t left = name_length(name) - zone->length;
	memcpy(rest, name, left);
	rest[left] = 0;
	return name_is_within(rest, zone->name);
}

static void check_dot(struct build *build, const struct node *node)
{
	const struct record *cname = record_of(build, TYPE_CNAME);
	const uint8_t *target = cname ? cname->wire + RR_HEADER : NULL;
	char name[NAME_TEXT_MAX];
	if (target && lacks_dot(build->zone, target))
		place_report(build->err, ERR_WARNING, record_place(build, cname),
		        "CNAME leads to %s; is a dot missing at its end?", name_format(target, name));
	for (uint32_t i = 0; i < build->item_count && lacks_dot(build->zone, node->name); i++) {
		const struct item *item = &build->items[i];
		if (!item->record)
			continue;
		place_report(build->err, ERR_WARNING, record_place(build, item->record),
		        "the name is %s; is a dot missing at its end?", name_format(node->name, name));
		return;
	}
}

void check_name(struct build *build, const struct node *node)
{
	const struct record *soa = record_of(build, TYPE_SOA), *dname = record_of(build, TYPE_DNAME);
	check_single(build, node);
	check_dot(build, node);
	if (soa && node->parent)
		error(build, soa, node, "SOA not at the apex");
	if (node->flags & NODE_CNAME)
		check_cname(build, node);
	if (dname && node->parent && record_of(build, TYPE_NS))
		error(build, dname, node, "DNAME beside NS, and not at the apex (RFC 6672 2.3)");
	if (node->flags & NODE_BELOW_DNAME && !(node->flags & NODE_OCCLUDED))
		check_below_dname(build, node);
	if (node->flags & NODE_OCCLUDED)
		check_occluded(build, node);
	if (node->flags & NODE_CUT)
		check_cut(build, node);
	if (!node->parent && record_of(build, TYPE_DS))
		place_report(build->err, ERR_WARNING, record_place(build, record_of(build, TYPE_DS)),
		        "DS at the apex: it belongs into the parent zone");
	if (node->name[0] == 1 && node->name[1] == '*' && record_of(build, TYPE_NS))
		place_report(build->err, ERR_WARNING, record_place(build, record_of(build, TYPE_NS)),
		        "NS at a wildcard does not delegate (RFC 4592 4.2)");
}

void check_apex(struct build *build)
{
	const struct node *apex = &build->zone->nodes[0];
	struct place start = {.source = build->sources->list[0]};
	struct err_at at = {.file = start.source->path};
	char name[NAME_TEXT_MAX];
	name_format(apex->name, name);
	if (!node_set(apex, TYPE_SOA) && !build->broken_soa)
		err_add(build->err, ERR_ERROR, &at, "no SOA at the apex, %s", name);
	if (!node_set(apex, TYPE_NS) && !build->broken_ns)
		err_add(build->err, ERR_ERROR, &at, "no NS at the apex, %s", name);
}

const struct node *check_encloser(const struct zone *zone, const uint8_t *name)
{
	for (;; name += name[0] + 1) {
		const struct node *node = zone_find(zone, name, name_length(name), name_hash(name, zone->seed));
		if (node)
			return node;
	}
}

static bool has_address(const struct node *node)
{
	return node_set(node, TYPE_A) || node_set(node, TYPE_AAAA);
}

/* Has a name server within the zone its address here? */
static void check_server(struct build *build, const struct link *link, struct place place, const uint8_t *name,
        const struct node *target)
{
	const struct node *owner = &build->zone->nodes[link->node];
	if ((owner->parent && !(owner->flags & NODE_CUT)) || (target && has_address(target)))
		return;
	const struct node *above = target ? target : check_encloser(build->zone, name);
	char shown[NAME_TEXT_MAX];
	name_format(name, shown);
	if (above->cut && above->cut == owner->cut)
		place_report(build->err, ERR_WARNING, place,
		        "no glue: %s is below this delegation and has no address here", shown);
	else if (above->cut)
		return; /* another delegation's affair */
	else if (target || !above->wildcard || !has_address(above->wildcard))
		place_report(build->err, ERR_WARNING, place, "name server %s has no address in this zone", shown);
}

void check_target(struct build *build, const struct link *link, const uint8_t *name, const struct node *target)
{
	uint16_t type = link->set->type;
	char shown[NAME_TEXT_MAX], type_shown[16];
	rrtype_format(type, type_shown);
	struct place place = {build->sources->list[link->source], link->offset, (uint32_t)strlen(type_shown)};
	bool alias = target && target->flags & NODE_CNAME && !(target->flags & NODE_OCCLUDED);
	if (alias && (type == TYPE_NS || type == TYPE_MX || type == TYPE_SRV))
		place_report(build->err, ERR_WARNING, place, "%s leads to %s, which is a CNAME (RFC 2181 10.3)",
		        type_shown, name_format(name, shown));
	else if (!target && lacks_dot(build->zone, name))
		place_report(build->err, ERR_WARNING, place, "%s leads to %s; is a dot missing at its end?", type_shown,
		        name_format(name, shown));
	else if (type == TYPE_NS)
		check_server(build, link, place, name, target);
}
