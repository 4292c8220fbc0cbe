/*
 * board.h: who is well. The only thing that changes between reloads.
 *
 * One writer: the control thread, through board_report and the overrides. Readers: every thread that
 * answers, through pick.h, by atomic words only. A query reads per service and family a word or two (which
 * pools may be chosen) and per pool its members' words; what all-down, min-up, drains, safety make of the verdicts is
 * worked out by the writer when a verdict changes, never by the query.
 */
#ifndef MERIDIAN_POOL_BOARD_H
#define MERIDIAN_POOL_BOARD_H

#include "base/err.h"
#include "base/log.h"
#include "pool/service.h"

enum verdict { VERDICT_UNKNOWN, VERDICT_UP, VERDICT_DOWN }; /* unknown counts as up */

/* One field of a probe's `read`, as the service's reply had it: role, epoch, lag, load, version … */
struct reading {
	bool known;                  /* the last good reply had the field, as a text or a number */
	bool is_number;              /* and `number` is what it says; durations are in seconds */
	double number;               /* finite */
	char text[READING_TEXT_MAX]; /* as it is shown; cut where longer */
};

/* What one probe said. */
struct result {
	bool ok;
	const char *detail; /* "200 OK", "connect: Connection refused" …: copied */
	nanotime took;
	const struct reading *readings; /* one for each field of the probe's `read`, copied; NULL: nothing was read */
};

/* What is known of a target (control thread). */
struct target_state {
	nanotime since;           /* wall time of the last change of verdict; 0: never judged */
	nanotime last;            /* wall time of the last result; 0: none yet */
	struct detail *detail;    /* see target_detail */
	struct force *force;      /* see target_reason, board_force_until; NULL: not forced */
	struct reading *readings; /* of the probe's `read`, `read_count` of them; NULL where it reads nothing; owned by
	                             the board. Those of the last result that brought some: a failure leaves them */
	uint64_t window;          /* last 64 results, newest in bit 0, 1 = ok */
	uint32_t took;            /* microseconds, of the last result; UINT32_MAX: as long or longer */
	uint8_t window_count;     /* results in it */
	uint8_t run;              /* results in a row that contradict the verdict */
	unsigned verdict : 2;     /* enum verdict */
	unsigned forced : 2;      /* enum verdict; VERDICT_UNKNOWN: not forced */

	/* The board's own. */
	unsigned provisional : 1; /* restored and out of date: the first result decides */
	unsigned frozen : 1;      /* counts as up in spite of its verdict */
	unsigned watched : 1;     /* what is read of it counts for some service */
	unsigned lost : 1;        /* its last change of verdict was one from up to down, seen by this process */
};

/* Does it count as up: the force, else the verdict; unknown counts as up. */
static inline bool target_is_up(const struct target_state *state)
{
	return (state->forced != VERDICT_UNKNOWN ? state->forced : state->verdict) != VERDICT_DOWN;
}

/* What its last result said, fit to be shown; "": nothing. */
const char *target_detail(const struct target_state *state);
/* Why it is forced; NULL: it is not, or no reason was given. */
const char *target_reason(const struct target_state *state);

/* Why a pool may or may not be chosen for a family (for explain and health). */
enum pool_reason {
	POOL_UP,
	POOL_MEMBERS_DOWN,
	POOL_UNDER_MIN_UP,
	POOL_DRAINED,
	POOL_HELD_BACK /* failback */,
	POOL_ALL_DOWN /* chosen all the same: the service's all-down rule */,
	POOL_KEPT /* safety.keep keeps it in */,
	POOL_BRAKED /* the brake keeps it in */,
	POOL_FROZEN /* down, but the freeze keeps what was before */,
	POOL_LEAVING /* down, but left only after fail-after */,
	POOL_ALL_DRAINED /* drained, as all of the service's are: it goes on being answered */,
	POOL_UNFIT /* members are up, but the service's policy (follow, need) wants others: board_why says why */
};

/* May the pool be given? */
static inline bool pool_is_usable(enum pool_reason reason)
{
	return reason == POOL_UP || (reason >= POOL_ALL_DOWN && reason <= POOL_ALL_DRAINED);
}

