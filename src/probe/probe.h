/*
 * probe.h: asks the members how they are, and writes the board.
 *
 * All on the control thread's libuv loop: libcurl's multi interface for http and https, plain connects for tcp. A heap
 * by due time with jitter, so that a thousand targets neither start together nor delay each other. Results go to
 * board_report.
 */
#ifndef MERIDIAN_PROBE_PROBE_H
#define MERIDIAN_PROBE_PROBE_H

#include <uv.h>

#include "base/err.h"
#include "pool/board.h"

struct prober;

/* `random` seeds the jitter. NULL and an error if curl cannot start. */
struct prober *prober_new(uv_loop_t *loop, uint64_t random, struct err *err);
/* Drops every probe under way; the loop must run once more to close the handles. */
void prober_free(struct prober *prober);

/* From now on the targets of `board` are probed (after each publish). Targets whose name and definition are unchanged
 * keep their schedule and the probe under way; removed ones are gone at once, and no late result of theirs is reported.
 */
void prober_set(struct prober *prober, struct board *board);

/* What is asked for what it says, whatever that is, and not for how it is: http or https, on the schedule of its
 * `spec`, like a target (`what->name` and `spec->digest` tell it from others), of which the board knows nothing. */
struct fetch {
	const struct target *what;
	const struct probe_spec *spec;
};
#define FETCH_READ_MAX (1024 * 1024) /* of one reply, head and body */

/* How an attempt ended: `body` is the whole of a reply with a good status, else NULL. Borrowed for the call. */
struct fetch_result {
	bool ok;
	const char *detail; /* of any bytes */
	const char *body;
	size_t size;
};
/* `index`: in the list that was given. May not free or set the prober. */
typedef void fetch_got(void *context, uint32_t index, const struct fetch_result *result);

/* From the next prober_set on these are asked too; the list and what it names is borrowed until the prober_set after
 * the next prober_fetch. */
void prober_fetch(struct prober *prober, const struct fetch *list, uint32_t count, fetch_got *got, void *context);

/* Calls `done` once when every target of the current board has had one result, at once if all have. */
void prober_first_round(struct prober *prober, void (*done)(void *context), void *context);

/* Called after each result that changed a verdict (`verdict`: there is something to save), or made board_tick due
 * sooner. May be NULL. */
void prober_on_change(struct prober *prober, void (*changed)(void *context, bool verdict), void *context);

#endif
