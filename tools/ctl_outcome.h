/*
 * ctl_outcome.h: an answer in the words of decision tests, for who runs them and who records them.
 */
#ifndef MERIDIAN_TOOLS_CTL_OUTCOME_H
#define MERIDIAN_TOOLS_CTL_OUTCOME_H

#include "tools/ctl_steer.h"

/* What came, as the words of a case say it. */
struct outcome {
	const char *datacenter; /* NULL: none */
	int scope, rcode;
	long ttl; /* −1: no record */
	unsigned count;
	char *data[STEER_ANSWER_MAX];
	bool more; /* than fit `data` */
};

/* Borrows from the explanation; outcome_free. */
void outcome_of(const struct explanation *explanation, struct outcome *outcome);
void outcome_free(struct outcome *outcome);

#endif
