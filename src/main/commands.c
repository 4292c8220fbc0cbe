/*
 * commands.c: the verbs of meridianctl, and the metrics.
 *
 * Registered with control by daemon.c; each runs on the control thread. The
 * shapes of requests and replies are in src/control/README.md.
 */
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/text.h"
#include "main/fetch.h"
#include "main/report.h"
#include "wire/rrset.h"

/* ---- requests ---- */

/* A member of the request as text; NULL if there is none. */
static const char *option(const json_t *request, const char *name)
{
	return json_string_value(json_object_get(request, name));
}

static bool flag(const json_t *request, const char *name)
{
	return json_is_true(json_object_get(request, name));
}

/* The live pair, or a failure while there is none. */
static const struct live *live_of(struct daemon *daemon, struct control_request *request)
{
	const struct live *live = live_current(daemon->source);
	if (!live)
		control_fail(request, NULL, "still loading; ask again in a moment");
	return live;
}

/* ---- verbs ---- */

static void run_status(void *context, struct control_request *request, const json_t *arguments)
{
	struct daemon *daemon = context;
	(void)arguments;
	json_t *status = report_status(daemon), *remarks = json_object_get(status, "remarks");
	if (remarks)
		fetch_remark(daemon->fetch, NULL, remarks);
	control_reply(request, status);
}

static void run_health(void *context, struct control_request *request, const json_t *arguments)
{
	(void)arguments;
	struct daemon *daemon = context;
	const struct live *live = live_of(daemon, request);
	if (!live)
		return;
	json_t *health = report_health(live);
	fetch_remark(daemon->fetch, NULL, json_object_get(health, "remarks"));
	json_object_set_new(health, "lists", fetch_report(daemon->fetch));
	control_reply(request, health);
}

static void reloaded(void *context, const struct reload_outcome *outcome)
{
	struct control_request *request = context;
	if (outcome->failed) {
		control_fail(request, outcome->err, "%s",
		        outcome->loaded ? "loaded with errors: what they concern goes on as it was"
		                        : "not loaded: everything goes on as it was");
		return;
	}
	control_reply(
	        request, json_pack("{s:I, s:I, s:o}", "generation", (json_int_t)outcome->generation, "took_ms",
	                         (json_int_t)(outcome->took / NANO_MILLI), "warnings", control_err_json(outcome->err)));
}

static void run_reload(void *context, struct control_request *request, const json_t *arguments)
{
	struct daemon *daemon = context;
	if (flag(arguments, "accept"))
		reload_request_accepted(daemon->reload, "meridianctl, accepted", reloaded, request);
	else
		reload_request(daemon->reload, "meridianctl", reloaded, request);
}

static void run_explain(void *context, struct control_request *request, const json_t *arguments)
{
	struct daemon *daemon = context;
	const struct live *live = live_of(daemon, request);
	if (!live)
		return;
	struct explain_question question;
	const char *why = explain_parse(&question, option(arguments, "name"), option(arguments, "type"),
	        option(arguments, "from"), option(arguments, "ecs"));
	if (why) {
		control_fail(request, NULL, "%s", why);
		return;
	}
	struct explanation *explanation = malloc(sizeof *explanation);
	explain(live, &question, explanation);
	json_t *report = report_explanation(live, &question, explanation), *remarks = json_array();
	if (explanation->service)
		fetch_remark(daemon->fetch, explanation->service->name, remarks);
	json_object_set_new(report, "remarks", remarks);
	control_reply(request, report);
	free(explanation);
}

static void sum_counters(const struct daemon *daemon, struct counters *sum)
{
	*sum = (struct counters){0};
	if (daemon->serve)
		serve_counters(daemon->serve, sum);
	if (daemon->notifier)
		counters_sum(sum->values, notifier_counters(daemon->notifier));
}

