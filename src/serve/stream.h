/*
 * stream.h: the thread that serves TCP: accepts, keeps order, ends.
 *
 * serve.c makes one for all listeners. It runs a libuv loop of its own.
 */
#ifndef MERIDIAN_SERVE_STREAM_H
#define MERIDIAN_SERVE_STREAM_H

#include <stdint.h>

#include "base/clock.h"
#include "base/counters.h"
#include "serve/crowd.h"
#include "snap/live.h"

struct stream;

struct stream_options {
	const int *listeners; /* listening, not blocking; taken over */
	unsigned listener_count;
	struct crowd_limits limits;
	struct live_source *source;
	const uint8_t *secret; /* 16 bytes, for cookies; outlives the thread */
	uint64_t random;       /* seeds the thread's generator */
	uint8_t seed[16];      /* of the table of clients */
};

/* NULL: no event loop could be made (errno); the listeners then stay the caller's. */
struct stream *stream_new(const struct stream_options *options);
/* Starts the thread; 0, or an errno. */
int stream_start(struct stream *stream);
/* Tells the thread to accept and answer what was received, and to end by `deadline`. Does not wait. */
void stream_stop(struct stream *stream, nanotime deadline);
/* Waits for the thread if it was started (stream_stop first), closes all, frees. */
void stream_free(struct stream *stream);
/* The thread's counters; any thread may read. */
const struct counters *stream_counters(const struct stream *stream);

#endif
