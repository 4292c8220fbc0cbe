/*
 * poptrie.c: tiling → poptrie, in one pass.
 *
 * A node is appended only when its parent is complete, so that the children of one node stand together; until
 * then they wait on the stack of the recursion, which is at most 22 deep.
 */
#include "geo/poptrie.h"

#include <stdlib.h>

#include "base/assert.h"

#define SLOTS 64
#define STRIDE 6

struct builder {
	struct poptrie *poptrie;
	const uint32_t *at; /* the next piece */
	uint32_t node_room, leaf_room;
};

static void *grow(void *array, uint32_t count, uint32_t added, uint32_t *room, size_t size)
{
	if (count + added > *room) {
		MUST(count < POPTRIE_NODE / 2);
		*room = count + count / 2 + added + 64;
		array = realloc(array, *room * size);
		MUST(array);
	}
	return array;
}

static uint32_t append_nodes(struct builder *builder, const struct poptrie_node *nodes, unsigned count)
{
	struct poptrie *poptrie = builder->poptrie;
	poptrie->nodes = grow(poptrie->nodes, poptrie->node_count, count, &builder->node_room, sizeof *nodes);
	for (unsigned i = 0; i < count; i++)
		poptrie->nodes[poptrie->node_count + i] = nodes[i];
	poptrie->node_count += count;
	return poptrie->node_count - count;
}

static uint32_t append_leaves(struct builder *builder, const uint32_t *leaves, unsigned count)
{
	struct poptrie *poptrie = builder->poptrie;
	poptrie->leaves = grow(poptrie->leaves, poptrie->leaf_count, count, &builder->leaf_room, sizeof *leaves);
	for (unsigned i = 0; i < count; i++)
		poptrie->leaves[poptrie->leaf_count + i] = leaves[i];
	poptrie->leaf_count += count;
	return poptrie->leaf_count - count;
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
	node.first_leaf = append_leaves(builder, leaves, leaf_count);
	return node;
}

static unsigned direct_bits(size_t pieces)
{
	return pieces >= 1u << 18 ? 18 : pieces >= 1u << 11 ? 12 : 6;
}

void poptrie_build(struct poptrie *poptrie, const struct tiling *tiling)
{
	*poptrie = (struct poptrie){.direct_bits = direct_bits(tiling->count)};
	struct builder builder = {.poptrie = poptrie, .at = tiling->pieces};
	uint32_t slots = 1u << poptrie->direct_bits;
	poptrie->direct = calloc(slots, sizeof *poptrie->direct);
	MUST(poptrie->direct);
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
	if (poptrie->node_count)
		poptrie->nodes = realloc(poptrie->nodes, poptrie->node_count * sizeof *poptrie->nodes);
	if (poptrie->leaf_count)
		poptrie->leaves = realloc(poptrie->leaves, poptrie->leaf_count * sizeof *poptrie->leaves);
}

void poptrie_free(struct poptrie *poptrie)
{
	free(poptrie->direct);
	free(poptrie->nodes);
	free(poptrie->leaves);
	*poptrie = (struct poptrie){.direct = NULL};
}

uint64_t poptrie_size(const struct poptrie *poptrie)
{
	return (sizeof *poptrie->direct << poptrie->direct_bits) + poptrie->node_count * sizeof *poptrie->nodes +
	       poptrie->leaf_count * sizeof *poptrie->leaves;
}

uint64_t poptrie_size_least(size_t pieces)
{
	return (sizeof(uint32_t) << direct_bits(pieces)) + pieces * sizeof(uint32_t);
}