static void run_stats(void *context, struct control_request *request, const json_t *arguments)
{
	struct daemon *daemon = context;
	(void)arguments;
	struct counters sum;
	sum_counters(daemon, &sum);
	json_t *values = json_object();
	for (unsigned i = 0; i < COUNTERS; i++) {
		char name[128];
		snprintf(name, sizeof name, "%s%s%s%s", counter_rows[i].metric, *counter_rows[i].label ? "{" : "",
		        counter_rows[i].label, *counter_rows[i].label ? "}" : "");
		json_object_set_new(values, name, json_integer((json_int_t)sum.values[i]));
	}
	control_reply(request, json_pack("{s:o}", "counters", values));
}

/* ---- overrides ---- */

#define REASON_MAX 256 /* in the log and the events: as much as the board keeps */

struct overridden {
	struct control_request *request;
	json_t *reply;
};

/* The override is in the state file, or could not be put there. */
static void override_kept(void *context, bool kept)
{
	struct overridden *done = context;
	json_object_set_new(done->reply, "kept", json_boolean(kept));
	control_reply(done->request, done->reply);
	free(done);
}

/* Ends a request for an override, by what the board said: 0: there was nothing to end. `how`: NULL where there is
 * nothing to say of it. */
static void overridden(struct daemon *daemon, struct control_request *request, int did, struct err *err,
        const char *what, const char *name, const struct override *how)
{
	if (did < 0) {
		const struct err_item *item = err_items(err) ? err_item(err, 0) : NULL;
		control_fail(request, NULL, "%s", item ? item->message : "refused");
	} else {
		char why[REASON_MAX] = "";
		if (how && how->reason)
			text_visible(why, sizeof why, how->reason, strlen(how->reason));
		if (did)
			log_info("override: %s %s%s%s", what, name, *why ? ": " : "", why);
		if (did)
			tell(daemon, "override", name, what, *why ? why : "by hand");
		daemon_tick(daemon);
		struct overridden *done = malloc(sizeof *done);
		MUST(done);
		*done = (struct overridden){
		        request, json_pack("{s:s, s:s, s:b, s:o}", "did", what, "name", name, "nothing", !did,
		                         "drained", report_drained(daemon_board(daemon)))};
		daemon_save_then(daemon, override_kept, done);
	}
	err_free(err);
}

/* How it is to be done, from `reason`, `force` and `over` of the request; false: ended with a failure. */
static bool read_override(struct control_request *request, const json_t *arguments, struct override *how)
{
	const json_t *given = json_object_get(arguments, "over");
	const char *over = json_string_value(given);
	*how = (struct override){.reason = option(arguments, "reason"), .insist = flag(arguments, "force")};
	if (!given || (over && override_read_over(how, over)))
		return true;
	control_fail(request, NULL, OVERRIDE_OVER);
	return false;
}

static void drain(struct daemon *daemon, struct control_request *request, const json_t *arguments, bool drained)
{
	const struct live *live = live_of(daemon, request);
	const char *name = option(arguments, "datacenter");
	struct override how;
	if (!live || !read_override(request, arguments, &how))
		return;
	if (!name) {
		control_fail(request, NULL, "name a data center");
		return;
	}
	struct err *err = err_new();
	int did = drained ? board_drain(live->board, name, &how, clock_now(), clock_wall(), err)
	                  : board_undrain(live->board, name, clock_now(), clock_wall(), err);
	overridden(daemon, request, did, err, drained ? "drain" : "undrain", name, &how);
}

static void run_drain(void *context, struct control_request *request, const json_t *arguments)
{
	drain(context, request, arguments, true);
}

static void run_undrain(void *context, struct control_request *request, const json_t *arguments)
{
	drain(context, request, arguments, false);
}

static void run_force(void *context, struct control_request *request, const json_t *arguments)
{
	const struct live *live = live_of(context, request);
	const char *target = option(arguments, "target"), *word = option(arguments, "state");
	struct override how;
	if (!live || !read_override(request, arguments, &how))
		return;
	if (!target || !word || (strcmp(word, "up") != 0 && strcmp(word, "down") != 0)) {
		control_fail(request, NULL, "say which target, and up or down: force TARGET up|down");
		return;
	}
	struct err *err = err_new();
	int did = board_force(
	        live->board, target, *word == 'u' ? VERDICT_UP : VERDICT_DOWN, &how, clock_now(), clock_wall(), err);
	overridden(context, request, did, err, *word == 'u' ? "force up" : "force down", target, &how);
}

