/*
 * moves.c: two tables in step, and what differs.
 *
 * Called by snap/plan.c and by the check of max-move. The tables hold no tiling any more, so it is read back out of the
 * poptrie; four million pieces take some tens of milliseconds.
 */
#include "geo/moves.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/both.h"
#include "base/hash.h"
#include "geo/strata.h"
#include "geo/table.h"

struct tiling table_tiling(const struct map_table *table, unsigned family)
{
	return poptrie_tiling(&table->clients[family], table->names);
}

uint32_t table_unknown(const struct map_table *table, unsigned family)
{
	struct addr nobody = {.family = family == GEO_V4 ? ADDR_V4 : ADDR_V6};
	nobody.bytes[0] = 127; /* loopback; 7f00:: is given to nobody either */
	const uint8_t *unknown = map_find(table, &nobody, false).order - 1;
	return (uint32_t)((size_t)(unknown - table->orders.bytes) / table->orders.stride);
}

/* An order, in common numbers. */
struct told {
	uint16_t first;
	uint64_t all; /* hash of the whole */
};

static struct told tell(const uint8_t *positions, unsigned count, const uint16_t *names)
{
	struct told told = {.first = names[positions[0]], .all = count};
	for (unsigned i = 0; i < count; i++)
		told.all = hash_mix(told.all, names[positions[i]]);
	return told;
}

/* A side as a tiling, and what each of its numbers says. */
struct walked {
	struct tiling tiling;
	struct told *told;
	uint32_t nobody; /* the order of those on whom nothing is known */
};

static struct walked walk(const struct moves_side *side, unsigned family)
{
	struct walked walked = {.nobody = 1};
	if (!side->table) {
		walked.tiling = tiling_plain(1);
		walked.told = calloc(2, sizeof *walked.told);
		MUST(walked.told);
		walked.told[1] = tell(side->order, side->count, side->names);
		return walked;
	}
	const struct order_table *orders = &side->table->orders;
	walked.nobody = table_unknown(side->table, family);
	walked.tiling = table_tiling(side->table, family);
	walked.told = calloc(orders->count, sizeof *walked.told);
	MUST(walked.told);
	for (uint32_t i = 1; i < orders->count; i++) {
		const uint8_t *order = order_get(orders, i);
		walked.told[i] = tell(order + 1, *order, side->names);
	}
	return walked;
}

static void walked_free(struct walked *walked)
{
	tiling_free(&walked->tiling);
	free(walked->told);
}

/* Weights of (from, to, place), while they are summed. */
struct sums {
	struct {
		uint64_t key; /* 0: free */
		double weight;
	} * slots;
	size_t count, mask;
};

static void sums_grow(struct sums *sums);

static void sums_add(struct sums *sums, uint64_t key, double weight)
{
	size_t at = hash_mix(0, key) & sums->mask;
	while (sums->slots[at].key && sums->slots[at].key != key)
		at = (at + 1) & sums->mask;
	sums->slots[at].weight += weight;
	if (sums->slots[at].key)
		return;
	sums->slots[at].key = key;
	if (++sums->count > sums->mask / 2)
		sums_grow(sums);
}

static void sums_grow(struct sums *sums)
{
	struct sums old = *sums;
	*sums = (struct sums){.mask = old.slots ? 2 * old.mask + 1 : 1023};
	sums->slots = calloc(sums->mask + 1, sizeof *sums->slots);
	MUST(sums->slots);
	for (size_t i = 0; old.slots && i <= old.mask; i++)
		if (old.slots[i].key)
			sums_add(sums, old.slots[i].key, old.slots[i].weight);
	free(old.slots);
}

static uint64_t key_of(unsigned from, unsigned to, unsigned place)
{
	return UINT64_C(1) << 63 | (uint64_t)from << 32 | (uint64_t)to << 16 | place;
}

static void sum_family(struct moves *moves, struct sums *sums, const struct census *census, const struct walked *before,
        const struct walked *after, unsigned family)
{
	enum { BEFORE, AFTER, FACT, NOBODY, LINE };
	struct strata strata = {.count = 0};
	const struct query_log *log = census->log;
	unsigned length;
	uint32_t ids[STRATA_MAX];
	strata_add(&strata, &before->tiling);
	strata_add(&strata, &after->tiling);
	strata_add(&strata, &census->networks[family]);
	strata_add(&strata, &census->nobody[family]);
	if (log)
		strata_add(&strata, &log->lines[family]);
	while (strata_next(&strata, &length, ids)) {
		uint32_t from = ids[BEFORE], to = ids[AFTER];
		uint32_t place = census_place(census, ids[FACT], ids[NOBODY]);
		double weight = prefix_share(length);
		if (!from || !to)
			continue; /* forms of IPv4 */
		if (log)
			weight *= log->densities[family][ids[LINE]];
		else if (!census_counts(census->known[family], place == PLACE_NOBODY, place != PLACE_UNKNOWN,
		                 from != before->nobody || to != after->nobody))
			continue;
		const struct told *old = &before->told[from], *now = &after->told[to];
		moves->weight[family] += weight;
		moves->before[family][old->first] += weight;
		moves->after[family][now->first] += weight;
		if (old->first != now->first) {
			moves->moved[family] += weight;
			if (weight > 0)
				sums_add(sums, key_of(old->first, now->first, place), weight);
		} else if (old->all != now->all) {
			moves->later[family] += weight;
		}
	}
}

