/*
 * explain.c: asks a question of the live data as a client would, and gathers
 * what decided.
 *
 * Called by the control socket's `explain`, by meridianctl offline, and by
 * decision tests. What is told of the answer comes from the trace of
 * answer_packet itself; only the reasons are looked up here.
 */
#include "answer/explain.h"

#include <math.h>
#include <string.h>

#include "answer/answer.h"
#include "base/assert.h"
#include "base/cursor.h"
#include "snap/snapshot.h"
#include "wire/query.h"
#include "wire/rrset.h"

#define OPTION_SUBNET 8

size_t explain_query(const struct explain_question *question, uint8_t *out, size_t room)
{
	struct writer w = writer_of(out, room);
	uint16_t bytes = (uint16_t)((question->subnet.length + 7) / 8);
	write_u16(&w, 0);
	write_u16(&w, 0);
	write_u16(&w, 1);
	write_u32(&w, 0);
	write_u16(&w, 1);
	write_bytes(&w, question->name, name_length(question->name));
	write_u16(&w, question->type);
	write_u16(&w, CLASS_IN);
	write_u8(&w, 0);
	write_u16(&w, TYPE_OPT);
	write_u16(&w, UINT16_MAX);
	write_u32(&w, 0);
	write_u16(&w, question->has_subnet ? (uint16_t)(8 + bytes) : 0);
	if (question->has_subnet) {
		write_u16(&w, OPTION_SUBNET);
		write_u16(&w, (uint16_t)(4 + bytes));
		write_u16(&w, question->subnet.addr.family == ADDR_V4 ? 1 : 2);
		write_u8(&w, question->subnet.length);
		write_u8(&w, 0);
		write_bytes(&w, question->subnet.addr.bytes, bytes);
	}
	MUST(!w.full);
	return writer_offset(&w);
}

const char *explain_parse(
        struct explain_question *question, const char *name, const char *type, const char *from, const char *subnet)
{
	const char *why = NULL;
	*question = (struct explain_question){.type = TYPE_A};
	if (!name)
		return "name what is asked for";
	if (!name_parse(question->name, name, strlen(name), NULL, &why))
		return why;
	if (type && !rrtype_parse(&question->type, type))
		return "the type that is asked for is no record type, such as A or AAAA";
	if (!from && !subnet)
		return "say who asks: --from ADDRESS, or --ecs PREFIX";
	if (from && !addr_parse(&question->from, from))
		return "--from is no address; a client subnet goes with --ecs";
	if (!subnet)
		return NULL;
	question->has_subnet = true;
	if (prefix_parse(&question->subnet, subnet) == PREFIX_SYNTAX)
		return "--ecs is no prefix, such as 192.0.2.0/24 or 2001:db8::/56";
	if (!strchr(subnet, '/')) {
		question->subnet.length = question->subnet.addr.family == ADDR_V4 ? 24 : 56;
		addr_mask(&question->subnet.addr, question->subnet.length);
	}
	if (!from)
		question->from = question->subnet.addr;
	return NULL;
}

/* Those that count: without a weight only where a primary is followed. */
static void count_members(const struct board *board, const struct service *service, const struct members *members,
        struct explain_candidate *candidate)
{
	for (uint32_t i = 0; i < members->count; i++) {
		uint32_t target = members->list[i].target;
		if (!members->list[i].weight && !service_follows(service))
			continue;
		candidate->members++;
		candidate->up += target == NO_INDEX || target_is_up(board_target(board, target));
	}
}

static void describe(const struct live *live, struct explanation *explanation, unsigned i)
{
	const struct trace *trace = &explanation->trace;
	const struct conf *conf = live->snapshot->conf;
	struct explain_candidate *candidate = &explanation->candidates[i];
	const struct pool *pool = &explanation->service->pools[trace->order[i]];
	*candidate = (struct explain_candidate){.pool = pool,
	        .position = trace->order[i],
	        .distance = NAN,
	        .reason = board_pool(live->board, trace->service, trace->order[i], trace->family),
	        .limit = trace->limits[i],
	        .share = board_share(live->board, trace->service, trace->order[i], trace->family),
	        .chosen = trace->verdict == PICK_POOL && trace->pool == trace->order[i]};
	/* Others are up, but the client's list has none of them (`only`): the rule for all down decides among the list.
	 */
	if (candidate->chosen && !pool_is_usable(candidate->reason))
		candidate->reason = POOL_ALL_DOWN;
	if (pool->cname) {
		candidate->members = 1;
		candidate->up = pool->cname_target == NO_INDEX ||
		                target_is_up(board_target(live->board, pool->cname_target));
	} else {
		count_members(live->board, explanation->service, &pool->of[trace->family], candidate);
	}
	if (pool->datacenter != NO_INDEX && explanation->facts.located && conf->datacenters[pool->datacenter].located)
		candidate->distance = geo_distance(explanation->facts.latitude, explanation->facts.longitude,
		        &conf->datacenters[pool->datacenter]);
}

static void give_reasons(const struct live *live, struct explanation *explanation)
{
	const struct trace *trace = &explanation->trace;
	const struct snapshot *snapshot = live->snapshot;
	explanation->service = &snapshot->steering.services[trace->service];
	explanation->mapped = explanation->service->map != NO_INDEX;
	if (explanation->mapped) {
		const struct map_rules *map = &snapshot->conf->maps[explanation->service->map];
		explanation->map = map->name;
		explanation->rule = map_reason(
		        map, snapshot->geodb, &trace->steered_for, trace->resolver, &explanation->facts);
	}
	explanation->candidate_count = trace->order_count;
	for (unsigned i = 0; i < trace->order_count; i++)
		describe(live, explanation, i);
}

void explain(const struct live *live, const struct explain_question *question, struct explanation *explanation)
{
	uint8_t query[EXPLAIN_QUERY_MAX];
	struct counters counters = {0};
	explanation->trace = (struct trace){0};
	explanation->facts = (struct geo_facts){0};
	explanation->service = NULL;
	explanation->rule = NULL;
	explanation->map = NULL;
	explanation->mapped = false;
	explanation->candidate_count = 0;
	struct answer_context context = {
	        .live = live, .counters = &counters, .random = 1, .trace = &explanation->trace};
	struct client client = {.addr = question->from, .stream = true};
	size_t size = explain_query(question, query, sizeof query);
	explanation->size = answer_packet(
	        &context, &client, query, size, explanation->reply, sizeof explanation->reply);
	if (explanation->trace.steered)
		give_reasons(live, explanation);
}
