/*
 * compile_services.c: services, pools and members as the configuration has them
 * → as queries and the board use them: targets shared, board words given out,
 * records wire-ready.
 *
 * Called by compile.c once a build. Errors were all found before, by conf_read.
 */
#include <string.h>

#include "base/assert.h"
#include "base/cursor.h"
#include "base/dict.h"
#include "base/hash.h"
#include "snap/compile.h"

/* What grows while services are compiled. */
struct builder {
	struct snapshot *snapshot;
	struct dict *known; /* target_key → index */
	struct target *targets;
	uint32_t target_count, target_room;
	const uint32_t **parts; /* by target */
	bool composed;          /* some target has parts */
	uint32_t words;
};

/* The same key on every server, so that each gives a client the same member. */
static const uint8_t member_key[16] = "meridian member";

/* What makes a target one of its own: the probe, and where it asks. */
struct target_key {
	uint8_t bytes[8 + NAME_BYTES];
	size_t size;
};

static struct target_key key_of(const struct target *target, const uint8_t *host)
{
	struct target_key key = {.size = 0};
	struct writer w = writer_of(key.bytes, sizeof key.bytes);
	write_u32(&w, target->probe);
	write_u16(&w, target->endpoint.port);
	write_u8(&w, host ? 0 : (uint8_t)target->endpoint.addr.family);
	if (host)
		write_bytes(&w, host, name_length(host));
	else
		write_bytes(&w, target->endpoint.addr.bytes, sizeof target->endpoint.addr.bytes);
	MUST(!w.full);
	key.size = writer_offset(&w);
	return key;
}

static const char *target_name(struct builder *builder, const struct target *target)
{
	const struct probe_spec *spec = &builder->snapshot->conf->probes[target->probe];
	struct arena *arena = builder->snapshot->arena;
	char text[ADDR_TEXT_MAX];
	if (spec->part_count) /* each of them has its port */
		return arena_printf(arena, "%s/%s", spec->name,
		        target->host ? target->host : addr_format(&target->endpoint.addr, text));
	if (target->host)
		return arena_printf(arena, "%s/%s@%u", spec->name, target->host, target->endpoint.port);
	return arena_printf(arena, "%s/%s", spec->name, endpoint_format(&target->endpoint, text));
}

/* The target at one address or name (`host`), and before it those that it is made of. */
static uint32_t target_of(struct builder *builder, uint32_t probe, const struct endpoint *at, const uint8_t *host)
{
	struct arena *arena = builder->snapshot->arena;
	const struct probe_spec *spec = &builder->snapshot->conf->probes[probe];
	struct target target = {.probe = probe, .endpoint = *at};
	if (!at->port)
		target.endpoint.port = spec->port;
	struct target_key key = key_of(&target, host);
	uint32_t *parts = NULL, index;
	if (dict_get(builder->known, key.bytes, key.size, &index))
		return index;
	if (spec->part_count)
		parts = arena_alloc(arena, spec->part_count * sizeof *parts);
	for (unsigned i = 0; i < spec->part_count; i++)
		parts[i] = target_of(builder, spec->parts[i], at, host);
	char text[NAME_TEXT_MAX];
	if (host)
		target.host = arena_string(arena, name_format(host, text));
	target.name = target_name(builder, &target);
	MUST(builder->target_count < builder->target_room);
	dict_add(builder->known, key.bytes, key.size, builder->target_count);
	builder->targets[builder->target_count] = target;
	if (parts)
		builder->parts[builder->target_count] = parts; /* else untouched, so that it costs nothing */
	builder->composed |= spec->part_count > 0;
	return builder->target_count++;
}

static uint32_t member_target(struct builder *builder, const struct conf_pool *pool, uint32_t member)
{
	struct endpoint at = {pool->members[member].addr, 0};
	if (pool->probed_at) {
		at.port = pool->probed_at[member].port;
		if (pool->probed_at[member].addr.family != ADDR_NONE)
			at.addr = pool->probed_at[member].addr;
	}
	return pool->probe == NO_INDEX ? NO_INDEX : target_of(builder, pool->probe, &at, NULL);
}

/* The records of all members; the TTL is the name's and is set when a reply is written. */
static struct rrset members_rrset(struct arena *arena, const struct members *members, unsigned family)
{
	uint16_t type = family == FAMILY_V4 ? TYPE_A : TYPE_AAAA;
	uint16_t length = family == FAMILY_V4 ? 4 : 16;
	uint32_t size = members->count * (RR_HEADER + length);
	uint8_t *wire = arena_bytes(arena, size);
	struct writer w = writer_of(wire, size);
	for (uint32_t i = 0; i < members->count; i++) {
		write_u16(&w, type);
		write_u16(&w, CLASS_IN);
		write_u32(&w, 0);
		write_u16(&w, length);
		write_bytes(&w, members->list[i].addr.bytes, length);
	}
	MUST(!w.full && writer_left(&w) == 0);
	return (struct rrset){.wire = wire, .size = size, .type = type, .count = (uint16_t)members->count};
}

