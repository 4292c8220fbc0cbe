/*
 * tiling.h: a whole address space cut into prefixes, each with a number.
 *
 * The pieces stand in address order and leave no gap, so each needs only its length and its number, 4 bytes:
 * where it begins is the sum of what stands before it. What a database says, what the rules override and what
 * orders come out of it are all tilings; one pass over two of them lays one over the other. Compile time only.
 *
 * Positions are left-aligned in 128 bits in either family: 10.0.0.0 is 0x0a << 120. The end of the space is 0.
 */
#ifndef MERIDIAN_GEO_TILING_H
#define MERIDIAN_GEO_TILING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

typedef unsigned __int128 position;

#define TILING_ID_BITS 24
#define TILING_ID_NONE 0xffffffu /* no number, and the largest that fits */

struct tiling {
	uint32_t *pieces; /* length << 24 | number */
	size_t count;
	unsigned longest; /* length of any piece */
};

static inline uint32_t piece_of(unsigned length, uint32_t id)
{
	return (uint32_t)length << TILING_ID_BITS | id;
}

static inline unsigned piece_length(uint32_t piece)
{
	return piece >> TILING_ID_BITS;
}

static inline uint32_t piece_id(uint32_t piece)
{
	return piece & TILING_ID_NONE;
}

/* Addresses in a prefix of that length; of length 0: 0, as all sums are taken modulo 2^128. */
static inline position piece_size(unsigned length)
{
	return length ? (position)1 << (128 - length) : 0;
}

position position_of(const struct addr *addr);

/* Writes a tiling whose neighbours of equal number are joined, wherever they make a prefix: so a piece is the widest
 * prefix around each of its addresses in which all have its number. */
struct tiling_writer {
	struct tiling tiling;
	size_t room, limit;
	bool over;          /* there were more pieces than `limit`; no more are kept */
	position start, at; /* the run that is open: start..at */
	uint32_t id, first; /* its number, its first piece */
	size_t run;         /* of how many pieces it was put together; 0: none is open */
};

/* `expected`: pieces to reserve room for; there may be more. */
void tiling_begin(struct tiling_writer *writer, size_t expected);
/* Ends the open run of more than one piece, or finds room for one. */
void tiling_close(struct tiling_writer *writer);
/* The run from where the writer stands up to `last`, which is still in it. */
void tiling_fill(struct tiling_writer *writer, position last, uint32_t id);
/* Gives the tiling, which the caller owns (tiling_free). */
struct tiling tiling_end(struct tiling_writer *writer);
/* Gives up on it. */
void tiling_abandon(struct tiling_writer *writer);
void tiling_free(struct tiling *tiling);

/* The next piece in address order. */
static inline void tiling_add(struct tiling_writer *writer, unsigned length, uint32_t id)
{
	if (id == writer->id) {
		writer->run++;
		writer->at += piece_size(length);
		return;
	}
	if (writer->run == 1 && writer->tiling.count < writer->room && writer->tiling.count < writer->limit)
		writer->tiling.pieces[writer->tiling.count++] = writer->first;
	else
		tiling_close(writer);
	writer->id = id;
	writer->first = piece_of(length, id);
	writer->start = writer->at;
	writer->at += piece_size(length);
	writer->run = 1;
}

/* The next piece of a tiling whose neighbours are joined already. Not to be mixed with tiling_add. */
static inline void tiling_put(struct tiling_writer *writer, uint32_t piece)
{
	if (writer->tiling.count < writer->room) {
		writer->tiling.pieces[writer->tiling.count++] = piece;
		return;
	}
	writer->first = piece;
	writer->run = 1;
	tiling_close(writer);
	writer->run = 0;
}

/* Begins anew, with the memory that the writer has. */
void tiling_restart(struct tiling_writer *writer, size_t limit);
/* writer->tiling becomes the tiling with number n replaced by names[n], joined again; it stays the writer's, until
 * tiling_abandon. False if it would be more than `limit` pieces. */
bool tiling_rename(struct tiling_writer *writer, const struct tiling *tiling, const uint32_t *names, size_t limit);
/* About how many pieces that gives at least, from a sample. */
size_t tiling_runs(const struct tiling *tiling, const uint32_t *names);

/* Two tilings at once: each step is a prefix in which both have one number. */
struct overlay {
	const uint32_t *a, *b, *end;
	position left_a, left_b;
};

static inline struct overlay overlay_of(const struct tiling *a, const struct tiling *b)
{
	return (struct overlay){.a = a->pieces,
	        .b = b->pieces,
	        .end = a->pieces + a->count,
	        .left_a = piece_size(piece_length(a->pieces[0])),
	        .left_b = piece_size(piece_length(b->pieces[0]))};
}

static inline bool overlay_next(struct overlay *overlay, unsigned *length, uint32_t *a, uint32_t *b)
{
	if (overlay->a == overlay->end)
		return false;
	unsigned length_a = piece_length(*overlay->a), length_b = piece_length(*overlay->b);
	*a = piece_id(*overlay->a);
	*b = piece_id(*overlay->b);
	*length = length_a > length_b ? length_a : length_b;
	position size = piece_size(*length);
	overlay->left_a -= size;
	overlay->left_b -= size;
	bool done_a = !overlay->left_a, done_b = !overlay->left_b;
	overlay->a += done_a;
	overlay->b += done_b;
	if (overlay->a == overlay->end)
		return true;
	if (done_a)
		overlay->left_a = piece_size(piece_length(*overlay->a));
	if (done_b)
		overlay->left_b = piece_size(piece_length(*overlay->b));
	return true;
}

/* A tiling of one piece. */
struct tiling tiling_plain(uint32_t id);
/* The number at an address: goes through all the pieces before it. */
uint32_t tiling_find(const struct tiling *tiling, const struct addr *addr);

/* A prefix with the number it shall have, and a tiling of many, of one family: the longest wins; of equal ones the
 * later. Sorts `patches`. Where there is none: `outside`. */
struct patch {
	position start, last;
	uint32_t id;
	uint8_t length;
};
struct patch patch_of(const struct prefix *prefix, uint32_t id);
struct tiling tiling_of_patches(struct patch *patches, size_t count, uint32_t outside);

#endif
