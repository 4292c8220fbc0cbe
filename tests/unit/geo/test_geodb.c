/*
 * test_geodb.c: databases of all shapes, several at once, replaced under our hands, and broken ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mmdb_writer.h"
#include "world.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define DE "{\"country\":{\"iso_code\":\"DE\"}}"
#define JP "{\"country\":{\"iso_code\":\"JP\"}}"

static void expect_facts(const struct geodb *db, const char *where, const char *address, const char *expected)
{
	struct addr addr = world_addr(address);
	struct geo_facts facts = geodb_facts(db, &addr);
	char text[100];
	if (facts.lost || strcmp(world_facts(&facts, text), expected) != 0)
		fail_msg("%s: %s: %s, expected %s", where, address, text, expected);
}

/* Each address before and after the release: in the tiling, and in the file. */
static void expect_all(struct geodb *db, const char *where, const char *const (*expected)[2], size_t count)
{
	for (unsigned released = 0; released < 2; released++) {
		for (size_t i = 0; i < count; i++)
			expect_facts(db, where, expected[i][0], expected[i][1]);
		geodb_release(db);
	}
	geodb_free(db);
}

static const struct world_network v4_networks[] = {
        {"1.0.0.0/8", DE}, {"1.2.0.0/16", JP}, {"1.2.3.4/32", DE}, {"128.0.0.0/1", JP}, {NULL, NULL}};
static const struct world_network v6_networks[] = {
        {"2a00::/12", DE}, {"2a02:1:2:3::/64", JP}, {"2a02:1:2:3::5/128", DE}, {"1.0.0.0/8", JP}, {NULL, NULL}};

static const char *const v4_expected[][2] = {{"1.1.1.1", "DE EU - 52.52 13.41 -"},
        {"1.2.3.3", "JP AS - 35.69 139.69 -"}, {"1.2.3.4", "DE EU - 52.52 13.41 -"}, {"2.0.0.1", "- - - - - -"},
        {"220.0.0.1", "JP AS - 35.69 139.69 -"}, {"::ffff:1.2.3.3", "JP AS - 35.69 139.69 -"},
        {"64:ff9b::1.2.3.3", "JP AS - 35.69 139.69 -"}, {"2002:102:303::1", "JP AS - 35.69 139.69 -"},
        {"2a02::1", "- - - - - -"}, {"10.1.1.1", "- - - - - -"}, {"240.0.0.1", "- - - - - -"}};
static const char *const v6_expected[][2] = {{"2a02::1", "DE EU - 52.52 13.41 -"},
        {"2a02:1:2:3::4", "JP AS - 35.69 139.69 -"}, {"2a02:1:2:3::5", "DE EU - 52.52 13.41 -"},
        {"2a10::", "- - - - - -"}, {"1.2.3.4", "JP AS - 35.69 139.69 -"}, {"::1.2.3.4", "- - - - - -"},
        {"2002:102:304::", "JP AS - 35.69 139.69 -"}};

static void test_sizes(void **state)
{
	(void)state;
	static const unsigned sizes[] = {24, 28, 32};
	for (size_t i = 0; i < COUNT(sizes); i++) {
		char where[20];
		snprintf(where, sizeof where, "%u bits", sizes[i]);
		expect_all(world_open(&(struct world_file){v4_networks, 4, sizes[i]}, 1), where, v4_expected,
		        COUNT(v4_expected));
		expect_all(world_open(&(struct world_file){v6_networks, 6, sizes[i]}, 1), where, v6_expected,
		        COUNT(v6_expected));
	}
}

static void test_several(void **state)
{
	(void)state;
	static const struct world_network city[] = {
	        {"1.0.0.0/9", "{\"location\":{\"latitude\":48.0,\"longitude\":11.5}}"},
	        {"1.128.0.0/9", "{\"country\":{\"iso_code\":\"AT\"},\"location\":{\"accuracy_radius\":900,\"latitude\":"
	                        "1.0,\"longitude\":1.0}}"},
	        {NULL, NULL}};
	static const struct world_network country[] = {
	        {"1.0.0.0/8", "{\"country_code\":\"DE\",\"latitude\":50.0,\"longitude\":8.0}"},
	        {"3.0.0.0/8", "{\"country_code\":\"FR\"}"}, {NULL, NULL}};
	static const struct world_network asn[] = {{"1.64.0.0/10", "{\"asn\":64500}"},
	        {"1.192.0.0/10", "{\"asn\":64501}"}, {"2a00::/12", "{\"asn\":64502}"}, {NULL, NULL}};
	static const struct world_network city6[] = {{"2a02::/16", "{\"country_code\":\"NL\"}"}, {NULL, NULL}};
	static const char *const expected[][2] = {{"1.1.1.1", "DE EU - 48 11.5 -"},
	        {"1.65.0.1", "DE EU - 48 11.5 64500"}, {"1.129.0.1", "AT EU - 50 8 -"},
	        {"1.193.0.1", "AT EU - 50 8 64501"}, {"2.2.2.2", "- - - - - -"}, {"3.3.3.3", "FR EU - 48.85 2.35 -"},
	        {"2a02::1", "NL EU - 52.37 4.89 64502"}, {"2a03::1", "- - - - - 64502"}};
	const struct world_file files[] = {{city, 4, 24}, {country, 4, 28}, {asn, 6, 24}, {city6, 6, 32}};
	struct geodb *db = world_open(files, COUNT(files));
	const struct geodb_file *list;
	assert_int_equal(geodb_files(db, &list), 4);
	static const char *const kinds[] = {"city", "city", "asn", "country"};
	static const unsigned networks[] = {2, 2, 3, 1};
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(list[i].kind, kinds[i]);
		assert_int_equal(list[i].records, networks[i]);
		assert_int_equal(list[i].built, 1700000000);
	}
	assert_memory_not_equal(list[0].digest, list[1].digest, sizeof list[0].digest);
	expect_all(db, "several", expected, COUNT(expected));
	expect_all(world_open(NULL, 0), "none", (const char *const[][2]){{"1.1.1.1", "- - - - - -"}}, 1);
}

