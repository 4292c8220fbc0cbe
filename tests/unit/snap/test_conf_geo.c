/*
 * test_conf_geo.c: what the configuration reader makes of good files in geo/.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_datacenters(void **state)
{
	(void)state;
	struct conf *conf = conf_good("", "datacenters:\n"
	                                  "  iad: { at: [38.95, -77.45], capacity: 40000, bias: -10 }\n"
	                                  "  cdn:\n"
	                                  "  pole: { at: [-90, +180.0], bias: 99 }\n"
	                                  "safety: { keep: 2, brake: { per: 5m }, freeze: off }\n");
	assert_int_equal(conf->datacenter_count, 3);
	const struct datacenter *iad = &conf->datacenters[0], *cdn = iad + 1, *pole = iad + 2;
	assert_string_equal(iad->name, "iad");
	assert_true(iad->located && pole->located && !cdn->located);
	assert_true(iad->latitude == 38.95 && iad->longitude == -77.45 && iad->capacity == 40000 && iad->bias == -10);
	assert_true(pole->latitude == -90 && pole->longitude == 180 && pole->bias == 99 && pole->capacity == 0);
	assert_int_equal(conf->safety.keep, 2);
	assert_int_equal(conf->safety.brake, 1);
	assert_int_equal(conf->safety.brake_per, 300 * NANO_SECOND);
	assert_false(conf->safety.freeze);
	conf_free(conf);
}

static void test_probes(void **state)
{
	(void)state;
	struct conf *conf = conf_good("",
	        "probes:\n"
	        "  a: { type: http }\n"
	        "  b: { type: https, host: h.example, path: /x, status: 204, body: ok, ca: ca.pem, follow: on,\n"
	        "       headers: { Accept: a b, X: '1' }, read: [role, epoch], interval: 2s, timeout: 500ms, fall: 1, "
	        "rise: 64, dwell: { up: 30s, down: 1m } }\n"
	        "  c: { type: tcp, port: 25, interval: 1s }\n"
	        "  d: { type: exec, command: [/bin/check, '{address}'], timeout: 10s }\n"
	        "  e: { type: https, verify: off, port: 8443, status: 200-399 }\n"
	        "  f: { type: dns, name: Www.example.com }\n"
	        "  g: { type: dns, name: ., query: ns, expect: [A.root-servers.net, b.root-servers.net.], rcode: "
	        "NOERROR,\n"
	        "       aa: on, recurse: on, tcp: on, port: 5353 }\n"
	        "  h: { type: dns, name: x, query: AAAA, expect: ['2001:0DB8::1'] }\n");
	const struct probe_spec *p = conf->probes;
	assert_int_equal(conf->probe_count, 8);
	assert_int_equal(p[0].type, PROBE_HTTP);
	assert_int_equal(p[0].port, 80);
	assert_string_equal(p[0].path, "/");
	assert_true(p[0].status_min == 200 && p[0].status_max == 299 && p[0].fall == 3 && p[0].rise == 2);
	assert_true(p[0].interval == 10 * NANO_SECOND && p[0].timeout == 3 * NANO_SECOND);
	assert_true(
	        !p[0].host && !p[0].body && !p[0].headers && !p[0].ca && !p[0].follow && !p[0].read && !p[0].command);
	assert_int_equal(p[1].type, PROBE_HTTPS);
	assert_int_equal(p[1].port, 443);
	assert_true(p[1].verify && p[1].follow && p[1].fall == 1 && p[1].rise == 64);
	assert_true(p[1].dwell_up == 30 * NANO_SECOND && p[1].dwell_down == 60 * NANO_SECOND && !p[0].dwell_up);
	assert_string_equal(p[1].host, "h.example");
	assert_string_equal(p[1].body, "ok");
	assert_string_equal(p[1].ca, "etc/geo/ca.pem");
	assert_string_equal(p[1].headers[0], "Accept: a b");
	assert_string_equal(p[1].headers[1], "X: 1");
	assert_null(p[1].headers[2]);
	assert_string_equal(p[1].read[1], "epoch");
	assert_null(p[1].read[2]);
	assert_true(p[1].status_min == 204 && p[1].status_max == 204 && p[1].timeout == 500 * NANO_MILLI);
	assert_true(p[2].type == PROBE_TCP && p[2].port == 25 && !p[2].path);
	assert_true(p[2].timeout == NANO_SECOND); /* the default, but no longer than the interval */
	assert_true(p[3].type == PROBE_EXEC && p[3].port == 0);
	assert_string_equal(p[3].command[1], "{address}");
	assert_null(p[3].command[2]);
	assert_true(!p[4].verify && p[4].port == 8443 && p[4].status_max == 399);
	assert_true(p[5].type == PROBE_DNS && p[5].port == 53 && p[5].question.type == TYPE_A && !p[5].question.rcode);
	assert_memory_equal(p[5].question.name, "\3Www\7example\3com", 17);
	assert_true(!p[5].question.authoritative && !p[5].question.recurse && !p[5].question.tcp);
	assert_null(p[5].question.expect);
	assert_true(p[6].question.type == TYPE_NS && p[6].port == 5353 && *p[6].question.name == 0);
	assert_true(p[6].question.authoritative && p[6].question.recurse && p[6].question.tcp);
	assert_string_equal(p[6].question.expect[0], "a.root-servers.net.");
	assert_string_equal(p[6].question.expect[1], "b.root-servers.net.");
	assert_null(p[6].question.expect[2]);
	assert_string_equal(p[7].question.expect[0], "2001:db8::1");
	conf_free(conf);
}

