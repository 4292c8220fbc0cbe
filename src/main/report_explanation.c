/*
 * report_explanation.c: why a client gets its answer, as JSON.
 *
 * Called by commands.c, and by meridianctl offline.
 */
#include <math.h>
#include <string.h>

#include "main/report.h"
#include "wire/message.h"

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

/* Why that address, and not the other. */
static const char *client_why(const struct explain_question *question, const struct trace *trace)
{
	if (!trace->resolver)
		return "the query carries a client subnet";
	if (!question->has_subnet)
		return "the query carries no client subnet";
	if (!question->subnet.length)
		return "a client subnet of length 0 asks not to be told apart";
	return "`ecs` of the configuration honours no client subnet from this source";
}

static json_t *report_client(const struct explain_question *question, const struct explanation *explanation)
{
	char from[ADDR_TEXT_MAX], used[ADDR_TEXT_MAX], subnet[ADDR_TEXT_MAX];
	const struct trace *trace = &explanation->trace;
	bool by_rule = explanation->rule && explanation->rule->kind == RULE_RESOLVER;
	return json_pack("{s:s, s:o, s:s, s:s, s:s, s:b}", "from", addr_format(&question->from, from), "ecs",
	        question->has_subnet ? json_string(prefix_format(&question->subnet, subnet)) : json_null(), "address",
	        addr_format(&trace->steered_for, used), "via",
	        !trace->resolver ? "ecs"
	        : by_rule        ? "resolver"
	                         : "source",
	        "why", client_why(question, trace), "special", explanation->facts.special);
}

static json_t *report_facts(const struct geo_facts *facts)
{
	json_t *object = json_pack("{s:o, s:o, s:o, s:o}", "continent", text_or_null(facts->continent), "country",
	        text_or_null(facts->country), "subdivision", text_or_null(facts->subdivision), "asn",
	        facts->asn ? json_integer(facts->asn) : json_null());
	json_object_set_new(object, "location",
	        facts->located ? json_pack("[f, f]", facts->latitude, facts->longitude) : json_null());
	json_object_set_new(object, "lost", json_boolean(facts->lost));
	return object;
}

static json_t *report_rule(const struct explanation *explanation)
{
	static const char *const kinds[] = {
	        "default", "continent", "country", "subdivision", "asn", "net", "resolver", "unknown"};
	const struct map_rule *rule = explanation->rule;
	if (!rule)
		return json_null();
	char text[128], prefix[ADDR_TEXT_MAX];
	if (rule->key)
		snprintf(text, sizeof text, "%s %s", kinds[rule->kind], rule->key);
	else if (rule->kind == RULE_ASN)
		snprintf(text, sizeof text, "asn %u", rule->asn);
	else if (rule->kind == RULE_NET || rule->kind == RULE_RESOLVER)
		snprintf(text, sizeof text, "%s %s", kinds[rule->kind], prefix_format(&rule->prefix, prefix));
	else
		snprintf(text, sizeof text, "%s", kinds[rule->kind]);
	return json_pack("{s:s, s:s, s:i}", "text", text, "file", rule->file, "line", (int)rule->line);
}

/* ---- candidates ---- */

/* The one word for why the pool is, or is not, for this client. */
static const char *candidate_code(const struct explain_candidate *candidate)
{
	static const char *const limits[] = {
	        [LIMIT_RAMP] = "ramp", [LIMIT_SPILL] = "spill", [LIMIT_NO_ROOM] = "no_room"};
	if (!candidate->members)
		return "no_members";
	return candidate->limit == LIMIT_NONE || candidate->chosen ? report_code(candidate->reason)
	                                                           : limits[candidate->limit];
}

