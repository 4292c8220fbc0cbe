/*
 * bench_load.c: 10,000 services of 20 pools of 4 members each: how long they take to load, how much memory they hold,
 * and how long a drain, a reload's new board and a turn of a save of the state keep the control thread, each and one
 * behind the other. What the builder thread does of a board is apart.
 *
 * `bench_load [SERVICES [RUNS]]`. Every member is an address and a target of its own, which is the hardest case. Each
 * run is a process of its own; the medians are printed. Times are of the processor (CPU), so that a busy machine shows
 * less, and by the clock beside them. Limits: load 3 s and 300 MB, drain 1 s.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "pool/pick.h"
#include "snap/snapshot.h"
#include "memory.h"

enum { SERVICES = 10000, POOLS = 20, MEMBERS = 4, RUNS = 3, PATH_ROOM = 256, TARGETS_AT_ONCE = 16384 };

enum measure { BUILD, BUILD_WALL, PREPARE, BEGIN, DRAIN, CARRY, SAVE, BEHIND, FIRST, KEPT, PEAK, MEASURES };

static const struct {
	const char *name, *unit;
	double limit; /* 0: none */
} kinds[MEASURES] = {
        [BUILD] = {"files to snapshot, CPU", "ms", 0},
        [BUILD_WALL] = {"files to snapshot, by the clock", "ms", 0},
        [PREPARE] = {"board, by the builder, CPU", "ms", 0},
        [BEGIN] = {"first board, begun, CPU", "ms", 0},
        [DRAIN] = {"drain, CPU", "ms", 1000},
        [CARRY] = {"board of a reload, begun, CPU", "ms", 0},
        [SAVE] = {"a turn of the state's text, CPU", "ms", 0},
        [BEHIND] = {"drain behind both, CPU", "ms", 1000},
        [FIRST] = {"load: snapshot and board, CPU", "ms", 3000},
        [KEPT] = {"memory held", "MB", 300},
        [PEAK] = {"memory at the peak", "MB", 0},
};

/* ---- files ---- */

static FILE *file_in(const char *folder, const char *name)
{
	char path[PATH_ROOM];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *out = fopen(path, "w");
	MUST(out);
	return out;
}

static void write_services(FILE *out, unsigned services)
{
	for (unsigned i = 0; i < services; i++) {
		fprintf(out, "  s%u.example.com:\n    map: world\n    probe: web\n    pools:\n", i);
		for (unsigned j = 0; j < POOLS; j++) {
			fprintf(out, "      d%02u: [", j);
			for (unsigned k = 0; k < MEMBERS; k++) {
				unsigned number = (i * POOLS + j) * MEMBERS + k;
				fprintf(out, "%s10.%u.%u.%u", k ? ", " : "", number >> 16, number >> 8 & 255,
				        number & 255);
			}
			fputs("]\n", out);
		}
	}
}

static void write_files(const char *folder, unsigned services)
{
	FILE *out = file_in(folder, "meridian.yaml");
	fputs("listen: [127.0.0.1@5300]\nzones: { named: { example.com: a.zone } }\ngeo: geo\n", out);
	MUST(fclose(out) == 0);
	out = file_in(folder, "a.zone");
	fputs("$TTL 600\n@ SOA ns h. 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.1\n", out);
	for (unsigned i = 0; i < services; i++)
		fprintf(out, "s%u A 192.0.2.80\n", i);
	MUST(fclose(out) == 0);
	char path[PATH_ROOM];
	snprintf(path, sizeof path, "%s/geo", folder);
	MUST(mkdir(path, 0755) == 0);
	out = file_in(folder, "geo/a.yaml");
	fputs("datacenters:\n", out);
	for (unsigned i = 0; i < POOLS; i++)
		fprintf(out, "  d%02u: { at: [%u, %u] }\n", i, i * 17 % 60, i * 37 % 170);
	fputs("probes:\n  web: { type: tcp, port: 443 }\nmaps:\n  world: { default: nearest }\nservices:\n", out);
	write_services(out, services);
	MUST(fclose(out) == 0);
}

static void remove_files(const char *folder)
{
	static const char *const names[] = {"meridian.yaml", "a.zone", "geo/a.yaml", "geo", "."};
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		char path[PATH_ROOM];
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		if (remove(path))
			rmdir(folder);
	}
}

/* ---- one run ---- */

