/*
 * loop.h: a control room on a loop of its own, and clients that talk to it over real sockets on the same loop.
 *
 * Everything waits for events; a guard ends a test that waits for nothing (20 s).
 */
#ifndef TESTS_UNIT_CONTROL_LOOP_H
#define TESTS_UNIT_CONTROL_LOOP_H

#include "control/room.h"

struct house {
	uv_loop_t loop;
	uv_timer_t guard;
	struct control *control;
	struct err *err;
	char folder[64], path[96]; /* a folder of its own, and the socket in it */
};

void house_open(struct house *house);
/* Closes the room, if it is open, runs the loop to its end and removes the folder: fails where handles are left. */
void house_close(struct house *house);
/* The only error so far. */
const char *house_error(const struct house *house);

struct client {
	struct house *house;
	uv_poll_t poll;
	int fd;
	char *text;
	size_t size;
	bool ended; /* the server sends no more */
};

void client_open(struct client *client, struct house *house, const char *path);
void client_open_tcp(struct client *client, struct house *house, uint16_t port);
void client_close(struct client *client);
/* Sends all of it; runs the loop while the server does not take it. False: the server is gone. */
bool client_send(struct client *client, const char *text, size_t size);
void client_say(struct client *client, const char *text);
/* The next line of the server without its newline, which the caller frees; NULL: it ended. */
char *client_line(struct client *client);
/* Everything until the server's end; borrowed. */
const char *client_rest(struct client *client);
/* Says a line and expects exactly that answer. */
void client_expect(struct client *client, const char *line, const char *answer);
/* Runs the loop until what was begun has happened: `condition` is called after each round. */
void run_until(struct house *house, bool (*condition)(void *context), void *context);

#endif
