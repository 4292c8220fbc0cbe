/*
 * socket.h: the sockets that are served: opened, set up, bound.
 *
 * Called by serve.c while privileged. Every fault is one error that names the
 * endpoint and the transport. All descriptors are close-on-exec.
 */
#ifndef MERIDIAN_SERVE_SOCKET_H
#define MERIDIAN_SERVE_SOCKET_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/err.h"

/* A listener: one endpoint, a UDP socket for each worker, and a TCP socket that listens. */
struct socket_set {
	struct endpoint endpoint; /* the real port */
	bool wildcard;            /* replies must name the address that was asked */
	unsigned udp_count;
	int *udp; /* blocking, in one SO_REUSEPORT group; -1: given away */
	int tcp;  /* not blocking, listening; -1: given away */
};

enum socket_outcome {
	SOCKET_FAILED = -1,
	SOCKET_BOUND = 0,
	SOCKET_ABSENT = 1, /* [::] on a host without IPv6: a warning, nothing opened */
};

/* Opens and binds a UDP group of `workers` sockets and a TCP socket at one port. Port 0: one that is free for both. */
enum socket_outcome socket_set_open(
        struct socket_set *set, const struct endpoint *endpoint, unsigned workers, struct err *err);
/* Closes what was not given away. */
void socket_set_close(struct socket_set *set);

/* 0.0.0.0 or [::]. */
bool socket_is_wildcard(const struct addr *addr);
/* How many more descriptors this process may open. */
unsigned socket_descriptors_left(void);

#endif
