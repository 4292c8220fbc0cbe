/*
 * reload.c: one door for every reload, so that requests join and never overtake.
 *
 * Called on the control thread by main (SIGHUP), by the control socket's
 * `reload`, and by plays. The catch: a request that comes while a build runs
 * may have been made after the build read its file, so it waits for the next.
 */
#include "snap/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "pool/board.h"
#include "snap/snapshot.h"

struct waiter {
	reload_done *done;
	void *context;
	struct waiter *next;
};

struct reload {
	char *path;
	struct live_source *source;
	uint64_t seed;
	struct reload_hooks hooks;

	/* control thread */
	bool running; /* a build */
	bool looking; /* an inspection, which holds up no build */
	bool again;   /* someone asked while a build ran */
	bool accept;  /* one of those who asked for the next build lets every move through */
	struct waiter *current, *following;
	struct reload_inspection inspections[RELOAD_INSPECTIONS_MAX]; /* that wait; the first may run */
	unsigned inspection_count;
	char why[64], next_why[64]; /* of the build that runs, of the next; "": nobody asked yet */
	struct reload_last last;
	struct err *last_err; /* what `last` points at */

	/* builder thread while running, control thread otherwise */
	const struct snapshot *previous;
	bool accepted;
	struct snapshot *built;
	struct board *board; /* of what was built; not begun */
	struct err *err;
	nanotime started;

	/* builder thread while looking: what is looked at */
	const struct live *held;
};

struct reload *reload_new(const char *path, struct live_source *source, uint64_t seed, struct reload_hooks hooks)
{
	struct reload *reload = calloc(1, sizeof *reload);
	MUST(reload);
	reload->path = strdup(path);
	MUST(reload->path);
	reload->source = source;
	reload->seed = seed;
	reload->hooks = hooks;
	return reload;
}

static void waiters_free(struct waiter *waiter)
{
	while (waiter) {
		struct waiter *next = waiter->next;
		free(waiter);
		waiter = next;
	}
}

void reload_free(struct reload *reload)
{
	MUST(!reload->running && !reload->looking);
	waiters_free(reload->current);
	waiters_free(reload->following);
	err_free(reload->last_err);
	free(reload->path);
	free(reload);
}

static void build(void *argument)
{
	struct reload *reload = argument;
	struct snapshot_request request = {
	        .path = reload->path, .previous = reload->previous, .seed = reload->seed, .accept = reload->accepted};
	reload->built = snapshot_make(&request, reload->err);
	if (reload->built)
		reload->board = board_prepare(&reload->built->steering);
}

static void publish(struct reload *reload)
{
	const struct live *now = live_current(reload->source);
	board_begin(reload->board, now ? now->board : NULL);
	live_publish(reload->source, reload->built, reload->board);
	reload->built = NULL;
	reload->board = NULL;
	if (reload->hooks.published)
		reload->hooks.published(reload->hooks.context, live_current(reload->source));
}

static void start(struct reload *reload);
static void go_on(struct reload *reload);

static void finish(void *argument)
{
	struct reload *reload = argument;
	bool loaded = reload->built;
	if (loaded)
		publish(reload);
	const struct live *live = live_current(reload->source);
	err_free(reload->last_err);
	reload->last_err = reload->err;
	reload->running = false;
	reload->last = (struct reload_last){.wall = clock_wall(),
	        .took = clock_now() - reload->started,
	        .loaded = loaded,
	        .failed = err_count(reload->err, ERR_ERROR) > 0,
	        .generation = live ? live->snapshot->generation : 0,
	        .err = reload->last_err};
	struct reload_outcome outcome = {
	        loaded, reload->last.failed, reload->last.generation, reload->last_err, reload->last.took, reload->why};
	if (reload->hooks.tell)
		reload->hooks.tell(reload->hooks.context, reload->last_err, live);
	else
		log_err(reload->last_err);
	if (live)
		log_info("reload: generation %llu %s%s", (unsigned long long)outcome.generation,
		        loaded ? "serves" : "goes on serving", outcome.failed ? ", with errors" : "");
	else
		log_info("reload: nothing could be loaded");
	if (reload->hooks.ended)
		reload->hooks.ended(reload->hooks.context, &outcome);
	struct waiter *waiters = reload->current;
	reload->current = NULL;
	for (struct waiter *waiter = waiters; waiter; waiter = waiter->next)
		waiter->done(waiter->context, &outcome);
	waiters_free(waiters);
	go_on(reload);
}

static void start(struct reload *reload)
{
	const struct live *live = live_current(reload->source);
	reload->running = true;
	reload->again = false;
	reload->accepted = reload->accept;
	reload->accept = false;
	memcpy(reload->why, reload->next_why, sizeof reload->why);
	*reload->next_why = '\0';
	reload->current = reload->following;
	reload->following = NULL;
	reload->previous = live ? live->snapshot : NULL;
	reload->err = err_new();
	reload->started = clock_now();
	reload->hooks.queue(reload->hooks.context, build, finish, reload);
}

static void inspect(void *argument)
{
	struct reload *reload = argument;
	const struct snapshot *snapshot = reload->held->snapshot;
	struct snapshot_request request = {.path = reload->path, .previous = snapshot, .seed = reload->seed};
	reload->inspections[0].work(reload->inspections[0].context, snapshot, &request);
	live_let_go(reload->held);
}

static void inspected(void *argument)
{
	struct reload *reload = argument;
	struct reload_inspection inspection = reload->inspections[0];
	memmove(reload->inspections, reload->inspections + 1, --reload->inspection_count * sizeof inspection);
	reload->looking = false;
	inspection.done(inspection.context);
	go_on(reload);
}

/* What comes next: builds go first, and wait for no inspection; it looks at what served when it began. */
static void go_on(struct reload *reload)
{
	if (reload->running)
		return;
	if (reload->again)
		start(reload);
	else if (reload->inspection_count && !reload->looking) {
		reload->looking = true;
		reload->held = live_hold(reload->source);
		reload->inspections[0].begin(reload->inspections[0].context, reload->held);
		reload->hooks.queue(reload->hooks.context, inspect, inspected, reload);
	}
}

bool reload_inspect(struct reload *reload, const struct reload_inspection *inspection)
{
	if (reload->inspection_count == RELOAD_INSPECTIONS_MAX || !live_current(reload->source))
		return false;
	reload->inspections[reload->inspection_count++] = *inspection;
	go_on(reload);
	return true;
}

void reload_request_accepted(struct reload *reload, const char *why, reload_done *done, void *context)
{
	reload->accept = true;
	reload_request(reload, why, done, context);
}

void reload_request(struct reload *reload, const char *why, reload_done *done, void *context)
{
	if (!*reload->next_why)
		snprintf(reload->next_why, sizeof reload->next_why, "%s", why);
	if (live_current(reload->source) || reload->running)
		log_info("reload asked for (%s)%s", why, reload->running ? "; it follows the one under way" : "");
	else
		log_info("%s: loading %s", why, reload->path);
	if (done) {
		struct waiter *waiter = malloc(sizeof *waiter);
		MUST(waiter);
		*waiter = (struct waiter){done, context, NULL};
		struct waiter **end = &reload->following;
		while (*end)
			end = &(*end)->next;
		*end = waiter;
	}
	if (reload->running)
		reload->again = true;
	else
		start(reload);
}

bool reload_running(const struct reload *reload)
{
	return reload->running;
}

bool reload_at_work(const struct reload *reload)
{
	return reload->running || reload->looking;
}

const struct reload_last *reload_last(const struct reload *reload)
{
	return reload->last.wall ? &reload->last : NULL;
}
