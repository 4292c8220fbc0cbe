/*
 * test_shift.c: where clients go if data centers fall out or come in, by address space and by query log, and how far.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "geo/shift.h"
#include "world.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { IAD, FRA, SIN, DATACENTERS };
static const struct datacenter datacenters[DATACENTERS] = {
        {"iad", true, 38.95, -77.45, 0, 0}, {"fra", true, 50.03, 8.57, 0, 0}, {"sin", true, 1.36, 103.99, 0, 0}};

/* Half of what is known is of DE, a quarter of BR, an eighth each of JP and of no place; 10/8 is nobody's. */
static const struct world_network networks[] = {
        {"1.0.0.0/9", "{\"country_code\":\"DE\",\"latitude\":50.03,\"longitude\":8.57}"},
        {"1.128.0.0/10", "{\"country_code\":\"BR\",\"latitude\":-23.5,\"longitude\":-46.6}"},
        {"1.192.0.0/11", "{\"country_code\":\"JP\",\"latitude\":35.7,\"longitude\":139.7}"},
        {"1.224.0.0/11", "{\"asn\":64500}"},
        {"10.0.0.0/8", "{\"country_code\":\"DE\",\"latitude\":52.5,\"longitude\":13.4}"},
        {"2a00::/24", "{\"country_code\":\"DE\",\"latitude\":50.03,\"longitude\":8.57}"}, {NULL, NULL}};

static const uint8_t all[] = {IAD, FRA, SIN};
static const struct map_rule none[] = {{.kind = RULE_DEFAULT}};
static const uint8_t sin_only[] = {SIN};
static const struct map_rule jp_only[] = {{.kind = RULE_COUNTRY, .key = "JP", .list = {sin_only, 1, true}}};

static const char *name_of(unsigned place)
{
	return place == SHIFT_NOBODY ? "-" : datacenters[place].name;
}

static int by_share(const void *a, const void *b)
{
	const struct shift_way *x = a, *y = b;
	return x->share[GEO_V4] > y->share[GEO_V4] ? -1 : x->share[GEO_V4] < y->share[GEO_V4];
}

/* "fra>iad>sin 50.0": ways of IPv4, the largest first. */
static void tell(struct shift *shift, char *text, size_t room)
{
	size_t size = 0;
	*text = 0;
	qsort(shift->ways, shift->count, sizeof *shift->ways, by_share);
	for (size_t i = 0; i < shift->count; i++) {
		const struct shift_way *way = &shift->ways[i];
		if (way->share[GEO_V4] > 0)
			size += (size_t)snprintf(text + size, room - size, "%s%s>%s>%s %.1f", size ? ", " : "",
			        name_of(way->from), name_of(way->to), name_of(way->then), 100 * way->share[GEO_V4]);
	}
}

static struct query_log *read_log(const char *text)
{
	char path[] = "/tmp/test_shift.XXXXXX";
	int fd = mkstemp(path);
	struct err *err = err_new();
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	struct query_log *log = query_log_read(path, true, err);
	unlink(path);
	assert_non_null(log);
	err_free(err);
	return log;
}

