/*
 * peer.h: one connection, bounded in input, output and time; private to the room.
 *
 * A peer is reading (a request), running (it is worked on), writing (the reply) or lingering (our side is shut; waits
 * for the other to close, so that the reply is not lost to a reset). Each phase but running has one deadline, which a
 * drip-fed byte does not move. What the bytes mean is the role's: session.c speaks JSON lines, metrics.c HTTP.
 * Control thread.
 */
#ifndef MERIDIAN_CONTROL_PEER_H
#define MERIDIAN_CONTROL_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

struct peer;

struct peer_role {
	size_t input_max; /* of bytes that wait to be understood */
	/* Reading, and there are new bytes, or the other side's end, or `input` is full: takes what it can, by
	 * peer_consume, and calls peer_run, peer_send or peer_close once there is a whole request. */
	void (*input)(struct peer *peer);
	/* The deadline of a request passed: may call peer_send; where it does not, the peer is closed. */
	void (*late)(struct peer *peer);
	/* The peer is about to go: forget it. */
	void (*gone)(struct peer *peer);
	/* Told to one that is refused because all places are taken. */
	const char *busy;
};

/* The peers of one listening socket. */
struct peer_set {
	uv_loop_t *loop;
	const struct peer_role *role;
	void *context;       /* the role's */
	unsigned max, count; /* places, and how many are taken */
	uint64_t patience;   /* of each phase, in ms */
	size_t *output;      /* bytes that wait to be written, of all sets */
	size_t output_max;
	struct peer *first;
};

enum peer_phase { PEER_READING, PEER_RUNNING, PEER_WRITING, PEER_LINGERING, PEER_CLOSING };

struct peer {
	struct peer_set *set;
	struct peer *next, **link; /* in the set's list */
	int fd;
	enum peer_phase phase;
	uint64_t since; /* loop time at which the phase began */
	unsigned handles;
	uv_poll_t poll;
	uv_timer_t timer;
	char *input;
	size_t input_size, input_room;
	bool ended; /* the other side sends no more */
	char *output;
	size_t output_size, output_at;
	bool last;  /* after this output no more requests */
	void *work; /* the role's, while running */
};

/* Takes a connected, non-blocking socket over. */
void peer_accept(struct peer_set *set, int fd);
/* Takes `size` bytes away from the start of the input. */
void peer_consume(struct peer *peer, size_t size);
/* Reading → running: nothing is read and no deadline runs. */
void peer_run(struct peer *peer, void *work);
/* Is there room for so many bytes of output, now? */
bool peer_has_room(const struct peer *peer, size_t size);
/* → writing; takes `output` (malloc) over. Then reads on, or with `last` shuts and lingers. Never calls the role. */
void peer_send(struct peer *peer, char *output, size_t size, bool last);
void peer_close(struct peer *peer);
/* Closes all of a set. */
void peer_close_all(struct peer_set *set);

#endif
