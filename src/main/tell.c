/*
 * tell.c: events of the steering, of reloads, of overrides, of start and stop: to those whom `events` names.
 *
 * Called by daemon.c and commands.c, and by the board for what it decides.
 */
#include <stdio.h>
#include <time.h>

#include "main/daemon.h"

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

/* RFC 3339, in UTC. */
static json_t *now(void)
{
	char text[40];
	nanotime wall = clock_wall();
	time_t seconds = (time_t)(wall / NANO_SECOND);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + length, sizeof text - length, ".%03dZ", (int)(wall % NANO_SECOND / NANO_MILLI));
	return json_string(text);
}

static void send_event(struct daemon *daemon, const struct event *event)
{
	static const char *const levels[] = {
	        [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARN] = "warn", [LOG_LEVEL_INFO] = "info"};
	const struct live *live = live_current(daemon->source);
	if (!daemon->events)
		return;
	json_t *text = json_string(event->text);
	events_tell(
	        daemon->events, json_pack("{s:o, s:s, s:o, s:o, s:o, s:s, s:I}", "time", now(), "event", event->what,
	                                "name", text_or_null(event->name), "state", text_or_null(event->state), "text",
	                                text ? text : json_null(), "level", levels[event->level], "generation",
	                                (json_int_t)(live ? live->snapshot->generation : 0)));
}

static void hear(void *context, const struct event *event)
{
	send_event(context, event);
}

void tell_at(struct daemon *daemon, enum log_level level, const char *event, const char *name, const char *state,
        const char *text)
{
	send_event(daemon, &(struct event){level, event, name, state, .text = text});
}

void tell(struct daemon *daemon, const char *event, const char *name, const char *state, const char *text)
{
	tell_at(daemon, LOG_LEVEL_INFO, event, name, state, text);
}

void tell_start(struct daemon *daemon)
{
	const struct conf_events *to = &daemon_conf(daemon)->events;
	if (!to->file && !to->socket && !to->exec)
		return;
	struct events_options options = {
	        .loop = &daemon->loop, .file = to->file, .socket = to->socket, .exec = to->exec};
	daemon->events = events_new(&options);
	board_listen(daemon_board(daemon), hear, daemon);
}

void tell_reload(void *context, const struct reload_outcome *outcome)
{
	char text[256];
	size_t errors = err_count(outcome->err, ERR_ERROR), warnings = err_count(outcome->err, ERR_WARNING);
	snprintf(text, sizeof text, "asked for by %s; %zu error%s, %zu warning%s", outcome->why, errors,
	        errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
	send_event(context, &(struct event){outcome->failed ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "reload", NULL,
	                            !outcome->loaded  ? "failed"
	                            : outcome->failed ? "loaded in part"
	                                              : "loaded",
	                            .text = text});
}

void tell_reopen(struct daemon *daemon)
{
	if (daemon->events)
		events_reopen(daemon->events);
}

void tell_metrics(void *context, FILE *out)
{
	const struct daemon *daemon = context;
	static const char *const fates[] = {"told", "dropped"};
	struct events_counts counts;
	if (!daemon->events)
		return;
	fprintf(out, "# HELP meridian_events_total Events of the steering, by way out and fate.\n"
	             "# TYPE meridian_events_total counter\n");
	for (unsigned i = 0; i < EVENTS_WAYS; i++)
		for (unsigned j = 0; j < 2 && events_counts(daemon->events, i, &counts); j++)
			fprintf(out, "meridian_events_total{to=\"%s\",fate=\"%s\"} %llu\n", events_way_names[i],
			        fates[j], (unsigned long long)(j ? counts.dropped : counts.told));
}
