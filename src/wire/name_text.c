/*
 * name_text.c: names as people write them (RFC 1035 5.1), and back.
 *
 * A name of a configuration or a command is refused with a reason that can be shown.
 * What would be a different name than its author meant is refused too: bytes that are
 * not ASCII (the DNS wants the A-label, xn--…) and blanks, unless they are escaped.
 */
#include "wire/name.h"

#include <string.h>

#include "base/cursor.h"

/* Text being read into labels. */
struct spelling {
	const char *at, *end;
	struct writer name;
	const char *why;
};

static bool refuse(struct spelling *s, const char *why)
{
	s->why = why;
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* \DDD or \X, behind the backslash. */
static bool read_escape(struct spelling *s, uint8_t *byte)
{
	if (s->at == s->end)
		return refuse(s, "a backslash at the end");
	if (!is_digit(*s->at)) {
		*byte = (uint8_t)*s->at++;
		return true;
	}
	if (s->end - s->at < 3 || !is_digit(s->at[1]) || !is_digit(s->at[2]))
		return refuse(s, "an escape needs three digits");
	unsigned value = (unsigned)(s->at[0] - '0') * 100 + (unsigned)(s->at[1] - '0') * 10 +
	                 (unsigned)(s->at[2] - '0');
	if (value > 255)
		return refuse(s, "an escape above \\255");
	*byte = (uint8_t)value;
	s->at += 3;
	return true;
}

/* One byte of a label. */
static bool read_letter(struct spelling *s, uint8_t *byte)
{
	*byte = (uint8_t)*s->at++;
	if (*byte == '\\')
		return read_escape(s, byte);
	if (*byte <= ' ' || *byte == 0x7f)
		return refuse(s, "a blank or control character that is not escaped");
	if (*byte >= 0x80)
		return refuse(s, "not ASCII (an international name is written as xn--…)");
	return true;
}

/* One label and the dot behind it, if there is one. */
static bool read_label(struct spelling *s)
{
	uint8_t label[64];
	size_t length = 0;
	while (s->at < s->end && *s->at != '.') {
		if (length == 63)
			return refuse(s, "a label of more than 63 bytes");
		if (!read_letter(s, &label[1 + length]))
			return false;
		length++;
	}
	if (length == 0)
		return refuse(s, "an empty label");
	label[0] = (uint8_t)length;
	write_bytes(&s->name, label, length + 1);
	return true;
}

/* All labels; *absolute: there was a final dot. */
static bool read_labels(struct spelling *s, bool *absolute)
{
	*absolute = false;
	while (s->at < s->end) {
		if (!read_label(s))
			return false;
		*absolute = s->at < s->end;
		if (*absolute)
			s->at++;
	}
	return true;
}

size_t name_parse(
        uint8_t name[NAME_BYTES], const char *text, size_t text_length, const uint8_t *origin, const char **why)
{
	static const uint8_t root[1] = {0};
	struct spelling s = {.at = text, .end = text + text_length, .name = writer_of(name, NAME_BYTES)};
	bool absolute = false;
	*why = NULL;

	if (text_length == 0) {
		*why = "an empty name";
		return 0;
	}
	if (text_length == 1 && text[0] == '.')
		absolute = true;
	else if (!(text_length == 1 && text[0] == '@' && origin) && !read_labels(&s, &absolute)) {
		*why = s.why;
		return 0;
	}
	if (absolute || !origin)
		origin = root;
	write_bytes(&s.name, origin, name_length(origin));
	if (s.name.full) {
		*why = "a name of more than 255 bytes";
		return 0;
	}
	return writer_offset(&s.name);
}

/* Writes a byte of a label as text; returns what follows it. */
static char *put_letter(char *to, uint8_t byte)
{
	if (byte <= ' ' || byte >= 0x7f) {
		*to++ = '\\';
		*to++ = (char)('0' + byte / 100);
		*to++ = (char)('0' + byte / 10 % 10);
		*to++ = (char)('0' + byte % 10);
		return to;
	}
	if (memchr(".\\\"();@$", byte, 8))
		*to++ = '\\';
	*to++ = (char)byte;
	return to;
}

const char *name_format(const uint8_t *name, char text[NAME_TEXT_MAX])
{
	char *to = text;
	if (*name == 0)
		*to++ = '.';
	for (; *name; name += *name + 1u) {
		for (size_t i = 1; i <= *name; i++)
			to = put_letter(to, name[i]);
		*to++ = '.';
	}
	*to = 0;
	return text;
}
