/*
 * hash.c: SipHash-2-4 and the hash of strings for tables.
 */
#include "base/hash.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t load_le64(const uint8_t *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* The last 0..7 bytes, little-endian, zeros above. */
static uint64_t load_tail(const uint8_t *at, size_t size)
{
	uint64_t word = 0;
	for (size_t i = 0; i < size; i++)
		word |= (uint64_t)at[i] << (8 * i);
	return word;
}

static inline uint64_t rotate(uint64_t word, unsigned by)
{
	return word << by | word >> (64 - by);
}

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32) + s->v3;
	s->v2 += s->v1;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
}

uint64_t siphash(const uint8_t key[16], const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint64_t k0 = load_le64(key), k1 = load_le64(key + 8);
	/* The constants spell "somepseudorandomlygeneratedbytes" (the paper, section 2.1). */
	struct sip s = {
	        k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u};

	size_t left = size;
	for (; left >= 8; left -= 8, at += 8)
		sip_word(&s, load_le64(at));
	sip_word(&s, load_tail(at, left) | (uint64_t)size << 56);
	s.v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint64_t hash = hash_mix(seed, size);
	size_t left = size;
	for (; left >= 8; left -= 8, at += 8)
		hash = hash_mix(hash, load_le64(at));
	return hash_mix(hash, load_tail(at, left));
}
