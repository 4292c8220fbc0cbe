/*
 * daemon.c: start, signals, and the life of the control thread.
 *
 * Start: load → bind → give up privileges → restore state → first round of
 * probes → answer. Each step that fails says why and ends with status 1. Every
 * later reload comes in by `published`, which hands the new board to the prober.
 */
#include "main/daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/log.h"
#include "config.h"
#include "main/fetch.h"

#define STOP_GRACE (4 * NANO_SECOND)
#define BUILD_GRACE_MS 500

const struct conf *daemon_conf(const struct daemon *daemon)
{
	const struct live *live = live_current(daemon->source);
	return live ? live->snapshot->conf : NULL;
}

struct board *daemon_board(const struct daemon *daemon)
{
	const struct live *live = live_current(daemon->source);
	return live ? live->board : NULL;
}

/* Ends a start that cannot go on. */
static void fail(struct daemon *daemon, struct err *err)
{
	err_print(err, stderr, isatty(STDERR_FILENO));
	daemon->status = EXIT_FAILURE;
	daemon_stop(daemon);
}

/* ---- time ---- */

static void on_tick(uv_timer_t *timer)
{
	daemon_tick(timer->data);
}

void daemon_tick(struct daemon *daemon)
{
	if (daemon->phase == DAEMON_STOPPING)
		return;
	nanotime now = clock_now();
	nanotime next = board_tick(daemon_board(daemon), now, clock_wall());
	uv_timer_stop(&daemon->tick);
	if (board_news(daemon_board(daemon)))
		daemon_save(daemon, false);
	if (next == INT64_MAX)
		return;
	uint64_t delay = next > now ? (uint64_t)((next - now) / NANO_MILLI) + 1 : 1;
	uv_timer_start(&daemon->tick, on_tick, delay, 0);
}

static void on_change(void *context, bool verdict)
{
	struct daemon *daemon = context;
	daemon_tick(daemon);
	if (verdict)
		daemon_save(daemon, false);
}

/* ---- reload ---- */

struct queued {
	uv_work_t work;
	void (*run)(void *);
	void (*after)(void *);
	void *argument;
};

static void queued_run(uv_work_t *work)
{
	struct queued *queued = work->data;
	queued->run(queued->argument);
}

static void queued_after(uv_work_t *work, int status)
{
	struct queued *queued = work->data;
	(void)status;
	queued->after(queued->argument);
	free(queued);
}

static void queue(void *context, void (*run)(void *), void (*after)(void *), void *argument)
{
	struct daemon *daemon = context;
	if (daemon->phase == DAEMON_LOADING) {
		/* no thread may exist yet: giving up capabilities concerns only the thread that does it */
		run(argument);
		after(argument);
		return;
	}
	struct queued *queued = malloc(sizeof *queued);
	MUST(queued);
	*queued = (struct queued){.run = run, .after = after, .argument = argument};
	queued->work.data = queued;
	MUST(uv_queue_work(&daemon->loop, &queued->work, queued_run, queued_after) == 0);
}

/* A start that fails says so to whoever started it, and once; everything else is the log's. */
static void tell_errors(void *context, const struct err *err, bool serves)
{
	(void)context;
	if (serves)
		log_err(err);
	else
		err_print(err, stderr, isatty(STDERR_FILENO));
}

static void published(void *context, const struct live *live)
{
	struct daemon *daemon = context;
	enum log_level level = live->snapshot->conf->log;
	log_set_level(level + daemon->verbose > LOG_LEVEL_DEBUG ? LOG_LEVEL_DEBUG : level + daemon->verbose);
	if (daemon->phase == DAEMON_LOADING || daemon->phase == DAEMON_STOPPING)
		return;
	save_published(daemon);
	fetch_published(daemon->fetch);
	prober_set(daemon->prober, live->board);
	watch_published(daemon->watch);
	daemon_tick(daemon);
	if (daemon->phase == DAEMON_READY)
		announce(daemon);
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;
	if (number == SIGHUP) {
		reload_request(daemon->reload, "SIGHUP", NULL, NULL);
	} else if (number == SIGUSR1) {
		tell_reopen(daemon);
	} else {
		log_info("stopping: signal %s", number == SIGTERM ? "TERM" : "INT");
		tell(daemon, "stop", NULL, NULL, number == SIGTERM ? "SIGTERM" : "SIGINT");
		daemon_stop(daemon);
	}
}

static const int signal_numbers[] = {SIGHUP, SIGUSR1, SIGTERM, SIGINT};
enum { SIGNALS_NOT_OF_END = 2 };

/* TERM and INT while the first load keeps the loop from hearing them: nothing was opened yet, so nothing is left. */
static void leave(int number)
{
	(void)number;
	_exit(EXIT_SUCCESS);
}

