/*
 * conf_control.c: where the control socket is, read out of a file that may be wrong in every other respect.
 *
 * For meridianctl: a server that kept its last good data goes on, and must be reachable, while somebody mends the file.
 * So a file that is no YAML at all is looked through line by line.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/file.h"
#include "snap/conf.h"
#include "snap/conf_yaml.h"

static char *copy(const char *text)
{
	char *result = strdup(text);
	MUST(result);
	return result;
}

/* The value of `control` in a tree, NULL: none, as far as can be read. */
static char *path_in(struct arena *arena, const char *path, const struct yaml *root, struct err *err)
{
	const struct yaml *value = root->kind == YAML_MAPPING ? yaml_get(root, "control") : NULL;
	if (!value)
		return copy(CONF_CONTROL_PATH);
	if (value->kind == YAML_SCALAR && *value->text)
		return copy(file_beside(arena, path, value->text));
	struct err_at at = yaml_at(value);
	err_add(err, ERR_ERROR, &at, "'control' must be the path of a socket");
	return NULL;
}

/* The value behind `control:`, without quotes and comment, in place; NULL: it is no plain text. */
static char *plain_value(char *text)
{
	text += strspn(text, " \t");
	char quote = *text == '"' || *text == '\'' ? *text : 0;
	char *end = quote ? strchr(text + 1, quote) : strstr(text, " #");
	if (quote && (!end || end[1 + strspn(end + 1, " \t\r")]))
		return NULL;
	if (end)
		*end = 0;
	text += quote != 0;
	size_t size = strlen(text);
	while (!quote && size && strchr(" \t\r", text[size - 1]))
		text[--size] = 0;
	return size && !strchr("#[{|>&*!~,", *text) ? text : NULL;
}

/* The socket by the one line that begins with `control`, or the default where no line does; NULL: such a line cannot be
 * understood, or there are two. */
static char *path_by_line(struct arena *arena, const char *path, char *text)
{
	const char *found = CONF_CONTROL_PATH;
	unsigned count = 0;
	char *rest;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "control", 7) != 0)
			continue;
		char *colon = line + 7 + strspn(line + 7, " \t");
		char *value = *colon == ':' ? plain_value(colon + 1) : NULL;
		if (!value || count++)
			return NULL;
		found = file_beside(arena, path, value);
	}
	return copy(found);
}

char *conf_control_path(const char *path, struct err *err)
{
	size_t size;
	bool empty = false;
	char *text = file_read(path, YAML_BYTES_MAX, &size, err, NULL);
	if (!text)
		return NULL;
	struct arena *arena = arena_new();
	struct err *faults = err_new(); /* of no concern, as long as there is a tree */
	const struct yaml *root = yaml_parse(arena, path, text, size, &empty, faults);
	char *result = NULL;
	if (root)
		result = path_in(arena, path, root, err);
	else if (empty)
		result = copy(CONF_CONTROL_PATH);
	else if (!(result = path_by_line(arena, path, text)))
		err_merge(err, faults);
	err_free(faults);
	arena_free(arena);
	free(text);
	return result;
}
