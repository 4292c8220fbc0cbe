/*
 * conf_service.c: a steered name: its map or order, its pools, and what happens when things fail.
 */
#include <inttypes.h>
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "snap/conf_reader.h"
#include "wire/name.h"

#define LONGEST (30 * 86400 * NANO_SECOND)
#define TTL_FLOOR (5 * NANO_SECOND)

static option_read read_map, read_probe, read_answer, read_sticky, read_all_down, read_failback;

/* A service while it is read. */
struct draft {
	struct conf_service *service;
	struct conf_service plain; /* what the table fills; moved to *service */
	uint32_t probe;
	const struct yaml *all_down_pool;
};

#define FIELD(name) offsetof(struct draft, plain.name)
static const struct option options[] = {
        {"names", read_later},
        {"map", read_map, FIELD(map)},
        {"order", read_later},
        {"probe", read_probe, offsetof(struct draft, probe)},
        {"pools", read_later},
        {"answer", read_answer, FIELD(answer), 1, MEMBERS_MAX},
        {"sticky", read_sticky, FIELD(sticky)},
        {"min-up", read_percent, FIELD(min_up)},
        {"all-down", read_all_down, 0},
        {"failback", read_failback, 0},
        {"fail-after", read_duration, FIELD(fail_after), NANO_SECOND, LONGEST},
        {"follow", read_follow, FIELD(policy.follow)},
        {"agree", read_agree, FIELD(policy.agree)},
        {"need", read_need, FIELD(policy)},
        {"return-over", read_duration, FIELD(return_over), NANO_SECOND, LONGEST},
        {"spill", read_flag, FIELD(spill)},
        {"ttl-floor", read_duration, FIELD(ttl_floor), 0, 86400 * NANO_SECOND},
};
#undef FIELD

static bool read_map(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	if (!expect_scalar(reader, value, "the name of a map"))
		return false;
	*(uint32_t *)field = names_find(reader, &reader->maps, value, value->text, "map");
	return true;
}

static bool read_probe(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	if (!expect_scalar(reader, value, "the name of a probe, or none"))
		return false;
	if (!is_word(value, "none"))
		*(uint32_t *)field = names_find(reader, &reader->probes, value, value->text, "probe");
	return true;
}

static bool read_answer(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	if (is_word(value, "all"))
		return true;
	int64_t number;
	if (value->kind == YAML_SCALAR && !text_number(&number, value->text, option->min, option->max)) {
		reader_error(reader, value, "'answer' must be all or a number from 1 to %d, not '%s'", MEMBERS_MAX,
		        value->text);
		return false;
	}
	return read_u16(reader, value, option, field);
}

static bool read_sticky(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	uint8_t *sticky = field;
	int64_t lengths[FAMILIES];
	(void)option;
	if (!expect_scalar(reader, value, "prefix lengths for IPv4 and IPv6, such as 24/56"))
		return false;
	size_t slash = strcspn(value->text, "/");
	const char *v4 = arena_stringn(reader->scratch, value->text, slash), *v6 = value->text + slash;
	if (!text_number(&lengths[FAMILY_V4], v4, 1, 32) || *v6 != '/' ||
	        !text_number(&lengths[FAMILY_V6], v6 + 1, 1, 128)) {
		reader_error(reader, value,
		        "'sticky' must be prefix lengths for IPv4 (1 to 32) and IPv6 (1 to 128), such as 24/56, not "
		        "'%s'",
		        value->text);
		return false;
	}
	for (int i = 0; i < FAMILIES; i++)
		sticky[i] = (uint8_t)lengths[i];
	return true;
}

static bool take(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	if (!expect_scalar(reader, value, "the name of a pool"))
		return false;
	*(const struct yaml **)field = value;
	return true;
}

