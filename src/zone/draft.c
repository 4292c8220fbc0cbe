/*
 * draft.c: names by hash, records in a log.
 *
 * Indexes are given in the order in which names come up, an ancestor before its
 * descendants. So when names are worked through by index, all records of the
 * names to come lie in the log behind the first record of the next one.
 */
#include "zone/draft.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/assert.h"
#include "base/cursor.h"

enum { PIECE_BYTES = 1 << 20, SLOTS_FIRST = 16 };

_Static_assert(sizeof(struct name_draft) <= sizeof(struct node), "a draft fits its node's cell");
_Static_assert(sizeof(union cell) == sizeof(struct node), "cells are an array of nodes");

/* Mapped, not from malloc, so that the system has it back at once when it is dropped. */
struct piece_of_log {
	struct piece_of_log *next;
	size_t size, used; /* of bytes[] */
	_Alignas(8) uint8_t bytes[];
};

static uint32_t cell_new(struct draft *draft, const uint8_t *name, size_t length, uint64_t hash, uint32_t parent);

void draft_start(struct draft *draft, struct arena *arena, const uint8_t *origin, uint64_t seed)
{
	*draft = (struct draft){.arena = arena, .seed = seed, .mask = SLOTS_FIRST - 1};
	size_t length = name_length(origin);
	name_lower(draft->origin, origin, length);
	draft->origin_length = (uint8_t)length;
	draft->slots = calloc(SLOTS_FIRST, sizeof *draft->slots);
	MUST(draft->slots);
	uint8_t *name = arena_bytes(arena, length);
	memcpy(name, draft->origin, length);
	cell_new(draft, name, length, name_hash(name, seed), 0);
}

void draft_end(struct draft *draft)
{
	draft_forget(draft, NULL);
	free(draft->cells);
	free(draft->slots);
	draft->cells = NULL;
	draft->slots = NULL;
}

static void slot_put(struct node_slot *slots, uint32_t mask, uint64_t hash, uint32_t index)
{
	uint32_t at = (uint32_t)hash & mask;
	while (slots[at].node)
		at = (at + 1) & mask;
	slots[at] = (struct node_slot){.tag = (uint32_t)(hash >> 32), .node = index + 1};
}

/* Large blocks in large pages, where the system has them: less to fault in now, and fewer misses per query later. */
static void *advised(void *block, size_t size)
{
	enum { LARGE = 4 << 20, PAGE = 4096 };
	MUST(block);
	uintptr_t start = ((uintptr_t)block + PAGE - 1) / PAGE * PAGE, end = (uintptr_t)block + size;
	if (size >= LARGE)
		(void)madvise((void *)start, end - start, MADV_HUGEPAGE);
	return block;
}

/* Takes another number of slots, a power of two. */
static void slots_resize(struct draft *draft, uint64_t slots)
{
	MUST(slots <= UINT32_C(1) << 31);
	struct node_slot *resized = advised(calloc(slots, sizeof *resized), slots * sizeof *resized);
	draft->mask = (uint32_t)(slots - 1);
	for (uint32_t i = 0; i < draft->count; i++)
		slot_put(resized, draft->mask, draft->cells[i].draft.hash, i);
	free(draft->slots);
	draft->slots = resized;
}

/* The slots for that many names: at most 5 of 8 are taken. */
static uint64_t slots_for(uint64_t names)
{
	uint64_t slots = SLOTS_FIRST;
	while (slots * 5 < names * 8)
		slots *= 2;
	return slots;
}

void draft_expect(struct draft *draft, uint32_t names)
{
	if (names > draft->room) {
		draft->room = names;
		draft->cells = realloc(draft->cells, names * sizeof *draft->cells);
		advised(draft->cells, names * sizeof *draft->cells);
	}
	if (slots_for(names) > (uint64_t)draft->mask + 1)
		slots_resize(draft, slots_for(names));
}

void draft_fit(struct draft *draft)
{
	draft->room = draft->count;
	draft->cells = realloc(draft->cells, draft->count * sizeof *draft->cells);
	MUST(draft->cells);
	if (slots_for(draft->count) <= draft->mask)
		slots_resize(draft, slots_for(draft->count));
}

