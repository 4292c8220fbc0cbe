/*
 * stream.c: accepting, the tick, and the end.
 *
 * There is always room for one more: when the crowd is full, or descriptors
 * are out, the one who has waited longest goes. If nobody can go, accepting rests
 * for a tick, so that a listener that stays readable does not take the core.
 *
 * The end has three acts: what is connected and received is accepted, read and answered; for
 * DRAIN_PART of the time, what follows on busy connections is answered, too; then
 * each is told that no more comes, and has LINGER to say that it heard it.
 */
#include "serve/stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/assert.h"
#include "serve/connection.h"

enum {
	STREAM_TICK_MS = 100,
	STREAM_END_TICK_MS = 10,
	STREAM_ACCEPTS = 64,        /* in a row, then the others are heard */
	STREAM_LAST_ACCEPTS = 8192, /* at the end: more than any backlog holds */
	STREAM_LAST_READS = 64,     /* of DESK_IN, at the end, for each */
	STREAM_DRAIN_PART = 4,
};
#define STREAM_DRAIN_MOST (500 * NANO_MILLI)
#define STREAM_QUIET (100 * NANO_MILLI)
#define STREAM_LINGER (200 * NANO_MILLI)

enum stream_act { STREAM_SERVES, STREAM_DRAINS, STREAM_FINISHES };

struct stream_listener {
	uv_poll_t poll;
	struct stream *stream;
	int fd;
	bool resting;
};

struct stream {
	struct desk desk;
	/* The thread's own. */
	uv_loop_t loop;
	uv_timer_t tick;
	uv_poll_t ready; /* the desk's poller */
	struct stream_listener *listeners;
	unsigned listener_count;
	enum stream_act act;
	nanotime act_ends;
	/* Both sides. */
	uv_async_t wake;
	pthread_t thread;
	bool started;
	/* Written by the control thread. */
	atomic_bool stopping;
	nanotime deadline; /* before `stopping` */
};

static void stream_tick(uv_timer_t *timer);
static void stream_accept(uv_poll_t *poll, int status, int events);

/* First in every callback. */
static void stream_set_clock(struct stream *stream)
{
	stream->desk.now = (nanotime)uv_now(&stream->loop) * NANO_MILLI;
}

static bool stream_is_resting(const struct stream *stream)
{
	for (unsigned i = 0; i < stream->listener_count; i++)
		if (stream->listeners[i].resting)
			return true;
	return false;
}

/* The tick sleeps when there is nobody to look after. */
static void stream_tick_on(struct stream *stream)
{
	if (!uv_is_active((uv_handle_t *)&stream->tick))
		uv_timer_start(&stream->tick, stream_tick, STREAM_TICK_MS, STREAM_TICK_MS);
}

static void stream_rest(struct stream *stream)
{
	for (unsigned i = 0; i < stream->listener_count; i++) {
		uv_poll_stop(&stream->listeners[i].poll);
		stream->listeners[i].resting = true;
	}
	stream_tick_on(stream);
}

static void stream_accept_again(struct stream *stream)
{
	for (unsigned i = 0; i < stream->listener_count; i++) {
		struct stream_listener *listener = &stream->listeners[i];
		if (listener->resting)
			listener->resting = uv_poll_start(&listener->poll, UV_READABLE, stream_accept) != 0;
	}
}

/* Answers what the member may have sent just now, then ends it. */
static void stream_part_with(struct crowd_member *member, enum counter why)
{
	struct connection *connection = connection_of(member);
	if (connection_serve(connection, 1))
		connection_close(connection, why);
}

