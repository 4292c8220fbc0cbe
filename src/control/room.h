/*
 * room.h: what control.c, session.c and metrics.c share; private to the room.
 */
#ifndef MERIDIAN_CONTROL_ROOM_H
#define MERIDIAN_CONTROL_ROOM_H

#include <sys/types.h>

#include "control/control.h"
#include "control/listener.h"
#include "control/peer.h"

enum {
	CONTROL_CLIENTS = 64,
	CONTROL_LINE_MAX = 64 * 1024,
	CONTROL_DEPTH_MAX = 16, /* brackets of a request within each other */
	CONTROL_PATIENCE_MS = 30 * 1000,
	CONTROL_OUTPUT_MAX = 64 * 1024 * 1024, /* bytes of replies that wait, of all clients */
	METRICS_CLIENTS = 32,
	METRICS_HEAD_MAX = 8 * 1024,
	METRICS_PATIENCE_MS = 10 * 1000,
};

struct control_metrics_source {
	control_metrics *write;
	void *context;
};

struct control {
	struct peer_set sessions, scrapes;
	size_t output; /* of both sets */

	struct control_command *commands;
	size_t command_count;
	struct control_metrics_source *sources;
	size_t source_count;

	struct listener *listener, *metrics_listener;
	char *path; /* of the socket file, and which file it was: another's is not removed */
	dev_t device;
	ino_t inode;
};

extern const struct peer_role session_role; /* JSON lines; the set's context is the struct control */
extern const struct peer_role metrics_role; /* HTTP; likewise */

/* socket.c: a listening unix socket of mode 0660, or -1 and an error. */
int socket_listen_unix(const char *path, struct err *err);
/* A listening TCP socket, or -1 and an error. */
int socket_listen_tcp(const struct endpoint *endpoint, struct err *err);

#endif
