/*
 * fuzz_mmdb.c: any bytes → geodb_open → does the file say the same before and after its copy is let go, and are the
 * tables that come out of it sound?
 *
 * A finding is an abort. The bytes are handed over in a file without a name, so that nothing is written to a disk.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"
#include "geo/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libmaxminddb 1.7.1 forgets 4 KiB when it refuses some metadata: known, bounded, and not ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libmaxminddb";
}

static const char *const addresses[] = {"0.0.0.0", "1.2.3.4", "10.0.0.1", "100.200.30.40", "223.255.255.255",
        "255.255.255.255", "::", "::ffff:1.2.3.4", "2002:102:304::", "2001:4860::8888", "2a02::1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
#define ADDRESSES (sizeof addresses / sizeof *addresses)

static const struct datacenter datacenters[] = {
        {"a", true, 40, -75, 0, 0}, {"b", true, 50, 8, -20, 0}, {"c", false, 0, 0, 0, 0}, {"d", true, 1, 104, 30, 0}};
static const uint8_t all[] = {0, 1, 2, 3}, two[] = {1, 3}, list[] = {3, 0};
static const uint8_t *const sets[] = {all, two};
static const uint8_t set_counts[] = {4, 2};
static const struct map_rule rules[] = {{.kind = RULE_COUNTRY, .key = "DE", .list = {list, 2, true}},
        {.kind = RULE_ASN, .asn = 1, .list = {list, 1, false}},
        {.kind = RULE_NET, .prefix = {{ADDR_V4, {1}}, 9}, .list = {list, 2, false}},
        {.kind = RULE_RESOLVER, .prefix = {{ADDR_V6, {0x20}}, 9}, .list = {list, 2, false}}};
static const struct map_rules map_rules = {"fuzz", rules, sizeof rules / sizeof *rules};

static struct geodb *open_bytes(const uint8_t *data, size_t size, struct err *err)
{
	char path[64];
	const char *paths[] = {path};
	int file = memfd_create("mmdb", MFD_CLOEXEC);
	MUST(file >= 0);
	MUST(write(file, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	struct geodb *db = geodb_open(paths, NULL, 1, NULL, false, err);
	close(file);
	MUST(db || err_count(err, ERR_ERROR) == 1);
	return db;
}

/* An order is some of the positions, each once; a scope ends within the address. */
static void check_hit(const struct map_table *table, const struct addr *addr, unsigned width, bool resolver)
{
	struct map_hit hit = map_find(table, addr, resolver);
	unsigned seen = 0;
	MUST(hit.count >= 1 && hit.count <= width && hit.scope <= addr_bits(addr));
	for (unsigned i = 0; i < hit.count; i++) {
		MUST(hit.order[i] < width && !(seen >> hit.order[i] & 1));
		seen |= 1u << hit.order[i];
	}
	/* The last address of the scope has the same order and the same scope. */
	struct addr last = *addr;
	for (unsigned bit = hit.scope; bit < addr_bits(addr); bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	struct map_hit other = map_find(table, &last, resolver);
	MUST(other.scope == hit.scope && other.count == hit.count && memcmp(other.order, hit.order, hit.count) == 0);
}

static void check_tables(const struct geodb *db, struct err *err, uint64_t memory)
{
	struct map *map = map_build(&map_rules, db, datacenters, 4, sets, set_counts, 2, memory, err);
	for (size_t i = 0; i < ADDRESSES; i++) {
		struct addr addr;
		MUST(addr_parse(&addr, addresses[i]));
		for (unsigned set = 0; set < 2; set++)
			for (unsigned resolver = 0; resolver < 2; resolver++)
				check_hit(map_table_get(map, set), &addr, set_counts[set], resolver);
	}
	map_free(map);
}

/* Coordinates may be NAN, which equals nothing: compared as bytes. */
static bool same_facts(const struct geo_facts *a, const struct geo_facts *b)
{
	return strcmp(a->country, b->country) == 0 && strcmp(a->continent, b->continent) == 0 &&
	       strcmp(a->subdivision, b->subdivision) == 0 && a->asn == b->asn && a->located == b->located &&
	       memcmp(&a->latitude, &b->latitude, sizeof a->latitude) == 0 &&
	       memcmp(&a->longitude, &b->longitude, sizeof a->longitude) == 0 && a->special == b->special && !b->lost;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err *err = err_new();
	struct geodb *db = open_bytes(data, size, err);
	struct geo_facts before[ADDRESSES];
	struct addr addr;
	if (db) {
		check_tables(db, err, UINT64_MAX);
		check_tables(db, err, 0);
		for (size_t i = 0; i < ADDRESSES && addr_parse(&addr, addresses[i]); i++)
			before[i] = geodb_facts(db, &addr);
		geodb_release(db);
		for (size_t i = 0; i < ADDRESSES && addr_parse(&addr, addresses[i]); i++) {
			struct geo_facts after = geodb_facts(db, &addr);
			MUST(same_facts(&before[i], &after));
		}
	}
	geodb_free(db);
	err_free(err);
	return 0;
}
