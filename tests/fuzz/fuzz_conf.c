/*
 * fuzz_conf.c: any text as configuration: is it a conf without errors, or errors without a conf, and are all its
 * indexes within bounds?
 *
 * The input is the text of meridian.yaml, geo/a.yaml, geo/b.yaml and geo/x.nets, with a line %% between two. A finding
 * is an abort.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "memory.h"
#include "wire/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_list(const struct conf *conf, const struct rule_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		MUST(list->datacenters[i] < conf->datacenter_count);
		for (size_t j = 0; j < i; j++)
			MUST(list->datacenters[i] != list->datacenters[j]);
	}
}

static void check_maps(const struct conf *conf)
{
	for (uint32_t i = 0; i < conf->map_count; i++)
		for (size_t j = 0; j < conf->maps[i].count; j++) {
			const struct map_rule *rule = &conf->maps[i].rules[j];
			struct addr masked = rule->prefix.addr;
			addr_mask(&masked, rule->prefix.length);
			MUST(addr_equal(&masked, &rule->prefix.addr));
			MUST(rule->file && rule->line);
			check_list(conf, &rule->list);
		}
}

static void check_pool(const struct conf *conf, const struct conf_service *service, uint32_t i)
{
	const struct conf_pool *pool = &service->pools[i];
	MUST(pool->datacenter < conf->datacenter_count || (pool->datacenter == NO_INDEX && service->map == NO_INDEX));
	MUST(pool->probe < conf->probe_count || pool->probe == NO_INDEX);
	MUST(service->names_only ? pool->cname && !pool->member_count
	                         : !pool->cname && (pool->member_count || pool->source));
	MUST(service->map == NO_INDEX || i == 0 || service->pools[i - 1].datacenter < pool->datacenter);
	for (uint32_t j = 0; j < pool->member_count; j++)
		MUST(pool->members[j].addr.family != ADDR_NONE);
}

static void check_services(const struct conf *conf)
{
	for (uint32_t i = 0; i < conf->service_count; i++) {
		const struct conf_service *service = &conf->services[i];
		MUST(service->name_count > 0 && service->pool_count > 0 && service->pool_count <= POOLS_MAX);
		MUST(service->map < conf->map_count ? !service->order_count
		                                    : service->order_count == service->pool_count);
		MUST(service->all_down_pool < service->pool_count);
		for (uint32_t j = 0; j < service->order_count; j++)
			MUST(service->order[j] < service->pool_count);
		for (uint32_t j = 0; j < service->name_count; j++)
			MUST(name_length(service->names[j]) <= NAME_BYTES);
		for (uint32_t j = 0; j < service->pool_count; j++)
			check_pool(conf, service, j);
	}
}

static void check_errors(const struct err *err)
{
	for (size_t i = 0; i < err_items(err); i++) {
		char *text = err_item_text(err_item(err, i));
		for (const char *at = text; *at; at++)
			MUST(*at == '\n' || *at == '\t' || (uint8_t)*at >= ' ');
		free(text);
	}
}

/* The length of the part up to a line %%. */
static size_t part_length(const char *text, size_t size)
{
	const char *end = memmem(text, size, "\n%%\n", 4);
	return end ? (size_t)(end - text) + 1 : size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {"meridian.yaml", "geo/a.yaml", "geo/b.yaml", "geo/x.nets"};
	struct memory memory = {.count = 0};
	const char *text = (const char *)data;
	memory_set(&memory, "zones/example.com.zone", "", 0);
	for (size_t i = 0, length; i < sizeof paths / sizeof *paths; i++) {
		length = i == 3 ? size : part_length(text, size);
		memory_set(&memory, paths[i], text ? text : "", length);
		size_t skipped = length < size ? length + 3 : length; /* the line itself */
		text += skipped;
		size -= skipped;
	}
	struct conf_source source = memory_source(&memory);
	struct err *err = err_new();
	struct conf *conf = conf_read_from(&source, "meridian.yaml", NULL, err);
	MUST((conf != NULL) == (err_count(err, ERR_ERROR) == 0));
	check_errors(err);
	if (conf) {
		check_maps(conf);
		check_services(conf);
	}
	conf_free(conf);
	err_free(err);
	return 0;
}
