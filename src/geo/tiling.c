/*
 * tiling.c: cutting an address space into prefixes, joined as far as they go.
 *
 * Joining works on runs: as long as the number stays the same only a sum grows, which costs a nanosecond a piece,
 * and the prefixes of a run are worked out once, at its end.
 */
#include "geo/tiling.h"

#include <stdlib.h>

#include "base/assert.h"
#include "geo/block.h"

position position_of(const struct addr *addr)
{
	position at = 0;
	for (unsigned i = 0; i < sizeof addr->bytes; i++)
		at = at << 8 | addr->bytes[i];
	return at;
}

#define NO_ID UINT32_MAX /* equals no number */

void tiling_begin(struct tiling_writer *writer, size_t expected)
{
	*writer = (struct tiling_writer){.limit = SIZE_MAX, .id = NO_ID, .room = expected};
	writer->tiling.pieces = block_resize(NULL, 0, writer->room * sizeof(uint32_t));
}

void tiling_restart(struct tiling_writer *writer, size_t limit)
{
	struct tiling_writer again = {.limit = limit, .id = NO_ID, .room = writer->room};
	again.tiling.pieces = writer->tiling.pieces;
	*writer = again;
}

static void emit(struct tiling_writer *writer, uint32_t piece)
{
	struct tiling *tiling = &writer->tiling;
	if (tiling->count >= writer->limit) {
		writer->over = true;
		return;
	}
	if (tiling->count == writer->room) {
		size_t room = writer->room + writer->room / 2 + 1024;
		tiling->pieces = block_resize(
		        tiling->pieces, writer->room * sizeof *tiling->pieces, room * sizeof *tiling->pieces);
		writer->room = room;
	}
	tiling->pieces[tiling->count++] = piece;
}

/* The fewest prefixes that make up a run: from its start, each time the largest that is aligned and fits. Within 64
 * bits, which most runs are. */
static void emit_narrow(struct tiling_writer *writer, uint64_t start, uint64_t left)
{
	while (left) {
		unsigned aligned = start ? (unsigned)__builtin_ctzll(start) : 63;
		unsigned fits = 63 - (unsigned)__builtin_clzll(left);
		unsigned bits = aligned < fits ? aligned : fits;
		emit(writer, piece_of(64 - bits, writer->id));
		start += UINT64_C(1) << bits;
		left -= UINT64_C(1) << bits;
	}
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

void tiling_close(struct tiling_writer *writer)
{
	position start = writer->start, left = writer->at - start;
	if (!writer->run)
		return;
	if (writer->run == 1) {
		emit(writer, writer->first);
		return;
	}
	if (!left) {
		emit(writer, piece_of(0, writer->id));
		return;
	}
	if (!(uint64_t)start && !(uint64_t)left) {
		emit_narrow(writer, (uint64_t)(start >> 64), (uint64_t)(left >> 64));
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

void tiling_fill(struct tiling_writer *writer, position last, uint32_t id)
{
	if (writer->id != id) {
		tiling_close(writer);
		writer->start = writer->at;
		writer->id = id;
		writer->run = 0;
	}
	writer->run += 2; /* no single piece: let tiling_close see to it */
	writer->at = last + 1;
}

void tiling_abandon(struct tiling_writer *writer)
{
	block_resize(writer->tiling.pieces, writer->room * sizeof(uint32_t), 0);
	writer->tiling = (struct tiling){.count = 0};
}

struct tiling tiling_end(struct tiling_writer *writer)
{
	struct tiling tiling;
	tiling_close(writer);
	MUST(writer->at == 0 && !writer->over);
	tiling = writer->tiling;
	tiling.pieces = block_resize(
	        tiling.pieces, writer->room * sizeof *tiling.pieces, tiling.count * sizeof *tiling.pieces);
	for (size_t i = 0; i < tiling.count; i++)
		if (piece_length(tiling.pieces[i]) > tiling.longest)
			tiling.longest = piece_length(tiling.pieces[i]);
	return tiling;
}

void tiling_free(struct tiling *tiling)
{
	block_resize(tiling->pieces, tiling->count * sizeof *tiling->pieces, 0);
	*tiling = (struct tiling){.count = 0};
}

/* How many pieces from `at` on get the number `id`, and how far they reach; the sum is of 64 bits, for tilings without
 * longer pieces. */
static size_t run_narrow(const uint32_t *at, const uint32_t *end, const uint32_t *names, uint32_t id, position *size)
{
	const uint32_t *piece = at;
	uint64_t sum = 0;
	for (; piece < end && names[piece_id(*piece)] == id; piece++)
		sum += UINT64_C(1) << (64 - piece_length(*piece));
	*size = (position)sum << 64;
	return (size_t)(piece - at);
}

static size_t run_wide(const uint32_t *at, const uint32_t *end, const uint32_t *names, uint32_t id, position *size)
{
	const uint32_t *piece = at;
	*size = 0;
	for (; piece < end && names[piece_id(*piece)] == id; piece++)
		*size += piece_size(piece_length(*piece));
	return (size_t)(piece - at);
}

bool tiling_rename(struct tiling_writer *writer, const struct tiling *tiling, const uint32_t *names, size_t limit)
{
	const uint32_t *end = tiling->pieces + tiling->count;
	bool narrow = tiling->longest <= 64 && tiling->count > 1;
	tiling_restart(writer, limit);
	for (const uint32_t *at = tiling->pieces; at < end && !writer->over;) {
		uint32_t id = names[piece_id(*at)];
		position size;
		tiling_add(writer, piece_length(*at++), id);
		size_t run = narrow ? run_narrow(at, end, names, id, &size) : run_wide(at, end, names, id, &size);
		writer->run += run;
		writer->at += size;
		at += run;
	}
	tiling_close(writer);
	writer->run = 0;
	writer->tiling.longest = tiling->longest;
	return !writer->over;
}

#define SAMPLE 4096 /* pieces in a row, out of 16 times as many */

size_t tiling_runs(const struct tiling *tiling, const uint32_t *names)
{
	size_t runs = 1, looked = 0;
	for (size_t start = 0; start < tiling->count; start += 16 * SAMPLE) {
		size_t end = start + SAMPLE < tiling->count ? start + SAMPLE : tiling->count;
		uint32_t last = names[piece_id(tiling->pieces[start])];
		for (size_t i = start; i < end; i++) {
			uint32_t id = names[piece_id(tiling->pieces[i])];
			runs += id != last;
			last = id;
		}
		looked += end - start;
	}
	return (size_t)((double)runs * (double)tiling->count / (double)looked);
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
	tiling_begin(&writer, count);
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
