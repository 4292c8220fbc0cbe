/*
 * events_socket.c: events to whoever listens on a unix socket.
 *
 * A line is taken from the queue when the one before has left, so that a
 * listener that sleeps fills the queue and no memory. A connection that ended
 * is made again when there is something to say. What the listener says is read
 * and thrown away: only so its end is seen.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "control/events_room.h"

struct link {
	struct way *way;
	uv_pipe_t pipe;
	bool open, connected; /* the pipe is in use; and leads somewhere */
	const char *failure;  /* why it is being closed; "": the other side left */
	uv_connect_t connect;
	uv_write_t write;
	char *line; /* under way */
	char waste[256];
};

static void closed(uv_handle_t *handle)
{
	struct link *link = handle->data;
	struct way *way = link->way;
	link->open = link->connected = false;
	if (link->line)
		way->counts.dropped++;
	free(link->line);
	link->line = NULL;
	if (way->closing) {
		free(link);
		way_gone(way);
	} else {
		way_done(way, link->failure);
	}
}

static void drop(struct link *link, const char *failure)
{
	if (uv_is_closing((uv_handle_t *)&link->pipe))
		return;
	link->way->busy = true;
	link->failure = failure;
	uv_close((uv_handle_t *)&link->pipe, closed);
}

static void room_to_read(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
	struct link *link = handle->data;
	(void)wanted;
	*buffer = uv_buf_init(link->waste, sizeof link->waste);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	(void)buffer;
	if (size < 0)
		drop(stream->data, "");
}

static void on_written(uv_write_t *write, int status)
{
	struct link *link = write->data;
	if (status < 0) {
		drop(link, uv_strerror(status));
		return;
	}
	free(link->line);
	link->line = NULL;
	way_done(link->way, "");
}

static void write_next(struct link *link)
{
	link->line = way_take(link->way);
	uv_buf_t buffer = uv_buf_init(link->line, (unsigned)strlen(link->line));
	int status = uv_write(&link->write, (uv_stream_t *)&link->pipe, &buffer, 1, on_written);
	if (status)
		drop(link, uv_strerror(status));
}

static void on_connected(uv_connect_t *connect, int status)
{
	struct link *link = connect->data;
	if (status < 0) {
		drop(link, uv_strerror(status));
		return;
	}
	link->connected = true;
	uv_read_start((uv_stream_t *)&link->pipe, room_to_read, on_read);
	if (link->way->count)
		write_next(link);
	else
		way_done(link->way, "");
}

static void go(struct way *way)
{
	struct link *link = way->work;
	way->busy = true;
	if (link->connected) {
		write_next(link);
		return;
	}
	MUST(uv_pipe_init(events_loop(way->events), &link->pipe, 0) == 0);
	link->pipe.data = link;
	link->open = true;
	uv_pipe_connect(&link->connect, &link->pipe, way->name, on_connected);
}

static void close_link(struct way *way)
{
	struct link *link = way->work;
	if (link->open) {
		drop(link, "");
		return;
	}
	free(link);
	way_gone(way);
}

void events_socket_open(struct way *way)
{
	struct link *link = calloc(1, sizeof *link);
	MUST(link);
	link->way = way;
	link->connect.data = link->write.data = link;
	way->work = link;
}

const struct way_role events_socket_role = {go, close_link};
