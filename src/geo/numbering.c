/*
 * numbering.c: open addressing, at most half full.
 *
 * Called by geodb.c (pairs of facts) and mmdb.c (offsets of records). The keys are no stranger's choice beyond what the
 * file that was named by the operator holds, so the hash has no seed.
 */
#include "geo/numbering.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/hash.h"

static struct numbering_slot *slot_of(const struct numbering *numbering, uint64_t key)
{
	uint32_t at = (uint32_t)hash_mix(0, key) & numbering->mask;
	while (numbering->slots[at].key && numbering->slots[at].key != key)
		at = (at + 1) & numbering->mask;
	return &numbering->slots[at];
}

bool numbering_get(const struct numbering *numbering, uint64_t key, uint32_t *number)
{
	if (!numbering->slots)
		return false;
	const struct numbering_slot *slot = slot_of(numbering, key);
	*number = slot->number;
	return slot->key != 0;
}

static void grow(struct numbering *numbering)
{
	struct numbering old = *numbering;
	numbering->mask = old.slots ? 2 * old.mask + 1 : 1023;
	numbering->slots = calloc((size_t)numbering->mask + 1, sizeof *numbering->slots);
	MUST(numbering->slots);
	for (uint32_t i = 0; old.slots && i <= old.mask; i++)
		if (old.slots[i].key)
			*slot_of(numbering, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

void numbering_put(struct numbering *numbering, uint64_t key, uint32_t number)
{
	if (!numbering->slots || numbering->count > numbering->mask / 2)
		grow(numbering);
	*slot_of(numbering, key) = (struct numbering_slot){key, number};
	numbering->count++;
}

void numbering_free(struct numbering *numbering)
{
	free(numbering->slots);
}