struct board;

/* A board for `steering`, which must outlive it, to be begun before anything else is done with it. Most of the work, so
 * that it can be done on any thread. */
struct board *board_prepare(const struct steering *steering);
/* Makes it one: verdicts, windows, overrides and held-back pools of `previous` (may be NULL) are carried over by target
 * name and data center name. Control thread (or offline); 0.1 s for a million targets. */
void board_begin(struct board *board, const struct board *previous);
/* Both. */
struct board *board_new(const struct steering *steering, const struct board *previous);
/* After a grace period only. */
void board_free(struct board *board);

/* A probe's result: judged by fall and rise (the first result of a target that was never judged decides at once);
 * writes what changes and logs one line on a change of verdict. True if the verdict changed. `now` is monotonic, `wall`
 * for people. */
bool board_report(struct board *board, uint32_t target, const struct result *result, nanotime now, nanotime wall);
/* Does something want board_tick to be called sooner than it last said, or to be saved? Until then. */
bool board_hurried(const struct board *board);
/* Did something change since the last call that the state keeps: what is given, who is followed, an epoch? Verdicts and
 * overrides are told by those who bring them. */
bool board_news(struct board *board);
/* Sets a verdict at once, as a play or a restored state does. */
void board_set(struct board *board, uint32_t target, enum verdict verdict, nanotime now, nanotime wall);
/* What only time changes (failback after …, expiries); returns when it wants to be called again (monotonic), INT64_MAX:
 * never. */
nanotime board_tick(struct board *board, nanotime now, nanotime wall);

/* Something that the board decided, or heard. Texts are borrowed for the call. */
struct event {
	enum log_level level;
	const char *what;  /* "target", "datacenter", "keep", "brake", "freeze", "service", "follow", "split-brain",
	                      "spill", "agree", "override" */
	const char *name;  /* of the target, data center, service; NULL: of all */
	const char *state; /* "up", "down", "on", "off" …; what it is now */
	bool unlogged;     /* lines about that come too fast */
	const char *text;  /* as the log has it */
};
typedef void board_listener(void *context, const struct event *event);
/* From now on `listener` is told of each event, once, on the control thread; boards that follow this one inherit it. */
void board_listen(struct board *board, board_listener *listener, void *context);

/* A person's word over the probes'. */
struct override {
	const char *reason; /* NULL or "": none given */
	nanotime over;      /* ends by itself after this time; 0: never */
	bool insist;        /* goes over what safety forbids */
};

/* "30m", from 1 s to 365 days, into how->over; false if it is no such duration. */
bool override_read_over(struct override *how, const char *text);
#define OVERRIDE_OVER "--over takes a duration from 1s to 365d, such as 30m"

/* A data center that is drained is left out of every answer, also when all others are down; only a service that has
 * pools nowhere else goes on being answered from it. The last one that serves cannot be drained, however one insists.
 * To undrain also ends what failback holds back there, at once. 1; of undrain and release 0 where there was nothing to
 * end; -1 and an error with the reason if it is refused or names nothing. */
int board_drain(struct board *board, const char *datacenter, const struct override *how, nanotime now, nanotime wall,
        struct err *err);
int board_undrain(struct board *board, const char *datacenter, nanotime now, nanotime wall, struct err *err);
int board_force(struct board *board, const char *target, enum verdict verdict, const struct override *how, nanotime now,
        nanotime wall, struct err *err);
/* Ends the force of a target; or, of the service so named, that follows a primary, the memory of the highest epoch, so
 * that the next that says it is the primary is followed, of whatever epoch. */
int board_release(struct board *board, const char *target, nanotime now, nanotime wall, struct err *err);

