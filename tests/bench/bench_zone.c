/*
 * bench_zone.c: a zone of a million records, one A record a name: records a second, and memory a record above the
 * text's size.
 *
 * `bench_zone [RECORDS [RUNS]]`. Each run is a process of its own, so that its memory is its own; the median of the
 * runs is printed. Memory is what is resident: after the load, with only the zone left, and at the peak of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "memory.h"
#include "zone/zone.h"

struct result {
	double rate, kept, peak; /* records a second; bytes a record above the text's size */
};

static const uint8_t origin[] = "\7example\3com";

static uint64_t write_zone(const char *path, unsigned records)
{
	FILE *out = fopen(path, "w");
	MUST(out);
	fprintf(out, "$TTL 300\n@ IN SOA ns1 hostmaster 1 2h 30m 2w 5m\n  IN NS ns1\nns1 IN A 10.0.0.1\n");
	for (unsigned i = 0; i < records; i++)
		fprintf(out, "n%07u IN A 10.%u.%u.%u\n", i, i >> 16 & 255, i >> 8 & 255, i & 255);
	long size = ftell(out);
	MUST(fclose(out) == 0 && size > 0);
	return (uint64_t)size;
}

static struct result measure(const char *path, uint64_t text)
{
	struct err *err = err_new();
	double before = memory("VmRSS:");
	nanotime start = clock_now();
	struct zone *zone = zone_load(path, origin, 42, NULL, err);
	double seconds = (double)(clock_now() - start) / 1e9;
	if (!zone)
		err_print(err, stderr, false);
	MUST(zone);
	double records = (double)zone->records;
	struct result result = {.rate = records / seconds,
	        .kept = (memory("VmRSS:") - before - (double)text) / records,
	        .peak = (memory("VmHWM:") - before - (double)text) / records};
	zone_release(zone);
	err_free(err);
	return result;
}

static struct result run(const char *path, uint64_t text)
{
	int ends[2];
	struct result result;
	MUST(pipe(ends) == 0);
	pid_t child = fork();
	MUST(child >= 0);
	if (child == 0) {
		result = measure(path, text);
		_exit(write(ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
	}
	int status;
	close(ends[1]);
	MUST(read(ends[0], &result, sizeof result) == sizeof result);
	close(ends[0]);
	MUST(waitpid(child, &status, 0) == child && status == 0);
	return result;
}

static int by_rate(const void *a, const void *b)
{
	double x = ((const struct result *)a)->rate, y = ((const struct result *)b)->rate;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	enum { RUNS_MAX = 99 };
	unsigned records = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000;
	unsigned runs = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5;
	struct result results[RUNS_MAX];
	char path[] = "/tmp/meridian-bench-zone-XXXXXX";
	if (runs < 1 || runs > RUNS_MAX || records < 1)
		return 2;
	int file = mkstemp(path);
	MUST(file >= 0);
	close(file);
	uint64_t text = write_zone(path, records);
	for (unsigned i = 0; i < runs; i++)
		results[i] = run(path, text);
	unlink(path);
	qsort(results, runs, sizeof results[0], by_rate);
	const struct result *median = &results[runs / 2];
	printf("zone: %u records, median of %u: %.0f records/s (at least 500000), %.1f bytes a record above the text's "
	       "size "
	       "(at most 150), %.1f at the peak\n",
	        records, runs, median->rate, median->kept, median->peak);
	return 0;
}
