/*
 * world.c: builds worlds and plays scripts in them.
 *
 *   ok WHO [N], fail WHO [N]     N results, an interval (10 s) apart; WHO is a target or a pool: all its targets
 *   clock DURATION               time goes on
 *   drain DC, undrain DC, force TARGET up|down, release TARGET [, refused | , insist]
 *   reload, restart              a new board from the old one; from the state file
 *   get SERVICE FAMILY WHAT      WHAT: a pool, nodata, servfail
 *   give SERVICE FAMILY POOL N…  these members of the pool are given
 *   pool SERVICE FAMILY POOL up|down|few|drained|held|all|kept|braked|frozen|last|unfit
 *   all-down SERVICE FAMILY yes|no
 *   load WHO NUMBER [N]          N good results that say so, an interval apart
 *   share SERVICE FAMILY POOL N  N percent of the clients (2 more or less) get the pool
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/hash.h"
#include "base/text.h"

static char *keep(struct world *world, const char *text, size_t size)
{
	char *copy = world->words + world->words_used;
	MUST(world->words_used + size + 1 < sizeof world->words);
	memcpy(copy, text, size);
	world->words_used += size + 1;
	return copy;
}

static uint32_t find_datacenter(struct world *world, const char *name)
{
	for (uint32_t i = 0; i < world->steering.datacenter_count; i++)
		if (!strcmp(world->datacenters[i], name))
			return i;
	MUST(world->steering.datacenter_count < 16);
	world->datacenters[world->steering.datacenter_count] = name;
	return world->steering.datacenter_count++;
}

static uint32_t find_target(struct world *world, const char *name, const struct addr *addr)
{
	uint32_t index = world_target(world, name);
	if (index != NO_INDEX)
		return index;
	index = world->steering.target_count++;
	snprintf(world->target_names[index], sizeof world->target_names[index], "%s", name);
	world->targets[index] = (struct target){.name = world->target_names[index], .endpoint = {*addr, 80}};
	return index;
}

static void add_members(struct world *world, struct pool *pool, unsigned number, unsigned family, unsigned count)
{
	struct members *members = &pool->of[family];
	struct member *list = world->members + world->member_count;
	members->list = list;
	members->count = count;
	members->word = world->steering.word_count;
	members->all = (struct rrset){.count = (uint16_t)count};
	world->member_count += count;
	world->steering.word_count += (count + 63) / 64;
	for (unsigned i = 0; i < count; i++) {
		char name[32];
		snprintf(name, sizeof name, "%s-%d-%u", pool->name, family ? 6 : 4, i);
		struct addr addr = {
		        .family = family ? ADDR_V6 : ADDR_V4, .bytes = {10, (uint8_t)number, (uint8_t)i, 1}};
		list[i] = (struct member){.addr = addr, .weight = 1, .target = find_target(world, name, &addr)};
		list[i].hash = hash_bytes(7, addr.bytes, sizeof addr.bytes);
	}
}

/* "iad:2/1", "~cdn:1", "=edge". */
static void add_pool(struct world *world, struct pool *pool, unsigned number, char *text)
{
	bool label = *text == '~', cname = *text == '=';
	char *colon = strchr(text, ':'), *slash = colon ? strchr(colon, '/') : NULL;
	unsigned long v4 = colon ? strtoul(colon + 1, NULL, 10) : 0, v6 = slash ? strtoul(slash + 1, NULL, 10) : 0;
	text += label || cname;
	if (colon)
		*colon = 0;
	pool->name = keep(world, text, strlen(text));
	pool->datacenter = label ? NO_INDEX : find_datacenter(world, pool->name);
	pool->cname_target = NO_INDEX;
	if (cname) {
		char name[32];
		snprintf(name, sizeof name, "%s-4-0", pool->name);
		pool->cname = (const uint8_t *)"\1a";
		pool->cname_target = find_target(world, name, &(struct addr){0});
		pool->cname_word = world->steering.word_count++;
		return;
	}
	add_members(world, pool, number, FAMILY_V4, (unsigned)v4);
	add_members(world, pool, number, FAMILY_V6, (unsigned)v6);
}

