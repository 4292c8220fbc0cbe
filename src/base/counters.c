/*
 * counters.c: the table of counters, and their sum.
 */
#include "base/counters.h"

#define COUNTERS_ROW(symbol, kind, metric, label, help) [COUNTER_##symbol] = {metric, label, help, COUNTER_KIND_##kind},

const struct counter_row counter_rows[COUNTERS] = {COUNTERS_TABLE(COUNTERS_ROW)};

void counters_sum(uint64_t sums[COUNTERS], const struct counters *counters)
{
	for (unsigned i = 0; i < COUNTERS; i++)
		sums[i] += counter_get(counters, (enum counter)i);
}
