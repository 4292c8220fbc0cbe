/*
 * live.c: publishing snapshot and board as one pair under RCU.
 *
 * Called by main and the reload (publish) and by every thread that answers
 * (enter, leave). The catch: the old pair is freed on liburcu's own thread,
 * after the last reader that could see it has left.
 */
#include "snap/live.h"

#include <stdlib.h>
#include <urcu.h>

#include "base/assert.h"
#include "pool/board.h"
#include "snap/snapshot.h"

/* What is published: the pair as readers see it, and what frees it. */
struct published {
	struct live live;
	struct snapshot *snapshot;
	struct rcu_head head;
};

struct live_source {
	struct published *published; /* RCU */
};

struct live_source *live_source_new(void)
{
	struct live_source *source = calloc(1, sizeof *source);
	MUST(source);
	return source;
}

static void published_free(struct published *published)
{
	if (!published)
		return;
	board_free(published->live.board);
	snapshot_free(published->snapshot);
	free(published);
}

static void published_retire(struct rcu_head *head)
{
	/* Not caa_container_of, which casts const away. */
	published_free((struct published *)(void *)((char *)head - offsetof(struct published, head)));
}

void live_source_free(struct live_source *source)
{
	rcu_barrier();
	published_free(source->published);
	free(source);
}

void live_thread_start(void)
{
	rcu_register_thread();
}

void live_thread_stop(void)
{
	rcu_unregister_thread();
}

const struct live *live_enter(struct live_source *source)
{
	rcu_read_lock();
	return &rcu_dereference(source->published)->live;
}

void live_leave(void)
{
	rcu_read_unlock();
}

const struct live *live_current(struct live_source *source)
{
	return source->published ? &source->published->live : NULL;
}

void live_publish(struct live_source *source, struct snapshot *snapshot, struct board *board)
{
	struct published *published = malloc(sizeof *published);
	MUST(published);
	*published = (struct published){.live = {snapshot, board}, .snapshot = snapshot};
	struct published *old = rcu_xchg_pointer(&source->published, published);
	if (old)
		call_rcu(&old->head, published_retire);
}
