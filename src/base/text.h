/*
 * text.h: words and numbers as people write them. Pure; any thread.
 */
#ifndef MERIDIAN_BASE_TEXT_H
#define MERIDIAN_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

/* "10s", "250ms", "20m", "2h", "1d"; false without a unit, for a negative, a fraction or an overflow. */
bool text_duration(nanotime *value, const char *text);
/* The shortest exact form of a duration: "10s", "1500ms"; returns `text`. */
const char *text_duration_format(nanotime value, char text[32]);
/* "256MB", "64KB", "1GB" (powers of 1024), "512B". */
bool text_size(uint64_t *bytes, const char *text);
/* "50%", 0..100. */
bool text_percent(unsigned *percent, const char *text);
/* A whole decimal number within min..max, nothing else around it. */
bool text_number(int64_t *value, const char *text, int64_t min, int64_t max);

/* The one of `count` words that `word` was probably meant to be (edit distance at most 2 and under half its
 * length), or NULL. Borrowed. */
const char *text_near(const char *word, const char *const *words, size_t count);

/* The length of the UTF-8 character at `at`, or 0 if its first byte has to be escaped to be shown: a control (of
 * ASCII or C1), a mark that turns the direction of writing, or no UTF-8 at all. */
size_t text_glyph(const char *at, size_t left);
/* Writes bytes of any origin so that a terminal and a log can show them on one line: what text_glyph refuses becomes
 * \xNN. Ends with a 0; cut to what fits `room`, never within a character. Returns the length. */
size_t text_visible(char *to, size_t room, const char *from, size_t size);

#endif
