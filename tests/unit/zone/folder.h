/*
 * folder.h: a folder of a test's own, zone files in it, and zones as text.
 *
 * For the tests of the room zone. A test is in the folder while it runs.
 */
#ifndef MERIDIAN_TESTS_ZONE_FOLDER_H
#define MERIDIAN_TESTS_ZONE_FOLDER_H

#include "zone/zone.h"

#define ZONE_SEED 0x5eed

/* cmocka's set-up and tear-down of a test: into a new folder under /tmp; out of it, and all in it is removed. */
int folder_enter(void **state);
int folder_leave(void **state);
/* Writes `size` bytes (or all of a C string) into a file of the folder. */
void folder_put(const char *path, const void *text, size_t size);
void folder_put_text(const char *path, const char *text);

/* Loads `file` for the origin `origin` (text). */
struct zone *zone_of(const char *file, const char *origin, struct zone *previous, struct err *err);
/* The node of a name (text), or NULL. */
const struct node *node_of(const struct zone *zone, const char *name);
/* All of a zone, one line a record or name without any; the caller frees it:
 *   NAME [flags] TYPE TTL HEX [-> TARGET] [signed N] */
char *zone_text(const struct zone *zone);
/* All that was said, as `line:column: error: message` (with the file before it, if it is not `file`), without source
 * lines; the caller frees it. */
char *err_text(const struct err *err, const char *file);

#endif
