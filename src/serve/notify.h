/*
 * notify.h: tells secondaries that a zone has changed (RFC 1996), signed where there is a key (RFC 8945).
 *
 * Main gives one notify for each zone and target; what is pending for the same pair is replaced. Each is sent up to
 * NOTIFY_TRIES times, with waits that double, until an answer comes that is proven; the last word is one line in the
 * log. However many are pending, only a few are sent at a time. Control thread, on its loop; never on the way of
 * anything else: what cannot be sent at once counts as lost.
 */
#ifndef MERIDIAN_SERVE_NOTIFY_H
#define MERIDIAN_SERVE_NOTIFY_H

#include <uv.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/counters.h"
#include "sign/tsig.h"
#include "wire/rrset.h"

enum {
	NOTIFY_TRIES = 5,
	NOTIFY_PENDING_MAX = 100000, /* more are not kept, and counted as failed */
};

struct notifier;

struct notifier_options {
	uv_loop_t *loop;
	const struct endpoint *listen; /* a target is told from the first address of its family that can reach it, since
	                                  secondaries compare it with the one they know; borrowed for the call */
	uint32_t listen_count;
	nanotime wait; /* from the first try to the second; 0: two seconds */
};

/* Everything is copied. */
struct notify {
	const uint8_t *zone; /* wire form, lower case */
	const struct rrset *soa;
	uint32_t serial;
	struct endpoint to;
	const struct tsig_key *key; /* NULL: not signed */
};

struct notifier *notifier_new(const struct notifier_options *options);
/* Puts it in line. */
void notifier_send(struct notifier *notifier, const struct notify *notify);
/* Forgets what is pending; frees once the loop has closed its handles. NULL is allowed. */
void notifier_free(struct notifier *notifier);
/* NOTIFIES_* alone are counted. */
const struct counters *notifier_counters(const struct notifier *notifier);

#endif
