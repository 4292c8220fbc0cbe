/*
 * answer.h: (live data, client, query) → reply. Pure: no I/O, no allocation, no lock, no log.
 *
 * UDP, TCP, the fuzzer, the benchmark, plays and explain all call answer_packet.
 */
#ifndef MERIDIAN_ANSWER_ANSWER_H
#define MERIDIAN_ANSWER_ANSWER_H

#include "base/addr.h"
#include "base/counters.h"
#include "base/rate_limit.h"
#include "snap/live.h"

struct trace;    /* answer/trace.h */
struct transfer; /* answer/transfer.h */

/* Who asks, and how. */
struct client {
	struct addr addr;
	bool stream;        /* TCP or TLS: no size limit but 65535, no truncation */
	bool limited;       /* UDP: the reply will be counted by rate limiting, which needs to know what it is */
	uint16_t keepalive; /* stream: idle timeout to tell, in 100 ms (RFC 7828) */
};

/* What the thread brings along. */
struct answer_context {
	const struct live *live;
	struct counters *counters; /* the thread's own */
	uint64_t random;           /* state of the thread's generator */
	uint64_t wall;             /* seconds since 1970, for TSIG and cookies; set for each batch */
	const uint8_t *secret;     /* 16 random bytes of this process, for cookies; NULL: no cookies are given */
	struct trace *trace;       /* NULL but for explain */
	uint64_t response_class;   /* out, where the client is `limited`: what rate limiting counts together */
	uint16_t response_opt; /* out, the same: where the reply's OPT begins; its end: nothing is kept of it if cut */
	bool proven;           /* out, the same: the client has proven its address: no limit */
	bool may_transfer;     /* the caller can send many messages */
	struct transfer
	        *transfer; /* out, where may_transfer: the reply is this, to be sent and freed (answer/transfer.h) */
};

/* Answers one message. `out` has room for `out_size` bytes (UDP: at least 4096; stream: 65535). Returns the size of the
 * reply, 0: none is due. Whatever `in` is, the reply parses, and is never larger than the client allows. */
size_t answer_packet(struct answer_context *context, const struct client *client, const uint8_t *in, size_t in_size,
        uint8_t *out, size_t out_size);

/* The rate limit of UDP, valid as long as `live`; NULL: it is off. */
const struct rate_limit *answer_rate_limit(const struct live *live);

#endif
