/*
 * connection.c: two bytes of length, a message, and so on.
 *
 * Why not uv_read_start and uv_write: libuv queues without bound for a peer
 * that does not read, and hides how far it came. So libuv only says when the socket
 * is ready. The end of the peer's half needs no state: it is only seen when we read, and we
 * only read when all that came before has been answered and sent.
 */
#include "serve/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"

enum { CONNECTION_PROGRESS = 16384 }; /* who takes less in the time of a line does not read */

struct connection {
	uv_poll_t poll;
	struct crowd_member member;
	struct desk *desk;
	struct client client;
	int fd;
	int events;      /* polled for */
	bool finishing;  /* what is read now is not answered */
	uint8_t *input;  /* received, not yet answered: the start of a message, or whole ones that wait */
	uint8_t *output; /* written, not yet sent; NULL: all is */
	uint32_t input_size, input_room;
	uint32_t output_size, output_sent;
	uint32_t output_mark; /* output_sent when its time in the line began */
};

static void connection_ready(uv_poll_t *poll, int status, int events);

struct connection *connection_of(struct crowd_member *member)
{
	return (struct connection *)(void *)((char *)member - offsetof(struct connection, member));
}

static nanotime connection_now(const struct connection *connection)
{
	return (nanotime)uv_now(connection->desk->loop) * NANO_MILLI;
}

static void connection_freed(uv_handle_t *handle)
{
	free(handle->data);
}

