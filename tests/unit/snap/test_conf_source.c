/*
 * test_conf_source.c: members that are asked of a URL: whom it names, and which members a pool has before anybody was
 * asked.
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

static void test_urls(void **state)
{
	static const struct {
		const char *url;
		enum probe_type type;
		const char *endpoint; /* NULL: a name */
		const char *host;
		unsigned port;
		const char *path;
	} rows[] = {
	        {"http://10.0.0.5:8500/v1/web?passing", PROBE_HTTP, "10.0.0.5@8500", NULL, 8500, "/v1/web?passing"},
	        {"https://10.0.0.5", PROBE_HTTPS, "10.0.0.5@443", NULL, 443, "/"},
	        {"http://10.0.0.5?a=b", PROBE_HTTP, "10.0.0.5@80", NULL, 80, "/?a=b"},
	        {"http://[2001:db8::1]:81/", PROBE_HTTP, "2001:db8::1@81", NULL, 81, "/"},
	        {"https://registry.internal/v1", PROBE_HTTPS, NULL, "registry.internal", 443, "/v1"},
	        {"http://a_b:65535/x//y", PROBE_HTTP, NULL, "a_b", 65535, "/x//y"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char geo[512], *why;
		snprintf(geo, sizeof geo,
		        "datacenters: { iad: }\nservices:\n  www.example.com:\n    order: [iad]\n"
		        "    pools: { iad: { members: { from: \"%s\", interval: 2s } } }\n",
		        rows[i].url);
		struct conf *conf = conf_of("", geo, &why);
		assert_non_null(conf);
		assert_non_null(strstr(why, "has no members until")); /* only a warning */
		const struct member_source *source = conf->sources;
		assert_ptr_equal(conf->services[0].pools[0].source, source);
		assert_string_equal(source->url, rows[i].url);
		assert_int_equal(source->probe.type, rows[i].type);
		assert_string_equal(source->probe.path, rows[i].path);
		assert_int_equal(source->target.endpoint.port, rows[i].port);
		assert_int_equal(source->probe.interval, 2 * NANO_SECOND);
		assert_int_equal(source->probe.timeout, 2 * NANO_SECOND);
		if (rows[i].endpoint)
			expect_endpoint(&source->target.endpoint, rows[i].endpoint);
		else
			assert_string_equal(source->target.host, rows[i].host);
		assert_int_equal(source->target.host != NULL, rows[i].host != NULL);
		conf_free(conf);
		free(why);
	}
}

static struct conf *read_with(struct memory *memory, const char *geo, const struct conf *previous, struct err *err)
{
	struct conf_source source = memory_source(memory);
	memory_set(memory, "meridian.yaml", "state: state\n", 13);
	memory_set(memory, "zones/a.zone", "", 0);
	if (geo)
		memory_set(memory, "geo/a.yaml", geo, strlen(geo));
	return conf_read_from(&source, "meridian.yaml", previous, err);
}

#define HEAD "datacenters: { iad: }\nservices:\n  www.example.com: { order: [iad], pools: { iad: "
#define GEO(members) HEAD members " } }\n"
#define URL "http://10.0.0.5/web"
#define ASKED GEO("{ members: { from: " URL " } }")
#define STATIC GEO("[192.0.2.9]")
#define OTHER GEO("{ members: { from: http://10.0.0.6/web } }")

