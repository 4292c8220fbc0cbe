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
	struct dict *known; /* target name → index */
	struct target *targets;
	uint32_t target_count, target_room;
	uint32_t words;
};

/* The same key on every server, so that each gives a client the same member. */
static const uint8_t member_key[16] = "meridian member";

static uint32_t target_add(struct builder *builder, const struct target *target)
{
	const char *name = target->name;
	uint32_t index;
	if (dict_get(builder->known, name, strlen(name), &index))
		return index;
	builder->targets = arena_grow(builder->snapshot->arena, builder->targets, builder->target_count,
	        &builder->target_room, sizeof *builder->targets);
	index = builder->target_count++;
	builder->targets[index] = *target;
	dict_add(builder->known, name, strlen(name), index);
	return index;
}

static uint32_t member_target(struct builder *builder, uint32_t probe, const struct addr *addr)
{
	if (probe == NO_INDEX)
		return NO_INDEX;
	const struct probe_spec *spec = &builder->snapshot->conf->probes[probe];
	struct endpoint endpoint = {.addr = *addr, .port = spec->port};
	char text[ADDR_TEXT_MAX];
	const char *name = arena_printf(
	        builder->snapshot->arena, "%s/%s", spec->name, endpoint_format(&endpoint, text));
	return target_add(builder, &(struct target){.name = name, .probe = probe, .endpoint = endpoint});
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
	struct member *list = arena_alloc(arena, pool->member_count * sizeof *list);
	for (uint32_t i = 0; i < pool->member_count; i++) {
		const struct conf_pool_member *from = &pool->members[i];
		if (from->addr.family != wanted)
			continue;
		list[members.count++] = (struct member){.addr = from->addr,
		        .weight = from->weight,
		        .target = member_target(builder, pool->probe, &from->addr),
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
	char text[NAME_TEXT_MAX];
	const struct probe_spec *spec = &builder->snapshot->conf->probes[from->probe];
	struct target target = {.probe = from->probe, .endpoint.port = spec->port};
	target.host = arena_string(builder->snapshot->arena, name_format(from->cname, text));
	target.name = arena_printf(builder->snapshot->arena, "%s/%s@%u", spec->name, target.host, spec->port);
	pool->cname_target = target_add(builder, &target);
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

void compile_services(struct snapshot *snapshot)
{
	const struct conf *conf = snapshot->conf;
	struct builder builder = {.snapshot = snapshot, .known = dict_new()};
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
	        .probes = conf->probes,
	        .probe_count = conf->probe_count,
	        .datacenters = names,
	        .datacenter_count = conf->datacenter_count,
	        .capacities = capacities,
	        .word_count = builder.words,
	        .safety = conf->safety};
	dict_free(builder.known);
}
