/*
 * compress.h: names in a reply, as pointers to names before them (RFC 1035 4.1.4). Inside this room only.
 *
 * What was written is remembered label by label, in chains by hash. Places are
 * forgotten in the opposite order, so that a chain is always right after a rewind.
 */
#ifndef MERIDIAN_WIRE_COMPRESS_H
#define MERIDIAN_WIRE_COMPRESS_H

#include "wire/reply.h"

/* Writes `name` as short as what stands before it allows. Returns an offset at which the whole name stands and to which
 * a pointer can lead; 0: there is none (also for the root, and when it did not fit). */
uint16_t compress_name(struct reply *reply, const uint8_t *name);
/* Forgets the newest places, down to `places` of them. */
void compress_forget(struct reply *reply, unsigned places);

#endif