static void add_service(struct world *world, const struct service *like, const char *pools)
{
	uint32_t index = world->steering.service_count++;
	struct service *service = &world->services[index];
	char *text = strdup(pools), *at = text;
	*service = *like;
	service->name = index ? "b.example." : "a.example.";
	service->pools = world->pools[index];
	for (char *word; (word = strsep(&at, " "));) {
		service->names |= *word == '=';
		add_pool(world, &world->pools[index][service->pool_count], service->pool_count, word);
		service->pool_count++;
	}
	free(text);
}

struct world *world_new(const struct world_options *options)
{
	struct world *world = calloc(1, sizeof *world);
	MUST(world);
	world->members = calloc(4096, sizeof *world->members);
	world->probe = (struct probe_spec){.name = "web",
	        .dwell_up = options->dwell_up,
	        .dwell_down = options->dwell_down,
	        .fall = 3,
	        .rise = 2,
	        .interval = 10 * NANO_SECOND,
	        .timeout = 3 * NANO_SECOND};
	static const char *const fields[] = {"role", "load", NULL};
	if (options->loads) {
		world->probe.read = fields;
		world->probe.read_count = 2;
	}
	memcpy(world->capacities, options->capacities, sizeof world->capacities);
	world->steering = (struct steering){.services = world->services,
	        .targets = world->targets,
	        .probes = &world->probe,
	        .probe_count = 1,
	        .datacenters = world->datacenters,
	        .capacities = world->capacities,
	        .safety = options->safety};
	world->now = 1000 * NANO_SECOND;
	world->wall = 1767225600 * NANO_SECOND;
	world->random = 1;
	add_service(world, &options->service, options->pools);
	if (options->second)
		add_service(world, &options->service, options->second);
	world->board = board_new(&world->steering, NULL);
	return world;
}

void world_free(struct world *world)
{
	board_free(world->board);
	free(world->members);
	free(world);
}

uint32_t world_target(const struct world *world, const char *name)
{
	for (uint32_t i = 0; i < world->steering.target_count; i++)
		if (!strcmp(world->targets[i].name, name))
			return i;
	return NO_INDEX;
}

struct pick world_pick(const struct world *world, uint32_t service, unsigned family)
{
	static const uint8_t order[WORLD_POOLS] = {0, 1, 2, 3, 4, 5, 6, 7};
	return pick_pool(world->board, service, family, order, world->services[service].pool_count);
}

struct addr world_client(unsigned number)
{
	return (struct addr){.family = ADDR_V4, .bytes = {100, (uint8_t)(number >> 8), (uint8_t)number, 1}};
}

unsigned world_pool_of(const struct world *world, uint32_t service, unsigned family, unsigned client)
{
	static const uint8_t order[WORLD_POOLS] = {0, 1, 2, 3, 4, 5, 6, 7};
	struct addr addr = world_client(client);
	struct asker asker = {.client = &addr, .span = UINT16_MAX};
	unsigned count = world->services[service].pool_count;
	struct pick pick = pick_pool_for(world->board, service, family, order, count, &asker);
	struct glance glance = pick_glance(world->board, service, family, order, count);
	MUST(!glance.set || glance.pool == pick.pool);
	return pick.pool;
}

/* ---- scripts ---- */

static void advance(struct world *world, nanotime by)
{
	world->now += by;
	world->wall += by;
	board_tick(world->board, world->now, world->wall);
}

