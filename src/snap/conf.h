/*
 * conf.h: what the files say, checked but not compiled.
 *
 * conf_read reads meridian.yaml and all of geo/ and reports every error of every file in one run
 * (file:line:column, the line, a caret, "did you mean"). All of it lives in one arena. Paths are resolved
 * (relative to the file that names them). Builder thread.
 */
#ifndef MERIDIAN_SNAP_CONF_H
#define MERIDIAN_SNAP_CONF_H

#include "base/log.h"
#include "base/rate_limit.h"
#include "geo/build.h"
#include "pool/service.h"
#include "sign/tsig.h"

/* A place in a file, kept to point at later (by the compiler, by explain). */
struct place {
	const char *file;
	unsigned line, column, width;
	const char *text; /* the line */
	size_t text_length;
};

/* As err_add takes it. */
struct err_at conf_place_at(const struct place *place);

enum ecs_policy { ECS_ON, ECS_OFF, ECS_LISTED };
enum cookie_policy { COOKIES_ON, COOKIES_OFF, COOKIES_REQUIRED };

/* Who may transfer a zone (`from`; a key or none), and whom a NOTIFY goes to (`to`). */
struct conf_transfer {
	struct prefix from;
	uint32_t key; /* NO_INDEX: none */
};
struct conf_notify {
	struct endpoint to;
	uint32_t key; /* NO_INDEX: none */
};

struct conf_zone {
	const uint8_t *origin; /* wire form, lower case */
	const char *name;      /* as text */
	const char *file;
	struct place place; /* of its entry, or of `zones` */
	const struct conf_transfer *transfer;
	uint32_t transfer_count;
	const struct conf_notify *notify;
	uint32_t notify_count;
};

/* A file that members are read from, so that main can tell when it says something else. */
#define MEMBER_FILE_SEED 0x6d656d62657273u
#define MEMBER_FILE_MAX (1u << 20) /* bytes */
struct member_file {
	const char *path;
	uint64_t digest; /* hash_bytes of what was read */
	const struct member_file *next;
};

/* A URL that members are asked of, by main; one for all pools that say the same. */
#define MEMBER_LIST_SUFFIX ".members"
struct yaml;
struct member_source {
	const char *url;         /* as written */
	struct probe_spec probe; /* how it is asked; its digest tells one schedule from another */
	struct target target;    /* whom */
	const char *list;        /* where in the reply the list is; NULL: it is the reply */
	const char *address;     /* where in an entry; NULL: as a file of members has it */
	const char *weight;
	unsigned min;            /* fewer are not believed */
	uint64_t id;             /* of what is asked, not when */
	const char *path;        /* where the last good list is kept: ID.members in the state folder */
	uint64_t digest;         /* hash_bytes of what was read from there; 0: it could not be used */
	bool has_v4, has_v6;     /* families of which there are members in it */
	const struct yaml *kept; /* the same; only while conf_read runs, as is the next */
	bool looked;
	struct member_source *next;
};

/* Ways out for events; NULL: not used. */
struct conf_events {
	const char *file, *socket;
	const char *const *exec;
};

struct conf_pool_member {
	struct addr addr;
	uint16_t weight;
};

struct conf_pool {
	const char *name;
	uint32_t datacenter; /* NO_INDEX: a label */
	uint32_t probe;      /* NO_INDEX: none (always up) */
	const struct conf_pool_member *members;
	uint32_t member_count;
	struct endpoint *probed_at;   /* by member: where, if not at its address (ADDR_NONE) and the probe's port (0);
	                                       NULL: all there */
	const uint8_t *cname;         /* wire form */
	struct member_source *source; /* of its members; NULL: they stand in a file */
};

struct conf_service {
	const uint8_t *const *names; /* owners, wire form, lower case; the first is its key */
	uint32_t name_count;
	const struct place *name_places;
	uint32_t map;         /* NO_INDEX: `order` */
	const uint8_t *order; /* positions in pools */
	uint32_t order_count;
	const struct conf_pool *pools; /* under a map ascending by data center; under `order` in the file's order */
	uint32_t pool_count;
	bool names_only; /* the pools are names */
	uint16_t answer;
	bool is_sticky;
	uint8_t sticky[FAMILIES];
	uint8_t min_up;
	enum all_down all_down;
	uint8_t all_down_pool;
	enum failback failback;
	nanotime failback_after;
	nanotime fail_after;
	bool has_policy;
	struct policy policy;
	uint64_t digest;      /* of the text that defines it, comments and blanks aside */
	nanotime return_over; /* 0: at once */
	nanotime ttl_floor;
	bool spill;
	struct place place;
};

struct conf {
	struct arena *arena;
	const char *path; /* of meridian.yaml */

	/* meridian.yaml; what needs a restart to change is marked R */
	const struct endpoint *listen; /* R */
	uint32_t listen_count;
	unsigned workers; /* R; resolved: at least 1 */
	const char *const *databases;
	const struct place *database_places;
	uint32_t database_count;
	const char *countries; /* countries.tsv beside the steering files; NULL: the built-in one */
	const char *state;     /* R; folder */
	const char *control;   /* R; socket path */
	const char *user;      /* R; NULL: none given */
	struct place user_place;
	enum ecs_policy ecs;
	const struct prefix *ecs_from;
	uint32_t ecs_from_count;
	const char *nsid;     /* NULL: none */
	uint16_t udp_payload; /* bytes of a UDP reply at most */
	enum cookie_policy cookies;
	const uint8_t *cookie_secret; /* 16 bytes; NULL: one of its own, made at start */
	struct rate_limit rate_limit;
	const struct tsig_key *keys;
	uint32_t key_count;
	const struct endpoint *metrics; /* R; NULL: none */
	struct conf_events events;      /* R */
	const char *version;            /* NULL: REFUSED */
	uint64_t table_memory;
	bool strict;
	enum log_level log;

	struct conf_zone *zones;
	uint32_t zone_count;

	/* geo/ */
	const struct datacenter *datacenters;
	uint32_t datacenter_count;
	const struct probe_spec *probes;
	uint32_t probe_count;
	const struct map_rules *maps;
	uint32_t map_count;
	const struct conf_service *services;
	uint32_t service_count;
	const struct member_file *member_files;
	struct member_source *sources;
	struct safety safety;
};

/* Reads everything that `path` names. NULL if any file has an error; warnings do not count. The caller frees. */
struct conf *conf_read(const char *path, struct err *err);
/* The same for a reload: pools whose list of members cannot be read keep those of `previous` (may be NULL). */
struct conf *conf_read_after(const char *path, const struct conf *previous, struct err *err);
void conf_free(struct conf *conf);

/* Whether text would do as a file of members; what is wrong goes to `err`. How many members it has, or -1. Any thread.
 */
int members_check(const char *text, size_t size, struct err *err);

/* Where the control socket is if nothing else is said. */
#define CONF_CONTROL_PATH "/run/meridian/meridian.sock"
/* A warning if `user` is nobody on this machine, where a start as root would fail: for checks, as the account database
 * may be asked over the network. */
void conf_check_user(const struct conf *conf, struct err *err);

/* `control` alone, whatever else is wrong with the file, for who wants to reach the server; the caller frees it. Where
 * the file is no YAML at all, the line that begins with `control` counts. NULL and an error where the file cannot be
 * read, or `control` is no path. */
char *conf_control_path(const char *path, struct err *err);

#endif