/* The tree of v4 under ::ffff:0:0/96, 2002::/16 and 2001::/32 is no data of v6, and counts once. */
static void test_aliases(void **state)
{
	(void)state;
	struct mmdb_writer *writer = mmdb_writer_new(6, 28);
	mmdb_writer_add(writer, "1.0.0.0/8", DE);
	mmdb_writer_add(writer, "2a00::/12", JP);
	mmdb_writer_alias(writer, "::ffff:0:0/96");
	mmdb_writer_alias(writer, "2002::/16");
	mmdb_writer_alias(writer, "2001::/32");
	mmdb_writer_alias(writer, "2003::/16"); /* wherever it is */
	size_t size;
	uint8_t *bytes = mmdb_writer_bytes(writer, &size);
	struct err *err = err_new();
	struct geodb *db = world_open_bytes(bytes, size, err);
	assert_non_null(db);
	const struct geodb_file *file;
	geodb_files(db, &file);
	assert_int_equal(file->records, 2);
	static const char *const expected[][2] = {{"1.1.1.1", "DE EU - 52.52 13.41 -"},
	        {"2a00::1", "JP AS - 35.69 139.69 -"}, {"2003:101:101::1", "- - - - - -"},
	        {"2001:0:101:101::1", "- - - - - -"}, {"2002:101:101::", "DE EU - 52.52 13.41 -"}};
	expect_all(db, "aliases", expected, COUNT(expected));
	free(bytes);
	err_free(err);
	mmdb_writer_free(writer);
}

static const char *item_text(const struct err *err)
{
	return err_items(err) ? err_item(err, 0)->message : "nothing";
}

static void refuse(const char *name, const void *bytes, size_t size, const char *expected)
{
	struct err *err = err_new();
	struct geodb *db = world_open_bytes(bytes, size, err);
	if (db || err_count(err, ERR_ERROR) != 1 || !strstr(item_text(err), expected))
		fail_msg("%s: %s, expected %s", name, item_text(err), expected);
	err_free(err);
}

static void test_hostile(void **state)
{
	(void)state;
	/* Trees in which both ways from a node lead to the next one, and from the last to `last`. */
	static const struct {
		const char *name;
		unsigned ip_version, nodes;
		uint32_t last;
		const char *expected;
	} trees[] = {{"a circle", 4, 1, 0, "runs in circles"}, {"2^30 paths", 4, 30, 30, "runs in circles"},
	        {"2^130 paths", 6, 130, 130, "runs in circles"}, {"far", 4, 1, 100000, "points past the records"},
	        {"into the gap before the records", 4, 1, 5, "points past the records"},
	        {"empty", 4, 1, 1, "has no networks"}};
	for (size_t i = 0; i < COUNT(trees); i++) {
		struct mmdb_writer *writer = mmdb_writer_new(trees[i].ip_version, 32);
		for (unsigned node = 0; node < trees[i].nodes; node++)
			for (unsigned side = 0; side < 2; side++)
				mmdb_writer_poke(
				        writer, node, side, node + 1 < trees[i].nodes ? node + 1 : trees[i].last);
		size_t size;
		uint8_t *bytes = mmdb_writer_bytes(writer, &size);
		refuse(trees[i].name, bytes, size, trees[i].expected);
		free(bytes);
		mmdb_writer_free(writer);
	}
}

static void test_useless(void **state)
{
	(void)state;
	static const struct {
		const char *record, *expected;
	} files[] = {{"{\"city\":\"Berlin\",\"isp\":\"x\"}", "has no field that can be used"},
	        {"{\"country_code\":\"\",\"latitude\":\"\"}", "has no field that can be used"},
	        {"[1,2]", "has a record that cannot be read"}, {"\"DE\"", "has a record that cannot be read"}};
	for (size_t i = 0; i < COUNT(files); i++) {
		struct mmdb_writer *writer = mmdb_writer_new(4, 24);
		mmdb_writer_add(writer, "1.0.0.0/8", files[i].record);
		size_t size;
		uint8_t *bytes = mmdb_writer_bytes(writer, &size);
		refuse(files[i].record, bytes, size, files[i].expected);
		free(bytes);
		mmdb_writer_free(writer);
	}
}

