/*
 * fetch.h: lists of members that are asked of URLs. All on the control thread.
 *
 * A good list that is new goes into the state folder, and a reload takes it from there; whatever else comes is told,
 * and the list that serves goes on.
 */
#ifndef MERIDIAN_MAIN_FETCH_H
#define MERIDIAN_MAIN_FETCH_H

#include <jansson.h>

#include "main/daemon.h"

struct fetch_lists *fetch_new(struct daemon *daemon);
/* The loop has ended. */
void fetch_free(struct fetch_lists *fetch);

/* After each publish, before prober_set: asks what the new configuration names. A list whose definition is unchanged
 * keeps its schedule and what is known of it. */
void fetch_published(struct fetch_lists *fetch);
/* Calls `done` once when each list was asked for, and what came was loaded; maybe at once. */
void fetch_first_round(struct fetch_lists *fetch, void (*done)(struct daemon *daemon));

/* [{from, pools: [{service, pool}], state, why, since, last_good, members}]. */
json_t *fetch_report(const struct fetch_lists *fetch);
/* Adds to a list of remarks which pools have an old list and why; `service` NULL: of all services. */
void fetch_remark(const struct fetch_lists *fetch, const char *service, json_t *remarks);
/* Metrics. */
void fetch_metrics(void *fetch, FILE *out);

#endif
