/*
 * rate_limit.h: how many responses a client network gets over UDP: what the configuration says and serve enforces.
 */
#ifndef MERIDIAN_BASE_RATE_LIMIT_H
#define MERIDIAN_BASE_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct rate_limit {
	bool on;
	unsigned per_second;         /* responses of one class to one client network; at least 1 */
	unsigned slip;               /* of what is over it, one in so many is sent truncated; 0: none */
	const struct prefix *exempt; /* clients without a limit */
	uint32_t exempt_count;
};

#endif
