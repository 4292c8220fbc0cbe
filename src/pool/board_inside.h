/*
 * board_inside.h: what a board is made of. Private to the room; others use board.h and pick.h.
 *
 * The road of a verdict: judge.c (results → up or down) → freeze.c → datacenters.c (who is lost, what safety keeps) →
 * render.c (what queries may choose: the atomic words). Only the words at the top are read by other threads.
 *
 * Invariants, which hold between any two stores of the writer, so that no reader finds nothing to give:
 *  - the members' words of a pool that has members are never all zero: where none is up, all are set;
 *  - `usable` of a service is 0 only where its rule for all down is nodata or servfail.
 */
#ifndef MERIDIAN_POOL_BOARD_INSIDE_H
#define MERIDIAN_POOL_BOARD_INSIDE_H

#include <stdatomic.h>

#include "pool/board.h"

/* Which pools of a service may be given, one bit each by position. The first cache line has all that most
 * queries read. */
struct service_words {
	_Alignas(64) _Atomic uint64_t usable[FAMILIES]; /* the first of these in the client's order */
	_Atomic uint64_t partial[FAMILIES]; /* usable, but only for some clients: on a ramp, or in a data center that
	                                       is nearly full */
	_Atomic uint64_t whole[FAMILIES];   /* pools that, where they are the first usable one, give all their members
	                                       to whoever asks */
	_Atomic uint32_t ttl_max;           /* no answer may be kept for longer, in seconds; UINT32_MAX: no bound */
	uint32_t weights; /* where its pools begin in `weights_at`; 0: it does not give one member. Const */
	_Atomic uint64_t some[FAMILIES];  /* not drained and with a member up: the second choice, for orders that leave
	                                     all usable ones out (`only`) */
	_Atomic uint64_t spare[FAMILIES]; /* not drained: the third choice */
};

/* The members of a pool that have one weight (weights.c). */
struct weight {
	uint64_t members; /* a bit for each */
	uint16_t weight;
	bool last; /* of the pool's */
};

/* The writer's side of a service. */
struct service_state {
	uint64_t up[FAMILIES];       /* by health alone: enough members up */
	uint64_t some[FAMILIES];     /* at least one member up */
	uint64_t held[FAMILIES];     /* up again, but failback holds it back */
	uint64_t leaving[FAMILIES];  /* down, but not left yet: fail-after */
	uint64_t last[FAMILIES];     /* what was usable when the service was last not all down */
	uint64_t fit[FAMILIES];      /* enough members up that its policy allows; without a policy: `up` */
	uint64_t fit_some[FAMILIES]; /* at least one such member */
	uint32_t first_pool;         /* of the service in the board's `pools` */
	struct policy_state *policy; /* NULL: it has none */
	uint64_t in[FAMILIES];       /* usable, and not for want of any that is up */
	uint64_t ramping[FAMILIES];
	uint64_t absent[FAMILIES]; /* out before the reload that made this board */
	uint64_t spilling;         /* pools in data centers that spill, where the service does */
	uint64_t whole[FAMILIES];  /* pools whose words say: all of the members */
	bool all_down[FAMILIES];
	nanotime soon;     /* when its answers may change at the earliest; INT64_MAX: nothing is on its way */
	nanotime soon_due; /* when `ttl_max` has to be written again; INT64_MAX: never */
};

/* What policies remember of a service. */
struct policy_state {
	uint32_t service;
	double epoch;                /* the highest that was ever followed; of any use where `has_epoch` */
	bool has_epoch;              /* somebody was followed once */
	uint32_t followed[FAMILIES]; /* targets: the last primary; NO_INDEX: none */
	bool following[FAMILIES];    /* it is the primary now */
	uint64_t odd;                /* agree.c: pools that say something else than most … */
	uint64_t out, braked;        /* … of those, who is left out, and whom the brake keeps in */
	bool split;                  /* no version is that of most */
	char most[READING_TEXT_MAX]; /* what most say */
	bool torn;                   /* several say that they are the primary, of the same epoch */
};

