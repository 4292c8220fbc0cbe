/*
 * fuzz_nets.c: any bytes as a list of prefixes: each line is a rule, an error, or nothing.
 *
 * A finding is an abort.
 */
#include <string.h>

#include "base/assert.h"
#include "memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char geo[] = "datacenters: { iad: , fra: , sin: , a: , b: }\nmaps: { world: { nets: x.nets } }\n";

static void check(const struct conf *conf, size_t lines)
{
	const struct map_rules *map = &conf->maps[0];
	MUST(map->count <= lines);
	for (size_t i = 0; i < map->count; i++) {
		const struct map_rule *rule = &map->rules[i];
		struct addr masked = rule->prefix.addr;
		addr_mask(&masked, rule->prefix.length);
		MUST(addr_equal(&masked, &rule->prefix.addr));
		MUST(rule->line > (i ? map->rules[i - 1].line : 0) && rule->line <= lines);
		MUST(rule->list.count <= conf->datacenter_count && (rule->list.count || !rule->list.only));
		for (size_t j = 0; j < rule->list.count; j++)
			MUST(rule->list.datacenters[j] < conf->datacenter_count);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memory memory = {.count = 0};
	size_t lines = 1;
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	memory_set(&memory, "meridian.yaml", "", 0);
	memory_set(&memory, "zones/example.com.zone", "", 0);
	memory_set(&memory, "geo/a.yaml", geo, strlen(geo));
	memory_set(&memory, "geo/x.nets", data ? (const char *)data : "", size);
	struct conf_source source = memory_source(&memory);
	struct err *err = err_new();
	struct conf *conf = conf_read_from(&source, "meridian.yaml", NULL, err);
	MUST((conf != NULL) == (err_count(err, ERR_ERROR) == 0));
	if (conf)
		check(conf, lines);
	conf_free(conf);
	err_free(err);
	return 0;
}
