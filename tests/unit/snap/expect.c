/*
 * expect.c: see expect.h.
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

static const char no_zone[] = "";

/* Reads meridian.yaml and geo/a.yaml from these texts (NULL: not there); NULL if there is an error, which is *why. */
struct conf *conf_of(const char *server, const char *geo, char **why)
{
	struct memory memory = {.count = 0};
	struct err *err = err_new();
	memory_set(&memory, "etc/meridian.yaml", server, strlen(server));
	memory_set(&memory, "etc/zones/example.com.zone", no_zone, 0);
	memory_set(&memory, "etc/geo/a.yaml", geo, geo ? strlen(geo) : 0);
	struct conf_source source = memory_source(&memory);
	struct conf *conf = conf_read_from(&source, "etc/meridian.yaml", NULL, err);
	*why = err_items(err) ? strdup(err_item(err, 0)->message) : NULL;
	err_free(err);
	return conf;
}

struct conf *conf_good(const char *server, const char *geo)
{
	char *why;
	struct conf *conf = conf_of(server, geo, &why);
	if (why)
		fail_msg("%s", why);
	assert_non_null(conf);
	return conf;
}

void expect_endpoint(const struct endpoint *endpoint, const char *expected)
{
	char text[ADDR_TEXT_MAX];
	assert_string_equal(endpoint_format(endpoint, text), expected);
}

void expect_prefix(const struct prefix *prefix, const char *expected)
{
	char text[ADDR_TEXT_MAX];
	assert_string_equal(prefix_format(prefix, text), expected);
}

void expect_name(const uint8_t *name, const char *expected)
{
	char text[NAME_TEXT_MAX];
	assert_string_equal(name_format(name, text), expected);
}
