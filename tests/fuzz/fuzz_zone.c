/*
 * fuzz_zone.c: any text → zone_load → is the zone sound, and does it come back the same from its own records?
 *
 * The origin is example.com. A finding is an abort. The text is handed over in a
 * file without a name, so that nothing is written to a disk.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/cursor.h"
#include "zone/rdata.h"
#include "zone/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t origin[] = "\7example\3com";

static struct zone *load(const void *text, size_t size, struct err *err)
{
	int file = memfd_create("zone", MFD_CLOEXEC);
	char path[64];
	MUST(file >= 0);
	for (size_t done = 0; done < size;) {
		ssize_t written = write(file, (const char *)text + done, size - done);
		MUST(written > 0);
		done += (size_t)written;
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	struct zone *zone = zone_load(path, origin, 42, NULL, err);
	close(file);
	return zone;
}

static void check_set(const struct zone *zone, const struct rrset *set)
{
	struct reader r = reader_of(set->wire, set->size);
	for (unsigned i = 0; i < set->count; i++) {
		MUST(read_u16(&r) == set->type && read_u16(&r) == CLASS_IN);
		MUST(read_u32(&r) >= set->ttl);
		uint16_t size = read_u16(&r);
		const uint8_t *bytes = read_bytes(&r, size);
		MUST(bytes && rdata_check(set->type, bytes, size));
		const struct node *target = set->targets ? set->targets[i] : NULL;
		bool service = set->type == TYPE_SVCB || set->type == TYPE_HTTPS;
		MUST(!target || node_set(target, TYPE_A) || node_set(target, TYPE_AAAA) ||
		        (service && node_set(target, set->type)));
		MUST(!target || &zone->nodes[target->index] == target);
	}
	MUST(!r.bad && reader_left(&r) == 0);
	if (set->signatures)
		check_set(zone, set->signatures);
}

static void check_node(const struct zone *zone, const struct node *node)
{
	MUST(name_length(node->name) == node->length);
	MUST(zone_find(zone, node->name, node->length, name_hash(node->name, zone->seed)) == node);
	MUST(name_is_within(node->name, zone->name));
	MUST((node->index == 0) == !node->parent);
	MUST(!node->parent || name_equal(node->name + node->name[0] + 1, node->parent->name));
	MUST(!node->wildcard || node->wildcard->parent == node);
	MUST(!(node->flags & NODE_OCCLUDED) || (node->cut && node->cut != node));
	for (unsigned i = 0; i < node->set_count; i++) {
		MUST(i == 0 || node->sets[i].type > node->sets[i - 1].type);
		check_set(zone, &node->sets[i]);
	}
}

/* All records as RFC 3597 writes them, in the order of the nodes. */
static void print_zone(FILE *out, const struct zone *zone)
{
	char name[NAME_TEXT_MAX];
	for (uint32_t i = 0; i < zone->node_count; i++)
		for (unsigned s = 0; s < zone->nodes[i].set_count; s++) {
			const struct rrset *set = &zone->nodes[i].sets[s];
			struct reader r = reader_of(set->wire, set->size);
			while (reader_left(&r)) {
				const uint8_t *head = read_bytes(&r, 4);
				uint32_t ttl = read_u32(&r);
				uint16_t size = read_u16(&r);
				MUST(head);
				fprintf(out, "%s %u TYPE%u \\# %u ", name_format(zone->nodes[i].name, name), ttl,
				        set->type, size);
				for (; size; size--)
					fprintf(out, "%02x", read_u8(&r));
				fprintf(out, "\n");
			}
		}
}

static char *text_of(const struct zone *zone, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	MUST(out);
	print_zone(out, zone);
	MUST(fclose(out) == 0);
	return text;
}

static void round_trip(const struct zone *zone)
{
	size_t size, again_size;
	char *text = text_of(zone, &size);
	struct err *err = err_new();
	struct zone *again = load(text, size, err);
	if (!again)
		err_print(err, stderr, false);
	MUST(again);
	char *again_text = text_of(again, &again_size);
	MUST(size == again_size && memcmp(text, again_text, size) == 0);
	MUST(again->records == zone->records);
	free(text);
	free(again_text);
	zone_release(again);
	err_free(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err *err = err_new();
	struct zone *zone = load(data, size, err);
	MUST((zone == NULL) == (err_count(err, ERR_ERROR) > 0));
	if (zone) {
		MUST(zone->soa && node_set(&zone->nodes[0], TYPE_NS));
		for (uint32_t i = 0; i < zone->node_count; i++)
			check_node(zone, &zone->nodes[i]);
		round_trip(zone);
	}
	zone_release(zone);
	err_free(err);
	return 0;
}
