/*
 * policy.h: what a service asks of its members beyond being up, by what their probes read of them.
 *
 * Part of service.h; const data, made by snap's compiler. follow.c, need.c and agree.c put it into practice.
 */
#ifndef MERIDIAN_POOL_POLICY_H
#define MERIDIAN_POOL_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

/* The one writer of a database: who says the role, with the highest epoch. */
struct follow {
	const char *field, *role; /* the field and its wanted text; `field` NULL: nobody is followed */
	const char *highest;      /* the field that counts epochs; NULL: there are none */
};

/* Data centers that say something else than most. */
struct agree {
	const char *field; /* NULL: nobody looks */
	bool out;          /* they are left out, as far as safety lets them */
};

enum comparison { COMPARE_LESS, COMPARE_AT_MOST, COMPARE_MORE, COMPARE_AT_LEAST, COMPARE_EQUAL, COMPARE_OTHER };

/* "lag < 5s" */
struct condition {
	const char *field; /* NULL: no condition */
	enum comparison comparison;
	bool is_number; /* `number` is compared (durations in seconds), else `text` */
	double number;
	const char *text;  /* what is compared with, as written: "5s" */
	const char *shown; /* "< 5s" */
	bool is_duration;  /* how readings are shown */
};

struct policy {
	struct follow follow;
	const struct condition *needs; /* all of them must hold */
	uint32_t need_count;
	struct agree agree;
	struct condition failback; /* what is back is let in when it meets this …; no field: no condition */
	nanotime failback_for;     /* … and has for so long */
};

#endif
