/*
 * file.h: whole files, read safely and written so that a crash leaves the old or the new.
 *
 * Set-up and control threads only.
 */
#ifndef MERIDIAN_BASE_FILE_H
#define MERIDIAN_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* Reads a regular file of at most `max` bytes into memory that the caller frees, with a 0 after its end. NULL and
 * an error in `err` for one that is missing, a directory, no regular file, unreadable, too large, or that changed
 * while it was read. `at` is where the file was named (NULL: nowhere). */
char *file_read(const char *path, size_t max, size_t *size, struct err *err, const struct err_at *at);

/* Writes `size` bytes to PATH.new, syncs, and renames it over PATH. 0, or -1 with errno. */
int file_replace(const char *path, const void *bytes, size_t size);

/* `path` itself if absolute, else relative to the folder of the file `base`; from the arena. */
char *file_beside(struct arena *arena, const char *base, const char *path);
/* The path of what is called `name` in `folder`; from the arena. */
char *file_within(struct arena *arena, const char *folder, const char *name);

/* The names in `folder` that end in `suffix`, sorted by bytes, without hidden ones; as full paths, from the arena.
 * Returns how many, or -1 and an error if the folder cannot be read. What is no regular file is listed too, so that
 * file_read names it: a folder or a dangling link called a.zone is a mistake, not nothing. */
int file_list(const char *folder, const char *suffix, struct arena *arena, char ***paths, struct err *err,
        const struct err_at *at);

#endif
