/*
 * poptrie.c: tiling → poptrie, in one pass.
 *
 * A node is appended only when its parent is complete, so that the children of one node stand together; until
 * then they wait on the stack of the recursion, which is at most 22 deep.
 */
#include "geo/poptrie.h"

#include <string.h>

#include "base/assert.h"
#include "geo/block.h"

#define SLOTS 64
#define STRIDE 6

struct builder {
	struct poptrie *poptrie;
	const uint32_t *at; /* the next piece */
	uint32_t node_room; /* leaves need none: a piece is at most one leaf */
};

static uint32_t append_nodes(struct builder *builder, const struct poptrie_node *nodes, unsigned count)
{
	struct poptrie *poptrie = builder->poptrie;
	uint32_t first = poptrie->node_count;
	if (first + count > builder->node_room) {
		uint32_t room = first + first / 2 + count;
		MUST(room < POPTRIE_NODE);
		poptrie->nodes = block_resize(poptrie->nodes, builder->node_room * sizeof *nodes, room * sizeof *nodes);
		builder->node_room = room;
	}
	memcpy(poptrie->nodes + first, nodes, count * sizeof *nodes);
	poptrie->node_count += count;
	return first;
}

static uint32_t append_leaves(struct poptrie *poptrie, const uint32_t *leaves, unsigned count)
{
	uint32_t first = poptrie->leaf_count;
	memcpy(poptrie->leaves + first, leaves, count * sizeof *leaves);
	poptrie->leaf_count += count;
	return first;
}

/* The node of the prefix of `depth` bits that the next piece lies in; takes all pieces of it. */
static struct poptrie_node build_node(struct builder *builder, unsigned depth)
{
	struct poptrie_node node = {.children = 0}, children[SLOTS];
	uint32_t leaves[SLOTS];
	unsigned child_count = 0, leaf_count = 0;
	for (unsigned slot = 0; slot < SLOTS;) {
		uint32_t piece = *builder->at;
		unsigned length = piece_length(piece);
		MUST(length > depth);
		if (length > depth + STRIDE) {
			children[child_count++] = build_node(builder, depth + STRIDE);
			node.children |= UINT64_C(1) << slot++;
			continue;
		}
		if (!leaf_count || leaves[leaf_count - 1] != piece) {
			node.leaves |= UINT64_C(1) << slot;
			leaves[leaf_count++] = piece;
		}
		builder->at++;
		slot += 1u << (depth + STRIDE - length);
	}
	node.first_child = append_nodes(builder, children, child_count);
	node.first_leaf = append_leaves(builder->poptrie, leaves, leaf_count);
	return node;
}

static unsigned direct_bits(size_t pieces)
{
	return pieces >= 1u << 20 ? 18 : pieces >= 1u << 11 ? 12 : 6;
}

void poptrie_build(struct poptrie *poptrie, const struct tiling *tiling)
{
	*poptrie = (struct poptrie){.direct_bits = direct_bits(tiling->count)};
	struct builder builder = {.poptrie = poptrie, .at = tiling->pieces};
	uint32_t slots = 1u << poptrie->direct_bits;
	builder.node_room = (uint32_t)(tiling->count / 8);
	poptrie->direct = block_resize(NULL, 0, slots * sizeof *poptrie->direct);
	poptrie->leaves = block_resize(NULL, 0, tiling->count * sizeof *poptrie->leaves);
	poptrie->nodes = block_resize(NULL, 0, builder.node_room * sizeof *poptrie->nodes);
	for (uint32_t slot = 0; slot < slots;) {
		uint32_t piece = *builder.at;
		if (piece_length(piece) > poptrie->direct_bits) {
			struct poptrie_node node = build_node(&builder, poptrie->direct_bits);
			poptrie->direct[slot++] = POPTRIE_NODE | append_nodes(&builder, &node, 1);
			continue;
		}
		uint32_t end = slot + (1u << (poptrie->direct_bits - piece_length(piece)));
		while (slot < end)
			poptrie->direct[slot++] = piece;
		builder.at++;
	}
	MUST(builder.at == tiling->pieces + tiling->count);
	poptrie->nodes = block_resize(poptrie->nodes, builder.node_room * sizeof *poptrie->nodes,
	        poptrie->node_count * sizeof *poptrie->nodes);
	poptrie->leaves = block_resize(poptrie->leaves, tiling->count * sizeof *poptrie->leaves,
	        poptrie->leaf_count * sizeof *poptrie->leaves);
}

void poptrie_free(struct poptrie *poptrie)
{
	if (poptrie->direct)
		block_resize(poptrie->direct, sizeof *poptrie->direct << poptrie->direct_bits, 0);
	block_resize(poptrie->nodes, poptrie->node_count * sizeof *poptrie->nodes, 0);
	block_resize(poptrie->leaves, poptrie->leaf_count * sizeof *poptrie->leaves, 0);
	*poptrie = (struct poptrie){.direct = NULL};
}

uint64_t poptrie_size(const struct poptrie *poptrie)
{
	return (sizeof *poptrie->direct << poptrie->direct_bits) + poptrie->node_count * sizeof *poptrie->nodes +
	       poptrie->leaf_count * sizeof *poptrie->leaves;
}

uint64_t poptrie_size_expected(size_t pieces)
{
	return (sizeof(uint32_t) << direct_bits(pieces)) + pieces * POPTRIE_PIECE_SIZE;
}
