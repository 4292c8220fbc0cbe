/*
 * country.h: the table of countries: continent, and the point that stands for a country.
 *
 * Read from geo/countries.tsv, lines of CODE, continent, latitude, longitude (and, for people, city and name),
 * separated by tabs; # comments. Compile time; const once read.
 */
#ifndef MERIDIAN_GEO_COUNTRY_H
#define MERIDIAN_GEO_COUNTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct country {
	char continent[2];           /* 0 0: the country is not in the table */
	int32_t latitude, longitude; /* 10^-7 degrees */
};

struct countries {
	struct country table[26 * 26];
};

/* The rows of geo/countries.tsv as it was when this was built. */
extern const char countries_text[];

/* All rows of the file (NULL: of the built-in table); false and errors in `err`. */
bool countries_read(struct countries *countries, const char *path, struct err *err);
/* By its two letters; NULL if it is not in the table. */
const struct country *countries_find(const struct countries *countries, const char code[2]);

/* Degrees of text, double or float that can be a latitude (limit 90) or longitude (180), as 10^-7 degrees; false
 * for NaN and all else. */
bool degrees_take(int32_t *to, double degrees, double limit);
#define DEGREE 1e7

#endif
