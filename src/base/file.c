/*
 * file.c: reading what may be anything, and replacing what must never be half.
 *
 * Opened without blocking, so that a FIFO in place of a file cannot stop a
 * reload; looked at after opening, so that nothing can be put in between.
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"

/* Reads up to `size` bytes; how many, or -1 with errno. */
static ssize_t read_all(int fd, char *bytes, size_t size)
{
	size_t got = 0;
	while (got < size) {
		ssize_t n = read(fd, bytes + got, size - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

static bool same_version(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Reads the open file; NULL and *why, a phrase. */
static char *read_open(int fd, size_t max, size_t *size, const char **why)
{
	struct stat before, after;
	*why = NULL;
	if (fstat(fd, &before) < 0)
		return NULL;
	if (S_ISDIR(before.st_mode))
		*why = "is a directory";
	else if (!S_ISREG(before.st_mode))
		*why = "is not a regular file";
	else if ((uintmax_t)before.st_size > max)
		*why = "is too large";
	if (*why)
		return NULL;
	size_t expected = (size_t)before.st_size;
	char *bytes = malloc(expected + 1);
	if (!bytes)
		return NULL;
	/* One byte more than expected: a file that has grown shows itself. */
	ssize_t got = read_all(fd, bytes, expected + 1);
	if (got >= 0 && fstat(fd, &after) == 0) {
		if ((size_t)got == expected && same_version(&before, &after)) {
			bytes[expected] = 0;
			*size = expected;
			return bytes;
		}
		*why = "changed while it was read";
	}
	int saved = errno;
	free(bytes);
	errno = saved;
	return NULL;
}

char *file_read(const char *path, size_t max, size_t *size, struct err *err, const struct err_at *at)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		err_add(err, ERR_ERROR, at, "cannot open %s: %s", path, strerror(errno));
		return NULL;
	}
	const char *why;
	char *bytes = read_open(fd, max, size, &why);
	if (!bytes && why)
		err_add(err, ERR_ERROR, at, "cannot read %s: it %s", path, why);
	else if (!bytes)
		err_add(err, ERR_ERROR, at, "cannot read %s: %s", path, strerror(errno));
	close(fd);
	return bytes;
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, bytes, size);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			bytes += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

/* Makes the renaming itself last. Some file systems cannot; the file is whole all the same. */
static void sync_folder(const char *path)
{
	struct arena *arena = arena_new();
	int fd = open(file_beside(arena, path, "."), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	arena_free(arena);
}

/* A file that was not there before, written and synced. 0, or -1 with errno. */
static int write_new(const char *path, const void *bytes, size_t size)
{
	unlink(path); /* left by a crash */
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -1;
	int result = write_all(fd, bytes, size);
	if (result == 0)
		result = fsync(fd);
	int saved = errno;
	if (close(fd) < 0 && result == 0)
		return -1;
	errno = saved;
	return result;
}

int file_replace(const char *path, const void *bytes, size_t size)
{
	struct arena *arena = arena_new();
	const char *new_path = arena_printf(arena, "%s.new", path);
	int result = write_new(new_path, bytes, size);
	if (result == 0)
		result = rename(new_path, path);
	if (result == 0) {
		sync_folder(path);
	} else {
		int saved = errno;
		unlink(new_path);
		errno = saved;
	}
	arena_free(arena);
	return result;
}

char *file_beside(struct arena *arena, const char *base, const char *path)
{
	const char *slash = strrchr(base, '/');
	if (path[0] == '/' || !slash)
		return arena_string(arena, path);
	return arena_printf(arena, "%.*s%s", (int)(slash - base + 1), base, path);
}

char *file_within(struct arena *arena, const char *folder, const char *name)
{
	const char *slash = *folder && folder[strlen(folder) - 1] == '/' ? "" : "/";
	return arena_printf(arena, "%s%s%s", folder, slash, name);
}

static bool ends_in(const char *name, const char *suffix)
{
	size_t length = strlen(name), end = strlen(suffix);
	return length > end && strcmp(name + length - end, suffix) == 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Appends to a heap array that doubles. */
static void names_add(char ***names, size_t *count, char *name)
{
	if ((*count & (*count - 1)) == 0) {
		*names = realloc(*names, (*count ? 2 * *count : 1) * sizeof **names);
		MUST(*names);
	}
	(*names)[(*count)++] = name;
}

int file_list(const char *folder, const char *suffix, struct arena *arena, char ***paths, struct err *err,
        const struct err_at *at)
{
	DIR *dir = opendir(folder);
	if (!dir) {
		err_add(err, ERR_ERROR, at, "cannot read the folder %s: %s", folder, strerror(errno));
		return -1;
	}
	char **names = NULL;
	size_t count = 0;
	struct dirent *entry;
	while (errno = 0, (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && ends_in(entry->d_name, suffix))
			names_add(&names, &count, file_within(arena, folder, entry->d_name));
	int failure = errno;
	closedir(dir);
	if (count)
		qsort(names, count, sizeof *names, compare_names);
	*paths = arena_copy(arena, names, count * sizeof *names);
	free(names);
	if (failure) {
		err_add(err, ERR_ERROR, at, "cannot read the folder %s: %s", folder, strerror(failure));
		return -1;
	}
	return (int)count;
}