/* Of a pool that waits. Most never do, and what is not used of the list is never touched. */
struct pool_state {
	nanotime wait_since[FAMILIES]; /* monotonic; where held (NEVER: what failback waits for is not so) or leaving */
	nanotime ramp_since[FAMILIES]; /* monotonic; where ramping */
};

/* What the board keeps of a target beyond what it shows. There may be a million of them: few bytes each. */
struct target_extra {
	nanotime turned_at; /* monotonic, when its verdict last changed; NEVER: it had no other */
	nanotime asked_at;  /* monotonic, when its last probe began */
	nanotime soon;      /* when what it counts for may change at the earliest; INT64_MAX: it is not on its way */
};

/* A person's word over a target's verdict. */
struct force {
	nanotime until; /* monotonic; INT64_MAX: no end */
	char *reason;   /* NULL: none given */
	bool insisted;  /* down, over what safety forbids */
};

struct datacenter_state {
	bool used; /* some pool is in it */
	bool drained;
	bool lost;                /* no pool in it is up by health */
	bool kept;                /* lost, but safety.keep keeps it in */
	bool braked;              /* lost, but the brake keeps it in until it is back or drained by hand */
	char *reason;             /* of the drain; owned, NULL: none given */
	nanotime drained_at;      /* monotonic, of the drain */
	nanotime drained_until;   /* monotonic; INT64_MAX: no end */
	nanotime lost_at;         /* monotonic; NEVER */
	nanotime odd_at;          /* monotonic, when a pool in it was left out for disagreeing; NEVER */
	uint64_t lost_order;      /* the later lost, the higher */
	uint32_t pools, pools_up; /* pools in it by family; those up by health */
	uint32_t insisted;        /* targets in it that are forced down over what safety forbids */
	bool loaded;              /* some target in it reports its load */
	bool told;                /* and did so once */
	double load;              /* of its capacity; NAN: not known now */
	nanotime load_at;         /* monotonic: when it was last worked out; NEVER */
	uint32_t spill, room;     /* of SHARE_ALL: of its clients that go, of others' that it takes */
};

#define STATE_HEADER "meridian state 1" /* the first line of a state file */

#define NEVER INT64_MIN

#define EPOCH_MAX 9007199254740991.0 /* 2^53 - 1 */

/* All clients, in a share. */
#define SHARE_ALL 65536u

/* Finds the targets, or services, by name. */
struct names {
	uint32_t last;   /* that was found */
	uint32_t *slots; /* an open-addressing table: index + 1; 0: empty; NULL: it was not needed yet */
	uint32_t mask;
};

/* A text that targets share: most say the same. */
struct detail {
	uint32_t users;
	char text[];
};

struct board {
	const struct steering *steering;
	uint32_t target_count, datacenter_count; /* of it; it may be gone when the board is freed */

	/* Written by the control thread, read by all. */
	_Atomic uint64_t *words; /* members, as pools say */
	struct service_words *services;
	_Atomic uint16_t *shares; /* by pool and family: clients that may use it, of SHARE_ALL; read where `partial` */
	_Atomic uint32_t *rooms;  /* by data center: its clients that go << 16, clients of others that it refuses */

	/* Const. */
	uint32_t *weights_at; /* by pool and family of services that give one member: its first of `weights`, 0: none */
	struct weight *weights;
	uint32_t weight_count;

