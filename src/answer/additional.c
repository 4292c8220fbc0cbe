/*
 * additional.c: the addresses of the names that a written set leads to (NS, MX,
 * SRV …), so that the asker need not ask again.
 *
 * Called by respond.c after the set was written. A steered target gives the
 * addresses that this client would get. What does not fit is left out, except
 * for the glue of a referral (RFC 9471 3.1), which sets TC.
 */
#include "answer/exchange.h"
#include "base/cursor.h"

/* Does a wildcard stand for the target's name, so that the node's own name is another? */
static bool is_wildcard(const struct node *node)
{
	return node->name[0] == 1 && node->name[1] == '*';
}

/* The name that a record of the set leads to, as the zone writes it. Sets are small. */
static const uint8_t *target_name(const struct rrset *set, unsigned record)
{
	struct reader r = reader_of(set->wire, set->size);
	for (unsigned i = 0; i < record; i++) {
		read_bytes(&r, RR_HEADER - 2);
		read_bytes(&r, read_u16(&r));
	}
	read_bytes(&r, RR_HEADER);
	return r.at + rrtype_get(set->type)->target_skip;
}

/* Has an earlier record of the set the same target? */
static bool seen_before(const struct rrset *set, unsigned record)
{
	const struct node *node = set->targets[record];
	for (unsigned i = 0; i < record; i++)
		if (set->targets[i] == node &&
		        (!is_wildcard(node) || name_equal(target_name(set, i), target_name(set, record))))
			return true;
	return false;
}

/* Where the target's name stands in the reply; or the name itself, if no pointer reaches it. */
static struct owner target_owner(const struct exchange *exchange, unsigned record)
{
	uint16_t offset = exchange->followed.target[record];
	const uint8_t *name = target_name(exchange->followed.set, record);
	if (*name == 0 && exchange->followed.set->type != TYPE_NS)
		return exchange->followed.owner; /* `.`: the set's own owner (RFC 9460 2.5.2) */
	return (struct owner){name, offset};
}

static bool write_steered(
        struct exchange *exchange, const struct attachment *attachment, struct owner owner, unsigned family)
{
	const struct hinted *hinted = &exchange->hinted;
	struct choice chosen;
	const struct choice *choice = &chosen;
	if (hinted->source == attachment && hinted->chosen[family])
		choice = &hinted->choice[family];
	else
		steer_choose(exchange, attachment, family, &chosen);
	if (choice->verdict != PICK_POOL || choice->service->names)
		return true;
	steer_narrow(exchange, choice);
	return steer_write(exchange, SECTION_ADDITIONAL, owner, choice, family);
}

/* A and AAAA of one target; false if something did not fit. A referral is not made for a client subnet (RFC 7871 7.4):
 * its addresses are the zone's. */
static bool write_target(struct exchange *exchange, const struct node *node, struct owner owner, bool glue)
{
	static const uint16_t types[FAMILIES] = {TYPE_A, TYPE_AAAA};
	const struct attachment *attachment = snapshot_attachment(exchange->followed.zone, node);
	for (unsigned family = 0; family < FAMILIES; family++) {
		if (attachment && !(glue && exchange->has_scope)) {
			if (!write_steered(exchange, attachment, owner, family))
				return false;
			continue;
		}
		const struct rrset *set = node_set(node, types[family]);
		if (set && !reply_rrset(&exchange->reply, SECTION_ADDITIONAL, owner, set, set->ttl, NULL))
			return false;
		if (set && set->signatures && exchange->query.dnssec_ok &&
		        !reply_rrset(&exchange->reply, SECTION_ADDITIONAL, owner, set->signatures, set->ttl, NULL))
			return false;
	}
	return true;
}

/* The set of the same type at the TargetName of an alias, which the client would ask for next (RFC 9460 4.1), with the
 * hints that it would get then; false if it did not fit. */
static bool write_aliased(struct exchange *exchange, const struct node *node, unsigned record, struct owner owner)
{
	enum { PRIORITY = 2 }; /* bytes before the TargetName; 0: AliasMode */
	const struct rrset *set = exchange->followed.set, *next;
	if (set->type != TYPE_SVCB && set->type != TYPE_HTTPS)
		return true;
	const uint8_t *priority = target_name(set, record) - PRIORITY;
	next = node_set(node, set->type);
	if (priority[0] || priority[1] || !next || next == set)
		return true;
	const struct attachment *const *sources = snapshot_hints(exchange->followed.zone, next);
	if (sources)
		return write_hinted(exchange, SECTION_ADDITIONAL, owner, next, sources, NULL);
	if (!reply_rrset(&exchange->reply, SECTION_ADDITIONAL, owner, next, next->ttl, NULL))
		return false;
	return !next->signatures || !exchange->query.dnssec_ok ||
	       reply_rrset(&exchange->reply, SECTION_ADDITIONAL, owner, next->signatures, next->ttl, NULL);
}

void write_additional(struct exchange *exchange, bool glue)
{
	const struct rrset *set = exchange->followed.set;
	if (!set || exchange->truncated)
		return;
	for (unsigned i = 0; i < set->count; i++) {
		const struct node *node = set->targets[i];
		/* below a cut stands glue: the way to a zone, not data to answer with (RFC 2181 5.4.1) */
		if (!node || (node->cut && set->type != TYPE_NS) || seen_before(set, i))
			continue;
		struct owner owner = target_owner(exchange, i);
		struct reply_mark mark = reply_mark(&exchange->reply);
		if (write_aliased(exchange, node, i, owner) && write_target(exchange, node, owner, glue))
			continue;
		if (glue)
			exchange->truncated = true;
		reply_rewind(&exchange->reply, mark);
		return;
	}
}
