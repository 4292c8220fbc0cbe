/*
 * events.h: what happens to the steering, a JSON line each, to a file, a unix socket, a program.
 *
 * Control thread. Whoever tells never waits: each way out has a queue of its own, of at most EVENTS_QUEUE lines; what
 * does not fit, or cannot be delivered, is dropped and counted. A disk that hangs, a reader that sleeps and a program
 * that fails cost events, and nothing else.
 */
#ifndef MERIDIAN_CONTROL_EVENTS_H
#define MERIDIAN_CONTROL_EVENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { EVENTS_QUEUE = 1024, EVENT_LINE_MAX = 4096 /* what a pipe takes at once */ };

struct events_options {
	uv_loop_t *loop;         /* must outlive it */
	const char *file;        /* appended to, made (0640) where missing; NULL: none */
	const char *socket;      /* of one who listens there (SOCK_STREAM); connected to again and again; NULL: none */
	const char *const *exec; /* a program and its arguments, NULL at the end: gets one event on its standard input;
	                            one runs at a time, at most 10 s; NULL: none */
};

/* Texts are copied. The file is opened later, off this thread. The caller ends it by events_close. */
struct events *events_new(const struct events_options *options);
/* Takes `event` over: an object. */
void events_tell(struct events *events, json_t *event);
/* The file was moved away: the next line goes into a new one. */
void events_reopen(struct events *events);
/* Writes what waits where that is possible at once, ends the program that runs, and frees it when the loop has run on.
 * NULL is allowed. */
void events_close(struct events *events);

struct events_counts {
	uint64_t told, dropped;
};
enum events_way { EVENTS_FILE, EVENTS_SOCKET, EVENTS_EXEC, EVENTS_WAYS };
extern const char *const events_way_names[EVENTS_WAYS]; /* "file" … */
/* False if that way is not in use. */
bool events_counts(const struct events *events, enum events_way way, struct events_counts *counts);

#endif
