/*
 * dict.c: open addressing with linear steps, at most half full.
 *
 * The key of the hash is drawn per table. Nothing that is observable depends
 * on it (there is no walk over the entries), so tests still replay.
 */
#include "base/dict.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/assert.h"
#include "base/hash.h"

enum { SLOTS_FIRST = 16 };

struct slot {
	const void *key; /* NULL: free */
	size_t size;
	uint64_t hash;
	uint32_t value;
};

struct dict {
	uint8_t secret[16];
	struct arena *keys;
	struct slot *slots;
	size_t mask, count; /* slots - 1; slots in use */
};

struct dict *dict_new(void)
{
	struct dict *dict = calloc(1, sizeof *dict);
	MUST(dict);
	MUST(getrandom(dict->secret, sizeof dict->secret, 0) == sizeof dict->secret);
	dict->keys = arena_new();
	dict->slots = calloc(SLOTS_FIRST, sizeof *dict->slots);
	MUST(dict->slots);
	dict->mask = SLOTS_FIRST - 1;
	return dict;
}

void dict_free(struct dict *dict)
{
	if (!dict)
		return;
	arena_free(dict->keys);
	free(dict->slots);
	free(dict);
}

/* The slot that holds the key, or the free one where it belongs. */
static struct slot *dict_slot(const struct dict *dict, const void *key, size_t size, uint64_t hash)
{
	for (size_t i = hash & dict->mask;; i = (i + 1) & dict->mask) {
		struct slot *slot = &dict->slots[i];
		if (!slot->key)
			return slot;
		if (slot->hash == hash && slot->size == size && (size == 0 || memcmp(slot->key, key, size) == 0))
			return slot;
	}
}

static void dict_grow(struct dict *dict)
{
	struct slot *old = dict->slots;
	size_t count = dict->mask + 1;
	dict->slots = calloc(2 * count, sizeof *dict->slots);
	MUST(dict->slots);
	dict->mask = 2 * count - 1;
	for (size_t i = 0; i < count; i++)
		if (old[i].key)
			*dict_slot(dict, old[i].key, old[i].size, old[i].hash) = old[i];
	free(old);
}

bool dict_add(struct dict *dict, const void *key, size_t size, uint32_t value)
{
	if (2 * (dict->count + 1) > dict->mask + 1)
		dict_grow(dict);
	uint64_t hash = siphash(dict->secret, key, size);
	struct slot *slot = dict_slot(dict, key, size, hash);
	if (slot->key)
		return false;
	uint8_t *copy = arena_bytes(dict->keys, size);
	if (size)
		memcpy(copy, key, size);
	*slot = (struct slot){.key = copy, .size = size, .hash = hash, .value = value};
	dict->count++;
	return true;
}

bool dict_get(const struct dict *dict, const void *key, size_t size, uint32_t *value)
{
	const struct slot *slot = dict_slot(dict, key, size, siphash(dict->secret, key, size));
	if (!slot->key)
		return false;
	*value = slot->value;
	return true;
}

size_t dict_count(const struct dict *dict)
{
	return dict->count;
}
