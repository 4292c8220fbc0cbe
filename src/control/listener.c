/*
 * listener.c: accept by uv_poll, so that what accept says of exhausted descriptors is heard and not hidden.
 */
#include "control/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"

enum { ACCEPTS_AT_ONCE = 16, REST_MS = 100 };

struct listener {
	struct peer_set *set;
	int fd;
	unsigned handles;
	uv_poll_t poll;
	uv_timer_t rest;
};

static void on_connection(uv_poll_t *poll, int status, int events);

static void on_rested(uv_timer_t *timer)
{
	struct listener *listener = timer->data;
	MUST(uv_poll_start(&listener->poll, UV_READABLE, on_connection) == 0);
}

/* Accepts one connection; 0, or why not. */
static int accept_one(struct listener *listener)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return errno;
	peer_accept(listener->set, fd);
	return 0;
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct listener *listener = poll->data;
	(void)events;
	int fault = status < 0 ? EMFILE : 0;
	for (int i = 0; !fault && i < ACCEPTS_AT_ONCE; i++)
		fault = accept_one(listener);
	if (fault == 0 || fault == EAGAIN || fault == EINTR || fault == ECONNABORTED)
		return;
	uv_poll_stop(poll);
	MUST(uv_timer_start(&listener->rest, on_rested, REST_MS, 0) == 0);
}

struct listener *listener_new(struct peer_set *set, int fd)
{
	struct listener *listener = calloc(1, sizeof *listener);
	MUST(listener);
	*listener = (struct listener){.set = set, .fd = fd, .handles = 2};
	MUST(uv_poll_init(set->loop, &listener->poll, fd) == 0);
	MUST(uv_timer_init(set->loop, &listener->rest) == 0);
	listener->poll.data = listener->rest.data = listener;
	MUST(uv_poll_start(&listener->poll, UV_READABLE, on_connection) == 0);
	return listener;
}

static void on_closed(uv_handle_t *handle)
{
	struct listener *listener = handle->data;
	if (--listener->handles)
		return;
	close(listener->fd);
	free(listener);
}

void listener_close(struct listener *listener)
{
	if (!listener)
		return;
	uv_close((uv_handle_t *)&listener->poll, on_closed);
	uv_close((uv_handle_t *)&listener->rest, on_closed);
}
