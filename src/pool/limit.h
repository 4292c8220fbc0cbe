/*
 * limit.h: the first pool of an order that takes this client, where ramps or spill decide. Private to the room.
 */
#ifndef MERIDIAN_POOL_LIMIT_H
#define MERIDIAN_POOL_LIMIT_H

#include "pool/board_inside.h"
#include "pool/pick.h"

/* The place in `order` of the first usable pool that takes the client; `count` if none is usable. One that no other
 * takes is taken by the first usable one. */
unsigned limit_first(const struct board *board, uint32_t service, unsigned family, uint64_t usable, uint64_t partial,
        const uint8_t *order, unsigned count, const struct asker *asker);

#endif
