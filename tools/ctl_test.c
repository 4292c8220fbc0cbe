/*
 * ctl_test.c: runs decision tests by the walk that answers, each on a stage of its own.
 */
#include "tools/ctl.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/file.h"
#include "control/control.h"
#include "tools/ctl_offline.h"
#include "tools/ctl_outcome.h"
#include "tools/ctl_stage.h"
#include "tools/ctl_steer.h"
#include "snap/snapshot.h"
#include "wire/reply.h"

enum { FILE_BYTES_MAX = 64 << 20 };

struct run {
	const struct ctl *ctl;
	const struct snapshot *snapshot;
	struct err *err; /* what does not fit the configuration, and what failed */
	struct explanation *explanation;
	unsigned passed, failed;
	json_t *failures;
};

/* ---- comparing ---- */

static bool same_answer(const struct steer_case *expected, const struct outcome *got)
{
	bool used[STEER_ANSWER_MAX] = {false};
	if (expected->answer_count != got->count || got->more)
		return false;
	for (unsigned i = 0; i < expected->answer_count; i++) {
		unsigned j = 0;
		while (j < got->count && (used[j] || strcasecmp(expected->answer[i].text, got->data[j]) != 0))
			j++;
		if (j == got->count)
			return false;
		used[j] = true;
	}
	return true;
}

/* Writes what was expected and what came, of all that differs; false if nothing does. */
static bool compare(const struct steer_case *expected, const struct outcome *got, FILE *wanted, FILE *came)
{
	char text[16];
	bool differs = false;
	int rcode = expected->rcode >= 0 ? expected->rcode : RCODE_NOERROR;
	if (rcode != got->rcode) {
		fprintf(wanted, " rcode %s", rcode_format((unsigned)rcode, text));
		fprintf(came, " rcode %s", rcode_format((unsigned)got->rcode, text));
		differs = true;
	}
	if (expected->datacenter.text &&
	        (!got->datacenter || strcmp(expected->datacenter.text, got->datacenter) != 0)) {
		fprintf(wanted, " dc %s", expected->datacenter.text);
		fprintf(came, got->datacenter ? " dc %s" : " no dc%s", got->datacenter ? got->datacenter : "");
		differs = true;
	}
	if (expected->scope >= 0 && expected->scope != got->scope) {
		fprintf(wanted, " scope %d", expected->scope);
		fprintf(came, " scope %d", got->scope);
		differs = true;
	}
	if (expected->ttl >= 0 && expected->ttl != got->ttl) {
		fprintf(wanted, " ttl %ld", expected->ttl);
		fprintf(came, got->ttl < 0 ? " no record" : " ttl %ld", got->ttl);
		differs = true;
	}
	if (expected->nodata ? got->count > 0 : expected->answer_count && !same_answer(expected, got)) {
		fputs(expected->nodata ? " nodata" : "", wanted);
		for (unsigned i = 0; i < expected->answer_count; i++)
			fprintf(wanted, " answer %s", expected->answer[i].text);
		fputs(got->count ? "" : " nodata", came);
		for (unsigned i = 0; i < got->count; i++)
			fprintf(came, " answer %s", got->data[i]);
		differs = true;
	}
	return differs;
}

/* The rule that decided: "country DE (geo/world.yaml:12)". */
static char *rule_text(const struct explanation *explanation)
{
	static const char *const kinds[] = {
	        "default", "continent", "country", "subdivision", "asn", "net", "resolver", "unknown"};
	const struct map_rule *rule = explanation->rule;
	char *text = NULL, key[ADDR_TEXT_MAX + 16] = "";
	if (rule && rule->key)
		snprintf(key, sizeof key, " %s", rule->key);
	else if (rule && rule->kind == RULE_ASN)
		snprintf(key, sizeof key, " %u", rule->asn);
	else if (rule && (rule->kind == RULE_NET || rule->kind == RULE_RESOLVER))
		prefix_format(&rule->prefix, strcpy(key, " ") + 1);
	int length = !explanation->trace.steered ? asprintf(&text, "not steered")
	             : !explanation->mapped      ? asprintf(&text, "the order of the service (%s:%u)",
	                                                   explanation->service->file, explanation->service->line)
	             : rule ? asprintf(&text, "%s%s (%s:%u)", kinds[rule->kind], key, rule->file, rule->line)
	                    : asprintf(&text, "nearest, by no rule of map %s", explanation->map);
	MUST(length >= 0);
	return text;
}