static struct members compile_members(struct builder *builder, const struct conf_pool *pool, unsigned family)
{
	uint8_t wanted = family == FAMILY_V4 ? ADDR_V4 : ADDR_V6;
	struct arena *arena = builder->snapshot->arena;
	struct members members = {0};
	uint32_t count = 0;
	for (uint32_t i = 0; i < pool->member_count; i++)
		count += pool->members[i].addr.family == wanted;
	struct member *list = count ? arena_alloc(arena, count * sizeof *list) : NULL;
	for (uint32_t i = 0; i < pool->member_count; i++) {
		const struct conf_pool_member *from = &pool->members[i];
		if (from->addr.family != wanted)
			continue;
		list[members.count++] = (struct member){.addr = from->addr,
		        .weight = from->weight,
		        .target = member_target(builder, pool, i),
		        .hash = siphash(member_key, from->addr.bytes, sizeof from->addr.bytes)};
	}
	members.list = list;
	members.word = builder->words;
	builder->words += (members.count + 63) / 64;
	if (members.count)
		members.all = members_rrset(arena, &members, family);
	return members;
}

static void compile_pool(struct builder *builder, struct pool *pool, const struct conf_pool *from)
{
	pool->name = from->name;
	pool->datacenter = from->datacenter;
	pool->cname_target = NO_INDEX;
	for (unsigned family = 0; family < FAMILIES; family++)
		pool->of[family] = compile_members(builder, from, family);
	if (!from->cname)
		return;
	pool->cname = from->cname;
	pool->cname_word = builder->words++;
	if (from->probe == NO_INDEX)
		return;
	pool->cname_target = target_of(builder, from->probe, &(struct endpoint){.port = 0}, from->cname);
}

static void compile_service(struct builder *builder, struct service *service, const struct conf_service *from)
{
	struct arena *arena = builder->snapshot->arena;
	char text[NAME_TEXT_MAX];
	service->name = arena_string(arena, name_format(from->names[0], text));
	service->file = from->place.file;
	service->line = from->place.line;
	service->map = from->map;
	service->order = from->order;
	service->names = from->names_only;
	service->answer = from->answer;
	service->is_sticky = from->is_sticky;
	memcpy(service->sticky, from->sticky, sizeof service->sticky);
	service->min_up = from->min_up;
	service->all_down = from->all_down;
	service->all_down_pool = from->all_down_pool;
	service->failback = from->failback;
	service->failback_after = from->failback_after;
	service->fail_after = from->fail_after;
	service->policy = from->has_policy ? &from->policy : NULL;
	service->return_over = from->return_over;
	service->spill = from->spill;
	service->ttl_floor = (uint32_t)((from->ttl_floor + NANO_SECOND - 1) / NANO_SECOND);
	service->pool_count = (uint8_t)from->pool_count;
	struct pool *pools = arena_alloc(arena, from->pool_count * sizeof *pools);
	for (uint32_t i = 0; i < from->pool_count; i++)
		compile_pool(builder, &pools[i], &from->pools[i]);
	service->pools = pools;
}

static uint32_t pool_targets(const struct conf *conf, const struct conf_pool *pool)
{
	return pool->probe == NO_INDEX ? 0 : (pool->member_count + 1) * conf->probes[pool->probe].targets;
}

/* Room for as many targets as there can be: what is not used of it is never touched, and so costs nothing. */
static void make_room(struct builder *builder)
{
	const struct conf *conf = builder->snapshot->conf;
	for (uint32_t i = 0; i < conf->service_count; i++)
		for (uint32_t j = 0; j < conf->services[i].pool_count; j++)
			builder->target_room += pool_targets(conf, &conf->services[i].pools[j]);
	builder->targets = arena_alloc(builder->snapshot->arena, builder->target_room * sizeof *builder->targets);
	builder->parts = arena_alloc(builder->snapshot->arena, builder->target_room * sizeof *builder->parts);
	dict_expect(builder->known, builder->target_room);
}

void compile_services(struct snapshot *snapshot)
{
	const struct conf *conf = snapshot->conf;
	struct builder builder = {.snapshot = snapshot, .known = dict_new()};
	make_room(&builder);
	struct service *services = arena_alloc(snapshot->arena, conf->service_count * sizeof *services);
	for (uint32_t i = 0; i < conf->service_count; i++)
		compile_service(&builder, &services[i], &conf->services[i]);
	const char **names = arena_alloc(snapshot->arena, conf->datacenter_count * sizeof *names);
	double *capacities = arena_alloc(snapshot->arena, conf->datacenter_count * sizeof *capacities);
	for (uint32_t i = 0; i < conf->datacenter_count; i++) {
		names[i] = conf->datacenters[i].name;
		capacities[i] = conf->datacenters[i].capacity;
	}
	snapshot->steering = (struct steering){.services = services,
	        .service_count = conf->service_count,
	        .targets = builder.targets,
	        .target_count = builder.target_count,
	        .parts = builder.composed ? builder.parts : NULL,
	        .probes = conf->probes,
	        .probe_count = conf->probe_count,
	        .datacenters = names,
	        .datacenter_count = conf->datacenter_count,
	        .capacities = capacities,
	        .word_count = builder.words,
	        .safety = conf->safety};
	dict_free(builder.known);
}
