/*
 * test_property.c: what holds in every world: for random maps, health, readings, overrides and policies
 *  - some answer is given, unless the service's own rule is to give none, or the pool has none of the family;
 *  - nobody is sent to a target that is down while one that is up is in the client's list, but for a rule that the
 *    explanation names;
 *  - all addresses in a scope have the same order and the same scope;
 *  - of a sticky service that loses one of its members only that one's share moves;
 *  - two servers with the same files and state answer with the same bytes.
 *
 * ROUNDS=N: more worlds, by hand; SEED=N: that one alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer/explain.h"
#include "base/log.h"
#include "random_world.h"
#include "snap/snapshot.h"

enum { WORLDS = 60, STEPS = 25, CLIENTS = 6, INSIDE = 4 };

/* One question in one world. */
struct scene {
	uint64_t seed;
	struct random_world world;
	const struct live *live;
	struct explain_question question;
	struct explanation said;
};

static void tell(const struct scene *scene, const char *what)
{
	char name[NAME_TEXT_MAX], type[16], prefix[ADDR_TEXT_MAX];
	const struct explanation *said = &scene->said;
	fprintf(stderr, "SEED=%llu: %s\n%s", (unsigned long long)scene->seed, what, scene->world.geo);
	fprintf(stderr, "%s %s for %s, scope %u\n", name_format(scene->question.name, name),
	        rrtype_format(scene->question.type, type), prefix_format(&scene->question.subnet, prefix),
	        said->trace.scope);
	for (unsigned i = 0; i < said->candidate_count; i++)
		fprintf(stderr, "  %s: reason %d, limit %d, %u of %u up%s\n", said->candidates[i].pool->name,
		        said->candidates[i].reason, said->candidates[i].limit, said->candidates[i].up,
		        said->candidates[i].members, said->candidates[i].chosen ? ", chosen" : "");
}