/* A changed definition has another digest, the same one written differently has not. */
static void test_dns_digest(void **state)
{
	(void)state;
	static const struct {
		const char *keys;
		bool same;
	} rows[] = {{"query: A, rcode: NOERROR, aa: off, recurse: off, tcp: off, port: 53", true},
	        {"query: AAAA", false}, {"rcode: REFUSED", false}, {"aa: on", false}, {"recurse: on", false},
	        {"tcp: on", false}, {"expect: [192.0.2.1]", false}};
	struct conf *plain = conf_good("", "probes: { a: { type: dns, name: a.example } }\n");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[200];
		snprintf(text, sizeof text, "probes: { a: { type: dns, name: a.example, %s } }\n", rows[i].keys);
		struct conf *conf = conf_good("", text);
		if ((conf->probes[0].digest == plain->probes[0].digest) != rows[i].same)
			fail_msg("%s", rows[i].keys);
		conf_free(conf);
	}
	conf_free(plain);
}

static void test_probe_digest(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool same;
	} rows[] = {
	        {"{ type: http, path: /, port: 80 }", true},
	        {"{ interval: 10000ms, type: http, timeout: 3s, fall: 3, rise: 2, status: 200-299 }", true},
	        {"{ type: https, port: 80 }", false},
	        {"{ type: http, port: 81 }", false},
	        {"{ type: http, host: x }", false},
	        {"{ type: http, path: /x }", false},
	        {"{ type: http, status: 200 }", false},
	        {"{ type: http, body: x }", false},
	        {"{ type: http, headers: { a: b } }", false},
	        {"{ type: http, follow: on }", false},
	        {"{ type: http, read: [a] }", false},
	        {"{ type: http, interval: 11s }", false},
	        {"{ type: http, timeout: 2s }", false},
	        {"{ type: http, fall: 2 }", false},
	        {"{ type: http, rise: 3 }", false},
	        {"{ type: http, dwell: { up: 0s, down: 0s } }", true},
	        {"{ type: http, dwell: { up: 1s } }", false},
	        {"{ type: http, dwell: { down: 1s } }", false},
	};
	struct conf *plain = conf_good("", "probes: { a: { type: http } }\n");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[200];
		snprintf(text, sizeof text, "probes: { a: %s }\n", rows[i].text);
		struct conf *conf = conf_good("", text);
		if ((conf->probes[0].digest == plain->probes[0].digest) != rows[i].same)
			fail_msg("%s", rows[i].text);
		conf_free(conf);
	}
	conf_free(plain);
}