/* The same at length; the caller owns it. */
static json_t *candidate_reason(
        const struct live *live, const struct trace *trace, const struct explain_candidate *candidate)
{
	static const char *const words[] = {
	        [LIMIT_SPILL] = "up, but nearly full: this client is one of those that go on",
	        [LIMIT_NO_ROOM] = "up, but with no room for the clients of others",
	};
	char why[256];
	if (candidate->limit == LIMIT_RAMP && !candidate->chosen)
		return json_sprintf("up, but comes back over time: %.0f%% of the clients so far, not yet this one",
		        candidate->share * 100);
	if (candidate->limit != LIMIT_NONE && !candidate->chosen)
		return json_string(words[candidate->limit]);
	board_why(live->board, trace->service, candidate->position, trace->family, why, sizeof why);
	bool tells = (candidate->reason == POOL_UNFIT || candidate->reason == POOL_HELD_BACK) && *why;
	return json_sprintf("%s%s%s", report_reason(candidate->reason), tells ? ": " : "", tells ? why : "");
}

/* What is known of a candidate's data center beyond its members: its load, its drain. */
static void report_site(const struct live *live, json_t *object, const struct pool *pool)
{
	if (pool->datacenter == NO_INDEX)
		return;
	struct load load = board_load(live->board, pool->datacenter);
	struct datacenter_view view = board_datacenter(live->board, pool->datacenter);
	if (!isnan(load.load))
		json_object_set_new(
		        object, "load", json_pack("{s:f, s:f}", "of_capacity", load.load, "spilled", load.spilled));
	if (view.drained)
		json_object_set_new(object, "drain",
		        json_pack("{s:s?, s:o, s:o}", "reason", view.reason, "since", report_time(view.since), "until",
		                report_time(view.until)));
}

static json_t *report_candidates(const struct live *live, const struct explanation *explanation)
{
	json_t *list = json_array();
	bool passed = false; /* the one that was chosen */
	for (unsigned i = 0; i < explanation->candidate_count; i++) {
		const struct explain_candidate *candidate = &explanation->candidates[i];
		bool usable = pool_is_usable(candidate->reason);
		passed |= candidate->chosen;
		json_t *object = json_pack("{s:s, s:o, s:s, s:s, s:o, s:i, s:i, s:b, s:b}", "datacenter",
		        candidate->pool->name, "distance_km",
		        isnan(candidate->distance) ? json_null() : json_integer(lround(candidate->distance)), "state",
		        usable ? "up" : "down", "code", candidate_code(candidate), "reason",
		        candidate_reason(live, &explanation->trace, candidate), "members_up", (int)candidate->up,
		        "members", (int)candidate->members, "chosen", candidate->chosen, "skipped", !passed);
		if (candidate->share < 1)
			json_object_set_new(object, "share", json_real(candidate->share));
		report_site(live, object, candidate->pool);
		json_array_append_new(list, object);
	}
	return list;
}

/* ---- members ---- */

static bool is_given(const struct given *given, uint32_t member)
{
	for (unsigned i = 0; i < given->count && !given->set; i++)
		if (given->member[i] == member)
			return true;
	return given->set;
}

static json_t *report_member(const struct live *live, const char *name, uint32_t target, json_t *weight, bool given)
{
	const struct target_state *state = target == NO_INDEX ? NULL : board_target(live->board, target);
	bool forced = state && state->forced != VERDICT_UNKNOWN;
	return json_pack("{s:s, s:s?, s:s, s:o, s:b, s:o, s:b}", "member", name, "target",
	        state ? board_steering(live->board)->targets[target].name : NULL, "state",
	        state ? report_verdict(state->verdict) : "up", "forced",
	        forced ? json_string(report_verdict(state->forced)) : json_null(), "up", !state || target_is_up(state),
	        "weight", weight, "given", given);
}

/* How the members were picked, in words. */
static json_t *report_picked(const struct trace *trace, const struct service *service, const struct members *members)
{
	unsigned count = trace->given.set ? members->count : trace->given.count;
	if (trace->sticky)
		return json_sprintf(
		        "%u of %u, by the weighted hash of the client's /%u", count, members->count, trace->sticky);
	if (service->answer && count < members->count && count == service->answer)
		return json_sprintf(
		        "%u of %u, at random by weight: another query may get others", count, members->count);
	return count == members->count ? json_sprintf("all %u", count)
	                               : json_sprintf("%u of %u, all that are up", count, members->count);
}

