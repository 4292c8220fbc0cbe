/*
 * cursor.h: the one way to read and to write bytes.
 *
 * Both cursors are sticky: the first step past the end marks them bad (reader)
 * or full (writer), every later step does nothing and gives zeros, and the
 * caller checks once, at the end. Integers are big-endian (network order).
 */
#ifndef MERIDIAN_BASE_CURSOR_H
#define MERIDIAN_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *start, *at, *end;
	bool bad; /* something was read past the end */
};

struct writer {
	uint8_t *start, *at, *end;
	bool full; /* something did not fit; nothing of it was written */
};

static inline struct reader reader_of(const void *bytes, size_t size)
{
	const uint8_t *start = bytes;
	return (struct reader){.start = start, .at = start, .end = start + size};
}

static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

static inline size_t reader_offset(const struct reader *r)
{
	return (size_t)(r->at - r->start);
}

/* `size` bytes in place, or NULL (and bad) if fewer are left. */
static inline const uint8_t *read_bytes(struct reader *r, size_t size)
{
	if (r->bad || reader_left(r) < size) {
		r->bad = true;
		return NULL;
	}
	const uint8_t *bytes = r->at;
	r->at += size;
	return bytes;
}

static inline uint8_t read_u8(struct reader *r)
{
	const uint8_t *b = read_bytes(r, 1);
	return b ? b[0] : 0;
}

static inline uint16_t read_u16(struct reader *r)
{
	const uint8_t *b = read_bytes(r, 2);
	return b ? (uint16_t)(b[0] << 8 | b[1]) : 0;
}

static inline uint32_t read_u32(struct reader *r)
{
	const uint8_t *b = read_bytes(r, 4);
	return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

/* Begins in place, for where a copy of a whole writer would cost. */
static inline void writer_start(struct writer *w, uint8_t *bytes, size_t size)
{
	w->start = w->at = bytes;
	w->end = bytes + size;
	w->full = false;
}

static inline struct writer writer_of(void *bytes, size_t size)
{
	struct writer w;
	writer_start(&w, bytes, size);
	return w;
}

static inline size_t writer_left(const struct writer *w)
{
	return (size_t)(w->end - w->at);
}

static inline size_t writer_offset(const struct writer *w)
{
	return (size_t)(w->at - w->start);
}

/* Room for `size` bytes, which the caller fills at once; NULL (and full) if there is none. */
static inline uint8_t *write_room(struct writer *w, size_t size)
{
	if (w->full || writer_left(w) < size) {
		w->full = true;
		return NULL;
	}
	uint8_t *room = w->at;
	w->at += size;
	return room;
}

/* memcmp() == 0 without a call, for what is mostly short, and mostly the same. */
static inline bool bytes_same(const uint8_t *a, const uint8_t *b, size_t size)
{
	uint64_t left, right;
	size_t at = 0;
	if (size < sizeof left) {
		while (at < size && a[at] == b[at])
			at++;
		return at == size;
	}
	for (; at + sizeof left < size; at += sizeof left) {
		memcpy(&left, a + at, sizeof left);
		memcpy(&right, b + at, sizeof right);
		if (left != right)
			return false;
	}
	memcpy(&left, a + size - sizeof left, sizeof left);
	memcpy(&right, b + size - sizeof right, sizeof right);
	return left == right;
}

/* memcpy() without a call, for what is mostly short: by parts that may overlap. */
static inline void copy_few(uint8_t *to, const uint8_t *from, size_t size)
{
	if (size >= 16) {
		for (size_t at = 0; at + 16 < size; at += 16)
			memcpy(to + at, from + at, 16);
		memcpy(to + size - 16, from + size - 16, 16);
	} else if (size >= 8) {
		memcpy(to, from, 8);
		memcpy(to + size - 8, from + size - 8, 8);
	} else if (size >= 4) {
		memcpy(to, from, 4);
		memcpy(to + size - 4, from + size - 4, 4);
	} else if (size > 0) {
		to[0] = from[0];
		to[size >> 1] = from[size >> 1];
		to[size - 1] = from[size - 1];
	}
}

static inline void write_bytes(struct writer *w, const void *bytes, size_t size)
{
	uint8_t *room = write_room(w, size);
	if (room && size)
		memcpy(room, bytes, size);
}

static inline void put_u16(uint8_t *at, uint16_t value)
{
	value = __builtin_bswap16(value);
	memcpy(at, &value, sizeof value);
}

static inline void put_u32(uint8_t *at, uint32_t value)
{
	value = __builtin_bswap32(value);
	memcpy(at, &value, sizeof value);
}

static inline void write_u8(struct writer *w, uint8_t value)
{
	uint8_t *room = write_room(w, 1);
	if (room)
		*room = value;
}

static inline void write_u16(struct writer *w, uint16_t value)
{
	uint8_t *room = write_room(w, 2);
	if (room)
		put_u16(room, value);
}

static inline void write_u32(struct writer *w, uint32_t value)
{
	uint8_t *room = write_room(w, 4);
	if (room)
		put_u32(room, value);
}

/* Back to an earlier offset, with room again: how a section that did not fit is taken back. */
static inline void writer_rewind(struct writer *w, size_t offset)
{
	w->at = w->start + offset;
	w->full = false;
}

#endif
