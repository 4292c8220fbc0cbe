/*
 * pick.c: the query's part: which pool, which members. No allocation, no lock.
 *
 * A member's draw is exponential, −ln(u) / weight, and the least wins. With u
 * from a hash of (client's prefix, member) this is weighted rendezvous hashing
 * (Thaler and Ravishankar, 1998): a member that goes takes only its own share of
 * clients along. With u from a generator it is weighted drawing without putting
 * back (Efraimidis and Spirakis, 2006).
 */
#include "pool/pick.h"

#include "base/assert.h"
#include "base/hash.h"
#include "pool/board_inside.h"
#include "pool/client_hash.h"
#include "pool/limit.h"
#include "pool/score_table.h"
#include "pool/weights.h"

#define GIVEN_MAX 64

static uint64_t word_get(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_acquire);
}

/* ---- pools ---- */

static struct pick give_pool(const struct service *service, uint8_t pool, unsigned family)
{
	bool nothing = !service->names && !service->pools[pool].of[family].count;
	return (struct pick){.verdict = nothing ? PICK_NODATA : PICK_POOL, .pool = pool};
}

/* The first of the order in the set; count: none. */
static unsigned first_in(uint64_t set, const uint8_t *order, unsigned count)
{
	unsigned i = 0;
	while (i < count && !(set >> order[i] & 1))
		i++;
	return i;
}

/* No pool of the order is usable: all are down, or the order leaves out those that are not (`only`). */
static __attribute__((noinline)) struct pick pick_last(const struct service_words *words, const struct service *service,
        unsigned family, const uint8_t *order, unsigned count)
{
	if (service->all_down == ALL_DOWN_NODATA)
		return (struct pick){.verdict = PICK_NODATA, .pool = order[0]};
	if (service->all_down == ALL_DOWN_SERVFAIL)
		return (struct pick){.verdict = PICK_SERVFAIL, .pool = order[0]};
	unsigned i = count;
	if (service->all_down == ALL_DOWN_POOL)
		i = first_in(UINT64_C(1) << service->all_down_pool & word_get(&words->spare[family]), order, count);
	if (i == count)
		i = first_in(word_get(&words->some[family]), order, count);
	if (i == count)
		i = first_in(word_get(&words->spare[family]), order, count);
	return give_pool(service, order[i == count ? 0 : i], family);
}

struct pick pick_pool(const struct board *board, uint32_t index, unsigned family, const uint8_t *order, unsigned count)
{
	const struct service *service = &board->steering->services[index];
	const struct service_words *words = &board->services[index];
	MUST(count > 0);
	unsigned i = first_in(word_get(&words->usable[family]), order, count);
	if (__builtin_expect(i == count, 0))
		return pick_last(words, service, family, order, count);
	return give_pool(service, order[i], family);
}

struct pick pick_pool_for(const struct board *board, uint32_t index, unsigned family, const uint8_t *order,
        unsigned count, const struct asker *asker)
{
	const struct service *service = &board->steering->services[index];
	const struct service_words *words = &board->services[index];
	MUST(count > 0);
	uint64_t usable = word_get(&words->usable[family]), partial = word_get(&words->partial[family]);
	unsigned i = __builtin_expect(!partial, 1)
	                     ? first_in(usable, order, count)
	                     : limit_first(board, index, family, usable, partial, order, count, asker);
	if (__builtin_expect(i == count, 0))
		return pick_last(words, service, family, order, count);
	return give_pool(service, order[i], family);
}

uint32_t pick_ttl(const struct board *board, uint32_t index)
{
	return atomic_load_explicit(&board->services[index].ttl_max, memory_order_relaxed);
}

/* Nothing of the service itself is read but where its pools are: the writer of `whole` has looked at the rest. */
struct glance pick_glance(
        const struct board *board, uint32_t index, unsigned family, const uint8_t *order, unsigned count)
{
	const struct service_words *words = &board->services[index];
	struct glance glance = {.ttl_max = pick_ttl(board, index)};
	unsigned i = first_in(word_get(&words->usable[family]), order, count);
	if (i < count && word_get(&words->whole[family]) >> order[i] & 1) {
		glance.pool = order[i];
		glance.set = &board->steering->services[index].pools[glance.pool].of[family].all;
	}
	return glance;
}

/* ---- members ---- */

/* −log2(u) for u = hash / 2^64, in units of 2^-24; from 1 to 2^30. */
static uint64_t draw_cost(uint64_t hash)
{
	hash |= 1;
	unsigned zeros = (unsigned)__builtin_clzll(hash);
	uint64_t mantissa = hash << zeros << 1; /* without the leading 1 */
	unsigned row = (unsigned)(mantissa >> 56);
	uint64_t between = mantissa >> 32 & 0xffffff, step = score_table[row + 1] - score_table[row];
	uint64_t fraction = score_table[row] + (step * between >> 24);
	return (uint64_t)(zeros + 1) * SCORE_ONE - fraction + 1;
}

struct draw {
	uint64_t cost;
	uint16_t weight;
	uint16_t member;
};

/* Is a before b: a.cost / a.weight < b.cost / b.weight. */
static bool draw_before(const struct draw *a, const struct draw *b)
{
	return a->cost * b->weight < b->cost * a->weight;
}

