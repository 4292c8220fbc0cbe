/*
 * connection.c: two bytes of length, a message, and so on.
 *
 * Why not libuv's streams: they queue without bound for a peer that does not
 * read, and hide how far it came. Why not its polls: each costs five system
 * calls more for a connection. So the loop watches one epoll, in which we keep all. The end of the peer's half needs no
 * state: it is only seen when we read, and we only read when all that came before has been answered and sent.
 */
#include "serve/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer/transfer.h"
#include "base/assert.h"

enum {
	CONNECTION_PROGRESS = 16384, /* who takes less in the time of a line does not read */
	DESK_EVENTS = 64,
};

struct connection {
	struct crowd_member member;
	struct connection *next_ended;
	struct desk *desk;
	struct client client;
	int fd;                    /* -1: ended */
	uint32_t events;           /* polled for; 0: not yet at all */
	bool finishing;            /* what is read now is not answered */
	uint8_t *input;            /* received, not yet answered: the start of a message, or whole ones that wait */
	struct transfer *transfer; /* the answer that is being given, message by message */
	uint8_t *output;           /* written, not yet sent; NULL: all is */
	uint32_t input_size, input_room;
	uint32_t output_size, output_sent;
	uint32_t output_mark; /* output_sent when its time in the line began */
};

struct connection *connection_of(struct crowd_member *member)
{
	return (struct connection *)(void *)((char *)member - offsetof(struct connection, member));
}

/* Something is to be sent before anything is read. */
static bool connection_owes(const struct connection *connection)
{
	return connection->output != NULL || connection->transfer != NULL;
}

