/*
 * order.c: interning orders by their hash. Complete orders of 50 data centers come in 30,000 kinds: a linear search
 * here would be the longest step of a compile.
 */
#include "geo/order.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "geo/tiling.h"

void order_table_init(struct order_table *table, unsigned width)
{
	*table = (struct order_table){.stride = width + 1, .slot_count = 256, .count = 1, .room = 64};
	table->slots = calloc(table->slot_count, sizeof *table->slots);
	table->bytes = calloc(table->room, table->stride);
	MUST(table->slots && table->bytes);
	table->bytes[0] = (uint8_t)width;
	for (unsigned i = 0; i < width; i++)
		table->bytes[1 + i] = (uint8_t)i;
}

void order_table_free(struct order_table *table)
{
	free(table->bytes);
	free(table->slots);
	*table = (struct order_table){.count = 0};
}

static uint32_t *slot_find(const struct order_table *table, const uint8_t *bytes)
{
	uint32_t mask = table->slot_count - 1;
	uint32_t at = (uint32_t)hash_bytes(0, bytes, table->stride) & mask;
	while (table->slots[at] && memcmp(order_get(table, table->slots[at] - 1), bytes, table->stride) != 0)
		at = (at + 1) & mask;
	return &table->slots[at];
}

static void slots_grow(struct order_table *table)
{
	free(table->slots);
	table->slot_count *= 2;
	table->slots = calloc(table->slot_count, sizeof *table->slots);
	MUST(table->slots);
	for (uint32_t i = 1; i < table->count; i++)
		*slot_find(table, order_get(table, i)) = i + 1;
}

uint32_t order_table_add(struct order_table *table, const uint8_t *positions, unsigned count)
{
	uint8_t bytes[256];
	bytes[0] = (uint8_t)count;
	memcpy(bytes + 1, positions, table->stride - 1);
	uint32_t *slot = slot_find(table, bytes);
	if (*slot)
		return *slot - 1;
	MUST(table->count < TILING_ID_NONE);
	if (table->count == table->room) {
		table->room += table->room / 2;
		table->bytes = realloc(table->bytes, (size_t)table->room * table->stride);
		MUST(table->bytes);
	}
	memcpy(table->bytes + (size_t)table->count * table->stride, bytes, table->stride);
	*slot = ++table->count;
	if (table->count > table->slot_count / 2)
		slots_grow(table);
	return table->count - 1;
}

void order_table_seal(struct order_table *table)
{
	free(table->slots);
	table->slots = NULL;
	uint8_t *fitted = realloc(table->bytes, (size_t)table->count * table->stride);
	if (fitted)
		table->bytes = fitted;
}

uint64_t order_table_size(const struct order_table *table)
{
	return (uint64_t)table->count * table->stride;
}
