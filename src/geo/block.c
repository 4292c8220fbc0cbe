/*
 * block.c: anonymous mappings; plain memory under AddressSanitizer, which then sees the ends of arrays.
 */
#include "geo/block.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/assert.h"

#if defined(__SANITIZE_ADDRESS__)
#define PLAIN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PLAIN 1
#endif
#endif

#ifdef PLAIN
void *block_resize(void *block, size_t from, size_t to)
{
	if (!to) {
		free(block);
		return NULL;
	}
	block = realloc(block, to);
	MUST(block);
	if (to > from)
		memset((char *)block + from, 0, to - from);
	return block;
}
#else

#define PAGE 4096
#define HUGE_PAGE (2u << 20)

static size_t round_up(size_t size, size_t unit)
{
	return (size + unit - 1) / unit * unit;
}

static char *map(size_t size)
{
	char *block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	MUST(block != MAP_FAILED);
	return block;
}

/* Begins at a huge page: the mapping is made larger, and cut at both ends. */
static char *map_huge(size_t size)
{
	char *whole = map(size + HUGE_PAGE);
	size_t before = round_up((uintptr_t)whole, HUGE_PAGE) - (uintptr_t)whole;
	if (before)
		munmap(whole, before);
	if (before < HUGE_PAGE)
		munmap(whole + before + size, HUGE_PAGE - before);
	madvise(whole + before, size, MADV_HUGEPAGE); /* only advice */
	return whole + before;
}

void *block_resize(void *block, size_t from, size_t to)
{
	from = round_up(from, PAGE);
	to = round_up(to, PAGE);
	if (from == to)
		return block;
	if (!from)
		return to >= 2 * HUGE_PAGE ? map_huge(to) : map(to);
	if (!to) {
		munmap(block, from);
		return NULL;
	}
	block = mremap(block, from, to, MREMAP_MAYMOVE);
	MUST(block != MAP_FAILED);
	return block;
}
#endif