static bool results(struct world *world, const char *who, bool ok, const char *load, unsigned times)
{
	struct reading readings[2] = {{.known = false}};
	if (load)
		readings[1] = (struct reading){.known = true, .is_number = true, .number = strtod(load, NULL)};
	bool found = false;
	size_t length = strlen(who);
	for (unsigned n = 0; n < times; n++) {
		for (uint32_t i = 0; i < world->steering.target_count; i++) {
			const char *name = world->targets[i].name;
			if (strncmp(name, who, length) != 0 || (name[length] && name[length] != '-'))
				continue;
			struct result result = {.ok = ok, .detail = ok ? "200 OK" : "connect: Connection refused"};
			result.readings = load ? readings : NULL;
			board_report(world->board, i, &result, world->now, world->wall);
			found = true;
		}
		advance(world, world->probe.interval);
	}
	return found;
}

static bool override(struct world *world, char **words, unsigned count)
{
	bool refused = !strcmp(words[count - 1], "refused"), drain = !strcmp(words[0], "drain");
	struct override how = {.reason = "test"};
	struct err *err = err_new();
	int failed;
	for (unsigned i = 2; i < count; i++) {
		how.insist |= !strcmp(words[i], "insist");
		if (!strcmp(words[i], "over") && i + 1 < count)
			MUST(text_duration(&how.over, words[i + 1]));
	}
	if (drain)
		failed = board_drain(world->board, words[1], &how, world->now, world->wall, err);
	else if (!strcmp(words[0], "undrain"))
		failed = board_undrain(world->board, words[1], world->now, world->wall, err);
	else if (!strcmp(words[0], "force"))
		failed = board_force(world->board, words[1], !strcmp(words[2], "up") ? VERDICT_UP : VERDICT_DOWN, &how,
		        world->now, world->wall, err);
	else
		failed = board_release(world->board, words[1], world->now, world->wall, err);
	bool good = (failed < 0) == refused && (failed < 0) == (err_count(err, ERR_ERROR) == 1);
	err_free(err);
	return good;
}

static bool get(struct world *world, uint32_t service, unsigned family, const char *what)
{
	struct pick pick = world_pick(world, service, family);
	const char *got = pick.verdict == PICK_NODATA     ? "nodata"
	                  : pick.verdict == PICK_SERVFAIL ? "servfail"
	                                                  : world->services[service].pools[pick.pool].name;
	if (strcmp(got, what) != 0)
		fprintf(stderr, "got %s\n", got);
	return !strcmp(got, what);
}

static uint32_t find_pool(struct world *world, uint32_t service, const char *name)
{
	for (uint32_t i = 0; i < world->services[service].pool_count; i++)
		if (!strcmp(world->services[service].pools[i].name, name))
			return i;
	MUST(!"the pool is in the world");
	return 0;
}

static bool give(struct world *world, uint32_t service, unsigned family, char **words, unsigned count)
{
	uint32_t pool = find_pool(world, service, words[0]);
	struct addr client = {.family = ADDR_V4, .bytes = {198, 51, 100, 9}};
	struct given given;
	uint8_t hashed;
	pick_members(&given, world->board, service, pool, family, &client, &world->random, &hashed);
	unsigned members = world->services[service].pools[pool].of[family].count;
	if (given.set)
		return count - 1 == members;
	if (given.count != count - 1)
		return false;
	for (unsigned i = 0; i < given.count; i++)
		if (given.member[i] != strtoul(words[1 + i], NULL, 10))
			return false;
	return true;
}

static bool is_reason(struct world *world, uint32_t service, unsigned family, char **words)
{
	static const char *const names[] = {
	        "up", "down", "few", "drained", "held", "all", "kept", "braked", "frozen", "leaving", "last", "unfit"};
	const char *is = names[board_pool(world->board, service, find_pool(world, service, words[0]), family)];
	if (strcmp(is, words[1]) != 0)
		fprintf(stderr, "is %s\n", is);
	return !strcmp(is, words[1]);
}

