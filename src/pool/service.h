/*
 * service.h: what is steered, and between whom: services, pools, members, targets.
 *
 * Filled by snap's compiler into the snapshot's arena, const from then on. Health is not here
 * but on the board (pool/board.h), by the indexes given here.
 */
#ifndef MERIDIAN_POOL_SERVICE_H
#define MERIDIAN_POOL_SERVICE_H

#include <string.h>

#include "base/addr.h"
#include "base/clock.h"
#include "pool/policy.h"
#include "wire/rrset.h"

#define POOLS_MAX 64     /* pools of a service: one bit each in a board word */
#define MEMBERS_MAX 1024 /* members of one family in a pool */
#define WEIGHT_MAX 1000  /* of a member */
#define READINGS_MAX 8   /* fields that a probe keeps of a reply */
#define READING_TEXT_MAX 48
#define NO_INDEX UINT32_MAX

enum { FAMILY_V4 = 0, FAMILY_V6 = 1, FAMILIES = 2 }; /* index of A and AAAA */

/* How health is asked. One per probe of geo/. */
enum probe_type { PROBE_TCP, PROBE_HTTP, PROBE_HTTPS, PROBE_EXEC, PROBE_DNS, PROBE_ALL, PROBE_ANY };
#define PARTS_MAX 16 /* probes that one is made of */

/* What a probe of the type dns asks, and what it wants to hear. */
struct probe_question {
	const uint8_t *name; /* wire form, as written */
	uint16_t type;
	int rcode;                 /* that is good; with NOERROR there has to be an answer */
	bool authoritative;        /* the reply must have AA */
	bool recurse;              /* RD is set */
	bool tcp;                  /* not by UDP */
	const char *const *expect; /* each record of the answer must be one of these; in the form in which RDATA is
	                              shown, TXT as it is; NULL at the end; NULL: any will do */
};

struct probe_spec {
	const char *name;
	enum probe_type type;
	uint16_t port;
	const char *host; /* Host header and SNI; NULL: the address */
	const char *path; /* http, https: "/…" */
	uint16_t status_min, status_max;
	const char *body;               /* text that must be in the first 64 KiB; NULL: not looked at */
	const char *const *headers;     /* "Name: value" to send, NULL at the end; may be NULL */
	const char *ca;                 /* PEM file; NULL: the system's */
	bool verify;                    /* certificate's chain, name, dates */
	bool follow;                    /* redirects, at most 3, same host only */
	struct probe_question question; /* dns */
	const uint32_t *parts;          /* all, any: the probes it is made of; it is never asked itself, and has the
	                                   schedule, fall and rise of its slowest part */
	uint8_t part_count;
	uint32_t targets;           /* that it has at one address at most, with its parts */
	bool address_only;          /* it, or a part of it, cannot ask a name */
	const char *const *command; /* exec: argv with "{address}" replaced, NULL at the end */
	const char *const *read;    /* JSON fields to keep of the body, NULL at the end; may be NULL */
	uint8_t read_count;         /* at most READINGS_MAX */
	nanotime interval, timeout;
	uint16_t fall, rise; /* results in a row, 1..64 */
	nanotime dwell_up;   /* for how long at least a verdict stands that was changed to up; 0: no limit */
	nanotime dwell_down;
	uint64_t digest; /* of the definition: equal digest, same schedule over a reload */
};

/* How long it takes at most until a target is known to be down. */
static inline nanotime probe_detection(const struct probe_spec *probe)
{
	nanotime falls = probe->fall * probe->interval, dwells = probe->dwell_up + probe->interval;
	return (falls > dwells ? falls : dwells) + probe->timeout;
}

/* And until it is known to be up again. */
static inline nanotime probe_recovery(const struct probe_spec *probe)
{
	nanotime rises = probe->rise * probe->interval, dwells = probe->dwell_down + probe->interval;
	return (rises > dwells ? rises : dwells) + probe->timeout;
}

/* What is probed: one probe at one address. Members of several pools may share it. */
struct target {
	const char *name; /* "web/192.0.2.10@443": stable over reloads and restarts; what `health` and `force` name */
	uint32_t probe;   /* index of its probe_spec */
	struct endpoint endpoint;
	const char *host; /* to be resolved, for a pool of a name: then the endpoint has only a port; else NULL */
};

struct member {
	struct addr addr;
	uint16_t weight; /* 0..1000; 0: probed, but not given while others are up; some member of each family has one */
	uint32_t target; /* NO_INDEX: no probe, always up */
	uint64_t hash;   /* of the address under a constant key: the same on every server, for rendezvous hashing */
};

/* A pool's members of one family. Member i is bit i % 64 of board word `word` + i / 64. */
struct members {
	const struct member *list;
	uint32_t count;
	uint32_t word;
	struct rrset all; /* A or AAAA of all of them, wire-ready, in the order of the file */
};

