/*
 * field.c: one reader a kind of field.
 *
 * ldns wraps numbers that are too large and takes unknown types in a bitmap for
 * type 0, and it is slow where a million records want to be read in a second:
 * numbers, names, addresses, strings, times, types and hex are read here.
 */
#include "zone/field.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "wire/name.h"
#include "wire/rrset.h"

#define SHOWN(token) ((token)->length < 60 ? (int)(token)->length : 60), (token)->text

bool type_parse(uint16_t *type, const char *text, size_t length)
{
	char name[24];
	if (length == 0 || length >= sizeof name)
		return false;
	memcpy(name, text, length);
	name[length] = 0;
	if (rrtype_parse(type, name))
		return true;
	if (strncasecmp(name, "TYPE", 4) == 0) /* ldns reads any TYPEx as a number */
		return false;
	*type = (uint16_t)ldns_get_rr_type_by_name(name);
	return *type != 0;
}

bool seconds_parse(uint32_t *seconds, const struct token *token, uint32_t max)
{
	static const uint32_t units[256] = {['s'] = 1,
	        ['m'] = 60,
	        ['h'] = 3600,
	        ['d'] = 86400,
	        ['w'] = 604800,
	        ['S'] = 1,
	        ['M'] = 60,
	        ['H'] = 3600,
	        ['D'] = 86400,
	        ['W'] = 604800};
	uint64_t total = 0, number = 0;
	bool digits = false;
	for (uint32_t i = 0; i < token->length; i++) {
		uint8_t c = (uint8_t)token->text[i];
		if (c >= '0' && c <= '9') {
			number = number * 10 + (c - '0');
			digits = true;
		} else if (digits && units[c]) {
			total += number * units[c];
			number = 0;
			digits = false;
		} else {
			return false;
		}
		if (number > UINT32_MAX || total > UINT32_MAX)
			return false;
	}
	/* A bare number is seconds; behind units there is no bare number. */
	if (token->length == 0 || total + number > max || (digits && total > 0))
		return false;
	*seconds = (uint32_t)(total + number);
	return true;
}

bool rdata_number(struct rdata *rdata, uint64_t max, uint64_t *value)
{
	const struct token *token = rdata_next(rdata, "a number");
	if (!token)
		return false;
	uint64_t number = 0;
	for (uint32_t i = 0; i < token->length; i++) {
		uint8_t digit = (uint8_t)(token->text[i] - '0');
		if (digit > 9)
			return rdata_fault(rdata, "'%.*s' is no number", SHOWN(token));
		number = number * 10 + digit;
		if (number > max)
			return rdata_fault(rdata, "%.*s is over %llu", SHOWN(token), (unsigned long long)max);
	}
	*value = number;
	return token->length > 0 || rdata_fault(rdata, "'' is no number");
}

int rdata_unescape(struct rdata *rdata, const char *text, size_t length, uint8_t *to)
{
	size_t size = 0;
	for (size_t i = 0; i < length; i++) {
		uint8_t c = (uint8_t)text[i];
		if (c == '\\' && i + 1 < length) {
			c = (uint8_t)text[++i];
			if (isdigit(c)) {
				if (i + 2 >= length || !isdigit((uint8_t)text[i + 1]) || !isdigit((uint8_t)text[i + 2]))
					return rdata_fault(rdata, "a backslash before a digit needs three digits"), -1;
				unsigned value = (c - '0') * 100u + (unsigned)(text[i + 1] - '0') * 10 +
				                 (unsigned)(text[i + 2] - '0');
				if (value > 255)
					return rdata_fault(rdata, "\\%u is over 255", value), -1;
				c = (uint8_t)value;
				i += 2;
			}
		}
		to[size++] = c;
	}
	return (int)size;
}

bool rdata_name(struct rdata *rdata)
{
	const struct token *token = rdata_next(rdata, "a name");
	if (!token)
		return false;
	uint8_t name[NAME_BYTES];
	const char *why;
	size_t length = name_parse(name, token->text, token->length, rdata->origin, &why);
	if (!length)
		return rdata_fault(rdata, "'%.*s' is no name: %s", SHOWN(token), why);
	write_bytes(&rdata->w, name, length);
	return true;
}

