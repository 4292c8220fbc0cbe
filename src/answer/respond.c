/*
 * respond.c: a good query of class IN → its sections and its rcode, in the order
 * of RFC 1034 4.3.2, with chains (RFC 1034 3.6.2, 6672, 6604) followed within
 * our zones.
 *
 * Called by answer.c. The catch: what must be whole and does not fit sets
 * `truncated`, and the caller takes everything back.
 */
#include <string.h>

#include "answer/exchange.h"

/* Where the offsets of a set's targets go, if the additional section is to follow them; else NULL. */
static uint16_t *follow_targets(
        struct exchange *exchange, const struct snapshot_zone *zone, struct owner owner, const struct rrset *set)
{
	if (!set->targets || set->count > FOLLOWED_MAX)
		return NULL;
	exchange->followed.set = set;
	exchange->followed.zone = zone;
	exchange->followed.owner = owner;
	return exchange->followed.target;
}

/* Writes a set, and its signatures for a client that asks for them; notes what the additional section will follow. */
static void write_set(struct exchange *exchange, enum section section, const struct snapshot_zone *zone,
        struct owner owner, const struct rrset *set, uint32_t ttl)
{
	uint16_t *targets = follow_targets(exchange, zone, owner, set);
	if (!reply_rrset(&exchange->reply, section, owner, set, ttl, targets))
		exchange->truncated = true;
	if (set->signatures && exchange->query.dnssec_ok &&
	        !reply_rrset(&exchange->reply, section, owner, set->signatures, ttl, NULL))
		exchange->truncated = true;
}

/* The end of a name that has nothing of the kind: SOA, for how long that may be remembered (RFC 2308 3), but no longer
 * than `ttl_max`. */
static unsigned respond_negative_for(
        struct exchange *exchange, const struct snapshot_zone *zone, unsigned rcode, uint32_t ttl_max)
{
	const struct name_labels *labels = &exchange->query.labels;
	struct owner apex = {.name = zone->zone->name};
	if (!exchange->links && exchange->reply.counts[0] && zone->zone->labels) /* it ends the question's name */
		apex.offset = DNS_HEADER + labels->at[labels->count - zone->zone->labels];
	uint32_t ttl = zone->zone->negative_ttl < ttl_max ? zone->zone->negative_ttl : ttl_max;
	write_set(exchange, SECTION_AUTHORITY, zone, apex, zone->zone->soa, ttl);
	if (rcode == RCODE_NOERROR)
		counter_increment(exchange->context->counters, COUNTER_RESPONSES_NODATA);
	return rcode;
}

static unsigned respond_negative(struct exchange *exchange, const struct snapshot_zone *zone, unsigned rcode)
{
	return respond_negative_for(exchange, zone, rcode, UINT32_MAX);
}

/* The way to the servers of a delegated zone (RFC 1034 4.2.1, RFC 9471). */
static unsigned respond_referral(struct exchange *exchange, const struct snapshot_zone *zone, const struct node *cut)
{
	struct owner owner = {.name = cut->name};
	const struct rrset *set = node_set(cut, TYPE_NS);
	if (!exchange->links)
		exchange->reply.flags &= (uint16_t)~FLAG_AA;
	write_set(exchange, SECTION_AUTHORITY, zone, owner, set, set->ttl);
	/* DS without a signature proves nothing: it is for those who ask for it (RFC 4035 3.1.4) */
	const struct rrset *ds = node_set(cut, TYPE_DS);
	if (ds && ds->signatures && exchange->query.dnssec_ok)
		write_set(exchange, SECTION_AUTHORITY, zone, owner, ds, ds->ttl);
	write_additional(exchange, true);
	counter_increment(exchange->context->counters, COUNTER_RESPONSES_REFERRAL);
	return RCODE_NOERROR;
}

/* Takes the target of a link as the next name. False where the chain ends: too long, or gone in a circle. */
static bool chain_to(struct exchange *exchange, struct lookup *lookup, const uint8_t *target, uint16_t offset)
{
	exchange->seen[exchange->links++] = lookup->labels->hash[0];
	if (exchange->links == CHAIN_MAX)
		return false;
	size_t length = name_length(target);
	memmove(exchange->target, target, length);
	name_lower(exchange->target_lower, target, length);
	name_split(&exchange->target_labels, exchange->target_lower, exchange->snapshot->seed);
	for (unsigned i = 0; i < exchange->links; i++)
		if (exchange->seen[i] == exchange->target_labels.hash[0])
			return false;
	*lookup = (struct lookup){exchange->target_lower, &exchange->target_labels, {exchange->target, offset}};
	return true;
}

