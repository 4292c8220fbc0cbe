/*
 * conf_control.c: where the control socket is, read out of a file that may be wrong in every other respect.
 *
 * For meridianctl: a server that kept its last good data goes on, and must be reachable, while somebody mends the file.
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
	else
		err_merge(err, faults);
	err_free(faults);
	arena_free(arena);
	free(text);
	return result;
}