static bool parse_u8(struct rdata *rdata)
{
	uint64_t value;
	if (!rdata_number(rdata, UINT8_MAX, &value))
		return false;
	write_u8(&rdata->w, (uint8_t)value);
	return true;
}

static bool parse_u16(struct rdata *rdata)
{
	uint64_t value;
	if (!rdata_number(rdata, UINT16_MAX, &value))
		return false;
	write_u16(&rdata->w, (uint16_t)value);
	return true;
}

static bool parse_u32(struct rdata *rdata)
{
	uint64_t value;
	if (!rdata_number(rdata, UINT32_MAX, &value))
		return false;
	write_u32(&rdata->w, (uint32_t)value);
	return true;
}

/* Four decimal numbers without leading zeros, which some read as octal. */
static bool parse_a(struct rdata *rdata)
{
	const struct token *token = rdata_next(rdata, "an IPv4 address");
	if (!token)
		return false;
	uint32_t address = 0, part = 0, digits = 0, dots = 0;
	for (uint32_t i = 0; i < token->length; i++) {
		uint8_t c = (uint8_t)token->text[i];
		if (c >= '0' && c <= '9' && digits < 3 && !(digits && part == 0)) {
			part = part * 10 + (c - '0');
			digits++;
		} else if (c == '.' && digits && dots < 3) {
			address = address << 8 | part;
			part = digits = 0;
			dots++;
		} else {
			dots = 9;
		}
		if (part > 255 || dots == 9)
			break;
	}
	if (dots != 3 || !digits || part > 255)
		return rdata_fault(rdata, "'%.*s' is no IPv4 address", SHOWN(token));
	write_u32(&rdata->w, address << 8 | part);
	return true;
}

static bool parse_aaaa(struct rdata *rdata)
{
	const struct token *token = rdata_next(rdata, "an IPv6 address");
	char text[64];
	uint8_t address[16];
	if (!token)
		return false;
	if (token->length < sizeof text) {
		memcpy(text, token->text, token->length);
		text[token->length] = 0;
		if (inet_pton(AF_INET6, text, address) == 1) {
			write_bytes(&rdata->w, address, sizeof address);
			return true;
		}
	}
	return rdata_fault(rdata, "'%.*s' is no IPv6 address", SHOWN(token));
}

/* The bytes of the next token, in `text`; -1: none, or a fault. */
static int string_bytes(struct rdata *rdata, const char *what, size_t max)
{
	const struct token *token = rdata_next(rdata, what);
	if (!token)
		return -1;
	int size = token->length;
	if (token->length > RDATA_TEXT)
		size = RDATA_TEXT;
	else if (token->flags & TOKEN_ESCAPED)
		size = rdata_unescape(rdata, token->text, token->length, (uint8_t *)rdata->text);
	else
		memcpy(rdata->text, token->text, token->length);
	if (size > (int)max) {
		rdata_fault(rdata, "%d bytes in one string; at most %zu may be", size, max);
		return -1;
	}
	return size;
}

static bool parse_string(struct rdata *rdata)
{
	int size = string_bytes(rdata, "a string", 255);
	if (size < 0)
		return false;
	write_u8(&rdata->w, (uint8_t)size);
	write_bytes(&rdata->w, rdata->text, (size_t)size);
	return true;
}

static bool parse_long_string(struct rdata *rdata)
{
	int size = string_bytes(rdata, "a string", RDATA_BYTES);
	if (size < 0)
		return false;
	write_bytes(&rdata->w, rdata->text, (size_t)size);
	return true;
}

/* CAA's property: letters and digits (RFC 8659 4.1). */
static bool parse_tag(struct rdata *rdata)
{
	int size = string_bytes(rdata, "a property such as issue", 255);
	if (size < 0)
		return false;
	for (int i = 0; i < size; i++)
		if (!isalnum((uint8_t)rdata->text[i]))
			size = 0;
	if (size == 0)
		return rdata_fault(rdata, "a property is letters and digits, such as issue");
	write_u8(&rdata->w, (uint8_t)size);
	write_bytes(&rdata->w, rdata->text, (size_t)size);
	return true;
}

