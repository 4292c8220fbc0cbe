/*
 * schedule.c: when a target is asked next, and a heap of watches, the next due first.
 *
 * Each watch knows its place in the heap (`heap_at`), so that a removed target
 * leaves at once. Called by prober.c.
 */
#include <stdlib.h>

#include "base/assert.h"
#include "probe/probe_inside.h"

/* The first time after `time` that is at `phase` of an interval. */
static nanotime phase_after(nanotime phase, nanotime interval, nanotime time)
{
	nanotime past = (time - phase) % interval;
	return time + interval - (past < 0 ? past + interval : past);
}

nanotime schedule_next(nanotime phase, nanotime interval, nanotime due, nanotime now)
{
	nanotime next = phase_after(phase, interval, due);
	if (next - due < interval / 2)
		next = due + interval / 2;
	return next > now ? next : phase_after(phase, interval, now);
}

static void put(struct heap *heap, uint32_t at, struct watch *watch)
{
	heap->list[at] = watch;
	watch->heap_at = at;
}

static void move_up(struct heap *heap, uint32_t at, struct watch *watch)
{
	for (; at > 1 && heap->list[at / 2]->due > watch->due; at /= 2)
		put(heap, at, heap->list[at / 2]);
	put(heap, at, watch);
}

static void move_down(struct heap *heap, uint32_t at, struct watch *watch)
{
	for (uint32_t child; (child = at * 2) <= heap->count; at = child) {
		if (child < heap->count && heap->list[child + 1]->due < heap->list[child]->due)
			child++;
		if (heap->list[child]->due >= watch->due)
			break;
		put(heap, at, heap->list[child]);
	}
	put(heap, at, watch);
}

void heap_add(struct heap *heap, struct watch *watch)
{
	MUST(!watch->heap_at);
	if (heap->count + 1 >= heap->room) {
		heap->room = heap->room ? heap->room * 2 : 64;
		heap->list = realloc(heap->list, heap->room * sizeof *heap->list);
		MUST(heap->list);
	}
	move_up(heap, ++heap->count, watch);
}

void heap_remove(struct heap *heap, struct watch *watch)
{
	uint32_t at = watch->heap_at;
	struct watch *last = heap->list[heap->count--];
	MUST(at);
	watch->heap_at = 0;
	if (last == watch)
		return;
	if (at > 1 && heap->list[at / 2]->due > last->due)
		move_up(heap, at, last);
	else
		move_down(heap, at, last);
}

struct watch *heap_first(const struct heap *heap)
{
	return heap->count ? heap->list[1] : NULL;
}

void heap_free(struct heap *heap)
{
	free(heap->list);
	*heap = (struct heap){0};
}
