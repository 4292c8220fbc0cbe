/*
 * clock.h: time, as a number passed in.
 *
 * Only main, serve and the event loops read the clock; everything below takes
 * `now` as an argument, so that every test replays. Timers use monotonic time;
 * wall time is only for people and for what must outlive the process.
 */
#ifndef MERIDIAN_BASE_CLOCK_H
#define MERIDIAN_BASE_CLOCK_H

#include <stdint.h>

typedef int64_t nanotime; /* nanoseconds; monotonic unless a name says wall */

#define NANO_SECOND INT64_C(1000000000)
#define NANO_MILLI INT64_C(1000000)
#define NANO_MICRO INT64_C(1000)

/* CLOCK_MONOTONIC. */
nanotime clock_now(void);
/* The same as of the kernel's last tick: some milliseconds old, but cheap enough for the path of a query. */
nanotime clock_coarse(void);
/* CLOCK_REALTIME, since 1970. */
nanotime clock_wall(void);

#endif