/* The pool that answers: its members, which were picked, and why. */
static void report_pool(const struct live *live, json_t *object, const struct explanation *explanation)
{
	const struct trace *trace = &explanation->trace;
	json_t *list = json_array(), *picked = NULL;
	char text[NAME_TEXT_MAX];
	if (trace->verdict == PICK_POOL) {
		const struct pool *pool = &explanation->service->pools[trace->pool];
		const struct members *members = &pool->of[trace->family];
		for (uint32_t i = 0; i < members->count; i++)
			json_array_append_new(list,
			        report_member(live, addr_format(&members->list[i].addr, text), members->list[i].target,
			                json_integer(members->list[i].weight), is_given(&trace->given, i)));
		if (pool->cname)
			json_array_append_new(list, report_member(live, name_format(pool->cname, text),
			                                    pool->cname_target, json_null(), true));
		else
			picked = report_picked(trace, explanation->service, members);
	}
	json_object_set_new(object, "members", list);
	json_object_set_new(object, "picked", picked ? picked : json_null());
}

/* ---- the answer ---- */

/* The records of the answer section; *ttl gets the lowest. */
static json_t *report_answer(const struct message *opened, int64_t *ttl)
{
	struct message message = *opened;
	struct message_record record;
	json_t *list = json_array();
	*ttl = -1;
	while (message_next(&message, &record)) {
		if (record.section != SECTION_ANSWER)
			continue;
		char name[NAME_TEXT_MAX], type[16], data[2048];
		message_format_rdata(&message, &record, data, sizeof data);
		json_array_append_new(
		        list, json_pack("{s:s, s:s, s:I, s:s}", "name", name_format(record.owner, name), "type",
		                      rrtype_format(record.type, type), "ttl", (json_int_t)record.ttl, "data", data));
		if (*ttl < 0 || record.ttl < *ttl)
			*ttl = record.ttl;
	}
	return list;
}

json_t *report_explanation(
        const struct live *live, const struct explain_question *question, const struct explanation *explanation)
{
	const struct trace *trace = &explanation->trace;
	char name[NAME_TEXT_MAX], type[16], rcode[16];
	struct message message;
	int64_t ttl = -1;
	message_open(&message, explanation->reply, explanation->size);
	json_t *answer = report_answer(&message, &ttl);
	json_t *asked = json_pack(
	        "{s:s, s:s}", "name", name_format(question->name, name), "type", rrtype_format(question->type, type));
	json_t *object = json_pack("{s:o, s:I, s:o, s:s, s:o, s:o}", "question", asked, "generation",
	        (json_int_t)live->snapshot->generation, "client", report_client(question, explanation), "rcode",
	        rcode_format(message_rcode(&message), rcode), "answer", answer, "ttl",
	        ttl < 0 ? json_null() : json_integer(ttl));
	json_object_set_new(
	        object, "zone", trace->zone ? json_string(name_format(trace->zone->name, name)) : json_null());
	json_object_set_new(object, "scope", trace->steered ? json_integer(trace->scope) : json_integer(0));
	json_object_set_new(object, "steered", json_boolean(trace->steered));
	if (!trace->steered)
		return object;
	json_object_set_new(object, "facts", report_facts(&explanation->facts));
	json_object_set_new(object, "service", json_string(explanation->service->name));
	json_object_set_new(object, "map", explanation->map ? json_string(explanation->map) : json_null());
	json_object_set_new(object, "rule", report_rule(explanation));
	json_object_set_new(object, "candidates", report_candidates(live, explanation));
	report_pool(live, object, explanation);
	json_object_set_new(
	        object, "all_down", json_boolean(board_all_down(live->board, trace->service, trace->family)));
	char why[256];
	bool shorter = trace->ttl < trace->full_ttl;
	json_object_set_new(object, "ttl_full", json_integer(trace->full_ttl));
	json_object_set_new(object, "ttl_why",
	        shorter ? json_string(board_ttl_why(live->board, trace->service, why, sizeof why)) : json_null());
	json_object_set_new(object, "scope_by",
	        json_string(trace->scope > trace->map_scope ? "hash"
	                    : explanation->mapped           ? "map"
	                                                    : "order"));
	json_object_set_new(object, "sticky_prefix", trace->hashed ? json_integer(trace->hashed) : json_null());
	return object;
}
