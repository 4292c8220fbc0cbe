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

#endif
