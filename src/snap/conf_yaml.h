/*
 * conf_yaml.h: the text of a YAML file as a tree that remembers where everything stands.
 *
 * Only here is libfyaml known. YAML 1.2 with raw scalars: a scalar is its text, so that NO is Norway and 1.10 has two
 * digits. Anchors, aliases and tags are refused, so that a file is as large as it looks. Builder thread.
 */
#ifndef MERIDIAN_SNAP_CONF_YAML_H
#define MERIDIAN_SNAP_CONF_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define YAML_BYTES_MAX (16u << 20)
#define YAML_NODES_MAX (2u << 20)
#define YAML_DEPTH_MAX 16

/* YAML_EMPTY: nothing, ~ or null. YAML_REFUSED: an error was reported already; whoever meets it says no more. */
enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAPPING, YAML_EMPTY, YAML_REFUSED };

struct yaml_file {
	const char *path;
	const char *text;
	uint32_t size;
	uint32_t line_count;
	const uint32_t *lines; /* where each line begins */
};

struct yaml {
	enum yaml_kind kind;
	uint32_t at, width; /* bytes of the text, with the quotes */
	uint32_t count;     /* of a list or mapping */
	const struct yaml_file *file;
	const char *text;       /* of a scalar; holds no 0 byte */
	const struct yaml *key; /* in a mapping: what this is the value of */
	struct yaml *first;     /* of a list or mapping, in the order of the file */
	struct yaml *next;
};

/* Parses `text` (`size` bytes, a 0 behind them); the tree and what it points to live in `arena`, the text is borrowed
 * for as long. Syntax errors, duplicate keys and what is refused go to `err`. NULL: a syntax error, or nothing in the
 * file (then *empty). */
const struct yaml *yaml_parse(
        struct arena *arena, const char *path, const char *text, size_t size, bool *empty, struct err *err);

/* False and an error for what is no text: controls, bad UTF-8. */
bool yaml_check_text(const char *path, const char *text, size_t size, struct err *err);

/* Where a node stands, for err_add; borrows from the tree. */
struct err_at yaml_at(const struct yaml *node);
/* A hash of what a node says, wherever it stands and however it is written. */
uint64_t yaml_digest(const struct yaml *node);
/* The value of `key`, or NULL. */
const struct yaml *yaml_get(const struct yaml *mapping, const char *key);

#endif