static void test_map(void **state)
{
	(void)state;
	struct conf *conf = conf_good("",
	        "datacenters: { a: , b: , c: }\n"
	        "maps:\n"
	        "  empty:\n"
	        "  world:\n"
	        "    default: nearest\n"
	        "    continent: { EU: [b, a] }\n"
	        "    country: { NO: [c], 'AQ': { only: [a, b] } }\n"
	        "    subdivision: { US-HI: [c] }\n"
	        "    asn: { 64500: [a], AS4294967295: nearest }\n"
	        "    net: { 192.0.2.0/24: [a], '2001:db8::/32': [b], '::ffff:10.0.0.0/104': [c],\n"
	        "           '64:ff9b::a00:1/128': [c], '2002:a01::/32': [c], 192.0.2.1: [b] }\n"
	        "    resolver: { 192.0.2.0/24: [a] }\n"
	        "    unknown: [c, a]\n");
	static const struct {
		enum rule_kind kind;
		unsigned line;
		const char *key, *prefix, *list; /* list: names of one letter, "!" behind them: only */
		uint32_t asn;
	} rows[] = {
	        {RULE_DEFAULT, 5, NULL, NULL, "", 0},
	        {RULE_CONTINENT, 6, "EU", NULL, "ba", 0},
	        {RULE_COUNTRY, 7, "NO", NULL, "c", 0},
	        {RULE_COUNTRY, 7, "AQ", NULL, "ab!", 0},
	        {RULE_SUBDIVISION, 8, "US-HI", NULL, "c", 0},
	        {RULE_ASN, 9, NULL, NULL, "a", 64500},
	        {RULE_ASN, 9, NULL, NULL, "", UINT32_MAX},
	        {RULE_NET, 10, NULL, "192.0.2.0/24", "a", 0},
	        {RULE_NET, 10, NULL, "2001:db8::/32", "b", 0},
	        {RULE_NET, 10, NULL, "10.0.0.0/8", "c", 0},
	        {RULE_NET, 11, NULL, "10.0.0.1/32", "c", 0},
	        {RULE_NET, 11, NULL, "10.1.0.0/16", "c", 0},
	        {RULE_NET, 11, NULL, "192.0.2.1/32", "b", 0},
	        {RULE_RESOLVER, 12, NULL, "192.0.2.0/24", "a", 0},
	        {RULE_UNKNOWN, 13, NULL, NULL, "ca", 0},
	};
	assert_int_equal(conf->map_count, 2);
	assert_string_equal(conf->maps[0].name, "empty");
	assert_int_equal(conf->maps[0].count, 0);
	assert_int_equal(conf->maps[1].count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct map_rule *rule = &conf->maps[1].rules[i];
		char list[16] = "";
		for (size_t j = 0; j < rule->list.count; j++)
			strcat(list, conf->datacenters[rule->list.datacenters[j]].name);
		assert_string_equal(strcat(list, rule->list.only ? "!" : ""), rows[i].list);
		assert_int_equal(rule->kind, rows[i].kind);
		assert_string_equal(rule->file, "etc/geo/a.yaml");
		assert_int_equal(rule->line, rows[i].line);
		assert_string_equal(rule->key ? rule->key : "", rows[i].key ? rows[i].key : "");
		assert_int_equal(rule->asn, rows[i].asn);
		if (rows[i].prefix)
			expect_prefix(&rule->prefix, rows[i].prefix);
	}
	conf_free(conf);
}

