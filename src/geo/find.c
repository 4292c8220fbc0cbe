/*
 * find.c: the road of a query through a map: three to five reads of memory.
 *
 * Compiled twice where the plain processor of an architecture has no instruction that counts bits; which one is
 * called was found out when the table was built.
 */
#include "geo/map.h"

#include "base/cursor.h"
#include "geo/special.h"
#include "geo/table.h"

struct key {
	uint64_t high, low;
	unsigned family;
	unsigned before; /* bits before an IPv4 address in an IPv6 one */
};

static uint64_t load(const uint8_t *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

static inline __attribute__((always_inline)) struct key key_of(const struct addr *client)
{
	struct key key = {.high = load(client->bytes)};
	uint32_t inner;
	if (client->family == ADDR_V4)
		return key;
	key.low = load(client->bytes + 8);
	key.before = special_inner(key.high, key.low, &inner);
	if (key.before) {
		key.high = (uint64_t)inner << 32;
		key.low = 0;
	} else {
		key.family = GEO_V6;
	}
	return key;
}

static inline __attribute__((always_inline)) struct map_hit find(
        const struct map_table *table, const struct addr *client, bool resolver)
{
	struct key key = key_of(client);
	uint32_t piece = poptrie_find(&table->clients[key.family], key.high, key.low);
	unsigned scope = piece_length(piece);
	if (resolver && table->resolvers[key.family].direct) {
		uint32_t own = poptrie_find(&table->resolvers[key.family], key.high, key.low);
		if (piece_id(own))
			piece = own;
		if (piece_id(own) || piece_length(own) > scope)
			scope = piece_length(own);
	}
	uint32_t id = piece_id(piece);
	const uint8_t *order = order_get(&table->orders, table->names ? table->names[id] : id);
	return (struct map_hit){.order = order + 1, .count = *order, .scope = (uint8_t)(scope + key.before)};
}

#if defined(__x86_64__)
__attribute__((target("popcnt"))) static struct map_hit find_counting(
        const struct map_table *table, const struct addr *client, bool resolver)
{
	return find(table, client, resolver);
}
#else
#define find_counting find
#endif

static __attribute__((noinline)) struct map_hit find_plainly(
        const struct map_table *table, const struct addr *client, bool resolver)
{
	return find(table, client, resolver);
}

struct map_hit map_find(const struct map_table *table, const struct addr *client, bool resolver)
{
	if (table->counts_bits)
		return find_counting(table, client, resolver);
	return find_plainly(table, client, resolver);
}

uint64_t map_table_size(const struct map_table *table)
{
	return table->size;
}
