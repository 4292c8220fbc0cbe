/*
 * trie_oracle.h: a plain binary trie, one bit a step: what the tables must agree with, and what benchmarks compare them
 * to.
 *
 * First the space is cut at every prefix where something may change, then each cell gets a value, then equal
 * siblings are joined: the depth of a leaf is then the widest prefix of its value.
 */
#ifndef MERIDIAN_TESTS_TRIE_ORACLE_H
#define MERIDIAN_TESTS_TRIE_ORACLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define ORACLE_APART 0x7fffffffu /* a value that is never joined */

struct oracle;

/* Of one family: ADDR_V4 or ADDR_V6. */
struct oracle *oracle_new(unsigned family);
void oracle_free(struct oracle *oracle);
/* Makes the prefix a union of whole cells. */
void oracle_cut(struct oracle *oracle, const struct prefix *prefix);
/* Cuts, and gives the prefix a value (31 bits). */
void oracle_set(struct oracle *oracle, const struct prefix *prefix, uint32_t value);
/* Gives each cell the value of its first address. */
void oracle_fill(struct oracle *oracle, uint32_t (*value)(void *context, const struct addr *addr), void *context);
void oracle_join(struct oracle *oracle);
uint32_t oracle_find(const struct oracle *oracle, const struct addr *addr, unsigned *scope);
/* Calls `each` for each cell, in order. */
void oracle_walk(const struct oracle *oracle, void (*each)(void *context, const struct prefix *cell, uint32_t value),
        void *context);
size_t oracle_size(const struct oracle *oracle); /* bytes */

#endif
