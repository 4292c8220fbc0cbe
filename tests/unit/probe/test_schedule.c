/*
 * test_schedule.c: no gap is longer than an interval, none shorter than half of it, and the phase is found; the heap
 * against sorting.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/hash.h"
#include "probe/probe_inside.h"

static uint64_t chance(uint64_t *state)
{
	return hash_mix(*state += 0x9e3779b97f4a7c15u, 1);
}

static void test_gaps(void **state)
{
	(void)state;
	uint64_t random = 1;
	for (int i = 0; i < 20000; i++) {
		nanotime interval = 1 + (nanotime)(chance(&random) % (uint64_t)(100 * NANO_SECOND));
		nanotime phase = (nanotime)(chance(&random) % (uint64_t)interval);
		nanotime due = (nanotime)(chance(&random) % (uint64_t)(1000 * NANO_SECOND));
		for (int step = 0; step < 4; step++) {
			nanotime next = schedule_next(phase, interval, due, due);
			assert_true(next - due <= interval && next - due >= interval / 2 && next > due);
			due = next;
			assert_true(step < 1 || (due - phase) % interval == 0);
		}
		nanotime late = due + (nanotime)(chance(&random) % (uint64_t)(10 * interval));
		nanotime next = schedule_next(phase, interval, due, late);
		assert_true(next > late && next - late <= interval);
	}
}

static void test_heap(void **state)
{
	(void)state;
	enum { WATCHES = 500 };
	static struct watch watches[WATCHES];
	struct heap heap = {0};
	uint64_t random = 2;
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < WATCHES; i++) {
			watches[i].due = (nanotime)(chance(&random) % 300);
			heap_add(&heap, &watches[i]);
		}
		unsigned left = WATCHES;
		for (int i = 0; i < WATCHES; i++)
			if (chance(&random) % 3 == 0) {
				heap_remove(&heap, &watches[i]);
				left--;
			}
		nanotime before = -1;
		for (struct watch *first; (first = heap_first(&heap)); left--) {
			assert_true(first->due >= before);
			before = first->due;
			heap_remove(&heap, first);
		}
		assert_int_equal(left, 0);
		for (int i = 0; i < WATCHES; i++)
			assert_int_equal(watches[i].heap_at, 0);
	}
	heap_free(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_gaps), cmocka_unit_test(test_heap)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