/* Writes a DNAME, but not again where the chain comes back to it: a set stands once in a message (RFC 2181 5). */
static void write_dname(
        struct exchange *exchange, const struct snapshot_zone *zone, const struct node *node, const struct rrset *dname)
{
	for (unsigned i = 0; i < exchange->dnames; i++)
		if (exchange->dname[i] == dname)
			return;
	exchange->dname[exchange->dnames++] = dname;
	write_set(exchange, SECTION_ANSWER, zone, (struct owner){.name = node->name}, dname, dname->ttl);
}

/* A DNAME and the CNAME that it stands for (RFC 6672 3.1). True: go on with the target; *rcode where not. */
static bool follow_dname(struct exchange *exchange, const struct snapshot_zone *zone, const struct found *found,
        struct lookup *lookup, unsigned *rcode)
{
	const struct rrset *dname = node_set(found->node, TYPE_DNAME);
	const uint8_t *into = dname->wire + RR_HEADER;
	write_dname(exchange, zone, found->node, dname);
	size_t kept = lookup->labels->at[found->encloser], added = name_length(into);
	if (kept + added > NAME_BYTES) {
		*rcode = RCODE_YXDOMAIN;
		return false;
	}
	uint8_t target[NAME_BYTES];
	const uint8_t *shown = exchange->links ? exchange->target : exchange->query.qname;
	memcpy(target, shown, kept);
	memcpy(target + kept, into, added);
	uint16_t offset;
	*rcode = RCODE_NOERROR;
	if (!reply_cname(&exchange->reply, lookup->owner, dname->ttl, target, &offset)) {
		exchange->truncated = true;
		return false;
	}
	if (exchange->query.qtype == TYPE_CNAME)
		return false;
	return chain_to(exchange, lookup, target, offset);
}

/* The first set of a node, for type ANY (RFC 8482 4.1). */
static const struct rrset *any_set(const struct node *node)
{
	for (unsigned i = 0; i < node->set_count; i++)
		if (node->sets[i].type != TYPE_RRSIG && node->sets[i].type != TYPE_NSEC)
			return &node->sets[i];
	return NULL;
}

/* Is this query answered by the service, or by the zone? A service of names is a CNAME: it stands for every type that
 * the zone's own CNAME would stand for. */
static bool is_steered(
        const struct exchange *exchange, const struct node *node, uint16_t type, const struct attachment *attachment)
{
	const struct service *service = &exchange->snapshot->steering.services[attachment->service];
	if (type == TYPE_A || type == TYPE_AAAA)
		return true;
	if (!service->names)
		return false;
	return type == TYPE_CNAME || type == TYPE_ANY ||
	       (node->flags & NODE_CNAME && type != TYPE_RRSIG && type != TYPE_NSEC);
}

/* A steered name. True: go on with the target of the CNAME. */
static bool follow_steered(struct exchange *exchange, const struct snapshot_zone *zone,
        const struct attachment *attachment, uint16_t type, struct lookup *lookup, unsigned *rcode)
{
	unsigned family = type == TYPE_AAAA ? FAMILY_V6 : FAMILY_V4;
	struct choice choice;
	*rcode = RCODE_NOERROR;
	/* only the first link of a chain may be made for a client subnet (RFC 7871 7.2.1) */
	if (exchange->has_scope && exchange->links && exchange->snapshot->steering.services[attachment->service].names)
		return false;
	steer_choose(exchange, attachment, family, &choice);
	if (choice.verdict == PICK_SERVFAIL) {
		tell(exchange, EDE_OTHER, "no member is up");
		*rcode = RCODE_SERVFAIL;
		return false;
	}
	if (choice.verdict == PICK_NODATA) {
		respond_negative_for(exchange, zone, RCODE_NOERROR, choice.ttl_max);
		return false;
	}
	steer_narrow(exchange, &choice);
	if (!choice.service->names) {
		if (!steer_write(exchange, SECTION_ANSWER, lookup->owner, &choice, family))
			exchange->truncated = true;
		return false;
	}
	uint16_t offset;
	if (!reply_cname(&exchange->reply, lookup->owner, choice.ttl, choice.pool->cname, &offset)) {
		exchange->truncated = true;
		return false;
	}
	if (exchange->has_scope || type == TYPE_CNAME || type == TYPE_ANY)
		return false;
	return chain_to(exchange, lookup, choice.pool->cname, offset);
}

