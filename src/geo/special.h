/*
 * special.h: addresses that no database can place, and the forms in which IPv6 carries IPv4.
 *
 * From the registries of special-purpose addresses (RFC 6890 and what followed). Pure; any thread.
 */
#ifndef MERIDIAN_GEO_SPECIAL_H
#define MERIDIAN_GEO_SPECIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

/* All prefixes that are private, loopback, documentation and the like; both families. */
size_t special_prefixes(const struct prefix **prefixes);
struct tiling; /* geo/tiling.h */
/* They as a tiling of the family: 1 in them, `form` in the forms below, else 0; the caller frees it. */
struct tiling special_tiling(unsigned family, uint32_t form);
bool special_is(const struct addr *addr);

/* Prefixes of IPv6 in which an IPv4 address follows: it is looked up as that. */
#define FORMS 3
extern const struct prefix special_forms[FORMS];

/* The same for the query: the halves of an IPv6 address → the bits before the IPv4 address in it (0: there is none),
 * and *v4. */
static inline unsigned special_inner(uint64_t high, uint64_t low, uint32_t *v4)
{
	if (high >> 48 == 0x2002) {
		*v4 = (uint32_t)(high >> 16);
		return 16;
	}
	*v4 = (uint32_t)low;
	return (high == 0 && low >> 32 == 0xffff) || (high == UINT64_C(0x0064ff9b00000000) && low >> 32 == 0) ? 96 : 0;
}

/* Makes one of those forms the IPv4 address in it, and returns how many bits stand before it; leaves any other as it
 * is: 0. */
unsigned special_unwrap(struct addr *addr);

#endif
