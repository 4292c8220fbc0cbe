/*
 * addr.c: text and kernel forms of addresses.
 *
 * The C library's inet_pton refuses what a person may have meant otherwise:
 * leading zeros, short forms of IPv4, zone indexes.
 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <endian.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

bool addr_parse(struct addr *addr, const char *text)
{
	*addr = (struct addr){.family = ADDR_V4};
	if (inet_pton(AF_INET, text, addr->bytes) == 1)
		return true;
	*addr = (struct addr){.family = ADDR_V6};
	if (inet_pton(AF_INET6, text, addr->bytes) == 1)
		return true;
	*addr = (struct addr){.family = ADDR_NONE};
	return false;
}

const char *addr_format(const struct addr *addr, char text[ADDR_TEXT_MAX])
{
	int family = addr->family == ADDR_V4 ? AF_INET : AF_INET6;
	if (addr->family == ADDR_NONE || !inet_ntop(family, addr->bytes, text, ADDR_TEXT_MAX))
		snprintf(text, ADDR_TEXT_MAX, "none");
	return text;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

void addr_mask(struct addr *addr, unsigned length)
{
	for (unsigned i = 0; i < sizeof addr->bytes; i++) {
		unsigned kept = length > 8 * i ? length - 8 * i : 0;
		if (kept < 8)
			addr->bytes[i] &= (uint8_t)(0xff00 >> kept);
	}
}

/* A copy of text[0..length) as a string, if it fits an address. */
static bool addr_parse_part(struct addr *addr, const char *text, size_t length)
{
	char part[ADDR_TEXT_MAX];
	if (length >= sizeof part)
		return false;
	memcpy(part, text, length);
	part[length] = 0;
	return addr_parse(addr, part);
}

/* 1 to 5 digits without a leading zero, or "0". */
static bool parse_small(unsigned *value, const char *text)
{
	int64_t number;
	if ((text[0] == '0' && text[1]) || strlen(text) > 5 || !text_number(&number, text, 0, 99999))
		return false;
	*value = (unsigned)number;
	return true;
}

enum prefix_fault prefix_parse(struct prefix *prefix, const char *text)
{
	*prefix = (struct prefix){.length = 0};
	size_t length = strcspn(text, "/");
	if (!addr_parse_part(&prefix->addr, text, length))
		return PREFIX_SYNTAX;
	unsigned bits = addr_bits(&prefix->addr), kept = bits;
	if (text[length] == '/' && !parse_small(&kept, text + length + 1))
		return PREFIX_SYNTAX;
	if (kept > bits)
		return PREFIX_LENGTH;
	struct addr given = prefix->addr;
	prefix->length = (uint8_t)kept;
	addr_mask(&prefix->addr, kept);
	return addr_equal(&given, &prefix->addr) ? PREFIX_OK : PREFIX_HOST_BITS;
}

const char *prefix_format(const struct prefix *prefix, char text[ADDR_TEXT_MAX])
{
	addr_format(&prefix->addr, text);
	size_t used = strlen(text);
	snprintf(text + used, ADDR_TEXT_MAX - used, "/%u", prefix->length);
	return text;
}

bool endpoint_parse(struct endpoint *endpoint, const char *text, uint16_t port)
{
	size_t length = strcspn(text, "@");
	unsigned number = port;
	*endpoint = (struct endpoint){.port = 0};
	if (!addr_parse_part(&endpoint->addr, text, length))
		return false;
	if (text[length] == '@' && (!parse_small(&number, text + length + 1) || number < 1 || number > UINT16_MAX))
		return false;
	endpoint->port = (uint16_t)number;
	return true;
}

const char *endpoint_format(const struct endpoint *endpoint, char text[ADDR_TEXT_MAX])
{
	addr_format(&endpoint->addr, text);
	size_t used = strlen(text);
	snprintf(text + used, ADDR_TEXT_MAX - used, "@%u", endpoint->port);
	return text;
}

socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint, struct sockaddr_storage *to)
{
	memset(to, 0, sizeof *to);
	if (endpoint->addr.family == ADDR_V4) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(endpoint->port)};
		memcpy(&in.sin_addr, endpoint->addr.bytes, 4);
		memcpy(to, &in, sizeof in);
		return sizeof in;
	}
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(endpoint->port)};
	memcpy(&in6.sin6_addr, endpoint->addr.bytes, 16);
	memcpy(to, &in6, sizeof in6);
	return sizeof in6;
}

struct endpoint endpoint_from_sockaddr(const struct sockaddr *from)
{
	struct endpoint endpoint = {.addr = {.family = ADDR_NONE}};
	if (from->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, from, sizeof in);
		endpoint.addr.family = ADDR_V4;
		memcpy(endpoint.addr.bytes, &in.sin_addr, 4);
		endpoint.port = ntohs(in.sin_port);
	} else if (from->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, from, sizeof in6);
		endpoint.addr.family = ADDR_V6;
		memcpy(endpoint.addr.bytes, &in6.sin6_addr, 16);
		endpoint.port = ntohs(in6.sin6_port);
	}
	return endpoint;
}
