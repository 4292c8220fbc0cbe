/*
 * cookie.h: DNS cookies of version 1 (RFC 7873, RFC 9018): who sends one back has been answered at that address before.
 *
 * A server cookie is a hash over the client's cookie, its address and the time,
 * under a secret that all servers of a zone may share; nothing is remembered. Pure; any thread.
 */
#ifndef MERIDIAN_WIRE_COOKIE_H
#define MERIDIAN_WIRE_COOKIE_H

#include <stddef.h>

#include "base/addr.h"

#define COOKIE_CLIENT 8 /* bytes of the client's part */
#define COOKIE_BYTES 24 /* both parts of version 1 */
#define COOKIE_SECRET 16

/* While a secret is being replaced there are two (RFC 9018 5): cookies are made with the first, the second is still
 * honoured. */
struct cookie_secrets {
	uint8_t secret[2][COOKIE_SECRET];
	uint8_t count; /* 1 or 2 */
};

enum cookie_state {
	COOKIE_ABSENT,  /* only the client's part: nothing to judge, nothing wrong */
	COOKIE_INVALID, /* not ours, of another client, or of another time: counts as absent (RFC 7873 5.2.4) */
	COOKIE_VALID,
};

/* Judges the cookie option of a query (8, or 16..40 bytes; query_parse saw to that) from `client` at `now`, in seconds
 * since 1970. Valid from 1 hour back to 5 minutes ahead, in serial number arithmetic (RFC 9018 4.3). */
enum cookie_state cookie_check(const struct cookie_secrets *secrets, const uint8_t *cookie, size_t length,
        const struct addr *client, uint32_t now);

/* Makes the cookie for the reply from the client's 8 bytes. `to` may be the same memory. */
void cookie_make(uint8_t to[COOKIE_BYTES], const struct cookie_secrets *secrets, const uint8_t from[COOKIE_CLIENT],
        const struct addr *client, uint32_t now);

#endif