static bool parse_period(struct rdata *rdata)
{
	const struct token *token = rdata_next(rdata, "a time");
	uint32_t seconds;
	if (!token)
		return false;
	if (!seconds_parse(&seconds, token, UINT32_MAX))
		return rdata_fault(rdata, "'%.*s' is no time", SHOWN(token));
	write_u32(&rdata->w, seconds);
	return true;
}

static bool parse_type(struct rdata *rdata)
{
	const struct token *token = rdata_next(rdata, "a type");
	uint16_t type;
	if (!token)
		return false;
	if (!type_parse(&type, token->text, token->length))
		return rdata_fault(rdata, "no type is called '%.*s'", SHOWN(token));
	write_u16(&rdata->w, type);
	return true;
}

/* What is left, as a bitmap in windows (RFC 4034 4.1.2). */
static bool parse_bitmap(struct rdata *rdata)
{
	uint8_t *bits = (uint8_t *)rdata->text;
	memset(bits, 0, 65536 / 8);
	while (rdata->at < rdata->count) {
		const struct token *token = &rdata->tokens[rdata->at++];
		uint16_t type;
		if (!type_parse(&type, token->text, token->length))
			return rdata_fault(rdata, "no type is called '%.*s'", SHOWN(token));
		bits[type / 8] |= (uint8_t)(0x80 >> type % 8);
	}
	for (unsigned window = 0; window < 256; window++) {
		const uint8_t *map = bits + (size_t)window * 32;
		unsigned length = 32;
		while (length && !map[length - 1])
			length--;
		if (!length)
			continue;
		write_u8(&rdata->w, (uint8_t)window);
		write_u8(&rdata->w, (uint8_t)length);
		write_bytes(&rdata->w, map, length);
	}
	return true;
}

/* A name and one bitmap of the types below 128 (RFC 2535 5.2). */
static bool parse_nxt(struct rdata *rdata)
{
	uint8_t bits[16] = {0};
	unsigned length = 0;
	if (!rdata_name(rdata))
		return false;
	while (rdata->at < rdata->count) {
		const struct token *token = &rdata->tokens[rdata->at++];
		uint16_t type;
		if (!type_parse(&type, token->text, token->length) || type > 127)
			return rdata_fault(rdata, "'%.*s' is no type below 128", SHOWN(token));
		bits[type / 8] |= (uint8_t)(0x80 >> type % 8);
		length = type / 8 + 1u > length ? type / 8 + 1u : length;
	}
	write_bytes(&rdata->w, bits, length);
	return true;
}

/* What is left, or one token, joined by `between` (0: by nothing) into `text`. */
static bool join(struct rdata *rdata, bool all, char between, const char *what)
{
	size_t size = 0;
	const struct token *token;
	do {
		token = rdata_next(rdata, what);
		if (!token)
			return false;
		if (size + token->length + 2 > RDATA_TEXT)
			return rdata_fault(rdata, "more than 65535 bytes of data");
		if (size && between)
			rdata->text[size++] = between;
		memcpy(rdata->text + size, token->text, token->length);
		size += token->length;
	} while (all && rdata->at < rdata->count);
	rdata->text[size] = 0;
	return true;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	                              : -1;
}

/* Hex of one token; *high is the first digit of a pair that is not complete, or -1. */
static bool write_hex(struct rdata *rdata, const struct token *token, int *high)
{
	for (uint32_t i = 0; i < token->length; i++) {
		int digit = hex_digit(token->text[i]);
		if (digit < 0)
			return rdata_fault(rdata, "'%.*s' is not hexadecimal", SHOWN(token));
		if (*high >= 0)
			write_u8(&rdata->w, (uint8_t)(*high << 4 | digit));
		*high = *high >= 0 ? -1 : digit;
	}
	return true;
}

/* One token of hex, or (`all`) what is left: blanks may stand anywhere (RFC 4034 5.3). */
static bool hex_tokens(struct rdata *rdata, bool all, const char *what)
{
	int high = -1;
	do {
		const struct token *token = rdata_next(rdata, what);
		if (!token || !write_hex(rdata, token, &high))
			return false;
	} while (all && rdata->at < rdata->count);
	return high < 0 || rdata_fault(rdata, "an odd number of hexadecimal digits");
}

static bool parse_hex(struct rdata *rdata)
{
	return hex_tokens(rdata, true, "hexadecimal digits");
}