struct pool {
	const char *name;    /* the data center's, or a label's under `order` */
	uint32_t datacenter; /* index; NO_INDEX: a label that is no data center */
	struct members of[FAMILIES];
	const uint8_t *cname;  /* a pool of a name: wire form, as written; then `of` is empty */
	uint32_t cname_target; /* its target; NO_INDEX: always up */
	uint32_t cname_word;   /* its board word (bit 0) */
};

enum all_down { ALL_DOWN_ALL, ALL_DOWN_LAST, ALL_DOWN_NODATA, ALL_DOWN_SERVFAIL, ALL_DOWN_POOL };
enum failback { FAILBACK_AUTO, FAILBACK_MANUAL, FAILBACK_AFTER, FAILBACK_WHEN };

struct service {
	const char *name; /* its first owner name, as text */
	const char *file; /* where it is defined */
	unsigned line;
	uint32_t map, set;        /* map of the snapshot and set in it; map NO_INDEX: `order` */
	const uint8_t *order;     /* under `order`: positions of pools, all of them */
	const struct pool *pools; /* by position; under a map ascending by data center, as the map's set is */
	uint8_t pool_count;
	bool names;               /* the pools are names (CNAME), not addresses */
	uint16_t answer;          /* members given; 0: all */
	uint8_t sticky[FAMILIES]; /* prefix lengths of the client that are hashed; 0: not sticky (for that client
	                             family) */
	bool is_sticky;
	uint8_t min_up; /* percent of a pool's members of a family that must be up; 0: one is enough */
	enum all_down all_down;
	uint8_t all_down_pool; /* position, for ALL_DOWN_POOL */
	enum failback failback;
	nanotime failback_after;
	nanotime fail_after;         /* a pool that is down is left only after this time; 0: at once */
	const struct policy *policy; /* NULL: being up is enough */
	nanotime return_over;        /* a pool that returns takes its clients back over this time; 0: at once */
	uint32_t ttl_floor;          /* seconds: no answer's TTL is made shorter than this */
	bool spill;                  /* clients of a data center that is nearly full move to their next choice */
};

/* Is there one member to be given, whom the service itself names? */
static inline bool service_follows(const struct service *service)
{
	return service->policy && service->policy->follow.field;
}

/* Without `sticky`, the prefix lengths that ramps and spill hash. */
#define HASHED_V4 24
#define HASHED_V6 56

/* The prefix length of a client of the family (of the client, not of the answer) on which an answer of this service may
 * hang, whoever is well: its least scope. 0: none is hashed. */
static inline uint8_t service_hashed(const struct service *service, unsigned family)
{
	if (service->is_sticky)
		return service->sticky[family];
	if (!service->return_over && !service->spill)
		return 0;
	return family == FAMILY_V4 ? HASHED_V4 : HASHED_V6;
}

struct safety {
	unsigned keep;      /* data centers that automation and drains leave at least */
	unsigned brake;     /* data centers that automation may take out … */
	nanotime brake_per; /* … in this time; 0: no brake */
	bool freeze;        /* all targets lost at once: keep the last state */
	nanotime linger;    /* how long clients may still come to a data center that was drained */
	nanotime promise;   /* the longest time from a failure to changed answers everywhere; 0: none is promised */
};

/* All of it: what the board is made for. */
struct steering {
	const struct service *services;
	uint32_t service_count;
	const struct target *targets;
	uint32_t target_count;
	const uint32_t *const *parts; /* by target, see target_parts; NULL: no target is made of others */
	const struct probe_spec *probes;
	uint32_t probe_count;
	const char *const *datacenters; /* names, by index */
	uint32_t datacenter_count;
	const double *capacities; /* requests/s, by data center; 0: not given; NULL: none is */
	uint32_t word_count;      /* board words that pools use */
	struct safety safety;
};

/* The targets that one is made of, `target_part_count` of them, all before it; NULL: it is asked itself. */
static inline const uint32_t *target_parts(const struct steering *steering, uint32_t target)
{
	return steering->parts ? steering->parts[target] : NULL;
}

static inline unsigned target_part_count(const struct steering *steering, uint32_t target)
{
	return target_parts(steering, target) ? steering->probes[steering->targets[target].probe].part_count : 0;
}

/* Is it a data center, or the label of some service's pool? */
static inline bool steering_has(const struct steering *steering, const char *name)
{
	for (uint32_t i = 0; i < steering->datacenter_count; i++)
		if (strcmp(steering->datacenters[i], name) == 0)
			return true;
	for (uint32_t i = 0; i < steering->service_count; i++)
		for (unsigned j = 0; j < steering->services[i].pool_count; j++)
			if (strcmp(steering->services[i].pools[j].name, name) == 0)
				return true;
	return false;
}

#endif
