/*
 * arena.h: memory by lifetime. Everything taken from an arena is freed with it.
 *
 * One arena per snapshot, per zone, per command. Not thread-safe: one thread
 * builds; once built, any number may read. Memory comes back zeroed, aligned
 * to 8 bytes. Exhausted memory aborts (MUST): arenas are never used per query.
 */
#ifndef MERIDIAN_BASE_ARENA_H
#define MERIDIAN_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* A new, empty arena; the caller owns it. */
struct arena *arena_new(void);
/* Frees the arena and all that was taken from it; NULL is allowed. */
void arena_free(struct arena *arena);

/* `size` zeroed bytes, aligned to 8. Size 0 gives a unique pointer. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
/* The same without alignment, for byte strings (packs tightly). */
void *arena_bytes(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
/* A copy of `size` bytes, aligned to 8. */
void *arena_copy(struct arena *arena, const void *from, size_t size) __attribute__((returns_nonnull));
/* A copy of a C string. */
char *arena_string(struct arena *arena, const char *text) __attribute__((returns_nonnull));
/* A C string of `length` bytes of `text`, terminated. */
char *arena_stringn(struct arena *arena, const char *text, size_t length) __attribute__((returns_nonnull));
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3), returns_nonnull));

/* Room for one more element behind the `count` that `list` (NULL where there are none) holds, each of `size` bytes:
 * `list` itself while *room says so, else a copy in twice the room. What was left stays the arena's. */
void *arena_grow(struct arena *arena, void *list, uint32_t count, uint32_t *room, size_t size)
        __attribute__((returns_nonnull));

/* Bytes taken from the system by this arena. */
size_t arena_size(const struct arena *arena);

#endif
