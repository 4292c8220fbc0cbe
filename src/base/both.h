/*
 * both.h: two pieces of work at once, where a person waits for them.
 *
 * Builder threads only, never where queries are answered. The second thread lives as long as its piece does.
 */
#ifndef MERIDIAN_BASE_BOTH_H
#define MERIDIAN_BASE_BOTH_H

#include <stdbool.h>

/* Calls work(one) and work(other), and returns when both have ended: `at_once`, the latter on a thread of its own,
 * which takes no signals; else, and where no thread can be had, one after the other. Neither piece may touch what the
 * other writes. */
void both(bool at_once, void (*work)(void *), void *one, void *other);

#endif
