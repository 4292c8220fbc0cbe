/*
 * events_room.h: what events.c and the three ways out share; private to them.
 */
#ifndef MERIDIAN_CONTROL_EVENTS_ROOM_H
#define MERIDIAN_CONTROL_EVENTS_ROOM_H

#include "control/events.h"

struct way;

struct way_role {
	/* Idle, and lines wait, or time has passed since a failure: takes what it can by way_take, and sets `busy`
	 * while it works. */
	void (*go)(struct way *way);
	/* No more lines will come: lets go of everything, and calls way_gone once nothing of it is left on the loop. */
	void (*close)(struct way *way);
};

/* One way out, with its queue. */
struct way {
	struct events *events;
	const struct way_role *role; /* NULL: not in use */
	char *name;                  /* path, for people */
	char *lines[EVENTS_QUEUE];   /* a ring; each ends in a newline */
	unsigned first, count;
	struct events_counts counts;
	bool busy;
	bool closing;
	uint64_t retry_at; /* loop time before which nothing is tried; 0: at once */
	char failure[96];  /* of the last try, told once; "": none */
	void *work;        /* the role's */
};

extern const struct way_role events_file_role, events_socket_role, events_exec_role;

/* Sets up the role's work. */
void events_file_open(struct way *way);
void events_socket_open(struct way *way);
void events_exec_open(struct way *way, const char *const *command);
void events_file_reopen(struct way *way);

uv_loop_t *events_loop(const struct events *events);
/* The oldest line, which the caller frees; NULL: none. */
char *way_take(struct way *way);
/* No longer busy: goes on with the next lines; after a failure ("" is none) when some time has passed. */
void way_done(struct way *way, const char *failure);
/* Closed: nothing of it is left. */
void way_gone(struct way *way);

#endif
