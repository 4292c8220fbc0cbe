/*
 * conf_pool.c: the pools of a service and their members.
 *
 * Under a map pools are sorted by data center, because the map's tables name positions in an ascending set.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "snap/conf_reader.h"

static bool same_addr(const struct addr *a, const struct addr *b)
{
	return addr_equal(a, b);
}

/* Why no client could use an address; NULL: it is good. */
static const char *addr_fault(const struct addr *addr)
{
	static const struct addr nowhere[] = {{.family = ADDR_V4}, {.family = ADDR_V6}};
	static const struct prefix mapped = {{ADDR_V6, {[10] = 0xff, [11] = 0xff}}, 96};
	if (same_addr(addr, &nowhere[0]) || same_addr(addr, &nowhere[1]))
		return "stands for no address at all";
	if (addr->family == ADDR_V4 ? (addr->bytes[0] & 0xf0) == 0xe0 : addr->bytes[0] == 0xff)
		return "is a multicast address";
	if (prefix_contains(&mapped, addr))
		return "is an IPv4 address in the form of IPv6; write it as IPv4";
	return NULL;
}

static bool take_address(struct reader *reader, const struct yaml *value, struct addr *addr)
{
	if (!expect_scalar(reader, value, "an address"))
		return false;
	if (!addr_parse(addr, value->text)) {
		reader_error(reader, value, "'%s' is neither an IPv4 nor an IPv6 address", value->text);
		return false;
	}
	const char *fault = addr_fault(addr);
	if (fault) {
		reader_error(reader, value, "'%s' %s", value->text, fault);
		addr->family = ADDR_NONE;
	}
	return !fault;
}

/* A member while it is read. */
struct draft {
	struct conf_pool_member member;
	struct endpoint probed_at;
};

static bool read_address(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	return take_address(reader, value, field);
}

/* False: not a member (an error was told). */
static bool read_member(struct reader *reader, const struct yaml *value, struct draft *draft)
{
	static const struct option options[] = {
	        {"address", read_address, offsetof(struct draft, member.addr)},
	        {"weight", read_u16, offsetof(struct draft, member.weight), 0, WEIGHT_MAX},
	        {"probe-address", read_address, offsetof(struct draft, probed_at.addr)},
	        {"probe-port", read_u16, offsetof(struct draft, probed_at.port), 1, UINT16_MAX},
	};
	*draft = (struct draft){.member.weight = 1};
	if (value->kind == YAML_LIST) {
		expect_scalar(reader, value, "an address or { address: ..., weight: ... }");
		return false;
	}
	if (value->kind != YAML_MAPPING)
		return take_address(reader, value, &draft->member.addr);
	if (!options_read(reader, value, "a member", OPTIONS(options), draft))
		return false;
	if (!yaml_get(value, "address"))
		reader_error(reader, value, "a member needs its address");
	return draft->member.addr.family != ADDR_NONE;
}

/* Where the pool's next member is probed; few have a place of their own. */
static void note_probed_at(struct reader *reader, struct conf_pool *pool, const struct endpoint *at, uint32_t room)
{
	if (at->addr.family == ADDR_NONE && !at->port)
		return;
	if (!pool->probed_at)
		pool->probed_at = arena_alloc(reader->arena, room * sizeof *pool->probed_at);
	pool->probed_at[pool->member_count] = *at;
}

/* Those of a pool so far: few are looked through, many stand in a table. */
enum { FEW = 16 };

static bool is_known(const struct conf_pool *pool, struct dict *table, const struct addr *addr)
{
	if (table)
		return !dict_add(table, addr, sizeof *addr, 0);
	for (uint32_t i = 0; i < pool->member_count; i++)
		if (same_addr(&pool->members[i].addr, addr))
			return true;
	return false;
}

