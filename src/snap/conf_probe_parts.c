/*
 * conf_probe_parts.c: probes that are made of others: `{ all: [a, b] }`, `{ any: [a, b] }`.
 *
 * Called by conf_probe.c for one probe, and by conf_geo.c when all probes are
 * known: a part may stand behind what is made of it, and in another file. No
 * probe is part of itself, over however many others.
 */
#include <string.h>

#include "base/hash.h"
#include "snap/conf_reader.h"

enum { DEPTH_MAX = 8 };

bool read_parts(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	(void)option;
	struct probe_spec *probe = field;
	if (!expect_list(reader, value, "a list of probes"))
		return false;
	if (!value->count || value->count > PARTS_MAX) {
		reader_error(reader, value, "a probe is made of 1 to %d others, not %u", PARTS_MAX, value->count);
		return false;
	}
	uint32_t *parts = arena_alloc(reader->arena, value->count * sizeof *parts);
	probe->part_count = 0;
	for (const struct yaml *item = value->first; item; item = item->next) {
		if (!expect_scalar(reader, item, "the name of a probe"))
			continue;
		uint32_t part = names_find(reader, &reader->probes, item, item->text, "probe"), i = 0;
		if (part == NO_INDEX)
			continue;
		while (i < probe->part_count && parts[i] != part)
			i++;
		if (i < probe->part_count)
			reader_error(reader, item, "'%s' is here twice", item->text);
		else
			parts[probe->part_count++] = part;
	}
	probe->parts = parts;
	return true;
}

bool conf_parts_check(struct reader *reader, const struct yaml *value, struct probe_spec *probe)
{
	const struct yaml *all = yaml_get(value, "all"), *any = yaml_get(value, "any");
	if (!all && !any)
		return false;
	if (all && any)
		reader_error(
		        reader, any->key, "a probe has 'all' or 'any', not both; another probe can be a part of it");
	for (const struct yaml *item = value->first; item; item = item->next)
		if (item != all && item != any)
			reader_error(reader, item->key,
			        "a probe that is made of others has no key '%s': they have theirs", item->key->text);
	probe->type = all ? PROBE_ALL : PROBE_ANY;
	probe->port = 0;
	return true;
}

/* ---- the whole of them ---- */

enum mark { MARK_NEW, MARK_OPEN, MARK_DONE };

/* A walk from each probe to its parts. */
struct walk {
	struct reader *reader;
	struct probe_spec *probes;
	uint8_t *marks, *heights; /* by probe */
};

/* The fields of the parts' `read`, each once. */
static void join_fields(struct walk *walk, struct probe_spec *probe, const struct yaml *list)
{
	const char **read = arena_alloc(walk->reader->arena, (READINGS_MAX + 1) * sizeof *read);
	for (unsigned i = 0; i < probe->part_count; i++) {
		const struct probe_spec *part = &walk->probes[probe->parts[i]];
		for (unsigned j = 0; j < part->read_count; j++) {
			unsigned k = 0;
			while (k < probe->read_count && strcmp(read[k], part->read[j]) != 0)
				k++;
			if (k < probe->read_count)
				continue;
			if (k == READINGS_MAX) {
				reader_error(walk->reader, list, "the parts read more than %d fields together",
				        READINGS_MAX);
				return;
			}
			read[probe->read_count++] = part->read[j];
		}
	}
	probe->read = probe->read_count ? read : NULL;
}

/* What a probe takes from its parts: how long they need at most, what they read, whether they can ask names. */
static void take_from_parts(struct walk *walk, struct probe_spec *probe, const struct yaml *list)
{
	uint64_t digest = (uint64_t)probe->type + 1;
	nanotime slowest = -1;
	uint64_t targets = 1;
	for (unsigned i = 0; i < probe->part_count; i++) {
		const struct probe_spec *part = &walk->probes[probe->parts[i]];
		nanotime down = probe_detection(part), up = probe_recovery(part), its = down > up ? down : up;
		digest = hash_mix(digest, part->digest);
		targets += part->targets;
		probe->address_only |= part->address_only;
		if (its <= slowest)
			continue;
		slowest = its;
		probe->interval = part->interval;
		probe->timeout = part->timeout;
		probe->fall = part->fall;
		probe->rise = part->rise;
		probe->dwell_up = part->dwell_up;
		probe->dwell_down = part->dwell_down;
	}
	probe->digest = digest;
	probe->targets = targets < walk->reader->probes.count ? (uint32_t)targets : walk->reader->probes.count;
	join_fields(walk, probe, list);
}

static void visit(struct walk *walk, uint32_t index, unsigned depth)
{
	struct probe_spec *probe = &walk->probes[index];
	const struct yaml *value = walk->reader->probes.nodes[index];
	const struct yaml *list = yaml_get(value, probe->type == PROBE_ALL ? "all" : "any");
	walk->marks[index] = MARK_OPEN;
	for (const struct yaml *item = probe->part_count ? list->first : NULL; item; item = item->next) {
		uint32_t part;
		if (item->kind != YAML_SCALAR ||
		        !dict_get(walk->reader->probes.dict, item->text, strlen(item->text), &part))
			continue;
		if (walk->marks[part] == MARK_OPEN) {
			reader_error(walk->reader, item, "the probe '%s' is part of itself", item->text);
			continue;
		}
		if (walk->marks[part] == MARK_NEW && depth < DEPTH_MAX)
			visit(walk, part, depth + 1);
		if (depth == DEPTH_MAX || walk->heights[part] >= DEPTH_MAX)
			reader_error(walk->reader, item, "probes are made of others over more than %d levels here",
			        DEPTH_MAX);
		else if (walk->heights[part] >= walk->heights[index])
			walk->heights[index] = (uint8_t)(walk->heights[part] + 1);
	}
	if (probe->part_count)
		take_from_parts(walk, probe, list);
	walk->marks[index] = MARK_DONE;
}

void conf_parts_read(struct reader *reader, struct probe_spec *probes)
{
	uint32_t count = reader->probes.count;
	struct walk walk = {.reader = reader,
	        .probes = probes,
	        .marks = arena_alloc(reader->scratch, count),
	        .heights = arena_alloc(reader->scratch, count)};
	for (uint32_t i = 0; i < count; i++)
		if (walk.marks[i] == MARK_NEW)
			visit(&walk, i, 0);
}
