/*
 * draft.h: a zone being gathered: names as they come, and a log of their records.
 *
 * A million records are gathered in memory that is little more than what the
 * finished zone takes: a name's draft and its node share one cell, and the log
 * is freed piece by piece while build.c makes sets of it. Builder thread.
 */
#ifndef MERIDIAN_ZONE_DRAFT_H
#define MERIDIAN_ZONE_DRAFT_H

#include "zone/source.h"
#include "zone/zone.h"

/* A record as it was read. */
struct record {
	struct record *next; /* of the same name, in file order */
	uint32_t offset;     /* of its type in the source */
	uint16_t source;     /* index */
	uint16_t type;
	uint8_t wire[]; /* TYPE CLASS TTL RDLENGTH RDATA */
};

/* A name that is being gathered. */
struct name_draft {
	const uint8_t *name;
	uint64_t hash;
	struct record *first, *last;
	uint32_t parent;   /* index; always less than its own */
	uint32_t wildcard; /* index of its child `*`, or 0 */
	uint8_t length;
};

union cell {
	struct name_draft draft;
	struct node node;
};

struct piece_of_log;

struct draft {
	struct arena *arena; /* names go here at once */
	uint64_t seed;
	uint8_t origin[NAME_BYTES]; /* lower case */
	uint8_t origin_length;
	union cell *cells; /* 0 is the apex */
	uint32_t count, room;
	struct node_slot *slots; /* as in struct zone */
	uint32_t mask;
	struct piece_of_log *log, *log_end; /* oldest first */
};

enum { DRAFT_NONE = UINT32_MAX };

/* An empty zone: its apex only. `origin` in wire form. */
void draft_start(struct draft *draft, struct arena *arena, const uint8_t *origin, uint64_t seed);
/* Makes room for that many names at once; a guess, which more names may exceed. */
void draft_expect(struct draft *draft, uint32_t names);
/* Gives back the room that was not needed. */
void draft_fit(struct draft *draft);
/* Frees what has not been taken; allowed at any stage. */
void draft_end(struct draft *draft);

/* The index of a name, made (and its ancestors up to the apex) if it is new; DRAFT_NONE: out of the zone. */
uint32_t draft_name(struct draft *draft, const uint8_t *name);
/* Appends a record at a name. */
void draft_add(struct draft *draft, uint32_t index, uint16_t type, uint32_t ttl, const uint8_t *rdata, uint16_t size,
        uint16_t source, uint32_t offset);
/* Frees the log up to the record that is the oldest still wanted (NULL: all of it). */
void draft_forget(struct draft *draft, const struct record *oldest);

#endif
