/*
 * report_health.c: health as JSON: every target, and every pool as queries see it.
 *
 * Called by commands.c.
 */
#include "main/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

const char *report_verdict(enum verdict verdict)
{
	static const char *const words[] = {"unknown", "up", "down"};
	return words[verdict];
}

/* Of each state the one word, and what it means. */
static const struct {
	const char *code, *words;
} reasons[] = {
        [POOL_UP] = {"up", "up"},
        [POOL_MEMBERS_DOWN] = {"members_down", "all members down"},
        [POOL_UNDER_MIN_UP] = {"min_up", "fewer members up than min-up"},
        [POOL_DRAINED] = {"drained", "drained"},
        [POOL_HELD_BACK] = {"held_back", "held back by failback"},
        [POOL_ALL_DOWN] = {"all_down", "down, but given: all are down, and the rule `all-down` chose it"},
        [POOL_KEPT] = {"kept", "down, but kept in: safety.keep"},
        [POOL_BRAKED] = {"braked", "down, but kept in: safety.brake"},
        [POOL_FROZEN] = {"frozen", "down, but kept in: safety.freeze"},
        [POOL_LEAVING] = {"leaving", "down, but not left yet: fail-after"},
        [POOL_ALL_DRAINED] = {"all_drained", "drained, but given: the service has pools nowhere else"},
        [POOL_UNFIT] = {"unfit", "up, but not as the service needs it"},
};

const char *report_reason(enum pool_reason reason)
{
	return reasons[reason].words;
}

const char *report_code(enum pool_reason reason)
{
	return reasons[reason].code;
}

json_t *report_time(nanotime wall)
{
	return wall ? json_integer((json_int_t)(wall / NANO_SECOND)) : json_null();
}

json_t *report_drained(const struct board *board)
{
	json_t *list = json_array();
	const struct steering *steering = board_steering(board);
	for (uint32_t i = 0; i < steering->datacenter_count; i++)
		if (board_drained(board, i))
			json_array_append_new(list, json_string(steering->datacenters[i]));
	return list;
}

/* "up, at 95% of its capacity, 12% of its clients sent on" */
static const char *datacenter_state(
        const struct datacenter_view *view, const struct load *load, char *text, size_t room)
{
	const char *state = view->drained  ? "drained"
	                    : view->braked ? "down, but kept in by the brake"
	                    : view->kept   ? "down, but kept in by safety"
	                    : view->lost   ? "down"
	                                   : "up";
	int used = snprintf(text, room, "%s", state);
	if (!isnan(load->load))
		used += snprintf(text + used, room - (size_t)used, ", at %.0f%% of its capacity", load->load * 100);
	if (load->spilled > 0)
		snprintf(text + used, room - (size_t)used, ", %.0f%% of its clients sent on", load->spilled * 100);
	return text;
}

json_t *report_datacenters(const struct board *board)
{
	json_t *list = json_array();
	const struct steering *steering = board_steering(board);
	for (uint32_t i = 0; i < steering->datacenter_count; i++) {
		struct datacenter_view view = board_datacenter(board, i);
		struct load load = board_load(board, i);
		char text[128];
		json_array_append_new(
		        list, json_pack("{s:s, s:s, s:s?, s:o, s:o, s:o, s:o, s:f}", "name", steering->datacenters[i],
		                      "state", datacenter_state(&view, &load, text, sizeof text), "reason", view.reason,
		                      "since", report_time(view.since), "until", report_time(view.until), "serving_to",
		                      report_time(view.serving_to), "load",
		                      isnan(load.load) ? json_null() : json_real(load.load), "spilled", load.spilled));
	}
	return list;
}

json_t *report_overrides(const struct board *board)
{
	json_t *list = json_array();
	const struct steering *steering = board_steering(board);
	for (uint32_t i = 0; i < steering->datacenter_count; i++) {
		struct datacenter_view view = board_datacenter(board, i);
		if (view.drained)
			json_array_append_new(list, json_pack("{s:s, s:s, s:s?, s:o, s:o}", "what", "drain", "name",
			                                    steering->datacenters[i], "reason", view.reason, "since",
			                                    report_time(view.since), "until", report_time(view.until)));
	}
	for (uint32_t i = 0; i < steering->target_count; i++) {
		const struct target_state *state = board_target(board, i);
		if (state->forced != VERDICT_UNKNOWN)
			json_array_append_new(
			        list, json_pack("{s:s, s:s, s:s?, s:n, s:o}", "what",
			                      state->forced == VERDICT_UP ? "force up" : "force down", "name",
			                      steering->targets[i].name, "reason", target_reason(state), "since",
			                      "until", report_time(board_force_until(board, i))));
	}
	return list;
}

