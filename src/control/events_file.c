/*
 * events_file.c: events appended to a file, by a worker, so that a disk that hangs holds nobody up.
 *
 * All lines that wait are written at once. A line that was cut (the disk was
 * full) is ended before the next one begins.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "control/events_room.h"

struct file {
	uv_work_t work;
	struct way *way;
	bool moved; /* open it again first */
	bool queued;

	/* the worker's, while one runs */
	bool reopen;
	int fd; /* -1: not open */
	bool torn;
	int failure;
	unsigned written, count; /* lines */
	char *lines[EVENTS_QUEUE];
};

static int put(struct file *file, const char *text)
{
	size_t size = strlen(text);
	while (size) {
		ssize_t done = write(file->fd, text, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		text += done;
		size -= (size_t)done;
		file->torn = size;
	}
	return 0;
}

static void run(uv_work_t *work)
{
	struct file *file = work->data;
	file->failure = 0;
	file->written = 0;
	if (file->reopen && file->fd >= 0) {
		close(file->fd);
		file->fd = -1;
	}
	if (file->fd < 0)
		file->fd = open(
		        file->way->name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
	bool good = file->fd >= 0 && (!file->torn || put(file, "\n") == 0);
	while (good && file->written < file->count && (good = put(file, file->lines[file->written]) == 0))
		file->written++;
	if (!good)
		file->failure = errno;
}

static void go(struct way *way);

static void end(struct file *file)
{
	struct way *way = file->way;
	if (file->fd >= 0)
		close(file->fd);
	free(file);
	way_gone(way);
}

static void after(uv_work_t *work, int status)
{
	struct file *file = work->data;
	struct way *way = file->way;
	(void)status;
	file->queued = false;
	way->counts.dropped += file->count - file->written;
	for (unsigned i = 0; i < file->count; i++)
		free(file->lines[i]);
	file->count = 0;
	way_done(way, file->failure ? strerror(file->failure) : "");
	if (!way->closing)
		return;
	if (way->count && !file->failure)
		go(way);
	else
		end(file);
}

static void go(struct way *way)
{
	struct file *file = way->work;
	way->busy = true;
	file->queued = true;
	file->reopen = file->moved;
	file->moved = false;
	while (way->count)
		file->lines[file->count++] = way_take(way);
	MUST(uv_queue_work(events_loop(way->events), &file->work, run, after) == 0);
}

static void close_file(struct way *way)
{
	struct file *file = way->work;
	if (file->queued)
		return; /* after() does it */
	if (way->count)
		go(way);
	else
		end(file);
}

void events_file_open(struct way *way)
{
	struct file *file = calloc(1, sizeof *file);
	MUST(file);
	file->way = way;
	file->fd = -1;
	file->work.data = file;
	way->work = file;
}

void events_file_reopen(struct way *way)
{
	struct file *file = way->work;
	file->moved = true;
}

const struct way_role events_file_role = {go, close_file};
