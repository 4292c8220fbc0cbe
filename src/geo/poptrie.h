/*
 * poptrie.h: the table that a query reads: address → piece (order and scope).
 *
 * After Asai and Ohara, "Poptrie" (SIGCOMM 2015): the first bits index an array, then each node takes 6 bits, and
 * counting bits in its two masks finds the child or the leaf. A leaf is a piece of the tiling: it brings its own
 * length, which is the scope. Here a node's leaves stand right behind it, so that reading it brings them along. 18 + 6
 * = 24, where most leaves of IPv4 end; small tables index by 12 or 6 bits, so that the array is not most of them.
 * Immutable once built; any thread.
 *
 * A node, in words of 32 bits: 2 of leaves (bit i: slot i begins a new leaf; until the next one, slots without a child
 * have it), 2 of children (bit i: slot i goes on in a node), then a word for each child (where it is), then the leaves.
 */
#ifndef MERIDIAN_GEO_POPTRIE_H
#define MERIDIAN_GEO_POPTRIE_H

#include <string.h>

#include "geo/tiling.h"

#define POPTRIE_NODE 0x80000000u /* in `direct`: where a node is, else a piece, whose top bit is clear: it is short */
#define POPTRIE_HEAD 4           /* words of a node before its children */

struct poptrie {
	uint32_t *direct, *words;
	uint32_t word_count;
	unsigned direct_bits;
};

/* Never fails; memory that runs out is fatal. */
void poptrie_build(struct poptrie *poptrie, const struct tiling *tiling);
void poptrie_free(struct poptrie *poptrie);
uint64_t poptrie_size(const struct poptrie *poptrie);
/* The tiling back, its numbers by `names` (NULL: as they are), joined again; the caller frees it. */
struct tiling poptrie_tiling(const struct poptrie *poptrie, const uint32_t *names);
#define POPTRIE_PIECE_SIZE 6 /* bytes that a piece takes, all in all and about */

/* The piece around an address, whose bits stand left-aligned in high and low. Inlined into a caller that is compiled
 * for a processor which counts bits in one instruction. */
static inline __attribute__((always_inline)) uint32_t poptrie_find(
        const struct poptrie *poptrie, uint64_t high, uint64_t low)
{
	unsigned step = poptrie->direct_bits;
	uint32_t word = poptrie->direct[high >> (64 - step)];
	if (!(word & POPTRIE_NODE))
		return word;
	const uint32_t *node = poptrie->words + (word & ~POPTRIE_NODE);
	for (;; step = 6) {
		uint64_t leaves, children;
		memcpy(&leaves, node, sizeof leaves);
		memcpy(&children, node + 2, sizeof children);
		high = high << step | low >> (64 - step);
		low <<= step;
		unsigned slot = (unsigned)(high >> 58);
		uint64_t upto = UINT64_MAX >> (63 - slot); /* the slot and all before it */
		const uint32_t *found = node + POPTRIE_HEAD - 1;
		if (!(children >> slot & 1))
			return found[__builtin_popcountll(children) + __builtin_popcountll(leaves & upto)];
		node = poptrie->words + found[__builtin_popcountll(children & upto)];
	}
}

#endif