static json_t *report_window(const struct target_state *state)
{
	char text[65];
	unsigned count = state->window_count > 64 ? 64 : state->window_count;
	for (unsigned i = 0; i < count; i++)
		text[i] = state->window >> (count - 1 - i) & 1 ? '1' : '0';
	text[count] = 0;
	return json_string(text);
}

/* Who a target counts for: the first few services, and the pool's name. */
struct users {
	json_t *services;
	const char *pool;
};

#define USERS_SHOWN 16

static void note_user(struct users *users, const struct service *service, const struct pool *pool)
{
	if (!users->services)
		users->services = json_array();
	users->pool = pool->name;
	if (json_array_size(users->services) < USERS_SHOWN)
		json_array_append_new(users->services, json_string(service->name));
}

/* A part counts for whom the whole counts. */
static void note_part(struct users *part, const struct users *whole)
{
	if (!whole->services)
		return;
	if (!part->services)
		part->services = json_array();
	part->pool = whole->pool;
	for (size_t i = 0; i < json_array_size(whole->services) && json_array_size(part->services) < USERS_SHOWN; i++)
		json_array_append(part->services, json_array_get(whole->services, i));
}

/* The users of every target, in one walk over the services. */
static struct users *collect_users(const struct steering *steering)
{
	struct users *users = calloc(steering->target_count + 1, sizeof *users);
	MUST(users);
	for (uint32_t i = 0; i < steering->service_count; i++) {
		const struct service *service = &steering->services[i];
		for (unsigned j = 0; j < service->pool_count; j++) {
			const struct pool *pool = &service->pools[j];
			if (pool->cname && pool->cname_target != NO_INDEX)
				note_user(&users[pool->cname_target], service, pool);
			for (unsigned family = 0; family < FAMILIES; family++)
				for (uint32_t k = 0; k < pool->of[family].count; k++)
					if (pool->of[family].list[k].target != NO_INDEX)
						note_user(&users[pool->of[family].list[k].target], service, pool);
		}
	}
	/* Parts come before what is made of them. */
	for (uint32_t i = steering->target_count; i-- > 0;)
		for (unsigned j = 0; j < target_part_count(steering, i); j++)
			note_part(&users[target_parts(steering, i)[j]], &users[i]);
	return users;
}

/* What a target is made of, and how each part counts. */
static json_t *report_parts(const struct board *board, uint32_t target)
{
	const struct steering *steering = board_steering(board);
	json_t *list = json_array();
	for (unsigned i = 0; i < target_part_count(steering, target); i++) {
		const struct target_state *part = board_target(board, target_parts(steering, target)[i]);
		enum verdict counts = part->forced != VERDICT_UNKNOWN ? part->forced : part->verdict;
		json_array_append_new(list,
		        json_pack("{s:s, s:s, s:s}", "name", steering->targets[target_parts(steering, target)[i]].name,
		                "state", report_verdict(counts), "last_result", target_detail(part)));
	}
	return list;
}

/* What the probe read of the last reply, as { field: text }; what is not known is null. */
static json_t *report_readings(const struct probe_spec *spec, const struct target_state *state)
{
	json_t *object = json_object();
	for (unsigned i = 0; i < spec->read_count; i++)
		json_object_set_new(object, spec->read[i],
		        state->readings[i].known ? json_string(state->readings[i].text) : json_null());
	return object;
}

static const char *address_of(const struct steering *steering, uint32_t index, char text[ADDR_TEXT_MAX])
{
	const struct target *target = &steering->targets[index];
	if (target->host)
		return target->host;
	return target_parts(steering, index) ? addr_format(&target->endpoint.addr, text)
	                                     : endpoint_format(&target->endpoint, text);
}