static bool stream_out_of_resources(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

/* Accepts one. False: there is none now. */
static bool stream_accept_one(struct stream *stream, int fd)
{
	struct crowd *crowd = &stream->desk.crowd;
	struct sockaddr_storage from;
	socklen_t length = sizeof from;
	int accepted = accept4(fd, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct crowd_member *leaves = NULL;
	if (accepted < 0) {
		if (!stream_out_of_resources(errno))
			return errno != EAGAIN && errno != EBADF && errno != EINVAL && errno != ENOTSOCK;
		leaves = crowd_longest(crowd);
		if (leaves == NULL) {
			stream_rest(stream);
			return false;
		}
		stream_part_with(leaves, COUNTER_TCP_EVICTED);
		return true;
	}
	struct endpoint peer = endpoint_from_sockaddr((const struct sockaddr *)&from);
	leaves = crowd_giving_way(crowd, &peer.addr);
	if (leaves != NULL)
		stream_part_with(leaves, COUNTER_TCP_EVICTED);
	connection_open(&stream->desk, accepted, &peer);
	return true;
}

static void stream_accept(uv_poll_t *poll, int status, int events)
{
	(void)status; /* an error of a listening socket shows in accept4, and passes */
	(void)events;
	struct stream_listener *listener = poll->data;
	stream_set_clock(listener->stream);
	for (unsigned i = 0; i < STREAM_ACCEPTS && stream_accept_one(listener->stream, listener->fd); i++)
		stream_tick_on(listener->stream);
	if (status < 0)
		stream_rest(listener->stream); /* libuv stopped polling: the tick begins anew */
	desk_clear(&listener->stream->desk);
}

static void stream_serve(uv_poll_t *poll, int status, int events)
{
	struct stream *stream = poll->data;
	(void)events;
	MUST(status == 0);
	stream_set_clock(stream);
	desk_serve(&stream->desk);
}

static void stream_each(struct stream *stream, void (*visit)(struct connection *))
{
	for (unsigned line = 0; line < CROWD_LINES; line++) {
		struct crowd_member *member = crowd_first(&stream->desk.crowd, (enum crowd_line)line), *next;
		/* A visit may move its member to the end of a line: so many visits, and no more. */
		for (unsigned left = stream->desk.crowd.members; member != NULL && left > 0; member = next, left--) {
			next = crowd_next(&stream->desk.crowd, member);
			visit(connection_of(member));
		}
	}
}

static void stream_serve_last(struct connection *connection)
{
	connection_serve(connection, STREAM_LAST_READS);
}

static void stream_close_hard(struct connection *connection)
{
	connection_close(connection, COUNTERS);
}

/* All sockets of listeners are closed: whoever connects now is refused, and may ask another server. */
static void stream_close_listeners(struct stream *stream)
{
	for (unsigned i = 0; i < stream->listener_count; i++) {
		uv_close((uv_handle_t *)&stream->listeners[i].poll, NULL);
		close(stream->listeners[i].fd);
	}
	stream->listener_count = 0;
}

static void stream_end_if_empty(struct stream *stream)
{
	if (stream->act == STREAM_SERVES || stream->desk.crowd.members > 0)
		return;
	if (!uv_is_closing((uv_handle_t *)&stream->tick)) {
		uv_close((uv_handle_t *)&stream->tick, NULL);
		uv_close((uv_handle_t *)&stream->wake, NULL);
		uv_close((uv_handle_t *)&stream->ready, NULL);
	}
}

/* The first act of the end. */
static void stream_drain(struct stream *stream)
{
	nanotime now = clock_now(), left = stream->deadline > now ? stream->deadline - now : 0;
	nanotime drain = left / STREAM_DRAIN_PART < STREAM_DRAIN_MOST ? left / STREAM_DRAIN_PART : STREAM_DRAIN_MOST;
	uv_update_time(&stream->loop);
	stream_set_clock(stream);
	stream->act = STREAM_DRAINS;
	stream->act_ends = now + drain;
	for (unsigned i = 0; i < stream->listener_count; i++)
		for (unsigned k = 0; k < STREAM_LAST_ACCEPTS; k++)
			if (!stream_accept_one(stream, stream->listeners[i].fd))
				break;
	stream_close_listeners(stream);
	stream_each(stream, stream_serve_last);
	uv_timer_start(&stream->tick, stream_tick, STREAM_END_TICK_MS, STREAM_END_TICK_MS);
	stream_end_if_empty(stream);
}

static void stream_end_tick(struct stream *stream)
{
	nanotime now = clock_now();
	if (now >= stream->deadline) {
		stream_each(stream, stream_close_hard);
	} else if (stream->act == STREAM_DRAINS && now >= stream->act_ends) {
		stream->act = STREAM_FINISHES;
		stream_each(stream, connection_finish);
	}
	nanotime quiet = stream->act == STREAM_DRAINS ? STREAM_QUIET : STREAM_LINGER;
	struct crowd_member *first;
	while ((first = crowd_first(&stream->desk.crowd, CROWD_IDLE)) != NULL &&
	        stream->desk.now - first->since >= quiet) {
		struct connection *connection = connection_of(first);
		if (connection_serve(connection, 1) && crowd_first(&stream->desk.crowd, CROWD_IDLE) == first)
			connection_close(connection, COUNTERS);
	}
	stream_end_if_empty(stream);
}

static void stream_expire(struct stream *stream)
{
	struct crowd *crowd = &stream->desk.crowd;
	struct crowd_member *late;
	while ((late = crowd_late(crowd, stream->desk.now)) != NULL) {
		/* After a pause of the whole process the clock ran on, but its bytes may stand here. */
		struct connection *connection = connection_of(late);
		nanotime since = late->since;
		if (connection_serve(connection, 1) && late->since == since)
			connection_close(connection, COUNTER_TCP_TIMEOUTS);
	}
}

static void stream_tick(uv_timer_t *timer)
{
	struct stream *stream = timer->data;
	stream_set_clock(stream);
	if (stream->act != STREAM_SERVES) {
		stream_end_tick(stream);
		return;
	}
	stream_expire(stream);
	desk_clear(&stream->desk);
	stream_accept_again(stream);
	if (stream->desk.crowd.members == 0 && !stream_is_resting(stream))
		uv_timer_stop(&stream->tick);
}

static void stream_woken(uv_async_t *wake)
{
	struct stream *stream = wake->data;
	if (atomic_load_explicit(&stream->stopping, memory_order_acquire) && stream->act == STREAM_SERVES)
		stream_drain(stream);
}

static void *stream_run(void *argument)
{
	struct stream *stream = argument;
	live_thread_start();
	for (unsigned i = 0; i < stream->listener_count; i++)
		stream->listeners[i].resting = true;
	stream_accept_again(stream);
	MUST(uv_poll_start(&stream->ready, UV_READABLE, stream_serve) == 0);
	uv_run(&stream->loop, UV_RUN_DEFAULT);
	live_thread_stop();
	return NULL;
}

/* Makes the handles; on failure those that were made are closed. */
static int stream_set_up(struct stream *stream, const struct stream_options *options)
{
	if (uv_async_init(&stream->loop, &stream->wake, stream_woken) != 0 ||
	        uv_poll_init(&stream->loop, &stream->ready, stream->desk.poller) != 0)
		return -1;
	uv_timer_init(&stream->loop, &stream->tick);
	stream->wake.data = stream->tick.data = stream->ready.data = stream;
	for (unsigned i = 0; i < options->listener_count; i++) {
		struct stream_listener *listener = &stream->listeners[i];
		*listener = (struct stream_listener){.stream = stream, .fd = options->listeners[i]};
		listener->poll.data = listener;
		if (uv_poll_init(&stream->loop, &listener->poll, listener->fd) != 0)
			return -1;
		stream->listener_count++;
	}
	return 0;
}

static void stream_close_handle(uv_handle_t *handle, void *unused)
{
	(void)unused;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void stream_release(struct stream *stream)
{
	uv_walk(&stream->loop, stream_close_handle, NULL);
	uv_run(&stream->loop, UV_RUN_DEFAULT);
	MUST(uv_loop_close(&stream->loop) == 0);
	desk_end(&stream->desk);
	crowd_end(&stream->desk.crowd);
	free(stream->listeners);
	free(stream);
}

struct stream *stream_new(const struct stream_options *options)
{
	struct stream *stream = aligned_alloc(_Alignof(struct stream), sizeof *stream);
	MUST(stream != NULL);
	memset(stream, 0, sizeof *stream);
	stream->desk.source = options->source;
	stream->desk.context = (struct answer_context){
	        .counters = &stream->desk.counters,
	        .random = options->random,
	        .secret = options->secret,
	        .may_transfer = true,
	};
	stream->listeners = calloc(options->listener_count + 1, sizeof *stream->listeners);
	MUST(stream->listeners != NULL);
	int code = desk_begin(&stream->desk) != 0 ? errno : -uv_loop_init(&stream->loop);
	if (code != 0) {
		if (stream->desk.poller >= 0)
			desk_end(&stream->desk);
		free(stream->listeners);
		free(stream);
		errno = code;
		return NULL;
	}
	crowd_begin(&stream->desk.crowd, &options->limits, options->seed);
	if (stream_set_up(stream, options) != 0) {
		stream_release(stream);
		errno = EMFILE;
		return NULL;
	}
	return stream;
}

int stream_start(struct stream *stream)
{
	int code = pthread_create(&stream->thread, NULL, stream_run, stream);
	stream->started = code == 0;
	if (stream->started)
		pthread_setname_np(stream->thread, "stream");
	return code;
}

void stream_stop(struct stream *stream, nanotime deadline)
{
	stream->deadline = deadline;
	atomic_store_explicit(&stream->stopping, true, memory_order_release);
	uv_async_send(&stream->wake);
}

void stream_free(struct stream *stream)
{
	if (stream == NULL)
		return;
	if (stream->started)
		pthread_join(stream->thread, NULL);
	else
		stream_close_listeners(stream);
	stream_release(stream);
}

const struct counters *stream_counters(const struct stream *stream)
{
	return &stream->desk.counters;
}
