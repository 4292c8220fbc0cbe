/*
 * hints.c: SVCB and HTTPS records whose address hints (RFC 9460 7.3) are those
 * of a steered name: the addresses that A and AAAA would give this client.
 *
 * Called by respond.c for sets that snap's compiler found; each record is put
 * together in the reply itself. A family without an address loses its hint, and
 * `mandatory` its mention; all other parameters stay as the zone has them.
 */
#include "answer/exchange.h"
#include "base/assert.h"
#include "base/hash.h"

enum { KEY_MANDATORY = 0, KEY_IPV4HINT = 4, KEY_IPV6HINT = 6 };
enum { HEAD = 4 };       /* bytes of a key and a length */
enum { HINTS_MAX = 16 }; /* addresses in one hint: what a client can use of them, and a message carry */

/* One parameter: its head and its value. */
struct parameter {
	uint16_t key;
	uint16_t size;
	const uint8_t *value;
};

static bool next_parameter(struct reader *r, struct parameter *parameter)
{
	if (!reader_left(r))
		return false;
	parameter->key = read_u16(r);
	parameter->size = read_u16(r);
	parameter->value = read_bytes(r, parameter->size);
	MUST(parameter->value);
	return true;
}

static bool is_hint(uint16_t key, unsigned *family)
{
	*family = key == KEY_IPV4HINT ? FAMILY_V4 : FAMILY_V6;
	return key == KEY_IPV4HINT || key == KEY_IPV6HINT;
}

/* Chooses for a family of the source, once for all records in a row that have it. */
static void choose(struct exchange *exchange, const struct attachment *source, unsigned family)
{
	struct hinted *hinted = &exchange->hinted;
	if (hinted->source != source) {
		hinted->source = source;
		hinted->chosen[FAMILY_V4] = hinted->chosen[FAMILY_V6] = false;
	}
	if (hinted->chosen[family])
		return;
	steer_choose(exchange, source, family, &hinted->choice[family]);
	steer_narrow(exchange, &hinted->choice[family]);
	hinted->chosen[family] = true;
}

/* Are there addresses to hint at? A pool of a name has none. */
static bool has_addresses(const struct hinted *hinted, unsigned family)
{
	const struct choice *choice = &hinted->choice[family];
	return hinted->chosen[family] && choice->verdict == PICK_POOL && !choice->service->names;
}

/* The keys that stay in `mandatory` (RFC 9460 8); without any, it goes itself. */
static void write_mandatory(struct exchange *exchange, const struct parameter *mandatory)
{
	struct writer *w = &exchange->reply.w;
	size_t start = writer_offset(w);
	uint8_t *head = write_room(w, HEAD);
	unsigned family;
	for (struct reader r = reader_of(mandatory->value, mandatory->size); reader_left(&r);) {
		uint16_t key = read_u16(&r);
		if (!is_hint(key, &family) || has_addresses(&exchange->hinted, family))
			write_u16(w, key);
	}
	if (w->full)
		return;
	size_t size = writer_offset(w) - start - HEAD;
	put_u16(head, KEY_MANDATORY);
	put_u16(head + 2, (uint16_t)size);
	if (!size)
		writer_rewind(w, start);
}

/* More than a hint holds start anywhere, so that the first ones do not bear the load of all. */
static void write_addresses(struct exchange *exchange, uint16_t key, unsigned family)
{
	struct writer *w = &exchange->reply.w;
	const struct choice *choice = &exchange->hinted.choice[family];
	const struct rrset *all = &choice->pool->of[family].all;
	const struct rrset *set = choice->given.set;
	uint32_t each = all->size / all->count, count = set ? set->count : choice->given.count;
	uint32_t written = count < HINTS_MAX ? count : HINTS_MAX, start = 0;
	if (count > HINTS_MAX)
		start = (uint32_t)(hash_mix(exchange->context->random++, count) % count);
	write_u16(w, key);
	write_u16(w, (uint16_t)(written * (each - RR_HEADER)));
	for (uint32_t i = 0; i < written; i++) {
		uint32_t at = (start + i) % count, member = set ? at : choice->given.member[at];
		write_bytes(w, all->wire + member * each + RR_HEADER, each - RR_HEADER);
	}
}

/* The data of one record. */
static void write_data(struct exchange *exchange, const struct attachment *source, struct reader data)
{
	struct writer *w = &exchange->reply.w;
	struct parameter parameter;
	unsigned family;
	const uint8_t *head = data.at;
	size_t size = 2 + name_length(head + 2);
	read_bytes(&data, size);
	for (struct reader r = data; next_parameter(&r, &parameter);)
		if (is_hint(parameter.key, &family))
			choose(exchange, source, family);
	write_bytes(w, head, size);
	while (next_parameter(&data, &parameter)) {
		if (parameter.key == KEY_MANDATORY) {
			write_mandatory(exchange, &parameter);
		} else if (!is_hint(parameter.key, &family)) {
			write_u16(w, parameter.key);
			write_u16(w, parameter.size);
			write_bytes(w, parameter.value, parameter.size);
		} else if (has_addresses(&exchange->hinted, family)) {
			write_addresses(exchange, parameter.key, family);
		}
	}
}

/* A hint goes out of date when the addresses themselves do. */
static uint32_t hint_ttl(const struct exchange *exchange, const struct attachment *source)
{
	uint32_t ttl = pick_ttl(exchange->board, source->service);
	for (unsigned family = 0; family < FAMILIES; family++)
		ttl = source->ttl[family] < ttl ? source->ttl[family] : ttl;
	return ttl;
}

bool write_hinted(struct exchange *exchange, enum section section, struct owner owner, const struct rrset *set,
        const struct attachment *const *sources, uint16_t *targets)
{
	struct reply *reply = &exchange->reply;
	struct reply_mark mark = reply_mark(reply);
	struct reader wire = reader_of(set->wire, set->size);
	uint32_t ttl = set->ttl;
	for (unsigned i = 0; i < set->count; i++) {
		if (!sources[i])
			continue;
		uint32_t ttl_max = hint_ttl(exchange, sources[i]);
		ttl = ttl_max < ttl ? ttl_max : ttl;
	}
	for (unsigned i = 0; i < set->count; i++) {
		read_bytes(&wire, RR_HEADER - 2);
		uint16_t size = read_u16(&wire);
		const uint8_t *data = read_bytes(&wire, size);
		MUST(data);
		size_t at = reply_record_begin(reply, &owner, set->type, CLASS_IN, ttl);
		if (sources[i])
			write_data(exchange, sources[i], reader_of(data, size));
		else
			write_bytes(&reply->w, data, size);
		reply_record_end(reply, at);
		if (targets)
			targets[i] = at + 2 < REPLY_REACH ? (uint16_t)(at + 2) : 0;
	}
	return reply_settle(reply, mark, section, set->count);
}
