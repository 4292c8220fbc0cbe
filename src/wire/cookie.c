/*
 * cookie.c: DNS cookies of version 1.
 *
 * A fresh cookie goes into every reply: making one costs a SipHash of 20 or 32 bytes, which is less than deciding
 * whether the old one is old enough to be replaced (RFC 9018 4.3 only asks for it after half an hour).
 */
#include "wire/cookie.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "base/hash.h"

enum { VERSION = 1, HASHED = 16 /* client cookie, version, reserved, timestamp */ };
enum { PAST = 3600, FUTURE = 300 };

/* Over the bytes as they stand, reserved ones too (RFC 9018 4.4); Client-IP is 4 or 16 bytes. */
static void hash(uint8_t to[8], const uint8_t secret[COOKIE_SECRET], const uint8_t *cookie, const struct addr *client)
{
	uint8_t input[HASHED + 16];
	size_t address = client->family == ADDR_V4 ? 4 : 16;
	memcpy(input, cookie, HASHED);
	memcpy(input + HASHED, client->bytes, address);
	uint64_t sum = siphash(secret, input, HASHED + address);
	for (unsigned i = 0; i < 8; i++)
		to[i] = (uint8_t)(sum >> 8 * i);
}

/* In a time that does not tell where they differ. */
static bool same(const uint8_t *a, const uint8_t *b)
{
	uint8_t difference = 0;
	for (unsigned i = 0; i < 8; i++)
		difference |= a[i] ^ b[i];
	return difference == 0;
}

enum cookie_state cookie_check(const struct cookie_secrets *secrets, const uint8_t *cookie, size_t length,
        const struct addr *client, uint32_t now)
{
	MUST(secrets->count >= 1 && secrets->count <= 2);
	if (length == COOKIE_CLIENT)
		return COOKIE_ABSENT;
	if (length != COOKIE_BYTES || cookie[COOKIE_CLIENT] != VERSION)
		return COOKIE_INVALID;

	struct reader r = reader_of(cookie + 12, 4);
	int32_t age = (int32_t)(now - read_u32(&r));
	if (age > PAST || age < -FUTURE)
		return COOKIE_INVALID;
	for (unsigned i = 0; i < secrets->count; i++) {
		uint8_t wanted[8];
		hash(wanted, secrets->secret[i], cookie, client);
		if (same(wanted, cookie + HASHED))
			return COOKIE_VALID;
	}
	return COOKIE_INVALID;
}

void cookie_make(uint8_t to[COOKIE_BYTES], const struct cookie_secrets *secrets, const uint8_t from[COOKIE_CLIENT],
        const struct addr *client, uint32_t now)
{
	memmove(to, from, COOKIE_CLIENT);
	put_u32(to + COOKIE_CLIENT, (uint32_t)VERSION << 24);
	put_u32(to + 12, now);
	hash(to + HASHED, secrets->secret[0], to, client);
}
