/*
 * fact.h: what databases say of an address, compact and numbered.
 *
 * A fact is 24 bytes, with "" as zeros: one for each distinct record of a file, so that a decision is taken once for
 * each, however many networks rest on it. Builder thread.
 */
#ifndef MERIDIAN_GEO_FACT_H
#define MERIDIAN_GEO_FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fact {
	int32_t latitude, longitude; /* 10^-7 degrees; FACT_NOWHERE: not located */
	uint32_t asn;                /* 0: unknown */
	char country[2], continent[2];
	char subdivision[6]; /* country and part without the hyphen: "USHI" */
};

#define FACT_NOWHERE INT32_MIN
#define FACT_EMPTY ((struct fact){.latitude = FACT_NOWHERE, .longitude = FACT_NOWHERE})

static inline bool fact_located(const struct fact *fact)
{
	return fact->latitude != FACT_NOWHERE;
}

/* What `second` knows and `first` does not, added to it: each field from the first that has it. */
struct fact fact_merge(const struct fact *first, const struct fact *second);

/* Number 0 is the empty fact. */
struct fact_table {
	struct fact *facts;
	uint32_t count, room;
};

void fact_table_init(struct fact_table *table);
void fact_table_free(struct fact_table *table);
/* Gives a fact its number; TILING_ID_NONE if there are more than fit 24 bits. */
uint32_t fact_table_add(struct fact_table *table, const struct fact *fact);
/* All of another table but its empty fact, in their order, behind those that are there; false if they do not fit. */
bool fact_table_append(struct fact_table *table, const struct fact_table *other);

#endif