/* Has ldns read `text`, which is the tokens from `first` on. */
static bool write_ldns(struct rdata *rdata, uint32_t first, ldns_rdf_type kind, const char *what)
{
	ldns_rdf *rdf = ldns_rdf_new_frm_str(kind, rdata->text);
	bool good = false;
	if (rdf) {
		struct reader r = reader_of(ldns_rdf_data(rdf), ldns_rdf_size(rdf));
		write_bytes(&rdata->w, r.at, reader_left(&r));
		good = field_check(&r, (uint16_t)kind) && reader_left(&r) == 0;
		ldns_rdf_deep_free(rdf);
	}
	if (good)
		return true;
	rdata_fault(rdata, "'%.60s' is no %s", rdata->text, what);
	rdata->fault = first;
	return false;
}

/* The kinds that ldns reads, in words; and which are a number, too, or take all that is left. */
static const struct by_ldns {
	uint16_t kind;
	bool all;
	char between;
	uint8_t number; /* bytes, where a plain number may be written as well */
	const char *what;
} by_ldns[] = {
        {LDNS_RDF_TYPE_B64, true, 0, 0, "base64"},
        {LDNS_RDF_TYPE_ALG, false, 0, 1, "algorithm"},
        {LDNS_RDF_TYPE_CERT_ALG, false, 0, 2, "certificate type"},
        {LDNS_RDF_TYPE_CERTIFICATE_USAGE, false, 0, 1, "certificate usage"},
        {LDNS_RDF_TYPE_SELECTOR, false, 0, 1, "selector"},
        {LDNS_RDF_TYPE_MATCHING_TYPE, false, 0, 1, "matching type"},
        {LDNS_RDF_TYPE_TIME, false, 0, 4, "time (YYYYMMDDHHmmSS)"},
        {LDNS_RDF_TYPE_NSEC3_SALT, false, 0, 0, "salt (hexadecimal, or -)"},
        {LDNS_RDF_TYPE_NSEC3_NEXT_OWNER, false, 0, 0, "hash in base32"},
        {LDNS_RDF_TYPE_B32_EXT, false, 0, 0, "hash in base32"},
        {LDNS_RDF_TYPE_APL, false, 0, 0, "address prefix (RFC 3123)"},
        {LDNS_RDF_TYPE_LOC, true, ' ', 0, "location (RFC 1876)"},
        {LDNS_RDF_TYPE_WKS, true, ' ', 0, "protocol and services"},
        {LDNS_RDF_TYPE_NSAP, false, 0, 0, "NSAP address"},
        {LDNS_RDF_TYPE_ATMA, false, 0, 0, "ATM address"},
        {LDNS_RDF_TYPE_ILNP64, false, 0, 0, "64-bit identifier (RFC 6742)"},
        {LDNS_RDF_TYPE_EUI48, false, 0, 0, "48-bit address (00-11-22-33-44-55)"},
        {LDNS_RDF_TYPE_EUI64, false, 0, 0, "64-bit address (00-11-22-33-44-55-66-77)"},
};

static bool all_digits(const struct token *token)
{
	for (uint32_t i = 0; i < token->length; i++)
		if (!isdigit((uint8_t)token->text[i]))
			return false;
	return token->length > 0;
}

static bool parse_by_ldns(struct rdata *rdata, uint16_t kind)
{
	for (size_t i = 0; i < sizeof by_ldns / sizeof by_ldns[0]; i++) {
		const struct by_ldns *row = &by_ldns[i];
		if (row->kind != kind)
			continue;
		uint32_t first = rdata->at;
		bool dated = kind == LDNS_RDF_TYPE_TIME && rdata->at < rdata->count &&
		             rdata->tokens[rdata->at].length == 14;
		if (row->number && !dated && rdata->at < rdata->count && all_digits(&rdata->tokens[rdata->at]))
			return row->number == 1   ? parse_u8(rdata)
			       : row->number == 2 ? parse_u16(rdata)
			                          : parse_u32(rdata);
		return join(rdata, row->all, row->between, row->what) &&
		       write_ldns(rdata, first, (ldns_rdf_type)kind, row->what);
	}
	return rdata_fault(rdata, "data of this type has to be written as \\# LENGTH HEX (RFC 3597)");
}

