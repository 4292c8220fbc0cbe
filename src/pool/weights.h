/*
 * weights.h: the members of a pool by weight, for services that give one of them. Private to the room.
 */
#ifndef MERIDIAN_POOL_WEIGHTS_H
#define MERIDIAN_POOL_WEIGHTS_H

#include "pool/board_inside.h"

/* Sets up, and frees. */
void weights_new(struct board *board);
void weights_free(struct board *board);

/* The first of the weights of a pool's members, the others behind it up to `last`; NULL: it does not give one of 2 to
 * 64 members. */
static inline const struct weight *weights_get(
        const struct board *board, uint32_t service, unsigned pool, unsigned family)
{
	uint32_t of_service = board->services[service].weights;
	uint32_t at = of_service ? board->weights_at[of_service + pool * FAMILIES + family] : 0;
	return at ? &board->weights[at] : NULL;
}

#endif