/* ---- running ---- */

static void fail_case(struct run *run, const struct steer_case *c, const char *wanted, const char *came)
{
	char *rule = rule_text(run->explanation);
	run->failed++;
	err_add(run->err, ERR_ERROR,
	        &(struct err_at){.file = c->name.at.file, .line = c->name.at.line, .column = c->name.at.column},
	        "%s: expected%s, got%s; decided by: %s", c->name.text, wanted, came, rule);
	json_array_append_new(
	        run->failures, json_pack("{ss ss si ss ss ss}", "name", c->name.text, "file", c->name.at.file, "line",
	                               (int)c->name.at.line, "expected", wanted + 1, "got", came + 1, "rule", rule));
	free(rule);
}

static void ask(struct run *run, const struct steer_case *c, struct board *board)
{
	struct live live = {run->snapshot, board};
	struct outcome outcome;
	char *wanted = NULL, *came = NULL;
	size_t size;
	explain(&live, &c->question, run->explanation);
	outcome_of(run->explanation, &outcome);
	FILE *wanted_out = open_memstream(&wanted, &size), *came_out = open_memstream(&came, &size);
	MUST(wanted_out && came_out);
	bool differs = compare(c, &outcome, wanted_out, came_out);
	MUST(fclose(wanted_out) == 0 && fclose(came_out) == 0);
	if (differs)
		fail_case(run, c, wanted, came);
	else
		run->passed++;
	outcome_free(&outcome);
	free(wanted);
	free(came);
}

static void run_case(struct run *run, const struct steer_case *c)
{
	/* A stage of its own: what was down in a case must not be held back in the next. */
	struct stage *stage = stage_new(run->snapshot);
	bool good = true;
	for (uint32_t i = 0; i < c->event_count; i++)
		good = stage_play(stage, &c->events[i], run->err) && good;
	good = stage_check_name(run->snapshot, &c->datacenter, run->err) && good;
	if (good)
		ask(run, c, stage_board(stage));
	else
		run->failed++;
	stage_free(stage);
}

/* Reads all files, so that their errors are told together, and only then runs the cases. */
static void run_files(struct run *run, struct arena *arena)
{
	const struct steer_case *cases[256];
	size_t counts[256] = {0};
	for (unsigned i = 0; i < run->ctl->count; i++) {
		size_t size;
		char *text = file_read(run->ctl->words[i], FILE_BYTES_MAX, &size, run->err, NULL);
		if (!text)
			continue;
		const char *kept = arena_stringn(arena, text, size);
		cases[i] = steer_parse(arena, run->ctl->words[i], kept, size, &counts[i], run->err);
		free(text);
	}
	if (err_count(run->err, ERR_ERROR))
		return;
	for (unsigned i = 0; i < run->ctl->count; i++)
		for (size_t j = 0; j < counts[i]; j++)
			run_case(run, &cases[i][j]);
}

static int show_outcome(const struct run *run)
{
	size_t errors = err_count(run->err, ERR_ERROR);
	json_t *items = control_err_json(run->err);
	ctl_show_own_errors(items, "test", stderr, run->ctl->colour_err);
	json_decref(items);
	if (run->ctl->json) {
		json_t *data = json_pack("{si si sO}", "passed", (int)run->passed, "failed", (int)run->failed,
		        "failures", run->failures);
		ctl_show_json(data);
		json_decref(data);
	} else if (run->passed + run->failed || !errors) {
		printf("%u passed, %u failed\n", run->passed, run->failed);
	}
	return errors ? CTL_FAILED : CTL_DONE;
}

int offline_test(const struct ctl *ctl)
{
	struct run run = {.ctl = ctl, .err = err_new(), .explanation = malloc(sizeof *run.explanation)};
	struct snapshot *snapshot = offline_load(ctl);
	struct arena *arena = arena_new();
	int status = CTL_FAILED;
	MUST(run.explanation);
	run.snapshot = snapshot;
	run.failures = json_array();
	if (snapshot) {
		run_files(&run, arena);
		status = show_outcome(&run);
	}
	json_decref(run.failures);
	arena_free(arena);
	snapshot_free(snapshot);
	free(run.explanation);
	err_free(run.err);
	return status;
}
