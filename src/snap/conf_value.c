/*
 * conf_value.c: one function for each kind of value: its text is read, or the error says how it is written.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/file.h"
#include "base/text.h"
#include "snap/conf_reader.h"
#include "wire/name.h"

enum { TEXTS_MAX = 256 };

bool read_flag(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	if (!expect_scalar(reader, value, "on or off"))
		return false;
	bool on = is_word(value, "on");
	if (!on && !is_word(value, "off")) {
		reader_error(
		        reader, value, "%s must be on or off, not '%s'", reader_subject(reader, value), value->text);
		return false;
	}
	*(bool *)field = on;
	return true;
}

bool read_text(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	if (!expect_scalar(reader, value, "a text"))
		return false;
	if (!*value->text) {
		reader_error(reader, value, "%s must not be empty", reader_subject(reader, value));
		return false;
	}
	*(const char **)field = arena_string(reader->arena, value->text);
	return true;
}

bool read_text_or_none(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	if (is_word(value, "none")) {
		*(const char **)field = NULL;
		return true;
	}
	if (value->kind == YAML_SCALAR && strlen(value->text) > (size_t)option->max) {
		reader_error(reader, value, "%s is at most %" PRId64 " bytes long, not %zu",
		        reader_subject(reader, value), option->max, strlen(value->text));
		return false;
	}
	return read_text(reader, value, option, field);
}

bool read_path(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	if (!expect_scalar(reader, value, "a path"))
		return false;
	if (!*value->text) {
		reader_error(reader, value, "%s must not be empty", reader_subject(reader, value));
		return false;
	}
	*(const char **)field = file_beside(reader->arena, value->file->path, value->text);
	return true;
}

static bool number(struct reader *reader, const struct yaml *value, const struct option *option, int64_t *got)
{
	if (!expect_scalar(reader, value, "a whole number"))
		return false;
	if (text_number(got, value->text, option->min, option->max))
		return true;
	reader_error(reader, value, "%s must be a whole number from %" PRId64 " to %" PRId64 ", not '%s'",
	        reader_subject(reader, value), option->min, option->max, value->text);
	return false;
}

bool read_u8(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	int64_t got;
	MUST(option->min >= 0 && option->max <= UINT8_MAX);
	if (!number(reader, value, option, &got))
		return false;
	*(uint8_t *)field = (uint8_t)got;
	return true;
}

bool read_u16(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	int64_t got;
	MUST(option->min >= 0 && option->max <= UINT16_MAX);
	if (!number(reader, value, option, &got))
		return false;
	*(uint16_t *)field = (uint16_t)got;
	return true;
}

bool read_unsigned(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	int64_t got;
	MUST(option->min >= 0 && option->max <= UINT32_MAX);
	if (!number(reader, value, option, &got))
		return false;
	*(unsigned *)field = (unsigned)got;
	return true;
}

/* Whether a text is a number alone, so that only its unit is missing. */
static bool lacks_unit(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == 0;
}

bool read_duration(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	nanotime got;
	char min[32], max[32];
	if (!expect_scalar(reader, value, "a duration, such as 10s"))
		return false;
	if (lacks_unit(value->text)) {
		reader_error(reader, value, "'%s' needs a unit, such as %ss", value->text, value->text);
		return false;
	}
	if (!text_duration(&got, value->text)) {
		reader_error(reader, value,
		        "'%s' is no duration; write a whole number and ms, s, m, h or d, such as 10s", value->text);
		return false;
	}
	if (got < option->min || got > option->max) {
		reader_error(reader, value, "%s must be from %s to %s, not %s", reader_subject(reader, value),
		        text_duration_format(option->min, min), text_duration_format(option->max, max), value->text);
		return false;
	}
	*(nanotime *)field = got;
	return true;
}

