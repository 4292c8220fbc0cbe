/*
 * additional.c: the addresses of the names that a written set leads to (NS, MX,
 * SRV …), so that the asker need not ask again.
 *
 * Called by respond.c after the set was written. A steered target gives the
 * addresses that this client would get. What does not fit is left out, except
 * for the glue of a referral (RFC 9471 3.1), which sets TC.
 */
#include "answer/exchange.h"

/* Has an earlier record of the set the same target? Sets are small. */
static bool seen_before(const struct rrset *set, unsigned record)
{
	for (unsigned i = 0; i < record; i++)
		if (set->targets[i] == set->targets[record])
			return true;
	return false;
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

/* Whose addresses follow: the target where it stands in the set; of a TargetName of `.` the set's own owner (RFC 9460
 * 2.5.2). */
static struct owner target_owner(const struct exchange *exchange, const struct node *node, unsigned record)
{
	uint16_t at = exchange->followed.target[record];
	if (at && exchange->reply.w.start[at] == 0)
		return exchange->followed.owner;
	return (struct owner){.name = node->name, .offset = at};
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
		struct owner owner = target_owner(exchange, node, i);
		struct reply_mark mark = reply_mark(&exchange->reply);
		if (write_target(exchange, node, owner, glue))
			continue;
		if (glue)
			exchange->truncated = true;
		reply_rewind(&exchange->reply, mark);
		return;
	}
}
