/*
 * build.h: rules and databases → maps (compile time only; builder thread).
 *
 * snap reads the rules out of geo/ (YAML) into `struct map_rules`; here the databases are walked and
 * the tables are built. Everything that is wrong goes to `struct err`; nothing here exits.
 */
#ifndef MERIDIAN_GEO_BUILD_H
#define MERIDIAN_GEO_BUILD_H

#include "base/arena.h"
#include "base/err.h"
#include "geo/map.h"

#define DATACENTERS_MAX 250

/* A data center as the distance knows it. */
struct datacenter {
	const char *name;
	bool located;               /* has `at` */
	double latitude, longitude; /* degrees, −90..90, −180..180 */
	int bias;                   /* percent, −99..99: bigger attracts, as Route 53's */
	double capacity;            /* 0: not given */
};

/* An ordered list, as a rule gives it. */
struct rule_list {
	const uint8_t *datacenters; /* indexes into the array of data centers */
	uint8_t count;              /* 0: nearest (by distance) */
	bool only;                  /* no other data centers after these */
};

enum rule_kind {
	RULE_DEFAULT,
	RULE_CONTINENT,
	RULE_COUNTRY,
	RULE_SUBDIVISION,
	RULE_ASN,
	RULE_NET,
	RULE_RESOLVER,
	RULE_UNKNOWN
};

struct map_rule {
	enum rule_kind kind;
	const char *key;      /* continent, country: "EU", "BR"; subdivision: "US-HI"; else NULL */
	uint32_t asn;         /* RULE_ASN */
	struct prefix prefix; /* RULE_NET, RULE_RESOLVER */
	struct rule_list list;
	const char *file; /* where the rule stands, for explain and plan */
	unsigned line;
};

struct map_rules {
	const char *name;
	const struct map_rule *rules; /* checked for duplicates by the reader; order does not matter */
	size_t count;
	uint8_t max_move;  /* percent of the clients that one reload may move; 100: all */
	unsigned max_line; /* where that stands, in max_file */
	const char *max_file;
};

/* The databases, opened and understood: several at once (city v4, city v6, ASN …). A private copy is what is read, so
 * that a file replaced, truncated or deleted on disk changes nothing. */
struct geodb;

/* Opens and checks every file; NULL if one is unusable. `at[i]` is where path i was named (at may be NULL).
 * `countries` is the path of countries.tsv (country → continent and point; NULL: the built-in one). `at_once`: a second
 * thread helps, here and wherever the databases are walked later: for what a person waits for. */
struct geodb *geodb_open(const char *const *paths, const struct err_at *at, size_t count, const char *countries,
        bool at_once, struct err *err);
/* The built-in table of countries as text, in the form of countries.tsv. */
const char *geodb_countries(void);
void geodb_free(struct geodb *db);
/* Lets go of what only map_build needs (tens of megabytes), after the last map. geodb_facts then reads the files again:
 * through the descriptors that were opened, so that one replaced or deleted changes nothing, and about 0.1 s for a full
 * city file. */
void geodb_release(struct geodb *db);
/* The same databases once more, read through the descriptors that are open: for who wants the facts of one that was
 * released; a second thread helps. NULL and an error if a file was overwritten in place since. */
struct geodb *geodb_reopen(const struct geodb *db, struct err *err);

/* Whether geodb_open would give the same again: the same paths, and under them the same bytes. A tenth of its cost. */
bool geodb_unchanged(const struct geodb *db, const char *const *paths, size_t count, const char *countries);

/* One line about each file, for `status`: path, type as recognised, build time (seconds since 1970), records. */
struct geodb_file {
	const char *path;
	const char *kind; /* "city", "country", "asn", … as its fields say */
	uint64_t built;
	uint64_t records; /* distinct networks */
	uint8_t digest[32];
};
size_t geodb_files(const struct geodb *db, const struct geodb_file **files);

/* What the databases say of an address (for explain and tests; slow). "" and NAN where unknown. */
struct geo_facts {
	char continent[3], country[3], subdivision[8]; /* "EU", "DE", "DE-BE" */
	bool located;
	double latitude, longitude;
	uint32_t asn; /* 0: unknown */
	bool special; /* private, loopback, documentation …: treated as unknown */
	bool lost;    /* after geodb_release a file was overwritten in place: nothing is known any more */
};
struct geo_facts geodb_facts(const struct geodb *db, const struct addr *addr);

/* A map compiled for all sets of data centers that services use. */
struct map;

/* Sets: `sets[i]` has `set_counts[i]` data center indexes, ascending. `memory` bounds the bytes of all tables of single
 * sets: beyond it a set's table is the complete one, filtered at lookup: its scopes are narrower, never wrong (a
 * warning says so). */
struct map *map_build(const struct map_rules *rules, const struct geodb *db, const struct datacenter *datacenters,
        size_t datacenter_count, const uint8_t *const *sets, const uint8_t *set_counts, size_t set_count,
        uint64_t memory, struct err *err);
void map_free(struct map *map);
/* Ranks the clients of set `i` (its data centers are `members`), for map_place; before geodb_release. A second walk of
 * the databases. */
void map_rank(struct map *map, size_t set, const struct geodb *db, const struct datacenter *datacenters,
        const uint8_t *members, unsigned member_count);
/* The table of set `i`; borrowed from the map. */
const struct map_table *map_table_get(const struct map *map, size_t set);

/* Why an address gets its order: the rule that decides (NULL: nearest by default without any rule), and the facts it
 * rests on. Same decision code as the compiler's. */
const struct map_rule *map_reason(const struct map_rules *rules, const struct geodb *db, const struct addr *addr,
        bool resolver, struct geo_facts *facts);
/* Distance in km between a point and a data center, bias not applied. */
double geo_distance(double latitude, double longitude, const struct datacenter *datacenter);

#endif
