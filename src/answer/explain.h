/*
 * explain.h: why a client gets its answer: the very walk that answers, with a trace.
 *
 * For the control thread, meridianctl and decision tests; allocates nothing but is slow where it asks the databases.
 */
#ifndef MERIDIAN_ANSWER_EXPLAIN_H
#define MERIDIAN_ANSWER_EXPLAIN_H

#include "answer/trace.h"
#include "geo/build.h"
#include "snap/live.h"
#include "wire/name.h"

struct explain_question {
	uint8_t name[NAME_BYTES]; /* wire form */
	uint16_t type;
	struct addr from; /* the asker */
	bool has_subnet;
	struct prefix subnet; /* sent as ECS */
};

struct explain_candidate {
	const struct pool *pool;
	uint8_t position;
	double distance;         /* km from the client, without bias; NAN: not known */
	enum pool_reason reason; /* for the family asked */
	enum limit limit;        /* why it passes this client over, though it may be chosen */
	double share;            /* of the clients that may use it: below 1 on a return ramp */
	uint32_t up, members;    /* of that family; a pool of a name counts as one */
	bool chosen;
};

struct explanation {
	struct trace trace;
	size_t size;          /* of the reply */
	uint8_t reply[65535]; /* as it would be sent over TCP */

	/* where trace.steered */
	const struct service *service;
	bool mapped;                 /* a map decides, not a fixed order */
	const char *map;             /* its name */
	const struct map_rule *rule; /* NULL: nearest, by no rule of the file */
	struct geo_facts facts;
	unsigned candidate_count;
	struct explain_candidate candidates[POOLS_MAX]; /* in the client's order */
};

/* Asks the question and tells the story. Control thread, or offline. */
void explain(const struct live *live, const struct explain_question *question, struct explanation *explanation);

/* Writes the question as a query packet into `room` bytes, EXPLAIN_QUERY_MAX at least; returns its size. */
#define EXPLAIN_QUERY_MAX 320
size_t explain_query(const struct explain_question *question, uint8_t *out, size_t room);

/* Reads a question from words as people type them: a name, a type (NULL: A), the asker's address (NULL: none), a client
 * subnet (NULL: none; an address stands for its /24 or /56). One of the two addresses must be there. Returns NULL, or
 * what is wrong (static text). */
const char *explain_parse(
        struct explain_question *question, const char *name, const char *type, const char *from, const char *subnet);

#endif
