/*
 * limiter.h: response rate limiting: who has had enough answers over UDP.
 *
 * Senders of datagrams can lie about who they are, and answers then hit whoever they name. So a client network (IPv4
 * /24, IPv6 /56) gets at most so many responses of one class in a second, and as many in one go after a second's rest.
 * One table for all UDP threads, of fixed size, without locks. Time and randomness come in. Any thread.
 */
#ifndef MERIDIAN_SERVE_LIMITER_H
#define MERIDIAN_SERVE_LIMITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/rate_limit.h"

enum { LIMITER_SECRET = 16 };

struct limiter;

/* `secret`: of this process, and nobody else's: it decides who shares a place in the table. */
struct limiter *limiter_new(const uint8_t secret[LIMITER_SECRET]);
void limiter_free(struct limiter *limiter);

/* Counts one response, and says whether it may go out. `now` may lag behind what other threads bring by up to a
 * second. */
bool limiter_allows(struct limiter *limiter, const struct rate_limit *limit, const struct addr *client,
        uint64_t response_class, nanotime now);

/* Is the client without a limit? */
bool limiter_exempts(const struct rate_limit *limit, const struct addr *client);

/* Is this one of those over the limit that are sent truncated, so that a client that is real asks again over TCP? */
static inline bool limiter_slips(const struct rate_limit *limit, uint64_t random)
{
	return limit->slip != 0 && random % limit->slip == 0;
}

/* Makes a response (sound, our own) of it with TC: header, question, and its OPT, which begins at `opt` (`size`: it has
 * none). Returns the new size. */
size_t limiter_truncate(uint8_t *message, size_t size, size_t opt);

#endif
