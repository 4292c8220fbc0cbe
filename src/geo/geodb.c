/*
 * geodb.c: opening databases, and asking them about one address.
 *
 * Before geodb_release an address is looked up in the tiling; after it, in the files, read again through the
 * descriptors that were kept: the inode outlives a file that is replaced or deleted, and the digest tells if it was
 * written to.
 */
#include "geo/geodb.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/both.h"
#include "geo/mmdb.h"
#include "geo/numbering.h"
#include "geo/schema.h"
#include "geo/special.h"

#define FILE_MAX (UINT64_C(1) << 32) /* offsets are of 32 bits */

/* What a file is called by what it knows; the first that it has. */
static const struct {
	const char *kind, *wanted;
} kinds[] = {{"city", "location"}, {"country", "country or continent"}, {"asn", "autonomous system"}};
#define KINDS (sizeof kinds / sizeof *kinds)

struct reading {
	struct fact_table *facts;
	struct schema schema;
	bool knows[KINDS];
	const char *why;
};

static int64_t read_record(void *context, size_t offset)
{
	struct reading *reading = context;
	struct fact fact;
	if (!schema_read(&reading->schema, offset, &fact)) {
		reading->why = "is damaged: it has a record that cannot be read";
		return -1;
	}
	reading->knows[0] |= fact_located(&fact);
	reading->knows[1] |= fact.country[0] || fact.continent[0];
	reading->knows[2] |= fact.asn != 0;
	uint32_t id = fact_table_add(reading->facts, &fact);
	if (id == TILING_ID_NONE)
		reading->why = "brings too many different records";
	return id == TILING_ID_NONE ? -1 : (int64_t)id;
}

/* `pairs`: two numbers, of which neither is 0 → that of the merged fact. */
static uint32_t merge(struct fact_table *facts, struct numbering *pairs, uint32_t first, uint32_t second)
{
	if (!first || !second)
		return first | second;
	uint64_t key = (uint64_t)first << 32 | second;
	uint32_t id;
	if (numbering_get(pairs, key, &id))
		return id;
	struct fact fact = fact_merge(&facts->facts[first], &facts->facts[second]);
	id = fact_table_add(facts, &fact);
	numbering_put(pairs, key, id);
	return id;
}

/* Lays what a further file says under what is there; takes `under`. False if there are too many facts. */
static bool lay_under(struct geodb *db, unsigned family, struct tiling *under)
{
	struct tiling *over = &db->networks[family];
	if (under->count == 1 && piece_id(under->pieces[0]) == 0) {
		tiling_free(under);
		return true;
	}
	if (over->count == 1 && piece_id(over->pieces[0]) == 0) {
		tiling_free(over);
		*over = *under;
		return true;
	}
	struct numbering pairs = {.count = 0};
	struct tiling_writer writer;
	tiling_begin(&writer, over->count + under->count);
	struct overlay overlay = overlay_of(over, under);
	unsigned length;
	uint32_t a, b;
	bool fits = true;
	while (overlay_next(&overlay, &length, &a, &b)) {
		uint32_t id = merge(&db->facts, &pairs, a, b);
		fits &= id != TILING_ID_NONE;
		tiling_add(&writer, length, id);
	}
	numbering_free(&pairs);
	tiling_free(over);
	tiling_free(under);
	*over = tiling_end(&writer);
	return fits;
}

/* What one file says, while it is read. */
struct part {
	struct geodb *db;
	size_t index;
	struct fact_table facts; /* its own, or those of the files before it, continued */
	struct mmdb_networks networks[GEO_FAMILIES];
	const char *why; /* what is wrong with it; NULL: nothing */
};

/* Both families of an open file. NULL, or what is wrong with it. */
static const char *read_networks(struct part *part, const struct mmdb *mmdb)
{
	struct reading reading = {.facts = &part->facts, .schema = schema_of(mmdb->data, mmdb->data_size)};
	struct geodb_file *file = &part->db->files[part->index];
	const char *why;
	if (mmdb_walk(mmdb, read_record, &reading, part->networks, &why) < 0)
		return why ? why : reading.why;
	for (unsigned family = 0; family < GEO_FAMILIES; family++) {
		file->records += part->networks[family].count;
		part->db->sources[part->index].has[family] = part->networks[family].count > 0;
	}
	for (size_t i = 0; i < KINDS; i++) {
		if (reading.knows[i]) {
			file->kind = kinds[i].kind;
			return NULL;
		}
	}
	return file->records ? "has no field that can be used (location, country, continent or autonomous system)"
	                     : "has no networks";
}

