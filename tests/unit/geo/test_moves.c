/*
 * test_moves.c: who moves between two tables, counted by address space and by query logs; logs that are no logs.
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

#include "geo/moves.h"
#include "geo/poptrie.h"
#include "geo/strata.h"
#include "world.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { IAD, FRA, SIN, DATACENTERS };
static const struct datacenter datacenters[DATACENTERS] = {
        {"iad", true, 38.95, -77.45, 0, 0}, {"fra", true, 50.03, 8.57, 0, 0}, {"sin", true, 1.36, 103.99, 0, 0}};

/* Half of what is known is of DE, a quarter of BR and of JP each; 10/8 is nobody's whatever the database says. */
static const struct world_network networks[] = {
        {"1.0.0.0/9", "{\"country_code\":\"DE\",\"latitude\":52.5,\"longitude\":13.4}"},
        {"1.128.0.0/10", "{\"country_code\":\"BR\",\"latitude\":-23.5,\"longitude\":-46.6}"},
        {"1.192.0.0/10", "{\"country_code\":\"JP\",\"latitude\":35.7,\"longitude\":139.7}"},
        {"10.0.0.0/8", "{\"country_code\":\"DE\",\"latitude\":52.5,\"longitude\":13.4}"}, {NULL, NULL}};
static const struct world_network fewer[] = {
        {"1.0.0.0/9", "{\"country_code\":\"DE\",\"latitude\":52.5,\"longitude\":13.4}"}, {NULL, NULL}};

static const uint8_t all[] = {IAD, FRA, SIN}, iad[] = {IAD}, fra[] = {FRA}, sin_fra[] = {SIN, FRA},
                     iad_sin[] = {IAD, SIN};
static const uint16_t names[] = {IAD, FRA, SIN};

static const struct map_rule de_iad = {.kind = RULE_COUNTRY, .key = "DE", .list = {iad, 1, false}};
static const struct map_rule de_fra = {.kind = RULE_COUNTRY, .key = "DE", .list = {fra, 1, false}};
static const struct map_rule br_sin = {.kind = RULE_COUNTRY, .key = "BR", .list = {sin_fra, 2, false}};
static const struct map_rule net_sin = {.kind = RULE_NET, .prefix = {{ADDR_V4, {1}}, 11}, .list = {sin_fra, 2, false}};
static const struct map_rule private_sin = {
        .kind = RULE_NET, .prefix = {{ADDR_V4, {10}}, 8}, .list = {sin_fra, 2, false}};

struct side {
	struct geodb *db;
	struct map *map;
};

static struct side side_new(
        const struct world_network *list, const struct map_rule *rule, const uint8_t *set, uint8_t count)
{
	const struct world_file file = {list, 0, 0};
	struct err *err = err_new();
	struct side side = {.db = world_open(&file, 1)};
	const struct map_rules rules = {.name = "world", .rules = rule, .count = rule != NULL, .max_move = 100};
	side.map = map_build(&rules, side.db, datacenters, DATACENTERS, &set, &count, 1, 1 << 20, err);
	assert_non_null(side.map);
	err_free(err);
	return side;
}

static void side_free(struct side *side)
{
	map_free(side->map);
	geodb_free(side->db);
}

/* A log of that text; NULL and errors. */
static struct query_log *read_log(const char *text, bool quote, struct err *err)
{
	char path[] = "/tmp/test_moves.XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	struct query_log *log = query_log_read(path, quote, err);
	unlink(path);
	return log;
}

/* "fra>iad DE 50.0": ways of IPv4, and what else is told. */
static void tell(const struct moves *moves, char *text, size_t room)
{
	size_t size = 0;
	*text = 0;
	for (size_t i = 0; i < moves->count; i++) {
		char country[3];
		const struct move *move = &moves->list[i];
		size += (size_t)snprintf(text + size, room - size, "%s>%s %s %.1f, ", datacenters[move->from].name,
		        datacenters[move->to].name, place_country(move->place, country), 100 * move->share[GEO_V4]);
	}
	snprintf(text + size, room - size, "moved %.1f later %.1f fra %.1f>%.1f", 100 * moves->moved[GEO_V4],
	        100 * moves->later[GEO_V4], 100 * moves->before[GEO_V4][FRA], 100 * moves->after[GEO_V4][FRA]);
}