static void test_nets(void **state)
{
	(void)state;
	static const char
	        geo[] = "datacenters: { a: , b: }\nmaps: { m: { net: { 192.0.2.0/24: [a] }, nets: x.nets } }\n";
	static const char nets[] = "# measured\r\n\r\n10.0.0.0/8\tb a # here\r\n11.0.0.0/8 b a\r\n12.0.0.0/8 b only\r\n"
	                           "::ffff:13.0.0.0/104 nearest\r\n2001:db8::/32 a";
	static const struct {
		unsigned line;
		const char *prefix;
		uint8_t count, first;
		bool only;
	} rows[] = {{2, "192.0.2.0/24", 1, 0, false}, {3, "10.0.0.0/8", 2, 1, false}, {4, "11.0.0.0/8", 2, 1, false},
	        {5, "12.0.0.0/8", 1, 1, true}, {6, "13.0.0.0/8", 0, 0, false}, {7, "2001:db8::/32", 1, 0, false}};
	struct memory memory = {.count = 0};
	memory_set(&memory, "meridian.yaml", "", 0);
	memory_set(&memory, "zones/a.zone", "", 0);
	memory_set(&memory, "geo/a.yaml", geo, strlen(geo));
	memory_set(&memory, "geo/x.nets", nets, strlen(nets));
	struct conf_source source = memory_source(&memory);
	struct err *err = err_new();
	struct conf *conf = conf_read_from(&source, "meridian.yaml", NULL, err);
	assert_int_equal(err_items(err), 0);
	assert_int_equal(conf->maps[0].count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct map_rule *rule = &conf->maps[0].rules[i];
		assert_int_equal(rule->kind, RULE_NET);
		expect_prefix(&rule->prefix, rows[i].prefix);
		assert_int_equal(rule->line, rows[i].line);
		assert_string_equal(rule->file, i ? "geo/x.nets" : "geo/a.yaml");
		assert_int_equal(rule->list.count, rows[i].count);
		assert_int_equal(rule->list.only, rows[i].only);
		if (rows[i].count)
			assert_int_equal(rule->list.datacenters[0], rows[i].first);
	}
	conf_free(conf);
	err_free(err);
}

static const char service_base[] = "datacenters: { iad: , fra: , sin: }\n"
                                   "probes: { web: { type: http }, edge: { type: tcp, port: 443 } }\n"
                                   "maps: { other: , world: }\n"
                                   "services:\n";

static struct conf *read_service(const char *text)
{
	char geo[2000];
	snprintf(geo, sizeof geo, "%s%s", service_base, text);
	return conf_good("", geo);
}

static void test_service_defaults(void **state)
{
	(void)state;
	struct conf *conf = read_service("  WWW.example.com: { map: world, pools: { fra: [192.0.2.1] } }\n");
	const struct conf_service *service = &conf->services[0];
	assert_int_equal(conf->service_count, 1);
	assert_int_equal(service->name_count, 1);
	expect_name(service->names[0], "www.example.com.");
	assert_true(service->map == 1 && service->order_count == 0 && !service->names_only);
	assert_true(service->answer == 0 && !service->is_sticky && service->min_up == 0);
	assert_true(service->all_down == ALL_DOWN_ALL && service->failback == FAILBACK_AUTO);
	assert_int_equal(service->place.line, 5);
	assert_int_equal(service->place.column, 3);
	assert_int_equal(service->place.width, 15);
	assert_int_equal(service->pool_count, 1);
	assert_true(service->pools[0].datacenter == 1 && service->pools[0].probe == NO_INDEX);
	assert_int_equal(service->pools[0].member_count, 1);
	assert_int_equal(service->pools[0].members[0].weight, 1);
	conf_free(conf);
}

static void test_service(void **state)
{
	(void)state;
	struct conf *conf = read_service("  a.example:\n"
	                                 "    map: world\n"
	                                 "    probe: web\n"
	                                 "    names: ['*.a.example', b.example.]\n"
	                                 "    answer: 2\n"
	                                 "    sticky: 24/56\n"
	                                 "    min-up: 50%\n"
	                                 "    all-down: { pool: iad }\n"
	                                 "    failback: { after: 20m }\n"
	                                 "    pools:\n"
	                                 "      sin: { members: [203.0.113.10], probe: none }\n"
	                                 "      iad: [{ address: 192.0.2.10, weight: 3 }, '2001:db8:1::10']\n"
	                                 "      fra: { members: [198.51.100.10], probe: edge }\n");
	const struct conf_service *service = &conf->services[0];
	assert_int_equal(service->name_count, 3);
	expect_name(service->names[0], "a.example.");
	expect_name(service->names[1], "*.a.example.");
	expect_name(service->names[2], "b.example.");
	assert_int_equal(service->name_places[2].line, 8);
	assert_true(service->answer == 2 && service->is_sticky && service->min_up == 50);
	assert_true(service->sticky[FAMILY_V4] == 24 && service->sticky[FAMILY_V6] == 56);
	assert_true(service->failback == FAILBACK_AFTER && service->failback_after == 1200 * NANO_SECOND);
	static const struct {
		const char *name;
		uint32_t datacenter, probe, members;
	} rows[] = {{"iad", 0, 0, 2}, {"fra", 1, 1, 1}, {"sin", 2, NO_INDEX, 1}}; /* ascending by data center */
	assert_int_equal(service->pool_count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_string_equal(service->pools[i].name, rows[i].name);
		assert_int_equal(service->pools[i].datacenter, rows[i].datacenter);
		assert_int_equal(service->pools[i].probe, rows[i].probe);
		assert_int_equal(service->pools[i].member_count, rows[i].members);
	}
	assert_int_equal(service->pools[0].members[0].weight, 3);
	assert_int_equal(service->pools[0].members[1].addr.family, ADDR_V6);
	assert_int_equal(service->all_down, ALL_DOWN_POOL);
	assert_int_equal(service->all_down_pool, 0);
	conf_free(conf);
}

