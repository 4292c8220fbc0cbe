/*
 * poptrie.c: tiling → poptrie, in one pass.
 *
 * A node is written when all below it is, since it must say where its children are; until then its leaves wait on
 * the stack of the recursion, which is at most 21 deep.
 */
#include "geo/poptrie.h"

#include "base/assert.h"
#include "geo/block.h"

#define SLOTS 64
#define STRIDE 6

struct builder {
	struct poptrie *poptrie;
	const uint32_t *at; /* the next piece */
	uint32_t room;      /* words */
};

static uint32_t append(struct builder *builder, uint64_t leaf_mask, uint64_t child_mask, const uint32_t *children,
        unsigned child_count, const uint32_t *leaves, unsigned leaf_count)
{
	struct poptrie *poptrie = builder->poptrie;
	uint32_t first = poptrie->word_count, count = POPTRIE_HEAD + child_count + leaf_count;
	if (first + count > builder->room) {
		uint32_t room = first + first / 2 + count;
		MUST(room < POPTRIE_NODE);
		poptrie->words = block_resize(
		        poptrie->words, builder->room * sizeof(uint32_t), room * sizeof(uint32_t));
		builder->room = room;
	}
	uint32_t *node = poptrie->words + first;
	memcpy(node, &leaf_mask, sizeof leaf_mask);
	memcpy(node + 2, &child_mask, sizeof child_mask);
	memcpy(node + POPTRIE_HEAD, children, child_count * sizeof *children);
	memcpy(node + POPTRIE_HEAD + child_count, leaves, leaf_count * sizeof *leaves);
	poptrie->word_count += count;
	return first;
}

/* The node of the prefix of `depth` bits that the next piece lies in; takes all pieces of it. Returns where it is. */
static uint32_t build_node(struct builder *builder, unsigned depth)
{
	uint32_t children[SLOTS], leaves[SLOTS];
	uint64_t child_mask = 0, leaf_mask = 0;
	unsigned child_count = 0, leaf_count = 0;
	for (unsigned slot = 0; slot < SLOTS;) {
		uint32_t piece = *builder->at;
		unsigned length = piece_length(piece);
		MUST(length > depth);
		if (length > depth + STRIDE) {
			children[child_count++] = build_node(builder, depth + STRIDE);
			child_mask |= UINT64_C(1) << slot++;
			continue;
		}
		if (!leaf_count || leaves[leaf_count - 1] != piece) {
			leaf_mask |= UINT64_C(1) << slot;
			leaves[leaf_count++] = piece;
		}
		builder->at++;
		slot += 1u << (depth + STRIDE - length);
	}
	return append(builder, leaf_mask, child_mask, children, child_count, leaves, leaf_count);
}

static unsigned direct_bits(size_t pieces)
{
	return pieces >= 1u << 20 ? 18 : pieces >= 1u << 11 ? 12 : 6;
}

void poptrie_build(struct poptrie *poptrie, const struct tiling *tiling)
{
	*poptrie = (struct poptrie){.direct_bits = direct_bits(tiling->count)};
	struct builder builder = {
	        .poptrie = poptrie, .at = tiling->pieces, .room = (uint32_t)(tiling->count + tiling->count / 2)};
	uint32_t slots = 1u << poptrie->direct_bits;
	poptrie->direct = block_resize(NULL, 0, slots * sizeof(uint32_t));
	poptrie->words = block_resize(NULL, 0, builder.room * sizeof(uint32_t));
	for (uint32_t slot = 0; slot < slots;) {
		uint32_t piece = *builder.at;
		if (piece_length(piece) > poptrie->direct_bits) {
			poptrie->direct[slot++] = POPTRIE_NODE | build_node(&builder, poptrie->direct_bits);
			continue;
		}
		uint32_t end = slot + (1u << (poptrie->direct_bits - piece_length(piece)));
		while (slot < end)
			poptrie->direct[slot++] = piece;
		builder.at++;
	}
	MUST(builder.at == tiling->pieces + tiling->count);
	poptrie->words = block_resize(
	        poptrie->words, builder.room * sizeof(uint32_t), poptrie->word_count * sizeof(uint32_t));
}

void poptrie_free(struct poptrie *poptrie)
{
	if (poptrie->direct)
		block_resize(poptrie->direct, sizeof(uint32_t) << poptrie->direct_bits, 0);
	block_resize(poptrie->words, poptrie->word_count * sizeof(uint32_t), 0);
	*poptrie = (struct poptrie){.direct = NULL};
}

uint64_t poptrie_size(const struct poptrie *poptrie)
{
	return (sizeof(uint32_t) << poptrie->direct_bits) + poptrie->word_count * sizeof(uint32_t);
}

/* The way back. */
struct unbuilder {
	const struct poptrie *poptrie;
	const uint32_t *names;
	struct tiling_writer writer;
};

static void write_piece(struct unbuilder *unbuilder, uint32_t piece)
{
	uint32_t id = piece_id(piece);
	if (unbuilder->names)
		tiling_add(&unbuilder->writer, piece_length(piece), unbuilder->names[id]);
	else
		tiling_put(&unbuilder->writer, piece);
}

static void write_node(struct unbuilder *unbuilder, uint32_t at, unsigned depth)
{
	const uint32_t *node = unbuilder->poptrie->words + at;
	uint64_t leaf_mask, child_mask;
	memcpy(&leaf_mask, node, sizeof leaf_mask);
	memcpy(&child_mask, node + 2, sizeof child_mask);
	const uint32_t *child = node + POPTRIE_HEAD, *leaf = child + __builtin_popcountll(child_mask) - 1;
	for (unsigned slot = 0; slot < SLOTS;) {
		if (child_mask >> slot & 1) {
			write_node(unbuilder, *child++, depth + STRIDE);
			slot++;
			continue;
		}
		leaf += leaf_mask >> slot & 1;
		write_piece(unbuilder, *leaf);
		slot += 1u << (depth + STRIDE - piece_length(*leaf));
	}
}

struct tiling poptrie_tiling(const struct poptrie *poptrie, const uint32_t *names)
{
	struct unbuilder unbuilder = {.poptrie = poptrie, .names = names};
	uint32_t slots = 1u << poptrie->direct_bits;
	tiling_begin(&unbuilder.writer, poptrie->word_count + slots);
	for (uint32_t slot = 0; slot < slots;) {
		uint32_t word = poptrie->direct[slot];
		if (word & POPTRIE_NODE) {
			write_node(&unbuilder, word & ~POPTRIE_NODE, poptrie->direct_bits);
			slot++;
			continue;
		}
		write_piece(&unbuilder, word);
		slot += 1u << (poptrie->direct_bits - piece_length(word));
	}
	return tiling_end(&unbuilder.writer);
}
