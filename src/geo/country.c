/*
 * country.c: reading geo/countries.tsv.
 */
#include "geo/country.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define COUNTRIES_FILE_MAX (1 << 20)
#define COLUMNS 4

bool degrees_take(int32_t *to, double degrees, double limit)
{
	if (!(fabs(degrees) <= limit)) /* NaN fails, too */
		return false;
	*to = (int32_t)lround(degrees * DEGREE);
	return true;
}

static int row_of(const char code[2])
{
	if (code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z')
		return -1;
	return (code[0] - 'A') * 26 + code[1] - 'A';
}

const struct country *countries_find(const struct countries *countries, const char code[2])
{
	int row = row_of(code);
	return row >= 0 && countries->table[row].continent[0] ? &countries->table[row] : NULL;
}

static bool take_number(int32_t *to, const char *text, size_t length, double limit)
{
	char copy[32], *end;
	if (!length || length >= sizeof copy)
		return false;
	memcpy(copy, text, length);
	copy[length] = 0;
	double number = strtod(copy, &end);
	return !*end && degrees_take(to, number, limit);
}

/* One line; NULL or what is wrong with it. */
static const char *take_row(struct countries *countries, const char *line, size_t length)
{
	const char *column[COLUMNS];
	size_t size[COLUMNS];
	for (unsigned i = 0; i < COLUMNS; i++) {
		const char *tab = memchr(line, '\t', length);
		column[i] = line;
		size[i] = tab ? (size_t)(tab - line) : length;
		if (!tab && i + 1 < COLUMNS)
			return "expected country, continent, latitude and longitude, separated by tabs";
		line += size[i] + 1;
		length -= tab ? size[i] + 1 : length;
	}
	int row = size[0] == 2 ? row_of(column[0]) : -1;
	if (row < 0)
		return "a country is two capital letters";
	if (countries->table[row].continent[0])
		return "this country stands twice in the table";
	if (size[1] != 2 || row_of(column[1]) < 0)
		return "a continent is two capital letters";
	struct country *country = &countries->table[row];
	if (!take_number(&country->latitude, column[2], size[2], 90) ||
	        !take_number(&country->longitude, column[3], size[3], 180))
		return "latitude and longitude are degrees, -90 to 90 and -180 to 180";
	memcpy(country->continent, column[1], 2);
	return NULL;
}

bool countries_read(struct countries *countries, const char *path, struct err *err)
{
	size_t size, errors = err_count(err, ERR_ERROR);
	char *read = path ? file_read(path, COUNTRIES_FILE_MAX, &size, err, NULL) : NULL;
	memset(countries, 0, sizeof *countries);
	if (path && !read)
		return false;
	const char *text = read ? read : countries_text;
	size = read ? size : strlen(countries_text);
	unsigned number = 0;
	for (const char *line = text, *end; line < text + size; line = end + 1) {
		end = memchr(line, '\n', (size_t)(text + size - line));
		if (!end)
			end = text + size;
		size_t length = (size_t)(end - line);
		number++;
		if (!length || *line == '#')
			continue;
		const char *fault = take_row(countries, line, length);
		if (fault)
			err_add(err, ERR_ERROR,
			        &(struct err_at){
			                .file = path, .line = number, .column = 1, .text = line, .text_length = length},
			        "%s", fault);
	}
	free(read);
	return err_count(err, ERR_ERROR) == errors;
}
