/*
 * conf_rules.c: a list of rules that finds its duplicates as it grows.
 *
 * Lists of millions of prefixes are real, so this is one array and one table of indexes and not an object each.
 */
#include "snap/conf_rules.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/assert.h"
#include "base/hash.h"

void rules_new(struct rules *rules)
{
	/* As in base/dict.c: no result depends on the seed. */
	*rules = (struct rules){.slot_mask = 63, .max_move = 100};
	MUST(getrandom(&rules->seed, sizeof rules->seed, 0) == sizeof rules->seed);
	rules->slots = calloc(rules->slot_mask + 1, sizeof *rules->slots);
	MUST(rules->slots);
}

void rules_free(struct rules *rules)
{
	free(rules->list);
	free(rules->slots);
}

static uint64_t hash_of(const struct rules *rules, const struct map_rule *rule)
{
	uint64_t words[2], hash = hash_mix(rules->seed, rule->kind);
	memcpy(words, rule->prefix.addr.bytes, sizeof words);
	hash = hash_mix(hash, words[0]);
	hash = hash_mix(hash, words[1]);
	hash = hash_mix(hash, (uint64_t)rule->prefix.length << 8 | rule->prefix.addr.family);
	hash = hash_mix(hash, rule->asn);
	return rule->key ? hash_bytes(hash, rule->key, strlen(rule->key)) : hash;
}

static bool same_clients(const struct map_rule *a, const struct map_rule *b)
{
	return a->kind == b->kind && a->asn == b->asn && a->prefix.length == b->prefix.length &&
	       addr_equal(&a->prefix.addr, &b->prefix.addr) && (a->key ? strcmp(a->key, b->key) == 0 : true);
}

static void slots_grow(struct rules *rules)
{
	rules->slot_mask = 2 * rules->slot_mask + 1;
	free(rules->slots);
	rules->slots = calloc(rules->slot_mask + 1, sizeof *rules->slots);
	MUST(rules->slots);
	for (size_t i = 0; i < rules->count; i++) {
		size_t slot = hash_of(rules, &rules->list[i]) & rules->slot_mask;
		while (rules->slots[slot])
			slot = (slot + 1) & rules->slot_mask;
		rules->slots[slot] = (uint32_t)i + 1;
	}
}

const struct map_rule *rules_add(struct rules *rules, const struct map_rule *rule)
{
	if (2 * rules->count > rules->slot_mask)
		slots_grow(rules);
	size_t slot = hash_of(rules, rule) & rules->slot_mask;
	for (; rules->slots[slot]; slot = (slot + 1) & rules->slot_mask) {
		const struct map_rule *other = &rules->list[rules->slots[slot] - 1];
		if (same_clients(other, rule))
			return other;
	}
	if (rules->count == rules->room) {
		rules->room = rules->room ? 2 * rules->room : 64;
		rules->list = realloc(rules->list, rules->room * sizeof *rules->list);
		MUST(rules->list && rules->room < UINT32_MAX);
	}
	rules->list[rules->count++] = *rule;
	rules->slots[slot] = (uint32_t)rules->count;
	return NULL;
}
