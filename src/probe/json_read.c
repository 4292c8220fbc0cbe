/*
 * json_read.c: a parser that calls itself for each level, and what keeps hostile text from it.
 *
 * Called by reading.c and member_list.c.
 */
#include "probe/json_read.h"

#include <stdbool.h>
#include <string.h>

#define DEPTH_MAX 32

/* Brackets outside of strings; what is no JSON anyhow may be counted wrong. */
static bool too_deep(const char *body, size_t size)
{
	unsigned depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < size; i++) {
		if (body[i] == '"')
			quoted = !quoted;
		else if (quoted)
			i += body[i] == '\\';
		else if (body[i] == '{' || body[i] == '[')
			depth++;
		else if ((body[i] == '}' || body[i] == ']') && depth)
			depth--;
		if (depth > DEPTH_MAX)
			return true;
	}
	return false;
}

/* Whole numbers are kept exactly, unless one in the text is so large that it cannot be. */
json_t *json_read(const char *body, size_t size)
{
	json_error_t error;
	if (!size || too_deep(body, size))
		return NULL;
	json_t *root = json_loadb(body, size, 0, &error);
	if (!root && json_error_code(&error) == json_error_numeric_overflow)
		root = json_loadb(body, size, JSON_DECODE_INT_AS_REAL, &error);
	return root;
}

const json_t *json_at(const json_t *object, const char *path)
{
	while (json_is_object(object)) {
		const json_t *whole = json_object_get(object, path);
		const char *dot = strchr(path, '.');
		if (whole || !dot)
			return whole;
		object = json_object_getn(object, path, (size_t)(dot - path));
		path = dot + 1;
	}
	return NULL;
}
