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

static json_t *report_client(const struct explain_question *question, const struct explanation *explanation)
{
	char from[ADDR_TEXT_MAX], used[ADDR_TEXT_MAX], subnet[ADDR_TEXT_MAX];
	const struct trace *trace = &explanation->trace;
	return json_pack("{s:s, s:o, s:s, s:s, s:b}", "from", addr_format(&question->from, from), "ecs",
	        question->has_subnet ? json_string(prefix_format(&question->subnet, subnet)) : json_null(), "address",
	        addr_format(&trace->steered_for, used), "via", trace->resolver ? "source" : "ecs", "special",
	        explanation->facts.special);
}

static json_t *report_facts(const struct geo_facts *facts)
{
	json_t *object = json_pack("{s:o, s:o, s:o, s:o}", "continent", text_or_null(facts->continent), "country",
	        text_or_null(facts->country), "subdivision", text_or_null(facts->subdivision), "asn",
	        facts->asn ? json_integer(facts->asn) : json_null());
	json_object_set_new(object, "location",
	        facts->located ? json_pack("[f, f]", facts->latitude, facts->longitude) : json_null());
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

/* Why the pool is, or is not, for this client. */
static const char *candidate_reason(const struct explain_candidate *candidate, char *text, size_t room)
{
	static const char *const words[] = {
	        [LIMIT_SPILL] = "up, but nearly full: this client is one of those that go on",
	        [LIMIT_NO_ROOM] = "up, but with no room for the clients of others",
	};
	if (candidate->limit == LIMIT_NONE || candidate->chosen)
		return report_reason(candidate->reason);
	if (candidate->limit != LIMIT_RAMP)
		return words[candidate->limit];
	snprintf(text, room, "up, but comes back over time: %.0f%% of the clients so far, not yet this one",
	        candidate->share * 100);
	return text;
}

static json_t *report_candidates(const struct explanation *explanation)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < explanation->candidate_count; i++) {
		const struct explain_candidate *candidate = &explanation->candidates[i];
		char text[96];
		bool usable = pool_is_usable(candidate->reason);
		json_array_append_new(list,
		        json_pack("{s:s, s:o, s:s, s:s, s:i, s:i, s:b}", "datacenter", candidate->pool->name,
		                "distance_km",
		                isnan(candidate->distance) ? json_null() : json_integer(lround(candidate->distance)),
		                "state", usable ? "up" : "down", "reason",
		                candidate_reason(candidate, text, sizeof text), "members_up", (int)candidate->up,
		                "members", (int)candidate->members, "chosen", candidate->chosen));
	}
	return list;
}

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
	json_object_set_new(object, "candidates", report_candidates(explanation));
	json_object_set_new(
	        object, "all_down", json_boolean(board_all_down(live->board, trace->service, trace->family)));
	char why[256];
	bool shorter = trace->ttl < trace->full_ttl;
	json_object_set_new(object, "ttl_full", json_integer(trace->full_ttl));
	json_object_set_new(object, "ttl_why",
	        shorter ? json_string(board_ttl_why(live->board, trace->service, why, sizeof why)) : json_null());
	json_object_set_new(object, "sticky_prefix", trace->hashed ? json_integer(trace->hashed) : json_null());
	return object;
}