static bool read_all_down(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	static const char *const words[] = {[ALL_DOWN_ALL] = "all",
	        [ALL_DOWN_LAST] = "last",
	        [ALL_DOWN_NODATA] = "nodata",
	        [ALL_DOWN_SERVFAIL] = "servfail",
	        NULL};
	static const struct option word = {.words = words};
	static const struct option pool[] = {{"pool", take, offsetof(struct draft, all_down_pool)}};
	struct draft *draft = field;
	(void)option;
	if (value->kind != YAML_MAPPING)
		return read_word(reader, value, &word, &draft->plain.all_down);
	if (options_read(reader, value, "'all-down'", OPTIONS(pool), draft) && !value->count)
		reader_error(reader, value, "'all-down' names no pool");
	return true;
}

static bool read_failback(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	static const char *const words[] = {[FAILBACK_AUTO] = "auto", [FAILBACK_MANUAL] = "manual", NULL};
	static const struct option word = {.words = words};
	static const struct option rows[] = {
	        {"after", read_duration, offsetof(struct draft, plain.failback_after), NANO_SECOND, LONGEST},
	        {"when", read_condition, offsetof(struct draft, plain.policy.failback)},
	        {"for", read_duration, offsetof(struct draft, plain.policy.failback_for), 0, LONGEST},
	};
	struct draft *draft = field;
	(void)option;
	if (value->kind != YAML_MAPPING)
		return read_word(reader, value, &word, &draft->plain.failback);
	if (!options_read(reader, value, "'failback'", OPTIONS(rows), draft))
		return false;
	const struct yaml *after = yaml_get(value, "after"), *when = yaml_get(value, "when");
	const struct yaml *lasting = yaml_get(value, "for");
	draft->plain.failback = when ? FAILBACK_WHEN : FAILBACK_AFTER;
	if (after && when)
		reader_error(reader, when->key, "'failback' has 'after' or 'when', not both");
	else if (lasting && !when)
		reader_error(reader, lasting->key, "'for' is how long 'when' has to hold, and there is no 'when'");
	else if (!value->count)
		reader_error(reader, value, "'failback' has no duration; write { after: 20m }");
	return true;
}

/* The owners: the key, and what `names` adds. */
static void read_owners(struct reader *reader, const struct yaml *value, struct conf_service *service)
{
	const struct yaml *more = yaml_get(value, "names");
	if (more && !expect_list(reader, more, "a list of domain names"))
		more = NULL;
	uint32_t room = 1 + (more ? more->count : 0);
	const uint8_t **names = arena_alloc(reader->arena, room * sizeof *names);
	struct place *places = arena_alloc(reader->arena, room * sizeof *places);
	const struct yaml *node = value->key;
	while (node) {
		names[service->name_count] = read_name(reader, node, true);
		places[service->name_count] = reader_place(node);
		service->name_count += names[service->name_count] != NULL;
		node = node == value->key ? (more ? more->first : NULL) : node->next;
	}
	service->names = names;
	service->name_places = places;
}

/* The pools in the order that `order` gives, each once. */
static void read_order(
        struct reader *reader, const struct yaml *value, const struct names *pools, struct conf_service *service)
{
	bool seen[POOLS_MAX] = {false};
	if (!expect_list(reader, value, "a list of pools"))
		return;
	uint8_t *order = arena_bytes(reader->arena, pools->count);
	for (const struct yaml *item = value->first; item; item = item->next) {
		if (!expect_scalar(reader, item, "the name of a pool"))
			continue;
		uint32_t index = names_find(reader, pools, item, item->text, "pool");
		if (index == NO_INDEX)
			continue;
		if (seen[index]) {
			reader_error(reader, item, "'%s' is here twice", item->text);
			continue;
		}
		seen[index] = true;
		order[service->order_count++] = (uint8_t)index;
	}
	for (uint32_t i = 0; i < pools->count; i++)
		if (!seen[i])
			reader_error(
			        reader, pools->nodes[i]->key, "the pool '%s' is missing in 'order'", pools->text[i]);
	service->order = order;
}

