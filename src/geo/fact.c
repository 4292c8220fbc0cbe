/*
 * fact.c: facts and their table.
 */
#include "geo/fact.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "geo/tiling.h"

struct fact fact_merge(const struct fact *first, const struct fact *second)
{
	struct fact fact = *first;
	if (!fact_located(&fact)) {
		fact.latitude = second->latitude;
		fact.longitude = second->longitude;
	}
	if (!fact.asn)
		fact.asn = second->asn;
	if (!fact.country[0])
		memcpy(fact.country, second->country, sizeof fact.country);
	if (!fact.continent[0])
		memcpy(fact.continent, second->continent, sizeof fact.continent);
	if (!fact.subdivision[0])
		memcpy(fact.subdivision, second->subdivision, sizeof fact.subdivision);
	return fact;
}

static uint64_t fact_hash(const struct fact *fact)
{
	uint64_t words[3];
	_Static_assert(sizeof words == sizeof *fact, "a fact is three words");
	memcpy(words, fact, sizeof words);
	return hash_mix(hash_mix(hash_mix(0, words[0]), words[1]), words[2]);
}

static uint32_t *slot_find(const struct fact_table *table, const struct fact *fact)
{
	uint32_t mask = table->slot_count - 1;
	uint32_t at = (uint32_t)fact_hash(fact) & mask;
	while (table->slots[at] && memcmp(&table->facts[table->slots[at] - 1], fact, sizeof *fact) != 0)
		at = (at + 1) & mask;
	return &table->slots[at];
}

static void slots_grow(struct fact_table *table)
{
	free(table->slots);
	table->slot_count *= 2;
	table->slots = calloc(table->slot_count, sizeof *table->slots);
	MUST(table->slots);
	for (uint32_t i = 0; i < table->count; i++)
		*slot_find(table, &table->facts[i]) = i + 1;
}

void fact_table_init(struct fact_table *table)
{
	*table = (struct fact_table){.slot_count = 512};
	slots_grow(table);
	fact_table_add(table, &FACT_EMPTY);
}

void fact_table_free(struct fact_table *table)
{
	free(table->facts);
	free(table->slots);
	*table = (struct fact_table){.count = 0};
}

uint32_t fact_table_add(struct fact_table *table, const struct fact *fact)
{
	uint32_t *slot = slot_find(table, fact);
	if (*slot)
		return *slot - 1;
	if (table->count == TILING_ID_NONE)
		return TILING_ID_NONE;
	if (table->count == table->room) {
		table->room = table->room ? table->room + table->room / 2 : 256;
		table->facts = realloc(table->facts, table->room * sizeof *table->facts);
		MUST(table->facts);
	}
	table->facts[table->count] = *fact;
	*slot = ++table->count;
	if (table->count > table->slot_count / 2)
		slots_grow(table);
	return table->count - 1;
}

void fact_table_seal(struct fact_table *table)
{
	free(table->slots);
	table->slots = NULL;
}
