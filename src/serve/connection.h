/*
 * connection.h: one TCP connection: framing, answers, and what could not be sent.
 *
 * A connection is either read or written, never both: while anything is
 * unsent, or a zone is being transferred, nothing more is read, so that nobody makes us hold more than one
 * round of answers. Between rounds an honest one holds no buffer at all: bytes are
 * received into, and answers written to, two buffers that all share (the desk).
 * Stream thread only.
 */
#ifndef MERIDIAN_SERVE_CONNECTION_H
#define MERIDIAN_SERVE_CONNECTION_H

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
	struct live_source *source;
	struct answer_context context;
	struct crowd crowd;
	nanotime now;             /* as the loop has it; its owner sets it before each call */
	int poller;               /* an epoll of all connections: readable when desk_serve has something to do */
	struct connection *ended; /* closed, but perhaps among the events just fetched */
	uint8_t in[DESK_IN];
	uint8_t out[DESK_OUT];
};

struct connection;

/* Makes the poller; 0, or -1 and errno. The other fields are the caller's to set. */
int desk_begin(struct desk *desk);
/* Serves the connections that are ready, a few dozen at most; the poller stays readable if there are more. */
void desk_serve(struct desk *desk);
/* Frees what was closed; not from within desk_serve. */
void desk_clear(struct desk *desk);
/* Closes the poller, when all have left. */
void desk_end(struct desk *desk);

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
