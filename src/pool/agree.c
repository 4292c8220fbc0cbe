/*
 * agree.c: data centers whose service reports another version than most: a deployment that is half done.
 *
 * Called by policy.c with everything that was read. Most is more than half of
 * the pools that are up and were asked; where no version has that many, nobody
 * can say who is wrong, and nobody is left out. Leaving out is automation, so
 * `keep` and `brake` bound it. A freeze keeps what was before.
 */
#include <stdio.h>
#include <string.h>

#include "pool/board_inside.h"

#define MIXED "\1" /* the members of a pool do not agree among themselves */

static uint64_t bit(unsigned pool)
{
	return UINT64_C(1) << pool;
}

static const struct service *service_of(const struct board *board, const struct policy_state *state)
{
	return &board->steering->services[state->service];
}

/* ---- what is said ---- */

/* Texts, of which more than half may be the same (Boyer and Moore's vote). */
struct vote {
	const char *text;
	uint32_t lead, count;
};

static void cast(struct vote *vote, const char *text)
{
	vote->count++;
	if (!vote->lead)
		vote->text = text;
	vote->lead += vote->text == text || !strcmp(vote->text, text) ? 1 : UINT32_MAX;
}

/* What a target says; NULL: it is not up, or was never asked. "": it is up, and does not say. */
static const char *said_by(const struct board *board, const char *field, uint32_t target)
{
	if (target == NO_INDEX || !board->up[target] || board->targets[target].verdict != VERDICT_UP)
		return NULL;
	const struct reading *reading = reading_of(board, target, field);
	return reading ? reading->text : "";
}

static uint32_t member_at(const struct pool *pool, uint32_t i)
{
	if (pool->cname)
		return pool->cname_target;
	unsigned family = i < pool->of[FAMILY_V4].count ? FAMILY_V4 : FAMILY_V6;
	return pool->of[family].list[family == FAMILY_V4 ? i : i - pool->of[FAMILY_V4].count].target;
}

/* What more than half of a pool's members say; MIXED: nothing; NULL: nobody there was asked. */
static const char *said_in(const struct board *board, const char *field, const struct pool *pool)
{
	uint32_t count = pool->cname ? 1 : pool->of[FAMILY_V4].count + pool->of[FAMILY_V6].count, same = 0;
	struct vote vote = {.count = 0};
	const char *text;
	for (uint32_t i = 0; i < count; i++)
		if ((text = said_by(board, field, member_at(pool, i))))
			cast(&vote, text);
	if (!vote.count)
		return NULL;
	for (uint32_t i = 0; i < count; i++)
		same += (text = said_by(board, field, member_at(pool, i))) && !strcmp(text, vote.text);
	return same * 2 > vote.count ? vote.text : MIXED;
}

/* What each pool says, and what most of them do; NULL: no version has more than half. */
static const char *hear(const struct board *board, const struct service *service, const char *said[POOLS_MAX])
{
	struct vote vote = {.count = 0};
	uint32_t same = 0;
	for (unsigned i = 0; i < service->pool_count; i++)
		if ((said[i] = said_in(board, service->policy->agree.field, &service->pools[i])))
			cast(&vote, said[i]);
	for (unsigned i = 0; i < service->pool_count; i++)
		same += said[i] && !strcmp(said[i], vote.text);
	return vote.count && same * 2 > vote.count && strcmp(vote.text, MIXED) != 0 ? vote.text : NULL;
}

/* ---- who is left out ---- */

static unsigned least(const struct board *board)
{
	return board->steering->safety.keep > 1 ? board->steering->safety.keep : 1;
}

static bool brakes(const struct board *board, const struct pool *pool, nanotime now)
{
	const struct safety *safety = &board->steering->safety;
	return safety->brake && !board->first && !board->quiet && pool->datacenter != NO_INDEX &&
	       datacenters_lost_lately(board, pool->datacenter, now) >= safety->brake;
}

