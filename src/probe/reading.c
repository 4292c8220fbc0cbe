/*
 * reading.c: what a service says of itself in JSON → the few texts and numbers that steering looks at.
 *
 * Called by probe_http.c with whatever came, of a bounded size.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "probe/json_read.h"
#include "probe/probe_inside.h"

#define DIGITS "0123456789"

/* ---- numbers in texts ---- */

/* How many seconds the unit at `text` is, and its length. */
static double unit_seconds(const char *text, size_t *length)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = {
	        {"ns", 1e-9}, {"us", 1e-6}, {"µs", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		*length = strlen(units[i].unit);
		if (!strncmp(text, units[i].unit, *length))
			return units[i].seconds;
	}
	return 0;
}

/* A decimal number at *at, which moves behind it. Only what a person would call one: no "inf", no "0x", no blanks. */
static bool take_number(const char **at, double *number)
{
	const char *digits = *at + (**at == '-');
	char *end;
	if (!strspn(digits, DIGITS) || (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')))
		return false;
	*number = strtod(*at, &end);
	*at = end;
	return isfinite(*number);
}

/* "5", "0.25", "3200ms", "1h2m0.5s": in seconds where there are units; each number then needs one. */
static bool text_is_number(const char *text, double *number)
{
	double part, total = 0, sign = *text == '-' ? -1 : 1;
	size_t length;
	if (!take_number(&text, &part))
		return false;
	*number = part;
	if (!*text)
		return true;
	for (;;) {
		double seconds = unit_seconds(text, &length);
		if (seconds <= 0)
			return false;
		total += fabs(part) * seconds;
		text += length;
		if (!*text)
			break;
		if (*text == '-' || !take_number(&text, &part))
			return false;
	}
	*number = sign * total;
	return isfinite(total);
}

/* ---- fields ---- */

static void take_number_value(struct reading *reading, const json_t *value)
{
	reading->number = json_number_value(value);
	reading->is_number = isfinite(reading->number);
	reading->known = reading->is_number;
	if (json_is_integer(value))
		snprintf(reading->text, sizeof reading->text, "%lld", (long long)json_integer_value(value));
	else
		snprintf(reading->text, sizeof reading->text, "%.15g", reading->number);
}

static struct reading reading_of(const json_t *value)
{
	struct reading reading = {0};
	const char *text = json_is_true(value) ? "true" : json_is_false(value) ? "false" : json_string_value(value);
	if (json_is_number(value)) {
		take_number_value(&reading, value);
	} else if (text) {
		reading.known = true;
		reading.is_number = text_is_number(text, &reading.number);
		text_visible(reading.text, sizeof reading.text, text, strlen(text));
	}
	if (!reading.is_number)
		reading.number = 0;
	return reading;
}

bool reading_parse(struct reading *readings, const char *const *fields, unsigned count, const char *body, size_t size)
{
	json_t *root = json_read(body, size);
	for (unsigned i = 0; i < count; i++)
		readings[i] = reading_of(json_at(root, fields[i]));
	json_decref(root);
	return root != NULL;
}
