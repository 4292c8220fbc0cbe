/*
 * mmdb.h: one MaxMind DB file, in a private copy: its search tree.
 *
 * libmaxminddb opens the copy (a sealed memfd, which nobody can truncate) and reads the metadata; the tree and the
 * records it does not check, so they are read here, within bounds: depth, number of visits, every offset. Builder
 * thread; geodb_facts on any.
 */
#ifndef MERIDIAN_GEO_MMDB_H
#define MERIDIAN_GEO_MMDB_H

#include <maxminddb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "geo/tiling.h"

struct mmdb {
	MMDB_s library;
	const uint8_t *tree;
	uint32_t node_count, root_v4; /* root_v4: what the tree has at ::/96 (or its root, if it is for v4 only) */
	uint16_t record_size;
	bool is_v6;
	const uint8_t *data;
	size_t data_size;
	uint64_t built;
	uint8_t digest[32];
};

/* Copies and opens `file`, a regular file of `size` bytes. 0, or -1 and *why: a phrase that follows the file's name. */
int mmdb_open(struct mmdb *mmdb, int file, size_t size, const char **why);
void mmdb_close(struct mmdb *mmdb);
/* The digest alone, as `digest` of an open one. 0, or -1 and *why. */
int mmdb_digest(int file, size_t size, uint8_t digest[32], const char **why);

/* What a walk gives for each distinct record: its number (24 bits), or -1 to stop. `offset` is in the data. */
typedef int64_t (*mmdb_visit)(void *context, size_t offset);

/* What a file has for one family. */
struct mmdb_networks {
	struct tiling tiling; /* numbers that the visit gave; 0 where there is no record */
	uint64_t count;       /* networks with a record */
};

/* Cuts the spaces of v4 and of v6 by what the visit gives for the records. The trees of v4 in a v6 file (::/96 and its
 * aliases) count as v4 only. 0, or -1 and *why (NULL if it was the visit that stopped). */
int mmdb_walk(
        const struct mmdb *mmdb, mmdb_visit visit, void *context, struct mmdb_networks networks[2], const char **why);

/* The record at an address: 1 and its offset, 0: none, -1: the tree is damaged. */
int mmdb_find(const struct mmdb *mmdb, const struct addr *addr, size_t *offset);

#endif
