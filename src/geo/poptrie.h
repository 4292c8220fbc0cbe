/*
 * poptrie.h: the table that a query reads: address → piece (order and scope).
 *
 * After Asai and Ohara, "Poptrie" (SIGCOMM 2015): the first bits index an array, then each node takes 6 bits, and
 * counting bits in its two masks finds the child or the leaf among those stored one after another. A leaf is a
 * piece of the tiling: it brings its own length, which is the scope. 18 + 6 = 24, where most leaves of IPv4 end; small
 * tables index by 12 or 6 bits, so that the array is not most of them. Immutable once built; any thread.
 */
#ifndef MERIDIAN_GEO_POPTRIE_H
#define MERIDIAN_GEO_POPTRIE_H

#include "geo/tiling.h"

#define POPTRIE_NODE                                                                                                   \
	0x80000000u /* in `direct`: the number of a node, else a piece (which is short: its top bit is clear) */

struct poptrie_node {
	uint64_t children; /* bit i: slot i goes on in a node */
	uint64_t leaves;   /* bit i: slot i begins a new leaf; until the next one, slots without a child have it */
	uint32_t first_child, first_leaf;
};

struct poptrie {
	uint32_t *direct;
	struct poptrie_node *nodes;
	uint32_t *leaves;
	uint32_t node_count, leaf_count;
	unsigned direct_bits;
};

/* Never fails; memory that runs out is fatal. */
void poptrie_build(struct poptrie *poptrie, const struct tiling *tiling);
void poptrie_free(struct poptrie *poptrie);
uint64_t poptrie_size(const struct poptrie *poptrie);
/* About the bytes of a table of that many pieces, known before it is built; a piece takes that many. */
#define POPTRIE_PIECE_SIZE 6
uint64_t poptrie_size_expected(size_t pieces);

/* The piece around an address, whose bits stand left-aligned in high and low. Inlined into a caller that is compiled
 * for a processor which counts bits in one instruction. */
static inline __attribute__((always_inline)) uint32_t poptrie_find(
        const struct poptrie *poptrie, uint64_t high, uint64_t low)
{
	unsigned step = poptrie->direct_bits;
	uint32_t word = poptrie->direct[high >> (64 - step)];
	if (!(word & POPTRIE_NODE))
		return word;
	const struct poptrie_node *node = &poptrie->nodes[word & ~POPTRIE_NODE];
	for (;;) {
		high = high << step | low >> (64 - step);
		low <<= step;
		uint64_t upto = UINT64_MAX >> (63 - (high >> 58)); /* the slot and all before it */
		if (!(node->children >> (high >> 58) & 1))
			return poptrie
			        ->leaves[node->first_leaf + (unsigned)__builtin_popcountll(node->leaves & upto) - 1];
		node = &poptrie->nodes[node->first_child + (unsigned)__builtin_popcountll(node->children & upto) - 1];
		step = 6;
	}
}

#endif
