/*
 * ctl_steer_inside.h: a line of a *.steer file while it is read; for ctl_steer.c and ctl_steer_events.c.
 */
#ifndef MERIDIAN_TOOLS_CTL_STEER_INSIDE_H
#define MERIDIAN_TOOLS_CTL_STEER_INSIDE_H

#include "tools/ctl_steer.h"

struct line {
	struct arena *arena;
	struct err *err;
	struct steer_word *words;
	unsigned count, next;
	struct err_at end; /* just behind the line */
	struct steer_case *into;
	unsigned seen; /* clauses that were there, as bits of the table */
	bool broken;
};

/* An error at a place of the line, which is no case then; returns false. */
bool line_complain(struct line *line, const struct err_at *at, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* The next word, or NULL and an error that says what should be there. */
const struct steer_word *line_take(struct line *line, const char *expected);
/* Does the word begin a condition? */
bool line_is_condition(const char *word);
/* The part of a word from byte *at up to a comma, as a word of its own; *at moves behind it. False at the end. */
bool line_part(struct arena *arena, const struct steer_word *whole, size_t *at, struct steer_word *part);

/* Reads what stands behind a keyword; false and an error. */
typedef bool read_clause(struct line *line, const struct steer_word *keyword);

/* ctl_steer_events.c: conditions that happen, in their order. */
read_clause line_read_down, line_read_up, line_read_drained, line_read_reads, line_read_load, line_read_after;

#endif
