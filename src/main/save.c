/*
 * save.c: the state file: verdicts and overrides, written soon after they change, and overrides at once.
 *
 * Called by daemon.c and commands.c. A worker writes the file; its text is made on the control thread, of some targets
 * at a time, since there may be a million and nobody is to wait for them. The catch: a reload in the middle takes the
 * board away, and the text is begun anew.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/assert.h"
#include "base/file.h"
#include "base/log.h"
#include "main/daemon.h"

#define SAVE_DELAY_MS 500
#define SAVE_AGAIN_MS 5000    /* after a write that failed */
#define TARGETS_AT_ONCE 16384 /* some milliseconds */
#define REST_MS 1             /* 0 would leave the loop no turn in between */

struct save {
	struct daemon *daemon;
	uv_work_t work;
	struct board_text *making; /* NULL: it is made */
	char *text;
	size_t size;
	char *path;
	int failure; /* errno */
	struct save_waiter *waiters;
};

/* Somebody who is told when what was changed until now is kept. */
struct save_waiter {
	void (*done)(void *context, bool kept);
	void *context;
	struct save_waiter *next;
};

static void tell_waiters(struct save_waiter *waiter, bool kept)
{
	while (waiter) {
		struct save_waiter *next = waiter->next;
		waiter->done(waiter->context, kept);
		free(waiter);
		waiter = next;
	}
}

static void save_free(struct save *save)
{
	board_text_drop(save->making);
	free(save->path);
	free(save);
}

/* ---- the write ---- */

static void save_work(uv_work_t *work)
{
	struct save *save = work->data;
	if (file_replace(save->path, save->text, save->size))
		save->failure = errno;
	free(save->text);
}

static void save_start(uv_timer_t *timer);

static void save_after(uv_work_t *work, int status)
{
	struct save *save = work->data;
	struct daemon *daemon = save->daemon;
	(void)status;
	if (save->failure && save->failure != daemon->save_failure)
		log_warn("state is not kept: %s: %s", save->path, strerror(save->failure));
	daemon->save_failure = save->failure;
	daemon->saving = NULL;
	tell_waiters(save->waiters, !save->failure);
	save_free(save);
	if (daemon->waiters)
		daemon_save(daemon, true);
	else if (daemon->save_failure && daemon->phase != DAEMON_STOPPING)
		uv_timer_start(&daemon->save, save_start, SAVE_AGAIN_MS, 0);
	else if (daemon->unsaved)
		daemon_save(daemon, false);
	daemon->unsaved |= daemon->save_failure != 0;
}

/* ---- the text ---- */

static void save_go_on(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	struct save *save = daemon->saving;
	if (!board_text_go_on(save->making, TARGETS_AT_ONCE)) {
		uv_timer_start(timer, save_go_on, REST_MS, 0);
		return;
	}
	save->text = board_text_take(save->making, &save->size);
	save->making = NULL;
	uv_timer_stop(timer);
	uv_queue_work(&daemon->loop, &save->work, save_work, save_after);
}

static void save_start(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	if (daemon->saving || !daemon->state_file)
		return;
	struct save *save = calloc(1, sizeof *save);
	MUST(save);
	save->daemon = daemon;
	save->path = strdup(daemon->state_file);
	MUST(save->path);
	save->making = board_text_begin(daemon_board(daemon));
	save->work.data = save;
	save->waiters = daemon->waiters;
	daemon->waiters = NULL;
	daemon->unsaved = false;
	daemon->saving = save;
	save_go_on(timer);
}

void save_published(struct daemon *daemon)
{
	struct save *save = daemon->saving;
	if (!save || !save->making)
		return;
	board_text_drop(save->making);
	save->making = board_text_begin(daemon_board(daemon));
}

/* ---- who asks for it ---- */

void daemon_save(struct daemon *daemon, bool at_once)
{
	daemon->unsaved = true;
	if (daemon->saving || daemon->phase == DAEMON_STOPPING)
		return;
	if (at_once)
		save_start(&daemon->save);
	else if (!uv_is_active((uv_handle_t *)&daemon->save))
		uv_timer_start(&daemon->save, save_start, SAVE_DELAY_MS, 0);
}

void daemon_save_then(struct daemon *daemon, void (*done)(void *context, bool kept), void *context)
{
	if (!daemon->state_file || daemon->phase == DAEMON_STOPPING) {
		done(context, false);
		return;
	}
	struct save_waiter *waiter = malloc(sizeof *waiter), **end = &daemon->waiters;
	MUST(waiter);
	*waiter = (struct save_waiter){done, context, NULL};
	while (*end)
		end = &(*end)->next;
	*end = waiter;
	daemon_save(daemon, true);
}

/* ---- start and end ---- */

void save_open(struct daemon *daemon, const struct conf *conf)
{
	if (!conf->state)
		return;
	if (mkdir(conf->state, 0750) == 0)
		privileges_give(conf->user, conf->state);
	else if (errno != EEXIST)
		log_warn("state is not kept: %s: %s", conf->state, strerror(errno));
	if (asprintf(&daemon->state_file, "%s/verdicts", conf->state) < 0)
		daemon->state_file = NULL;
}

void save_stop(struct daemon *daemon)
{
	struct save *save = daemon->saving;
	uv_close((uv_handle_t *)&daemon->save, NULL);
	if (!save || !save->making)
		return;
	tell_waiters(save->waiters, false); /* their clients are gone */
	save_free(save);
	daemon->saving = NULL;
	daemon->unsaved = true;
}

void save_last(struct daemon *daemon)
{
	if (daemon->unsaved && daemon->state_file && daemon_board(daemon)) {
		size_t size;
		char *text = board_save_text(daemon_board(daemon), &size);
		file_replace(daemon->state_file, text, size);
		free(text);
	}
	tell_waiters(daemon->waiters, false); /* their clients are gone */
	daemon->waiters = NULL;
}
