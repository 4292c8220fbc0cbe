/*
 * crowd.h: who is connected, what each is waiting for, and who gives way.
 *
 * Bookkeeping of the stream thread, without sockets and without a clock of its
 * own. Every member stands in one of three lines, each ordered by the time it
 * was entered, so that the head is always the one who waited longest: no timer
 * for each. Members are embedded in what their owner allocates. One thread.
 */
#ifndef MERIDIAN_SERVE_CROWD_H
#define MERIDIAN_SERVE_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/clock.h"

enum crowd_line {
	CROWD_IDLE,    /* nothing is owed on either side */
	CROWD_PARTIAL, /* half a message came */
	CROWD_BLOCKED, /* does not read what we sent */
	CROWD_LINES,
};

struct crowd_link {
	struct crowd_link *before, *after;
};

struct crowd_client; /* all members from one prefix */

struct crowd_member {
	struct crowd_link in_line, in_client;
	struct crowd_client *client;
	enum crowd_line line;
	nanotime since;
	size_t held; /* bytes buffered for it */
};

struct crowd_limits {
	unsigned members;  /* in all; at least 1 */
	unsigned share;    /* of one client (IPv4 address, IPv6 /56): beyond it, it gives way first; at least 1 */
	size_t held;       /* bytes, of all members */
	nanotime patience; /* how long anyone may stay in a line, while there is room */
};

struct crowd {
	struct crowd_limits limits;
	struct crowd_link lines[CROWD_LINES];
	struct crowd_link greedy; /* clients beyond their share */
	unsigned members;
	size_t held;
	uint8_t seed[16]; /* of the table: addresses are the choice of strangers */
	struct crowd_client **clients;
	uint32_t client_mask;
};

/* Sets up; crowd_end frees, when all have left. */
void crowd_begin(struct crowd *crowd, const struct crowd_limits *limits, const uint8_t seed[16]);
void crowd_end(struct crowd *crowd);

/* A new member, idle; false if memory is out. It is the caller's duty to ask crowd_giving_way first. */
bool crowd_join(struct crowd *crowd, struct crowd_member *member, const struct addr *addr, nanotime now);
void crowd_leave(struct crowd *crowd, struct crowd_member *member);
/* To the end of a line, or of the same one: its time begins anew. */
void crowd_move(struct crowd *crowd, struct crowd_member *member, enum crowd_line line, nanotime now);
/* States how much is buffered for it now. */
void crowd_hold(struct crowd *crowd, struct crowd_member *member, size_t bytes);

/* Who must leave so that one more from `addr` can come; NULL: there is room. While there is, no client has a limit. */
struct crowd_member *crowd_giving_way(const struct crowd *crowd, const struct addr *addr);
/* The one who has waited longest: the idle before those with half a message, before those who do not read. NULL: empty.
 */
struct crowd_member *crowd_longest(const struct crowd *crowd);
/* Who must leave because too much is held; NULL: nobody. */
struct crowd_member *crowd_heaviest(const struct crowd *crowd);
/* Whose time is over; NULL: nobody's. */
struct crowd_member *crowd_late(const struct crowd *crowd, nanotime now);
/* How long anyone may stay in a line now: shorter, the fuller it is. */
nanotime crowd_patience(const struct crowd *crowd);
/* The first of a line, and who stands behind a member; NULL: nobody. */
struct crowd_member *crowd_first(const struct crowd *crowd, enum crowd_line line);
struct crowd_member *crowd_next(const struct crowd *crowd, const struct crowd_member *member);

#endif
