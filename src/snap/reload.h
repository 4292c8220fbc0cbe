/*
 * reload.h: the one door for every reload: SIGHUP, meridianctl, the fleet.
 *
 * Control thread only. Requests that come while a build runs are joined into one more build after it.
 * The build itself runs where `hooks.queue` puts it (libuv's thread pool in the daemon, at once in plays).
 */
#ifndef MERIDIAN_SNAP_RELOAD_H
#define MERIDIAN_SNAP_RELOAD_H

#include "base/clock.h"
#include "base/err.h"
#include "snap/live.h"

struct reload;
struct snapshot_request; /* snap/snapshot.h */

/* How a build ended. Borrowed for the call. */
struct reload_outcome {
	bool loaded;           /* something new was published */
	bool failed;           /* there was an error, whatever was loaded */
	uint64_t generation;   /* that serves now */
	const struct err *err; /* errors and warnings */
	nanotime took;
	const char *why; /* as the first who asked for it said */
};

typedef void reload_done(void *context, const struct reload_outcome *outcome);

struct reload_hooks {
	/* Runs work(argument) off the control thread, then after(argument) on it. */
	void (*queue)(void *context, void (*work)(void *), void (*after)(void *), void *argument);
	/* Called on the control thread after a new pair was published, before `done`. May be NULL. */
	void (*published)(void *context, const struct live *live);
	/* Tells the errors and warnings of a build; `serves`: something does, new or old. NULL: they are logged. */
	void (*tell)(void *context, const struct err *err, bool serves);
	/* Called on the control thread when a build has ended, however; after the log was told. May be NULL. */
	void (*ended)(void *context, const struct reload_outcome *outcome);
	void *context;
};

/* `path`: meridian.yaml. Nothing is read yet. */
struct reload *reload_new(const char *path, struct live_source *source, uint64_t seed, struct reload_hooks hooks);
/* No build may be running. */
void reload_free(struct reload *reload);
/* Asks for a reload; `done` (may be NULL) is called once, when a build that began after this call has ended. `why`:
 * "SIGHUP", "control"; borrowed for the call. */
void reload_request(struct reload *reload, const char *why, reload_done *done, void *context);
/* The same by a person who lets it through, however many clients of a map with max-move move. */
void reload_request_accepted(struct reload *reload, const char *why, reload_done *done, void *context);
/* Whether a build runs: whoever wants another would only wait for it. */
bool reload_running(const struct reload *reload);
/* Whether a build or an inspection runs. */
bool reload_at_work(const struct reload *reload);

/* A look at what serves, in its turn: one at a time, begun between builds. A build that is asked for meanwhile does not
 * wait for it; the snapshot stays as long as it is looked at. All are called once, in this order. */
struct reload_inspection {
	void (*begin)(void *context, const struct live *live); /* control thread */
	/* builder; `request`: what a reload would be */
	void (*work)(void *context, const struct snapshot *snapshot, const struct snapshot_request *request);
	void (*done)(void *context); /* control thread */
	void *context;
};
#define RELOAD_INSPECTIONS_MAX 16
/* False if too many wait already, or nothing serves yet. */
bool reload_inspect(struct reload *reload, const struct reload_inspection *inspection);

/* The last outcome, for status: when (wall), its text; valid until the next. NULL: none yet. */
struct reload_last {
	nanotime wall, took;
	bool loaded, failed;
	uint64_t generation;
	const struct err *err;
};
const struct reload_last *reload_last(const struct reload *reload);

#endif
