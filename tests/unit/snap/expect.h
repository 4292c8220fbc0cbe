/*
 * expect.h: for tests of good configurations: a conf from two texts, and its values as text.
 */
#ifndef MERIDIAN_TESTS_UNIT_SNAP_EXPECT_H
#define MERIDIAN_TESTS_UNIT_SNAP_EXPECT_H

#include "memory.h"
#include "wire/name.h"

/* Reads etc/meridian.yaml and etc/geo/a.yaml with these texts (NULL: not there) beside etc/zones/example.com.zone; NULL
 * if there is an error. *why: the first error or warning, NULL: none; the caller frees both. */
struct conf *conf_of(const char *server, const char *geo, char **why);
/* The same; fails the test if anything is said. */
struct conf *conf_good(const char *server, const char *geo);

void expect_endpoint(const struct endpoint *endpoint, const char *expected);
void expect_prefix(const struct prefix *prefix, const char *expected);
void expect_name(const uint8_t *name, const char *expected);

#endif
