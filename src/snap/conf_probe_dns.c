/*
 * conf_probe_dns.c: what a probe of the type dns asks, and what it wants to hear.
 *
 * Called by conf_probe.c, first for each key, then once for the whole, since the
 * form of what is expected hangs on the type that is asked for.
 */
#include <string.h>

#include "snap/conf_reader.h"
#include "wire/name.h"

bool read_question_name(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	*(const uint8_t **)field = read_name(reader, value, false);
	return *(const uint8_t **)field != NULL;
}

bool read_question_type(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	uint16_t type;
	(void)option;
	if (!expect_scalar(reader, value, "a type of records, such as A"))
		return false;
	if (!rrtype_parse(&type, value->text) || rrtype_get(type)->meta) {
		reader_error(
		        reader, value, "'query' must be a type of records, such as A or TXT, not '%s'", value->text);
		return false;
	}
	*(uint16_t *)field = type;
	return true;
}

/* In the form in which what is answered is shown, so that both can be compared; NULL: an error. */
static const char *normal_form(struct reader *reader, const struct yaml *value, uint16_t type)
{
	char type_text[16], text[NAME_TEXT_MAX];
	struct addr addr;
	if (type == TYPE_A || type == TYPE_AAAA) {
		bool good = addr_parse(&addr, value->text) && addr.family == (type == TYPE_A ? ADDR_V4 : ADDR_V6);
		if (!good)
			reader_error(reader, value, "'%s' is no %s address, as the answer to %s is", value->text,
			        type == TYPE_A ? "IPv4" : "IPv6", rrtype_format(type, type_text));
		return good ? arena_string(reader->arena, addr_format(&addr, text)) : NULL;
	}
	if (type == TYPE_CNAME || type == TYPE_NS || type == TYPE_PTR) {
		const uint8_t *name = read_name(reader, value, true);
		return name ? arena_string(reader->arena, name_format(name, text)) : NULL;
	}
	return arena_string(reader->arena, value->text);
}

void conf_question_check(struct reader *reader, const struct yaml *value, struct probe_spec *probe)
{
	const struct yaml *expect = yaml_get(value, "expect"), *rcode = yaml_get(value, "rcode");
	if (!yaml_get(value, "name"))
		reader_error(
		        reader, value->key, "the probe '%s' needs a name, since its type is dns", value->key->text);
	if (!probe->question.expect)
		return;
	if (rcode && probe->question.rcode != 0)
		reader_error(reader, expect->key, "with 'rcode: %s' there is no answer to expect", rcode->text);
	const char **texts = arena_alloc(reader->arena, (expect->count + 1) * sizeof *texts);
	uint32_t count = 0;
	for (const struct yaml *item = expect->first; item; item = item->next) {
		const char *text = normal_form(reader, item, probe->question.type);
		if (text)
			texts[count++] = text;
	}
	probe->question.expect = texts;
}