bool read_size(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	uint64_t got;
	if (!expect_scalar(reader, value, "a size, such as 256MB"))
		return false;
	if (lacks_unit(value->text)) {
		reader_error(reader, value, "'%s' needs a unit, such as %sMB", value->text, value->text);
		return false;
	}
	if (!text_size(&got, value->text)) {
		reader_error(reader, value,
		        "'%s' is no size; write a whole number and B, KB, MB, GB or TB, such as 256MB", value->text);
		return false;
	}
	if (got > (uint64_t)option->max) {
		reader_error(reader, value, "%s must be at most %" PRId64 "GB", reader_subject(reader, value),
		        option->max >> 30);
		return false;
	}
	*(uint64_t *)field = got;
	return true;
}

bool read_percent(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	unsigned got;
	(void)option;
	if (!expect_scalar(reader, value, "a percentage, such as 50%"))
		return false;
	if (lacks_unit(value->text)) {
		reader_error(reader, value, "'%s' needs its unit: %s%%", value->text, value->text);
		return false;
	}
	if (!text_percent(&got, value->text)) {
		reader_error(reader, value, "'%s' is no percentage from 0%% to 100%%", value->text);
		return false;
	}
	*(uint8_t *)field = (uint8_t)got;
	return true;
}

bool read_word(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	size_t count = 0;
	const char *all = "";
	for (; option->words[count]; count++)
		all = arena_printf(reader->scratch, "%s%s%s", all,
		        !count                     ? ""
		        : option->words[count + 1] ? ", "
		                                   : " or ",
		        option->words[count]);
	if (!expect_scalar(reader, value, all))
		return false;
	for (size_t i = 0; i < count; i++)
		if (is_word(value, option->words[i])) {
			*(int *)field = (int)i;
			return true;
		}
	const char *near = reader_near(reader, value->text, option->words, count);
	if (*near)
		reader_error(reader, value, "%s cannot be '%s'%s", reader_subject(reader, value), value->text, near);
	else
		reader_error(reader, value, "%s must be %s, not '%s'", reader_subject(reader, value), all, value->text);
	return false;
}

bool read_texts(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	if (!expect_list(reader, value, "a list of texts"))
		return false;
	if (!value->count) {
		reader_error(reader, value, "%s must not be empty", reader_subject(reader, value));
		return false;
	}
	if (value->count > TEXTS_MAX) {
		reader_error(reader, value, "%s has at most %d entries, not %u", reader_subject(reader, value),
		        TEXTS_MAX, value->count);
		return false;
	}
	const char **texts = arena_alloc(reader->arena, (value->count + 1) * sizeof *texts);
	size_t count = 0;
	for (const struct yaml *item = value->first; item; item = item->next)
		if (!read_text(reader, item, option, &texts[count++]))
			return false;
	*(const char *const **)field = texts;
	return true;
}

bool read_later(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)reader;
	(void)value;
	(void)option;
	(void)field;
	return true;
}

/* Digits, perhaps with a sign and a point, so that strtod sees neither nan nor hexadecimals. */
static bool is_decimal(const char *text)
{
	text += *text == '-' || *text == '+';
	size_t whole = strspn(text, "0123456789"), part = 0;
	text += whole;
	if (*text == '.')
		part = strspn(++text, "0123456789");
	return whole + part > 0 && whole < 20 && part < 20 && text[part] == 0;
}

bool read_decimal(
        struct reader *reader, const struct yaml *value, const char *what, double min, double max, double *got)
{
	if (!expect_scalar(reader, value, "a number"))
		return false;
	double parsed = is_decimal(value->text) ? strtod(value->text, NULL) : NAN;
	if (!(parsed >= min && parsed <= max)) {
		reader_error(
		        reader, value, "%s must be a number from %.0f to %.0f, not '%s'", what, min, max, value->text);
		return false;
	}
	*got = parsed;
	return true;
}

/* The IPv4 prefix in a v6 one whose bits from `offset` on are an IPv4 address. */
static void take_v4(struct prefix *prefix, unsigned offset)
{
	struct prefix v4 = {.addr = {.family = ADDR_V4}, .length = (uint8_t)(prefix->length - offset)};
	memcpy(v4.addr.bytes, prefix->addr.bytes + offset / 8, 4);
	*prefix = v4;
}

