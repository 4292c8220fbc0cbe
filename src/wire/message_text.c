/*
 * message_text.c: RDATA field by field, to be checked or to be shown.
 *
 * One table says of what fields a type consists; a field reads its bytes and, where there
 * is room for text, writes them. A type is in its form if its fields fill RDATA exactly.
 */
#include "wire/message.h"

#include <stdarg.h>
#include <stdio.h>

#define FIELDS 9

struct text {
	char *at, *end; /* *end is kept for the final 0 */
};

struct rdata {
	const struct message *message;
	struct reader r; /* over the whole message, ended where RDATA ends */
	bool pointers;   /* names may be compressed */
	struct text *text;
};

typedef void field(struct rdata *rdata);

static __attribute__((format(printf, 2, 3))) void say(struct text *text, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	size_t room = (size_t)(text->end - text->at) + 1;
	int wanted = vsnprintf(text->at, room, format, arguments);
	va_end(arguments);
	if (wanted > 0)
		text->at += (size_t)wanted < room ? (size_t)wanted : room - 1;
}

static void say_hex(struct text *text, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size && text->at < text->end; i++)
		say(text, "%02x", bytes[i]);
}

/* A string in quotes, as RFC 1035 5.1 escapes it. */
static void say_string(struct text *text, const uint8_t *bytes, size_t size)
{
	say(text, " \"");
	for (size_t i = 0; i < size && text->at < text->end; i++) {
		if (bytes[i] < ' ' || bytes[i] >= 0x7f)
			say(text, "\\%03u", bytes[i]);
		else
			say(text, bytes[i] == '"' || bytes[i] == '\\' ? "\\%c" : "%c", bytes[i]);
	}
	say(text, "\"");
}

static void say_type(struct text *text, uint16_t type)
{
	char name[16];
	say(text, " %s", rrtype_format(type, name));
}

static void name_field(struct rdata *rdata)
{
	uint8_t name[NAME_BYTES];
	char text[NAME_TEXT_MAX];
	size_t offset = reader_offset(&rdata->r);
	size_t behind = message_name(rdata->message, offset, name);
	bool good = behind != 0 && (rdata->pointers || behind - offset == name_length(name));
	if (rdata->r.bad || !good) {
		rdata->r.bad = true;
		return;
	}
	read_bytes(&rdata->r, behind - offset);
	say(rdata->text, " %s", name_format(name, text));
}

static void u8_field(struct rdata *rdata)
{
	say(rdata->text, " %u", read_u8(&rdata->r));
}

static void u16_field(struct rdata *rdata)
{
	say(rdata->text, " %u", read_u16(&rdata->r));
}

static void u32_field(struct rdata *rdata)
{
	say(rdata->text, " %u", read_u32(&rdata->r));
}

static void type_field(struct rdata *rdata)
{
	say_type(rdata->text, read_u16(&rdata->r));
}

static void address_field(struct rdata *rdata, uint8_t family, size_t size)
{
	struct addr addr = {.family = family};
	char text[ADDR_TEXT_MAX];
	const uint8_t *bytes = read_bytes(&rdata->r, size);
	if (!bytes)
		return;
	memcpy(addr.bytes, bytes, size);
	say(rdata->text, " %s", addr_format(&addr, text));
}

static void v4_field(struct rdata *rdata)
{
	address_field(rdata, ADDR_V4, 4);
}

static void v6_field(struct rdata *rdata)
{
	address_field(rdata, ADDR_V6, 16);
}

static void string_field(struct rdata *rdata)
{
	uint8_t size = read_u8(&rdata->r);
	const uint8_t *bytes = read_bytes(&rdata->r, size);
	if (bytes)
		say_string(rdata->text, bytes, size);
}

/* One or more strings. */
static void strings_field(struct rdata *rdata)
{
	do
		string_field(rdata);
	while (!rdata->r.bad && reader_left(&rdata->r) > 0);
}

/* The rest, as a string without its length (CAA, URI). */
static void rest_field(struct rdata *rdata)
{
	size_t size = reader_left(&rdata->r);
	const uint8_t *bytes = read_bytes(&rdata->r, size);
	if (bytes)
		say_string(rdata->text, bytes, size);
}