/* NULL, or what is wrong. */
static const char *open_source(struct geodb_source *source, const char *path)
{
	struct stat status;
	if (source->descriptor < 0)
		source->descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (source->descriptor < 0 || fstat(source->descriptor, &status) < 0)
		return strerror(errno);
	if (S_ISDIR(status.st_mode))
		return "is a directory";
	if (!S_ISREG(status.st_mode))
		return "is not a regular file";
	if ((uint64_t)status.st_size >= FILE_MAX)
		return "is too large";
	source->size = (uint64_t)status.st_size;
	return NULL;
}

/* Any thread: it writes what is the file's own. */
static void read_part(void *argument)
{
	struct part *part = argument;
	struct geodb_file *file = &part->db->files[part->index];
	struct geodb_source *source = &part->db->sources[part->index];
	struct mmdb mmdb;
	part->why = open_source(source, file->path);
	if (part->why || mmdb_open(&mmdb, source->descriptor, source->size, &part->why) < 0)
		return;
	file->built = mmdb.built;
	memcpy(file->digest, mmdb.digest, sizeof file->digest);
	part->why = read_networks(part, &mmdb);
	mmdb_close(&mmdb);
}

/* The facts of a part that numbered its own get the numbers behind those that are there. False if there are too many.
 */
static bool renumber(struct part *part)
{
	struct fact_table *facts = &part->db->facts;
	uint32_t before = facts->count - 1;
	bool fits = fact_table_append(facts, &part->facts);
	for (unsigned family = 0; family < GEO_FAMILIES && fits; family++) {
		uint32_t *pieces = part->networks[family].tiling.pieces;
		for (size_t i = 0; i < part->networks[family].tiling.count; i++)
			pieces[i] += piece_id(pieces[i]) ? before : 0;
	}
	fact_table_free(&part->facts);
	return fits;
}

/* Takes what was read over; false and an error if it cannot be used. `continued`: it went on with the table of facts.
 */
static bool take_part(struct part *part, bool continued, const struct err_at *at, struct err *err)
{
	struct geodb *db = part->db;
	bool fits = true;
	if (continued)
		db->facts = part->facts;
	else
		fits = renumber(part);
	for (unsigned family = 0; family < GEO_FAMILIES; family++) {
		struct tiling *tiling = &part->networks[family].tiling;
		if (part->why || !fits)
			tiling_free(tiling);
		else
			fits = lay_under(db, family, tiling);
	}
	if (!fits && !part->why)
		part->why = "brings too many different records";
	if (part->why)
		err_add(err, ERR_ERROR, at, "cannot use the database %s: %s", db->files[part->index].path, part->why);
	return !part->why;
}

/* Reads all files, two at a time if they may be. */
static bool take_files(struct geodb *db, const struct err_at *at, struct err *err)
{
	bool good = true;
	for (size_t i = 0; i < db->count;) {
		unsigned parts = db->at_once && i + 1 < db->count ? 2 : 1;
		struct part part[2] = {{.db = db, .index = i, .facts = db->facts}, {.db = db, .index = i + 1}};
		if (parts == 2) {
			fact_table_init(&part[1].facts);
			both(true, read_part, &part[0], &part[1]);
		} else {
			read_part(&part[0]);
		}
		for (unsigned j = 0; j < parts; j++, i++)
			good &= take_part(&part[j], j == 0, at ? &at[i] : NULL, err);
	}
	return good;
}

/* Nothing in it yet. */
static struct geodb *geodb_new(size_t count, bool at_once)
{
	struct arena *arena = arena_new();
	struct geodb *db = arena_alloc(arena, sizeof *db);
	db->arena = arena;
	db->count = count;
	db->at_once = at_once;
	db->files = arena_alloc(arena, count * sizeof *db->files);
	db->sources = arena_alloc(arena, count * sizeof *db->sources);
	fact_table_init(&db->facts);
	for (unsigned family = 0; family < GEO_FAMILIES; family++)
		db->networks[family] = tiling_plain(0);
	for (size_t i = 0; i < count; i++) {
		db->files[i].kind = "";
		db->sources[i].descriptor = -1;
	}
	return db;
}

struct geodb *geodb_open(const char *const *paths, const struct err_at *at, size_t count, const char *countries,
        bool at_once, struct err *err)
{
	struct geodb *db = geodb_new(count, at_once);
	bool good = countries_read(&db->countries, countries, err);
	for (size_t i = 0; i < count; i++)
		db->files[i].path = arena_string(db->arena, paths[i]);
	good &= take_files(db, at, err);
	if (good)
		return db;
	geodb_free(db);
	return NULL;
}

struct geodb *geodb_reopen(const struct geodb *db, struct err *err)
{
	struct geodb *again = geodb_new(db->count, true);
	again->countries = db->countries;
	for (size_t i = 0; i < db->count; i++) {
		again->files[i].path = arena_string(again->arena, db->files[i].path);
		again->sources[i].descriptor = fcntl(db->sources[i].descriptor, F_DUPFD_CLOEXEC, 0);
	}
	bool good = take_files(again, NULL, err);
	for (size_t i = 0; good && i < db->count; i++) {
		if (memcmp(again->files[i].digest, db->files[i].digest, sizeof db->files[i].digest) == 0)
			continue;
		err_add(err, ERR_ERROR, NULL, "the database %s was overwritten since it was loaded", db->files[i].path);
		good = false;
	}
	if (good)
		return again;
	geodb_free(again);
	return NULL;
}

