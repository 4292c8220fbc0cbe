/*
 * ctl_offline.c: what needs no server: the files are read as a reload would read them.
 */
#include "tools/ctl.h"

#include <stdlib.h>

#include "answer/explain.h"
#include "base/assert.h"
#include "control/control.h"
#include "tools/ctl_offline.h"
#include "tools/ctl_stage.h"
#include "main/report.h"
#include "snap/snapshot.h"

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/* "3 zones, 12 services, 20 data centers: no errors". */
static void show_summary(const struct snapshot *snapshot, size_t errors, size_t warnings)
{
	if (snapshot)
		printf("%u zone%s, %u service%s, %u data center%s: ", snapshot->zone_count,
		        plural(snapshot->zone_count), snapshot->steering.service_count,
		        plural(snapshot->steering.service_count), snapshot->steering.datacenter_count,
		        plural(snapshot->steering.datacenter_count));
	if (errors)
		printf("%zu error%s", errors, plural(errors));
	else
		fputs("no errors", stdout);
	if (warnings)
		printf(", %zu warning%s", warnings, plural(warnings));
	putchar('\n');
}

int offline_check(const struct ctl *ctl)
{
	struct err *err = err_new();
	struct snapshot *snapshot = snapshot_build(ctl_file(ctl), NULL, 0, err);
	if (snapshot)
		conf_check_user(snapshot->conf, err);
	size_t errors = err_count(err, ERR_ERROR), warnings = err_count(err, ERR_WARNING);
	err_print(err, stderr, ctl->colour_err);
	if (ctl->json) {
		json_t *data = json_pack("{sb sI sI so}", "ok", !errors, "errors", (json_int_t)errors, "warnings",
		        (json_int_t)warnings, "items", control_err_json(err));
		if (snapshot)
			json_object_update_new(
			        data, json_pack("{sI sI sI}", "zones", (json_int_t)snapshot->zone_count, "services",
			                      (json_int_t)snapshot->steering.service_count, "datacenters",
			                      (json_int_t)snapshot->steering.datacenter_count));
		ctl_show_json(data);
		json_decref(data);
	} else {
		show_summary(snapshot, errors, warnings);
	}
	snapshot_free(snapshot);
	err_free(err);
	return errors || !snapshot ? CTL_FAILED : CTL_DONE;
}

struct snapshot *offline_load(const struct ctl *ctl)
{
	struct err *err = err_new();
	struct snapshot *snapshot = snapshot_build(ctl_file(ctl), NULL, 0, err);
	/* Errors of zones stop nothing, as in the server; warnings are the business of `check`. */
	if (err_count(err, ERR_ERROR))
		err_print(err, stderr, ctl->colour_err);
	if (!snapshot)
		ctl_fail(ctl, "%s: nothing can be said with these errors", ctl_file(ctl));
	err_free(err);
	return snapshot;
}

static int show_explanation(const struct ctl *ctl, const struct live *live, const struct explain_question *question)
{
	struct explanation *explanation = malloc(sizeof *explanation);
	MUST(explanation);
	explain(live, question, explanation);
	json_t *data = report_explanation(live, question, explanation);
	if (ctl->json)
		ctl_show_json(data);
	else
		ctl_show_explain(ctl, data);
	json_decref(data);
	free(explanation);
	return CTL_DONE;
}

int offline_explain(const struct ctl *ctl)
{
	struct explain_question question;
	const char *why = explain_parse(
	        &question, ctl->words[0], ctl->count > 1 ? ctl->words[1] : NULL, ctl->from, ctl->ecs);
	if (why)
		return ctl_fail(ctl, "%s", why);
	struct snapshot *snapshot = offline_load(ctl);
	if (!snapshot)
		return CTL_FAILED;
	struct stage *stage = stage_new(snapshot);
	struct live live = {snapshot, stage_board(stage)};
	struct err *err = err_new();
	int status = CTL_FAILED;
	if (stage_play_text(stage, ctl->when, err))
		status = show_explanation(ctl, &live, &question);
	err_print(err, stderr, ctl->colour_err);
	err_free(err);
	stage_free(stage);
	snapshot_free(snapshot);
	return status;
}