static double cpu_ms(void)
{
	struct timespec time;
	MUST(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* What a service in use shows after a drain of its first pool. */
static void check_drained(const struct snapshot *snapshot, const struct board *board)
{
	uint8_t order[POOLS];
	for (unsigned i = 0; i < POOLS; i++)
		order[i] = (uint8_t)i;
	for (uint32_t i = 0; i < snapshot->steering.service_count; i++)
		MUST(pick_pool(board, i, FAMILY_V4, order, POOLS).pool == 1);
}

/* The longest turn of it. */
static double save(const struct board *board, size_t *size)
{
	double longest = 0, start = cpu_ms();
	struct board_text *text = board_text_begin(board);
	for (bool ended = false; !ended; start = cpu_ms()) {
		ended = board_text_go_on(text, TARGETS_AT_ONCE);
		longest = cpu_ms() - start > longest ? cpu_ms() - start : longest;
	}
	free(board_text_take(text, size));
	return longest;
}

static void measure(const char *folder, double result[MEASURES])
{
	char path[PATH_ROOM];
	snprintf(path, sizeof path, "%s/meridian.yaml", folder);
	struct err *err = err_new();
	nanotime wall = clock_now();
	double start = cpu_ms();
	struct snapshot *snapshot = snapshot_build(path, NULL, 7, err);
	if (!snapshot)
		err_print(err, stderr, false);
	MUST(snapshot);
	result[BUILD] = cpu_ms() - start;
	result[BUILD_WALL] = (double)(clock_now() - wall) / 1e6;
	start = cpu_ms();
	struct board *board = board_prepare(&snapshot->steering);
	result[PREPARE] = cpu_ms() - start;
	start = cpu_ms();
	board_begin(board, NULL);
	result[BEGIN] = cpu_ms() - start;
	result[FIRST] = result[BUILD] + result[PREPARE] + result[BEGIN];
	for (uint32_t i = 0; i < snapshot->steering.target_count; i++)
		board_report(board, i, &(struct result){.ok = true, .detail = "connected"}, 1, 2);
	err_free(err);
	err = err_new();
	result[KEPT] = memory("VmRSS:") / 1e6;
	start = cpu_ms();
	MUST(board_drain(board, "d00", &(struct override){.reason = "bench"}, 1, 2, err) == 1);
	result[DRAIN] = cpu_ms() - start;
	check_drained(snapshot, board);
	size_t size;
	result[SAVE] = save(board, &size);
	struct board *next = board_prepare(&snapshot->steering);
	start = cpu_ms();
	board_begin(next, board);
	result[CARRY] = cpu_ms() - start;
	result[BEHIND] = result[DRAIN] + result[SAVE] + result[CARRY];
	check_drained(snapshot, next);
	result[PEAK] = memory("VmHWM:") / 1e6;
	board_free(next);
	board_free(board);
	snapshot_free(snapshot);
	err_free(err);
}

static void run(const char *folder, double result[MEASURES])
{
	int ends[2];
	MUST(pipe(ends) == 0);
	pid_t child = fork();
	MUST(child >= 0);
	if (!child) {
		measure(folder, result);
		MUST(write(ends[1], result, MEASURES * sizeof *result) == (ssize_t)(MEASURES * sizeof *result));
		_exit(0);
	}
	close(ends[1]);
	MUST(read(ends[0], result, MEASURES * sizeof *result) == (ssize_t)(MEASURES * sizeof *result));
	close(ends[0]);
	MUST(waitpid(child, NULL, 0) == child);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

int main(int count, char **words)
{
	unsigned services = count > 1 ? (unsigned)strtoul(words[1], NULL, 10) : SERVICES;
	unsigned runs = count > 2 ? (unsigned)strtoul(words[2], NULL, 10) : RUNS;
	double(*results)[MEASURES] = calloc(runs, sizeof *results), column[64];
	bool good = true;
	char folder[] = "/tmp/meridian-bench-XXXXXX";
	MUST(runs > 0 && runs <= 64 && results && mkdtemp(folder));
	log_set_level(LOG_LEVEL_ERROR);
	write_files(folder, services);
	for (unsigned i = 0; i < runs; i++)
		run(folder, results[i]);
	remove_files(folder);
	printf("load: %u services, %u members\n", services, services * POOLS * MEMBERS);
	for (unsigned i = 0; i < MEASURES; i++) {
		for (unsigned j = 0; j < runs; j++)
			column[j] = results[j][i];
		qsort(column, runs, sizeof *column, compare);
		double median = column[runs / 2];
		printf("  %-34s %7.0f %s", kinds[i].name, median, kinds[i].unit);
		if (kinds[i].limit > 0)
			printf("  (at most %.0f)", kinds[i].limit);
		puts("");
		good &= services > SERVICES || kinds[i].limit <= 0 || median <= kinds[i].limit;
	}
	free(results);
	return good ? 0 : 1;
}
