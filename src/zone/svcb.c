/*
 * svcb.c: the text of SVCB and HTTPS records (RFC 9460 2.1 and appendix A).
 *
 * ldns is not used: it keeps the parameters in the order of the text and does
 * not check what `mandatory` names. Each value is written behind its key and
 * length as it is read; sorting by key comes last, and moves the pieces.
 */
#include <arpa/inet.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wire/name.h"
#include "wire/rrset.h"
#include "zone/rdata.h"
#include "zone/zone.h"

enum {
	KEY_MANDATORY = 0,
	KEY_ALPN = 1,
	KEY_NO_DEFAULT_ALPN = 2,
	KEY_IPV4HINT = 4,
	KEY_IPV6HINT = 6,
	KEY_RESERVED = 65535
};
enum { PARAMETERS_MAX = 256, HEAD = 4 };

/* A parameter's value: its bytes in `text`, with the first of the two kinds of escapes gone. */
struct value {
	struct rdata *rdata;
	const char *key; /* as shown */
	const uint8_t *bytes;
	size_t size;
	bool given; /* behind a = */
};

static bool need_value(struct value *v)
{
	return (v->given && v->size > 0) || rdata_fault(v->rdata, "%s needs a value", v->key);
}

/* The next item of a comma-separated list, unescaped once more, into `item`; its size, or -1 and a fault. */
static int next_item(struct value *v, uint8_t item[256])
{
	size_t size = 0, i = 0;
	for (; i < v->size && v->bytes[i] != ','; i++) {
		if (v->bytes[i] == '\\' && ++i == v->size)
			return rdata_fault(v->rdata, "%s: a backslash at the end", v->key), -1;
		if (size == 255)
			return rdata_fault(v->rdata, "%s: an item of more than 255 bytes", v->key), -1;
		item[size++] = v->bytes[i];
	}
	bool comma = i < v->size;
	if (size == 0 || (comma && i + 1 == v->size))
		return rdata_fault(v->rdata, "%s: an empty item", v->key), -1;
	v->bytes += i + comma;
	v->size -= i + comma;
	item[size] = 0;
	return (int)size;
}

static bool key_parse(uint16_t *key, const char *text, size_t length);

