/*
 * rdata.c: the fields of a type, one after another.
 */
#include "zone/rdata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "wire/name.h"
#include "wire/rrset.h"
#include "zone/field.h"

bool rdata_fault(struct rdata *rdata, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(rdata->why, sizeof rdata->why, format, arguments);
	va_end(arguments);
	rdata->fault = rdata->at ? rdata->at - 1 : 0;
	return false;
}

const struct token *rdata_next(struct rdata *rdata, const char *what)
{
	if (rdata->at < rdata->count) {
		const struct token *token = &rdata->tokens[rdata->at++];
		if (!(token->flags & TOKEN_MIXED) || rdata->type == TYPE_SVCB || rdata->type == TYPE_HTTPS)
			return token;
		rdata_fault(rdata, "a quote inside a word; write \\\" or put all of it in quotes");
		return NULL;
	}
	rdata_fault(rdata, "the record ends where %s should be", what);
	rdata->fault = rdata->count;
	return NULL;
}

/* `\# length hex…` (RFC 3597 5), the \# already read. */
static bool parse_unknown(struct rdata *rdata)
{
	uint64_t length;
	if (!rdata_number(rdata, RDATA_BYTES, &length))
		return false;
	if (rdata->at < rdata->count && !field_parse(rdata, LDNS_RDF_TYPE_HEX))
		return false;
	size_t size = writer_offset(&rdata->w);
	if (size != length)
		return rdata_fault(rdata, "%zu bytes follow, not the %u that were announced", size, (unsigned)length);
	if (!rdata_check(rdata->type, rdata->bytes, size)) {
		char name[16];
		return rdata_fault(rdata, "these bytes are no data of type %s", rrtype_format(rdata->type, name));
	}
	return true;
}

static bool parse_fields(struct rdata *rdata)
{
	struct layout layout;
	char name[16];
	if (!layout_get(&layout, rdata->type))
		return rdata_fault(rdata, "data of type %s has to be written as \\# LENGTH HEX (RFC 3597)",
		        rrtype_format(rdata->type, name));
	for (unsigned i = 0; i < layout.max && (i < layout.min || rdata->at < rdata->count); i++)
		if (!field_parse(rdata, layout.kinds[i < layout.listed ? i : layout.listed - 1u]))
			return false;
	if (rdata->at < rdata->count) {
		const struct token *extra = &rdata->tokens[rdata->at++];
		return rdata_fault(rdata, "'%.*s' is more than %s has", extra->length < 40 ? (int)extra->length : 40,
		        extra->text, rrtype_format(rdata->type, name));
	}
	return true;
}

int rdata_parse(struct rdata *rdata, uint16_t type, const struct token *tokens, uint32_t count, const uint8_t *origin)
{
	rdata->tokens = tokens;
	rdata->count = count;
	rdata->at = 0;
	rdata->origin = origin;
	rdata->type = type;
	rdata->w = writer_of(rdata->bytes, sizeof rdata->bytes);
	bool unknown = count && tokens[0].length == 2 && !(tokens[0].flags & TOKEN_QUOTED) &&
	               !memcmp(tokens[0].text, "\\#", 2);
	rdata->at = unknown;
	if (!(unknown ? parse_unknown(rdata) : parse_fields(rdata)))
		return -1;
	if (rdata->w.full) {
		rdata_fault(rdata, "more than 65535 bytes of data");
		return -1;
	}
	return (int)writer_offset(&rdata->w);
}

bool rdata_check(uint16_t type, const uint8_t *bytes, size_t size)
{
	struct layout layout;
	if (!layout_get(&layout, type))
		return true;
	struct reader r = reader_of(bytes, size);
	for (unsigned i = 0; i < layout.max && (i < layout.min || reader_left(&r)); i++)
		if (!field_check(&r, layout.kinds[i < layout.listed ? i : layout.listed - 1u]))
			return false;
	return !r.bad && reader_left(&r) == 0;
}