static bool same_file(const struct geodb_file *file, const char *path)
{
	struct geodb_source source = {.descriptor = -1};
	uint8_t digest[32];
	const char *why;
	if (strcmp(file->path, path) != 0)
		return false;
	bool same = !open_source(&source, path) && !mmdb_digest(source.descriptor, source.size, digest, &why) &&
	            !memcmp(digest, file->digest, sizeof digest);
	if (source.descriptor >= 0)
		close(source.descriptor);
	return same;
}

bool geodb_unchanged(const struct geodb *db, const char *const *paths, size_t count, const char *countries)
{
	struct countries *now = calloc(1, sizeof *now);
	struct err *err = err_new();
	MUST(now);
	bool same = count == db->count && countries_read(now, countries, err) &&
	            !memcmp(now, &db->countries, sizeof *now);
	for (size_t i = 0; same && i < count; i++)
		same = same_file(&db->files[i], paths[i]);
	err_free(err);
	free(now);
	return same;
}

void geodb_release(struct geodb *db)
{
	fact_table_free(&db->facts);
	for (unsigned family = 0; family < GEO_FAMILIES; family++)
		tiling_free(&db->networks[family]);
}

const char *geodb_countries(void)
{
	return countries_text;
}

void geodb_free(struct geodb *db)
{
	if (!db)
		return;
	geodb_release(db);
	for (size_t i = 0; i < db->count; i++)
		if (db->sources[i].descriptor >= 0)
			close(db->sources[i].descriptor);
	arena_free(db->arena);
}

size_t geodb_files(const struct geodb *db, const struct geodb_file **files)
{
	*files = db->files;
	return db->count;
}

struct geo_facts geodb_complete(const struct countries *countries, const struct fact *fact)
{
	struct geo_facts facts = {.latitude = NAN, .longitude = NAN, .asn = fact->asn};
	const struct country *country = fact->country[0] ? countries_find(countries, fact->country) : NULL;
	int32_t latitude = fact->latitude, longitude = fact->longitude;
	memcpy(facts.country, fact->country, 2);
	memcpy(facts.continent, fact->continent, 2);
	if (country && !facts.continent[0])
		memcpy(facts.continent, country->continent, 2);
	facts.located = fact_located(fact) || country;
	if (country && !fact_located(fact)) {
		latitude = country->latitude;
		longitude = country->longitude;
	}
	if (facts.located) {
		facts.latitude = latitude / DEGREE;
		facts.longitude = longitude / DEGREE;
	}
	if (fact->subdivision[0]) {
		memcpy(facts.subdivision, fact->subdivision, 2);
		facts.subdivision[2] = '-';
		memcpy(facts.subdivision + 3, fact->subdivision + 2, 3);
	}
	return facts;
}

/* What one file says now; false if it is no longer what it was. */
static bool ask_file(const struct geodb *db, size_t index, const struct addr *addr, struct fact *fact)
{
	struct mmdb mmdb;
	const char *why;
	size_t offset;
	const struct geodb_source *source = &db->sources[index];
	*fact = FACT_EMPTY;
	if (!source->has[geo_family(addr)])
		return true;
	if (mmdb_open(&mmdb, source->descriptor, source->size, &why) < 0)
		return false;
	bool same = memcmp(mmdb.digest, db->files[index].digest, sizeof mmdb.digest) == 0;
	struct schema schema = schema_of(mmdb.data, mmdb.data_size);
	if (same && mmdb_find(&mmdb, addr, &offset) == 1)
		same = schema_read(&schema, offset, fact);
	mmdb_close(&mmdb);
	return same;
}

struct geo_facts geodb_facts(const struct geodb *db, const struct addr *addr)
{
	struct addr inner = *addr;
	struct fact fact = FACT_EMPTY, next;
	bool lost = false;
	special_unwrap(&inner);
	if (special_is(&inner)) {
		struct geo_facts facts = geodb_complete(&db->countries, &fact);
		facts.special = true;
		return facts;
	}
	unsigned family = geo_family(&inner);
	if (db->networks[family].count)
		fact = db->facts.facts[tiling_find(&db->networks[family], &inner)];
	else
		for (size_t i = 0; i < db->count; i++) {
			lost |= !ask_file(db, i, &inner, &next);
			fact = fact_merge(&fact, &next);
		}
	struct geo_facts facts = geodb_complete(&db->countries, lost ? &FACT_EMPTY : &fact);
	facts.lost = lost;
	return facts;
}
