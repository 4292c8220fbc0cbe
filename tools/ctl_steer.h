/*
 * ctl_steer.h: decision tests, read from *.steer files. One case a line, # comments:
 *   NAME [CONDITION…] ask NAME TYPE [EXPECTATION…]
 * Conditions: from ADDRESS, ecs PREFIX; and what happens, in its order: down DC…, up DC…, drained DC…,
 * reads DC FIELD=VALUE…, load DC=NUMBER…, after DURATION. Expectations: dc DC, scope N, ttl N, rcode X, nodata,
 * answer DATA, addresses ADDRESS,…. The words may be separated by any blanks. A case without an expectation expects
 * NOERROR. The manual is meridian-steer(5).
 */
#ifndef MERIDIAN_TOOLS_CTL_STEER_H
#define MERIDIAN_TOOLS_CTL_STEER_H

#include <stddef.h>

#include "answer/explain.h"
#include "base/arena.h"
#include "base/err.h"

#define STEER_ANSWER_MAX 64  /* records that a case expects */
#define STEER_EVENTS_MAX 250 /* things that happen in a case */

/* A word of the file and where it stands. */
struct steer_word {
	const char *text;
	struct err_at at; /* borrows from the text that was parsed */
};

/* A field of what a probe reads. */
struct steer_reading {
	const char *field, *value;
	struct err_at at;
};

enum steer_act { STEER_DOWN, STEER_UP, STEER_DRAINED, STEER_READS, STEER_AFTER };

/* What happens before the question. */
struct steer_event {
	enum steer_act act;
	struct steer_word what; /* a data center, a label of a pool, or a target; of STEER_AFTER the duration */
	const struct steer_reading *readings; /* STEER_READS */
	unsigned reading_count;
	nanotime span; /* STEER_AFTER */
};

struct steer_case {
	struct steer_word name;
	struct steer_event *events; /* in their order */
	uint32_t event_count, event_room;
	struct explain_question question;
	struct steer_word asked; /* the name in the question */

	/* what is expected; NULL or −1: not said */
	struct steer_word datacenter;
	int scope;
	long ttl;
	int rcode;
	bool nodata;
	const struct steer_word *answer;
	unsigned answer_count;
};

/* All good cases of a file, from the arena; *count of them. What is wrong goes to `err`. `text` must live as long as
 * the cases. Two cases of one name are an error. */
const struct steer_case *steer_parse(
        struct arena *arena, const char *path, const char *text, size_t size, size_t *count, struct err *err);

/* Only what happens, as `--when` has it: "down fra after 20m". The events go to `into`; false and errors. `text` must
 * live as long. */
bool steer_parse_events(struct arena *arena, const char *text, struct steer_case *into, struct err *err);

#endif