/* A node that the name has, or that a wildcard gives it. True: go on with the target of its CNAME. */
static bool follow_node(struct exchange *exchange, const struct snapshot_zone *zone, const struct node *node,
        struct lookup *lookup, unsigned *rcode)
{
	uint16_t type = exchange->query.qtype;
	const struct rrset *set = NULL;
	if (type == TYPE_ANY && (set = any_set(node)))
		type = set->type;
	const struct attachment *attachment = snapshot_attachment(zone, node);
	if (attachment && is_steered(exchange, node, type, attachment))
		return follow_steered(exchange, zone, attachment, type, lookup, rcode);
	*rcode = RCODE_NOERROR;
	if (!set)
		set = node_set(node, type);
	if (set) {
		const struct attachment *const *sources = snapshot_hints(zone, set);
		if (!sources)
			write_set(exchange, SECTION_ANSWER, zone, lookup->owner, set, set->ttl);
		else if (!write_hinted(exchange, SECTION_ANSWER, lookup->owner, set, sources,
		                 follow_targets(exchange, zone, lookup->owner, set)))
			exchange->truncated = true;
		write_additional(exchange, false);
		return false;
	}
	if (!(node->flags & NODE_CNAME)) {
		respond_negative(exchange, zone, RCODE_NOERROR);
		return false;
	}
	set = node_set(node, TYPE_CNAME);
	uint16_t offset = 0;
	if (!reply_rrset(&exchange->reply, SECTION_ANSWER, lookup->owner, set, set->ttl, &offset))
		exchange->truncated = true;
	if (set->signatures && exchange->query.dnssec_ok &&
	        !reply_rrset(&exchange->reply, SECTION_ANSWER, lookup->owner, set->signatures, set->ttl, NULL))
		exchange->truncated = true;
	return !exchange->truncated && chain_to(exchange, lookup, set->wire + RR_HEADER, offset);
}

/* One step of the chain. True: there is a next name in *lookup. */
static bool step(struct exchange *exchange, const struct snapshot_zone *zone, struct lookup *lookup, unsigned *rcode)
{
	struct found found = find(zone->zone, lookup->lower, lookup->labels, exchange->query.qtype);
	if (!exchange->links)
		exchange->source = found.node;
	switch (found.kind) {
	case FOUND_NODE:
		return follow_node(exchange, zone, found.node, lookup, rcode);
	case FOUND_DNAME:
		return follow_dname(exchange, zone, &found, lookup, rcode);
	case FOUND_REFERRAL:
		*rcode = respond_referral(exchange, zone, found.node);
		return false;
	default:
		*rcode = respond_negative(exchange, zone, RCODE_NXDOMAIN);
		return false;
	}
}

/* The zone that a name is looked up in; NULL: none of ours. DS of a zone's apex is the parent's to give, where we serve
 * the parent, too (RFC 4035 3.1.4.1). */
static const struct snapshot_zone *zone_of(const struct exchange *exchange, const struct lookup *lookup)
{
	const struct snapshot *snapshot = exchange->snapshot;
	const struct snapshot_zone *zone = snapshot_zone_find(snapshot, lookup->lower, lookup->labels, 0);
	bool apex = zone && zone->length == lookup->labels->at[lookup->labels->count] + 1;
	if (exchange->query.qtype != TYPE_DS || !apex || zone->length == 1)
		return zone;
	const struct snapshot_zone *parent = snapshot_zone_find(snapshot, lookup->lower, lookup->labels, 1);
	return parent ? parent : zone;
}

unsigned respond(struct exchange *exchange)
{
	struct query *query = &exchange->query;
	name_hash_labels(&exchange->query.labels, query->lower, exchange->snapshot->seed);
	struct lookup lookup = {query->lower, &exchange->query.labels, {query->qname, DNS_HEADER}};
	const struct snapshot_zone *zone = zone_of(exchange, &lookup);
	exchange->zone = zone;
	if (exchange->context->trace)
		exchange->context->trace->zone = zone;
	if (!zone) {
		tell(exchange, EDE_NOT_AUTHORITATIVE, NULL);
		return RCODE_REFUSED;
	}
	exchange->reply.flags |= FLAG_AA;
	unsigned rcode = RCODE_NOERROR;
	do {
		if (!zone->zone && exchange->links)
			break; /* the chain stands, and another server may have the rest */
		if (!zone->zone) {
			exchange->reply.flags &= (uint16_t)~FLAG_AA;
			tell(exchange, EDE_INVALID_DATA, "the zone could not be loaded");
			return RCODE_SERVFAIL;
		}
		if (!step(exchange, zone, &lookup, &rcode))
			break;
		zone = zone_of(exchange, &lookup);
	} while (zone);
	return rcode;
}