/* Cut off anywhere it is refused; a byte changed anywhere it is refused or read, but never more than that. */
static void test_damage(void **state)
{
	(void)state;
	struct mmdb_writer *writer = mmdb_writer_new(6, 24);
	for (const struct world_network *network = v6_networks; network->prefix; network++)
		mmdb_writer_add(writer, network->prefix, network->record);
	size_t size;
	uint8_t *bytes = mmdb_writer_bytes(writer, &size);
	for (size_t cut = 0; cut < size; cut += cut % 7 + 1)
		refuse("cut off", bytes, cut, cut ? "MaxMind DB file" : "is empty");
	struct err *err = err_new();
	for (size_t at = 0; at < size; at += 3) {
		bytes[at] ^= 0xff;
		struct geodb *db = world_open_bytes(bytes, size, err);
		struct addr addr = world_addr("2a02:1:2:3::5");
		if (db) {
			geodb_facts(db, &addr);
			geodb_release(db);
			geodb_facts(db, &addr);
		}
		geodb_free(db);
		bytes[at] ^= 0xff;
	}
	err_free(err);
	free(bytes);
	mmdb_writer_free(writer);
}

static void test_paths(void **state)
{
	(void)state;
	char folder[] = "/tmp/meridian-test-geodb-XXXXXX", fifo[100], text[100];
	assert_non_null(mkdtemp(folder));
	snprintf(fifo, sizeof fifo, "%s/fifo", folder);
	snprintf(text, sizeof text, "%s/text", folder);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	FILE *out = fopen(text, "w");
	assert_true(out && fputs("no database\n", out) >= 0 && fclose(out) == 0);
	const char *const paths[] = {"/tmp/meridian-no-such-file.mmdb", folder, fifo, text};
	const char *const expected[] = {
	        "No such file or directory", "is a directory", "is not a regular file", "is no MaxMind DB file"};
	const struct err_at at[] = {{.file = "m.yaml", .line = 3}, {.file = "m.yaml", .line = 4},
	        {.file = "m.yaml", .line = 5}, {.file = "m.yaml", .line = 6}};
	struct err *err = err_new();
	assert_null(geodb_open(paths, at, 4, NULL, false, err));
	assert_null(geodb_open(paths, at, 4, NULL, true, err));
	assert_int_equal(err_items(err), 8); /* all in one run, each at its place */
	for (size_t i = 0; i < 8; i++) {
		const struct err_item *item = err_item(err, i);
		assert_int_equal(item->line, 3 + i % 4);
		assert_non_null(strstr(item->message, expected[i % 4]));
		assert_non_null(strstr(item->message, paths[i % 4]));
	}
	err_free(err);
	unlink(fifo);
	unlink(text);
	rmdir(folder);
}

enum change { REPLACED, DELETED, TRUNCATED, OVERWRITTEN };

static void change_file(const char *path, enum change change)
{
	if (change == REPLACED || change == DELETED)
		unlink(path);
	if (change == TRUNCATED)
		assert_int_equal(truncate(path, 100), 0);
	if (change == REPLACED)
		assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	if (change == OVERWRITTEN) {
		int file = open(path, O_WRONLY);
		assert_int_equal(pwrite(file, "x", 1, 30), 1);
		close(file);
	}
}

static void test_changed(void **state)
{
	(void)state;
	for (enum change change = REPLACED; change <= OVERWRITTEN; change++) {
		char path[] = "/tmp/meridian-test-geodb-XXXXXX", text[100];
		close(mkstemp(path));
		struct mmdb_writer *writer = mmdb_writer_new(4, 24);
		mmdb_writer_add(writer, "1.0.0.0/8", DE);
		mmdb_writer_save(writer, path);
		struct err *err = err_new();
		struct geodb *db = geodb_open((const char *const[]){path}, NULL, 1, NULL, false, err);
		assert_non_null(db);
		change_file(path, change);
		expect_facts(db, "changed, before the release", "1.1.1.1", "DE EU - 52.52 13.41 -");
		geodb_release(db);
		struct addr addr = world_addr("1.1.1.1");
		struct geo_facts facts = geodb_facts(db, &addr);
		assert_int_equal(facts.lost, change == TRUNCATED || change == OVERWRITTEN);
		assert_string_equal(world_facts(&facts, text), facts.lost ? "- - - - - -" : "DE EU - 52.52 13.41 -");
		addr = world_addr("10.1.1.1");
		facts = geodb_facts(db, &addr);
		assert_true(facts.special && !facts.lost);
		geodb_free(db);
		mmdb_writer_free(writer);
		err_free(err);
		unlink(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_sizes),
	        cmocka_unit_test(test_several),
	        cmocka_unit_test(test_aliases),
	        cmocka_unit_test(test_hostile),
	        cmocka_unit_test(test_useless),
	        cmocka_unit_test(test_damage),
	        cmocka_unit_test(test_paths),
	        cmocka_unit_test(test_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
