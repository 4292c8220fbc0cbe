/*
 * probe_inside.h: what a prober is made of. Private to the room; others use probe.h.
 *
 * prober.c keeps one `struct watch` for each target, in a heap by due time, and starts an attempt when one is due.
 * probe_tcp.c, probe_http.c and probe_exec.c make the attempts and hand each result to watch_done. All on the control
 * thread. A watch owns its name; its `what` and `spec` belong to the snapshot, and prober_set points them to the new
 * one before anything of the old one may be gone.
 */
#ifndef MERIDIAN_PROBE_INSIDE_H
#define MERIDIAN_PROBE_INSIDE_H

#include <curl/curl.h>
#include <stddef.h>

#include "probe/probe.h"

#define PROBE_READ_MAX (64 * 1024) /* of one attempt: heads and bodies of all its replies */
#define PROBE_DETAIL 320           /* holds any text of curl's with a word before it */

struct watch {
	struct prober *prober;
	char *name;
	uint64_t digest;
	uint32_t target; /* of the board; of a fetch: its place behind all of them */
	bool is_fetch;
	const char *body; /* of a fetch, while its result is told */
	size_t body_size;
	uint32_t heap_at; /* from 1; 0: not in the heap, since an attempt is under way */
	const struct target *what;
	const struct probe_spec *spec;
	nanotime phase;   /* starts are at this time of every interval */
	nanotime due;     /* of the next start, or of the one under way */
	nanotime started; /* of the attempt under way */
	bool had_turn;    /* one attempt has ended */
	bool excused;     /* the last timeout was this process's own; never twice in a row */
	bool private_ca;  /* its https trusts a file of its own */
	const struct probe_kind *kind;
	void *attempt; /* of the kind's own; NULL: none */
};

/* How an attempt ended. */
enum outcome {
	OUTCOME_OK,
	OUTCOME_FAILED,
	OUTCOME_TIMEOUT, /* failed, unless it was this process that slept */
	OUTCOME_UNABLE,  /* no descriptor, no memory: says nothing of the target */
};

/* The kinds of probes. */
struct probe_kind {
	/* Starts an attempt, which ends with one call of watch_done, maybe at once. */
	void (*start)(struct watch *watch);
	/* Ends the attempt that is under way; no result may follow. What `what` and `spec` point to may be gone. */
	void (*drop)(struct watch *watch);
};

extern const struct probe_kind probe_tcp, probe_http, probe_exec, probe_dns;

/* Ends the attempt: reports it, and puts the watch into the heap again. `detail` is copied, and so are `readings`: one
 * for each field of the probe's `read`, or NULL where nothing was read. */
void watch_done(struct watch *watch, enum outcome outcome, const char *detail, const struct reading *readings);

/* reading.c: finds the `count` fields in a body of JSON (RFC 8259), an object; a field that is not there, or is no
 * text, number, true or false, is not known. "database.lag" is the field of that name, or else `lag` of the object
 * `database`. False: the body is no JSON, cut off, or nested deeper than a service has reason to; then no field is
 * known. */
bool reading_parse(struct reading *readings, const char *const *fields, unsigned count, const char *body, size_t size);

/* Handles of the loop that are open; the prober is freed when the last one has closed. */
void prober_hold(struct prober *prober);
void prober_let(struct prober *prober);
uv_loop_t *prober_loop(const struct prober *prober);

/* Sixteen bits that nobody else can tell before. */
uint16_t prober_random(struct prober *prober);

/* Says a failed call of libuv's nothing of the target, but that something is wanting here? */
static inline bool attempt_unable(int status)
{
	return status == UV_EMFILE || status == UV_ENFILE || status == UV_EAGAIN || status == UV_ENOBUFS ||
	       status == UV_ENOMEM || status == UV_EADDRNOTAVAIL;
}

/* A duration as a timer of libuv takes it: never shorter. */
static inline uint64_t attempt_milliseconds(nanotime duration)
{
	return (uint64_t)((duration + NANO_MILLI - 1) / NANO_MILLI);
}

/* The parts of the prober that the kinds own. */
struct http_engine *prober_http(const struct prober *prober, const struct watch *watch);
struct exec_queue *prober_exec(const struct prober *prober);

/* probe_http.c: the multi handle, its sockets and timer, and idle easy handles. */
struct http_engine *http_engine_new(struct prober *prober, struct err *err);
/* No attempt is under way. */
void http_engine_free(struct http_engine *engine);

/* probe_exec.c: at most so many commands at a time, the others wait. */
#define EXEC_MAX 16
struct exec_queue *exec_queue_new(void);
void exec_queue_free(struct exec_queue *queue);

/* schedule.c. The start after the one that was due at `due`: at the phase, no sooner than half an interval and no later
 * than an interval after `due`; but after `now`, where that is past. */
nanotime schedule_next(nanotime phase, nanotime interval, nanotime due, nanotime now);

/* Watches by due time. */
struct heap {
	struct watch **list; /* from 1 */
	uint32_t count, room;
};
void heap_add(struct heap *heap, struct watch *watch);
void heap_remove(struct heap *heap, struct watch *watch);
struct watch *heap_first(const struct heap *heap);
void heap_free(struct heap *heap);

#endif
