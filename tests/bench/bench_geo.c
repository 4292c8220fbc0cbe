/*
 * bench_geo.c: the full DB-IP city files and 20 data centers: compile time and memory, 50 sets of data centers, and
 * lookups against a binary trie.
 *
 * `bench_geo [RUNS]`; needs geo/full (tools/geodata), and skips without. Each compile is a process of its own, so that
 * its memory is its own; the median of the runs is printed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/hash.h"
#include "geo/build.h"
#include "trie_oracle.h"
#include "twenty.h"

#define SETS 51 /* all, and 50 others */
#define TABLE_MEMORY (UINT64_C(256) << 20)
#define SUBNETS (1 << 20)
#define QUERIES (1 << 21)
#define RUNS_MAX 99
#define MB 1048576.0

static const char *const paths[] = {CITY_V4, CITY_V6};

struct world {
	struct geodb *db;
	struct map *map;
};

static uint64_t random_next(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15u;
	return hash_mix(*state, 1);
}

/* The set of all, then sets of 2 to 19, no two the same. */
static void choose_sets(uint8_t sets[SETS][DATACENTERS], uint8_t counts[SETS])
{
	uint64_t state = 7;
	uint32_t masks[SETS] = {(1u << DATACENTERS) - 1};
	memset(counts, 0, SETS);
	for (unsigned i = 0; i < SETS;) {
		unsigned wanted = 2 + (unsigned)(random_next(&state) % (DATACENTERS - 2)), same = 0;
		while (i && (unsigned)__builtin_popcount(masks[i]) < wanted)
			masks[i] |= 1u << random_next(&state) % DATACENTERS;
		while (masks[same] != masks[i])
			same++;
		if (same == i)
			i++;
		else
			masks[i] = 0;
	}
	for (unsigned i = 0; i < SETS; i++)
		for (unsigned j = 0; j < DATACENTERS; j++)
			if (masks[i] >> j & 1)
				sets[i][counts[i]++] = (uint8_t)j;
}

static struct world compile(unsigned set_count)
{
	uint8_t sets[SETS][DATACENTERS], counts[SETS];
	const uint8_t *pointers[SETS];
	const struct map_rules rules = {.name = "world"};
	struct err *err = err_new();
	choose_sets(sets, counts);
	for (unsigned i = 0; i < SETS; i++)
		pointers[i] = sets[i];
	struct world world = {.db = geodb_open(paths, NULL, 2, GEO_FOLDER "/countries.tsv", false, err)};
	if (!world.db)
		err_print(err, stderr, false);
	MUST(world.db);
	world.map = map_build(
	        &rules, world.db, datacenters, DATACENTERS, pointers, counts, set_count, TABLE_MEMORY, err);
	geodb_release(world.db);
	err_free(err);
	return world;
}

struct result {
	double seconds, tables, peak; /* s, MB, MB */
};

static struct result measure_here(unsigned set_count)
{
	struct rusage usage;
	nanotime start = clock_now();
	struct world world = compile(set_count);
	struct result result = {.seconds = (double)(clock_now() - start) / 1e9};
	getrusage(RUSAGE_SELF, &usage);
	result.peak = (double)usage.ru_maxrss / 1024;
	for (unsigned i = 0; i < set_count; i++)
		result.tables += (double)map_table_size(map_table_get(world.map, i)) / MB;
	return result;
}

/* In a process of its own. */
static struct result measure(unsigned set_count)
{
	int ends[2], status;
	struct result result;
	MUST(pipe(ends) == 0);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		result = measure_here(set_count);
		_exit(write(ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
	}
	MUST(child > 0 && read(ends[0], &result, sizeof result) == sizeof result);
	MUST(waitpid(child, &status, 0) == child && status == 0);
	close(ends[0]);
	close(ends[1]);
	return result;
}

static int compare_seconds(const void *a, const void *b)
{
	double x = ((const struct result *)a)->seconds, y = ((const struct result *)b)->seconds;
	return x < y ? -1 : x > y;
}

static struct result median(unsigned set_count, unsigned runs)
{
	struct result results[RUNS_MAX];
	for (unsigned i = 0; i < runs; i++)
		results[i] = measure(set_count);
	qsort(results, runs, sizeof *results, compare_seconds);
	return results[runs / 2];
}

/* Any /24 of IPv4; a /48 of 2000::/4, where IPv6 is given out. */
static struct addr random_subnet(unsigned family, uint64_t random)
{
	struct addr addr = {.family = (uint8_t)family};
	for (unsigned i = 0; i < (family == ADDR_V4 ? 3 : 6); i++)
		addr.bytes[i] = (uint8_t)(random >> 8 * i);
	if (family == ADDR_V6)
		addr.bytes[0] = 0x20 | (addr.bytes[0] & 15);
	return addr;
}

/* Subnets that have networks of their own, not the desert between them. */
static void choose_subnets(const struct map_table *table, unsigned family, struct addr *subnets)
{
	uint64_t state = family;
	for (unsigned i = 0; i < SUBNETS;) {
		subnets[i] = random_subnet(family, random_next(&state));
		if (map_find(table, &subnets[i], false).scope >= (family == ADDR_V4 ? 12 : 28))
			i++;
	}
}

/* Queries by Zipf's law: the n-th subnet is asked for 1/n as often as the first. */
static void choose_queries(const struct addr *subnets, struct addr *queries)
{
	double *sums = malloc(SUBNETS * sizeof *sums), sum = 0;
	uint64_t state = 3;
	MUST(sums);
	for (unsigned i = 0; i < SUBNETS; i++)
		sums[i] = sum += 1.0 / (i + 1);
	for (unsigned i = 0; i < QUERIES; i++) {
		double at = (double)(random_next(&state) >> 11) / 9007199254740992.0 * sum;
		unsigned low = 0, high = SUBNETS - 1;
		while (low < high) {
			unsigned middle = (low + high) / 2;
			if (sums[middle] < at)
				low = middle + 1;
			else
				high = middle;
		}
		queries[i] = subnets[low];
	}
	free(sums);
}

/* To the first address after the prefix; false at the end of the space. */
static bool step(struct prefix *prefix)
{
	for (unsigned bit = prefix->length; bit--;) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);
		prefix->addr.bytes[bit / 8] ^= mask;
		if (prefix->addr.bytes[bit / 8] & mask)
			return true;
	}
	return false;
}