static void test_ways(void **state)
{
	static const struct {
		const char *name;
		const struct map_rule *rules;
		size_t rule_count;
		uint64_t before, after;
		const char *log, *expected;
	} table[] = {
	        {"nothing", none, 0, 7, 7, NULL, "fra>fra>iad 50.0, iad>iad>fra 37.5, sin>sin>fra 12.5"},
	        {"fra falls", none, 0, 7, 5, NULL, "fra>iad>sin 50.0, iad>iad>sin 37.5, sin>sin>iad 12.5"},
	        {"fra is back", none, 0, 5, 7, NULL, "iad>fra>iad 50.0, iad>iad>fra 37.5, sin>sin>fra 12.5"},
	        {"one is left", none, 0, 7, 4, NULL, "fra>sin>- 50.0, iad>sin>- 37.5, sin>sin>- 12.5"},
	        {"none is left", none, 0, 1, 0, NULL, "iad>->- 100.0"},
	        {"a rule without others", jp_only, 1, 7, 3, NULL, "fra>fra>iad 50.0, iad>iad>fra 37.5, sin>->- 12.5"},
	        {"by a log", none, 0, 7, 5, "1.1.1.0/24 3\n1.192.0.0/16 1\n", "fra>iad>sin 75.0, sin>sin>iad 25.0"},
	        {"by a log of nobody known", none, 0, 7, 5, "9.9.9.9 1\n", "iad>iad>sin 100.0"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct world_file file = {networks, 0, 0};
		struct err *err = err_new();
		const uint8_t *set = all;
		const uint8_t count = 3;
		struct datacenter const *const at[] = {&datacenters[0], &datacenters[1], &datacenters[2]};
		struct geodb *db = world_open(&file, 1);
		const struct map_rules rules = {
		        .name = "world", .rules = table[i].rules, .count = table[i].rule_count, .max_move = 100};
		struct map *map = map_build(&rules, db, datacenters, DATACENTERS, &set, &count, 1, 1 << 20, err);
		struct query_log *log = table[i].log ? read_log(table[i].log) : NULL;
		struct shift_ground *ground = shift_ground_new(db, log);
		struct shift shift;
		char text[1000];
		shift_find(&shift, ground,
		        &(struct shift_question){.table = map_table_get(map, 0),
		                .count = 3,
		                .at = at,
		                .before = table[i].before,
		                .after = table[i].after});
		assert_int_equal(shift.counted[GEO_V6], !log);
		tell(&shift, text, sizeof text);
		if (strcmp(text, table[i].expected) != 0)
			fail_msg("%s: %s, not %s", table[i].name, text, table[i].expected);
		shift_free(&shift);
		shift_ground_free(ground);
		query_log_free(log);
		map_free(map);
		geodb_free(db);
		err_free(err);
	}
}

/* Without a map all clients have one order; a data center without a place has no distance. */
static void test_distance(void **state)
{
	(void)state;
	const struct world_file file = {networks, 0, 0};
	static const uint8_t order[] = {FRA, IAD, SIN};
	const struct datacenter nowhere = {.name = "cdn"};
	struct geodb *db = world_open(&file, 1);
	struct shift_ground *ground = shift_ground_new(db, NULL);
	struct datacenter const *at[] = {&datacenters[IAD], &datacenters[FRA], NULL};
	struct shift_question question = {.order = order, .count = 3, .at = at, .before = 7, .after = 5};
	struct shift shift;
	/* DE 4/8 at fra itself, BR 2/8, JP 1/8, and 1/8 on whom nothing is known */
	double brazil = geo_distance(-23.5, -46.6, &datacenters[FRA]),
	       japan = geo_distance(35.7, 139.7, &datacenters[FRA]);
	double germany = geo_distance(50.03, 8.57, &datacenters[IAD]);
	shift_find(&shift, ground, &question);
	assert_int_equal(shift.count, 1);
	assert_true(fabs(shift.distance[GEO_V4][SHIFT_ALL].before.mean - (2 * brazil + japan) / 7) < 1);
	assert_true(fabs(shift.distance[GEO_V4][SHIFT_ALL].before.median) <= 4);
	assert_true(fabs(shift.distance[GEO_V6][SHIFT_ALL].after.mean - germany) < 1);
	assert_true(fabs(shift.distance[GEO_V6][SHIFT_MOVED].after.median - germany) <= 4);
	shift_free(&shift);

	at[IAD] = &nowhere;
	shift_find(&shift, ground, &question);
	assert_true(isnan(shift.distance[GEO_V6][SHIFT_ALL].after.mean));
	assert_false(isnan(shift.distance[GEO_V6][SHIFT_ALL].before.mean));
	shift_free(&shift);

	question.after = 7;
	shift_find(&shift, ground, &question);
	assert_true(isnan(shift.distance[GEO_V6][SHIFT_MOVED].after.mean));
	shift_free(&shift);
	shift_ground_free(ground);
	geodb_free(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_ways), cmocka_unit_test(test_distance)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