static void test_moves(void **state)
{
	static const struct {
		const char *name;
		const struct world_network *before, *after;
		const struct map_rule *old, *now;
		const uint8_t *set; /* after; before: all */
		uint8_t count;
		const char *log, *expected;
	} table[] = {
	        {"equal", networks, networks, &de_fra, &de_fra, all, 3, NULL, "moved 0.0 later 0.0 fra 50.0>50.0"},
	        {"a country", networks, networks, NULL, &de_iad, all, 3, NULL,
	                "fra>iad DE 50.0, moved 50.0 later 0.0 fra 50.0>0.0"},
	        {"what follows", networks, networks, &de_fra, &net_sin, all, 3, NULL,
	                "fra>sin DE 12.5, moved 12.5 later 0.0 fra 50.0>37.5"},
	        {"later only", networks, networks, &br_sin, NULL, all, 3, NULL,
	                "sin>iad BR 25.0, moved 25.0 later 0.0 fra 50.0>50.0"},
	        {"nobody", networks, networks, NULL, &private_sin, all, 3, NULL, "moved 0.0 later 0.0 fra 50.0>50.0"},
	        {"a data center less", networks, networks, NULL, NULL, iad_sin, 2, NULL,
	                "fra>iad DE 50.0, moved 50.0 later 50.0 fra 50.0>0.0"},
	        /* BR had the order of the unknown, and has it still: it does not count */
	        {"a database that lost networks", networks, fewer, NULL, NULL, all, 3, NULL,
	                "sin>iad  33.3, moved 33.3 later 0.0 fra 66.7>66.7"},
	        {"by log", networks, networks, NULL, &de_iad, all, 3,
	                "1.2.3.0/24 1\n1.200.0.0/16 2.5\n# none\n9.9.9.9 .5",
	                "fra>iad DE 25.0, moved 25.0 later 0.0 fra 25.0>0.0"},
	        {"by a log of two sides of an edge", networks, networks, NULL, &de_iad, all, 3, "1.0.0.0/8 4\n",
	                "fra>iad DE 50.0, moved 50.0 later 0.0 fra 50.0>0.0"},
	        {"by a log of one prefix in another", networks, networks, NULL, &de_iad, all, 3,
	                "1.0.0.0/8 3\n1.0.0.0/9 1\n", "fra>iad DE 25.0, moved 25.0 later 0.0 fra 25.0>0.0"},
	        {"by a log of a mapped client", networks, networks, NULL, &de_iad, all, 3, "::ffff:1.1.1.1 3\n",
	                "fra>iad DE 100.0, moved 100.0 later 0.0 fra 100.0>0.0"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct err *err = err_new();
		char text[1000];
		uint16_t after_names[DATACENTERS];
		struct side old = side_new(table[i].before, table[i].old, all, 3);
		struct side now = side_new(table[i].after, table[i].now, table[i].set, table[i].count);
		struct query_log *log = table[i].log ? read_log(table[i].log, true, err) : NULL;
		struct census *census = census_new(now.db, log);
		struct moves moves;
		assert_int_equal(err_count(err, ERR_ERROR), 0);
		for (unsigned j = 0; j < table[i].count; j++)
			after_names[j] = table[i].set[j];
		moves_find(&moves, census, &(struct moves_side){.table = map_table_get(old.map, 0), .names = names},
		        &(struct moves_side){.table = map_table_get(now.map, 0), .names = after_names}, DATACENTERS);
		tell(&moves, text, sizeof text);
		if (strcmp(text, table[i].expected) != 0)
			fail_msg("%s: %s, not %s", table[i].name, text, table[i].expected);
		moves_free(&moves);
		census_free(census);
		query_log_free(log);
		side_free(&old);
		side_free(&now);
		err_free(err);
	}
}

static void test_order_of_a_service(void **state)
{
	static const uint8_t order[] = {1, 0}, other[] = {0, 1};
	struct side side = side_new(networks, NULL, all, 3);
	struct census *census = census_new(side.db, NULL);
	struct moves moves;
	(void)state;
	moves_find(&moves, census, &(struct moves_side){.order = order, .count = 2, .names = names},
	        &(struct moves_side){.order = other, .count = 2, .names = names}, DATACENTERS);
	assert_true(fabs(moves.moved[GEO_V4] - 1) < 1e-9 && fabs(moves.moved[GEO_V6] - 1) < 1e-9);
	moves_free(&moves);
	census_free(census);
	side_free(&side);
}

static void test_bad_logs(void **state)
{
	static const struct {
		const char *text, *expected;
		unsigned line, column;
	} table[] = {
	        {"1.2.3.4\n", "the weight is missing", 1, 8},
	        {"\n 1.2.3.4 x\n", "the weight must be a decimal number above 0", 2, 10},
	        {"1.2.3.4 -1\n", "the weight must be a decimal number above 0", 1, 9},
	        {"1.2.3.4 0\n", "the weight must be a decimal number above 0", 1, 9},
	        {"1.2.3.4 nan\n", "the weight must be a decimal number above 0", 1, 9},
	        {"1.2.3.4 1e5\n", "the weight must be a decimal number above 0", 1, 9},
	        {"1.2.3.4 1 2\n", "nothing may follow the weight", 1, 11},
	        {"1.2.3.4/24 1\n", "the prefix has bits set behind its length", 1, 1},
	        {"1.2.3.4/33 1\n", "expected an address or a prefix", 1, 1},
	        {"www.example.com 1\n", "expected an address or a prefix", 1, 1},
	        {"1.2.3.0/24 1\n1.2.3.0/25 1\n1.2.3.128/25 1\n",
	                "other lines cover all of this prefix: its weight lies nowhere", 1, 1},
	        {"", "names no client", 0, 0},
	        {"# nothing\n", "names no client", 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct err *err = err_new();
		assert_null(read_log(table[i].text, true, err));
		const struct err_item *item = err_item(err, 0);
		if (strcmp(item->message, table[i].expected) != 0 || item->line != table[i].line ||
		        item->column != table[i].column)
			fail_msg("%zu: %u:%u: %s", i, item->line, item->column, item->message);
		err_free(err);
	}
}

static void test_lines_are_not_quoted(void **state)
{
	struct err *err = err_new();
	(void)state;
	assert_null(read_log("root:secret 1\n", false, err));
	char *text = err_item_text(err_item(err, 0));
	assert_null(strstr(text, "secret"));
	free(text);
	err_free(err);
}

/* A database that was released is read again; one that was overwritten is not taken for what it was. */
static void test_reopen(void **state)
{
	const struct world_file file = {networks, 0, 0};
	struct geodb *db = world_open(&file, 1);
	struct err *err = err_new();
	const struct addr client = world_addr("1.2.3.4");
	(void)state;
	geodb_release(db);
	struct geodb *again = geodb_reopen(db, err);
	assert_non_null(again);
	assert_string_equal(geodb_facts(again, &client).country, "DE");
	struct census *census = census_new(again, NULL);
	assert_true(census->known[GEO_V4]);
	assert_false(census->known[GEO_V6]);
	census_free(census);
	geodb_free(again);
	geodb_free(db);
	err_free(err);
}

/* A poptrie gives back the tiling that it was made of. */
static void test_way_back(void **state)
{
	struct patch patches[] = {patch_of(&(struct prefix){{ADDR_V4, {1}}, 8}, 1),
	        patch_of(&(struct prefix){{ADDR_V4, {1, 2, 3, 4}}, 32}, 2),
	        patch_of(&(struct prefix){{ADDR_V4, {1, 128}}, 9}, 3),
	        patch_of(&(struct prefix){{ADDR_V4, {9}}, 24}, 4)};
	struct tiling tiling = tiling_of_patches(patches, COUNT(patches), 7);
	struct poptrie poptrie;
	(void)state;
	poptrie_build(&poptrie, &tiling);
	struct tiling back = poptrie_tiling(&poptrie, NULL);
	assert_int_equal(back.count, tiling.count);
	assert_memory_equal(back.pieces, tiling.pieces, back.count * sizeof *back.pieces);
	struct strata strata = {.count = 0};
	unsigned length;
	uint32_t ids[STRATA_MAX];
	size_t steps = 0;
	double space = 0;
	strata_add(&strata, &tiling);
	strata_add(&strata, &back);
	while (strata_next(&strata, &length, ids)) {
		assert_int_equal(ids[0], ids[1]);
		space += prefix_share(length);
		steps++;
	}
	assert_int_equal(steps, tiling.count);
	assert_true(fabs(space - 1) < 1e-12);
	tiling_free(&tiling);
	tiling_free(&back);
	poptrie_free(&poptrie);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_moves), cmocka_unit_test(test_order_of_a_service),
	        cmocka_unit_test(test_bad_logs), cmocka_unit_test(test_lines_are_not_quoted),
	        cmocka_unit_test(test_reopen), cmocka_unit_test(test_way_back)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
