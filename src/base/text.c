/*
 * text.c: numbers with units, near words, and bytes made fit to be shown.
 */
#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	int64_t size;
};

/* From small to large: the format takes the largest that divides. */
static const struct unit durations[] = {{"ns", 1}, {"us", 1000}, {"ms", NANO_MILLI}, {"s", NANO_SECOND},
        {"m", 60 * NANO_SECOND}, {"h", 3600 * NANO_SECOND}, {"d", 86400 * NANO_SECOND}};

static const struct unit sizes[] = {
        {"B", 1}, {"KB", 1 << 10}, {"MB", 1 << 20}, {"GB", 1 << 30}, {"TB", INT64_C(1) << 40}};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Digits from *at on, which is moved behind them; false if there is none or they are too many. */
static bool parse_digits(uint64_t *value, const char **at)
{
	const char *start = *at;
	*value = 0;
	for (; isdigit((unsigned char)**at); (*at)++)
		if (__builtin_mul_overflow(*value, 10u, value) ||
		        __builtin_add_overflow(*value, (unsigned)(**at - '0'), value))
			return false;
	return *at > start;
}

static bool parse_unit(int64_t *value, const char *text, const struct unit *units, size_t count)
{
	uint64_t number;
	int64_t product;
	if (!parse_digits(&number, &text))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(text, units[i].name) != 0)
			continue;
		if (__builtin_mul_overflow(number, units[i].size, &product))
			return false;
		*value = product;
		return true;
	}
	return false;
}

bool text_duration(nanotime *value, const char *text)
{
	return parse_unit(value, text, durations, COUNT(durations));
}

const char *text_duration_format(nanotime value, char text[32])
{
	size_t best = 0;
	for (size_t i = 0; i < COUNT(durations); i++)
		if (value % durations[i].size == 0)
			best = i;
	if (value == 0)
		snprintf(text, 32, "0s");
	else
		snprintf(text, 32, "%" PRId64 "%s", value / durations[best].size, durations[best].name);
	return text;
}

bool text_size(uint64_t *bytes, const char *text)
{
	int64_t value;
	if (!parse_unit(&value, text, sizes, COUNT(sizes)))
		return false;
	*bytes = (uint64_t)value;
	return true;
}

bool text_percent(unsigned *percent, const char *text)
{
	uint64_t number;
	if (!parse_digits(&number, &text) || strcmp(text, "%") != 0 || number > 100)
		return false;
	*percent = (unsigned)number;
	return true;
}

bool text_number(int64_t *value, const char *text, int64_t min, int64_t max)
{
	uint64_t magnitude;
	int64_t number;
	bool negative = *text == '-';
	text += negative;
	if (!parse_digits(&magnitude, &text) || *text)
		return false;
	if (negative ? __builtin_sub_overflow(0, magnitude, &number) : __builtin_add_overflow(0, magnitude, &number))
		return false;
	if (number < min || number > max)
		return false;
	*value = number;
	return true;
}

enum { NEAR_LONGEST = 64, NEAR_DISTANCE = 2 };

static bool same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edit distance without regard to case, where two neighbours swapped count as one edit, as typing errs. */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned rows[3][NEAR_LONGEST + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];
	for (unsigned j = 0; j <= b_length; j++)
		above[j] = j;
	for (unsigned i = 1; i <= a_length; i++) {
		row[0] = i;
		for (unsigned j = 1; j <= b_length; j++) {
			unsigned changed = above[j - 1] + !same_letter(a[i - 1], b[j - 1]);
			row[j] = least(changed, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
		unsigned *oldest = before;
		before = above;
		above = row;
		row = oldest;
	}
	return above[b_length];
}

const char *text_near(const char *word, const char *const *words, size_t count)
{
	const char *nearest = NULL;
	size_t length = strlen(word);
	unsigned best = NEAR_DISTANCE + 1;
	if (length > NEAR_LONGEST)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t other = strlen(words[i]);
		if (other > NEAR_LONGEST || other > length + NEAR_DISTANCE || length > other + NEAR_DISTANCE)
			continue;
		unsigned distance = edit_distance(word, length, words[i], other);
		if (distance < best && 2 * distance < length) {
			best = distance;
			nearest = words[i];
		}
	}
	return nearest;
}

/* How many bytes a UTF-8 sequence that begins with `first` has; 0 if none begins so. */
static size_t utf8_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* Controls (C0, DEL, C1) and what turns the direction of writing, which would hide what a line says. */
static bool shown_wrongly(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c || (c >= 0x200e && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

size_t text_glyph(const char *at, size_t left)
{
	static const uint32_t least_of_length[] = {0, 0, 0x80, 0x800, 0x10000};
	static const uint8_t first_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	size_t length = left ? utf8_length((uint8_t)at[0]) : 0;
	if (length == 0 || length > left)
		return 0;
	uint32_t c = (uint8_t)at[0] & first_mask[length];
	for (size_t i = 1; i < length; i++) {
		if (((uint8_t)at[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | ((uint8_t)at[i] & 0x3f);
	}
	bool surrogate = c >= 0xd800 && c <= 0xdfff;
	if (c < least_of_length[length] || c > 0x10ffff || surrogate || shown_wrongly(c))
		return 0;
	return length;
}

size_t text_visible(char *to, size_t room, const char *from, size_t size)
{
	size_t used = 0;
	for (size_t i = 0; i < size;) {
		size_t glyph = text_glyph(from + i, size - i);
		size_t needs = glyph ? glyph : 4;
		if (used + needs + 1 > room)
			break;
		if (glyph)
			memcpy(to + used, from + i, glyph);
		else
			snprintf(to + used, 5, "\\x%02x", (uint8_t)from[i]);
		used += needs;
		i += glyph ? glyph : 1;
	}
	if (room)
		to[used] = 0;
	return used;
}
