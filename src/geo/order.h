/*
 * order.h: lists of data centers, each distinct one once.
 *
 * An order is a permutation of the positions 0..width-1, best first, of which only the first `count` are candidates
 * (all, unless a rule says `only`). Stored one after another at a fixed stride. Built by one thread, then read by any.
 */
#ifndef MERIDIAN_GEO_ORDER_H
#define MERIDIAN_GEO_ORDER_H

#include <stddef.h>
#include <stdint.h>

struct order_table {
	uint8_t *bytes; /* of each order: its count, then its positions */
	uint32_t *slots;
	uint32_t count, room, slot_count;
	unsigned stride;
};

void order_table_init(struct order_table *table, unsigned width);
void order_table_free(struct order_table *table);
/* The number of an order; `positions` has `width` of them. Number 0 is no order and equals none, so that neighbours
 * never join it: the place of other forms of address, and of no rule. */
uint32_t order_table_add(struct order_table *table, const uint8_t *positions, unsigned count);
/* Frees what only adding needs. */
void order_table_seal(struct order_table *table);
uint64_t order_table_size(const struct order_table *table);

static inline const uint8_t *order_get(const struct order_table *table, uint32_t id)
{
	return table->bytes + (size_t)id * table->stride;
}

#endif