static bool is_share(struct world *world, uint32_t service, unsigned family, char **words)
{
	enum { CLIENTS = 8192 };
	unsigned count = 0, pool = find_pool(world, service, words[0]);
	for (unsigned i = 0; i < CLIENTS; i++)
		count += world_pool_of(world, service, family, i) == pool;
	double share = 100.0 * count / CLIENTS, wanted = strtod(words[1], NULL);
	if (share > wanted + 2 || share < wanted - 2)
		fprintf(stderr, "is %.1f\n", share);
	bool ends = wanted <= 0 || wanted >= 100; /* nearly nobody is not nobody */
	return ends ? share <= wanted + 0.1 && share >= wanted - 0.1 : share <= wanted + 2 && share >= wanted - 2;
}

static bool is_ttl(struct world *world, uint32_t service, const char *wanted)
{
	uint32_t is = pick_ttl(world->board, service);
	char text[32] = "none", why[256];
	if (is != UINT32_MAX)
		snprintf(text, sizeof text, "%u", is);
	board_ttl_why(world->board, service, why, sizeof why);
	if (strcmp(text, wanted) != 0)
		fprintf(stderr, "is %s: %s\n", text, why);
	return !strcmp(text, wanted) && !*why == (is == UINT32_MAX);
}

static void replace_board(struct world *world, bool restart)
{
	struct board *board = board_new(&world->steering, restart ? NULL : world->board);
	if (restart) {
		char path[] = "/tmp/meridian-test-XXXXXX";
		struct err *err = err_new();
		int fd = mkstemp(path);
		MUST(fd >= 0 && close(fd) == 0 && board_save(world->board, path) == 0);
		MUST(board_restore(board, path, world->now, world->wall, err) == 0 && err_items(err) == 0);
		unlink(path);
		err_free(err);
	}
	board_free(world->board);
	world->board = board;
}

static bool line(struct world *world, char **words, unsigned count)
{
	const char *verb = words[0];
	nanotime by;
	if (!strcmp(verb, "ok") || !strcmp(verb, "fail"))
		return results(
		        world, words[1], *verb == 'o', NULL, count > 2 ? (unsigned)strtoul(words[2], NULL, 10) : 1);
	if (!strcmp(verb, "load"))
		return results(world, words[1], true, words[2], count > 3 ? (unsigned)strtoul(words[3], NULL, 10) : 1);
	if (!strcmp(verb, "clock")) {
		if (!text_duration(&by, words[1]))
			return false;
		advance(world, by);
		return true;
	}
	if (!strcmp(verb, "reload") || !strcmp(verb, "restart")) {
		replace_board(world, verb[2] == 's');
		return true;
	}
	if (strstr("drain undrain force release", verb))
		return override(world, words, count);
	uint32_t service = *words[1] == 'b';
	unsigned family = *words[2] == '6' ? FAMILY_V6 : FAMILY_V4;
	if (!strcmp(verb, "get"))
		return get(world, service, family, words[3]);
	if (!strcmp(verb, "give"))
		return give(world, service, family, words + 3, count - 3);
	if (!strcmp(verb, "share"))
		return is_share(world, service, family, words + 3);
	if (!strcmp(verb, "ttl"))
		return is_ttl(world, service, words[3]);
	if (!strcmp(verb, "pool"))
		return is_reason(world, service, family, words + 3);
	return !strcmp(verb, "all-down") && board_all_down(world->board, service, family) == (*words[3] == 'y');
}

bool world_play(struct world *world, const char *name, const char *script)
{
	char *text = strdup(script), *next = text;
	bool good = true;
	for (char *at; good && (at = strsep(&next, "\n;"));) {
		char *words[16], shown[128];
		unsigned count = 0;
		snprintf(shown, sizeof shown, "%s", at);
		for (char *word; (word = strsep(&at, " ")) && count < 16;)
			if (*word)
				words[count++] = word;
		good = !count || line(world, words, count);
		if (!good)
			fprintf(stderr, "%s: not so: %s\n", name, shown);
	}
	free(text);
	return good;
}
