/*
 * corpus_mmdb.c: writes the seeds of the database fuzzer: `make tests/fuzz/corpus_mmdb && tests/fuzz/corpus_mmdb
 * FOLDER`.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "mmdb_writer.h"

static const char *const records[] = {
        "{\"continent\":{\"code\":\"EU\"},\"country\":{\"iso_code\":\"DE\"},\"location\":{\"accuracy_radius\":20,"
        "\"latitude\":52.5,\"longitude\":13.4},\"registered_country\":{\"iso_code\":\"FR\"},"
        "\"subdivisions\":[{\"iso_code\":\"BE\"}]}",
        "{\"country_code\":\"DE\",\"latitude\":52.5f,\"longitude\":13.25f,\"state1\":\"BE\"}",
        "{\"loc\":\"48.2,16.4\",\"asn\":\"AS1\"}",
        "{\"autonomous_system_number\":1}",
        "{\"country_code\":\"EU\",\"lat\":\"1.5\",\"lng\":-7}",
};
#define RECORDS (sizeof records / sizeof *records)

static void save(struct mmdb_writer *writer, const char *folder, const char *name)
{
	char path[1000];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	mmdb_writer_save(writer, path);
	mmdb_writer_free(writer);
}

/* A small tree with all records; `aliases` as MaxMind's files have them. */
static void tree(const char *folder, const char *name, unsigned ip_version, unsigned record_size, int aliases)
{
	struct mmdb_writer *writer = mmdb_writer_new(ip_version, record_size);
	mmdb_writer_add(writer, "1.0.0.0/9", records[0]);
	mmdb_writer_add(writer, "1.2.0.0/17", records[1]);
	mmdb_writer_add(writer, "100.0.0.0/6", records[2]);
	if (ip_version == 6) {
		mmdb_writer_add(writer, "2001:4000::/18", records[3]);
		mmdb_writer_add(writer, "2a02::/16", records[4]);
	}
	if (aliases) {
		mmdb_writer_alias(writer, "::ffff:0:0/96");
		mmdb_writer_alias(writer, "2002::/16");
	}
	save(writer, folder, name);
}

static void graph(const char *folder)
{
	struct mmdb_writer *writer = mmdb_writer_new(4, 24);
	for (unsigned node = 0; node < 32; node++)
		for (unsigned side = 0; side < 2; side++)
			mmdb_writer_poke(writer, node, side, node + 1);
	save(writer, folder, "graph");
}

int main(int argc, char **argv)
{
	MUST(argc == 2);
	tree(argv[1], "v4-24", 4, 24, 0);
	tree(argv[1], "v4-28", 4, 28, 0);
	tree(argv[1], "v6-28", 6, 28, 0);
	tree(argv[1], "v6-32-aliases", 6, 32, 1);
	graph(argv[1]);
	for (size_t i = 0; i < RECORDS; i++) {
		char name[20];
		struct mmdb_writer *writer = mmdb_writer_new(4, 24);
		mmdb_writer_add(writer, "0.0.0.0/1", records[i]);
		snprintf(name, sizeof name, "record-%zu", i);
		save(writer, argv[1], name);
	}
	return 0;
}
