/*
 * log.c: lines to stderr that can be lost but never hold anyone up.
 *
 * A pipe that is polled writable takes 4096 bytes at once, so a line of less
 * does not block, provided that the lines of all threads go one by one: hence
 * the lock. After a line is lost, the next ones do not wait at all. The level,
 * the lock and the count belong to the process as stderr does: they are the
 * one exception to "no mutable globals".
 */
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum { LINE_LONGEST = 2048, PATIENCE_MS = 20 };

static _Atomic int log_level = LOG_LEVEL_INFO;
static _Atomic uint64_t dropped;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool last_was_lost; /* under the lock */

static const struct {
	const char *name;
	int priority; /* of syslog */
} levels[] = {
        [LOG_LEVEL_ERROR] = {"error", 3},
        [LOG_LEVEL_WARN] = {"warn", 4},
        [LOG_LEVEL_INFO] = {"info", 6},
        [LOG_LEVEL_DEBUG] = {"debug", 7},
};

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&log_level, level, memory_order_relaxed);
}

enum log_level log_get_level(void)
{
	return (enum log_level)atomic_load_explicit(&log_level, memory_order_relaxed);
}

uint64_t log_dropped(void)
{
	return atomic_load_explicit(&dropped, memory_order_relaxed);
}

/* Whether stderr is the journal's stream: the variable is inherited by children whose stderr is another. */
static bool to_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	char ours[64];
	if (!stream || fstat(STDERR_FILENO, &status) < 0)
		return false;
	snprintf(ours, sizeof ours, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
	return strcmp(ours, stream) == 0;
}

static int put_head(char *line, size_t room, enum log_level level)
{
	if (to_journal())
		return snprintf(line, room, "<%d>", levels[level].priority);
	nanotime wall = clock_wall();
	time_t seconds = (time_t)(wall / NANO_SECOND);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	return snprintf(line, room, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ %s ", tm.tm_year + 1900, tm.tm_mon + 1,
	        tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(wall % NANO_SECOND / NANO_MILLI),
	        levels[level].name);
}

/* Whether stderr takes the line now, or soon. */
static bool put_line(const char *line, size_t size)
{
	struct pollfd poller = {.fd = STDERR_FILENO, .events = POLLOUT};
	if (poll(&poller, 1, last_was_lost ? 0 : PATIENCE_MS) != 1 || poller.revents != POLLOUT)
		return false;
	return write(STDERR_FILENO, line, size) == (ssize_t)size;
}

static void log_line(enum log_level level, const char *message)
{
	char line[LINE_LONGEST];
	size_t used = (size_t)put_head(line, sizeof line, level);
	used += text_visible(line + used, sizeof line - used - 1, message, strlen(message));
	line[used++] = '\n';
	pthread_mutex_lock(&lock);
	last_was_lost = !put_line(line, used);
	if (last_was_lost)
		atomic_fetch_add_explicit(&dropped, 1, memory_order_relaxed);
	pthread_mutex_unlock(&lock);
}

__attribute__((format(printf, 2, 0))) static void log_format(
        enum log_level level, const char *format, va_list arguments)
{
	char message[LINE_LONGEST];
	if (level > log_get_level())
		return;
	int saved = errno;
	if (vsnprintf(message, sizeof message, format, arguments) >= 0)
		log_line(level, message);
	errno = saved;
}

void log_error(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	log_format(LOG_LEVEL_ERROR, format, arguments);
	va_end(arguments);
}

void log_warn(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	log_format(LOG_LEVEL_WARN, format, arguments);
	va_end(arguments);
}

void log_info(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	log_format(LOG_LEVEL_INFO, format, arguments);
	va_end(arguments);
}

void log_debug(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	log_format(LOG_LEVEL_DEBUG, format, arguments);
	va_end(arguments);
}

void log_err(const struct err *err)
{
	for (size_t i = 0; i < err_items(err); i++) {
		const struct err_item *item = err_item(err, i);
		char place[32] = "";
		if (item->line && item->column)
			snprintf(place, sizeof place, "%u:%u: ", item->line, item->column);
		else if (item->line)
			snprintf(place, sizeof place, "%u: ", item->line);
		(item->level == ERR_ERROR ? log_error : log_warn)("%s%s%s%s", item->file ? item->file : "",
		        !item->file  ? ""
		        : item->line ? ":"
		                     : ": ",
		        place, item->message);
	}
}
