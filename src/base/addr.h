/*
 * addr.h: addresses and prefixes of both families.
 *
 * An address is 16 bytes, of which family 4 uses the first four; the rest are
 * zero, so that equal addresses are equal bytes. No ports here but in
 * `struct endpoint`. Pure functions; any thread.
 */
#ifndef MERIDIAN_BASE_ADDR_H
#define MERIDIAN_BASE_ADDR_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

enum { ADDR_NONE = 0, ADDR_V4 = 4, ADDR_V6 = 6 };

struct addr {
	uint8_t family; /* ADDR_NONE, ADDR_V4 or ADDR_V6 */
	uint8_t bytes[16];
};

struct prefix {
	struct addr addr; /* host bits are zero */
	uint8_t length;   /* 0..32 or 0..128 */
};

struct endpoint {
	struct addr addr;
	uint16_t port; /* host order */
};

#define ADDR_TEXT_MAX 64 /* room for any address, prefix or endpoint with its final 0 */

/* 32 or 128. */
static inline unsigned addr_bits(const struct addr *addr)
{
	return addr->family == ADDR_V4 ? 32 : 128;
}

/* Reads "192.0.2.1" or "2001:db8::1" (no zone index); false if it is neither. */
bool addr_parse(struct addr *addr, const char *text);
/* Writes it as RFC 5952 does; returns `text`. */
const char *addr_format(const struct addr *addr, char text[ADDR_TEXT_MAX]);
bool addr_equal(const struct addr *a, const struct addr *b);
/* Zeroes all bits from `length` on. */
void addr_mask(struct addr *addr, unsigned length);

enum prefix_fault { PREFIX_OK, PREFIX_SYNTAX, PREFIX_LENGTH, PREFIX_HOST_BITS };
/* Reads "ADDRESS/LENGTH"; a bare address is a full-length prefix. On PREFIX_HOST_BITS *prefix is the masked one. */
enum prefix_fault prefix_parse(struct prefix *prefix, const char *text);
const char *prefix_format(const struct prefix *prefix, char text[ADDR_TEXT_MAX]);
/* Eight bytes of an address as one number, the first highest. */
static inline uint64_t addr_word(const struct addr *addr, unsigned at)
{
	uint64_t word;
	memcpy(&word, addr->bytes + at, sizeof word);
	return be64toh(word);
}

static inline bool prefix_contains(const struct prefix *prefix, const struct addr *addr)
{
	if (prefix->addr.family != addr->family)
		return false;
	uint64_t high = addr_word(&prefix->addr, 0) ^ addr_word(addr, 0);
	if (prefix->length <= 64)
		return prefix->length == 0 || high >> (64 - prefix->length) == 0;
	return high == 0 && (addr_word(&prefix->addr, 8) ^ addr_word(addr, 8)) >> (128 - prefix->length) == 0;
}

/* Reads "ADDRESS", "ADDRESS@PORT"; `port` where none is given. */
bool endpoint_parse(struct endpoint *endpoint, const char *text, uint16_t port);
/* "ADDRESS@PORT". */
const char *endpoint_format(const struct endpoint *endpoint, char text[ADDR_TEXT_MAX]);
/* To and from the kernel's form. Returns the length; from: ADDR_NONE for another family. */
socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint, struct sockaddr_storage *to);
struct endpoint endpoint_from_sockaddr(const struct sockaddr *from);

#endif