/* Who has no weight is given only when nobody else is up, so somebody else there must be. */
static void check_weights(struct reader *reader, const struct yaml *value, const struct conf_pool *pool)
{
	static const char *const families[] = {"IPv4", "IPv6"};
	uint32_t count[2] = {0}, weighted[2] = {0};
	for (uint32_t i = 0; i < pool->member_count; i++) {
		unsigned family = pool->members[i].addr.family == ADDR_V6;
		count[family]++;
		weighted[family] += pool->members[i].weight > 0;
	}
	for (unsigned family = 0; family < 2; family++)
		if (count[family] && !weighted[family])
			reader_error(reader, value,
			        "no %s member of the pool has a weight above 0: none would be given", families[family]);
}

void conf_pool_fill(struct reader *reader, const struct yaml *value, struct conf_pool *pool)
{
	uint32_t of_family[2] = {0, 0};
	struct conf_pool_member *members = arena_alloc(reader->arena, value->count * sizeof *members);
	struct dict *seen = value->count > FEW ? dict_new() : NULL;
	pool->members = members;
	for (const struct yaml *item = value->first; item; item = item->next) {
		struct draft draft;
		if (!read_member(reader, item, &draft))
			continue;
		const struct conf_pool_member *member = &draft.member;
		const struct yaml *at = item->kind == YAML_MAPPING ? yaml_get(item, "address") : item;
		if (is_known(pool, seen, &member->addr)) {
			char text[ADDR_TEXT_MAX];
			reader_error(
			        reader, at, "the address %s is in this pool twice", addr_format(&member->addr, text));
			continue;
		}
		if (++of_family[member->addr.family == ADDR_V6] > MEMBERS_MAX) {
			reader_error(reader, at, "a pool has at most %d members of a family", MEMBERS_MAX);
			break;
		}
		note_probed_at(reader, pool, &draft.probed_at, value->count);
		members[pool->member_count++] = draft.member;
	}
	dict_free(seen);
	check_weights(reader, value, pool);
}

static bool read_members(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct conf_pool *pool = field;
	const struct yaml *from = value->kind == YAML_MAPPING ? yaml_get(value, "from") : NULL;
	(void)option;
	if (from && from->kind == YAML_SCALAR && conf_is_url(from->text)) {
		pool->source = conf_source_read(reader, value);
		return true;
	}
	if (value->kind == YAML_MAPPING && !(value = conf_members_load(reader, value)))
		return false;
	if (!expect_list(reader, value, "a list of addresses"))
		return false;
	conf_pool_fill(reader, value, pool);
	return true;
}

static bool read_cname(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	*(const uint8_t **)field = read_name(reader, value, false);
	return true;
}

static bool read_probe(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	*(uint32_t *)field = NO_INDEX;
	if (!expect_scalar(reader, value, "the name of a probe, or none"))
		return false;
	if (!is_word(value, "none"))
		*(uint32_t *)field = names_find(reader, &reader->probes, value, value->text, "probe");
	return true;
}

/* Where members are probed means something only if they are; and parts have each a port. */
static void check_probe(struct reader *reader, const struct yaml *members, uint32_t probe)
{
	const struct probe_spec *spec = probe == NO_INDEX ? NULL : &reader->conf->probes[probe];
	for (const struct yaml *item = members->first; item && members->kind == YAML_LIST; item = item->next) {
		const struct yaml *address = yaml_get(item, "probe-address"), *port = yaml_get(item, "probe-port");
		if (!spec && (address || port))
			reader_warn(reader, (address ? address : port)->key,
			        "'%s' has no effect, since the pool is not probed",
			        address ? "probe-address" : "probe-port");
		else if (port && spec->part_count)
			reader_error(reader, port->key,
			        "the probe '%s' is made of others, each with its own port; 'probe-port' is for one",
			        spec->name);
	}
}

