/*
 * decide.c: from facts to a rule, from a rule to an order.
 */
#include "geo/decide.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "geo/special.h"

/* A rule's kind and key in one word, so that one search serves all kinds. Keys are of at most 7 bytes; that of an
 * asn is empty. */
static uint64_t key_of(enum rule_kind kind, const char *text, uint32_t asn)
{
	uint64_t key = (uint64_t)kind + 1;
	for (unsigned i = 0; i < 7; i++) {
		key = key << 8 | (uint8_t)*text;
		text += *text != 0;
	}
	return key | asn;
}

static int compare_entries(const void *a, const void *b)
{
	uint64_t x = ((const struct rule_entry *)a)->key, y = ((const struct rule_entry *)b)->key;
	return x < y ? -1 : x > y;
}

void rule_index_init(struct rule_index *index, const struct map_rules *rules)
{
	*index = (struct rule_index){.entries = calloc(rules->count + 1, sizeof *index->entries)};
	MUST(index->entries);
	for (size_t i = 0; i < rules->count; i++) {
		const struct map_rule *rule = &rules->rules[i];
		if (rule->kind == RULE_DEFAULT)
			index->fallback = rule;
		else if (rule->kind == RULE_UNKNOWN)
			index->unknown = rule;
		else if (rule->kind == RULE_ASN || (rule->key && strlen(rule->key) < 8))
			index->entries[index->count++] = (struct rule_entry){
			        key_of(rule->kind, rule->kind == RULE_ASN ? "" : rule->key,
			                rule->kind == RULE_ASN ? rule->asn : 0),
			        rule};
	}
	if (index->count)
		qsort(index->entries, index->count, sizeof *index->entries, compare_entries);
}

void rule_index_free(struct rule_index *index)
{
	free(index->entries);
}

static const struct map_rule *rule_find(
        const struct rule_index *index, enum rule_kind kind, const char *text, uint32_t asn)
{
	if (!index->count || (!*text && !asn))
		return NULL;
	struct rule_entry wanted = {.key = key_of(kind, text, asn)};
	const struct rule_entry *entry = bsearch(&wanted, index->entries, index->count, sizeof wanted, compare_entries);
	return entry ? entry->rule : NULL;
}

const struct map_rule *rule_decide(const struct rule_index *index, const struct geo_facts *facts)
{
	const struct map_rule *rule = rule_find(index, RULE_ASN, "", facts->asn);
	if (!rule)
		rule = rule_find(index, RULE_SUBDIVISION, facts->subdivision, 0);
	if (!rule)
		rule = rule_find(index, RULE_COUNTRY, facts->country, 0);
	if (!rule)
		rule = rule_find(index, RULE_CONTINENT, facts->continent, 0);
	if (rule)
		return rule;
	/* A default list serves whoever is known to be somewhere; nearest needs to know where. */
	bool is_list = index->fallback && index->fallback->list.count;
	bool known = facts->located || (is_list && (facts->country[0] || facts->continent[0]));
	return !known && index->unknown ? index->unknown : index->fallback;
}

struct prefix rule_prefix(const struct map_rule *rule)
{
	struct prefix prefix = rule->prefix;
	struct addr inner = prefix.addr;
	unsigned before = special_unwrap(&inner);
	if (before && before <= prefix.length && before + 32 >= prefix.length) {
		prefix.addr = inner;
		prefix.length = (uint8_t)(prefix.length - before);
	}
	return prefix;
}

const struct map_rule *rule_longest(const struct map_rules *rules, enum rule_kind kind, const struct addr *addr)
{
	const struct map_rule *longest = NULL;
	int length = -1;
	for (size_t i = 0; i < rules->count; i++) {
		if (rules->rules[i].kind != kind)
			continue;
		struct prefix prefix = rule_prefix(&rules->rules[i]);
		if (prefix.length > length && prefix_contains(&prefix, addr)) {
			longest = &rules->rules[i];
			length = prefix.length;
		}
	}
	return longest;
}

void decider_init(struct decider *decider, const struct datacenter *datacenters, size_t count, const bool *chosen)
{
	*decider = (struct decider){.count = 0};
	for (size_t i = 0; i < count; i++) {
		decider->position[i] = chosen[i] ? (int16_t)decider->count : -1;
		if (chosen[i])
			decider->members[decider->count++] = (uint8_t)i;
	}
	atlas_init(&decider->atlas, datacenters, decider->members, decider->count);
	atlas_list(&decider->atlas, decider->sorted);
}

unsigned decider_order(struct decider *decider, const struct map_rule *rule, const struct geo_facts *facts, bool closed,
        uint8_t *order)
{
	uint8_t unsorted[DATACENTERS_MAX];
	const uint8_t *rest = decider->sorted;
	bool taken[DATACENTERS_MAX];
	unsigned listed = 0, count;
	memset(taken, false, decider->count);
	for (unsigned i = 0; rule && i < rule->list.count; i++) {
		int position = decider->position[rule->list.datacenters[i]];
		if (position < 0 || taken[position])
			continue;
		taken[position] = true;
		order[listed++] = (uint8_t)position;
	}
	bool only = rule && rule->list.only && listed;
	count = listed;
	if (facts->located && !(only && closed))
		atlas_sort(&decider->atlas, facts->latitude, facts->longitude, decider->sorted);
	else
		rest = atlas_list(&decider->atlas, unsorted);
	for (unsigned i = 0; i < decider->count; i++)
		if (!taken[rest[i]])
			order[count++] = rest[i];
	return only ? listed : decider->count;
}

const struct map_rule *map_reason(const struct map_rules *rules, const struct geodb *db, const struct addr *addr,
        bool resolver, struct geo_facts *facts)
{
	struct addr inner = *addr;
	special_unwrap(&inner);
	*facts = geodb_facts(db, addr);
	const struct map_rule *rule = resolver ? rule_longest(rules, RULE_RESOLVER, &inner) : NULL;
	if (!rule)
		rule = rule_longest(rules, RULE_NET, &inner);
	if (rule)
		return rule;
	struct rule_index index;
	rule_index_init(&index, rules);
	rule = rule_decide(&index, facts);
	rule_index_free(&index);
	return rule;
}
