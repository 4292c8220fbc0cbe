/*
 * random_world.c: writes worlds by chance and lets things happen in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "random_world.h"
#include "snap/snapshot.h"

static const char *const centers[] = {"iad", "fra", "sin", "gru", "syd"};
enum { CENTERS = sizeof centers / sizeof *centers };

unsigned chance(uint64_t *random, unsigned of)
{
	return (unsigned)(hash_mix(*random += 0x9e3779b97f4a7c15u, 7) >> 33) % of;
}

bool chance_of(uint64_t *random, unsigned percent)
{
	return chance(random, 100) < percent;
}

/* One of the words. */
static const char *word(uint64_t *random, const char *const *words)
{
	unsigned count = 0;
	while (words[count])
		count++;
	return words[chance(random, count)];
}

/* ---- files ---- */

/* Some of `from` (NULL: the first `count` data centers), one at least, in any order; returns how many. */
static unsigned choose(uint64_t *random, const unsigned *from, unsigned count, unsigned chosen[CENTERS])
{
	unsigned used = 0;
	for (unsigned i = 0; i < count; i++) {
		if (!chance_of(random, 60) && (used || i + 1 < count))
			continue;
		unsigned at = chance(random, ++used);
		chosen[used - 1] = chosen[at];
		chosen[at] = from ? from[i] : i;
	}
	return used;
}

static void write_list(FILE *out, const unsigned *list, unsigned count)
{
	fputc('[', out);
	for (unsigned i = 0; i < count; i++)
		fprintf(out, "%s%s", i ? ", " : "", centers[list[i]]);
	fputc(']', out);
}

static void write_rule(FILE *out, struct random_world *world, bool may_be_nearest)
{
	unsigned list[CENTERS], count = choose(&world->random, NULL, world->datacenters, list), has_iad = 0;
	if (may_be_nearest && chance_of(&world->random, 20)) {
		fputs("nearest\n", out);
		return;
	}
	bool only = chance_of(&world->random, 20);
	for (unsigned i = 0; i < count; i++)
		has_iad |= list[i] == 0;
	if (only && !has_iad) /* where all services have pools */
		list[chance(&world->random, count)] = 0;
	fputs(only ? "{ only: " : "", out);
	write_list(out, list, count);
	fputs(only ? " }\n" : "\n", out);
}

/* 20.N.… and 2a0N:…, so that they nest. */
static struct prefix rule_prefix(uint64_t *random)
{
	struct prefix prefix = {.addr = {.family = ADDR_V4, .bytes = {20, (uint8_t)chance(random, 3)}}};
	prefix.length = (uint8_t)(8 + chance(random, 25));
	if (chance_of(random, 30)) {
		prefix.addr = (struct addr){.family = ADDR_V6, .bytes = {0x2a, (uint8_t)chance(random, 3)}};
		prefix.length = (uint8_t)(16 + chance(random, 49));
	}
	for (unsigned i = 2; i < 8; i++)
		prefix.addr.bytes[i] = (uint8_t)(prefix.addr.family == ADDR_V4 && i > 3 ? 0 : chance(random, 4) << 6);
	addr_mask(&prefix.addr, prefix.length);
	return prefix;
}

static void write_prefixes(FILE *out, struct random_world *world, const char *key, unsigned count)
{
	struct prefix known[12];
	unsigned used = 0;
	fprintf(out, "    %s:\n", key);
	while (used < count) {
		char text[ADDR_TEXT_MAX];
		bool twice = false;
		struct prefix prefix = known[used] = rule_prefix(&world->random);
		for (unsigned i = 0; i < used; i++)
			twice |= known[i].length == prefix.length && addr_equal(&known[i].addr, &prefix.addr);
		if (twice)
			continue;
		used++;
		fprintf(out, "      \"%s\": ", prefix_format(&prefix, text));
		write_rule(out, world, true);
	}
}

static void write_map(FILE *out, struct random_world *world)
{
	fputs("maps:\n  world:\n    default: ", out);
	write_rule(out, world, true);
	fputs("    unknown: ", out);
	write_rule(out, world, false);
	write_prefixes(out, world, "net", 1 + chance(&world->random, 12));
	if (chance_of(&world->random, 40))
		write_prefixes(out, world, "resolver", 1 + chance(&world->random, 4));
}

static void write_members(FILE *out, struct random_world *world, unsigned service, unsigned pool)
{
	uint64_t *random = &world->random;
	unsigned v4 = chance(random, 4), v6 = chance(random, 3);
	const char *comma = "";
	fputc('[', out);
	for (unsigned i = 0; i < v4 + !(v4 + v6); i++, comma = ", ")
		fprintf(out, "%s{ address: 10.%u.%u.%u, weight: %u }", comma, service, pool, i + 1,
		        !i + chance(random, 3));
	for (unsigned i = 0; i < v6; i++, comma = ", ")
		fprintf(out, "%s'2001:db8:%u:%u::%u'", comma, service, pool, i + 1);
	fputc(']', out);
}

