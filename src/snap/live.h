/*
 * live.h: the one pointer that is published, so that snapshot and board never disagree.
 *
 * Readers take it once for a batch of queries between live_enter and live_leave (RCU read side: no lock,
 * no wait). The control thread publishes; the old pair is freed after a grace period.
 */
#ifndef MERIDIAN_SNAP_LIVE_H
#define MERIDIAN_SNAP_LIVE_H

#include <stdint.h>

struct snapshot;
struct board;

struct live {
	const struct snapshot *snapshot;
	struct board *board;
};

struct live_source;

struct live_source *live_source_new(void);
/* No reader may be left. Frees the pair that is published, too. */
void live_source_free(struct live_source *source);

/* Each thread that reads, once, before its first live_enter, and at its end. */
void live_thread_start(void);
void live_thread_stop(void);

/* The pair that is published now, never NULL once one was; valid until live_leave. A reader thread. */
const struct live *live_enter(struct live_source *source);
void live_leave(void);

/* The pair as its only writer sees it (control thread). NULL: none yet. */
const struct live *live_current(struct live_source *source);
/* Publishes a new pair and takes both over; the old one is freed after a grace period, off the calling thread. Control
 * thread. */
void live_publish(struct live_source *source, struct snapshot *snapshot, struct board *board);

/* The pair that is published now, which stays until live_let_go, whatever is published meanwhile: for who looks at it
 * for long. Its snapshot may be read on any thread; its board is for the control thread, while it is published. Control
 * thread; NULL: none yet. */
const struct live *live_hold(struct live_source *source);
/* Any thread; frees the pair if it was retired meanwhile, which may take some time. */
void live_let_go(const struct live *live);

#endif