#define HOLDS(scene, what)                                                                                             \
	do {                                                                                                           \
		if (!(what)) {                                                                                         \
			tell(scene, #what);                                                                            \
			fail();                                                                                        \
		}                                                                                                      \
	} while (0)

static void ask(struct scene *scene, struct fixture *fixture, unsigned service, uint16_t type,
        const struct prefix *client, bool subnet)
{
	char name[16];
	const char *why;
	snprintf(name, sizeof name, "s%u.ex.", service);
	scene->question = (struct explain_question){.type = type, .from = client->addr, .has_subnet = subnet};
	assert_true(name_parse(scene->question.name, name, strlen(name), NULL, &why));
	scene->question.subnet = *client;
	scene->live = live_enter(fixture->source);
	explain(scene->live, &scene->question, &scene->said);
	live_leave();
	HOLDS(scene, message_check(scene->said.reply, scene->said.size, &why));
	HOLDS(scene, scene->said.trace.steered);
}

/* ---- (a), (b) ---- */

static const struct explain_candidate *chosen(const struct scene *scene)
{
	for (unsigned i = 0; i < scene->said.candidate_count; i++)
		if (scene->said.candidates[i].chosen)
			return &scene->said.candidates[i];
	return NULL;
}

/* Is this address of the pool up? */
static bool is_up(const struct scene *scene, const struct members *members, const struct addr *addr)
{
	for (uint32_t i = 0; i < members->count; i++)
		if (addr_equal(&members->list[i].addr, addr))
			return target_is_up(board_target(scene->live->board, members->list[i].target));
	return false;
}

/* Counts the addresses of the answer, and those that are down; all are of the pool. */
static unsigned count_answer(struct scene *scene, const struct pool *pool, unsigned *down)
{
	struct message message;
	struct message_record record;
	unsigned count = 0, family = scene->question.type == TYPE_A ? FAMILY_V4 : FAMILY_V6;
	*down = 0;
	HOLDS(scene, message_open(&message, scene->said.reply, scene->said.size));
	while (message_next(&message, &record)) {
		if (record.section != SECTION_ANSWER)
			continue;
		struct addr addr = {.family = record.type == TYPE_A ? ADDR_V4 : ADDR_V6};
		HOLDS(scene, record.type == scene->question.type && pool);
		memcpy(addr.bytes, message.bytes + record.rdata, record.size);
		*down += !is_up(scene, &pool->of[family], &addr);
		count++;
	}
	return count;
}

/* Are fewer of the service's data centers up than safety keeps for it: one less than all, where it asks for more? */
static bool is_short(const struct scene *scene)
{
	const struct service *service = scene->said.service;
	unsigned up = 0, keep = board_steering(scene->live->board)->safety.keep;
	for (unsigned i = 0; i < service->pool_count; i++) {
		enum pool_reason reason = board_pool(
		        scene->live->board, scene->said.trace.service, i, scene->said.trace.family);
		up += reason == POOL_UP || reason == POOL_FROZEN || reason == POOL_HELD_BACK;
	}
	return up < keep && up + 1 < service->pool_count;
}

/* Is the rule that is named in force? */
static bool is_in_force(const struct scene *scene, const struct explain_candidate *candidate)
{
	const struct board *board = scene->live->board;
	const struct trace *trace = &scene->said.trace;
	struct datacenter_view center = board_datacenter(board, candidate->pool->datacenter);
	switch (candidate->reason) {
	case POOL_ALL_DOWN: /* or of those in the list, under `only` */
		return board_all_down(board, trace->service, trace->family) ||
		       trace->order_count < scene->said.service->pool_count;
	case POOL_KEPT:
		return center.kept || is_short(scene);
	case POOL_BRAKED:
		return center.braked;
	case POOL_LEAVING:
		return scene->said.service->fail_after;
	case POOL_FROZEN:
		return board_frozen(board);
	case POOL_ALL_DRAINED:
		return center.drained;
	default:
		return candidate->reason == POOL_UP;
	}
}

static bool may_be_silent(const struct service *service)
{
	return service->all_down == ALL_DOWN_NODATA || service->all_down == ALL_DOWN_SERVFAIL;
}

static void check_given(struct scene *scene)
{
	const struct explanation *said = &scene->said;
	const struct service *service = said->service;
	const struct explain_candidate *first = chosen(scene);
	unsigned down, given = count_answer(scene, first ? first->pool : NULL, &down);
	if (said->trace.verdict == PICK_POOL) {
		HOLDS(scene, first && given > 0);
		HOLDS(scene, !service->answer || given <= service->answer);
	} else {
		const struct pool *pool = &service->pools[said->trace.pool];
		HOLDS(scene, !given);
		HOLDS(scene, may_be_silent(service) || !pool->of[said->trace.family].count);
	}
	/* What is up, and passed over: a rule says so. */
	for (unsigned i = 0; i < said->candidate_count && !said->candidates[i].chosen; i++) {
		const struct explain_candidate *passed = &said->candidates[i];
		if (!passed->up || (said->trace.verdict != PICK_POOL && !passed->members))
			continue;
		HOLDS(scene, said->trace.verdict != PICK_POOL || !pool_is_usable(passed->reason) ||
		                     passed->limit != LIMIT_NONE);
		HOLDS(scene, passed->reason != POOL_MEMBERS_DOWN);
	}
	if (!first)
		return;
	HOLDS(scene, is_in_force(scene, first));
	bool policy = service->policy || service->all_down == ALL_DOWN_LAST;
	/* Of a pool only members that are up, while there are any. */
	if (down && first->up && !board_frozen(scene->live->board))
		HOLDS(scene, first->reason == POOL_ALL_DOWN && policy);
	if (down && first->reason == POOL_UP)
		HOLDS(scene, board_frozen(scene->live->board));
}

/* ---- (c) ---- */

static void check_scope(struct scene *scene, struct fixture *fixture, unsigned service, const struct prefix *client)
{
	struct trace first = scene->said.trace;
	struct prefix scope = {.addr = client->addr, .length = first.scope};
	uint8_t most = client->addr.family == ADDR_V4 ? 32 : 128;
	HOLDS(scene, first.scope <= most && first.scope >= first.hashed);
	addr_mask(&scope.addr, scope.length);
	for (unsigned i = 0; i < INSIDE; i++) {
		struct prefix other = {.addr = random_address(&scene->world.random, &scope), .length = most};
		ask(scene, fixture, service, scene->question.type, &other, true);
		HOLDS(scene, scene->said.trace.scope == first.scope);
		HOLDS(scene, scene->said.trace.order_count == first.order_count);
		HOLDS(scene, !memcmp(scene->said.trace.order, first.order, first.order_count));
		/* What hangs on a hash is the same in all of it; only a draw by chance may differ. */
		HOLDS(scene, scene->said.trace.verdict == first.verdict && scene->said.trace.pool == first.pool);
	}
}

/* ---- all of it ---- */

static void check_world(struct scene *scene, struct fixture *fixture, struct fixture *other)
{
	static uint8_t reply[65535];
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct prefix client = random_client(&scene->world);
		unsigned service = chance(&scene->world.random, scene->world.services);
		uint16_t type = chance(&scene->world.random, 3) ? TYPE_A : TYPE_AAAA;
		bool subnet = chance_of(&scene->world.random, 70);
		ask(scene, other, service, type, &client, subnet);
		size_t size = scene->said.size;
		memcpy(reply, scene->said.reply, size);
		ask(scene, fixture, service, type, &client, subnet);
		HOLDS(scene, size == scene->said.size && !memcmp(reply, scene->said.reply, size));
		check_given(scene);
		if (subnet)
			check_scope(scene, fixture, service, &client);
	}
}