static void test_order(void **state)
{
	(void)state;
	struct conf *conf = read_service("  static.example:\n"
	                                 "    order: [origin, cdn, fra]\n"
	                                 "    probe: web\n"
	                                 "    failback: manual\n"
	                                 "    all-down: last\n"
	                                 "    pools:\n"
	                                 "      fra: { cname: F.example. }\n"
	                                 "      cdn: { cname: D1.cdn.example.net, probe: edge }\n"
	                                 "      origin: { cname: www.example.com., probe: none }\n");
	const struct conf_service *service = &conf->services[0];
	assert_true(service->map == NO_INDEX && service->names_only && service->order_count == 3);
	assert_true(service->order[0] == 2 && service->order[1] == 1 && service->order[2] == 0);
	assert_true(service->failback == FAILBACK_MANUAL && service->all_down == ALL_DOWN_LAST);
	assert_true(service->pools[0].datacenter == 1 && service->pools[1].datacenter == NO_INDEX);
	assert_true(
	        service->pools[0].probe == 0 && service->pools[1].probe == 1 && service->pools[2].probe == NO_INDEX);
	expect_name(service->pools[1].cname, "D1.cdn.example.net.");
	conf_free(conf);
}

/* Sections may be spread over files, and the order of files and sections does not matter for names. */
static void test_merge(void **state)
{
	(void)state;
	static const char one[] = "services: { a.example: { map: world, probe: web, pools: { fra: [192.0.2.1] } } }\n"
	                          "safety: { keep: 0 }\n";
	static const char two[] = "maps: { world: { default: [fra, iad] } }\n"
	                          "datacenters: { iad: }\n"
	                          "safety: { freeze: off }\n";
	static const char three[] = "datacenters: { fra: }\nprobes: { web: { type: http } }\n";
	struct memory memory = {.count = 0};
	memory_set(&memory, "meridian.yaml", "", 0);
	memory_set(&memory, "zones/a.zone", "", 0);
	memory_set(&memory, "geo/c.yaml", three, strlen(three));
	memory_set(&memory, "geo/a.yaml", one, strlen(one));
	memory_set(&memory, "geo/b.yaml", two, strlen(two));
	struct conf_source source = memory_source(&memory);
	struct err *err = err_new();
	struct conf *conf = conf_read_from(&source, "meridian.yaml", NULL, err);
	assert_int_equal(err_items(err), 0);
	assert_string_equal(conf->datacenters[0].name, "iad");
	assert_string_equal(conf->datacenters[1].name, "fra");
	assert_int_equal(conf->maps[0].rules[0].list.datacenters[0], 1);
	assert_int_equal(conf->services[0].pools[0].datacenter, 1);
	assert_string_equal(conf->services[0].place.file, "geo/a.yaml");
	assert_true(conf->safety.keep == 0 && !conf->safety.freeze);
	conf_free(conf);
	err_free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_datacenters),
	        cmocka_unit_test(test_probes),
	        cmocka_unit_test(test_probe_digest),
	        cmocka_unit_test(test_dns_digest),
	        cmocka_unit_test(test_map),
	        cmocka_unit_test(test_nets),
	        cmocka_unit_test(test_service_defaults),
	        cmocka_unit_test(test_service),
	        cmocka_unit_test(test_order),
	        cmocka_unit_test(test_merge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
