/*
 * err.h: the list of what is wrong with the files that people edit.
 *
 * Set-up calls take a `struct err *`, add what they find and go on, so that one
 * run reports every error of every file. Printed in the form of compilers:
 *   geo/world.yaml:8:18: error: no data center named 'sim'; did you mean 'sin'?
 *           prefer: [sim, fra]
 *                    ^~~
 * Bounded: after ERR_MAX items only the counts grow, and warnings fill no more
 * than half of them, so that they never crowd out an error. Not thread-safe.
 * All text is made fit to be shown when it is added: controls become \xNN.
 */
#ifndef MERIDIAN_BASE_ERR_H
#define MERIDIAN_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define ERR_MAX 1000

enum err_level { ERR_ERROR, ERR_WARNING };

/* Where: all but `file` may be absent (0 or NULL). Copied by err_add. */
struct err_at {
	const char *file;
	unsigned line;   /* from 1 */
	unsigned column; /* from 1, in bytes */
	unsigned width;  /* bytes to underline; 0 or 1: just the caret */
	const char
	        *text; /* the line itself, without its newline; of a long one, 200 bytes around the column are kept */
	size_t text_length;
};

struct err_item {
	enum err_level level;
	char *file; /* NULL: no place */
	unsigned line, column, width;
	char *text; /* the source line (of a long one, the part around the column); NULL: not known */
	char *mark; /* what is printed below `text`: spaces (and the line's tabs), then ^~~; NULL: no column */
	char *message;
};

struct err;

/* The caller owns it. */
struct err *err_new(void);
void err_free(struct err *err);

/* Adds an error or a warning; `at` NULL: without a place. The message has no final full stop or newline. */
void err_add(struct err *err, enum err_level level, const struct err_at *at, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* The error that there is no `what` of that name, and which of `count` names may be meant. */
void err_unknown(struct err *err, const struct err_at *at, const char *what, const char *name, const char *const *names,
        size_t count);

/* How many of that level were added, beyond ERR_MAX too. */
size_t err_count(const struct err *err, enum err_level level);
/* How many items are kept, and item `i` of them, in the order added; borrowed. */
size_t err_items(const struct err *err);
const struct err_item *err_item(const struct err *err, size_t i);

/* Adds all of `from` to `into`. */
void err_merge(struct err *into, const struct err *from);

/* Prints all, sorted as added; colours only if `colour`. */
void err_print(const struct err *err, FILE *out, bool colour);
/* One item as text, as err_print prints it without colour; the caller frees it. */
char *err_item_text(const struct err_item *item);

/* Finds the line `line` (from 1) of a file's text: sets *length, returns its start, or NULL if there is none. */
const char *err_line(const char *text, size_t size, unsigned line, size_t *length);

#endif
