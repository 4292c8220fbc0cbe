/*
 * hash.h: seeded hashes. Pure; any thread.
 *
 * SipHash-2-4 (Aumasson and Bernstein, 2012) for what an attacker may choose
 * freely and for cookies (RFC 9018); a fast mix for tables. Both take their
 * seed from the caller, so that tests replay.
 */
#ifndef MERIDIAN_BASE_HASH_H
#define MERIDIAN_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* SipHash-2-4 of `size` bytes under a 16-byte key. */
uint64_t siphash(const uint8_t key[16], const void *bytes, size_t size);

/* Folds a word into a running hash: multiply to 128 bits, fold. About 3 instructions. */
static inline uint64_t hash_mix(uint64_t hash, uint64_t word)
{
	__uint128_t product = (__uint128_t)(hash ^ word ^ 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Hash of `size` bytes under a seed; for tables. */
uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t size);

#endif
