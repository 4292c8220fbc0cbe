/*
 * memory.h: files in memory for tests of the configuration reader, and the cases that are written as text.
 *
 * A file of cases is a list of
 *   === name
 *   --- path          the text of a file, up to the next line that begins so
 *   --- !path         a file of the base that is not there
 *   --- errors        what err_print must write
 * The case named `base` holds the files that all others start from.
 */
#ifndef MERIDIAN_TESTS_UNIT_SNAP_MEMORY_H
#define MERIDIAN_TESTS_UNIT_SNAP_MEMORY_H

#include "snap/conf_reader.h"

#define MEMORY_FILES_MAX 16

struct memory_file {
	const char *path;
	const char *text;
	size_t size;
};

struct memory {
	struct memory_file files[MEMORY_FILES_MAX];
	unsigned count;
};

/* Adds or replaces a file; `text` NULL: takes it away. Both are borrowed. */
void memory_set(struct memory *memory, const char *path, const char *text, size_t size);
/* A source that reads from it; `memory` is borrowed. */
struct conf_source memory_source(struct memory *memory);

struct memory_case {
	const char *name;
	struct memory files;
	const char *errors; /* "" if there is none */
};

/* Takes the next case out of the text at *at, which is cut up and moved on; texts are kept in `arena`; false at the
 * end. */
bool memory_case_next(char **at, struct arena *arena, const struct memory *base, struct memory_case *next);

#endif