static void write_policy(FILE *out, uint64_t *random, bool follows)
{
	static const char *const all_down[] = {"all", "all", "last", "nodata", "servfail", "{ pool: iad }", NULL};
	static const char *const failback[] = {"auto", "manual", "{ after: 60s }", NULL};
	static const char *const min_up[] = {"1%", "40%", "50%", "100%", NULL};
	static const char *const answer[] = {"all", "all", "1", "2", NULL};
	fprintf(out, ", all-down: %s, failback: %s", word(random, all_down), word(random, failback));
	if (follows)
		fputs(", follow: { role: primary, highest: epoch }", out);
	else if (chance_of(random, 25))
		fputs(", need: { lag: '< 5s' }", out);
	if (!follows && chance_of(random, 40))
		fputs(", return-over: 100s", out);
	if (!follows && chance_of(random, 60))
		fputs(chance_of(random, 50) ? ", spill: on" : ", spill: off", out);
	if (!follows && chance_of(random, 50))
		fprintf(out, ", min-up: %s", word(random, min_up));
	if (chance_of(random, 40))
		fprintf(out, ", answer: %s", word(random, answer));
	if (!follows && chance_of(random, 40))
		fputs(", sticky: 24/56", out);
}

static void write_service(FILE *out, struct random_world *world, unsigned number)
{
	uint64_t *random = &world->random;
	unsigned pools[CENTERS], count = choose(random, NULL, world->datacenters, pools), has_iad = 0;
	for (unsigned i = 0; i < count; i++)
		has_iad |= pools[i] == 0;
	if (!has_iad)
		pools[chance(random, count)] = 0;
	fprintf(out, "  s%u.ex: { probe: web, ", number);
	if (chance_of(random, 25)) {
		fputs("order: ", out);
		write_list(out, pools, count);
	} else {
		fputs("map: world", out);
	}
	fputs(", pools: {", out);
	for (unsigned i = 0; i < count; i++) {
		fprintf(out, "%s%s: ", i ? ", " : "", centers[pools[i]]);
		write_members(out, world, number, pools[i]);
	}
	fputs("}", out);
	write_policy(out, random, chance_of(random, 15));
	fputs(" }\n", out);
}

static void write_geo(FILE *out, struct random_world *world)
{
	uint64_t *random = &world->random;
	fputs("datacenters:\n", out);
	for (unsigned i = 0; i < world->datacenters; i++) {
		fprintf(out, "  %s: { capacity: 1000", centers[i]);
		if (chance_of(random, 80))
			fprintf(out, ", at: [%d, %d], bias: %d", (int)chance(random, 160) - 80,
			        (int)chance(random, 340) - 170, (int)chance(random, 100) - 50);
		fputs(" }\n", out);
	}
	fputs("probes:\n  web: { type: http, read: [role, epoch, lag, load], interval: 10s, timeout: 3s, fall: 2, "
	      "rise: 2 }\n",
	        out);
	write_map(out, world);
	fputs("services:\n", out);
	for (unsigned i = 0; i < world->services; i++)
		write_service(out, world, i);
	fprintf(out, "safety: { keep: %u, freeze: %s", 1 + chance(random, 3), chance_of(random, 30) ? "on" : "off");
	fputs(chance_of(random, 30) ? ", brake: { datacenters: 1, per: 10m } }\n" : " }\n", out);
}

struct random_world random_world_new(uint64_t seed)
{
	struct random_world world = {.random = hash_mix(seed, 3)};
	size_t size;
	world.datacenters = 1 + chance(&world.random, CENTERS);
	world.services = 1 + chance(&world.random, WORLD_SERVICES);
	world.now = 1000 * NANO_SECOND;
	world.wall = 1767225600 * NANO_SECOND;
	FILE *out = open_memstream(&world.geo, &size);
	assert_non_null(out);
	write_geo(out, &world);
	assert_int_equal(fclose(out), 0);
	return world;
}

struct fixture *random_world_load(const struct random_world *world, uint64_t seed)
{
	static const struct fixture_zone zones[] = {
	        {"ex.", FIXTURE_APEX "s0 A 192.0.2.80\ns1 A 192.0.2.80\ns2 AAAA 2001:db8::80\ns3 A 192.0.2.80\n"},
	        {0},
	};
	return fixture_new(&(struct fixture_files){.zones = zones, .geo = world->geo, .seed = seed});
}

/* ---- what happens ---- */

