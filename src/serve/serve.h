/*
 * serve.h: sockets and threads: UDP workers and the stream (TCP) thread.
 *
 * Set-up and stop are called by main on the control thread; answering happens on threads of its own. Sockets are bound
 * by serve_open (while privileged); nothing is received before serve_start.
 */
#ifndef MERIDIAN_SERVE_SERVE_H
#define MERIDIAN_SERVE_SERVE_H

#include "base/addr.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/err.h"
#include "snap/live.h"

struct serve;

struct serve_options {
	const struct endpoint *listen; /* port 0: the kernel's choice (tests), the same for UDP and TCP */
	uint32_t listen_count;
	unsigned workers;     /* UDP threads a listener's sockets are spread over; at least 1 */
	unsigned tcp_max;     /* connections at once; 0: what the descriptor limit allows */
	unsigned tcp_idle_ms; /* 0: the default, 10 s; shrinks under load */
	struct live_source *source;
};

/* Opens and binds all; NULL and an error for each that cannot ("127.0.0.1@53 (UDP): address in use; is another DNS
 * server running?"). */
struct serve *serve_open(const struct serve_options *options, struct err *err);
/* Starts the threads. */
int serve_start(struct serve *serve, struct err *err);
/* Answers what was received, TCP too, within `grace`, ends the threads, closes the sockets, and frees. */
void serve_stop(struct serve *serve, nanotime grace);
/* The endpoints that are bound, with their real ports. */
const struct endpoint *serve_endpoints(const struct serve *serve, uint32_t *count);
/* Sets *sum to the sum of the counters of all threads. Any thread, between serve_open and serve_stop. */
void serve_counters(const struct serve *serve, struct counters *sum);

#endif
