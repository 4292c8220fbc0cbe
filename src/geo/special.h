/*
 * special.h: addresses that no database can place, and the forms in which IPv6 carries IPv4.
 *
 * From the registries of special-purpose addresses (RFC 6890 and what followed). Pure; any thread.
 */
#ifndef MERIDIAN_GEO_SPECIAL_H
#define MERIDIAN_GEO_SPECIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"

/* All prefixes that are private, loopback, documentation and the like; both families. */
size_t special_prefixes(const struct prefix **prefixes);
bool special_is(const struct addr *addr);

/* Prefixes of IPv6 in which an IPv4 address follows: it is looked up as that. */
#define FORMS 3
extern const struct prefix special_forms[FORMS];

/* The IPv4 address in a v4-mapped, NAT64 or 6to4 one, and how many bits stand before it; any other address is left as
 * it is: 0. */
static inline unsigned special_unwrap(struct addr *addr)
{
	for (unsigned i = 0; addr->family == ADDR_V6 && i < FORMS; i++) {
		if (!prefix_contains(&special_forms[i], addr))
			continue;
		struct addr inner = {.family = ADDR_V4};
		for (unsigned byte = 0; byte < 4; byte++)
			inner.bytes[byte] = addr->bytes[special_forms[i].length / 8 + byte];
		*addr = inner;
		return special_forms[i].length;
	}
	return 0;
}

#endif
