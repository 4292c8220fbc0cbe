/*
 * dict.h: a table from strings to numbers, for set-up code.
 *
 * Keys are copied. Not thread-safe. Seeded, so that keys from files cannot be
 * chosen to collide.
 */
#ifndef MERIDIAN_BASE_DICT_H
#define MERIDIAN_BASE_DICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dict;

/* The caller owns it. */
struct dict *dict_new(void);
void dict_free(struct dict *dict);
/* Makes room for that many keys in all, so that it need not grow on the way. */
void dict_expect(struct dict *dict, size_t count);
/* Adds key → value; false (and *value unchanged) if the key is there already. Keys may hold any bytes. */
bool dict_add(struct dict *dict, const void *key, size_t size, uint32_t value);
/* True and *value if the key is there. */
bool dict_get(const struct dict *dict, const void *key, size_t size, uint32_t *value);
size_t dict_count(const struct dict *dict);

#endif
