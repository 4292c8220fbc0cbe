/*
 * block.h: large arrays that grow, in huge pages where the system gives them.
 *
 * A compile touches a few hundred megabytes once: with small pages the faults cost more than the work. And a query
 * that reads a table at random finds its page without a walk. Zeroed; memory that runs out is fatal. One thread.
 */
#ifndef MERIDIAN_GEO_BLOCK_H
#define MERIDIAN_GEO_BLOCK_H

#include <stddef.h>

/* Makes a block of `from` bytes one of `to` bytes, where it is or elsewhere. From NULL and 0: a new one; to 0: frees it
 * (and gives NULL). What is reserved but never touched costs no memory. */
void *block_resize(void *block, size_t from, size_t to);

#endif