static uint32_t cell_new(struct draft *draft, const uint8_t *name, size_t length, uint64_t hash, uint32_t parent)
{
	MUST(draft->count < DRAFT_NONE - 1);
	if (draft->count == draft->room) {
		draft->room = draft->room ? draft->room + draft->room / 2 : 16;
		draft->cells = realloc(draft->cells, draft->room * sizeof *draft->cells);
		MUST(draft->cells);
	}
	if (((uint64_t)draft->count + 1) * 8 > ((uint64_t)draft->mask + 1) * 5)
		slots_resize(draft, slots_for(draft->count + 1));
	uint32_t index = draft->count++;
	draft->cells[index].draft = (struct name_draft){
	        .name = name, .length = (uint8_t)length, .hash = hash, .parent = parent};
	slot_put(draft->slots, draft->mask, hash, index);
	if (name[0] == 1 && name[1] == '*' && index)
		draft->cells[parent].draft.wildcard = index;
	return index;
}

static uint32_t find(const struct draft *draft, const uint8_t *name, size_t length, uint64_t hash)
{
	for (uint32_t at = (uint32_t)hash & draft->mask; draft->slots[at].node; at = (at + 1) & draft->mask) {
		if (draft->slots[at].tag != (uint32_t)(hash >> 32))
			continue;
		const struct name_draft *found = &draft->cells[draft->slots[at].node - 1].draft;
		if (found->length == length && memcmp(found->name, name, length) == 0)
			return draft->slots[at].node - 1;
	}
	return DRAFT_NONE;
}

uint32_t draft_name(struct draft *draft, const uint8_t *name)
{
	uint8_t lower[NAME_BYTES];
	struct name_labels labels;
	size_t length = name_length(name);
	name_lower(lower, name, length);
	name_split(&labels, lower, draft->seed);
	unsigned known = 0; /* the label from which on the name is there already */
	uint32_t index = DRAFT_NONE;
	for (; known <= labels.count && length - labels.at[known] >= draft->origin_length; known++) {
		index = find(draft, lower + labels.at[known], length - labels.at[known], labels.hash[known]);
		if (index != DRAFT_NONE)
			break;
	}
	if (index == DRAFT_NONE || known == 0)
		return index;
	/* Only the new name is stored: its new ancestors are the ends of it. */
	uint8_t *kept = arena_bytes(draft->arena, length);
	memcpy(kept, lower, length);
	while (known-- > 0)
		index = cell_new(draft, kept + labels.at[known], length - labels.at[known], labels.hash[known], index);
	return index;
}

static struct record *log_room(struct draft *draft, size_t size)
{
	size = (size + 7) / 8 * 8;
	struct piece_of_log *piece = draft->log_end;
	if (!piece || piece->size - piece->used < size) {
		piece = mmap(NULL, PIECE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		MUST(piece != MAP_FAILED);
		piece->size = PIECE_BYTES - sizeof *piece;
		if (draft->log_end)
			draft->log_end->next = piece;
		else
			draft->log = piece;
		draft->log_end = piece;
	}
	void *room = piece->bytes + piece->used;
	piece->used += size;
	return room;
}

void draft_add(struct draft *draft, uint32_t index, uint16_t type, uint32_t ttl, const uint8_t *rdata, uint16_t size,
        uint16_t source, uint32_t offset)
{
	struct record *record = log_room(draft, sizeof *record + RR_HEADER + size);
	*record = (struct record){.offset = offset, .source = source, .type = type};
	struct writer w = writer_of(record->wire, (size_t)RR_HEADER + size);
	write_u16(&w, type);
	write_u16(&w, CLASS_IN);
	write_u32(&w, ttl);
	write_u16(&w, size);
	write_bytes(&w, rdata, size);
	struct name_draft *name = &draft->cells[index].draft;
	if (name->last)
		name->last->next = record;
	else
		name->first = record;
	name->last = record;
}

void draft_forget(struct draft *draft, const struct record *oldest)
{
	const uint8_t *at = (const uint8_t *)oldest;
	struct piece_of_log *piece;
	while ((piece = draft->log) && !(at && at >= piece->bytes && at < piece->bytes + piece->used)) {
		draft->log = piece->next;
		munmap(piece, PIECE_BYTES);
	}
	if (!draft->log)
		draft->log_end = NULL;
}
