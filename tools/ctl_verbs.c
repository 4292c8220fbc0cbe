/*
 * ctl_verbs.c: the table of verbs. Usage, `help` and the man page (tests/house/manpages) follow it.
 */
#include "tools/ctl.h"

#include <string.h>

#include "answer/explain.h"

/* Calls the server, and shows its data as it is, or by `show` (NULL: nothing to show but that it is done). */
static int call(const struct ctl *ctl, const char *verb, void (*show)(const struct ctl *ctl, const json_t *data))
{
	json_t *data = ctl_call(ctl, ctl_verb_find(verb));
	if (!data)
		return CTL_FAILED;
	if (ctl->json)
		ctl_show_json(data);
	else if (show)
		show(ctl, data);
	json_decref(data);
	return CTL_DONE;
}

/* A configuration that is named, and no socket, is asked itself; else the server is. */
static bool asks_files(const struct ctl *ctl)
{
	return ctl->file && !ctl->socket;
}

static void show_reloaded(const struct ctl *ctl, const json_t *data)
{
	ctl_show_errors(json_object_get(data, "warnings"), stderr, ctl->colour_err);
	printf("generation %lld, loaded in %lld ms\n",
	        (long long)json_integer_value(json_object_get(data, "generation")),
	        (long long)json_integer_value(json_object_get(data, "took_ms")));
}

static int run_status(const struct ctl *ctl)
{
	return call(ctl, "status", ctl_show_status);
}

static int run_reload(const struct ctl *ctl)
{
	return call(ctl, "reload", show_reloaded);
}

static int run_plan(const struct ctl *ctl)
{
	if (ctl->from)
		return offline_plan(ctl);
	return call(ctl, "plan", ctl_show_plan);
}

static int run_whatif(const struct ctl *ctl)
{
	if (!ctl->down && !ctl->add) {
		ctl_fail(ctl, "say what happens: --down DC[,DC], or --add NAME=LATITUDE,LONGITUDE");
		return CTL_USAGE;
	}
	return asks_files(ctl) ? offline_whatif(ctl) : call(ctl, "whatif", ctl_show_whatif);
}

static int run_health(const struct ctl *ctl)
{
	return call(ctl, "health", ctl_show_health);
}

static int run_stats(const struct ctl *ctl)
{
	return call(ctl, "stats", ctl_show_stats);
}

static int run_explain(const struct ctl *ctl)
{
	struct explain_question question;
	const char *type = ctl->count > 1 ? ctl->words[1] : NULL;
	const char *why = ctl->from || ctl->ecs ? explain_parse(&question, ctl->words[0], type, ctl->from, ctl->ecs)
	                                        : "say who asks: --from ADDRESS, or --ecs PREFIX";
	if (why) {
		ctl_fail(ctl, "explain %s: %s", ctl->words[0], why);
		return CTL_USAGE;
	}
	return asks_files(ctl) || ctl->when ? offline_explain(ctl) : call(ctl, "explain", ctl_show_explain);
}

static int run_record(const struct ctl *ctl)
{
	if (ctl->from || ctl->log)
		return offline_record(ctl);
	ctl_fail(ctl, "say who asks: --from ADDRESS[,ADDRESS], or --log FILE");
	return CTL_USAGE;
}

static int run_drain(const struct ctl *ctl)
{
	return call(ctl, "drain", ctl_show_override);
}

static int run_undrain(const struct ctl *ctl)
{
	return call(ctl, "undrain", ctl_show_override);
}

static int run_force(const struct ctl *ctl)
{
	if (strcmp(ctl->words[1], "up") != 0 && strcmp(ctl->words[1], "down") != 0) {
		ctl_fail(ctl, "a target is forced up or down, not '%s'", ctl->words[1]);
		return CTL_USAGE;
	}
	return call(ctl, "force", ctl_show_override);
}

static int run_release(const struct ctl *ctl)
{
	return call(ctl, "release", ctl_show_override);
}

/* Columns: name, synopsis, help; what runs it, whether it needs a server; least and most words, the members of the
 * request that they become; letters of options; whether the server may take its time; what does
 * without one. */
const struct ctl_verb ctl_verbs[] = {
        {"check", "check", "read all files as a reload would, and report every error", /**/
                offline_check, false, 0, 0, {NULL}, ""},
        {"status", "status", "version, last reload and its errors, zones, databases and their age", /**/
                run_status, true, 0, 0, {NULL}, ""},
        {"reload", "reload [--accept]", "reload now, and wait for the outcome", /**/
                run_reload, true, 0, 0, {NULL}, "A", true},
        {"plan", "plan [--log FILE] [--from OLD]",                                                        /**/
                "what a reload would change (with --from: between two configurations, without a server)", /**/
                run_plan, true, 0, 0, {NULL}, "fl", true,
                "without a server, compare with another configuration: plan --from OLD.yaml"},
        {"whatif", "whatif [--down DC[,DC]] [--add NAME=LAT,LON] [--services NAME[,NAME]] [--log FILE]",
                "who would go where if data centers failed, or there was one more (with -c: by the files, without a "
                "server)",
                run_whatif, true, 0, 0, {NULL}, "daSl", true},
        {"health", "health", "every target, pool and data center: state, since when, last results, what was read", /**/
                run_health, true, 0, 0, {NULL}, ""},
        {"explain", "explain NAME [TYPE] --from ADDRESS [--ecs PREFIX] [--when CONDITIONS]",  /**/
                "why this client gets this answer (with -c: by the files, without a server)", /**/
                run_explain, true, 1, 2, {"name", "type"}, "few"},
        {"test", "test FILE...", "run decision tests (*.steer) on the files", /**/
                offline_test, false, 1, 256, {NULL}, ""},
        {"record", "record [NAME...] --from ADDRESS[,ADDRESS]|--log FILE [--when CONDITIONS]",
                "the answers of the files as decision tests, which `test` passes (no name: all services)", run_record,
                false, 0, 256, {NULL}, "flw"},
        {"drain", "drain DC [--over DURATION] [--reason TEXT] [--force]", "send no client to a data center", /**/
                run_drain, true, 1, 1, {"datacenter"}, "roF"},
        {"undrain", "undrain DC", "end a drain", /**/
                run_undrain, true, 1, 1, {"datacenter"}, ""},
        {"force", "force TARGET up|down [--over DURATION] [--reason TEXT] [--force]",
                "give a target a verdict by hand", /**/
                run_force, true, 2, 2, {"target", "state"}, "roF"},
        {"release", "release TARGET|SERVICE",
                "leave a target to its probe again; forget the highest epoch of a service", /**/
                run_release, true, 1, 1, {"target"}, ""},
        {"stats", "stats", "counters, as in the metrics", /**/
                run_stats, true, 0, 0, {NULL}, ""},
};
const unsigned ctl_verb_count = sizeof ctl_verbs / sizeof *ctl_verbs;

const struct ctl_verb *ctl_verb_find(const char *name)
{
	for (unsigned i = 0; i < ctl_verb_count; i++)
		if (strcmp(ctl_verbs[i].name, name) == 0)
			return &ctl_verbs[i];
	return NULL;
}

const char *ctl_file(const struct ctl *ctl)
{
	return ctl->file ? ctl->file : MERIDIAN_SYSCONFDIR "/meridian.yaml";
}
