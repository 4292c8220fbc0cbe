/*
 * tiling.c: cutting an address space into prefixes, joined as far as they go.
 *
 * Joining works on runs: as long as the number stays the same only a sum grows, which costs a nanosecond a piece,
 * and the prefixes of a run are worked out once, at its end.
 */
#include "geo/tiling.h"

#include <stdlib.h>

#include "base/assert.h"

position position_of(const struct addr *addr)
{
	position at = 0;
	for (unsigned i = 0; i < sizeof addr->bytes; i++)
		at = at << 8 | addr->bytes[i];
	return at;
}

void tiling_begin(struct tiling_writer *writer, size_t limit)
{
	*writer = (struct tiling_writer){.limit = limit};
}

static void emit(struct tiling_writer *writer, uint32_t piece)
{
	struct tiling *tiling = &writer->tiling;
	if (tiling->count >= writer->limit) {
		writer->over = true;
		return;
	}
	if (tiling->count == writer->room) {
		writer->room = writer->room ? writer->room + writer->room / 2 : 1024;
		tiling->pieces = realloc(tiling->pieces, writer->room * sizeof *tiling->pieces);
		MUST(tiling->pieces);
	}
	tiling->pieces[tiling->count++] = piece;
}

static unsigned trailing_zeros(position value)
{
	uint64_t low = (uint64_t)value;
	return low ? (unsigned)__builtin_ctzll(low) : 64 + (unsigned)__builtin_ctzll((uint64_t)(value >> 64));
}

static unsigned leading_zeros(position value)
{
	uint64_t high = (uint64_t)(value >> 64);
	return high ? (unsigned)__builtin_clzll(high) : 64 + (unsigned)__builtin_clzll((uint64_t)value);
}

/* The fewest prefixes that make up the run: from its start, each time the largest that is aligned and fits. */
static void close_run(struct tiling_writer *writer)
{
	position start = writer->start, left = writer->at - start;
	if (writer->run == 1) {
		emit(writer, writer->first);
		return;
	}
	if (!left) {
		emit(writer, piece_of(0, writer->id));
		return;
	}
	while (left) {
		unsigned aligned = start ? trailing_zeros(start) : 127;
		unsigned fits = 127 - leading_zeros(left);
		unsigned bits = aligned < fits ? aligned : fits;
		emit(writer, piece_of(128 - bits, writer->id));
		start += (position)1 << bits;
		left -= (position)1 << bits;
	}
}

void tiling_turn(struct tiling_writer *writer, unsigned length, uint32_t id)
{
	if (writer->run)
		close_run(writer);
	writer->id = id;
	writer->first = piece_of(length, id);
	writer->start = writer->at;
	writer->at += piece_size(length);
	writer->run = 1;
}

void tiling_fill(struct tiling_writer *writer, position last, uint32_t id)
{
	if (writer->run && writer->id != id) {
		close_run(writer);
		writer->run = 0;
	}
	if (!writer->run) {
		writer->start = writer->at;
		writer->id = id;
	}
	writer->run += 2; /* no single piece: let close_run see to it */
	writer->at = last + 1;
}

struct tiling tiling_end(struct tiling_writer *writer)
{
	if (writer->run)
		close_run(writer);
	MUST(writer->at == 0);
	struct tiling tiling = writer->tiling;
	writer->tiling = (struct tiling){.count = 0};
	if (writer->over) {
		tiling_free(&tiling);
		return tiling;
	}
	uint32_t *fitted = realloc(tiling.pieces, tiling.count * sizeof *tiling.pieces);
	if (fitted)
		tiling.pieces = fitted;
	return tiling;
}

void tiling_free(struct tiling *tiling)
{
	free(tiling->pieces);
	*tiling = (struct tiling){.count = 0};
}

struct tiling tiling_plain(uint32_t id)
{
	struct tiling_writer writer;
	tiling_begin(&writer, 1);
	tiling_add(&writer, 0, id);
	return tiling_end(&writer);
}

uint32_t tiling_find(const struct tiling *tiling, const struct addr *addr)
{
	position wanted = position_of(addr), at = 0;
	for (size_t i = 0; i < tiling->count; i++) {
		position last = at + piece_size(piece_length(tiling->pieces[i])) - 1;
		if (wanted <= last)
			return piece_id(tiling->pieces[i]);
		at = last + 1;
	}
	return TILING_ID_NONE;
}

struct patch patch_of(const struct prefix *prefix, uint32_t id)
{
	position start = position_of(&prefix->addr);
	return (struct patch){
	        .start = start, .last = start + piece_size(prefix->length) - 1, .id = id, .length = prefix->length};
}

/* Outer before inner, and equal ones as they were given. */
static int compare_patches(const void *a, const void *b)
{
	const struct patch *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->length != y->length)
		return x->length < y->length ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* What of an open prefix is not written yet. */
static void fill_rest(struct tiling_writer *writer, const struct patch *patch)
{
	if (!writer->run || writer->at - 1 != patch->last)
		tiling_fill(writer, patch->last, patch->id);
}

struct tiling tiling_of_patches(struct patch *patches, size_t count, uint32_t outside)
{
	/* Open prefixes, each within the one before: no more than there are lengths, and doubles are skipped. */
	const struct patch *open[130];
	const struct patch all = {.start = 0, .last = ~(position)0, .id = outside};
	unsigned depth = 0;
	struct tiling_writer writer;
	tiling_begin(&writer, SIZE_MAX);
	if (count)
		qsort(patches, count, sizeof *patches, compare_patches);
	open[depth++] = &all;
	for (size_t i = 0; i < count; i++) {
		if (i + 1 < count && patches[i].start == patches[i + 1].start &&
		        patches[i].length == patches[i + 1].length)
			continue;
		for (; open[depth - 1]->last < patches[i].start; depth--)
			fill_rest(&writer, open[depth - 1]);
		if (writer.at != patches[i].start)
			tiling_fill(&writer, patches[i].start - 1, open[depth - 1]->id);
		open[depth++] = &patches[i];
	}
	for (; depth; depth--)
		fill_rest(&writer, open[depth - 1]);
	return tiling_end(&writer);
}
