/*
 * mmdb_writer.h: small MaxMind DB files for tests, good and hostile.
 *
 * Records are written as text: {"country":{"iso_code":"DE"},"location":{"latitude":52.5}}, where 1 is a uint32, -1 an
 * int32, 1.0 a double, 1.0f a float, 1s a uint16, 1l a uint64. Repeated texts and records become pointers, as real
 * files have them. Broken use is a broken MUST.
 */
#ifndef MERIDIAN_TESTS_MMDB_WRITER_H
#define MERIDIAN_TESTS_MMDB_WRITER_H

#include <stddef.h>
#include <stdint.h>

struct mmdb_writer;

/* ip_version 4 or 6; record_size 24, 28 or 32. */
struct mmdb_writer *mmdb_writer_new(unsigned ip_version, unsigned record_size);
void mmdb_writer_free(struct mmdb_writer *writer);

/* A network and its record; a longer prefix is a hole in a shorter one that came before. v4 in a v6 tree lies in ::/96.
 */
void mmdb_writer_add(struct mmdb_writer *writer, const char *prefix, const char *record);
/* The prefix of v6 leads to the tree of v4, as MaxMind's files have ::ffff:0:0/96 and 2002::/16. After the v4 networks.
 */
void mmdb_writer_alias(struct mmdb_writer *writer, const char *prefix);
/* Sets a record of a node to a raw value, with which trees can be made that no tool makes; `side` 0 or 1. */
void mmdb_writer_poke(struct mmdb_writer *writer, uint32_t node, unsigned side, uint32_t value);
uint32_t mmdb_writer_nodes(const struct mmdb_writer *writer);

/* The whole file; the caller frees it. */
uint8_t *mmdb_writer_bytes(struct mmdb_writer *writer, size_t *size);
void mmdb_writer_save(struct mmdb_writer *writer, const char *path);

#endif
