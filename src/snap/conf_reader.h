/*
 * conf_reader.h: what all parts of the configuration reader share: the reader itself, tables of options, and one
 * function for each kind of value.
 *
 * A value function reports what is wrong at the value and returns false; the field then keeps what it had. Reading goes
 * on, so that one run finds every error. Builder thread; private to snap/conf_*.c and their tests.
 */
#ifndef MERIDIAN_SNAP_CONF_READER_H
#define MERIDIAN_SNAP_CONF_READER_H

#include "base/dict.h"
#include "snap/conf.h"
#include "snap/conf_yaml.h"

/* Where files come from: the disk, or in tests and fuzzing a table in memory. Contracts as in base/file.h. */
struct conf_source {
	char *(*read)(
	        void *context, const char *path, size_t max, size_t *size, struct err *err, const struct err_at *at);
	int (*list)(void *context, const char *folder, const char *suffix, struct arena *arena, char ***paths,
	        struct err *err, const struct err_at *at);
	bool (*exists)(void *context, const char *path);
	void *context;
};

/* Names in the order of the files, each once: data centers, probes, maps. */
struct names {
	struct dict *dict;
	const char **text;         /* for near words */
	const struct yaml **nodes; /* their values; ->key is the name */
	uint32_t count, room;
};

struct reader {
	struct conf *conf;
	const struct conf *previous; /* that serves; NULL: none does */
	struct arena *arena;         /* the conf's */
	struct arena *scratch;       /* trees and what else only reading needs */
	struct err *err;
	const struct conf_source *source;
	struct names datacenters, probes, maps, keys;
	uint8_t known_countries[26 * 26 / 8 + 1]; /* by letters */
	bool knows_countries;
};

struct option;
typedef bool option_read(struct reader *reader, const struct yaml *value, const struct option *option, void *field);

/* A row of a table of options: what may stand in a mapping. */
struct option {
	const char *key;
	option_read *read;
	size_t offset;            /* of the field in the struct that is filled */
	int64_t min, max;         /* for numbers and durations */
	const char *const *words; /* for read_word: NULL at the end; the field gets the index */
};

/* Reads a mapping by its table into `into`; an unknown key is an error. `what` names it in messages: "a probe". False
 * if it is no mapping. */
bool options_read(struct reader *reader, const struct yaml *mapping, const char *what, const struct option *options,
        size_t count, void *into);

#define OPTIONS(table) table, sizeof(table) / sizeof *(table)

