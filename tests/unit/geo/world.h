/*
 * world.h: small databases in memory for the tests of geo, opened as geodb_open opens any.
 */
#ifndef MERIDIAN_TESTS_WORLD_H
#define MERIDIAN_TESTS_WORLD_H

#include "geo/build.h"

struct world_network {
	const char *prefix, *record; /* as mmdb_writer_add takes them; the list ends with a NULL */
};

struct world_file {
	const struct world_network *networks;
	unsigned ip_version, record_size; /* 0: 6 and 24 */
};

/* Databases in that order; MUST be good. The table of countries is the one of the house. */
struct geodb *world_open(const struct world_file *files, size_t count);
/* One of bytes; NULL and errors. */
struct geodb *world_open_bytes(const void *bytes, size_t size, struct err *err);

/* "1.2.3.4" → an address; MUST be one. */
struct addr world_addr(const char *text);
/* "fra iad sin": the names of an order. */
const char *world_order(
        const struct map_hit *hit, const uint8_t *set, const struct datacenter *datacenters, char text[2000]);
/* "DE EU DE-BE 52.5 13.4 64500" with - for what is unknown. */
const char *world_facts(const struct geo_facts *facts, char text[100]);

#endif