/* A result, with readings as honest and as odd as a service may report them. */
static void report(struct random_world *world, struct board *const *boards, unsigned count, uint32_t target, bool ok)
{
	uint64_t *random = &world->random;
	struct reading readings[READINGS_MAX] = {
	        {.known = true, .text = ""},
	        {.known = chance_of(random, 90), .is_number = true, .number = chance(random, 4)},
	        {.known = chance_of(random, 90), .is_number = true, .number = chance(random, 10)},
	        {.known = chance_of(random, 90), .is_number = true, .number = chance(random, 120) / 100.0},
	};
	snprintf(readings[0].text, sizeof readings[0].text, "%s", chance_of(random, 40) ? "primary" : "replica");
	struct result result = {.ok = ok, .detail = "it says", .readings = chance_of(random, 90) ? readings : NULL};
	for (unsigned i = 0; i < count; i++)
		board_report(boards[i], target, &result, world->now, world->wall);
}

/* Of one data center, or of all, everything goes or comes. */
static void storm(struct random_world *world, struct board *const *boards, unsigned count, bool everywhere)
{
	const struct steering *steering = board_steering(boards[0]);
	unsigned pool = chance(&world->random, world->datacenters);
	bool ok = chance_of(&world->random, 50);
	for (unsigned times = 0; times < 2; times++)
		for (uint32_t i = 0; i < steering->target_count; i++) {
			const struct addr *addr = &steering->targets[i].endpoint.addr;
			unsigned its = addr->family == ADDR_V4 ? addr->bytes[2] : addr->bytes[7];
			if (everywhere ? chance_of(&world->random, 90) : its == pool)
				report(world, boards, count, i, ok);
		}
}

static void override(struct random_world *world, struct board *const *boards, unsigned count)
{
	uint64_t *random = &world->random;
	const struct steering *steering = board_steering(boards[0]);
	const char *name = centers[chance(random, world->datacenters)];
	const char *target = steering->targets[chance(random, steering->target_count)].name;
	struct override how = {.insist = chance_of(random, 50), .over = chance(random, 2) * 30 * NANO_SECOND};
	unsigned what = chance(random, 4), verdict = chance(random, 3);
	for (unsigned i = 0; i < count; i++) {
		struct err *err = err_new();
		if (what == 0)
			board_drain(boards[i], name, &how, world->now, world->wall, err);
		else if (what == 1)
			board_undrain(boards[i], name, world->now, world->wall, err);
		else
			board_force(boards[i], target, (enum verdict)verdict, &how, world->now, world->wall, err);
		err_free(err);
	}
}

void random_world_act(struct random_world *world, struct board *const *boards, unsigned count)
{
	uint64_t *random = &world->random;
	uint32_t target = chance(random, board_steering(boards[0])->target_count);
	bool ok = chance_of(random, 60);
	switch (chance(random, 10)) {
	case 0:
		override(world, boards, count);
		break;
	case 1:
	case 2:
		storm(world, boards, count, false);
		break;
	case 3:
		storm(world, boards, count, true);
		break;
	default:
		for (unsigned i = 0; i < 3; i++)
			report(world, boards, count, target, ok);
	}
	nanotime by = chance(random, 60) * NANO_SECOND;
	world->now += by;
	world->wall += by;
	for (unsigned i = 0; i < count; i++)
		board_tick(boards[i], world->now, world->wall);
}

/* ---- clients ---- */

struct addr random_address(uint64_t *random, const struct prefix *prefix)
{
	struct addr addr = {.family = prefix->addr.family}, host = addr;
	for (unsigned i = 0; i < (addr.family == ADDR_V4 ? 4 : 16); i++)
		host.bytes[i] = addr.bytes[i] = (uint8_t)chance(random, 256);
	addr_mask(&host, prefix->length); /* what must go */
	for (unsigned i = 0; i < sizeof addr.bytes; i++)
		addr.bytes[i] = (uint8_t)((addr.bytes[i] ^ host.bytes[i]) | prefix->addr.bytes[i]);
	return addr;
}

struct prefix random_client(struct random_world *world)
{
	uint64_t *random = &world->random;
	struct prefix near = rule_prefix(random);
	if (chance_of(random, 10))
		near = (struct prefix){.addr = {.family = chance(random, 2) ? ADDR_V4 : ADDR_V6}};
	struct prefix client = {.addr = random_address(random, &near), .length = 32};
	if (client.addr.family == ADDR_V6)
		client.length = (uint8_t)(chance_of(random, 70) ? 56 : 128 - chance(random, 100));
	else if (chance_of(random, 70))
		client.length = (uint8_t)(chance_of(random, 70) ? 24 : 32 - chance(random, 20));
	addr_mask(&client.addr, client.length);
	return client;
}