static int compare_keys(const void *a, const void *b)
{
	const struct move *x = a, *y = b;
	uint64_t left = key_of(x->from, x->to, x->place), right = key_of(y->from, y->to, y->place);
	return left < right ? -1 : left > right;
}

static double size_of(const struct move *move)
{
	return move->share[GEO_V4] + move->share[GEO_V6];
}

static int compare_sizes(const void *a, const void *b)
{
	double x = size_of(a), y = size_of(b);
	return x > y ? -1 : x < y ? 1 : compare_keys(a, b);
}

static void append(struct moves *moves, const struct sums *sums, unsigned family)
{
	moves->list = realloc(moves->list, (moves->count + sums->count + 1) * sizeof *moves->list);
	MUST(moves->list);
	for (size_t i = 0; i <= sums->mask; i++) {
		uint64_t key = sums->slots[i].key;
		if (!key)
			continue;
		struct move *move = &moves->list[moves->count++];
		*move = (struct move){
		        .from = (uint16_t)(key >> 32 & 0x7fff), .to = (uint16_t)(key >> 16), .place = (uint16_t)key};
		move->share[family] = sums->slots[i].weight;
	}
}

/* Sums of both families in one list. */
static void join_families(struct moves *moves)
{
	size_t kept = 0;
	qsort(moves->list, moves->count, sizeof *moves->list, compare_keys);
	for (size_t i = 0; i < moves->count; i++) {
		if (kept && compare_keys(&moves->list[kept - 1], &moves->list[i]) == 0)
			for (unsigned family = 0; family < GEO_FAMILIES; family++)
				moves->list[kept - 1].share[family] += moves->list[i].share[family];
		else
			moves->list[kept++] = moves->list[i];
	}
	moves->count = kept;
	qsort(moves->list, moves->count, sizeof *moves->list, compare_sizes);
}

/* Weights become shares of all clients of the family. */
static void make_shares(struct moves *moves, const struct census *census, unsigned names)
{
	for (unsigned family = 0; family < GEO_FAMILIES; family++) {
		double whole = moves->weight[family];
		moves->counted[family] = whole > 0;
		double scale = whole > 0 ? 1 / whole : 0;
		moves->moved[family] *= scale;
		moves->later[family] *= scale;
		for (unsigned i = 0; i < names; i++) {
			moves->before[family][i] *= scale;
			moves->after[family][i] *= scale;
		}
		for (size_t i = 0; i < moves->count; i++)
			moves->list[i].share[family] *= scale;
		if (census->log)
			moves->weight[family] /= census->log->total;
	}
}

/* One family: it writes what is the family's own. */
struct finding {
	struct moves *moves;
	const struct census *census;
	const struct moves_side *before, *after;
	unsigned names, family;
	struct sums sums;
};

static void find_family(void *argument)
{
	struct finding *finding = argument;
	struct moves *moves = finding->moves;
	unsigned family = finding->family;
	struct walked old = walk(finding->before, family), now = walk(finding->after, family);
	sums_grow(&finding->sums);
	moves->before[family] = calloc(finding->names + 1, sizeof(double));
	moves->after[family] = calloc(finding->names + 1, sizeof(double));
	MUST(moves->before[family] && moves->after[family]);
	sum_family(moves, &finding->sums, finding->census, &old, &now, family);
	walked_free(&old);
	walked_free(&now);
}

void moves_find(struct moves *moves, const struct census *census, const struct moves_side *before,
        const struct moves_side *after, unsigned names)
{
	*moves = (struct moves){.count = 0};
	struct finding v4 = {moves, census, before, after, names, GEO_V4, {.slots = NULL}}, v6 = v4;
	v6.family = GEO_V6;
	both(census->at_once, find_family, &v4, &v6);
	append(moves, &v4.sums, GEO_V4);
	append(moves, &v6.sums, GEO_V6);
	free(v4.sums.slots);
	free(v6.sums.slots);
	join_families(moves);
	make_shares(moves, census, names);
}

void moves_free(struct moves *moves)
{
	for (unsigned family = 0; family < GEO_FAMILIES; family++) {
		free(moves->before[family]);
		free(moves->after[family]);
	}
	free(moves->list);
}