static void run_release(void *context, struct control_request *request, const json_t *arguments)
{
	const struct live *live = live_of(context, request);
	const char *target = option(arguments, "target");
	if (!live)
		return;
	if (!target) {
		control_fail(request, NULL,
		        "name a target, as `meridianctl health` shows it, or a service that follows a primary");
		return;
	}
	struct err *err = err_new();
	int did = board_release(live->board, target, clock_now(), clock_wall(), err);
	overridden(context, request, did, err, "release", target, NULL);
}

/* ---- metrics ---- */

static void metrics_counters(void *context, FILE *out)
{
	const struct daemon *daemon = context;
	struct counters sum;
	sum_counters(daemon, &sum);
	for (unsigned i = 0; i < COUNTERS; i++) {
		const struct counter_row *row = &counter_rows[i];
		if (!i || strcmp(row->metric, counter_rows[i - 1].metric) != 0)
			fprintf(out, "# HELP meridian_%s %s.\n# TYPE meridian_%s %s\n", row->metric, row->help,
			        row->metric, row->kind == COUNTER_KIND_GAUGE ? "gauge" : "counter");
		fprintf(out, "meridian_%s%s%s%s %llu\n", row->metric, *row->label ? "{" : "", row->label,
		        *row->label ? "}" : "", (unsigned long long)sum.values[i]);
	}
}

/* A label's value, escaped as the text format wants it. */
static void write_value(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text == '\n' ? ' ' : *text, out);
	}
}

static void metrics_state(void *context, FILE *out)
{
	const struct daemon *daemon = context;
	const struct live *live = live_current(daemon->source);
	if (!live)
		return;
	const struct reload_last *last = reload_last(daemon->reload);
	fprintf(out,
	        "# HELP meridian_generation Generation of the data that is served.\n"
	        "# TYPE meridian_generation gauge\nmeridian_generation %llu\n",
	        (unsigned long long)live->snapshot->generation);
	fprintf(out,
	        "# HELP meridian_reload_failed Whether the last reload had an error.\n"
	        "# TYPE meridian_reload_failed gauge\nmeridian_reload_failed %d\n",
	        last && last->failed);
	fprintf(out, "# HELP meridian_target_up Whether a target counts as up.\n# TYPE meridian_target_up gauge\n");
	const struct steering *steering = board_steering(live->board);
	for (uint32_t i = 0; i < steering->target_count; i++) {
		fputs("meridian_target_up{target=\"", out);
		write_value(out, steering->targets[i].name);
		fprintf(out, "\"} %d\n", target_is_up(board_target(live->board, i)));
	}
}

void commands_register(struct daemon *daemon)
{
	const struct control_command commands[] = {
	        {"status", "what runs and what was loaded", run_status, daemon},
	        {"reload", "reload now, and wait for the outcome", run_reload, daemon},
	        {"health", "every target and pool", run_health, daemon},
	        {"explain", "why a client gets its answer", run_explain, daemon},
	        {"stats", "counters", run_stats, daemon},
	        {"drain", "take a data center out", run_drain, daemon},
	        {"undrain", "take it in again", run_undrain, daemon},
	        {"force", "give a target a verdict by hand", run_force, daemon},
	        {"release", "end the force of a target, or forget the epoch of a service", run_release, daemon},
	};
	for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++)
		control_register(daemon->control, &commands[i]);
	inspect_register(daemon);
	control_register_metrics(daemon->control, metrics_counters, daemon);
	control_register_metrics(daemon->control, fetch_metrics, daemon->fetch);
	control_register_metrics(daemon->control, metrics_state, daemon);
	control_register_metrics(daemon->control, tell_metrics, daemon);
}