/* What is kept beats what was, what was beats nobody. */
static void test_members(void **state)
{
	static const struct {
		const char *name, *before, *geo, *kept, *first;
		uint32_t count;
		bool warned, used;
	} rows[] = {
	        {"a start with a list", NULL, ASKED, "# so\n192.0.2.1 3\n192.0.2.2 1\n", "192.0.2.1", 2, false, true},
	        {"a start without", NULL, ASKED, NULL, NULL, 0, true, false},
	        {"a start with rubbish", NULL, ASKED, "192.0.2.1 1\n192.0", NULL, 0, true, false},
	        {"a start with nobody", NULL, ASKED, "# so\n", NULL, 0, true, false},
	        {"a start with a 0 byte", NULL, ASKED, "192.0.2.1 1\n\1", NULL, 0, true, false},
	        {"a new list", ASKED, ASKED, "192.0.2.3 1\n", "192.0.2.3", 1, false, true},
	        {"a list of an earlier time", STATIC, ASKED, "192.0.2.3 1\n", "192.0.2.9", 1, false, false},
	        {"members that stood there", STATIC, ASKED, NULL, "192.0.2.9", 1, false, false},
	        {"rubbish", STATIC, ASKED, "x", "192.0.2.9", 1, false, false},
	        {"another URL", STATIC, OTHER, "192.0.2.3 1\n", "192.0.2.9", 1, false, false},
	        {"too few", NULL, GEO("{ members: { from: " URL ", min: 2 } }"), "192.0.2.3 1\n", NULL, 0, true, false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct memory memory = {.count = 0};
		struct err *err = err_new();
		struct conf *before = rows[i].before ? read_with(&memory, rows[i].before, NULL, err) : NULL;
		struct conf *asked = read_with(&memory, rows[i].geo, before, err); /* to learn where it is kept */
		char *path = strdup(asked->sources->path);
		assert_int_equal(strncmp(path, "state/", 6), 0);
		conf_free(asked);
		err_free(err);
		err = err_new();
		if (rows[i].kept)
			memory_set(&memory, path, rows[i].kept, strlen(rows[i].kept));
		struct conf *conf = read_with(&memory, rows[i].geo, before, err);
		const struct conf_pool *pool = &conf->services[0].pools[0];
		struct addr addr = {0};
		if (rows[i].first)
			assert_true(addr_parse(&addr, rows[i].first));
		if (pool->member_count != rows[i].count || (err_items(err) > 0) != rows[i].warned ||
		        (conf->sources->digest != 0) != rows[i].used ||
		        (rows[i].first && !addr_equal(&pool->members[0].addr, &addr)))
			fail_msg("%s: %u members, %zu said", rows[i].name, pool->member_count, err_items(err));
		conf_free(conf);
		conf_free(before);
		err_free(err);
		free(path);
	}
}

/* A folder of steering that is empty or gone is refused by a server that steers by it. */
static void test_lost_steering(void **state)
{
	static const struct {
		const char *before, *geo, *other;
		bool good;
	} rows[] = {
	        {STATIC, NULL, NULL, false},            /* gone */
	        {STATIC, NULL, "geo/readme", false},    /* empty */
	        {STATIC, "services: {}\n", NULL, true}, /* meant */
	        {"services: {}\n", NULL, NULL, true},   /* nothing to lose */
	        {NULL, NULL, "geo/readme", true},       /* a start */
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct memory first = {.count = 0}, second = {.count = 0};
		struct err *err = err_new();
		struct conf *before = rows[i].before ? read_with(&first, rows[i].before, NULL, err) : NULL;
		assert_true(before || !rows[i].before);
		if (rows[i].other)
			memory_set(&second, rows[i].other, "", 0);
		struct conf *conf = read_with(&second, rows[i].geo, before, err);
		if ((conf != NULL) != rows[i].good)
			fail_msg("row %zu: %s", i, err_items(err) ? err_item(err, 0)->message : "no error");
		conf_free(conf);
		conf_free(before);
		err_free(err);
	}
}

/* Who asks the same is one; when it is asked is no part of what is kept. */
static void test_identity(void **state)
{
	static const struct {
		const char *a, *b;
		bool same_list, same_schedule;
	} rows[] = {
	        {"from: " URL, "from: \"" URL "\"", true, true},
	        {"from: " URL, "from: " URL ", interval: 10s", true, true},
	        {"from: " URL, "from: " URL ", interval: 11s", true, false},
	        {"from: " URL, "from: " URL ", timeout: 1s", true, false},
	        {"from: " URL, "from: " URL "?", false, false},
	        {"from: " URL, "from: " URL ", read: a", false, false},
	        {"from: " URL ", read: a", "from: " URL ", address: a", false, false},
	        {"from: " URL ", weight: a", "from: " URL ", address: a", false, false},
	        {"from: " URL, "from: " URL ", min: 2", false, false},
	        {"from: " URL, "from: " URL ", host: a", false, false},
	        {"from: " URL, "from: " URL ", follow: on", false, false},
	        {"from: " URL, "from: " URL ", headers: { A: b }", false, false},
	        {"from: https://a/", "from: https://a/, verify: off", false, false},
	        {"from: https://a/", "from: https://a/, ca: x", false, false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char geo[1024], *why;
		snprintf(geo, sizeof geo,
		        "datacenters: { iad: , fra: }\nservices:\n  www.example.com:\n    order: [iad, fra]\n"
		        "    pools: { iad: { members: { %s } }, fra: { members: { %s } } }\n",
		        rows[i].a, rows[i].b);
		struct conf *conf = conf_of("", geo, &why);
		const struct member_source *a = conf->services[0].pools[0].source,
		                           *b = conf->services[0].pools[1].source;
		if ((a->id == b->id) != rows[i].same_list || !strcmp(a->path, b->path) != rows[i].same_list ||
		        (a == b) != rows[i].same_schedule)
			fail_msg("%s, and %s", rows[i].a, rows[i].b);
		conf_free(conf);
		free(why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_urls), cmocka_unit_test(test_members),
	        cmocka_unit_test(test_lost_steering), cmocka_unit_test(test_identity)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
