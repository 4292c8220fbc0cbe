/*
 * memory.c: files in memory; messages as those of the disk.
 */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

static struct memory_file *find(struct memory *memory, const char *path)
{
	for (unsigned i = 0; i < memory->count; i++)
		if (strcmp(memory->files[i].path, path) == 0)
			return &memory->files[i];
	return NULL;
}

void memory_set(struct memory *memory, const char *path, const char *text, size_t size)
{
	struct memory_file *file = find(memory, path);
	if (!file && text) {
		MUST(memory->count < MEMORY_FILES_MAX);
		file = &memory->files[memory->count++];
	}
	if (!text && file)
		*file = memory->files[--memory->count];
	else if (file)
		*file = (struct memory_file){path, text, size};
}

static char *memory_read(
        void *context, const char *path, size_t max, size_t *size, struct err *err, const struct err_at *at)
{
	const struct memory_file *file = find(context, path);
	if (!file) {
		err_add(err, ERR_ERROR, at, "cannot open %s: No such file or directory", path);
		return NULL;
	}
	if (file->size > max) {
		err_add(err, ERR_ERROR, at, "cannot read %s: it is too large", path);
		return NULL;
	}
	char *copy = malloc(file->size + 1);
	MUST(copy);
	memcpy(copy, file->text, file->size);
	copy[file->size] = 0;
	*size = file->size;
	return copy;
}

/* The part of `path` behind the folder, or NULL. */
static const char *within(const char *path, const char *folder)
{
	size_t length = strlen(folder);
	length -= length > 0 && folder[length - 1] == '/';
	return strncmp(path, folder, length) == 0 && path[length] == '/' ? path + length + 1 : NULL;
}

static bool memory_exists(void *context, const char *path)
{
	struct memory *memory = context;
	bool found = find(memory, path) != NULL;
	for (unsigned i = 0; i < memory->count; i++)
		found = found || within(memory->files[i].path, path);
	return found;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int memory_list(void *context, const char *folder, const char *suffix, struct arena *arena, char ***paths,
        struct err *err, const struct err_at *at)
{
	struct memory *memory = context;
	int count = 0;
	if (!memory_exists(context, folder)) {
		err_add(err, ERR_ERROR, at, "cannot read the folder %s: No such file or directory", folder);
		return -1;
	}
	char **found = arena_alloc(arena, MEMORY_FILES_MAX * sizeof *found);
	for (unsigned i = 0; i < memory->count; i++) {
		const char *name = within(memory->files[i].path, folder);
		size_t length = name ? strlen(name) : 0, end = strlen(suffix);
		if (name && !strchr(name, '/') && length > end && strcmp(name + length - end, suffix) == 0)
			found[count++] = arena_string(arena, memory->files[i].path);
	}
	qsort(found, (size_t)count, sizeof *found, compare);
	*paths = found;
	return count;
}

struct conf_source memory_source(struct memory *memory)
{
	return (struct conf_source){memory_read, memory_list, memory_exists, memory};
}

/* Cuts the next line off. */
static char *take_line(char **at)
{
	char *line = *at, *newline = strchr(line, '\n');
	MUST(newline);
	*newline = 0;
	*at = newline + 1;
	return line;
}

/* The lines up to the next that begins with "--- " or "=== ". */
static size_t body_length(const char *at)
{
	const char *end = at;
	while (*end && strncmp(end, "--- ", 4) != 0 && strncmp(end, "=== ", 4) != 0) {
		end = strchr(end, '\n');
		MUST(end);
		end++;
	}
	return (size_t)(end - at);
}

bool memory_case_next(char **at, struct arena *arena, const struct memory *base, struct memory_case *next)
{
	*at += body_length(*at);
	if (!**at)
		return false;
	*next = (struct memory_case){.name = take_line(at) + 4, .files = *base, .errors = ""};
	while (strncmp(*at, "--- ", 4) == 0) {
		char *path = take_line(at) + 4;
		size_t size = body_length(*at);
		char *text = arena_stringn(arena, *at, size);
		*at += size;
		if (strcmp(path, "errors") == 0)
			next->errors = text;
		else
			memory_set(&next->files, path + (*path == '!'), *path == '!' ? NULL : text, size);
	}
	return true;
}
