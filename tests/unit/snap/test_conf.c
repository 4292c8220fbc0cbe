/*
 * test_conf.c: what the configuration reader makes of a good meridian.yaml; its limits; the examples that ship.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "expect.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_defaults(void **state)
{
	(void)state;
	struct conf *conf = conf_good("", NULL);
	assert_int_equal(conf->listen_count, 2);
	expect_endpoint(&conf->listen[0], "0.0.0.0@53");
	expect_endpoint(&conf->listen[1], "::@53");
	assert_true(conf->workers >= 1);
	assert_int_equal(conf->database_count, 0);
	assert_string_equal(conf->state, "/var/lib/meridian");
	assert_string_equal(conf->control, "/run/meridian/meridian.sock");
	assert_null(conf->user);
	assert_int_equal(conf->ecs, ECS_ON);
	assert_null(conf->nsid);
	assert_int_equal(conf->udp_payload, 1232);
	assert_null(conf->metrics);
	assert_null(conf->version);
	assert_int_equal(conf->cookies, COOKIES_ON);
	assert_null(conf->cookie_secret);
	assert_true(conf->rate_limit.on);
	assert_int_equal(conf->rate_limit.per_second, 100);
	assert_int_equal(conf->rate_limit.slip, 2);
	assert_int_equal(conf->rate_limit.exempt_count, 2);
	expect_prefix(&conf->rate_limit.exempt[0], "127.0.0.0/8");
	expect_prefix(&conf->rate_limit.exempt[1], "::1/128");
	assert_int_equal(conf->key_count, 0);
	assert_int_equal(conf->table_memory, 256 << 20);
	assert_false(conf->strict);
	assert_int_equal(conf->log, LOG_LEVEL_INFO);
	assert_int_equal(conf->zone_count, 1);
	assert_string_equal(conf->zones[0].name, "example.com.");
	assert_string_equal(conf->zones[0].file, "etc/zones/example.com.zone");
	assert_int_equal(conf->datacenter_count + conf->probe_count + conf->map_count + conf->service_count, 0);
	assert_int_equal(conf->safety.keep, 1);
	assert_int_equal(conf->safety.brake_per, 0);
	assert_true(conf->safety.freeze);
	conf_free(conf);
}

static void test_server(void **state)
{
	(void)state;
	struct conf *conf = conf_good("listen: [127.0.0.1@5300, '::1']\n"
	                              "workers: 3\n"
	                              "databases: [geo/a.mmdb, /b.mmdb]\n"
	                              "state: ../state\n"
	                              "control: /tmp/m.sock\n"
	                              "user: nobody\n"
	                              "ecs: [192.0.2.0/24, 2001:db8::/32, 127.0.0.1]\n"
	                              "nsid: ns1\n"
	                              "udp-payload: 4096\n"
	                              "metrics: 127.0.0.1\n"
	                              "cookies: { secret: 000102030405060708090a0b0c0d0EFF }\n"
	                              "rate-limit: { per-second: 7, exempt: [192.0.2.0/24] }\n"
	                              "version: one\n"
	                              "table-memory: 64KB\n"
	                              "strict: on\n"
	                              "log: debug\n",
	        "");
	expect_endpoint(&conf->listen[0], "127.0.0.1@5300");
	expect_endpoint(&conf->listen[1], "::1@53");
	assert_int_equal(conf->workers, 3);
	assert_int_equal(conf->database_count, 2);
	assert_string_equal(conf->databases[0], "etc/geo/a.mmdb");
	assert_string_equal(conf->databases[1], "/b.mmdb");
	assert_int_equal(conf->database_places[1].line, 3);
	assert_int_equal(conf->database_places[1].column, 25);
	assert_string_equal(conf->state, "etc/../state");
	assert_string_equal(conf->control, "/tmp/m.sock");
	assert_string_equal(conf->user, "nobody");
	assert_int_equal(conf->ecs, ECS_LISTED);
	assert_int_equal(conf->ecs_from_count, 3);
	expect_prefix(&conf->ecs_from[1], "2001:db8::/32");
	expect_prefix(&conf->ecs_from[2], "127.0.0.1/32");
	assert_string_equal(conf->nsid, "ns1");
	assert_int_equal(conf->udp_payload, 4096);
	expect_endpoint(conf->metrics, "127.0.0.1@9153");
	assert_int_equal(conf->cookies, COOKIES_ON);
	assert_int_equal(conf->cookie_secret[14], 0x0e);
	assert_int_equal(conf->cookie_secret[15], 0xff);
	assert_true(conf->rate_limit.on);
	assert_int_equal(conf->rate_limit.per_second, 7);
	assert_int_equal(conf->rate_limit.slip, 2);
	assert_int_equal(conf->rate_limit.exempt_count, 1);
	expect_prefix(&conf->rate_limit.exempt[0], "192.0.2.0/24");
	assert_string_equal(conf->version, "one");
	assert_int_equal(conf->table_memory, 64 << 10);
	assert_true(conf->strict);
	assert_int_equal(conf->log, LOG_LEVEL_DEBUG);
	conf_free(conf);
}

static void test_server_words(void **state)
{
	(void)state;
	struct conf *conf = conf_good("ecs: off\ncookies: required\nrate-limit: off\nnsid: none\nmetrics: none\n"
	                              "version: none\nworkers: auto\nlisten: 127.0.0.1\ndatabases: a.mmdb\n",
	        "");
	assert_int_equal(conf->ecs, ECS_OFF);
	assert_int_equal(conf->cookies, COOKIES_REQUIRED);
	assert_false(conf->rate_limit.on);
	assert_null(conf->nsid);
	assert_null(conf->metrics);
	assert_null(conf->version);
	assert_true(conf->workers >= 1);
	assert_int_equal(conf->listen_count, 1);
	assert_string_equal(conf->databases[0], "etc/a.mmdb");
	conf_free(conf);
}

static void test_keys(void **state)
{
	(void)state;
	static const struct {
		const char *base64, *expected;
	} rows[] = {{"TQ==", "M"}, {"TWE=", "Ma"}, {"TWFu", "Man"}, {"TWFuTQ==", "ManM"}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[200];
		snprintf(text, sizeof text, "keys: { XFR.example: { algorithm: hmac-sha512, secret: %s } }\n",
		        rows[i].base64);
		struct conf *conf = conf_good(text, NULL);
		assert_int_equal(conf->key_count, 1);
		expect_name(conf->keys[0].name, "xfr.example.");
		assert_int_equal(conf->keys[0].algorithm, TSIG_HMAC_SHA512);
		assert_int_equal(conf->keys[0].secret_size, strlen(rows[i].expected));
		assert_memory_equal(conf->keys[0].secret, rows[i].expected, strlen(rows[i].expected));
		conf_free(conf);
	}
	static const char *const bad[] = {"T", "TQ=", "TQ", "TQ===", "T===", "====", "TW=u", "TW u", "T-Fu"};
	for (size_t i = 0; i < COUNT(bad); i++) {
		char text[200], *why;
		snprintf(text, sizeof text, "keys: { xfr: { secret: \"%s\" } }\n", bad[i]);
		assert_null(conf_of(text, NULL, &why));
		assert_non_null(strstr(why, "base64"));
		free(why);
	}
}

static void test_zones(void **state)
{
	(void)state;
	struct conf *conf = conf_good(
	        "zones:\n"
	        "  named:\n"
	        "    Example.NET: other/net.zone\n"
	        "    'a\\.b.example.org': { file: odd.zone, transfer: [127.0.0.1] }\n"
	        "    .: { file: root.zone, notify: [{ address: '::1@5353', key: k }] }\n"
	        "  folder: zones\n"
	        "  default: { transfer: [{ address: 192.0.2.0/24, key: k }], notify: [192.0.2.5] }\n"
	        "keys: { k: { secret: TWFu } }\n",
	        NULL);
	static const struct {
		const char *name, *file, *from, *to;
		unsigned line;
		bool transfer_key, notify_key;
	} rows[] = {
	        {"example.com.", "etc/zones/example.com.zone", "192.0.2.0/24", "192.0.2.5@53", 6, true, false},
	        {"example.net.", "etc/other/net.zone", "192.0.2.0/24", "192.0.2.5@53", 3, true, false},
	        {"a\\.b.example.org.", "etc/odd.zone", "127.0.0.1/32", "192.0.2.5@53", 4, false, false},
	        {".", "etc/root.zone", "192.0.2.0/24", "::1@5353", 5, true, true},
	};
	assert_int_equal(conf->zone_count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct conf_zone *zone = &conf->zones[i];
		assert_string_equal(zone->name, rows[i].name);
		expect_name(zone->origin, rows[i].name);
		assert_string_equal(zone->file, rows[i].file);
		assert_int_equal(zone->place.line, rows[i].line);
		assert_int_equal(zone->transfer_count, 1);
		expect_prefix(&zone->transfer[0].from, rows[i].from);
		assert_int_equal(zone->transfer[0].key, rows[i].transfer_key ? 0 : NO_INDEX);
		assert_int_equal(zone->notify_count, 1);
		expect_endpoint(&zone->notify[0].to, rows[i].to);
		assert_int_equal(zone->notify[0].key, rows[i].notify_key ? 0 : NO_INDEX);
	}
	conf_free(conf);
}

/* A zone of the folder that is named keeps its file, and has what is said there. */
static void test_zone_of_folder_named(void **state)
{
	(void)state;
	struct conf *conf = conf_good("zones:\n"
	                              "  folder: zones\n"
	                              "  default: { transfer: [192.0.2.0/24], notify: [192.0.2.5] }\n"
	                              "  named:\n"
	                              "    example.com: { transfer: [127.0.0.1] }\n",
	        NULL);
	assert_int_equal(conf->zone_count, 1);
	assert_string_equal(conf->zones[0].file, "etc/zones/example.com.zone");
	assert_int_equal(conf->zones[0].place.line, 5);
	expect_prefix(&conf->zones[0].transfer[0].from, "127.0.0.1/32");
	expect_endpoint(&conf->zones[0].notify[0].to, "192.0.2.5@53");
	conf_free(conf);
}

