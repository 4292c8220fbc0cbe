/*
 * udp.h: a UDP worker: one thread, one socket, batches.
 *
 * serve.c makes one for each listener and worker. A worker blocks in one
 * system call until something came, answers all that is there, and sends all
 * replies with a second one.
 */
#ifndef MERIDIAN_SERVE_UDP_H
#define MERIDIAN_SERVE_UDP_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/counters.h"
#include "serve/limiter.h"
#include "snap/live.h"

struct udp;

struct udp_options {
	int fd;         /* a bound, blocking UDP socket; taken over */
	uint8_t family; /* its own */
	bool wildcard;  /* with pktinfo */
	struct live_source *source;
	struct limiter *limiter; /* outlives the thread */
	const uint8_t *secret;   /* 16 bytes, for cookies; outlives the thread */
	uint64_t random;         /* seeds the thread's generator */
};

struct udp *udp_new(const struct udp_options *options);
/* Starts the thread; 0, or an errno. */
int udp_start(struct udp *udp);
/* Tells the thread to answer what its socket holds, but not beyond `deadline`, and to end. Does not wait. */
void udp_stop(struct udp *udp, nanotime deadline);
/* Waits for the thread if it was started (udp_stop first), closes the socket, frees. */
void udp_free(struct udp *udp);
/* The thread's counters; any thread may read. */
const struct counters *udp_counters(const struct udp *udp);

#endif