static int by_number(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

static bool value_mandatory(struct value *v)
{
	uint16_t keys[PARAMETERS_MAX];
	size_t count = 0;
	uint8_t item[256];
	while (v->size) {
		int size = next_item(v, item);
		if (size < 0)
			return false;
		if (count == PARAMETERS_MAX || !key_parse(&keys[count], (const char *)item, (size_t)size) ||
		        keys[count] == KEY_MANDATORY)
			return rdata_fault(
			        v->rdata, "mandatory: '%.60s' is no key that may stand here", (const char *)item);
		count++;
	}
	qsort(keys, count, sizeof keys[0], by_number);
	for (size_t i = 0; i < count; i++) {
		if (i && keys[i] == keys[i - 1])
			return rdata_fault(v->rdata, "mandatory names one key twice");
		write_u16(&v->rdata->w, keys[i]);
	}
	return true;
}

static bool value_alpn(struct value *v)
{
	uint8_t item[256];
	while (v->size) {
		int size = next_item(v, item);
		if (size < 0)
			return false;
		write_u8(&v->rdata->w, (uint8_t)size);
		write_bytes(&v->rdata->w, item, (size_t)size);
	}
	return true;
}

static bool value_none(struct value *v)
{
	return !v->given || rdata_fault(v->rdata, "%s takes no value", v->key);
}

static bool value_number(struct value *v, const uint8_t *bytes, size_t size)
{
	char text[8];
	int64_t number;
	if (size < sizeof text) {
		memcpy(text, bytes, size);
		text[size] = 0;
		if (text_number(&number, text, 0, UINT16_MAX)) {
			write_u16(&v->rdata->w, (uint16_t)number);
			return true;
		}
	}
	return rdata_fault(v->rdata, "%s takes a number of 0 to 65535", v->key);
}

static bool value_port(struct value *v)
{
	return value_number(v, v->bytes, v->size);
}

static bool value_numbers(struct value *v)
{
	uint8_t item[256];
	while (v->size) {
		int size = next_item(v, item);
		if (size < 0 || !value_number(v, item, (size_t)size))
			return false;
	}
	return true;
}

static bool value_addresses(struct value *v, int family, size_t bytes)
{
	uint8_t item[256], address[16];
	while (v->size) {
		if (next_item(v, item) < 0)
			return false;
		if (inet_pton(family, (const char *)item, address) != 1)
			return rdata_fault(v->rdata, "%s: '%.60s' is no IPv%d address", v->key, (const char *)item,
			        family == AF_INET ? 4 : 6);
		write_bytes(&v->rdata->w, address, bytes);
	}
	return true;
}

static bool value_ipv4hint(struct value *v)
{
	return value_addresses(v, AF_INET, 4);
}

static bool value_ipv6hint(struct value *v)
{
	return value_addresses(v, AF_INET6, 16);
}

static bool value_ech(struct value *v)
{
	ldns_rdf *rdf = ldns_rdf_new_frm_str(LDNS_RDF_TYPE_B64, (const char *)v->bytes);
	if (!rdf)
		return rdata_fault(v->rdata, "ech: no base64");
	write_bytes(&v->rdata->w, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
	ldns_rdf_deep_free(rdf);
	return true;
}

static bool value_text(struct value *v)
{
	write_bytes(&v->rdata->w, v->bytes, v->size);
	return true;
}

/* The registered keys, by number. */
static const struct svcb_key {
	const char *name;
	bool (*write)(struct value *v);
	bool needs_value;
} keys_known[] = {
        {"mandatory", value_mandatory, true},
        {"alpn", value_alpn, true},
        {"no-default-alpn", value_none, false},
        {"port", value_port, true},
        {"ipv4hint", value_ipv4hint, true},
        {"ech", value_ech, true},
        {"ipv6hint", value_ipv6hint, true},
        {"dohpath", value_text, true},
        {"ohttp", value_none, false},
        {"tls-supported-groups", value_numbers, true},
};
enum { KEYS_KNOWN = sizeof keys_known / sizeof keys_known[0] };

static bool key_parse(uint16_t *key, const char *text, size_t length)
{
	for (uint16_t i = 0; i < KEYS_KNOWN; i++)
		if (strlen(keys_known[i].name) == length && memcmp(keys_known[i].name, text, length) == 0) {
			*key = i;
			return true;
		}
	char number[8];
	int64_t value;
	if (length < 4 || length > 8 || memcmp(text, "key", 3) != 0 || (text[3] == '0' && length > 4))
		return false;
	memcpy(number, text + 3, length - 3);
	number[length - 3] = 0;
	if (!text_number(&value, number, 0, KEY_RESERVED - 1))
		return false;
	*key = (uint16_t)value;
	return true;
}

/* The value behind the =, its quotes gone and its escapes resolved. */
static bool value_read(struct value *v, const char *at, const char *end)
{
	if (at < end && *at == '"') {
		if (end - at < 2 || end[-1] != '"' || memchr(at + 1, '"', (size_t)(end - at) - 2))
			return rdata_fault(v->rdata, "%s: a quote inside the value", v->key);
		at++;
		end--;
	}
	if (end - at >= RDATA_BYTES)
		return rdata_fault(v->rdata, "%s: more than 65535 bytes", v->key);
	int size = rdata_unescape(v->rdata, at, (size_t)(end - at), (uint8_t *)v->rdata->text);
	if (size < 0)
		return false;
	v->rdata->text[size] = 0;
	v->bytes = (uint8_t *)v->rdata->text;
	v->size = (size_t)size;
	return true;
}

/* One parameter, written as KEY LENGTH VALUE. */
static bool parameter(struct rdata *rdata, const struct token *token)
{
	const char *end = token->text + token->length;
	const char *equals = memchr(token->text, '=', token->length), *key_end = equals ? equals : end;
	char shown[32];
	size_t length = (size_t)(key_end - token->text);
	snprintf(shown, sizeof shown, "%.*s", (int)(length < 30 ? length : 30), token->text);
	struct value v = {.rdata = rdata, .key = shown, .bytes = (const uint8_t *)"", .given = equals != NULL};
	uint16_t key;
	if (!key_parse(&key, token->text, length))
		return rdata_fault(rdata, "'%s' is no key of RFC 9460", shown);
	if (equals && !value_read(&v, equals + 1, end))
		return false;
	/* By number, a known key's value is bytes, too. */
	const struct svcb_key *row = key < KEYS_KNOWN && strncmp(shown, "key", 3) != 0 ? &keys_known[key] : NULL;
	uint8_t *head = write_room(&rdata->w, HEAD);
	size_t start = writer_offset(&rdata->w);
	if (row && row->needs_value && !need_value(&v))
		return false;
	if (!(row ? row->write(&v) : value_text(&v)))
		return false;
	if (!head || rdata->w.full)
		return rdata_fault(rdata, "more than 65535 bytes of data");
	put_u16(head, key);
	put_u16(head + 2, (uint16_t)(writer_offset(&rdata->w) - start));
	return true;
}

struct piece {
	uint16_t key;
	const uint8_t *at; /* its KEY LENGTH VALUE */
	size_t size;
};

static int by_key(const void *a, const void *b)
{
	return (int)((const struct piece *)a)->key - (int)((const struct piece *)b)->key;
}

static bool pieces_have(const struct piece *pieces, size_t count, uint16_t key)
{
	for (size_t i = 0; i < count; i++)
		if (pieces[i].key == key)
			return true;
	return false;
}

/* What one parameter demands of the others. */
static bool pieces_agree(struct rdata *rdata, const struct piece *pieces, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (pieces[i].key == pieces[i - 1].key)
			return rdata_fault(rdata, "a key is given twice");
	if (pieces_have(pieces, count, KEY_NO_DEFAULT_ALPN) && !pieces_have(pieces, count, KEY_ALPN))
		return rdata_fault(rdata, "no-default-alpn without alpn (RFC 9460 7.1.1)");
	if (count == 0 || pieces[0].key != KEY_MANDATORY)
		return true;
	struct reader r = reader_of(pieces[0].at + HEAD, pieces[0].size - HEAD);
	while (reader_left(&r) > 1)
		if (!pieces_have(pieces, count, read_u16(&r)))
			return rdata_fault(rdata, "mandatory names a key that is not given");
	return true;
}

/* Sorts what was written from `start` on. */
static bool sort_parameters(struct rdata *rdata, size_t start)
{
	struct piece pieces[PARAMETERS_MAX];
	size_t count = 0, size = writer_offset(&rdata->w) - start;
	memcpy(rdata->text, rdata->w.start + start, size);
	struct reader r = reader_of(rdata->text, size);
	while (reader_left(&r)) {
		struct piece *piece = &pieces[count++];
		piece->at = r.at;
		piece->key = read_u16(&r);
		uint16_t length = read_u16(&r);
		read_bytes(&r, length);
		piece->size = length + (size_t)HEAD;
	}
	qsort(pieces, count, sizeof pieces[0], by_key);
	writer_rewind(&rdata->w, start);
	for (size_t i = 0; i < count; i++)
		write_bytes(&rdata->w, pieces[i].at, pieces[i].size);
	if (rdata->w.full)
		return rdata_fault(rdata, "more than 65535 bytes of data");
	if (!pieces_agree(rdata, pieces, count))
		return false;
	return svcb_check(reader_of(rdata->w.start + start, size)) || rdata_fault(rdata, "a value has a wrong length");
}

bool svcb_parse(struct rdata *rdata)
{
	uint64_t priority;
	if (!rdata_number(rdata, UINT16_MAX, &priority))
		return false;
	write_u16(&rdata->w, (uint16_t)priority);
	if (!rdata_name(rdata))
		return false;
	size_t start = writer_offset(&rdata->w), count = 0;
	while (rdata->at < rdata->count) {
		if (count++ == PARAMETERS_MAX)
			return rdata_fault(rdata, "more than %d parameters", PARAMETERS_MAX);
		if (!parameter(rdata, &rdata->tokens[rdata->at++]))
			return false;
	}
	return sort_parameters(rdata, start);
}

/* Each value's length, where the key has a fixed one: a multiple of `unit`. */
static bool value_fits(uint16_t key, size_t size)
{
	static const struct {
		uint8_t unit;
		bool some; /* not empty */
	} units[KEYS_KNOWN] = {{2, true}, {1, true}, {0, false}, {2, true}, {4, true}, {1, true}, {16, true}, {1, true},
	        {0, false}, {2, true}};
	if (key >= KEYS_KNOWN)
		return true;
	unsigned unit = units[key].unit;
	return unit ? size % unit == 0 && (size > 0 || !units[key].some) : size == 0;
}

bool svcb_check(struct reader r)
{
	int last = -1;
	while (reader_left(&r)) {
		uint16_t key = read_u16(&r), length = read_u16(&r);
		if (!read_bytes(&r, length) || key <= last || !value_fits(key, length))
			return false;
		last = key;
	}
	return true;
}

bool svcb_hinted(const uint8_t *bytes, size_t size)
{
	struct reader r = reader_of(bytes, size);
	if (read_u16(&r) == 0)
		return false;
	read_bytes(&r, name_length(bytes + 2));
	while (reader_left(&r) && !r.bad) {
		uint16_t key = read_u16(&r), length = read_u16(&r);
		read_bytes(&r, length);
		if (key == KEY_IPV4HINT || key == KEY_IPV6HINT)
			return true;
	}
	return false;
}
