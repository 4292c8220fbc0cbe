/*
 * listener.h: accepts connections for a set of peers; private to the room.
 *
 * When descriptors run out it rests for a tenth of a second, because a listening socket that cannot be accepted from
 * stays readable and would spin the loop. Control thread.
 */
#ifndef MERIDIAN_CONTROL_LISTENER_H
#define MERIDIAN_CONTROL_LISTENER_H

#include "control/peer.h"

struct listener;

/* Takes a listening, non-blocking socket over. */
struct listener *listener_new(struct peer_set *set, int fd);
/* Closes; frees itself when the loop has closed its handles. NULL is allowed. */
void listener_close(struct listener *listener);

#endif
