/*
 * report.h: the server's state as JSON, for meridianctl and its --json.
 *
 * The shapes are those of src/control/README.md. Each call returns a new object that the caller owns. Control
 * thread, or offline (report_explanation, report_plan).
 */
#ifndef MERIDIAN_MAIN_REPORT_H
#define MERIDIAN_MAIN_REPORT_H

#include <jansson.h>

#include "answer/explain.h"
#include "main/daemon.h"

json_t *report_status(const struct daemon *daemon);
json_t *report_health(const struct live *live);
json_t *report_explanation(
        const struct live *live, const struct explain_question *question, const struct explanation *explanation);

struct plan; /* snap/plan.h */
json_t *report_plan(const struct plan *plan);
struct whatif; /* snap/whatif.h */
struct whatif_question;
json_t *report_whatif(const struct whatif *whatif, const struct whatif_question *question);

/* The names of the data centers that are drained. */
json_t *report_drained(const struct board *board);
/* Every data center: {name, state, reason, since, until, serving_to, load, spilled}; reason to serving_to where it is
 * drained; load null where it is not known. */
json_t *report_datacenters(const struct board *board);
/* What people said over the probes: {what, name, reason, since, until}. */
json_t *report_overrides(const struct board *board);
/* What of services deserves a look: {service, pool, text}. */
json_t *report_remarks(const struct board *board);
/* A wall time as seconds since 1970; null for 0. */
json_t *report_time(nanotime wall);
/* "up", "down", "unknown". */
const char *report_verdict(enum verdict verdict);
/* What a pool's state means, in words. */
const char *report_reason(enum pool_reason reason);
/* The same as one word. */
const char *report_code(enum pool_reason reason);

#endif