static void hex_field(struct rdata *rdata)
{
	size_t size = reader_left(&rdata->r);
	const uint8_t *bytes = read_bytes(&rdata->r, size);
	if (bytes) {
		say(rdata->text, " ");
		say_hex(rdata->text, bytes, size);
	}
}

/* Salt or next owner of NSEC3: bytes behind their count. */
static void counted_field(struct rdata *rdata)
{
	uint8_t size = read_u8(&rdata->r);
	const uint8_t *bytes = read_bytes(&rdata->r, size);
	if (!bytes)
		return;
	say(rdata->text, size ? " " : " -");
	say_hex(rdata->text, bytes, size);
}

/* The type bitmap (RFC 4034 4.1.2): windows ascend and are 1..32 bytes. */
static void types_field(struct rdata *rdata)
{
	int last = -1;
	while (!rdata->r.bad && reader_left(&rdata->r) > 0) {
		int window = read_u8(&rdata->r);
		size_t size = read_u8(&rdata->r);
		const uint8_t *map = read_bytes(&rdata->r, size);
		if (!map || size == 0 || size > 32 || window <= last) {
			rdata->r.bad = true;
			return;
		}
		last = window;
		for (unsigned bit = 0; bit < 8 * size; bit++)
			if (map[bit / 8] & 0x80 >> bit % 8)
				say_type(rdata->text, (uint16_t)(window << 8 | (int)bit));
	}
}

/* SvcParams (RFC 9460 2.2): keys ascend; and the options of OPT, where they need not. */
static void pairs(struct rdata *rdata, const char *word, bool ascending)
{
	int last = -1;
	while (!rdata->r.bad && reader_left(&rdata->r) > 0) {
		int key = read_u16(&rdata->r);
		size_t size = read_u16(&rdata->r);
		const uint8_t *value = read_bytes(&rdata->r, size);
		if (!value || (ascending && key <= last)) {
			rdata->r.bad = true;
			return;
		}
		last = key;
		say(rdata->text, size ? " %s%d=" : " %s%d", word, key);
		say_hex(rdata->text, value, size);
	}
}

static void params_field(struct rdata *rdata)
{
	pairs(rdata, "key", true);
}

static void options_field(struct rdata *rdata)
{
	pairs(rdata, "option", false);
}

static const struct layout {
	uint16_t type;
	field *fields[FIELDS + 1];
} layouts[] = {
        {TYPE_A, {v4_field}}, {TYPE_NS, {name_field}}, {TYPE_CNAME, {name_field}},
        {TYPE_SOA, {name_field, name_field, u32_field, u32_field, u32_field, u32_field, u32_field}},
        {TYPE_PTR, {name_field}}, {13, {string_field, string_field}},                                    /* HINFO */
        {14, {name_field, name_field}},                                                                  /* MINFO */
        {TYPE_MX, {u16_field, name_field}}, {TYPE_TXT, {strings_field}}, {17, {name_field, name_field}}, /* RP */
        {18, {u16_field, name_field}},                                                                   /* AFSDB */
        {21, {u16_field, name_field}},                                                                   /* RT */
        {TYPE_AAAA, {v6_field}}, {TYPE_SRV, {u16_field, u16_field, u16_field, name_field}},
        {TYPE_NAPTR, {u16_field, u16_field, string_field, string_field, string_field, name_field}},
        {36, {u16_field, name_field}}, /* KX */
        {TYPE_DNAME, {name_field}}, {TYPE_OPT, {options_field}}, {TYPE_DS, {u16_field, u8_field, u8_field, hex_field}},
        {44, {u8_field, u8_field, hex_field}}, /* SSHFP */
        {TYPE_RRSIG,
                {type_field, u8_field, u8_field, u32_field, u32_field, u32_field, u16_field, name_field, hex_field}},
        {TYPE_NSEC, {name_field, types_field}}, {TYPE_DNSKEY, {u16_field, u8_field, u8_field, hex_field}},
        {TYPE_NSEC3, {u8_field, u8_field, u16_field, counted_field, counted_field, types_field}},
        {TYPE_NSEC3PARAM, {u8_field, u8_field, u16_field, counted_field}},
        {52, {u8_field, u8_field, u8_field, hex_field}},  /* TLSA */
        {53, {u8_field, u8_field, u8_field, hex_field}},  /* SMIMEA */
        {59, {u16_field, u8_field, u8_field, hex_field}}, /* CDS */
        {60, {u16_field, u8_field, u8_field, hex_field}}, /* CDNSKEY */
        {61, {hex_field}},                                /* OPENPGPKEY */
        {62, {u32_field, u16_field, types_field}},        /* CSYNC */
        {63, {u32_field, u8_field, u8_field, hex_field}}, /* ZONEMD */
        {TYPE_SVCB, {u16_field, name_field, params_field}}, {TYPE_HTTPS, {u16_field, name_field, params_field}},
        {99, {strings_field}},                       /* SPF */
        {256, {u16_field, u16_field, rest_field}},   /* URI */
        {257, {u8_field, string_field, rest_field}}, /* CAA */
};