void connection_close(struct connection *connection, enum counter why)
{
	struct desk *desk = connection->desk;
	if (connection->output != NULL) {
		/* The kernel would go on sending to who does not read, for minutes. */
		struct linger none = {.l_onoff = 1, .l_linger = 0};
		(void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	}
	/* close would not be enough while a child that was just forked has the socket, too. */
	(void)epoll_ctl(desk->poller, EPOLL_CTL_DEL, connection->fd, NULL);
	close(connection->fd);
	connection->fd = -1;
	connection->next_ended = desk->ended;
	desk->ended = connection;
	free(connection->input);
	free(connection->output);
	transfer_free(connection->transfer);
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

/* Writes one message into `out`, the next of a transfer or an answer to the first of `bytes`: returns its size, adds to
 * *used; false: there is nothing to write one from. */
static bool connection_message(
        struct connection *connection, const uint8_t *bytes, size_t size, size_t *used, uint8_t *out, size_t *reply)
{
	struct answer_context *context = &connection->desk->context;
	if (connection->transfer != NULL) {
		*reply = transfer_next(connection->transfer, out, DESK_MESSAGE, context->wall);
		if (*reply == 0) {
			transfer_free(connection->transfer);
			connection->transfer = NULL;
		}
		return true;
	}
	if (size < 2 || size - 2 < connection_length(bytes))
		return false;
	size_t length = connection_length(bytes);
	*reply = answer_packet(context, &connection->client, bytes + 2, length, out, DESK_MESSAGE);
	connection->transfer = context->transfer;
	context->transfer = NULL;
	*used += 2 + length;
	return true;
}

/* Writes messages until the round is full or there are no more; returns the bytes used, and sets *written. */
static size_t connection_round(struct connection *connection, const uint8_t *bytes, size_t size, size_t *written)
{
	struct desk *desk = connection->desk;
	size_t used = 0, at = 0;
	desk->context.live = live_enter(desk->source);
	while (at < DESK_ROUND) {
		uint8_t *out = desk->out + at;
		size_t reply;
		if (!connection_message(connection, bytes + used, size - used, &used, out + 2, &reply))
			break;
		MUST(reply <= DESK_MESSAGE);
		if (reply == 0)
			continue;
		out[0] = (uint8_t)(reply >> 8);
		out[1] = (uint8_t)reply;
		at += 2 + reply;
	}
	live_leave();
	*written = at;
	return used;
}

/* Answers and sends round by round until all is answered or something is owed; of a transfer only one round, then
 * others are heard. Returns the bytes used; -1: broken. */
static ssize_t connection_answer(struct connection *connection, const uint8_t *bytes, size_t size, bool *advanced)
{
	struct desk *desk = connection->desk;
	size_t used = 0;
	connection->client.keepalive = (uint16_t)(crowd_patience(&desk->crowd) / (100 * NANO_MILLI));
	desk->context.wall = (uint64_t)time(NULL);
	*advanced = false;
	do {
		size_t written, step = connection_round(connection, bytes + used, size - used, &written);
		if (step == 0 && written == 0)
			break;
		*advanced = true;
		used += step;
		if (!connection_flush(connection, written))
			return -1;
	} while (!connection_owes(connection) && used < size);
	return (ssize_t)used;
}

static bool connection_poll(struct connection *connection)
{
	uint32_t events = connection_owes(connection) ? EPOLLOUT : EPOLLIN;
	if (events == connection->events)
		return true;
	struct epoll_event event = {.events = events, .data.ptr = connection};
	int operation = connection->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
	connection->events = events;
	return epoll_ctl(connection->desk->poller, operation, connection->fd, &event) == 0;
}

/* Where it stands after a round; `advanced`: at least one message was read or written. */
static void connection_stand(struct connection *connection, bool advanced)
{
	enum crowd_line line = connection_owes(connection)  ? CROWD_BLOCKED
	                       : connection->input_size > 0 ? CROWD_PARTIAL
	                                                    : CROWD_IDLE;
	if (advanced || line != connection->member.line)
		crowd_move(&connection->desk->crowd, &connection->member, line, connection->desk->now);
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
	bool advanced;
	ssize_t used = connection_answer(connection, bytes, size, &advanced);
	if (used < 0 || !connection_keep(connection, bytes + used, size - (size_t)used))
		goto broken;
	connection_hold(connection);
	connection_stand(connection, advanced);
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
	for (unsigned i = 0; i < rounds && !connection_owes(connection); i++) {
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

/* Sends what was kept. False: not all went, or it was closed. */
static bool connection_send_kept(struct connection *connection)
{
	ssize_t sent = connection_send(connection, connection->output + connection->output_sent,
	        connection->output_size - connection->output_sent);
	if (sent < 0) {
		connection_close(connection, COUNTERS);
		return false;
	}
	connection->output_sent += (uint32_t)sent;
	if (connection->output_sent == connection->output_size) {
		free(connection->output);
		connection->output = NULL;
		return true;
	}
	if (connection->output_sent - connection->output_mark >= CONNECTION_PROGRESS) {
		connection->output_mark = connection->output_sent;
		crowd_move(&connection->desk->crowd, &connection->member, CROWD_BLOCKED, connection->desk->now);
	}
	return false;
}

/* The peer takes again. */
static void connection_resume(struct connection *connection)
{
	if (connection->output != NULL && !connection_send_kept(connection))
		return;
	if (connection_feed(connection, 0) && connection->finishing && !connection_owes(connection))
		connection_finish(connection);
}

static void connection_ready(struct connection *connection)
{
	struct desk *desk = connection->desk;
	if (connection_owes(connection))
		connection_resume(connection);
	else
		connection_serve(connection, 1);
	/* Perhaps this very one. */
	for (struct crowd_member *member; (member = crowd_heaviest(&desk->crowd)) != NULL;)
		connection_close(connection_of(member), COUNTER_TCP_EVICTED);
}

int desk_begin(struct desk *desk)
{
	desk->poller = epoll_create1(EPOLL_CLOEXEC);
	return desk->poller < 0 ? -1 : 0;
}

void desk_serve(struct desk *desk)
{
	struct epoll_event events[DESK_EVENTS];
	int count = epoll_wait(desk->poller, events, DESK_EVENTS, 0);
	for (int i = 0; i < count; i++) {
		struct connection *connection = events[i].data.ptr;
		if (connection->fd >= 0)
			connection_ready(connection);
	}
	desk_clear(desk);
}

void desk_clear(struct desk *desk)
{
	while (desk->ended != NULL) {
		struct connection *connection = desk->ended;
		desk->ended = connection->next_ended;
		free(connection);
	}
}

void desk_end(struct desk *desk)
{
	desk_clear(desk);
	close(desk->poller);
}

void connection_open(struct desk *desk, int fd, const struct endpoint *peer)
{
	struct connection *connection = calloc(1, sizeof *connection);
	if (connection == NULL || !crowd_join(&desk->crowd, &connection->member, &peer->addr, desk->now)) {
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
	if (connection_serve(connection, 1) && !connection_poll(connection))
		connection_close(connection, COUNTER_TCP_REJECTED);
}

void connection_finish(struct connection *connection)
{
	connection->finishing = true;
	connection_keep(connection, NULL, 0);
	connection_hold(connection);
	if (connection_owes(connection))
		return;
	/* What the peer still sends must be read: closing on unread bytes would reset the connection and lose answers.
	 */
	(void)shutdown(connection->fd, SHUT_WR);
	crowd_move(&connection->desk->crowd, &connection->member, CROWD_IDLE, connection->desk->now);
	if (!connection_poll(connection))
		connection_close(connection, COUNTERS);
}
