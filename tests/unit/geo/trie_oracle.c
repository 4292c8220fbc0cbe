/*
 * trie_oracle.c: see its header. As simple as can be; recursion as deep as an address is long.
 */
#include "trie_oracle.h"

#include <stdlib.h>

#include "base/assert.h"

#define LEAF 0x80000000u

struct oracle {
	unsigned family;
	uint32_t root; /* LEAF | value, or a node; so are the children */
	uint32_t (*nodes)[2];
	uint32_t count, room;
};

struct oracle *oracle_new(unsigned family)
{
	struct oracle *oracle = calloc(1, sizeof *oracle);
	MUST(oracle);
	*oracle = (struct oracle){.family = family, .root = LEAF};
	return oracle;
}

void oracle_free(struct oracle *oracle)
{
	free(oracle->nodes);
	free(oracle);
}

static unsigned bit_of(const struct addr *addr, unsigned bit)
{
	return addr->bytes[bit / 8] >> (7 - bit % 8) & 1;
}

void oracle_set(struct oracle *oracle, const struct prefix *prefix, uint32_t value)
{
	oracle_cut(oracle, prefix);
	uint32_t *at = &oracle->root;
	for (unsigned bit = 0; bit < prefix->length; bit++)
		at = &oracle->nodes[*at][bit_of(&prefix->addr, bit)];
	*at = LEAF | value;
}

void oracle_cut(struct oracle *oracle, const struct prefix *prefix)
{
	if (oracle->count + 128 > oracle->room) { /* so that nothing moves on the way down */
		oracle->room = oracle->room * 2 + 128;
		oracle->nodes = realloc(oracle->nodes, oracle->room * sizeof *oracle->nodes);
		MUST(oracle->nodes);
	}
	uint32_t *at = &oracle->root;
	for (unsigned bit = 0; bit < prefix->length; bit++) {
		if (*at & LEAF) {
			oracle->nodes[oracle->count][0] = oracle->nodes[oracle->count][1] = *at;
			*at = oracle->count++;
		}
		at = &oracle->nodes[*at][bit_of(&prefix->addr, bit)];
	}
}

static void fill(struct oracle *oracle, uint32_t *at, struct addr *addr, unsigned depth,
        uint32_t (*value)(void *context, const struct addr *addr), void *context)
{
	if (*at & LEAF) {
		*at = LEAF | value(context, addr);
		return;
	}
	uint8_t mask = (uint8_t)(0x80 >> depth % 8);
	fill(oracle, &oracle->nodes[*at][0], addr, depth + 1, value, context);
	addr->bytes[depth / 8] |= mask;
	fill(oracle, &oracle->nodes[*at][1], addr, depth + 1, value, context);
	addr->bytes[depth / 8] &= (uint8_t)~mask;
}

void oracle_fill(struct oracle *oracle, uint32_t (*value)(void *context, const struct addr *addr), void *context)
{
	struct addr addr = {.family = (uint8_t)oracle->family};
	fill(oracle, &oracle->root, &addr, 0, value, context);
}

static void join(struct oracle *oracle, uint32_t *at)
{
	if (*at & LEAF)
		return;
	uint32_t *child = oracle->nodes[*at];
	join(oracle, &child[0]);
	join(oracle, &child[1]);
	if (child[0] & LEAF && child[0] == child[1] && child[0] != (LEAF | ORACLE_APART))
		*at = child[0];
}

void oracle_join(struct oracle *oracle)
{
	join(oracle, &oracle->root);
}

uint32_t oracle_find(const struct oracle *oracle, const struct addr *addr, unsigned *scope)
{
	uint32_t at = oracle->root;
	unsigned bit = 0;
	for (; !(at & LEAF); bit++)
		at = oracle->nodes[at][bit_of(addr, bit)];
	*scope = bit;
	return at & ~LEAF;
}

static void walk(const struct oracle *oracle, uint32_t at, struct prefix *cell,
        void (*each)(void *context, const struct prefix *cell, uint32_t value), void *context)
{
	if (at & LEAF) {
		each(context, cell, at & ~LEAF);
		return;
	}
	unsigned depth = cell->length++;
	uint8_t mask = (uint8_t)(0x80 >> depth % 8);
	walk(oracle, oracle->nodes[at][0], cell, each, context);
	cell->addr.bytes[depth / 8] |= mask;
	walk(oracle, oracle->nodes[at][1], cell, each, context);
	cell->addr.bytes[depth / 8] &= (uint8_t)~mask;
	cell->length--;
}

void oracle_walk(const struct oracle *oracle, void (*each)(void *context, const struct prefix *cell, uint32_t value),
        void *context)
{
	struct prefix cell = {.addr.family = (uint8_t)oracle->family};
	walk(oracle, oracle->root, &cell, each, context);
}

size_t oracle_size(const struct oracle *oracle)
{
	return oracle->count * sizeof *oracle->nodes;
}
