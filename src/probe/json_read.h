/*
 * json_read.h: JSON (RFC 8259) of whoever was asked. Pure; any thread.
 */
#ifndef MERIDIAN_PROBE_JSON_READ_H
#define MERIDIAN_PROBE_JSON_READ_H

#include <jansson.h>
#include <stddef.h>

/* The whole of a body, which the caller bounds; NULL: it is no JSON, cut off, or nested deeper than a service has
 * reason to. The caller owns it. */
json_t *json_read(const char *body, size_t size);

/* What stands at `path` ("database.lag": the member of that name, or else `lag` of the object `database`); NULL:
 * nothing does. Borrowed. */
const json_t *json_at(const json_t *object, const char *path);

#endif
