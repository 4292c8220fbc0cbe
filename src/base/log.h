/*
 * log.h: one line to stderr, never from the query path.
 *
 * Any thread but those that answer. A dead or full stderr never blocks for
 * long and never kills: lines that cannot be written are dropped and counted.
 * Format: `2026-01-02T03:04:05.678Z level message`; under systemd's journal
 * (JOURNAL_STREAM set) `<N>message`.
 */
#ifndef MERIDIAN_BASE_LOG_H
#define MERIDIAN_BASE_LOG_H

#include <stdint.h>

#include "base/err.h"

/* NONE: for programs whose stderr is for their user. */
enum log_level { LOG_LEVEL_NONE = -1, LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Sets the level up to which lines are written (default: info). Any thread. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Logs every item of `err` at its level, one line each (`file:line:column: message`). */
void log_err(const struct err *err);

/* Lines that could not be written since the start. */
uint64_t log_dropped(void);

#endif
