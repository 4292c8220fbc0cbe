/*
 * connection.h: one TCP connection: framing, answers, and what could not be sent.
 *
 * A connection is either read or written, never both: while anything is
 * unsent, nothing more is read, so that nobody makes us hold more than one
 * round of answers. Between rounds an honest one holds no buffer at all: bytes are
 * received into, and answers written to, two buffers that all share (the desk).
 * Stream thread only.
 */
#ifndef MERIDIAN_SERVE_CONNECTION_H
#define MERIDIAN_SERVE_CONNECTION_H

#include <uv.h>

#include "answer/answer.h"
#include "base/addr.h"
#include "base/counters.h"
#include "serve/crowd.h"
#include "snap/live.h"

enum {
	DESK_IN = 16384,      /* received at once */
	DESK_ROUND = 65536,   /* answers beyond this are sent before the next is written */
	DESK_MESSAGE = 65535, /* RFC 1035, section 4.2.2 */
	DESK_OUT = DESK_ROUND + 2 + DESK_MESSAGE,
};

/* What the connections of one thread share. */
struct desk {
	struct counters counters; /* others read them */
	uv_loop_t *loop;
	struct live_source *source;
	struct answer_context context;
	struct crowd crowd;
	uint8_t in[DESK_IN];
	uint8_t out[DESK_OUT];
};

struct connection;

/* Takes over `fd`, accepted and not blocking; joins the crowd and reads what is there. If that fails, it is closed. */
void connection_open(struct desk *desk, int fd, const struct endpoint *peer);
/* Reads and answers what is there, at most `rounds` times. Returns false if it ended meanwhile. */
bool connection_serve(struct connection *connection, unsigned rounds);
/* Ends it and forgets it; the counter says why (COUNTERS: for no special reason). */
void connection_close(struct connection *connection, enum counter why);
/* Answers no more; ends when all is sent and the peer has heard of the end, or at the next connection_close. */
void connection_finish(struct connection *connection);
struct connection *connection_of(struct crowd_member *member);

#endif
