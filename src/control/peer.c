/*
 * peer.c: reads and writes by uv_poll and not by uv_stream: libuv queues output without a bound, raises SIGPIPE, and
 * takes a half-close for an end.
 */
#include "control/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"

enum { INPUT_STEP = 4096 };

static void on_ready(uv_poll_t *poll, int status, int events);
static void on_deadline(uv_timer_t *timer);

static void on_closed(uv_handle_t *handle)
{
	struct peer *peer = handle->data;
	if (--peer->handles)
		return;
	close(peer->fd);
	free(peer->input);
	free(peer);
}

static void drop_output(struct peer *peer)
{
	free(peer->output);
	*peer->set->output -= peer->output_size;
	peer->output = NULL;
	peer->output_size = peer->output_at = 0;
}

void peer_close(struct peer *peer)
{
	if (peer->phase == PEER_CLOSING)
		return;
	peer->phase = PEER_CLOSING;
	peer->set->role->gone(peer);
	drop_output(peer);
	*peer->link = peer->next;
	if (peer->next)
		peer->next->link = peer->link;
	peer->set->count--;
	peer->set = NULL;
	uv_close((uv_handle_t *)&peer->poll, on_closed);
	uv_close((uv_handle_t *)&peer->timer, on_closed);
}

void peer_close_all(struct peer_set *set)
{
	while (set->first)
		peer_close(set->first);
}

/* Each phase: what it waits for, and whether its time is bounded. */
static const struct {
	int events;
	bool bounded;
} phases[] = {
        [PEER_READING] = {UV_READABLE, true},
        [PEER_RUNNING] = {0, false},
        [PEER_WRITING] = {UV_WRITABLE, true},
        [PEER_LINGERING] = {UV_READABLE, true},
};

static void enter(struct peer *peer, enum peer_phase phase)
{
	MUST(phase != PEER_CLOSING && peer->phase != PEER_CLOSING);
	peer->phase = phase;
	uv_update_time(peer->set->loop); /* a command may have taken long: its client's time begins now */
	peer->since = uv_now(peer->set->loop);
	int events = phases[phase].events;
	MUST((events ? uv_poll_start(&peer->poll, events, on_ready) : uv_poll_stop(&peer->poll)) == 0);
	uv_timer_stop(&peer->timer);
	if (phases[phase].bounded)
		MUST(uv_timer_start(&peer->timer, on_deadline, peer->set->patience, 0) == 0);
}

/* The one that has waited longest without a request in work, or NULL. */
static struct peer *longest_idle(const struct peer_set *set)
{
	struct peer *found = NULL;
	for (struct peer *peer = set->first; peer; peer = peer->next)
		if ((peer->phase == PEER_READING || peer->phase == PEER_LINGERING) &&
		        (!found || peer->since <= found->since))
			found = peer;
	return found;
}

void peer_accept(struct peer_set *set, int fd)
{
	struct peer *idle = set->count >= set->max ? longest_idle(set) : NULL;
	if (idle)
		peer_close(idle);
	struct peer *peer = set->count < set->max ? calloc(1, sizeof *peer) : NULL;
	if (!peer) {
		(void)!send(fd, set->role->busy, strlen(set->role->busy), MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fd);
		return;
	}
	*peer = (struct peer){.set = set, .fd = fd, .next = set->first, .link = &set->first, .handles = 2};
	if (set->first)
		set->first->link = &peer->next;
	set->first = peer;
	set->count++;
	MUST(uv_poll_init(set->loop, &peer->poll, fd) == 0 && uv_timer_init(set->loop, &peer->timer) == 0);
	peer->poll.data = peer->timer.data = peer;
	enter(peer, PEER_READING);
}

void peer_consume(struct peer *peer, size_t size)
{
	MUST(size <= peer->input_size);
	peer->input_size -= size;
	memmove(peer->input, peer->input + size, peer->input_size);
}

void peer_run(struct peer *peer, void *work)
{
	MUST(peer->phase == PEER_READING);
	peer->work = work;
	enter(peer, PEER_RUNNING);
}

bool peer_has_room(const struct peer *peer, size_t size)
{
	return size <= peer->set->output_max - *peer->set->output;
}

void peer_send(struct peer *peer, char *output, size_t size, bool last)
{
	MUST(!peer->output && (peer->phase == PEER_READING || peer->phase == PEER_RUNNING));
	peer->output = output;
	peer->output_size = size;
	peer->last = last;
	*peer->set->output += size;
	/* Written by the loop, never here: a thousand requests in one packet must not nest a thousand calls deep. */
	enter(peer, PEER_WRITING);
}

/* Room for more input, up to what the role allows; false: full. */
static bool input_grow(struct peer *peer)
{
	if (peer->input_size < peer->input_room)
		return true;
	size_t room = peer->input_room ? 2 * peer->input_room : INPUT_STEP;
	if (room > peer->set->role->input_max)
		room = peer->set->role->input_max;
	char *larger = room > peer->input_room ? realloc(peer->input, room) : NULL;
	if (!larger)
		return false;
	peer->input = larger;
	peer->input_room = room;
	return true;
}

static void receive(struct peer *peer)
{
	if (input_grow(peer)) {
		ssize_t size = recv(peer->fd, peer->input + peer->input_size, peer->input_room - peer->input_size, 0);
		if (size < 0) {
			if (errno != EAGAIN && errno != EINTR)
				peer_close(peer);
			return;
		}
		peer->ended = size == 0;
		peer->input_size += (size_t)size;
	}
	peer->set->role->input(peer);
}

/* All is written: on to the next request, or to the end. */
static void sent(struct peer *peer)
{
	drop_output(peer);
	if (peer->last) {
		shutdown(peer->fd, SHUT_WR);
		enter(peer, PEER_LINGERING);
		return;
	}
	enter(peer, PEER_READING);
	if (peer->input_size || peer->ended)
		peer->set->role->input(peer);
}

static void transmit(struct peer *peer)
{
	ssize_t size = send(
	        peer->fd, peer->output + peer->output_at, peer->output_size - peer->output_at, MSG_NOSIGNAL);
	if (size < 0) {
		if (errno != EAGAIN && errno != EINTR)
			peer_close(peer);
		return;
	}
	peer->output_at += (size_t)size;
	if (peer->output_at == peer->output_size)
		sent(peer);
}

/* What still comes is thrown away. */
static void linger(struct peer *peer)
{
	char waste[INPUT_STEP];
	ssize_t size = recv(peer->fd, waste, sizeof waste, 0);
	if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
		peer_close(peer);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct peer *peer = poll->data;
	(void)events;
	if (status < 0)
		peer_close(peer);
	else if (peer->phase == PEER_READING)
		receive(peer);
	else if (peer->phase == PEER_WRITING)
		transmit(peer);
	else if (peer->phase == PEER_LINGERING)
		linger(peer);
}

static void on_deadline(uv_timer_t *timer)
{
	struct peer *peer = timer->data;
	bool reading = peer->phase == PEER_READING;
	if (reading)
		peer->set->role->late(peer);
	if (!reading || peer->phase == PEER_READING)
		peer_close(peer);
}
