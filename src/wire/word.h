/*
 * word.h: the bytes of names, eight or sixteen at a time. Inside this room only.
 *
 * Nothing here reads or writes a byte beyond the `size` it is given: a tail is
 * taken by loads that overlap what was already read, so that callers need no padding.
 */
#ifndef MERIDIAN_WIRE_WORD_H
#define MERIDIAN_WIRE_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WORD_ONES UINT64_C(0x0101010101010101)

static inline uint64_t word_load(const uint8_t *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
	return word;
}

/* A word that holds all of 1..7 bytes and depends on nothing else. */
static inline uint64_t word_load_part(const uint8_t *at, size_t size)
{
	if (size >= 4) {
		uint32_t head, tail;
		memcpy(&head, at, sizeof head);
		memcpy(&tail, at + size - 4, sizeof tail);
		return head | (uint64_t)tail << 32;
	}
	/* One byte: all three are the same. Two: the second twice. */
	return at[0] | (uint64_t)at[size >> 1] << 8 | (uint64_t)at[size - 1] << 16;
}

/* Each byte of A..Z in lower case (RFC 4343), the others as they are; no byte disturbs its neighbour. */
static inline uint64_t word_lower(uint64_t word)
{
	uint64_t low = word & WORD_ONES * 0x7f;
	uint64_t from_a = low + WORD_ONES * (0x80 - 'A'), past_z = low + WORD_ONES * (0x7f - 'Z');
	return word | ((from_a & ~past_z & ~word & WORD_ONES * 0x80) >> 2);
}

/* Are `size` bytes the same, case ignored? */
static inline bool word_same(const uint8_t *a, const uint8_t *b, size_t size)
{
	if (size < 8)
		return size == 0 || word_lower(word_load_part(a, size)) == word_lower(word_load_part(b, size));
	for (size_t at = 0; at + 8 < size; at += 8)
		if (word_lower(word_load(a + at)) != word_lower(word_load(b + at)))
			return false;
	return word_lower(word_load(a + size - 8)) == word_lower(word_load(b + size - 8));
}

#endif