static void leave_out(struct board *board, struct policy_state *state, uint64_t speaking, nanotime now)
{
	const struct service *service = service_of(board, state);
	uint64_t in = speaking;
	for (unsigned i = 0; i < service->pool_count; i++)
		if (board_bit_drained(board, &service->pools[i]))
			in &= ~bit(i);
	state->out &= state->odd;
	state->braked &= board->steering->safety.brake ? state->odd : 0;
	while ((unsigned)__builtin_popcountll(in & ~state->out) < least(board) && in & state->out)
		state->out &= ~(in & state->out & -(in & state->out));
	for (unsigned i = 0; i < service->pool_count; i++) {
		const struct pool *pool = &service->pools[i];
		if (!(in & state->odd & ~state->out & ~state->braked & bit(i)))
			continue;
		if (brakes(board, pool, now)) {
			state->braked |= bit(i);
		} else if ((unsigned)__builtin_popcountll(in & ~state->out) > least(board)) {
			state->out |= bit(i);
			if (pool->datacenter != NO_INDEX && !board->first && !board->quiet)
				board->datacenters[pool->datacenter].odd_at = now;
		}
	}
}

/* ---- told ---- */

/* "version 2.0", "no version" */
static void show_said(char *text, size_t room, const char *field, const char *said)
{
	if (!strcmp(said, MIXED))
		snprintf(text, room, "its members differ in their %s", field);
	else if (!*said)
		snprintf(text, room, "no %s was read", field);
	else
		snprintf(text, room, "%s %s", field, said);
}

static void tell(const struct board *board, const struct policy_state *state, const char *const *said, uint64_t was)
{
	const struct service *service = service_of(board, state);
	for (uint64_t news = was ^ state->odd; news; news &= news - 1) {
		unsigned i = (unsigned)__builtin_ctzll(news);
		const char *name = service->name, *pool = service->pools[i].name;
		char text[128];
		if (!(state->odd & bit(i))) {
			board_tell(board, EVENT(INFO, "agree", name, "agrees"), "%s: %s agrees with most data centers",
			        name, pool);
			continue;
		}
		show_said(text, sizeof text, service->policy->agree.field, said[i]);
		board_tell(board, EVENT(WARN, "agree", name, state->out & bit(i) ? "out" : "odd"),
		        "%s: %s disagrees with most data centers: %s, they say %s%s", name, pool, text, state->most,
		        state->out & bit(i)          ? "; it is left out"
		        : service->policy->agree.out ? "; it is left in, for safety"
		                                     : "");
	}
}

void agree_judge(struct board *board, struct policy_state *state, nanotime now)
{
	const struct service *service = service_of(board, state);
	const char *said[POOLS_MAX];
	uint64_t was = state->odd, speaking = 0;
	bool split = state->split;
	if (board->frozen)
		return;
	const char *most = hear(board, service, said);
	state->odd = 0;
	state->split = false;
	for (unsigned i = 0; i < service->pool_count; i++) {
		speaking |= said[i] ? bit(i) : 0;
		if (said[i] && most && strcmp(said[i], most) != 0)
			state->odd |= bit(i);
	}
	state->split = speaking && !most;
	snprintf(state->most, sizeof state->most, "%s", !most ? "" : *most ? most : "none");
	if (service->policy->agree.out)
		leave_out(board, state, speaking, now);
	tell(board, state, said, was);
	if (state->split && !split)
		board_tell(board, EVENT(WARN, "agree", service->name, "split"),
		        "%s: the data centers differ in their %s, and none is that of most", service->name,
		        service->policy->agree.field);
}

void agree_why(const struct board *board, const struct policy_state *state, unsigned pool, char *text, size_t room)
{
	const struct service *service = service_of(board, state);
	const char *field = service->policy->agree.field;
	char said[128];
	*text = 0;
	if (!field)
		return;
	const char *is = said_in(board, field, &service->pools[pool]);
	if (!is || (!state->split && !(state->odd & bit(pool))))
		return;
	show_said(said, sizeof said, field, is);
	if (state->split)
		snprintf(text, room, "%s, and none is that of most data centers", said);
	else
		snprintf(text, room, "%s, most data centers say %s%s", said, state->most,
		        state->out & bit(pool)       ? ""
		        : state->braked & bit(pool)  ? "; left in by the brake"
		        : service->policy->agree.out ? "; left in, since safety keeps it"
		                                     : "");
}