static json_t *report_target(const struct board *board, uint32_t index, const struct users *users)
{
	const struct steering *steering = board_steering(board);
	const struct target *target = &steering->targets[index];
	const struct target_state *state = board_target(board, index);
	char address[ADDR_TEXT_MAX];
	json_t *object = json_pack("{s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:s, s:I, s:o}", "name", target->name,
	        "address", address_of(steering, index, address), "services", users->services, "datacenter", users->pool,
	        "state", report_verdict(state->verdict), "since", report_time(state->since), "last",
	        report_time(state->last), "last_result", target_detail(state), "took_ms",
	        (json_int_t)(state->took / 1000), "window", report_window(state));
	json_object_set_new(object, "forced",
	        state->forced == VERDICT_UNKNOWN ? json_null() : json_string(report_verdict(state->forced)));
	if (state->readings)
		json_object_set_new(object, "readings", report_readings(&steering->probes[target->probe], state));
	if (target_parts(steering, index))
		json_object_set_new(object, "parts", report_parts(board, index));
	const char *reason = target_reason(state);
	json_object_set_new(object, "reason", reason ? json_string(reason) : json_null());
	json_object_set_new(object, "until", report_time(board_force_until(board, index)));
	return object;
}

static json_t *report_pools(const struct board *board)
{
	static const char *const families[] = {"A", "AAAA"};
	json_t *list = json_array();
	const struct steering *steering = board_steering(board);
	for (uint32_t i = 0; i < steering->service_count; i++) {
		const struct service *service = &steering->services[i];
		for (unsigned j = 0; j < service->pool_count; j++) {
			const struct pool *pool = &service->pools[j];
			for (unsigned family = 0; family < FAMILIES; family++) {
				if (pool->cname ? family != FAMILY_V4 : !pool->of[family].count)
					continue;
				json_array_append_new(
				        list, json_pack("{s:s, s:s, s:s, s:s}", "service", service->name, "pool",
				                      pool->name, "family", pool->cname ? "CNAME" : families[family],
				                      "state", report_reason(board_pool(board, i, j, family))));
			}
		}
	}
	return list;
}

static void remark(json_t *list, const char *service, const char *pool, const char *text)
{
	json_array_append_new(list, json_pack("{s:s, s:s?, s:s}", "service", service, "pool", pool, "text", text));
}

/* What of a pool deserves a look: it disagrees, or is up and yet not given. */
static void remark_pool(json_t *list, const struct board *board, uint32_t index, unsigned i)
{
	const struct service *service = &board_steering(board)->services[index];
	const struct pool *pool = &service->pools[i];
	unsigned family = pool->cname || pool->of[FAMILY_V4].count ? FAMILY_V4 : FAMILY_V6;
	enum pool_reason reason = board_pool(board, index, i, family);
	char odd[256], why[256] = "";
	if (*board_odd(board, index, i, odd, sizeof odd))
		remark(list, service->name, pool->name, odd);
	/* who is not the primary is well all the same */
	if (reason == POOL_HELD_BACK || (reason == POOL_UNFIT && !board_primary(board, index).any))
		board_why(board, index, i, family, why, sizeof why);
	if (*why && strcmp(why, odd) != 0)
		remark(list, service->name, pool->name, why);
}

static void remark_primary(json_t *list, struct primary primary, const char *service)
{
	char text[512];
	if (primary.torn)
		remark(list, service, NULL, "two primaries of the same epoch: the last is kept");
	if (!primary.refused)
		return;
	snprintf(text, sizeof text,
	        "nobody is followed: %s says it is the primary, of epoch %.0f, but %.0f was followed already; if that "
	        "was "
	        "never true, 'meridianctl release %s' forgets it",
	        primary.refused, primary.refused_epoch, primary.epoch, service);
	remark(list, service, NULL, text);
}

json_t *report_remarks(const struct board *board)
{
	json_t *list = json_array();
	const struct steering *steering = board_steering(board);
	for (uint32_t i = 0; i < steering->service_count; i++) {
		if (!steering->services[i].policy)
			continue;
		remark_primary(list, board_primary(board, i), steering->services[i].name);
		for (unsigned j = 0; j < steering->services[i].pool_count; j++)
			remark_pool(list, board, i, j);
	}
	return list;
}

json_t *report_health(const struct live *live)
{
	const struct board *board = live->board;
	json_t *targets = json_array();
	struct users *users = collect_users(board_steering(board));
	for (uint32_t i = 0; i < board_steering(board)->target_count; i++)
		json_array_append_new(targets, report_target(board, i, &users[i]));
	free(users);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b}", "targets", targets, "pools", report_pools(board), "remarks",
	        report_remarks(board), "drained", report_drained(board), "datacenters", report_datacenters(board),
	        "frozen", board_frozen(board));
}