	/* The control thread's own. */
	struct service_state *states;
	uint8_t (*reasons)[FAMILIES]; /* by pool: enum pool_reason */
	struct pool_state *pools;
	struct policy_state *policies; /* of the services that have one */
	uint32_t policy_count;
	struct target_state *targets;
	struct reading *readings; /* of all targets that have any */
	struct target_extra *extras;
	uint8_t *up; /* by target: forced, frozen, verdict taken together */
	struct datacenter_state *datacenters;
	uint32_t *wholes, *wholes_at; /* targets that target t is a part of, as `users`; NULL: none is part of any */
	uint32_t *users, *users_at;   /* services of target t: users[users_at[t]] … users[users_at[t + 1] - 1] */
	uint32_t *waiting;            /* services whose pools may wait for a time */
	uint32_t waiting_count;
	uint32_t *ramped; /* services with return ramps */
	uint32_t ramped_count;
	struct load_targets *loads; /* spill.c; NULL: no probe reads a load */
	struct names *target_names, *service_names;
	struct detail *latest; /* the last that was new; it counts as a user */
	uint32_t down_count;   /* targets whose verdict is down */
	uint32_t force_count;  /* targets that are forced */
	uint64_t lost_count;   /* data centers ever lost, for lost_order */
	uint64_t version;
	nanotime offset;                      /* of wall time to monotonic time when they were last told */
	nanotime told;                        /* monotonic, when the time was last told; NEVER */
	nanotime tick_at;                     /* what board_tick last returned, or sooner */
	bool hurried;                         /* it became sooner since, or there is news */
	bool news;                            /* something changed that the state keeps, since board_news */
	uint32_t soon_targets, soon_services; /* those that are on their way */
	nanotime window;                      /* the longest time in which a loss is noticed */
	bool frozen;
	nanotime thaw_at;    /* monotonic; INT64_MAX: not before a target returns */
	nanotime log_second; /* a bound on log lines about services */
	unsigned log_lines;
	bool quiet;               /* while the board is made */
	board_listener *listener; /* NULL: nobody */
	void *listener_context;
	bool *scratch; /* one a data center, for datacenters.c */
	bool first;    /* while first results and restored ones are taken in: what is down was not lost now */
	bool by_hand;  /* while a person's word, or the freeze, changes health: failback holds nothing back */
};

/* Is it forced down over what safety forbids? */
static inline bool target_insisted(const struct target_state *state)
{
	return state->force && state->force->insisted;
}

static inline bool pool_has(const struct pool *pool, unsigned family)
{
	return pool->cname || pool->of[family].count > 0;
}

/* Has it a state that is more than what its targets say, so that it is carried over and saved? */
static inline bool service_remembers(const struct service *service)
{
	return service->failback != FAILBACK_AUTO || service->fail_after || service->all_down == ALL_DOWN_LAST ||
	       service->return_over;
}

/* May its policy leave out members that are up? */
static inline bool service_narrows(const struct service *service)
{
	return service->policy &&
	       (service->policy->follow.field || service->policy->need_count || service->policy->agree.out);
}

static inline bool board_bit_drained(const struct board *board, const struct pool *pool)
{
	return pool->datacenter != NO_INDEX && board->datacenters[pool->datacenter].drained;
}

/* compose.c: sets up, frees. */
void compose_new(struct board *board);
void compose_free(struct board *board);
bool compose_is_part(const struct board *board, uint32_t target);
/* Settles what is made of a part of which something is new: a verdict, a force, or (`result`) a result. */
void compose_follow(struct board *board, uint32_t part, bool result, nanotime now, nanotime wall);
/* The verdicts of all that are made of others, from those of the parts; tells nobody. */
void compose_all(struct board *board);
/* Lets a target count as down, and what would fall with it; or all of these as what they are. Writes `up` only. */
void compose_try(struct board *board, uint32_t target, bool down);

/* judge.c: gives a target another verdict, tells of it, and settles what follows. */
void target_turn(struct board *board, uint32_t target, enum verdict verdict, nanotime now, nanotime wall);
/* judge.c: the time, as it was told. */
void board_told(struct board *board, nanotime now, nanotime wall);
/* What a target counts for now, from verdict, force and freeze; true if that changed. */
bool target_refresh(struct board *board, uint32_t target);
/* Everything anew for one target, or for all, after a change of what they count for. */
void board_target_changed(struct board *board, uint32_t target, nanotime now);
void board_all_changed(struct board *board, nanotime now);

/* render.c: the pools of a service that are up by health; *some: those with any member up. Reads only `up`. */
uint64_t service_up(const struct board *board, uint32_t service, unsigned family, uint64_t *some);
/* Takes the targets' health into the service's state, data centers' counts and held-back pools. */
void service_judge(struct board *board, uint32_t service, nanotime now);
/* Writes what queries see. */
void service_render(struct board *board, uint32_t service, nanotime now);