/* The pools, and what names them. */
static void read_pools(struct reader *reader, const struct yaml *value, struct draft *draft)
{
	struct conf_service *service = draft->service;
	const struct yaml *pools = yaml_get(value, "pools"), *order = yaml_get(value, "order");
	struct names names;
	if (!pools || pools->kind == YAML_EMPTY || (pools->kind == YAML_MAPPING && !pools->count)) {
		reader_error(reader, value->key, "the service '%s' has no pools", value->key->text);
		return;
	}
	if (!expect_mapping(reader, pools, "a mapping of data centers to members"))
		return;
	if (pools->count > POOLS_MAX) {
		reader_error(reader, pools->key, "a service has at most %d pools, not %u", POOLS_MAX, pools->count);
		return;
	}
	names_new(reader, &names, pools->count);
	conf_pools_read(reader, pools, service, draft->probe, &names);
	if (order)
		read_order(reader, order, &names, service);
	if (draft->all_down_pool) {
		uint32_t index = names_find(reader, &names, draft->all_down_pool, draft->all_down_pool->text, "pool");
		service->all_down = ALL_DOWN_POOL;
		service->all_down_pool = index == NO_INDEX ? 0 : (uint8_t)index;
	}
	names_free(&names);
}

/* Does some pool's probe read `load`, so that the service spills unless it says otherwise? */
static bool reads_load(const struct reader *reader, const struct conf_service *service)
{
	for (uint32_t i = 0; i < service->pool_count; i++) {
		const struct probe_spec *probe = service->pools[i].probe == NO_INDEX
		                                         ? NULL
		                                         : &reader->conf->probes[service->pools[i].probe];
		for (unsigned j = 0; probe && j < probe->read_count; j++)
			if (!strcmp(probe->read[j], "load"))
				return true;
	}
	return false;
}

/* What moves some clients and not others, or later. One writer has no shares, and moves when the database did. */
static void check_moves(struct reader *reader, const struct yaml *value, struct conf_service *service)
{
	static const struct {
		const char *key, *why;
	} keys[] = {{"return-over", "would give some clients another writer"},
	        {"spill", "would give some clients another writer"}, {"fail-after", "waits, but the database decides"}};
	bool follows = yaml_get(value, "follow");
	if (!yaml_get(value, "spill"))
		service->spill = !follows && reads_load(reader, service);
	for (size_t i = 0; follows && i < sizeof keys / sizeof *keys; i++) {
		const struct yaml *set = yaml_get(value, keys[i].key);
		if (set && !is_word(set, "off"))
			reader_error(reader, set->key, "'%s' %s: not with 'follow'", keys[i].key, keys[i].why);
	}
}

void conf_service_read(struct reader *reader, const struct yaml *value, struct conf_service *service)
{
	struct draft draft = {
	        .service = service, .plain = {.map = NO_INDEX, .ttl_floor = TTL_FLOOR}, .probe = NO_INDEX};
	draft.plain.place = reader_place(value->key);
	draft.plain.digest = yaml_digest(value);
	if (value->kind == YAML_EMPTY) {
		reader_error(reader, value->key, "the service '%s' has no pools", value->key->text);
		return;
	}
	if (!options_read(reader, value, "a service", OPTIONS(options), &draft))
		return;
	*service = draft.plain;
	service->is_sticky = service->sticky[FAMILY_V4] != 0;
	if (service->is_sticky && !yaml_get(value, "answer"))
		service->answer = 1; /* the same client, the same member */
	read_owners(reader, value, service);
	const struct yaml *map = yaml_get(value, "map"), *order = yaml_get(value, "order");
	if (map && order)
		reader_error(reader, order->key, "a service has 'map' or 'order', not both");
	else if (!map && !order)
		reader_error(reader, value->key, "the service '%s' needs a map or an order", value->key->text);
	read_pools(reader, value, &draft);
	conf_policy_check(reader, value, service);
	check_moves(reader, value, service);
}