void connection_close(struct connection *connection, enum counter why)
{
	struct desk *desk = connection->desk;
	if (connection->output != NULL) {
		/* The kernel would go on sending to who does not read, for minutes. */
		struct linger none = {.l_onoff = 1, .l_linger = 0};
		(void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	}
	uv_close((uv_handle_t *)&connection->poll, connection_freed);
	close(connection->fd);
	free(connection->input);
	free(connection->output);
	crowd_leave(&desk->crowd, &connection->member);
	counter_increment(&desk->counters, COUNTER_TCP_CLOSED);
	counter_add(&desk->counters, COUNTER_TCP_OPEN, (uint64_t)-1);
	if (why != COUNTERS)
		counter_increment(&desk->counters, why);
}

static void connection_hold(struct connection *connection)
{
	crowd_hold(&connection->desk->crowd, &connection->member,
	        connection->input_room + (connection->output != NULL ? connection->output_size : 0));
}

/* Sees to it that `input` has room for `size` bytes. */
static bool connection_room(struct connection *connection, size_t size)
{
	if (size <= connection->input_room)
		return true;
	size_t room = connection->input_room < 256 ? 256 : connection->input_room;
	while (room < size)
		room *= 2;
	uint8_t *grown = realloc(connection->input, room);
	if (grown == NULL)
		return false;
	connection->input = grown;
	connection->input_room = (uint32_t)room;
	return true;
}

/* Keeps what is left of `bytes` (in the desk's buffer, or in `input` itself); false if memory is out. */
static bool connection_keep(struct connection *connection, const uint8_t *bytes, size_t size)
{
	if (size == 0) {
		free(connection->input);
		connection->input = NULL;
		connection->input_room = 0;
	} else {
		if (!connection_room(connection, size))
			return false;
		memmove(connection->input, bytes, size);
	}
	connection->input_size = (uint32_t)size;
	return true;
}

/* Sends from a buffer: how much went; -1: the connection is broken. */
static ssize_t connection_send(struct connection *connection, const uint8_t *bytes, size_t size)
{
	size_t sent = 0;
	while (sent < size) {
		ssize_t moved = send(connection->fd, bytes + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (moved > 0)
			sent += (size_t)moved;
		else if (errno == EAGAIN || errno == ENOBUFS)
			break;
		else if (errno != EINTR)
			return -1;
	}
	return (ssize_t)sent;
}

/* Sends the desk's answers; what does not go is kept. False: broken. */
static bool connection_flush(struct connection *connection, size_t size)
{
	const uint8_t *out = connection->desk->out;
	ssize_t sent = connection_send(connection, out, size);
	if (sent < 0)
		return false;
	size_t rest = size - (size_t)sent;
	if (rest == 0)
		return true;
	connection->output = malloc(rest);
	if (connection->output == NULL)
		return false;
	memcpy(connection->output, out + sent, rest);
	connection->output_size = (uint32_t)rest;
	connection->output_sent = connection->output_mark = 0;
	return true;
}

static size_t connection_length(const uint8_t *bytes)
{
	return (size_t)bytes[0] << 8 | bytes[1];
}

/* Answers whole messages until the round is full or none is left; returns the bytes used, and sets *written. */
static size_t connection_round(struct connection *connection, const uint8_t *bytes, size_t size, size_t *written)
{
	struct desk *desk = connection->desk;
	size_t used = 0, at = 0;
	desk->context.live = live_enter(desk->source);
	while (at < DESK_ROUND && size - used >= 2) {
		size_t length = connection_length(bytes + used);
		if (size - used - 2 < length)
			break;
		size_t reply = answer_packet(&desk->context, &connection->client, bytes + used + 2, length,
		        desk->out + at + 2, DESK_MESSAGE);
		MUST(reply <= DESK_MESSAGE);
		used += 2 + length;
		if (reply == 0)
			continue;
		desk->out[at] = (uint8_t)(reply >> 8);
		desk->out[at + 1] = (uint8_t)reply;
		at += 2 + reply;
	}
	live_leave();
	*written = at;
	return used;
}

/* Answers and sends round by round until all is answered or the peer does not take it. Returns the bytes used; -1:
 * broken. */
static ssize_t connection_answer(struct connection *connection, const uint8_t *bytes, size_t size)
{
	size_t used = 0;
	connection->client.keepalive = (uint16_t)(crowd_patience(&connection->desk->crowd) / (100 * NANO_MILLI));
	while (connection->output == NULL && used < size) {
		size_t written, step = connection_round(connection, bytes + used, size - used, &written);
		if (step == 0)
			break;
		used += step;
		if (!connection_flush(connection, written))
			return -1;
	}
	return (ssize_t)used;
}

static bool connection_poll(struct connection *connection)
{
	int events = connection->output != NULL ? UV_WRITABLE : UV_READABLE;
	if (events == connection->events)
		return true;
	connection->events = events;
	return uv_poll_start(&connection->poll, events, connection_ready) == 0;
}

/* Where it stands after a round; `advanced`: at least one message was completed. */
static void connection_stand(struct connection *connection, bool advanced)
{
	enum crowd_line line = connection->output != NULL   ? CROWD_BLOCKED
	                       : connection->input_size > 0 ? CROWD_PARTIAL
	                                                    : CROWD_IDLE;
	if (advanced || line != connection->member.line)
		crowd_move(&connection->desk->crowd, &connection->member, line, connection_now(connection));
}

/* `size` bytes came; they stand in the desk's buffer. False: it was closed. */
static bool connection_feed(struct connection *connection, size_t size)
{
	const uint8_t *bytes = connection->desk->in;
	if (connection->input_size > 0) {
		if (!connection_room(connection, connection->input_size + size))
			goto broken;
		memcpy(connection->input + connection->input_size, bytes, size);
		size += connection->input_size;
		bytes = connection->input;
	}
	ssize_t used = connection_answer(connection, bytes, size);
	if (used < 0 || !connection_keep(connection, bytes + used, size - (size_t)used))
		goto broken;
	connection_hold(connection);
	connection_stand(connection, used > 0);
	if (connection_poll(connection))
		return true;
broken:
	connection_close(connection, COUNTERS);
	return false;
}

/* Receives once. False: nothing came; *ended: and nothing more will. */
static bool connection_receive(struct connection *connection, size_t *size, bool *ended)
{
	ssize_t received = recv(connection->fd, connection->desk->in, DESK_IN, MSG_DONTWAIT);
	*size = received > 0 ? (size_t)received : 0;
	*ended = received == 0 || (received < 0 && errno != EAGAIN && errno != EINTR);
	return received > 0;
}

bool connection_serve(struct connection *connection, unsigned rounds)
{
	for (unsigned i = 0; i < rounds && connection->output == NULL; i++) {
		size_t size;
		bool ended;
		if (connection_receive(connection, &size, &ended)) {
			if (!connection->finishing && !connection_feed(connection, size))
				return false;
		} else if (ended) {
			connection_close(connection, COUNTERS);
			return false;
		}
		if (size < DESK_IN)
			break;
	}
	return true;
}

/* The peer takes again. */
static void connection_resume(struct connection *connection)
{
	ssize_t sent = connection_send(connection, connection->output + connection->output_sent,
	        connection->output_size - connection->output_sent);
	if (sent < 0) {
		connection_close(connection, COUNTERS);
		return;
	}
	connection->output_sent += (uint32_t)sent;
	if (connection->output_sent < connection->output_size) {
		if (connection->output_sent - connection->output_mark < CONNECTION_PROGRESS)
			return;
		connection->output_mark = connection->output_sent;
		crowd_move(&connection->desk->crowd, &connection->member, CROWD_BLOCKED, connection_now(connection));
		return;
	}
	free(connection->output);
	connection->output = NULL;
	if (connection->finishing) {
		connection->events = 0;
		connection_hold(connection);
		connection_finish(connection);
		return;
	}
	connection_feed(connection, 0);
}

static void connection_ready(uv_poll_t *poll, int status, int events)
{
	struct connection *connection = poll->data;
	struct desk *desk = connection->desk;
	if (status < 0)
		connection_close(connection, COUNTERS);
	else if (connection->output != NULL)
		connection_resume(connection);
	else if ((events & UV_READABLE) != 0)
		connection_serve(connection, 1);
	/* Perhaps this very one. */
	for (struct crowd_member *member; (member = crowd_heaviest(&desk->crowd)) != NULL;)
		connection_close(connection_of(member), COUNTER_TCP_EVICTED);
}

void connection_open(struct desk *desk, int fd, const struct endpoint *peer)
{
	struct connection *connection = calloc(1, sizeof *connection);
	nanotime now = (nanotime)uv_now(desk->loop) * NANO_MILLI;
	if (connection == NULL || !crowd_join(&desk->crowd, &connection->member, &peer->addr, now)) {
		counter_increment(&desk->counters, COUNTER_TCP_REJECTED);
		close(fd);
		free(connection);
		return;
	}
	counter_increment(&desk->counters, COUNTER_TCP_ACCEPTED);
	counter_increment(&desk->counters, COUNTER_TCP_OPEN);
	connection->desk = desk;
	connection->fd = fd;
	connection->client = (struct client){.addr = peer->addr, .stream = true};
	connection->poll.data = connection;
	if (uv_poll_init(desk->loop, &connection->poll, fd) != 0) {
		/* The kernel's limit of watches: undo by hand, since there is no handle to close. */
		close(fd);
		crowd_leave(&desk->crowd, &connection->member);
		counter_increment(&desk->counters, COUNTER_TCP_CLOSED);
		counter_add(&desk->counters, COUNTER_TCP_OPEN, (uint64_t)-1);
		counter_increment(&desk->counters, COUNTER_TCP_REJECTED);
		free(connection);
		return;
	}
	if (connection_serve(connection, 1) && !connection_poll(connection))
		connection_close(connection, COUNTERS);
}

void connection_finish(struct connection *connection)
{
	connection->finishing = true;
	connection_keep(connection, NULL, 0);
	connection_hold(connection);
	if (connection->output != NULL)
		return;
	/* What the peer still sends must be read: closing on unread bytes would reset the connection and lose answers.
	 */
	(void)shutdown(connection->fd, SHUT_WR);
	crowd_move(&connection->desk->crowd, &connection->member, CROWD_IDLE, connection_now(connection));
	if (!connection_poll(connection))
		connection_close(connection, COUNTERS);
}
