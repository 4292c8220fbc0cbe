/*
 * special.c: the tables of special-purpose addresses.
 */
#include "geo/special.h"

#include "base/cursor.h"
#include "geo/geodb.h"

#define V4(a, b, c, d, length)                                                                                         \
	{                                                                                                              \
		{ADDR_V4, {a, b, c, d}}, length                                                                        \
	}
#define V6(length, ...)                                                                                                \
	{                                                                                                              \
		{ADDR_V6, {__VA_ARGS__}}, length                                                                       \
	}

const struct prefix special_forms[FORMS] = {
        V6(96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff), /* ::ffff:0:0/96, v4-mapped: RFC 4291 */
        V6(96, 0, 0x64, 0xff, 0x9b),                      /* 64:ff9b::/96, NAT64: RFC 6052 */
        V6(16, 0x20, 0x02),                               /* 2002::/16, 6to4: RFC 3056 */
};

static const struct prefix specials[] = {
        V4(0, 0, 0, 0, 8),              /* this network: RFC 791 */
        V4(10, 0, 0, 0, 8),             /* private: RFC 1918 */
        V4(100, 64, 0, 0, 10),          /* carriers' NAT: RFC 6598 */
        V4(127, 0, 0, 0, 8),            /* loopback: RFC 1122 */
        V4(169, 254, 0, 0, 16),         /* link-local: RFC 3927 */
        V4(172, 16, 0, 0, 12),          /* private: RFC 1918 */
        V4(192, 0, 0, 0, 24),           /* protocol assignments: RFC 6890 */
        V4(192, 0, 2, 0, 24),           /* documentation: RFC 5737 */
        V4(192, 88, 99, 0, 24),         /* 6to4 relays, no more: RFC 7526 */
        V4(192, 168, 0, 0, 16),         /* private: RFC 1918 */
        V4(198, 18, 0, 0, 15),          /* benchmarks: RFC 2544 */
        V4(198, 51, 100, 0, 24),        /* documentation: RFC 5737 */
        V4(203, 0, 113, 0, 24),         /* documentation: RFC 5737 */
        V4(224, 0, 0, 0, 3),            /* multicast and reserved: RFC 5771, RFC 1112 */
        V6(8, 0),                       /* unspecified, loopback, v4-compatible: RFC 4291 */
        V6(16, 0x01, 0x00),             /* discard: RFC 6666 */
        V6(32, 0x20, 0x01),             /* Teredo: RFC 4380 */
        V6(48, 0x20, 0x01, 0, 0x02),    /* benchmarks: RFC 5180 */
        V6(28, 0x20, 0x01, 0, 0x10),    /* ORCHID: RFC 4843 */
        V6(28, 0x20, 0x01, 0, 0x20),    /* ORCHIDv2: RFC 7343 */
        V6(32, 0x20, 0x01, 0x0d, 0xb8), /* documentation: RFC 3849 */
        V6(20, 0x3f, 0xff),             /* documentation: RFC 9637 */
        V6(16, 0x5f, 0x00),             /* SRv6 SIDs: RFC 9602 */
        V6(7, 0xfc),                    /* unique local: RFC 4193 */
        V6(9, 0xfe, 0x80),              /* link-local and what was site-local: RFC 4291, RFC 3879 */
        V6(8, 0xff),                    /* multicast: RFC 4291 */
};

size_t special_prefixes(const struct prefix **prefixes)
{
	*prefixes = specials;
	return sizeof specials / sizeof *specials;
}

struct tiling special_tiling(unsigned family, uint32_t form)
{
	struct patch patches[sizeof specials / sizeof *specials + FORMS];
	size_t used = 0;
	for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
		if (geo_family(&specials[i].addr) == family)
			patches[used++] = patch_of(&specials[i], 1);
	for (size_t i = 0; i < FORMS && family == GEO_V6; i++)
		patches[used++] = patch_of(&special_forms[i], form);
	return tiling_of_patches(patches, used, 0);
}

bool special_is(const struct addr *addr)
{
	for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
		if (prefix_contains(&specials[i], addr))
			return true;
	return false;
}

unsigned special_unwrap(struct addr *addr)
{
	struct reader r = reader_of(addr->bytes, sizeof addr->bytes);
	uint64_t high = (uint64_t)read_u32(&r) << 32, low;
	uint32_t v4;
	high |= read_u32(&r);
	low = (uint64_t)read_u32(&r) << 32;
	low |= read_u32(&r);
	unsigned before = addr->family == ADDR_V6 ? special_inner(high, low, &v4) : 0;
	if (before) {
		*addr = (struct addr){.family = ADDR_V4};
		put_u32(addr->bytes, v4);
	}
	return before;
}