/* `count` times `item`, with its number in place of %u, between two texts. */
static char *repeated(const char *before, const char *item, unsigned count, const char *after)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	fputs(before, out);
	for (unsigned i = 0; i < count; i++) {
		const char *hole = strstr(item, "%u");
		if (hole)
			fprintf(out, "%.*s%u.%u%s", (int)(hole - item), item, i >> 8, i & 255, hole + 2);
		else
			fputs(item, out);
	}
	fputs(after, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_limits(void **state)
{
	(void)state;
	static const char members[] = "datacenters: { fra: }\nservices: { a.example: { order: [fra], pools: { fra: [";
	static const char pools[] = "services: { a.example: { order: [], pools: {";
	static const char command[] = "probes: { a: { type: exec, command: [/bin/check, ";
	static const char headers[] = "probes: { a: { type: http, headers: { ";
	static const struct {
		const char *before, *item, *after;
		unsigned good, bad; /* good: 0: other errors come first */
		const char *why;
	} rows[] = {
	        {members, "10.1.%u, ", "] } } }\n", 1024, 1025, "a pool has at most 1024 members of a family"},
	        {"datacenters: { ", "d%u: , ", "}\n", 250, 251, "there are more than 250 data centers"},
	        {pools, "p%u: [192.0.2.1], ", "} } }\n", 0, 65, "a service has at most 64 pools, not 65"},
	        {command, "x, ", "] } }\n", 255, 256, "'command' has at most 256 entries, not 257"},
	        {headers, "h%u: x, ", "} } }\n", 32, 33, "a probe sends at most 32 headers, not 33"},
	        {"# ", "xxxxxxxxxxxxxxxx", "\n", 1 << 15, 1 << 20, "cannot read etc/geo/a.yaml: it is too large"},
	        {"maps: [ ", "a,", "]\n", 0, 2 << 20,
	                "too much for one file; long lists of prefixes belong in a .nets file"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *why, *text = repeated(rows[i].before, rows[i].item, rows[i].bad, rows[i].after);
		assert_null(conf_of("", text, &why));
		assert_string_equal(why, rows[i].why);
		free(why);
		free(text);
		if (!rows[i].good)
			continue;
		text = repeated(rows[i].before, rows[i].item, rows[i].good, rows[i].after);
		conf_free(conf_good("", text));
		free(text);
	}
}

/* The control socket is found in a file that is wrong in other respects. */
static void test_control_path(void **state)
{
	(void)state;
	static const struct {
		const char *folder, *expected; /* NULL: an error */
	} rows[] = {{"every-key", "/run/meridian/meridian.sock"}, {"unknown-key", "/run/meridian/meridian.sock"},
	        {"../../..", "../../../meridian.sock"}, {"syntax-error", "/run/meridian/meridian.sock"},
	        {"missing-file", NULL}, {"control-is-a-list", NULL}};
	const char *source = getenv("srcdir");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char folder[4096], path[4200];
		struct err *err = err_new();
		snprintf(folder, sizeof folder, "%s/tests/data/conf/", source ? source : ".");
		snprintf(path, sizeof path, "%s%s/meridian.yaml", folder, rows[i].folder);
		char *got = conf_control_path(path, err);
		assert_int_equal(err_count(err, ERR_ERROR), rows[i].expected ? 0 : 1);
		assert_int_equal(got != NULL, rows[i].expected != NULL);
		if (got)
			assert_string_equal(
			        strncmp(got, folder, strlen(folder)) ? got : got + strlen(folder), rows[i].expected);
		free(got);
		err_free(err);
	}
}

/* And in one that is no YAML at all, by its line. */
static void test_control_line(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected; /* NULL: an error; "@": beside the file */
	} rows[] = {{"listen: [x\n", CONF_CONTROL_PATH}, {"a: [\ncontrol: /run/a.sock\n", "/run/a.sock"},
	        {"control : \"/run/a b\"  \nx: ]\n", "/run/a b"}, {"a: [\n control: /run/a.sock\n", CONF_CONTROL_PATH},
	        {"x: ]\ncontrol:  '/run/a.sock'\r\n", "/run/a.sock"}, {"x: ]\ncontrol: sock # so\n", "@sock"},
	        {"x: ]\n#control: sock\n", CONF_CONTROL_PATH}, {"x: ]\ncontrol: [/run/a]\n", NULL},
	        {"x: ]\ncontrol /run/a\n", NULL}, {"x: ]\ncontrol:\n", NULL}, {"x: ]\ncontrol: '/run/a\n", NULL},
	        {"x: ]\ncontrol: /run/a\ncontrol: /run/b\n", NULL}, {"\377\ncontrol: /run/a\n", "/run/a"}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char path[] = "/tmp/test_control.XXXXXX";
		int file = mkstemp(path);
		assert_int_equal(write(file, rows[i].text, strlen(rows[i].text)), strlen(rows[i].text));
		close(file);
		struct err *err = err_new();
		char *got = conf_control_path(path, err);
		unlink(path);
		assert_int_equal(err_count(err, ERR_ERROR) != 0, !rows[i].expected);
		if (rows[i].expected && *rows[i].expected == '@')
			assert_string_equal(strrchr(got, '/') + 1, rows[i].expected + 1);
		else if (rows[i].expected)
			assert_string_equal(got, rows[i].expected);
		else
			assert_null(got);
		free(got);
		err_free(err);
	}
}

