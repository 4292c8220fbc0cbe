/*
 * world.c: see its header.
 */
#include "world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"
#include "geo/geodb.h"
#include "mmdb_writer.h"

#define FILES_MAX 8

/* A file without a name; its path is good while the descriptor is open. */
static int put_file(const void *bytes, size_t size, char path[64])
{
	int file = memfd_create("test", MFD_CLOEXEC);
	MUST(file >= 0 && write(file, bytes, size) == (ssize_t)size);
	snprintf(path, 64, "/proc/self/fd/%d", file);
	return file;
}

struct geodb *world_open_bytes(const void *bytes, size_t size, struct err *err)
{
	char path[64];
	const char *paths[] = {path};
	int file = put_file(bytes, size, path);
	struct geodb *db = geodb_open(paths, NULL, 1, NULL, false, err);
	close(file);
	return db;
}

static int write_file(const struct world_file *file, char path[64])
{
	struct mmdb_writer *writer = mmdb_writer_new(
	        file->ip_version ? file->ip_version : 6, file->record_size ? file->record_size : 24);
	for (const struct world_network *network = file->networks; network->prefix; network++)
		mmdb_writer_add(writer, network->prefix, network->record);
	size_t size;
	uint8_t *bytes = mmdb_writer_bytes(writer, &size);
	int result = put_file(bytes, size, path);
	free(bytes);
	mmdb_writer_free(writer);
	return result;
}

/* Number by number: one thread reads as two do. */
static bool same_databases(const struct geodb *a, const struct geodb *b)
{
	bool same = a->facts.count == b->facts.count;
	for (uint32_t i = 0; i < a->facts.count && same; i++) /* but not the padding */
		same = !memcmp(&a->facts.facts[i], &b->facts.facts[i],
		        offsetof(struct fact, subdivision) + sizeof a->facts.facts->subdivision);
	for (unsigned family = 0; family < GEO_FAMILIES; family++) {
		const struct tiling *x = &a->networks[family], *y = &b->networks[family];
		same = same && x->count == y->count && !memcmp(x->pieces, y->pieces, x->count * sizeof *x->pieces);
	}
	return same;
}

struct geodb *world_open(const struct world_file *files, size_t count)
{
	char names[FILES_MAX][64];
	const char *paths[FILES_MAX];
	int open[FILES_MAX];
	MUST(count <= FILES_MAX);
	for (size_t i = 0; i < count; i++) {
		open[i] = write_file(&files[i], names[i]);
		paths[i] = names[i];
	}
	struct err *err = err_new();
	struct geodb *db = geodb_open(paths, NULL, count, NULL, false, err);
	struct geodb *other = geodb_open(paths, NULL, count, NULL, true, err);
	err_print(err, stderr, false);
	MUST(db && other && err_items(err) == 0);
	MUST(same_databases(db, other));
	geodb_free(db);
	err_free(err);
	for (size_t i = 0; i < count; i++)
		close(open[i]);
	return other;
}

struct addr world_addr(const char *text)
{
	struct addr addr;
	MUST(addr_parse(&addr, text));
	return addr;
}

const char *world_order(
        const struct map_hit *hit, const uint8_t *set, const struct datacenter *datacenters, char text[2000])
{
	size_t used = 0;
	text[0] = 0;
	for (unsigned i = 0; i < hit->count; i++)
		used += (size_t)snprintf(
		        text + used, 2000 - used, "%s%s", i ? " " : "", datacenters[set[hit->order[i]]].name);
	return text;
}

const char *world_facts(const struct geo_facts *facts, char text[100])
{
	const char *unknown = "-";
	int used = snprintf(text, 100, "%s %s %s", *facts->country ? facts->country : unknown,
	        *facts->continent ? facts->continent : unknown, *facts->subdivision ? facts->subdivision : unknown);
	used += facts->located ? snprintf(text + used, 100 - (size_t)used, " %g %g", facts->latitude, facts->longitude)
	                       : snprintf(text + used, 100 - (size_t)used, " - -");
	if (facts->asn)
		snprintf(text + used, 100 - (size_t)used, " %u", facts->asn);
	else
		snprintf(text + used, 100 - (size_t)used, " -");
	return text;
}
