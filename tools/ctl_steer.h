/*
 * ctl_steer.h: decision tests, read from *.steer files. One case a line, # comments:
 *   NAME [down DC…] from ADDRESS [ecs PREFIX] ask NAME TYPE [EXPECTATION…]
 * Expectations: dc DC, scope N, ttl N, rcode X, nodata, answer DATA. The words may be separated by any blanks. A case
 * without an expectation expects NOERROR.
 */
#ifndef MERIDIAN_TOOLS_CTL_STEER_H
#define MERIDIAN_TOOLS_CTL_STEER_H

#include <stddef.h>

#include "answer/explain.h"
#include "base/arena.h"
#include "base/err.h"

#define STEER_DOWN_MAX 250  /* data centers that a case takes down */
#define STEER_ANSWER_MAX 64 /* records that a case expects */

/* A word of the file and where it stands. */
struct steer_word {
	const char *text;
	struct err_at at; /* borrows from the text that was parsed */
};

struct steer_case {
	struct steer_word name;
	const struct steer_word *down;
	unsigned down_count;
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

#endif
