/*
 * map.h: which data centers, in which order, for a client: the compiled table.
 *
 * A map is compiled from its rules and the databases into immutable tables: per
 * family a poptrie from prefix to (order, scope). For each set of data centers
 * that services use there is a table of its own (`struct map_table`), whose
 * orders name positions in that set. Health plays no part: the query takes the
 * first of the order that is up, so that scopes never depend on health
 * (RFC 7871 7.2.1). Reading is lock-free; any thread.
 */
#ifndef MERIDIAN_GEO_MAP_H
#define MERIDIAN_GEO_MAP_H

#include "base/addr.h"

struct map_table;

/* What a client gets. */
struct map_hit {
	const uint8_t *order; /* positions in the table's set of data centers, best first */
	uint8_t count;        /* of `order`; at least 1, shorter than the set only under `only` */
	uint8_t scope; /* the widest prefix length around the client, in the client's own family and form, in which
	                  every address has this order */
};

/* Looks up the address of an ECS option (any prefix length: host bits zero) or of the query's source. A v4-mapped,
 * NAT64 or 6to4 address is looked up as the v4 one in it, its scope + 96 or + 16. `resolver`: the query brought no
 * client subnet, so that the map's `resolver` rules count. No allocation, no lock. */
struct map_hit map_find(const struct map_table *table, const struct addr *client, bool resolver);

/* Where the clients of an order stand among all those of its first choice: those come last who lose least by going to
 * their next one. `start` and the room after it, of 65536; all of it where they were not ranked. */
struct map_place {
	uint16_t start, span;
};
struct map_place map_place(const struct map_table *table, const struct map_hit *hit);

/* Bytes that the table holds. */
uint64_t map_table_size(const struct map_table *table);

#endif
