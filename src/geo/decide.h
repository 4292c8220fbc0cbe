/*
 * decide.h: the rules of a map: which one decides for a client, and what order it gives.
 *
 * The most specific wins: net, asn, subdivision, country, continent, default. Used by map_build for every distinct
 * fact, and by map_reason for one, so that what is explained is what is answered. Builder thread; map_reason on any.
 */
#ifndef MERIDIAN_GEO_DECIDE_H
#define MERIDIAN_GEO_DECIDE_H

#include "geo/build.h"
#include "geo/distance.h"

/* Rules of facts by their key. */
struct rule_index {
	struct rule_entry {
		uint64_t key;
		const struct map_rule *rule;
	} * entries; /* sorted */
	size_t count;
	const struct map_rule *fallback, *unknown; /* `default` and `unknown`; NULL: none given */
};

void rule_index_init(struct rule_index *index, const struct map_rules *rules);
void rule_index_free(struct rule_index *index);

/* The rule that decides where no net rule does; NULL: nearest by default. */
const struct map_rule *rule_decide(const struct rule_index *index, const struct geo_facts *facts);
/* The longest net or resolver rule around an address; NULL: none. */
const struct map_rule *rule_longest(const struct map_rules *rules, enum rule_kind kind, const struct addr *addr);
/* The prefix of such a rule in the family that is looked up: one of the forms in which IPv6 carries IPv4 is the IPv4
 * prefix. */
struct prefix rule_prefix(const struct map_rule *rule);

/* How lists become orders: positions in `members`, the data centers of all sets. */
struct decider {
	unsigned count;
	uint8_t members[DATACENTERS_MAX];
	int16_t position[DATACENTERS_MAX]; /* of a data center; -1: in no set */
	struct atlas atlas;
	uint8_t sorted[DATACENTERS_MAX]; /* as the last client had them: the next one is often near */
};

/* Of the data centers `chosen` (true by index) out of `count`. */
void decider_init(struct decider *decider, const struct datacenter *datacenters, size_t count, const bool *chosen);

/* The order that a rule (NULL: nearest) gives a client: all `count` positions, of which the result says how many are
 * candidates. `closed`: what follows an `only` list is never used, and need not tell distances. */
unsigned decider_order(struct decider *decider, const struct map_rule *rule, const struct geo_facts *facts, bool closed,
        uint8_t *order);

#endif
