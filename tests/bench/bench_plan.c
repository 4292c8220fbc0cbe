/*
 * bench_plan.c: `plan` and `whatif` over the full city files with 20 data centers, as a running server does them: it
 * has a snapshot whose databases were released, and reads them again.
 *
 * `bench_plan [RUNS]`; needs geo/full (tools/geodata), and skips without. The median of the runs is printed, with the
 * time of the processor beside it, which does not grow with what else the machine does. A plan has a whole build in it:
 * what a reload would load is made first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "main/report.h"
#include "pool/board.h"
#include "snap/plan.h"
#include "snap/snapshot.h"
#include "snap/whatif.h"
#include "twenty.h"

#define LIMIT 2.0 /* seconds */
#define RUNS_MAX 99

static const char server[] = "databases: [%s, %s]\ngeo: %s/\nzones: zones/\n";
static const char zone[] = "$TTL 60\n@ SOA ns1 h 1 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.1\nwww A 192.0.2.1\n";

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	MUST(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* One service in all data centers; `bias` is that of fra. */
static void write_steering(const char *folder, const char *name, int bias)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	MUST(out);
	fputs("datacenters:\n", out);
	for (unsigned i = 0; i < DATACENTERS; i++)
		fprintf(out, "  %s: { at: [%g, %g], bias: %d, capacity: 1000 }\n", datacenters[i].name,
		        datacenters[i].latitude, datacenters[i].longitude,
		        strcmp(datacenters[i].name, "fra") == 0 ? bias : 0);
	fputs("maps: { world: { default: nearest } }\n"
	      "services:\n  www.example.com:\n    map: world\n    pools:\n",
	        out);
	for (unsigned i = 0; i < DATACENTERS; i++)
		fprintf(out, "      %s: { members: [192.0.2.%u], probe: none }\n", datacenters[i].name, i + 1);
	MUST(fclose(out) == 0);
	write_file(folder, name, text);
	free(text);
}

struct bench {
	char folder[64], now[128], next[128]; /* the configuration that serves, and what it would be */
	const struct snapshot *serving;
};

static void bench_open(struct bench *bench)
{
	static const char *const folders[] = {"zones", "now", "next"};
	char path[128], text[4096];
	strcpy(bench->folder, "/tmp/bench_plan.XXXXXX");
	MUST(mkdtemp(bench->folder));
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", bench->folder, folders[i]);
		MUST(mkdir(path, 0755) == 0);
	}
	snprintf(bench->now, sizeof bench->now, "%s/now.yaml", bench->folder);
	snprintf(bench->next, sizeof bench->next, "%s/next.yaml", bench->folder);
	snprintf(text, sizeof text, server, CITY_V4, CITY_V6, "now");
	write_file(bench->folder, "now.yaml", text);
	snprintf(text, sizeof text, server, CITY_V4, CITY_V6, "next");
	write_file(bench->folder, "next.yaml", text);
	write_file(bench->folder, "zones/example.com.zone", zone);
	write_steering(bench->folder, "now/world.yaml", 0);
	write_steering(bench->folder, "next/world.yaml", 25);
}

static void bench_close(const struct bench *bench)
{
	static const char *const names[] = {"now/world.yaml", "next/world.yaml", "zones/example.com.zone", "now.yaml",
	        "next.yaml", "now", "next", "zones", ""};
	char path[128];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", bench->folder, names[i]);
		remove(path);
	}
}

static struct snapshot *build(const char *path, const struct snapshot *previous, bool keep)
{
	struct err *err = err_new();
	struct snapshot_request request = {.path = path, .previous = previous, .accept = true, .keep = keep};
	struct snapshot *snapshot = snapshot_make(&request, err);
	err_print(err, stderr, false);
	MUST(snapshot);
	err_free(err);
	return snapshot;
}

static json_t *run_plan(const struct bench *bench)
{
	struct err *err = err_new();
	struct snapshot *after = build(bench->next, bench->serving, true);
	struct plan *plan = plan_new(bench->serving, after, NULL, err);
	MUST(plan && plan->group_count == 1);
	json_t *data = report_plan(plan);
	plan_free(plan);
	snapshot_free(after);
	err_free(err);
	return data;
}

static json_t *ask(const struct bench *bench, const char *down, const char *added)
{
	struct err *err = err_new();
	struct arena *arena = arena_new();
	struct board *board = board_new(&bench->serving->steering, NULL);
	struct whatif_state *state = whatif_state_new(board);
	struct whatif_question question = {.state = state};
	MUST(whatif_parse(arena, &question, down, added, NULL, err));
	struct whatif *whatif = whatif_new(bench->serving, &question, err);
	MUST(whatif && whatif->group_count == 1);
	json_t *data = report_whatif(whatif, &question);
	whatif_free(whatif);
	whatif_state_free(state);
	board_free(board);
	arena_free(arena);
	err_free(err);
	return data;
}

static json_t *run_down(const struct bench *bench)
{
	return ask(bench, "fra,iad", NULL);
}

static json_t *run_add(const struct bench *bench)
{
	return ask(bench, NULL, "cpt=-33.97,18.6");
}

static double processor_seconds(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static void measure(
        const struct bench *bench, const char *what, json_t *(*run)(const struct bench *bench), unsigned runs)
{
	double wall[RUNS_MAX], processor[RUNS_MAX];
	for (unsigned i = 0; i < runs; i++) {
		double used = processor_seconds();
		nanotime start = clock_now();
		json_decref(run(bench));
		wall[i] = (double)(clock_now() - start) / 1e9;
		processor[i] = processor_seconds() - used;
	}
	qsort(wall, runs, sizeof *wall, compare);
	qsort(processor, runs, sizeof *processor, compare);
	printf("plan: %s: %.2f s (at most %.0f), %.2f s of the processor, median of %u\n", what, wall[runs / 2], LIMIT,
	        processor[runs / 2], runs);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	unsigned runs = argc > 1 ? (unsigned)atoi(argv[1]) : 5;
	struct bench bench;
	if (access(CITY_V4, R_OK) || access(CITY_V6, R_OK)) {
		puts("plan: skipped: no geo/full; see tools/geodata");
		return 0;
	}
	MUST(runs && runs <= RUNS_MAX);
	bench_open(&bench);
	struct snapshot *serving = build(bench.now, NULL, false);
	bench.serving = serving;
	measure(&bench, "plan, with the build that it looks at", run_plan, runs);
	measure(&bench, "whatif --down of two", run_down, runs);
	measure(&bench, "whatif --add", run_add, runs);
	snapshot_free(serving);
	bench_close(&bench);
	return 0;
}
