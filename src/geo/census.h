/*
 * census.h: how many clients are where: what `plan`, `whatif` and `max-move` weigh a prefix by.
 *
 * Without a query log a client is an address of a network that the databases know: special-purpose addresses and the
 * forms of IPv4 in IPv6 are nobody. With a log it is what the log says, a line's weight spread evenly over its prefix.
 * Builder thread, or offline.
 */
#ifndef MERIDIAN_GEO_CENSUS_H
#define MERIDIAN_GEO_CENSUS_H

#include "geo/geodb.h"

/* Numbers of places: nobody, an address that no database knows, one without a country, then countries. */
enum { PLACE_NOBODY, PLACE_UNKNOWN, PLACE_NOWHERE, PLACE_COUNTRIES, PLACES = PLACE_COUNTRIES + 26 * 26 };

/* "DE", or "" for a place that is no country; returns `text`. */
const char *place_country(unsigned place, char text[3]);

/* Weights by prefix. */
struct query_log {
	struct tiling lines[GEO_FAMILIES]; /* numbers of densities; 0: none */
	double *densities[GEO_FAMILIES];   /* weight of the whole address space, were it all as dense */
	double total;
};

/* Reads lines of an address or a prefix and a weight (a decimal number); # comments. Any error is told as file:line,
 * `quote`: with the line. NULL after an error; the caller frees. */
struct query_log *query_log_read(const char *path, bool quote, struct err *err);
void query_log_free(struct query_log *log);

struct census {
	const struct tiling *networks; /* by family: numbers of facts; borrowed from the database */
	uint32_t *places;              /* by fact */
	struct tiling nobody[GEO_FAMILIES];
	bool known[GEO_FAMILIES];    /* the databases know networks of the family */
	const struct query_log *log; /* NULL: none; borrowed */
	bool at_once;                /* as of the database: a second thread may help */
};

/* The census by a database that was not released, and that must outlive it. */
struct census *census_new(const struct geodb *db, const struct query_log *log);
void census_free(struct census *census);

/* Whether there is somebody, where there is no log to tell: known to the databases (`fact`: what they say), or to older
 * ones or a rule, as an order tells that is not that of the unknown (`ordered`). So a database that lost networks is
 * seen. Of a family that no database knows all count. */
static inline bool census_counts(bool known, bool nobody, bool fact, bool ordered)
{
	return !nobody && (!known || fact || ordered);
}

/* The place of a prefix, by its fact and the layer of nobody. */
static inline uint32_t census_place(const struct census *census, uint32_t fact, uint32_t nobody)
{
	return nobody ? PLACE_NOBODY : census->places[fact];
}

/* A prefix's part of the address space, by its length. */
static inline double prefix_share(unsigned length)
{
	union {
		uint64_t bits;
		double value;
	} power = {.bits = (uint64_t)(1023 - length) << 52}; /* 2^-length, as IEEE 754 has it */
	return power.value;
}

#endif
