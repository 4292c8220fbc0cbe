/*
 * numbering.h: a table from keys to the numbers that were given to them, for the builder.
 *
 * One thread. Starts as all zeros; grows as it is filled.
 */
#ifndef MERIDIAN_GEO_NUMBERING_H
#define MERIDIAN_GEO_NUMBERING_H

#include <stdbool.h>
#include <stdint.h>

struct numbering {
	struct numbering_slot {
		uint64_t key; /* 0: free */
		uint32_t number;
	} * slots;
	uint32_t count, mask;
};

/* True and *number if the key, which is not 0, has one. */
bool numbering_get(const struct numbering *numbering, uint64_t key, uint32_t *number);
/* Gives a number to a key that has none. */
void numbering_put(struct numbering *numbering, uint64_t key, uint32_t number);
/* Frees what is in it. */
void numbering_free(struct numbering *numbering);

#endif