/* Keeps the best `room`, sorted. */
static unsigned keep_best(struct draw *best, unsigned count, unsigned room, const struct draw *draw)
{
	if (count == room && !draw_before(draw, &best[count - 1]))
		return count;
	unsigned at = count == room ? count - 1 : count;
	for (; at > 0 && draw_before(draw, &best[at - 1]); at--)
		best[at] = best[at - 1];
	best[at] = *draw;
	return count == room ? count : count + 1;
}

static uint64_t random_next(uint64_t *random)
{
	*random += 0x9e3779b97f4a7c15u;
	return hash_mix(*random, 0x2545f4914f6cdd1du);
}

struct members_view {
	const struct members *members;
	uint64_t words[MEMBERS_MAX / 64];
	unsigned up;
};

static void view_members(struct members_view *view, const struct board *board, const struct members *members)
{
	view->members = members;
	view->up = 0;
	for (uint32_t i = 0; i * 64 < members->count; i++) {
		view->words[i] = word_get(&board->words[members->word + i]);
		view->up += (unsigned)__builtin_popcountll(view->words[i]);
	}
}

static void give_up_ones(struct given *given, const struct members_view *view)
{
	for (uint32_t i = 0; i * 64 < view->members->count; i++)
		for (uint64_t word = view->words[i]; word; word &= word - 1)
			given->member[given->count++] = (uint16_t)(i * 64 + (unsigned)__builtin_ctzll(word));
}

/* The luck of one member: from the hash of the client's prefix, or, where that is NULL, by chance. */
static uint64_t luck(const struct member *member, const uint64_t *hash, uint64_t *random)
{
	return hash ? hash_mix(*hash, member->hash) : random_next(random);
}

static void give_drawn(
        struct given *given, const struct members_view *view, unsigned room, const uint64_t *hash, uint64_t *random)
{
	struct draw best[GIVEN_MAX];
	unsigned count = 0;
	for (uint32_t i = 0; i * 64 < view->members->count; i++)
		for (uint64_t word = view->words[i]; word; word &= word - 1) {
			uint32_t index = i * 64 + (unsigned)__builtin_ctzll(word);
			const struct member *member = &view->members->list[index];
			struct draw draw = {draw_cost(luck(member, hash, random)), member->weight, (uint16_t)index};
			count = keep_best(best, count, room, &draw);
		}
	for (unsigned i = 0; i < count; i++)
		given->member[i] = best[i].member;
	given->count = (uint16_t)count;
}

/* The same for one of at most 64, which is what sticky services mostly are: of those of one weight, whoever has the
 * most luck has the least cost. No branch hangs on who that is, since the processor could not foresee it. */
static void give_one(struct given *given, const struct members *members, uint64_t word, const struct weight *weight,
        const uint64_t *hash, uint64_t *random)
{
	struct draw best = {.cost = 1, .weight = 0, .member = (uint16_t)__builtin_ctzll(word)}; /* before nobody */
	for (bool last = false; !last; last = weight++->last) {
		uint64_t most = 0;
		unsigned who = 0;
		for (uint64_t up = word & weight->members; up; up &= up - 1) {
			unsigned index = (unsigned)__builtin_ctzll(up);
			uint64_t its = luck(&members->list[index], hash, random) | 1;
			who = its > most ? index : who;
			most = its > most ? its : most;
		}
		struct draw draw = {draw_cost(most), weight->weight, (uint16_t)who};
		if (most && draw_before(&draw, &best))
			best = draw;
	}
	given->member[0] = best.member;
	given->count = 1;
}

/* Whatever is not settled at a glance. */
static __attribute__((noinline)) void give_some(struct given *given, const struct board *board,
        const struct members *members, unsigned answer, const uint64_t *hash, uint64_t *random)
{
	struct members_view view;
	view_members(&view, board, members);
	bool all = !hash && (!answer || answer >= view.up);
	/* None up is not what the writer leaves, but of two words one may be read before and one after a change. */
	if (!view.up || (all && view.up == members->count))
		given->set = &members->all;
	else if (all && view.up <= GIVEN_MAX)
		give_up_ones(given, &view);
	else
		give_drawn(given, &view, answer && answer < GIVEN_MAX ? answer : GIVEN_MAX, hash, random);
}

void pick_members(struct given *given, const struct board *board, uint32_t index, unsigned pool, unsigned family,
        const struct addr *client, uint64_t *random, uint8_t *hashed)
{
	const struct service *service = &board->steering->services[index];
	const struct members *members = &service->pools[pool].of[family];
	unsigned sticky = service->is_sticky ? service->sticky[client->family == ADDR_V4 ? FAMILY_V4 : FAMILY_V6] : 0;
	uint64_t word = word_get(&board->words[members->word]);
	bool few = members->count <= 64;
	given->set = NULL;
	given->count = 0;
	*hashed = (uint8_t)sticky;
	if (few && !sticky && !service->answer && word == UINT64_MAX >> (64 - members->count)) {
		given->set = &members->all;
		return;
	}
	uint64_t hash = sticky ? client_hash(client, sticky) : 0;
	const struct weight *weight = weights_get(board, index, pool, family);
	if (weight && word)
		give_one(given, members, word, weight, sticky ? &hash : NULL, random);
	else
		give_some(given, board, members, service->answer, sticky ? &hash : NULL, random);
}
