/*
 * live.c: publishing snapshot and board as one pair under RCU.
 *
 * Called by main and the reload (publish) and by every thread that answers
 * (enter, leave). The catch: the old pair is freed on liburcu's own thread,
 * after the last reader that could see it has left.
 */
#include "snap/live.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <urcu.h>

#include "base/assert.h"
#include "pool/board.h"
#include "snap/snapshot.h"

/* ThreadSanitizer does not see what liburcu does in assembly. It is told what RCU promises, and no more: who enters
 * sees all that was done before the publishing, and what is freed was left by everyone before. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define WITH_TSAN 1
#endif
#ifdef WITH_TSAN
#include <sanitizer/tsan_interface.h>
static char published_then, left_then; /* only their addresses count */
#define HAPPENED_BEFORE(what) __tsan_release(&what)
#define HAPPENS_AFTER(what) __tsan_acquire(&what)
#else
#define HAPPENED_BEFORE(what) ((void)0)
#define HAPPENS_AFTER(what) ((void)0)
#endif

/* What is published: the pair as readers see it, and what frees it. */
struct published {
	struct live live;
	struct snapshot *snapshot;
	_Atomic unsigned holders; /* one is the source, until the grace period is over */
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

/* One holder less; the last frees. NULL is allowed. */
static void published_release(struct published *published)
{
	if (!published || atomic_fetch_sub(&published->holders, 1) > 1)
		return;
	board_free(published->live.board);
	snapshot_free(published->snapshot);
	free(published);
}

static void published_retire(struct rcu_head *head)
{
	HAPPENS_AFTER(left_then);
	/* Not caa_container_of, which casts const away. */
	published_release((struct published *)(void *)((char *)head - offsetof(struct published, head)));
}

void live_source_free(struct live_source *source)
{
	rcu_barrier();
	HAPPENS_AFTER(left_then);
	published_release(source->published);
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
	struct published *published = rcu_dereference(source->published);
	HAPPENS_AFTER(published_then);
	return &published->live;
}

void live_leave(void)
{
	HAPPENED_BEFORE(left_then);
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
	*published = (struct published){.live = {snapshot, board}, .snapshot = snapshot, .holders = 1};
	HAPPENED_BEFORE(published_then);
	HAPPENED_BEFORE(left_then);
	struct published *old = rcu_xchg_pointer(&source->published, published);
	if (old)
		call_rcu(&old->head, published_retire);
}

const struct live *live_hold(struct live_source *source)
{
	if (!source->published)
		return NULL;
	atomic_fetch_add(&source->published->holders, 1);
	return &source->published->live;
}

void live_let_go(const struct live *live)
{
	/* `live` stands first in it, and was given out of one that is not const. */
	published_release((struct published *)(uintptr_t)live);
}
