/*
 * steer.c: the data center and the members that a steered name gives a client.
 *
 * Called by respond.c and additional.c. The table gives the order, the board
 * says who is up, and the scope hangs on the table (and a hash) alone, so that
 * health never changes it.
 */
#include <string.h>

#include "answer/exchange.h"
#include "base/cursor.h"

/* The order of pools for this client: the map's, or the service's own, the same for everybody. */
static struct map_hit order_for(const struct exchange *exchange, uint32_t index, const struct service *service)
{
	const struct map_table *table = exchange->snapshot->service_tables[index];
	if (table)
		return map_find(table, &exchange->steered_for, exchange->resolver);
	return (struct map_hit){.order = service->order, .count = service->pool_count, .scope = 0};
}

static struct asker asker_for(
        const struct exchange *exchange, uint32_t index, const struct service *service, const struct map_hit *hit)
{
	const struct map_table *table = exchange->snapshot->service_tables[index];
	struct map_place place = {.span = UINT16_MAX};
	if (service->spill && table)
		place = map_place(table, hit);
	return (struct asker){.client = &exchange->steered_for, .start = place.start, .span = place.span};
}

/* Which pools of the order pass this client over, for ramps and spill. */
static void note_limits(struct trace *trace, const struct board *board, const struct asker *asker)
{
	bool spilled = false;
	for (unsigned i = 0; i < trace->order_count; i++) {
		enum limit limit = pick_limit(board, trace->service, trace->family, trace->order[i], asker);
		bool counts = limit != LIMIT_NO_ROOM || spilled;
		trace->limits[i] = counts ? limit : LIMIT_NONE;
		spilled |= limit == LIMIT_SPILL;
	}
}

static void note(struct exchange *exchange, const struct attachment *attachment, unsigned family,
        const struct map_hit *hit, const struct pick *pick, const struct choice *choice, uint8_t sticky)
{
	struct trace *trace = exchange->context->trace;
	if (trace->steered)
		return;
	trace->steered = true;
	trace->service = attachment->service;
	trace->family = family;
	trace->order_count = hit->count;
	memcpy(trace->order, hit->order, hit->count);
	trace->verdict = choice->verdict;
	trace->pool = pick->pool;
	trace->ttl = choice->ttl;
	trace->full_ttl = attachment->ttl[family];
	trace->scope = choice->scope;
	trace->map_scope = hit->scope;
	trace->sticky = sticky;
	if (choice->pool && !choice->service->names)
		trace->given = choice->given;
	struct asker asker = asker_for(exchange, attachment->service, choice->service, hit);
	trace->hashed = service_hashed(choice->service, asker.client->family == ADDR_V4 ? FAMILY_V4 : FAMILY_V6);
	note_limits(trace, exchange->board, &asker);
}

/* What one glance at the board does not tell: nobody is up, or not all are given, or not to everybody. */
static __attribute__((noinline)) struct pick choose_members(struct exchange *exchange, uint32_t index, unsigned family,
        const struct map_hit *hit, struct choice *choice, uint8_t *hashed)
{
	const struct service *service = choice->service;
	struct asker asker = asker_for(exchange, index, service, hit);
	struct pick pick = pick_pool_for(exchange->board, index, family, hit->order, hit->count, &asker);
	choice->verdict = pick.verdict;
	choice->pool = pick.verdict == PICK_POOL ? &service->pools[pick.pool] : NULL;
	if (choice->pool && !service->names)
		pick_members(&choice->given, exchange->board, index, pick.pool, family, &exchange->steered_for,
		        &exchange->context->random, hashed);
	return pick;
}

void steer_choose(
        struct exchange *exchange, const struct attachment *attachment, unsigned family, struct choice *choice)
{
	uint32_t index = attachment->service;
	const struct service *service = &exchange->snapshot->steering.services[index];
	struct map_hit hit = order_for(exchange, index, service);
	struct glance glance = pick_glance(exchange->board, index, family, hit.order, hit.count);
	struct pick pick = {.verdict = PICK_POOL, .pool = glance.pool};
	uint8_t hashed = service_hashed(service, exchange->steered_for.family == ADDR_V4 ? FAMILY_V4 : FAMILY_V6),
	        member_hashed = 0;
	choice->service = service;
	choice->ttl_max = glance.ttl_max;
	choice->ttl = attachment->ttl[family] < glance.ttl_max ? attachment->ttl[family] : glance.ttl_max;
	choice->scope = hashed > hit.scope ? hashed : hit.scope;
	choice->verdict = PICK_POOL;
	choice->pool = &service->pools[glance.pool];
	choice->given.set = glance.set;
	if (!glance.set)
		pick = choose_members(exchange, index, family, &hit, choice, &member_hashed);
	counter_increment(exchange->context->counters, COUNTER_ANSWERS_STEERED);
	if (exchange->context->trace)
		note(exchange, attachment, family, &hit, &pick, choice, member_hashed);
}

/* The largest set that is put together for one reply: 64 AAAA records. */
#define CHOSEN_BYTES (64 * (RR_HEADER + 16))

static __attribute__((noinline)) bool write_some(struct exchange *exchange, enum section section, struct owner owner,
        const struct choice *choice, unsigned family)
{
	const struct rrset *all = &choice->pool->of[family].all;
	uint8_t wire[CHOSEN_BYTES];
	struct writer w = writer_of(wire, sizeof wire);
	uint32_t each = all->size / all->count;
	for (unsigned i = 0; i < choice->given.count; i++)
		write_bytes(&w, all->wire + choice->given.member[i] * each, each);
	struct rrset chosen = {
	        .wire = wire, .size = (uint32_t)writer_offset(&w), .type = all->type, .count = choice->given.count};
	return reply_rrset(&exchange->reply, section, owner, &chosen, choice->ttl, NULL);
}

bool steer_write(struct exchange *exchange, enum section section, struct owner owner, const struct choice *choice,
        unsigned family)
{
	if (choice->given.set)
		return reply_rrset(&exchange->reply, section, owner, choice->given.set, choice->ttl, NULL);
	return write_some(exchange, section, owner, choice, family);
}