/* The trie that the table is compared to: the same prefixes, the same orders. */
static struct oracle *trie_of(const struct map_table *table, unsigned family)
{
	struct oracle *oracle = oracle_new(family);
	struct prefix cell = {.addr.family = (uint8_t)family};
	const uint8_t *base = map_find(table, &cell.addr, false).order;
	do {
		struct map_hit hit = map_find(table, &cell.addr, false);
		cell.length = hit.scope;
		oracle_set(oracle, &cell, (uint32_t)(hit.order - base) & 0x3fffffff);
	} while (step(&cell));
	return oracle;
}

static double time_table(const struct map_table *table, const struct addr *queries, unsigned distinct)
{
	uint64_t sum = 0;
	nanotime start = clock_now();
	for (unsigned i = 0; i < QUERIES; i++) {
		struct map_hit hit = map_find(table, &queries[i & (distinct - 1)], false);
		sum += hit.scope + (uintptr_t)hit.order;
	}
	double spent = (double)(clock_now() - start) / QUERIES;
	return sum ? spent : 0;
}

static double time_trie(const struct oracle *oracle, const struct addr *queries, unsigned distinct)
{
	uint64_t sum = 0;
	nanotime start = clock_now();
	for (unsigned i = 0; i < QUERIES; i++) {
		unsigned scope;
		sum += oracle_find(oracle, &queries[i & (distinct - 1)], &scope);
		sum += scope;
	}
	double spent = (double)(clock_now() - start) / QUERIES;
	return sum ? spent : 0;
}

/* One line: the best of `runs`, since lookups only get slower by what else the machine does. */
static void compare_lookups(const char *load, const struct map_table *table, const struct oracle *oracle,
        const struct addr *queries, unsigned distinct, unsigned runs)
{
	double table_best = INFINITY, trie_best = INFINITY;
	for (unsigned i = 0; i < runs; i++) {
		table_best = fmin(table_best, time_table(table, queries, distinct));
		trie_best = fmin(trie_best, time_trie(oracle, queries, distinct));
	}
	printf("geo: lookup, %s: %.1f ns; binary trie %.1f ns: %.1f times\n", load, table_best, trie_best,
	        trie_best / table_best);
}

static void bench_lookups(unsigned family, unsigned runs)
{
	bool is_v4 = family == ADDR_V4;
	struct world world = compile(1);
	const struct map_table *table = map_table_get(world.map, 0);
	struct addr *subnets = malloc(SUBNETS * sizeof *subnets), *queries = malloc(QUERIES * sizeof *queries);
	MUST(subnets && queries);
	choose_subnets(table, family, subnets);
	choose_queries(subnets, queries);
	struct oracle *oracle = trie_of(table, family);
	printf("geo: IPv%u: binary trie of the same prefixes: %.1f MB\n", family, (double)oracle_size(oracle) / MB);
	compare_lookups(is_v4 ? "Zipf over 1 M /24s (at least 5 times)" : "Zipf over 1 M /48s", table, oracle, queries,
	        QUERIES, runs);
	compare_lookups("hot: 1,024 of them", table, oracle, queries, 1024, runs);
	compare_lookups("cold: all in turn", table, oracle, subnets, SUBNETS, runs);
	fflush(stdout);
	oracle_free(oracle);
	free(subnets);
	free(queries);
	map_free(world.map);
	geodb_free(world.db);
}

int main(int argc, char **argv)
{
	long runs = argc > 1 ? strtol(argv[1], NULL, 10) : 5;
	if (runs < 1 || runs > RUNS_MAX) {
		fprintf(stderr, "usage: bench_geo [RUNS]\n");
		return 2;
	}
	if (access(paths[0], R_OK) != 0 || access(paths[1], R_OK) != 0) {
		printf("geo: skipped: %s is not there; tools/geodata fetches it\n", paths[0]);
		return 0;
	}
	struct result one = median(1, (unsigned)runs), many = median(SETS, (unsigned)runs);
	printf("geo: compile, both families, %u data centers: %.2f s (at most 1.6)\n", DATACENTERS, one.seconds);
	printf("geo: tables %.1f MB (at most 75); peak of the compile %.0f MB (at most 300)\n", one.tables, one.peak);
	printf("geo: 50 more sets of data centers: %+.2f s (at most 2); their tables %.1f MB (at most %.0f)\n",
	        many.seconds - one.seconds, many.tables - one.tables, (double)TABLE_MEMORY / MB);
	bench_lookups(ADDR_V4, (unsigned)runs);
	bench_lookups(ADDR_V6, (unsigned)runs);
	return 0;
}
