/*
 * watch.c: files of members, which other programs write: a change is a reload. So is a list that was fetched.
 *
 * Called by daemon.c whenever something was published. Once a second a worker
 * looks at all files; one whose status changed is read, and where it says
 * something else than what serves now, and than what was tried last, a reload is
 * asked for. Looking beats inotify here: it sees through symbolic links that are
 * swapped, works on any file system, and costs a stat a file. A list that is
 * broken makes the reload fail, once, with its error; the last good one serves.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/assert.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "main/daemon.h"

#define LOOK_MS 1000
#define REST (2 * NANO_SECOND) /* from one reload to the next, at least */

struct watched {
	char *path;
	uint64_t tried; /* digest of what a build last read, or failed on */
	struct stat status;
	bool looked, changed;
	struct stat broken; /* of what could not be read */
	bool told;          /* a reload said why */
};

struct watch {
	struct daemon *daemon;
	uv_timer_t timer;
	uv_work_t work;
	struct watched *files;
	size_t count;
	bool busy;     /* the worker has the files */
	bool outdated; /* something was published meanwhile */
	nanotime asked;
	char *fetched; /* where a list that is new came from; NULL: none did */
};

/* ---- the worker ---- */

static bool same_status(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* A file that is gone, or cannot be read, is one that is being replaced; one that stands still and cannot be read is
 * wrong (too large, say), and a reload tells why. */
static void look_at(struct watched *file)
{
	struct stat status;
	size_t size;
	if (stat(file->path, &status) || (file->looked && same_status(&status, &file->status)))
		return;
	struct err *quiet = err_new();
	char *text = file_read(file->path, MEMBER_FILE_MAX, &size, quiet, NULL);
	err_free(quiet);
	if (!text) {
		bool again = same_status(&status, &file->broken);
		file->changed = again && !file->told;
		file->told = again;
		file->tried = again ? 0 : file->tried; /* whatever can be read then is news */
		file->broken = status;
		return;
	}
	file->told = false;
	uint64_t digest = hash_bytes(MEMBER_FILE_SEED, text, size);
	file->looked = true;
	file->status = status;
	file->changed = digest != file->tried;
	file->tried = digest;
	free(text);
}

static void look(uv_work_t *work)
{
	struct watch *watch = work->data;
	for (size_t i = 0; i < watch->count; i++)
		look_at(&watch->files[i]);
}

/* ---- the control thread ---- */

static void drop_files(struct watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		free(watch->files[i].path);
	free(watch->files);
	watch->files = NULL;
	watch->count = 0;
}

static void take_files(struct watch *watch)
{
	const struct conf *conf = daemon_conf(watch->daemon);
	drop_files(watch);
	watch->outdated = false;
	for (const struct member_file *file = conf->member_files; file; file = file->next)
		watch->count++;
	watch->files = calloc(watch->count + 1, sizeof *watch->files);
	MUST(watch->files);
	size_t i = 0;
	for (const struct member_file *file = conf->member_files; file; file = file->next, i++) {
		watch->files[i] = (struct watched){.path = strdup(file->path), .tried = file->digest};
		MUST(watch->files[i].path);
	}
}

static void reload(struct watch *watch, const char *why)
{
	watch->asked = clock_now();
	reload_request(watch->daemon->reload, why, NULL, NULL);
}

static void looked(uv_work_t *work, int status)
{
	struct watch *watch = work->data;
	const char *changed = NULL;
	(void)status;
	watch->busy = false;
	if (watch->daemon->phase == DAEMON_STOPPING) {
		watch_free(watch);
		return;
	}
	for (size_t i = 0; i < watch->count; i++) {
		changed = watch->files[i].changed ? watch->files[i].path : changed;
		watch->files[i].changed = false;
	}
	if (changed)
		reload(watch, changed);
	if (watch->outdated)
		take_files(watch);
}

static void on_time(uv_timer_t *timer)
{
	struct watch *watch = timer->data;
	struct daemon *daemon = watch->daemon;
	if (watch->busy || (!watch->count && !watch->fetched) || daemon->phase != DAEMON_READY ||
	        reload_running(daemon->reload) || (watch->asked && clock_now() - watch->asked < REST))
		return;
	if (watch->fetched) {
		reload(watch, watch->fetched);
		free(watch->fetched);
		watch->fetched = NULL;
		return;
	}
	watch->busy = true;
	MUST(uv_queue_work(&daemon->loop, &watch->work, look, looked) == 0);
}

struct watch *watch_new(struct daemon *daemon)
{
	struct watch *watch = calloc(1, sizeof *watch);
	MUST(watch);
	watch->daemon = daemon;
	watch->work.data = watch->timer.data = watch;
	uv_timer_init(&daemon->loop, &watch->timer);
	return watch;
}

static void start_timer(struct watch *watch)
{
	if (!uv_is_active((uv_handle_t *)&watch->timer))
		uv_timer_start(&watch->timer, on_time, LOOK_MS, LOOK_MS);
}

void watch_published(struct watch *watch)
{
	if (watch->busy) {
		watch->outdated = true;
		return;
	}
	take_files(watch);
	if (watch->count)
		start_timer(watch);
}

void watch_changed(struct watch *watch, const char *from)
{
	if (!watch->fetched)
		watch->fetched = strdup(from);
	start_timer(watch);
}

static void closed(uv_handle_t *handle)
{
	free(handle->data);
}

void watch_free(struct watch *watch)
{
	if (watch->busy)
		return; /* looked() does it */
	drop_files(watch);
	free(watch->fetched);
	watch->fetched = NULL;
	uv_close((uv_handle_t *)&watch->timer, closed);
}