/* How a data center stands. Times are wall time; 0: none. */
struct datacenter_view {
	bool drained;
	const char *reason;  /* of the drain, or NULL */
	nanotime since;      /* of the drain */
	nanotime until;      /* when the drain ends by itself */
	nanotime serving_to; /* clients may still come until then (safety.linger) */
	bool lost;           /* no pool in it is up */
	bool kept;           /* lost, but safety.keep keeps it in */
	bool braked;         /* lost, but the brake keeps it in */
};
struct datacenter_view board_datacenter(const struct board *board, uint32_t datacenter);
bool board_drained(const struct board *board, uint32_t datacenter);
/* When a target's force ends by itself (wall); 0: never. */
nanotime board_force_until(const struct board *board, uint32_t target);
/* Were all targets lost at once, so that the state from before is kept (safety.freeze)? */
bool board_frozen(const struct board *board);

const struct target_state *board_target(const struct board *board, uint32_t target);
const struct steering *board_steering(const struct board *board);
/* The state of a pool by its position. */
enum pool_reason board_pool(const struct board *board, uint32_t service, unsigned pool, unsigned family);
/* Is every pool of the service down (all-down rule in force)? */
bool board_all_down(const struct board *board, uint32_t service, unsigned family);
/* What the service's policy has to say against the pool, as a text ("lag 7.2 s, needs < 5s"); "" if nothing. Returns
 * `text`. */
const char *board_why(
        const struct board *board, uint32_t service, unsigned pool, unsigned family, char *text, size_t room);

/* What the answers of the service may soon change for, and their TTL is short for: "db/192.0.2.1@80 has failed 1 of the
 * 3 times in a row after which it is down"; "" if nothing. Returns `text`. */
const char *board_ttl_why(const struct board *board, uint32_t service, char *text, size_t room);

/* What a pool says that most data centers of the service do not (agree), as a text; "" if nothing. Returns `text`. */
const char *board_odd(const struct board *board, uint32_t service, unsigned pool, char *text, size_t room);

/* Whom a service follows. */
struct primary {
	bool any, has_epoch;
	const char *target[FAMILIES]; /* the last primary's; NULL: none */
	bool now[FAMILIES];           /* it is the primary still */
	double epoch;                 /* the highest that was followed */
	bool torn;                    /* there are several of the same epoch: the last is kept */
	const char *refused;          /* nobody is followed, and this target says it is the primary, but … */
	double refused_epoch;         /* … of an epoch that is lower than `epoch`; NULL: no such target */
};
struct primary board_primary(const struct board *board, uint32_t service);
/* How far a pool has come on its return ramp, 0 to 1; 1: it is on none. */
double board_share(const struct board *board, uint32_t service, unsigned pool, unsigned family);
/* What is known of the load of a data center. */
struct load {
	double load;    /* of its capacity, 1 is full; NAN: it reports none, or not lately */
	double spilled; /* the part of its clients, 0 to 1, that is to go to their next choice */
	double room;    /* the part of the clients spilled by others that it takes, 0 to 1 */
};
struct load board_load(const struct board *board, uint32_t datacenter);
/* Counts changes of what queries see; moves with every write. */
uint64_t board_version(const struct board *board);

/* State file: verdicts, windows, overrides and what failback, brake and freeze hold, as text, one line each, versioned;
 * lines that make no sense are skipped with a warning. */
/* -1 with errno. Control thread; bounded by the number of targets. */
int board_save(const struct board *board, const char *path);
/* The same as text that the caller frees, so that another thread can write it. */
char *board_save_text(const struct board *board, size_t *size);
/* The same by and by, so that others have their turns in between: go_on writes so many targets more and, once all are
 * written (true), what else there is; a line says what was so when it was written. `board` must outlive all but take
 * and drop, which end it; NULL may be dropped. */
struct board_text;
struct board_text *board_text_begin(const struct board *board);
bool board_text_go_on(struct board_text *text, uint32_t targets);
char *board_text_take(struct board_text *text, size_t *size);
void board_text_drop(struct board_text *text);
/* Restores what names targets and data centers of this board; 0, or -1 (then all stays unknown) where there is no
 * state, with a warning where it cannot be read. A verdict whose last result is older than it takes to judge the target
 * counts until the first result, which decides. */
int board_restore(struct board *board, const char *path, nanotime now, nanotime wall, struct err *err);

#endif