/* wait.c: what returns may have to wait; `fit`: the pools that may be given now, before the state has them. */
void wait_returned(struct board *board, uint32_t service, unsigned family, uint64_t fit, nanotime now);
/* What is lost may have to be waited for; `up`: by health, before the state has it. */
void wait_lost(struct board *board, uint32_t service, unsigned family, uint64_t up, nanotime now);
/* Ends what has waited long enough; returns when the next is due, INT64_MAX: never. */
nanotime service_waits(struct board *board, uint32_t service, nanotime now);
/* When failback lets a pool in, and when one that is down is left; INT64_MAX: it does not wait, or not by time. */
nanotime failback_due(const struct board *board, uint32_t service, unsigned pool, unsigned family);
nanotime leave_due(const struct board *board, uint32_t service, unsigned pool, unsigned family);
/* What a pool that is held back lacks, if that is known. */
void wait_why(const struct board *board, uint32_t service, unsigned pool, unsigned family, char *text, size_t room);

/* policy.c: makes the states; takes over what the previous board's knew. */
void policies_new(struct board *board);
void policies_carry(struct board *board, const struct board *previous);
/* Settles what health and readings mean for a service that has a policy; before its health is judged. */
void policy_judge(struct board *board, struct policy_state *state, nanotime now);
/* Does the service's policy let this member of its pool be given? Whether it is up is another question. */
bool policy_allows(const struct board *board, uint32_t service, unsigned pool, uint32_t target);
/* Something new was read of a target, whose verdict is as it was. */
void policy_reread(struct board *board, uint32_t target, nanotime now);
/* What was last read of a target; NULL: nothing, or its probe does not read the field. */
const struct reading *reading_of(const struct board *board, uint32_t target, const char *field);

/* follow.c: who is the primary. */
void follow_judge(struct board *board, struct policy_state *state);
/* The pools in which the last primary is. */
uint64_t follow_last(const struct board *board, const struct policy_state *state, unsigned family);
/* A target that is up and says that it is the primary, of an epoch that is too low; NO_INDEX: none. */
uint32_t follow_refused(const struct board *board, const struct policy_state *state, double *epoch);
/* Could it be the number of an epoch? */
bool follow_is_epoch(double number);
/* The highest epoch is no longer known; whoever says that he is the primary next is believed. */
void follow_forget(struct policy_state *state);
/* Is it, or was it last, the primary? */
bool follow_is_last(const struct policy_state *state, uint32_t target);
/* Why a target is not the one that is followed; writes a text. */
void follow_why(const struct board *board, const struct policy_state *state, uint32_t target, char *text, size_t room);

/* agree.c: who says something else than most. */
void agree_judge(struct board *board, struct policy_state *state, nanotime now);
/* What a pool says that most do not; writes a text, "" if nothing. */
void agree_why(const struct board *board, const struct policy_state *state, unsigned pool, char *text, size_t room);

/* need.c: does what was read meet the condition? */
bool condition_met(const struct board *board, uint32_t target, const struct condition *condition);
/* "lag 7.2 s, needs < 5s" */
void condition_why(
        const struct board *board, uint32_t target, const struct condition *condition, char *text, size_t room);
/* What queries see of ramps and spill. */
void service_limit(struct board *board, uint32_t service);

/* ramp.c: `in` of a family is now this; starts ramps of what returned, ends those of what went. `up`: by health. */
void ramp_judge(struct board *board, uint32_t service, unsigned family, uint64_t in, uint64_t returned, nanotime now);
/* Takes a ramp over that began at `since` and had come to `share` (0: not known, the next ramps_tick tells). */
void ramp_carry(struct board *board, uint32_t service, unsigned pool, unsigned family, nanotime since, uint16_t share);
/* Of SHARE_ALL; 0: on no ramp. */
uint16_t ramp_share(const struct board *board, uint32_t service, unsigned pool, unsigned family);
/* When a pool that is on a ramp takes its next clients. */
nanotime ramp_due(const struct board *board, uint32_t service, unsigned pool, unsigned family, nanotime now);
/* Moves all ramps on; returns when next, INT64_MAX: never. */
nanotime ramps_tick(struct board *board, nanotime now);
/* Sets up, and frees. */
void ramps_new(struct board *board, uint32_t pool_count);
void ramps_free(struct board *board);

