/*
 * client_hash.h: the hash of a client's prefix, on which sticky choices, ramps and spill hang.
 *
 * The same on every server: nothing secret, nothing of this process goes into it. Private to the room.
 */
#ifndef MERIDIAN_POOL_CLIENT_HASH_H
#define MERIDIAN_POOL_CLIENT_HASH_H

#include <endian.h>
#include <string.h>

#include "base/addr.h"
#include "base/hash.h"

/* The first `length` (1 to 64) bits of a word. */
static inline uint64_t first_bits(uint64_t word, unsigned length)
{
	return word & UINT64_MAX << (64 - length);
}

/* `length`: 1 to 128. */
static inline uint64_t client_hash(const struct addr *client, unsigned length)
{
	uint64_t high, low;
	memcpy(&high, client->bytes, sizeof high);
	memcpy(&low, client->bytes + sizeof high, sizeof low);
	high = first_bits(be64toh(high), length < 64 ? length : 64);
	low = length > 64 ? first_bits(be64toh(low), length - 64) : 0;
	return hash_mix(hash_mix((uint64_t)client->family << 8 | length, high), low);
}

#endif
