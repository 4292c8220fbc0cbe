/*
 * arena.c: a list of zeroed chunks, each filled from both ends.
 *
 * Aligned memory grows up from the start of the newest chunk and byte strings
 * grow down from its end, so that neither pads the other. What is larger than
 * a quarter of a chunk gets a chunk of its own, and the newest stays in use.
 * Under AddressSanitizer every piece is aligned and followed by a poisoned
 * gap, so that stepping out of one is found.
 */
#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISON 1
#endif
#endif
#ifdef ARENA_POISON
#include <sanitizer/asan_interface.h>
enum { GAP = 8 };
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
enum { GAP = 0 };
#endif

enum { CHUNK_FIRST = 4096, CHUNK_LARGEST = 1 << 20 };

struct chunk {
	struct chunk *next;
	size_t size; /* of bytes[] */
	_Alignas(8) uint8_t bytes[];
};

struct arena {
	struct chunk *newest;   /* the chunk in use, then the older ones */
	uint8_t *low, *high;    /* what is free of the newest */
	size_t next_size, size; /* of the next chunk; of all together */
};

struct arena *arena_new(void)
{
	struct arena *arena = calloc(1, sizeof *arena);
	MUST(arena);
	arena->next_size = CHUNK_FIRST;
	return arena;
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	struct chunk *next;
	for (struct chunk *chunk = arena->newest; chunk; chunk = next) {
		next = chunk->next;
		ASAN_UNPOISON_MEMORY_REGION(chunk->bytes, chunk->size);
		free(chunk);
	}
	free(arena);
}

static struct chunk *chunk_new(struct arena *arena, size_t size)
{
	MUST(size <= PTRDIFF_MAX - sizeof(struct chunk));
	struct chunk *chunk = calloc(1, sizeof *chunk + size);
	MUST(chunk);
	chunk->size = size;
	arena->size += sizeof *chunk + size;
	ASAN_POISON_MEMORY_REGION(chunk->bytes, size);
	return chunk;
}

/* A piece with a chunk of its own, filed behind the newest. */
static void *alloc_alone(struct arena *arena, size_t size)
{
	struct chunk *chunk = chunk_new(arena, size + GAP);
	if (arena->newest) {
		chunk->next = arena->newest->next;
		arena->newest->next = chunk;
	} else {
		arena->newest = chunk;
		arena->low = arena->high = chunk->bytes + chunk->size;
	}
	return chunk->bytes;
}

/* Makes sure that `size` bytes are free between low and high. */
static void arena_room(struct arena *arena, size_t size)
{
	if (arena->newest && (size_t)(arena->high - arena->low) >= size)
		return;
	struct chunk *chunk = chunk_new(arena, arena->next_size - sizeof *chunk);
	chunk->next = arena->newest;
	arena->newest = chunk;
	arena->low = chunk->bytes;
	arena->high = chunk->bytes + (chunk->size & ~(size_t)7);
	if (arena->next_size < CHUNK_LARGEST)
		arena->next_size *= 2;
}

static void *take(struct arena *arena, size_t size, bool aligned)
{
	MUST(size <= PTRDIFF_MAX / 2);
	size += size == 0;
	aligned = aligned || GAP > 0;
	size_t whole = aligned ? (size + 7) / 8 * 8 + GAP : size;
	uint8_t *at;
	if (whole > arena->next_size / 4) {
		at = alloc_alone(arena, whole);
	} else {
		arena_room(arena, whole);
		at = aligned ? arena->low : arena->high - whole;
		if (aligned)
			arena->low += whole;
		else
			arena->high -= whole;
	}
	ASAN_UNPOISON_MEMORY_REGION(at, size);
	return at;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	return take(arena, size, true);
}

void *arena_bytes(struct arena *arena, size_t size)
{
	return take(arena, size, false);
}

void *arena_copy(struct arena *arena, const void *from, size_t size)
{
	void *copy = arena_alloc(arena, size);
	if (size)
		memcpy(copy, from, size);
	return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
	return arena_stringn(arena, text, strlen(text));
}

char *arena_stringn(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_bytes(arena, length + 1);
	if (length)
		memcpy(copy, text, length);
	return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments, again;
	va_start(arguments, format);
	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, arguments);
	MUST(length >= 0);
	char *text = arena_bytes(arena, (size_t)length + 1);
	vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	va_end(arguments);
	return text;
}

void *arena_grow(struct arena *arena, void *list, uint32_t count, uint32_t *room, size_t size)
{
	if (count < *room)
		return list;
	MUST(count <= UINT32_MAX / 2);
	*room = count ? count * 2 : 8;
	void *larger = arena_alloc(arena, *room * size);
	if (count)
		memcpy(larger, list, count * size);
	return larger;
}

size_t arena_size(const struct arena *arena)
{
	return arena->size;
}
