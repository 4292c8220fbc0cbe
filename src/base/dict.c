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

/* Small, since a table of a million is mostly waited for. */
struct slot {
	const uint8_t *key; /* its size, then its bytes; NULL: free */
	uint32_t hash, value;
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

static bool slot_holds(const struct slot *slot, const void *key, size_t size)
{
	uint32_t its_size;
	memcpy(&its_size, slot->key, sizeof its_size);
	return its_size == size && (size == 0 || memcmp(slot->key + sizeof its_size, key, size) == 0);
}

/* The slot that holds the key, or the free one where it belongs. */
static struct slot *dict_slot(const struct dict *dict, const void *key, size_t size, uint32_t hash)
{
	for (size_t i = hash & dict->mask;; i = (i + 1) & dict->mask) {
		struct slot *slot = &dict->slots[i];
		if (!slot->key || (slot->hash == hash && slot_holds(slot, key, size)))
			return slot;
	}
}

/* Where a key that is not there belongs. */
static struct slot *dict_free_slot(const struct dict *dict, uint32_t hash)
{
	size_t i = hash & dict->mask;
	while (dict->slots[i].key)
		i = (i + 1) & dict->mask;
	return &dict->slots[i];
}

static void dict_grow(struct dict *dict, size_t slots)
{
	struct slot *old = dict->slots;
	size_t count = dict->mask + 1;
	MUST(slots <= UINT32_MAX);
	dict->slots = calloc(slots, sizeof *dict->slots);
	MUST(dict->slots);
	dict->mask = slots - 1;
	for (size_t i = 0; i < count; i++)
		if (old[i].key)
			*dict_free_slot(dict, old[i].hash) = old[i];
	free(old);
}

void dict_expect(struct dict *dict, size_t count)
{
	size_t slots = dict->mask + 1;
	while (slots < 2 * count)
		slots *= 2;
	if (slots > dict->mask + 1)
		dict_grow(dict, slots);
}

bool dict_add(struct dict *dict, const void *key, size_t size, uint32_t value)
{
	if (2 * (dict->count + 1) > dict->mask + 1)
		dict_grow(dict, 2 * (dict->mask + 1));
	uint32_t hash = (uint32_t)siphash(dict->secret, key, size), its_size = (uint32_t)size;
	struct slot *slot = dict_slot(dict, key, size, hash);
	if (slot->key)
		return false;
	MUST(size < UINT32_MAX);
	uint8_t *copy = arena_bytes(dict->keys, sizeof its_size + size);
	memcpy(copy, &its_size, sizeof its_size);
	if (size)
		memcpy(copy + sizeof its_size, key, size);
	*slot = (struct slot){.key = copy, .hash = hash, .value = value};
	dict->count++;
	return true;
}

bool dict_get(const struct dict *dict, const void *key, size_t size, uint32_t *value)
{
	const struct slot *slot = dict_slot(dict, key, size, (uint32_t)siphash(dict->secret, key, size));
	if (!slot->key)
		return false;
	*value = slot->value;
	return true;
}

size_t dict_count(const struct dict *dict)
{
	return dict->count;
}