/* Adds an error or warning at a node. */
void reader_error(struct reader *reader, const struct yaml *at, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
void reader_warn(struct reader *reader, const struct yaml *at, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
struct place reader_place(const struct yaml *node);
/* "; did you mean 'x'?" or "" (in scratch). */
const char *reader_near(struct reader *reader, const char *word, const char *const *words, size_t count);
/* "'interval'" for the value of that key, "an entry of 'command'" for what is in a list below it (in scratch). */
const char *reader_subject(struct reader *reader, const struct yaml *node);

/* Whether a value is of that kind; else an error that says what was expected ("a list of prefixes"). Silent for
 * YAML_REFUSED. */
bool expect_scalar(struct reader *reader, const struct yaml *value, const char *expected);
bool expect_list(struct reader *reader, const struct yaml *value, const char *expected);
bool expect_mapping(struct reader *reader, const struct yaml *value, const char *expected);
bool is_word(const struct yaml *value, const char *word);

/* Names; names_new makes room for `room`. names_add: false and an error if it is there ("what" as "data center"), or if
 * it is no fit name. names_find: its index, or NO_INDEX and an error with the near name. */
void names_new(struct reader *reader, struct names *names, uint32_t room);
void names_free(struct names *names);
bool names_add(struct reader *reader, struct names *names, const struct yaml *value, const char *what);
uint32_t names_find(
        struct reader *reader, const struct names *names, const struct yaml *value, const char *text, const char *what);

/* One kind of value each. The field is: */
option_read read_flag;         /* bool: on, off */
option_read read_text;         /* const char *: any text but "" */
option_read read_text_or_none; /* const char *: `none` is NULL; at most `max` bytes */
option_read read_path;         /* const char *: relative to the file */
option_read read_u8;           /* uint8_t, uint16_t, unsigned: a whole number within min..max */
option_read read_u16;
option_read read_unsigned;
option_read read_duration; /* nanotime within min..max */
option_read read_size;     /* uint64_t within min..max */
option_read read_percent;  /* uint8_t */
option_read read_word;     /* int-sized enum */
option_read read_texts;    /* const char *const *: a list of texts, NULL at the end */
option_read read_later;    /* nothing: another pass reads it */

/* Not for tables. */
bool read_decimal(
        struct reader *reader, const struct yaml *value, const char *what, double min, double max, double *number);
bool read_prefix(struct reader *reader, const struct yaml *value, struct prefix *prefix);
/* A v4-mapped, NAT64 or 6to4 prefix becomes the IPv4 prefix that is looked up in its place; false for a part of 6to4
 * that has none. */
bool prefix_canonical(struct prefix *prefix);
/* A list of prefixes, each once, in the conf's arena. */
bool read_prefixes(struct reader *reader, const struct yaml *value, const struct prefix **prefixes, uint32_t *count);
bool read_endpoint(struct reader *reader, const struct yaml *value, uint16_t port, struct endpoint *endpoint);
/* A domain name in lower case, wire form, in the conf's arena; NULL and an error. */
const uint8_t *read_name(struct reader *reader, const struct yaml *value, bool lower);

/* The parts, each in its file. */
/* conf_server.c: meridian.yaml; `root` NULL: all defaults. Sets what is read by others: NULL where not given. */
void conf_server_read(
        struct reader *reader, const struct yaml *root, const struct yaml **zones, const struct yaml **geo);
option_read read_cookies, read_rate_limit;                             /* conf_access.c */
void conf_keys_read(struct reader *reader, const struct yaml *value);  /* conf_access.c */
option_read read_transfer, read_notify;                                /* conf_access.c: into a struct conf_zone */
void conf_zones_read(struct reader *reader, const struct yaml *value); /* conf_zones.c; value NULL: not given */
void conf_geo_read(struct reader *reader, const struct yaml *value);   /* conf_geo.c; value NULL: not given */
void conf_probe_read(struct reader *reader, const struct yaml *value, struct probe_spec *probe); /* conf_probe.c */
/* conf_probe_dns.c: into a probe_question; then the probe as a whole. */
option_read read_question_name, read_question_type;
void conf_question_check(struct reader *reader, const struct yaml *value, struct probe_spec *probe);
/* conf_probe_parts.c: into a probe_spec; is it made of others (its errors were told then); all probes, when each is
 * read. */
option_read read_parts;
bool conf_parts_check(struct reader *reader, const struct yaml *value, struct probe_spec *probe);
void conf_parts_read(struct reader *reader, struct probe_spec *probes);
void conf_map_read(struct reader *reader, const struct yaml *value, struct map_rules *map); /* conf_map.c */
void conf_service_read(
        struct reader *reader, const struct yaml *value, struct conf_service *service); /* conf_service.c */
/* conf_policy.c: into a struct follow, a struct policy, a struct agree, a struct condition; then the service as a
 * whole, its pools known. */
option_read read_follow, read_need, read_agree, read_condition;
void conf_policy_check(struct reader *reader, const struct yaml *value, struct conf_service *service);
/* conf_members.c: what stands in the file of `{ from: PATH }`, as a list; NULL and an error. And lines of text as such
 * a list. */
const struct yaml *conf_members_load(struct reader *reader, const struct yaml *value);
const struct yaml *conf_members_lines(struct reader *reader, const char *path, const char *text, size_t size);
/* conf_source.c: `{ from: URL }`. Its members, once the service's names are known, as they were last told. */
bool conf_is_url(const char *text);
struct member_source *conf_source_read(struct reader *reader, const struct yaml *value);
void conf_source_fill(
        struct reader *reader, const struct yaml *value, const struct conf_service *service, struct conf_pool *pool);
/* conf_probe.c: a text for a line of a request; a path into JSON; a host, headers. */
bool check_line(struct reader *reader, const struct yaml *value, bool spaces);
bool check_field(struct reader *reader, const struct yaml *value);
option_read read_host, read_headers;
/* conf_pool.c: members as a list has them, into an empty pool. */
void conf_pool_fill(struct reader *reader, const struct yaml *list, struct conf_pool *pool);
/* conf_pool.c: the pools of a service whose map is known; `names` are the names of the pools, in the order of
 * service->pools. */
void conf_pools_read(struct reader *reader, const struct yaml *value, struct conf_service *service, uint32_t probe,
        struct names *names);

/* conf_read_after on another source than the disk. */
struct conf *conf_read_from(
        const struct conf_source *source, const char *path, const struct conf *previous, struct err *err);
/* Reads and parses a file: its tree in scratch, its text in the conf's arena; NULL if there is nothing to read from it.
 */
const struct yaml *conf_load(struct reader *reader, const char *path, const struct err_at *at);

#endif
