/*
 * daemon.h: the rooms tied together; what main.c starts and the commands work on.
 *
 * All of it belongs to the control thread.
 */
#ifndef MERIDIAN_MAIN_DAEMON_H
#define MERIDIAN_MAIN_DAEMON_H

#include <uv.h>

#include "control/control.h"
#include "control/events.h"
#include "probe/probe.h"
#include "serve/notify.h"
#include "serve/serve.h"
#include "snap/live.h"
#include "snap/reload.h"
#include "snap/snapshot.h"

enum daemon_phase { DAEMON_LOADING, DAEMON_PROBING, DAEMON_READY, DAEMON_STOPPING };

struct daemon {
	const char *path; /* meridian.yaml */
	enum daemon_phase phase;
	int status;       /* exit status */
	unsigned verbose; /* levels of logging above the configured one */
	nanotime started; /* wall */
	uint64_t seed[2]; /* secret of this process: hashes, jitter */

	uv_loop_t loop;
	uv_signal_t signals[4];
	uv_timer_t tick; /* board_tick */
	uv_timer_t save; /* soon after a change */

	struct live_source *source;
	struct reload *reload;
	struct prober *prober;
	struct serve *serve;
	struct notifier *notifier;   /* NULL: nothing is answered yet */
	struct announced *announced; /* announce.c: versions of zones that secondaries were told of */
	struct control *control;

	struct watch *watch;
	struct fetch_lists *fetch; /* fetch.h */
	struct events *events;     /* NULL: nobody listens */

	char *state_file;            /* NULL: no state is kept */
	struct save *saving;         /* a write is under way, or its text is made; NULL: neither */
	bool unsaved;                /* and something changed since */
	int save_failure;            /* errno of the last write: told once, not each time */
	struct save_waiter *waiters; /* who wants to know when the next write has ended */
};

/* watch.c: reloads when a file of members changes, or a list that was fetched. Told of everything that is published;
 * freed with the loop. */
struct watch;
struct watch *watch_new(struct daemon *daemon);
void watch_published(struct watch *watch);
/* A list that `from` names is new: a reload, as soon as one may be. */
void watch_changed(struct watch *watch, const char *from);
void watch_free(struct watch *watch);

/* The configuration that serves now. */
const struct conf *daemon_conf(const struct daemon *daemon);
struct board *daemon_board(const struct daemon *daemon);

/* Loads, binds, drops privileges, probes a first round, serves, until a signal; returns the exit status. */
int daemon_run(struct daemon *daemon);
/* Ends it in good order. */
void daemon_stop(struct daemon *daemon);
/* Works out what only time changes, and when to do so again. */
void daemon_tick(struct daemon *daemon);

/* save.c: the folder for state; without it verdicts are only not kept. */
void save_open(struct daemon *daemon, const struct conf *conf);
/* Saves verdicts and overrides within half a second (overrides: at once), off this thread. What cannot be written is
 * tried again every few seconds. */
void daemon_save(struct daemon *daemon, bool at_once);
/* Saves at once, and then tells whether it is kept, so that nobody is told that something is done which kill -9 could
 * still undo. */
void daemon_save_then(struct daemon *daemon, void (*done)(void *context, bool kept), void *context);
/* Another board serves; before anything else is done on this thread. */
void save_published(struct daemon *daemon);
/* Ends the timer, and the text that is being made; a write that is under way goes on. */
void save_stop(struct daemon *daemon);
/* The last word on verdicts, once the loop has ended and no write is under way. */
void save_last(struct daemon *daemon);

/* announce.c: tells the secondaries of each zone that is not what it was at the last call. */
void announce(struct daemon *daemon);
/* NULL is allowed. */
void announced_free(struct announced *announced);

/* tell.c: opens the ways out for events (`events` of the configuration) and hears the board; control thread. */
void tell_start(struct daemon *daemon);
/* An event of the daemon's own; `name` and `state` may be NULL. */
void tell(struct daemon *daemon, const char *event, const char *name, const char *state, const char *text);
void tell_at(struct daemon *daemon, enum log_level level, const char *event, const char *name, const char *state,
        const char *text);
/* The hook of a reload that ended. */
void tell_reload(void *daemon, const struct reload_outcome *outcome);
/* The file of events was moved away. */
void tell_reopen(struct daemon *daemon);
/* Metrics. */
void tell_metrics(void *daemon, FILE *out);

/* commands.c: registers the verbs of meridianctl and the metrics with control. */
void commands_register(struct daemon *daemon);

/* inspect.c: registers the verbs that look at what a change would do. */
void inspect_register(struct daemon *daemon);

/* privileges.c: gives up what was needed only to bind. `user` NULL: stays the user, but without capabilities. -1 and an
 * error if that fails. */
int privileges_drop(const char *user, struct err *err);
/* Makes a file or folder that was made before (the control socket, a new state folder) the user's. Does nothing unless
 * root becomes `user`. */
void privileges_give(const char *user, const char *path);
/* As many descriptors as the system lets us have. */
void privileges_raise_limits(void);

#endif