bool prefix_canonical(struct prefix *prefix)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}, nat64[12] = {0x00, 0x64, 0xff, 0x9b},
	                     six_to_four[2] = {0x20, 0x02};
	if (prefix->addr.family != ADDR_V6)
		return true;
	const uint8_t *bytes = prefix->addr.bytes;
	if (prefix->length >= 96 && (memcmp(bytes, mapped, 12) == 0 || memcmp(bytes, nat64, 12) == 0))
		take_v4(prefix, 96);
	else if (prefix->length >= 16 && memcmp(bytes, six_to_four, 2) == 0) {
		if (prefix->length > 48)
			return false;
		take_v4(prefix, 16);
	}
	return true;
}

bool read_prefix(struct reader *reader, const struct yaml *value, struct prefix *prefix)
{
	char masked[ADDR_TEXT_MAX];
	if (!expect_scalar(reader, value, "a prefix, such as 192.0.2.0/24"))
		return false;
	switch (prefix_parse(prefix, value->text)) {
	case PREFIX_OK:
		return true;
	case PREFIX_SYNTAX:
		reader_error(
		        reader, value, "'%s' is no prefix; write one as 192.0.2.0/24 or 2001:db8::/32", value->text);
		return false;
	case PREFIX_LENGTH:
		reader_error(reader, value, "'%s' is too long: an %s prefix has at most %u bits", value->text,
		        prefix->addr.family == ADDR_V4 ? "IPv4" : "IPv6", addr_bits(&prefix->addr));
		return false;
	case PREFIX_HOST_BITS:
		reader_error(reader, value, "'%s' has bits set behind its length; did you mean '%s'?", value->text,
		        prefix_format(prefix, masked));
		return false;
	}
	return false;
}

bool read_prefixes(struct reader *reader, const struct yaml *value, const struct prefix **prefixes, uint32_t *count)
{
	if (!expect_list(reader, value, "a list of prefixes"))
		return false;
	struct prefix *got = arena_alloc(reader->arena, value->count * sizeof *got);
	struct dict *seen = dict_new();
	uint32_t used = 0;
	bool good = true;
	for (const struct yaml *item = value->first; item; item = item->next) {
		struct prefix prefix;
		memset(&prefix, 0, sizeof prefix);
		if (!read_prefix(reader, item, &prefix)) {
			good = false;
			continue;
		}
		got[used] = prefix;
		uint8_t key[18] = {prefix.addr.family, prefix.length};
		memcpy(key + 2, prefix.addr.bytes, 16);
		if (dict_add(seen, key, sizeof key, used))
			used++;
		else {
			reader_error(reader, item, "'%s' is here twice", item->text);
			good = false;
		}
	}
	dict_free(seen);
	*prefixes = got;
	*count = used;
	return good;
}

bool read_endpoint(struct reader *reader, const struct yaml *value, uint16_t port, struct endpoint *endpoint)
{
	if (!expect_scalar(reader, value, "ADDRESS or ADDRESS@PORT"))
		return false;
	if (endpoint_parse(endpoint, value->text, port))
		return true;
	reader_error(reader, value, "'%s' is neither ADDRESS nor ADDRESS@PORT, such as 192.0.2.1@53 or \"::1@53\"",
	        value->text);
	return false;
}

const uint8_t *read_name(struct reader *reader, const struct yaml *value, bool lower)
{
	uint8_t name[NAME_BYTES];
	const char *why = NULL;
	if (!expect_scalar(reader, value, "a domain name"))
		return NULL;
	size_t length = name_parse(name, value->text, strlen(value->text), NULL, &why);
	if (!length) {
		reader_error(reader, value, "'%s' is no domain name: %s", value->text, why);
		return NULL;
	}
	if (lower)
		name_lower(name, name, length);
	uint8_t *copy = arena_bytes(reader->arena, length);
	memcpy(copy, name, length);
	return copy;
}