/* A gateway of the kind `type`: none, IPv4, IPv6 or a name (RFC 4025 2.5, RFC 8777 4.2.4). */
static bool parse_gateway(struct rdata *rdata, uint64_t type)
{
	const struct token *none;
	switch (type) {
	case 0:
		none = rdata_next(rdata, "a dot");
		return none && ((none->length == 1 && none->text[0] == '.') ||
		                       rdata_fault(rdata, "no gateway is written as ."));
	case 1:
		return parse_a(rdata);
	case 2:
		return parse_aaaa(rdata);
	default:
		return rdata_name(rdata);
	}
}

/* precedence gateway-type algorithm gateway [key] */
static bool parse_ipseckey(struct rdata *rdata)
{
	uint64_t type;
	if (!parse_u8(rdata) || !rdata_number(rdata, 3, &type))
		return false;
	write_u8(&rdata->w, (uint8_t)type);
	if (!parse_by_ldns(rdata, LDNS_RDF_TYPE_ALG) || !parse_gateway(rdata, type))
		return false;
	return rdata->at == rdata->count || parse_by_ldns(rdata, LDNS_RDF_TYPE_B64);
}

/* precedence discovery-optional type relay */
static bool parse_amtrelay(struct rdata *rdata)
{
	uint64_t optional, type;
	if (!parse_u8(rdata) || !rdata_number(rdata, 1, &optional) || !rdata_number(rdata, 3, &type))
		return false;
	write_u8(&rdata->w, (uint8_t)(optional << 7 | type));
	return parse_gateway(rdata, type);
}

/* algorithm tag key server… (RFC 8005 5) */
static bool parse_hip(struct rdata *rdata)
{
	uint64_t algorithm;
	uint8_t *head = NULL;
	if (!rdata_number(rdata, UINT8_MAX, &algorithm))
		return false;
	head = write_room(&rdata->w, 4);
	if (!head || !hex_tokens(rdata, false, "a host identity tag"))
		return false;
	size_t tag = writer_offset(&rdata->w) - 4;
	if (tag > UINT8_MAX || tag == 0)
		return rdata_fault(rdata, "a tag has 1 to 255 bytes");
	if (!join(rdata, false, 0, "a key") || !write_ldns(rdata, rdata->at - 1, LDNS_RDF_TYPE_B64, "base64"))
		return false;
	size_t key = writer_offset(&rdata->w) - 4 - tag;
	head[0] = (uint8_t)tag;
	head[1] = (uint8_t)algorithm;
	put_u16(head + 2, (uint16_t)key);
	while (rdata->at < rdata->count)
		if (!rdata_name(rdata))
			return false;
	return true;
}

bool field_parse(struct rdata *rdata, uint16_t kind)
{
	static const struct {
		uint16_t kind;
		bool (*read)(struct rdata *rdata);
	} readers[] = {
	        {LDNS_RDF_TYPE_A, parse_a},
	        {LDNS_RDF_TYPE_AAAA, parse_aaaa},
	        {LDNS_RDF_TYPE_DNAME, rdata_name},
	        {LDNS_RDF_TYPE_INT16, parse_u16},
	        {LDNS_RDF_TYPE_STR, parse_string},
	        {LDNS_RDF_TYPE_INT8, parse_u8},
	        {LDNS_RDF_TYPE_INT32, parse_u32},
	        {LDNS_RDF_TYPE_PERIOD, parse_period},
	        {LDNS_RDF_TYPE_HEX, parse_hex},
	        {LDNS_RDF_TYPE_TYPE, parse_type},
	        {LDNS_RDF_TYPE_NSEC, parse_bitmap},
	        {LDNS_RDF_TYPE_TAG, parse_tag},
	        {LDNS_RDF_TYPE_LONG_STR, parse_long_string},
	        {FIELD_SVCB, svcb_parse},
	        {FIELD_NXT, parse_nxt},
	        {FIELD_IPSECKEY, parse_ipseckey},
	        {FIELD_HIP, parse_hip},
	        {FIELD_AMTRELAY, parse_amtrelay},
	};
	for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
		if (readers[i].kind == kind)
			return readers[i].read(rdata);
	return parse_by_ldns(rdata, kind);
}