static void start_signals(struct daemon *daemon)
{
	sigset_t set;
	sigemptyset(&set);
	for (unsigned i = 0; i < sizeof signal_numbers / sizeof signal_numbers[0]; i++) {
		uv_signal_init(&daemon->loop, &daemon->signals[i]);
		daemon->signals[i].data = daemon;
		if (i < SIGNALS_NOT_OF_END)
			uv_signal_start(&daemon->signals[i], on_signal, signal_numbers[i]);
		else
			signal(signal_numbers[i], leave);
		sigaddset(&set, signal_numbers[i]);
	}
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* From here on an end is an orderly one. */
static void start_signals_of_end(struct daemon *daemon)
{
	for (unsigned i = SIGNALS_NOT_OF_END; i < sizeof signal_numbers / sizeof signal_numbers[0]; i++)
		uv_signal_start(&daemon->signals[i], on_signal, signal_numbers[i]);
}

/* ---- start ---- */

static void start_notifier(struct daemon *daemon)
{
	struct notifier_options options = {.loop = &daemon->loop};
	options.listen = serve_endpoints(daemon->serve, &options.listen_count);
	daemon->notifier = notifier_new(&options);
	announce(daemon);
}

static void serve_now(void *context)
{
	struct daemon *daemon = context;
	struct err *err = err_new();
	if (daemon->phase != DAEMON_PROBING)
		goto done;
	daemon->phase = DAEMON_READY;
	if (serve_start(daemon->serve, err)) {
		fail(daemon, err);
		goto done;
	}
	log_info("ready: %s answers, generation %llu", PACKAGE_STRING,
	        (unsigned long long)live_current(daemon->source)->snapshot->generation);
	tell(daemon, "start", NULL, NULL, PACKAGE_STRING " answers");
	start_notifier(daemon);
done:
	err_free(err);
}

/* Members are known: now they are asked. */
static void lists_had(struct daemon *daemon)
{
	prober_first_round(daemon->prober, serve_now, daemon);
}

static int open_sockets(struct daemon *daemon, const struct conf *conf, struct err *err)
{
	struct serve_options options = {.listen = conf->listen,
	        .listen_count = conf->listen_count,
	        .workers = conf->workers,
	        .source = daemon->source};
	daemon->serve = serve_open(&options, err);
	int failures = daemon->serve ? 0 : -1;
	if (conf->control && control_listen(daemon->control, conf->control, err))
		failures = -1;
	else if (conf->control)
		privileges_give(conf->user, conf->control);
	if (conf->metrics)
		failures |= control_listen_metrics(daemon->control, conf->metrics, err);
	return failures;
}

/* The first build has ended. */
static void first_built(void *context, const struct reload_outcome *outcome)
{
	struct daemon *daemon = context;
	if (!outcome->loaded) {
		daemon->status = EXIT_FAILURE;
		daemon_stop(daemon);
		return;
	}
	if (daemon->phase == DAEMON_STOPPING)
		return;
	start_signals_of_end(daemon);
	const struct conf *conf = daemon_conf(daemon);
	struct err *err = err_new();
	daemon->prober = prober_new(&daemon->loop, daemon->seed[1], err);
	save_open(daemon, conf);
	if (!daemon->prober || open_sockets(daemon, conf, err) || privileges_drop(conf->user, err)) {
		fail(daemon, err);
	} else {
		daemon->phase = DAEMON_PROBING;
		tell_start(daemon);
		if (daemon->state_file)
			board_restore(daemon_board(daemon), daemon->state_file, clock_now(), clock_wall(), err);
		log_err(err);
		prober_on_change(daemon->prober, on_change, daemon);
		fetch_published(daemon->fetch);
		prober_set(daemon->prober, daemon_board(daemon));
		watch_published(daemon->watch);
		daemon_tick(daemon);
		fetch_first_round(daemon->fetch, lists_had);
	}
	err_free(err);
}

/* ---- the end ---- */

/* A build that is still under way (of a zone of millions, say) is for nobody any more. */
static void abandon_build(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	if (daemon->saving || !reload_at_work(daemon->reload))
		return;
	save_last(daemon);
	log_info("stopped, in the middle of a reload");
	_exit(daemon->status);
}

void daemon_stop(struct daemon *daemon)
{
	if (daemon->phase == DAEMON_STOPPING)
		return;
	daemon->phase = DAEMON_STOPPING;
	if (daemon->serve)
		serve_stop(daemon->serve, STOP_GRACE);
	daemon->serve = NULL;
	if (daemon->prober)
		prober_free(daemon->prober);
	daemon->prober = NULL;
	notifier_free(daemon->notifier);
	daemon->notifier = NULL;
	control_close(daemon->control);
	for (unsigned i = 0; i < sizeof daemon->signals / sizeof daemon->signals[0]; i++)
		uv_close((uv_handle_t *)&daemon->signals[i], NULL);
	save_stop(daemon);
	watch_free(daemon->watch);
	events_close(daemon->events);
	daemon->events = NULL;
	uv_update_time(&daemon->loop);
	uv_timer_start(&daemon->tick, abandon_build, BUILD_GRACE_MS, BUILD_GRACE_MS);
	uv_unref((uv_handle_t *)&daemon->tick);
}

int daemon_run(struct daemon *daemon)
{
	daemon->started = clock_wall();
	privileges_raise_limits();
	MUST(uv_loop_init(&daemon->loop) == 0);
	uv_timer_init(&daemon->loop, &daemon->tick);
	uv_timer_init(&daemon->loop, &daemon->save);
	daemon->tick.data = daemon->save.data = daemon;
	daemon->watch = watch_new(daemon);
	daemon->fetch = fetch_new(daemon);
	daemon->source = live_source_new();
	daemon->control = control_new(&daemon->loop);
	commands_register(daemon);
	daemon->reload = reload_new(daemon->path, daemon->source, daemon->seed[0],
	        (struct reload_hooks){queue, published, tell_errors, tell_reload, daemon});
	start_signals(daemon);
	reload_request(daemon->reload, "start", first_built, daemon);
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&daemon->tick, NULL);
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
	save_last(daemon);
	uv_loop_close(&daemon->loop);
	control_free(daemon->control);
	fetch_free(daemon->fetch);
	reload_free(daemon->reload);
	live_source_free(daemon->source);
	announced_free(daemon->announced);
	free(daemon->state_file);
	log_info("stopped");
	return daemon->status;
}
