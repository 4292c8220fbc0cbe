/*
 * events.c: queues of events and their counters; the ways out are events_file.c, events_socket.c, events_exec.c.
 *
 * Called by main/tell.c. A way that failed is tried again a second later, by
 * the one timer, and says so in the log once for each kind of failure.
 */
#include "control/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "control/events_room.h"

#define RETRY_MS 1000

struct events {
	uv_loop_t *loop;
	uv_timer_t timer;
	struct way ways[EVENTS_WAYS];
	unsigned left; /* handles and ways that are not gone, while closing */
	bool closing;
};

const char *const events_way_names[EVENTS_WAYS] = {
        [EVENTS_FILE] = "file", [EVENTS_SOCKET] = "socket", [EVENTS_EXEC] = "exec"};

/* ---- a way ---- */

static void way_drop_oldest(struct way *way)
{
	free(way_take(way));
	way->counts.dropped++;
}

char *way_take(struct way *way)
{
	if (!way->count)
		return NULL;
	char *line = way->lines[way->first];
	way->first = (way->first + 1) % EVENTS_QUEUE;
	way->count--;
	return line;
}

static void way_put(struct way *way, const char *line)
{
	if (way->count == EVENTS_QUEUE)
		way_drop_oldest(way);
	char *copy = strdup(line);
	MUST(copy);
	way->lines[(way->first + way->count++) % EVENTS_QUEUE] = copy;
}

static void way_go(struct way *way)
{
	if (way->role && !way->busy && way->count && uv_now(way->events->loop) >= way->retry_at)
		way->role->go(way);
}

static void on_timer(uv_timer_t *timer)
{
	struct events *events = timer->data;
	for (unsigned i = 0; i < EVENTS_WAYS; i++)
		way_go(&events->ways[i]);
}

void way_done(struct way *way, const char *failure)
{
	struct events *events = way->events;
	way->busy = false;
	if (*failure && strcmp(failure, way->failure) != 0)
		log_warn("events are lost: %s: %s", way->name, failure);
	snprintf(way->failure, sizeof way->failure, "%s", failure);
	way->retry_at = *failure ? uv_now(events->loop) + RETRY_MS : 0;
	if (events->closing)
		return;
	if (*failure)
		uv_timer_start(&events->timer, on_timer, RETRY_MS, 0);
	else
		way_go(way);
}

/* ---- all of them ---- */

static void gone(struct events *events)
{
	if (--events->left)
		return;
	for (unsigned i = 0; i < EVENTS_WAYS; i++) {
		while (events->ways[i].count)
			way_drop_oldest(&events->ways[i]);
		free(events->ways[i].name);
	}
	free(events);
}

void way_gone(struct way *way)
{
	gone(way->events);
}

static void timer_closed(uv_handle_t *handle)
{
	gone(handle->data);
}

static struct way *way_new(struct events *events, enum events_way which, const struct way_role *role, const char *name)
{
	struct way *way = &events->ways[which];
	way->role = role;
	way->name = strdup(name);
	MUST(way->name);
	return way;
}

struct events *events_new(const struct events_options *options)
{
	struct events *events = calloc(1, sizeof *events);
	MUST(events);
	events->loop = options->loop;
	uv_timer_init(events->loop, &events->timer);
	uv_unref((uv_handle_t *)&events->timer);
	events->timer.data = events;
	for (unsigned i = 0; i < EVENTS_WAYS; i++)
		events->ways[i].events = events;
	if (options->file)
		events_file_open(way_new(events, EVENTS_FILE, &events_file_role, options->file));
	if (options->socket)
		events_socket_open(way_new(events, EVENTS_SOCKET, &events_socket_role, options->socket));
	if (options->exec)
		events_exec_open(way_new(events, EVENTS_EXEC, &events_exec_role, options->exec[0]), options->exec);
	return events;
}

uv_loop_t *events_loop(const struct events *events)
{
	return events->loop;
}

void events_tell(struct events *events, json_t *event)
{
	char line[EVENT_LINE_MAX + 1];
	size_t size = json_dumpb(event, line, EVENT_LINE_MAX - 1, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(event);
	bool fits = size && size < EVENT_LINE_MAX;
	if (fits) {
		line[size] = '\n';
		line[size + 1] = '\0';
	}
	for (unsigned i = 0; i < EVENTS_WAYS; i++) {
		struct way *way = &events->ways[i];
		if (!way->role)
			continue;
		way->counts.told++;
		if (fits)
			way_put(way, line);
		else
			way->counts.dropped++;
		way_go(way);
	}
}

void events_reopen(struct events *events)
{
	if (events->ways[EVENTS_FILE].role)
		events_file_reopen(&events->ways[EVENTS_FILE]);
}

void events_close(struct events *events)
{
	if (!events)
		return;
	events->closing = true;
	events->left = 1;
	for (unsigned i = 0; i < EVENTS_WAYS; i++)
		events->left += events->ways[i].role != NULL;
	for (unsigned i = 0; i < EVENTS_WAYS; i++) {
		struct way *way = &events->ways[i];
		way->closing = true;
		if (way->role)
			way->role->close(way);
	}
	uv_close((uv_handle_t *)&events->timer, timer_closed);
}

bool events_counts(const struct events *events, enum events_way way, struct events_counts *counts)
{
	*counts = events->ways[way].counts;
	return events->ways[way].role;
}
