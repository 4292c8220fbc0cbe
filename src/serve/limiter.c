/*
 * limiter.c: a table of theoretical arrival times.
 *
 * A place is one word: a tag, and the time at which its client would be back at rest (the "generic cell rate
 * algorithm", a token bucket without a count). A place whose time has passed is as good as empty, so nobody has to
 * sweep. A client may stand in any of the four places of its row, and is known by its tag: another in the same row
 * takes none of its answers. If all four are taken, the one nearest to its rest is forgotten: whoever is at the limit
 * stays.
 *
 * Words are read and written without compare-and-swap: two threads at one word in the same nanoseconds may let one
 * answer too many go, which is cheaper than a locked instruction for each answer. At the limit nothing is written.
 */
#include "serve/limiter.h"

#include <endian.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/cursor.h"
#include "base/hash.h"

enum {
	LIMITER_ROWS = 1 << 14, /* half a megabyte; a client that asked once takes a place for 10 ms, at 100 a second */
	LIMITER_WAYS = 4,
	LIMITER_TIME_BITS = 40,
	LIMITER_UNIT_BITS = 6, /* of 64 ns: the time comes round in 19 hours */
	LIMITER_HEADER = 12,
	LIMITER_COUNTS = 4, /* where those of the sections begin in it */
	LIMITER_TC = 0x02,  /* in its third byte */
};
#define LIMITER_TIME_MASK ((UINT64_C(1) << LIMITER_TIME_BITS) - 1)
#define LIMITER_SECOND ((uint64_t)(NANO_SECOND >> LIMITER_UNIT_BITS))
#define LIMITER_LAG LIMITER_SECOND

struct limiter {
	uint64_t seeds[LIMITER_SECRET / 8];
	_Alignas(64) _Atomic uint64_t places[LIMITER_ROWS][LIMITER_WAYS];
};

struct limiter *limiter_new(const uint8_t secret[LIMITER_SECRET])
{
	struct limiter *limiter = aligned_alloc(_Alignof(struct limiter), sizeof *limiter);
	MUST(limiter != NULL);
	memset(limiter, 0, sizeof *limiter);
	memcpy(limiter->seeds, secret, LIMITER_SECRET);
	return limiter;
}

void limiter_free(struct limiter *limiter)
{
	free(limiter);
}

/* The client's network: 24 or 56 bits, and its family. */
static inline uint64_t limiter_network(const struct addr *client)
{
	uint64_t bits;
	memcpy(&bits, client->bytes, sizeof bits);
	bits = be64toh(bits) >> (client->family == ADDR_V4 ? 40 : 8);
	return bits | (uint64_t)client->family << 56;
}

/* How far its rest lies ahead; 0: it has passed. What lies further ahead than any client's can is past, too: time goes
 * in a circle. */
static inline uint64_t limiter_ahead(uint64_t place, uint64_t now)
{
	uint64_t ahead = (place - now) & LIMITER_TIME_MASK;
	return ahead > LIMITER_SECOND + LIMITER_LAG ? 0 : ahead;
}

static inline uint64_t limiter_read(_Atomic uint64_t *place)
{
	return atomic_load_explicit(place, memory_order_relaxed);
}

/* The place in a row with this tag, or the one to be given to it: then *ahead is 0. */
static inline _Atomic uint64_t *limiter_place(_Atomic uint64_t *row, uint64_t tag, uint64_t now, uint64_t *ahead)
{
	for (unsigned i = 0; i < LIMITER_WAYS; i++) {
		uint64_t place = limiter_read(&row[i]);
		if (place >> LIMITER_TIME_BITS == tag) {
			*ahead = limiter_ahead(place, now);
			return &row[i];
		}
	}
	unsigned best = 0;
	uint64_t least = UINT64_MAX;
	for (unsigned i = 0; i < LIMITER_WAYS && least > 0; i++) {
		uint64_t its = limiter_ahead(limiter_read(&row[i]), now);
		if (its < least) {
			least = its;
			best = i;
		}
	}
	*ahead = 0;
	return &row[best];
}

bool limiter_allows(struct limiter *limiter, const struct rate_limit *limit, const struct addr *client,
        uint64_t response_class, nanotime now)
{
	uint64_t hash = hash_mix(limiter->seeds[0], limiter_network(client));
	hash = hash_mix(hash ^ limiter->seeds[1], response_class);
	uint64_t tag = hash >> LIMITER_TIME_BITS, units = (uint64_t)now >> LIMITER_UNIT_BITS;
	uint64_t ahead, interval = LIMITER_SECOND / limit->per_second;
	_Atomic uint64_t *place = limiter_place(limiter->places[hash % LIMITER_ROWS], tag, units, &ahead);
	if (ahead + interval > LIMITER_SECOND)
		return false;
	uint64_t rest = (units + ahead + interval) & LIMITER_TIME_MASK;
	atomic_store_explicit(place, tag << LIMITER_TIME_BITS | rest, memory_order_relaxed);
	return true;
}

bool limiter_exempts(const struct rate_limit *limit, const struct addr *client)
{
	for (uint32_t i = 0; i < limit->exempt_count; i++) {
		const struct prefix *prefix = &limit->exempt[i];
		/* most others are told by their first byte */
		if (prefix->length >= 8 && prefix->addr.bytes[0] != client->bytes[0])
			continue;
		if (prefix_contains(prefix, client))
			return true;
	}
	return false;
}

/* Where the question ends. Its name is never compressed. */
static size_t limiter_question_end(const uint8_t *message, size_t size)
{
	struct reader reader = reader_of(message, size);
	read_bytes(&reader, LIMITER_COUNTS);
	bool question = read_u16(&reader) != 0;
	read_bytes(&reader, LIMITER_HEADER - LIMITER_COUNTS - 2);
	if (question) {
		for (uint8_t length; (length = read_u8(&reader)) != 0;)
			read_bytes(&reader, length);
		read_bytes(&reader, 4); /* type and class */
	}
	MUST(!reader.bad);
	return reader_offset(&reader);
}

size_t limiter_truncate(uint8_t *message, size_t size, size_t opt)
{
	MUST(LIMITER_HEADER <= opt && opt <= size);
	size_t end = limiter_question_end(message, opt);
	message[2] |= LIMITER_TC;
	memset(message + LIMITER_COUNTS + 2, 0, LIMITER_HEADER - LIMITER_COUNTS - 2);
	message[LIMITER_HEADER - 1] = opt < size;
	memmove(message + end, message + opt, size - opt);
	return end + (size - opt);
}