static void play_world(uint64_t seed)
{
	static struct scene scene;
	scene.seed = seed;
	scene.world = random_world_new(seed);
	struct fixture *fixture = random_world_load(&scene.world, seed);
	struct fixture *other = random_world_load(&scene.world, ~seed);
	struct board *boards[] = {live_current(fixture->source)->board, live_current(other->source)->board};
	for (unsigned step = 0; step < STEPS; step++) {
		check_world(&scene, fixture, other);
		random_world_act(&scene.world, boards, 2);
	}
	fixture_free(fixture);
	fixture_free(other);
	free(scene.world.geo);
}

static void test_worlds(void **state)
{
	(void)state;
	const char *rounds = getenv("ROUNDS"), *seed = getenv("SEED");
	unsigned long count = rounds ? strtoul(rounds, NULL, 10) : WORLDS;
	if (seed)
		play_world(strtoul(seed, NULL, 10));
	for (unsigned long i = 1; !seed && i <= count; i++)
		play_world(i);
}

/* ---- (d) ---- */

enum { STICKY_MEMBERS = 12, STICKY_CLIENTS = 512 };

/* A sticky service of these members, by number. */
static struct fixture *sticky_world(const unsigned *members, unsigned count, const unsigned *weights)
{
	static const struct fixture_zone zones[] = {{"ex.", FIXTURE_APEX "s0 A 192.0.2.80\n"}, {0}};
	char text[2048];
	size_t used = (size_t)snprintf(text, sizeof text,
	        "datacenters: { iad: {} }\nservices:\n  s0.ex: { order: [iad], sticky: 24/56, pools: { iad: [");
	for (unsigned i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s{ address: 10.0.0.%u, weight: %u }",
		        i ? ", " : "", members[i] + 1, weights[members[i]]);
	snprintf(text + used, sizeof text - used, "] } }\n");
	return fixture_new(&(struct fixture_files){.zones = zones, .geo = text});
}

/* The last byte of the address that a client is given. */
static unsigned given_to(struct scene *scene, struct fixture *fixture, unsigned number)
{
	struct prefix client = {
	        .addr = {.family = ADDR_V4, .bytes = {20, (uint8_t)(number >> 8), (uint8_t)number}}, .length = 24};
	struct message message;
	struct message_record record;
	ask(scene, fixture, 0, TYPE_A, &client, true);
	assert_true(message_open(&message, scene->said.reply, scene->said.size));
	assert_true(message_next(&message, &record) && message_next(&message, &record));
	assert_true(record.section == SECTION_ANSWER && record.type == TYPE_A && message.counts[SECTION_ANSWER] == 1);
	return message.bytes[record.rdata + 3] - 1u;
}

static void play_sticky(uint64_t seed)
{
	static struct scene scene;
	uint64_t random = seed;
	unsigned members[STICKY_MEMBERS], weights[STICKY_MEMBERS], count = 2 + chance(&random, STICKY_MEMBERS - 1);
	unsigned left[STICKY_MEMBERS], left_count = 0, gone = chance(&random, count), moved = 0;
	scene.seed = seed;
	static char none[] = "";
	scene.world.geo = none;
	for (unsigned i = 0; i < count; i++) {
		members[i] = i;
		weights[i] = 1 + chance(&random, 5);
		if (i != gone)
			left[left_count++] = i;
	}
	struct fixture *before = sticky_world(members, count, weights);
	struct fixture *after = sticky_world(left, left_count, weights);
	for (unsigned i = 0; i < STICKY_CLIENTS; i++) {
		unsigned was = given_to(&scene, before, i), now = given_to(&scene, after, i);
		HOLDS(&scene, now != gone && (was == gone || was == now));
		moved += was == gone;
	}
	HOLDS(&scene, moved > 0 && moved < STICKY_CLIENTS);
	fixture_free(before);
	fixture_free(after);
}

static void test_sticky(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++)
		play_sticky(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_worlds),
	        cmocka_unit_test(test_sticky),
	};
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
