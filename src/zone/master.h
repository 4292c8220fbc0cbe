/*
 * master.h: master files (RFC 1035 5.1) into a draft: directives, owners, TTLs, classes, types.
 *
 * zone.c calls it once a load. Builder thread.
 */
#ifndef MERIDIAN_ZONE_MASTER_H
#define MERIDIAN_ZONE_MASTER_H

#include "zone/draft.h"
#include "zone/rdata.h"

struct master {
	struct draft *draft;
	struct sources *sources;
	struct err *err;
	uint32_t default_ttl, last_ttl; /* $TTL's, and the last that a record stated */
	bool has_default, has_last;
	bool broken_soa, broken_ns; /* one was there, but had an error: that one is not missing */
	uint32_t owner;             /* the current owner, DRAFT_NONE if it is not known or was wrong */
	bool owner_wrong;           /* it was wrong, and that has been said */
	struct rdata rdata;
};

/* Reads source `index` and what it includes. */
void master_read(struct master *master, uint32_t index);

#endif