/* The example that ships, and the one with every key of the manual. */
static void test_examples(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		uint32_t zones, datacenters, probes, maps, services;
	} rows[] = {{"meridian.yaml", 0, 3, 1, 1, 1}, {"tests/data/conf/every-key/meridian.yaml", 4, 3, 6, 1, 3}};
	const char *source = getenv("srcdir");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char path[4096];
		struct err *err = err_new();
		snprintf(path, sizeof path, "%s/%s", source ? source : ".", rows[i].path);
		struct conf *conf = conf_read(path, err);
		if (!conf || err_items(err))
			fail_msg("%s: %s", path, err_item(err, 0)->message);
		if (rows[i].zones)
			assert_int_equal(conf->zone_count, rows[i].zones);
		assert_int_equal(conf->datacenter_count, rows[i].datacenters);
		assert_int_equal(conf->probe_count, rows[i].probes);
		assert_int_equal(conf->map_count, rows[i].maps);
		assert_int_equal(conf->service_count, rows[i].services);
		conf_free(conf);
		err_free(err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_defaults),
	        cmocka_unit_test(test_server),
	        cmocka_unit_test(test_server_words),
	        cmocka_unit_test(test_keys),
	        cmocka_unit_test(test_zones),
	        cmocka_unit_test(test_zone_of_folder_named),
	        cmocka_unit_test(test_limits),
	        cmocka_unit_test(test_control_path),
	        cmocka_unit_test(test_control_line),
	        cmocka_unit_test(test_examples),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