/* soon.c: anew for all targets, without their services. */
void soon_targets(struct board *board);
/* A target was asked, or forced. */
void soon_target(struct board *board, uint32_t target, nanotime now);
/* Something of the service has changed. */
void soon_judge(struct board *board, uint32_t service, nanotime now);
/* Time has gone on; returns when next, INT64_MAX: never. */
nanotime soon_tick(struct board *board, nanotime now);

/* spill.c: a target has reported. */
void spill_report(struct board *board, uint32_t target, nanotime now);
/* Sets up, with what `previous` (may be NULL) knew of the data centers; frees. */
void spill_new(struct board *board, const struct board *previous);
void spill_free(struct board *board);
/* Writes the rooms and `spilling` of all services anew, after a restore. */
void spill_render(struct board *board);

/* datacenters.c: who is lost, kept, braked; true if what services may use has changed. */
bool datacenters_judge(struct board *board, nanotime now);
/* Data centers but `except` that were lost, or left out for disagreeing, within the brake's time. */
unsigned datacenters_lost_lately(const struct board *board, uint32_t except, nanotime now);
/* Data centers in use: not drained, and not lost or kept in; without `without` (NO_INDEX: none). */
unsigned datacenters_in(const struct board *board, uint32_t without);
/* Counts again which data centers have targets that were forced down over safety. */
void datacenters_insisted(struct board *board);
/* How many would be left in if `target` counted as down. */
unsigned datacenters_in_without_target(struct board *board, uint32_t target);

/* tell.c: logs an event and tells it to the listener; but while the board is quiet. `event->text` is not looked at. */
void board_tell(const struct board *board, const struct event *event, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
#define EVENT(level, ...) (&(struct event){LOG_LEVEL_##level, __VA_ARGS__})

/* keep.c: pools of a service, of those that are not drained (`spare`), that safety keeps in beside those that are well.
 */
uint64_t keep_pools(const struct board *board, uint32_t service, uint64_t well, uint64_t spare);
struct shortage {
	unsigned left, least; /* data centers in use, and how many there should be */
};
/* Would the service be left too few, were a data center drained and a target down (NO_INDEX: none)? */
bool keep_short(struct board *board, uint32_t service, uint32_t datacenter, uint32_t target, struct shortage *shortage);

/* override.c: the target is forced so, with a copy of *force; VERDICT_UNKNOWN: no longer. Settles nothing. */
void force_put(struct board *board, uint32_t target, enum verdict verdict, const struct force *force);
/* override.c: ends the overrides whose time is over; returns when the next is due, INT64_MAX: never. */
nanotime overrides_expire(struct board *board, nanotime now);

/* freeze.c: called when a verdict was changed; true if what targets count for has changed. */
bool freeze_check(struct board *board, nanotime now);
/* At thaw_at; true if it thawed. */
bool freeze_thaw(struct board *board, nanotime now);

/* carry.c: takes over what `previous` knew of what still has its name. */
void board_carry(struct board *board, const struct board *previous);

/* board.c: sets the words of all of them. */
void members_fill(struct board *board, const struct members *members);
/* board.c: NO_INDEX if there is none. */
uint32_t board_find_target(const struct board *board, const char *name);
uint32_t board_find_service(const struct board *board, const char *name);
uint32_t board_find_datacenter(const struct board *board, const char *name);
uint32_t service_find_pool(const struct service *service, const char *name);
/* The detail of a target's last result becomes this, made fit to be shown. */
void board_detail(struct board *board, struct target_state *state, const char *text);
/* Takes a copy of `reason`, made fit to be shown, in place of *slot. */
void board_reason(char **slot, const char *reason);

#endif