static void read_pool(struct reader *reader, const struct yaml *value, struct conf_pool *pool)
{
	static const struct option options[] = {
	        {"members", read_members, 0},
	        {"cname", read_cname, offsetof(struct conf_pool, cname)},
	        {"probe", read_probe, offsetof(struct conf_pool, probe)},
	};
	const struct yaml *members = value, *cname = NULL;
	if (value->kind == YAML_LIST)
		read_members(reader, value, NULL, pool);
	else if (value->kind != YAML_MAPPING && value->kind != YAML_EMPTY) {
		expect_list(reader, value, "a list of addresses or a mapping");
		return;
	} else if (value->kind == YAML_MAPPING) {
		options_read(reader, value, "a pool", OPTIONS(options), pool);
		members = yaml_get(value, "members");
		cname = yaml_get(value, "cname");
	}
	if (members)
		check_probe(reader, members, pool->probe);
	if (members && cname)
		reader_error(reader, cname->key, "a pool is addresses ('members') or a name ('cname'), not both");
	else if (!cname && (!members || value->kind == YAML_EMPTY || (members->kind == YAML_LIST && !members->count)))
		reader_error(reader, value->key, "the pool '%s' has no members", value->key->text);
	if (cname && pool->probe != NO_INDEX && reader->conf->probes[pool->probe].address_only)
		reader_error(reader, cname->key,
		        "the probe '%s' asks name servers at addresses; the pool '%s' is a name",
		        reader->probes.text[pool->probe], value->key->text);
}

/* Which data center a pool is at; under `order` it may be a label. */
static uint32_t find_datacenter(struct reader *reader, const struct yaml *key, bool mapped)
{
	uint32_t index;
	if (dict_get(reader->datacenters.dict, key->text, strlen(key->text), &index))
		return index;
	return mapped ? names_find(reader, &reader->datacenters, key, key->text, "data center") : NO_INDEX;
}

/* A pool and its value, to be sorted together. */
struct sorted {
	struct conf_pool pool;
	const struct yaml *value;
};

static int compare_datacenters(const void *a, const void *b)
{
	uint32_t left = ((const struct sorted *)a)->pool.datacenter,
	         right = ((const struct sorted *)b)->pool.datacenter;
	return left < right ? -1 : left > right;
}

/* Is it known what it is? */
static bool is_read(const struct conf_pool *pool)
{
	return pool->cname || pool->member_count || pool->source;
}

/* All addresses, or all names. */
static void check_alike(struct reader *reader, const struct sorted *list, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		if (!list[i].pool.cname != !list[0].pool.cname && is_read(&list[i].pool) && is_read(&list[0].pool)) {
			reader_error(reader, list[i].value->key,
			        "the pools of a service are all addresses or all names ('cname')");
			return;
		}
}

void conf_pools_read(struct reader *reader, const struct yaml *value, struct conf_service *service, uint32_t probe,
        struct names *names)
{
	bool mapped = service->map != NO_INDEX;
	struct sorted *list = arena_alloc(reader->scratch, value->count * sizeof *list);
	struct names given;
	names_new(reader, &given, value->count);
	uint32_t count = 0;
	for (const struct yaml *item = value->first; item; item = item->next) {
		struct conf_pool *pool = &list[count].pool;
		*pool = (struct conf_pool){.probe = probe};
		if (!names_add(reader, &given, item, "pool"))
			continue;
		pool->name = arena_string(reader->arena, item->key->text);
		pool->datacenter = find_datacenter(reader, item->key, mapped);
		read_pool(reader, item, pool);
		if (pool->source)
			conf_source_fill(reader, item->key, service, pool);
		list[count++].value = item;
	}
	names_free(&given);
	check_alike(reader, list, count);
	if (mapped)
		qsort(list, count, sizeof *list, compare_datacenters);
	struct conf_pool *pools = arena_alloc(reader->arena, count * sizeof *pools);
	for (uint32_t i = 0; i < count; i++) {
		pools[i] = list[i].pool;
		MUST(names_add(reader, names, list[i].value, "pool"));
	}
	service->pools = pools;
	service->pool_count = count;
	service->names_only = count > 0 && pools[0].cname;
}