static const struct layout *layout_of(const struct message_record *record)
{
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
		if (layouts[i].type == record->type)
			return &layouts[i];
	return NULL;
}

/* Reads all fields; false if they do not fill RDATA. */
static bool walk(const struct message *message, const struct message_record *record, const struct layout *layout,
        struct text *text)
{
	struct rdata rdata = {.message = message,
	        .r = reader_of(message->bytes, record->rdata + record->size),
	        .pointers = rrtype_get(record->type)->names > 0,
	        .text = text};
	read_bytes(&rdata.r, record->rdata);
	for (unsigned i = 0; layout->fields[i] && !rdata.r.bad; i++)
		layout->fields[i](&rdata);
	return !rdata.r.bad && reader_left(&rdata.r) == 0;
}

bool message_rdata_good(const struct message *message, const struct message_record *record)
{
	char none[1];
	struct text nowhere = {none, none};
	const struct layout *layout = layout_of(record);
	return !layout || walk(message, record, layout, &nowhere);
}

static void say_class(struct text *text, uint16_t class)
{
	static const char *const names[] = {
	        [CLASS_IN] = "IN", [CLASS_CH] = "CH", [CLASS_NONE] = "NONE", [CLASS_ANY] = "ANY"};
	if (class < sizeof names / sizeof *names && names[class])
		say(text, " %s", names[class]);
	else
		say(text, " CLASS%u", class);
}

/* Fields each behind a space; what is not in its type's form as RFC 3597 writes it. */
static void say_rdata(const struct message *message, const struct message_record *record, struct text *to)
{
	const struct layout *layout = layout_of(record);
	struct text behind = *to;
	if (layout && walk(message, record, layout, to))
		return;
	*to = behind;
	say(to, " \\# %u ", record->size);
	say_hex(to, message->bytes + record->rdata, record->size);
}

size_t message_format(const struct message *message, const struct message_record *record, char *text, size_t room)
{
	struct text to = {text, text + room - 1};
	char owner[NAME_TEXT_MAX];

	if (record->section > 0 && record->type == TYPE_OPT) {
		say(&to, "; edns version %u flags %04x payload %u:", record->ttl >> 16 & 255, record->ttl & 0xffff,
		        record->class);
	} else {
		say(&to, "%s", name_format(record->owner, owner));
		if (record->section > 0)
			say(&to, " %u", record->ttl);
		say_class(&to, record->class);
		say_type(&to, record->type);
	}
	if (record->section == 0)
		return (size_t)(to.at - text);
	say_rdata(message, record, &to);
	return (size_t)(to.at - text);
}

size_t message_format_rdata(const struct message *message, const struct message_record *record, char *text, size_t room)
{
	char all[4096];
	struct text to = {all, all + sizeof all - 1};
	*all = 0;
	say_rdata(message, record, &to);
	int length = snprintf(text, room, "%s", *all == ' ' ? all + 1 : all);
	return (size_t)length < room ? (size_t)length : room - 1;
}
