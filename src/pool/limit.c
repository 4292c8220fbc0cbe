/*
 * limit.c: the query's part of ramps and spill: does this client belong to a pool's share.
 *
 * Called by pick.c where some usable pool is not for everybody. One hash of the
 * client's prefix decides about ramps, another about spill, so that a client
 * moves at one step of each and stays moved.
 */
#include "pool/limit.h"

#include "base/assert.h"
#include "pool/client_hash.h"

#define RAMP_KEY 0x72616d70u
#define SPILL_KEY 0x7370696c6cu
#define GUEST_KEY 0x6775657374u

/* A client's places on the three scales, of SHARE_ALL. */
struct places {
	uint32_t ramp, spill, guest;
};

static struct places places_of(const struct service *service, const struct asker *asker)
{
	unsigned family = asker->client->family == ADDR_V4 ? FAMILY_V4 : FAMILY_V6;
	uint64_t hash = client_hash(asker->client, service_hashed(service, family));
	uint32_t among = (uint32_t)(hash_mix(hash, SPILL_KEY) >> 48);
	return (struct places){.ramp = (uint32_t)(hash_mix(hash, RAMP_KEY) >> 48),
	        .spill = asker->start + (among * asker->span >> 16),
	        .guest = (uint32_t)(hash_mix(hash, GUEST_KEY) >> 48)};
}

static uint32_t room_word(const struct board *board, const struct pool *pool)
{
	return pool->datacenter == NO_INDEX
	               ? 0
	               : atomic_load_explicit(&board->rooms[pool->datacenter], memory_order_acquire);
}

static bool on_ramp(
        const struct board *board, uint32_t service, unsigned pool, unsigned family, const struct places *places)
{
	size_t index = (size_t)(board->states[service].first_pool + pool) * FAMILIES + family;
	uint16_t share = atomic_load_explicit(&board->shares[index], memory_order_acquire);
	return share && places->ramp >= share;
}

static bool is_spilled(uint32_t room, const struct places *places)
{
	return places->spill >= SHARE_ALL - (room >> 16);
}

static bool takes_guest(uint32_t room, const struct places *places)
{
	uint32_t refused = room & 0xffff;
	return !refused || (places->guest >= refused && refused < SHARE_ALL - 1);
}

unsigned limit_first(const struct board *board, uint32_t index, unsigned family, uint64_t usable, uint64_t partial,
        const uint8_t *order, unsigned count, const struct asker *asker)
{
	const struct service *service = &board->steering->services[index];
	struct places places = places_of(service, asker);
	uint64_t some = atomic_load_explicit(&board->services[index].some[family], memory_order_acquire);
	unsigned first = count, home = count;
	for (unsigned i = 0; i < count; i++) {
		unsigned pool = order[i];
		if (!(usable >> pool & 1))
			continue;
		first = first == count ? i : first;
		if (partial >> pool & 1 && on_ramp(board, index, pool, family, &places))
			continue;
		uint32_t room = service->spill ? room_word(board, &service->pools[pool]) : 0;
		if (home != count) {
			if (some >> pool & 1 && takes_guest(room, &places))
				return i;
		} else if (partial >> pool & 1 && is_spilled(room, &places)) {
			home = i;
		} else {
			return i;
		}
	}
	return home == count ? first : home;
}

enum limit pick_limit(
        const struct board *board, uint32_t index, unsigned family, unsigned pool, const struct asker *asker)
{
	const struct service *service = &board->steering->services[index];
	const struct service_words *words = &board->services[index];
	uint64_t partial = atomic_load_explicit(&words->partial[family], memory_order_acquire);
	if (!partial)
		return LIMIT_NONE;
	struct places places = places_of(service, asker);
	uint32_t room = service->spill ? room_word(board, &service->pools[pool]) : 0;
	if (partial >> pool & 1 && on_ramp(board, index, pool, family, &places))
		return LIMIT_RAMP;
	if (partial >> pool & 1 && is_spilled(room, &places))
		return LIMIT_SPILL;
	return takes_guest(room, &places) ? LIMIT_NONE : LIMIT_NO_ROOM;
}
