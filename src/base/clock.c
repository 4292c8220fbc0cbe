/*
 * clock.c: the two clocks of the system.
 */
#include "base/clock.h"

#include <time.h>

static nanotime clock_read(clockid_t id)
{
	struct timespec now;
	clock_gettime(id, &now);
	return (nanotime)now.tv_sec * NANO_SECOND + now.tv_nsec;
}

nanotime clock_now(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

nanotime clock_coarse(void)
{
	return clock_read(CLOCK_MONOTONIC_COARSE);
}

nanotime clock_wall(void)
{
	return clock_read(CLOCK_REALTIME);
}
