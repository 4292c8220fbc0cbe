/*
 * inspect.c: the verbs that look at what a change would do, or what a failure would do: plan, whatif.
 *
 * Each is an inspection through the door of reloads: it looks at the snapshot that served when it began, and reloads
 * that come meanwhile are not held up. A query log is read with the server's rights; its lines are never quoted,
 * so that the socket shows nobody a file that is not theirs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "main/report.h"
#include "snap/plan.h"
#include "snap/whatif.h"

struct job {
	struct control_request *request;
	json_t *arguments;
	struct err *err;
	json_t *data; /* NULL: failed, and `why` */
	const char *why;
	struct whatif_state *state; /* of whatif */
};

static struct job *job_new(struct control_request *request, const json_t *arguments)
{
	struct job *job = calloc(1, sizeof *job);
	MUST(job);
	job->request = request;
	job->arguments = json_deep_copy(arguments);
	job->err = err_new();
	return job;
}

static void job_done(void *context)
{
	struct job *job = context;
	if (job->data)
		control_reply(job->request, job->data);
	else
		control_fail(job->request, job->err, "%s", job->why);
	json_decref(job->arguments);
	whatif_state_free(job->state);
	err_free(job->err);
	free(job);
}

static void job_queue(struct daemon *daemon, struct job *job, const struct reload_inspection *inspection)
{
	if (reload_inspect(daemon->reload, inspection))
		return;
	job->why = live_current(daemon->source) ? "too many are at it already; ask again in a moment"
	                                        : "still loading; ask again in a moment";
	job_done(job);
}

/* The log that was named; false and `why` if it cannot be used. NULL if none was. */
static bool job_log(struct job *job, struct query_log **log)
{
	const char *path = json_string_value(json_object_get(job->arguments, "log"));
	*log = path ? query_log_read(path, false, job->err) : NULL;
	job->why = "the query log cannot be used (the server reads it, as its own user)";
	return !path || *log;
}

/* ---- plan ---- */

static void plan_begin(void *context, const struct live *live)
{
	(void)context;
	(void)live;
}

static void plan_compare(struct job *job, const struct snapshot *before, const struct snapshot *after)
{
	struct query_log *log;
	if (!job_log(job, &log))
		return;
	struct plan *plan = plan_new(before, after, log, job->err);
	job->why = "cannot compare";
	if (plan) {
		job->data = report_plan(plan);
		json_object_set_new(job->data, "generation", json_integer((json_int_t)before->generation));
		json_object_set_new(job->data, "items", control_err_json(job->err));
	}
	plan_free(plan);
	query_log_free(log);
}

static void plan_work(void *context, const struct snapshot *snapshot, const struct snapshot_request *request)
{
	struct job *job = context;
	struct snapshot_request wanted = *request;
	wanted.accept = wanted.keep = true;
	struct snapshot *after = snapshot_make(&wanted, job->err);
	job->why = "a reload would be refused, and everything go on as it is";
	if (after)
		plan_compare(job, snapshot, after);
	snapshot_free(after);
}

static void run_plan(void *context, struct control_request *request, const json_t *arguments)
{
	struct job *job = job_new(request, arguments);
	job_queue(context, job, &(struct reload_inspection){plan_begin, plan_work, job_done, job});
}

/* ---- whatif ---- */

static void whatif_begin(void *context, const struct live *live)
{
	struct job *job = context;
	job->state = whatif_state_new(live->board);
}

static void whatif_ask(struct job *job, const struct snapshot *snapshot, struct whatif_question *question)
{
	struct query_log *log;
	if (!job_log(job, &log))
		return;
	question->log = log;
	question->state = job->state;
	job->why = "cannot tell";
	struct whatif *whatif = whatif_new(snapshot, question, job->err);
	if (whatif) {
		job->data = report_whatif(whatif, question);
		json_object_set_new(job->data, "generation", json_integer((json_int_t)snapshot->generation));
		json_object_set_new(job->data, "items", control_err_json(job->err));
	}
	whatif_free(whatif);
	query_log_free(log);
}

static void whatif_work(void *context, const struct snapshot *snapshot, const struct snapshot_request *request)
{
	struct job *job = context;
	struct arena *arena = arena_new();
	struct whatif_question question = {.down = NULL};
	(void)request;
	job->why = "cannot tell";
	if (whatif_parse(arena, &question, json_string_value(json_object_get(job->arguments, "down")),
	            json_string_value(json_object_get(job->arguments, "add")),
	            json_string_value(json_object_get(job->arguments, "services")), job->err))
		whatif_ask(job, snapshot, &question);
	arena_free(arena);
}

static void run_whatif(void *context, struct control_request *request, const json_t *arguments)
{
	struct job *job = job_new(request, arguments);
	job_queue(context, job, &(struct reload_inspection){whatif_begin, whatif_work, job_done, job});
}

void inspect_register(struct daemon *daemon)
{
	const struct control_command commands[] = {
	        {"plan", "what a reload would change", run_plan, daemon},
	        {"whatif", "what a failure, or one more data center, would do", run_whatif, daemon},
	};
	for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++)
		control_register(daemon->control, &commands[i]);
}
