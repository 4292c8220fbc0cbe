/*
 * find.c: where a name leads in its zone: a node, a wildcard, a delegation, a
 * DNAME, or nowhere.
 *
 * Called by respond.c for the query name and each target of a chain. Existence
 * is monotone (every ancestor of a name exists, if only as an empty
 * non-terminal), so the closest encloser is found by going up until a name is
 * there. What stands above a node is known to it (`cut`).
 */
#include "answer/exchange.h"

/* The deepest existing ancestor; *label is where it starts in the name. The apex always exists. */
static const struct node *closest_encloser(
        const struct zone *zone, const uint8_t *lower, const struct name_labels *labels, uint8_t *label)
{
	unsigned apex = labels->count - zone->labels;
	size_t length = labels->at[labels->count] + 1u;
	unsigned first = apex;
	const struct node *encloser = zone->nodes;
	/* down from the apex: a flood of random deep names stops at the first label that is not there */
	while (first > 1) {
		unsigned at = labels->at[first - 1];
		const struct node *node = zone_find(zone, lower + at, length - at, labels->hash[first - 1]);
		if (!node)
			break;
		encloser = node;
		first--;
	}
	*label = (uint8_t)first;
	return encloser;
}

struct found find(const struct zone *zone, const uint8_t *lower, const struct name_labels *labels, uint16_t type)
{
	size_t length = labels->at[labels->count] + 1u;
	const struct node *node = zone_find(zone, lower, length, labels->hash[0]);
	if (node) {
		/* DS belongs to the parent's side of a cut (RFC 4035 3.1.4.1) */
		if (node->cut && !(node->cut == node && type == TYPE_DS))
			return (struct found){FOUND_REFERRAL, node->cut, 0, false};
		return (struct found){FOUND_NODE, node, 0, false};
	}
	uint8_t label;
	const struct node *encloser = closest_encloser(zone, lower, labels, &label);
	if (encloser->cut)
		return (struct found){FOUND_REFERRAL, encloser->cut, label, false};
	if (encloser->flags & NODE_DNAME)
		return (struct found){FOUND_DNAME, encloser, label, false};
	if (encloser->wildcard)
		return (struct found){FOUND_NODE, encloser->wildcard, label, true};
	return (struct found){FOUND_NOTHING, encloser, label, false};
}
