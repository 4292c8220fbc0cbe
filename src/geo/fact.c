/*
 * fact.c: facts and their table.
 */
#include "geo/fact.h"

#include <string.h>

#include "geo/block.h"
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

void fact_table_init(struct fact_table *table)
{
	*table = (struct fact_table){.count = 0};
	fact_table_add(table, &FACT_EMPTY);
}

void fact_table_free(struct fact_table *table)
{
	block_resize(table->facts, table->room * sizeof *table->facts, 0);
	*table = (struct fact_table){.count = 0};
}

static void reserve(struct fact_table *table, uint32_t room)
{
	if (room <= table->room)
		return;
	table->facts = block_resize(table->facts, table->room * sizeof *table->facts, room * sizeof *table->facts);
	table->room = room;
}

uint32_t fact_table_add(struct fact_table *table, const struct fact *fact)
{
	if (table->count == TILING_ID_NONE)
		return TILING_ID_NONE;
	if (table->count == table->room)
		reserve(table, table->room + table->room / 2 + 4096);
	table->facts[table->count] = *fact;
	return table->count++;
}

bool fact_table_append(struct fact_table *table, const struct fact_table *other)
{
	uint32_t more = other->count - 1;
	if (more > TILING_ID_NONE - table->count)
		return false;
	reserve(table, table->count + more);
	memcpy(table->facts + table->count, other->facts + 1, more * sizeof *table->facts);
	table->count += more;
	return true;
}
