/*
 * shift.c: a table in step with the networks of the databases, and what each prefix weighs.
 *
 * Called by snap/whatif.c. Four million networks rest on some hundred thousand facts, and all clients of one fact are
 * equally far from a data center: so the distance is worked out once for each fact and way, not once for each network.
 */
#include "geo/shift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/both.h"
#include "geo/distance.h"
#include "geo/moves.h"
#include "geo/special.h"
#include "geo/strata.h"
#include "geo/table.h"

/* Where the clients of a fact are. */
struct spot {
	double latitude, longitude; /* NAN: not known */
};

struct shift_ground {
	const struct geodb *db;
	const struct query_log *log;
	struct spot *spots; /* by fact */
	struct tiling nobody[GEO_FAMILIES];
	bool known[GEO_FAMILIES];      /* the databases know networks of the family */
	double *weights[GEO_FAMILIES]; /* by fact, of all clients; NULL: nobody has asked yet */
};

struct shift_ground *shift_ground_new(const struct geodb *db, const struct query_log *log)
{
	struct shift_ground *ground = calloc(1, sizeof *ground);
	struct spot *spots = malloc((db->facts.count + 1) * sizeof *spots);
	MUST(ground && spots);
	for (uint32_t i = 0; i < db->facts.count; i++) {
		struct geo_facts facts = geodb_complete(&db->countries, &db->facts.facts[i]);
		spots[i] = facts.located ? (struct spot){facts.latitude, facts.longitude} : (struct spot){NAN, NAN};
	}
	*ground = (struct shift_ground){.db = db, .log = log, .spots = spots};
	for (unsigned family = 0; family < GEO_FAMILIES; family++) {
		const struct tiling *networks = &db->networks[family];
		ground->nobody[family] = special_tiling(family, 1);
		ground->known[family] = networks->count > 1 || piece_id(networks->pieces[0]);
	}
	return ground;
}

void shift_ground_free(struct shift_ground *ground)
{
	if (!ground)
		return;
	for (unsigned family = 0; family < GEO_FAMILIES; family++)
		tiling_free(&ground->nobody[family]);
	for (unsigned family = 0; family < GEO_FAMILIES; family++)
		free(ground->weights[family]);
	free(ground->spots);
	free(ground);
}

/* ---- distances ---- */

#define BIN_KM 4 /* the median is exact to this */
#define BINS (20040 / BIN_KM)

/* Weights by distance. */
struct spread {
	double bins[BINS];
	double weight, sum;
};

static void spread_add(struct spread *spread, float km, double weight)
{
	if (isnan(km))
		return;
	unsigned bin = (unsigned)km / BIN_KM;
	spread->bins[bin < BINS ? bin : BINS - 1] += weight;
	spread->weight += weight;
	spread->sum += weight * (double)km;
}

static struct shift_distance spread_end(const struct spread *spread)
{
	double half = spread->weight / 2, sum = 0;
	if (!(spread->weight > 0))
		return (struct shift_distance){NAN, NAN};
	unsigned bin = 0;
	while (bin < BINS - 1 && (sum += spread->bins[bin]) < half)
		bin++;
	return (struct shift_distance){.mean = spread->sum / spread->weight, .median = (bin + 0.5) * BIN_KM};
}

/* The way of a fact's clients that was met last, and how far both ends of it are. */
struct memo {
	float before, after;
	uint8_t from, to; /* 0 and 0 at first: asked as positions + 1 */
};

static float far(const struct spot *spot, const struct shift_question *question, unsigned place)
{
	const struct datacenter *at = place < question->count ? question->at[place] : NULL;
	if (!at || !at->located || isnan(spot->latitude))
		return NAN;
	return (float)geo_distance(spot->latitude, spot->longitude, at);
}

/* ---- the walk ---- */

enum { ORDER, FACT, NOBODY, LINE }; /* layers */

struct route {
	uint8_t from, to, then;
	double weight;
};

struct walk {
	struct shift_ground *ground;
	const struct shift_question *question;
	unsigned family;
	bool moves;           /* somebody does: then distances are measured */
	struct tiling orders; /* with a table */
	struct route *routes; /* by number of the order */
	uint32_t count;       /* of them */
	uint32_t unknown;     /* the order of those on whom nothing is known */
	struct memo *memos;   /* by fact */
	struct spread *spreads, *before[SHIFT_WHOS], *after[SHIFT_WHOS];
};

static uint8_t first_of(const uint8_t *positions, unsigned count, uint64_t usable)
{
	for (unsigned i = 0; i < count; i++)
		if (usable >> positions[i] & 1)
			return positions[i];
	return SHIFT_NOBODY;
}

static struct route route_of(const struct shift_question *question, const uint8_t *positions, unsigned count)
{
	struct route route = {.from = first_of(positions, count, question->before),
	        .to = first_of(positions, count, question->after)};
	uint64_t left = route.to == SHIFT_NOBODY ? 0 : question->after & ~(UINT64_C(1) << route.to);
	route.then = first_of(positions, count, left);
	return route;
}

static void read_orders(struct walk *walk)
{
	const struct shift_question *question = walk->question;
	if (!question->table) {
		walk->routes = calloc(2, sizeof *walk->routes);
		MUST(walk->routes);
		walk->count = 2;
		walk->routes[1] = route_of(question, question->order, question->count);
		walk->moves = walk->routes[1].from != walk->routes[1].to;
		return;
	}
	const struct order_table *orders = &question->table->orders;
	walk->orders = table_tiling(question->table, walk->family);
	walk->unknown = table_unknown(question->table, walk->family);
	walk->count = orders->count;
	walk->routes = calloc(orders->count, sizeof *walk->routes);
	MUST(walk->routes);
	for (uint32_t i = 1; i < orders->count; i++) {
		const uint8_t *order = order_get(orders, i);
		walk->routes[i] = route_of(question, order + 1, *order);
		walk->moves |= walk->routes[i].from != walk->routes[i].to;
	}
}

static void measure(struct walk *walk, const struct route *route, uint32_t fact, double weight)
{
	struct memo *memo = &walk->memos[fact];
	if (memo->from != route->from + 1 || memo->to != route->to + 1) {
		const struct spot *spot = &walk->ground->spots[fact];
		memo->from = route->from + 1;
		memo->to = route->to + 1;
		memo->before = far(spot, walk->question, route->from);
		memo->after = route->to == route->from ? memo->before : far(spot, walk->question, route->to);
	}
	spread_add(walk->before[SHIFT_ALL], memo->before, weight);
	spread_add(walk->after[SHIFT_ALL], memo->after, weight);
	if (route->from == route->to)
		return;
	spread_add(walk->before[SHIFT_MOVED], memo->before, weight);
	spread_add(walk->after[SHIFT_MOVED], memo->after, weight);
}

/* The weight of a prefix, by the log or by its size; 0: it does not count. */
static double weigh(
        const struct shift_ground *ground, unsigned family, unsigned length, const uint32_t ids[], bool ordered)
{
	if (ground->log)
		return prefix_share(length) * ground->log->densities[family][ids[LINE]];
	return census_counts(ground->known[family], ids[NOBODY], ids[FACT], ordered) ? prefix_share(length) : 0;
}

static struct strata layers_of(const struct shift_ground *ground, unsigned family, const struct tiling *orders)
{
	struct strata strata = {.count = 0};
	strata_add(&strata, orders);
	strata_add(&strata, &ground->db->networks[family]);
	strata_add(&strata, &ground->nobody[family]);
	if (ground->log)
		strata_add(&strata, &ground->log->lines[family]);
	return strata;
}

static void walk_table(struct walk *walk)
{
	struct strata strata = layers_of(walk->ground, walk->family, &walk->orders);
	unsigned length;
	uint32_t ids[STRATA_MAX];
	while (strata_next(&strata, &length, ids)) {
		if (!ids[ORDER])
			continue; /* forms of IPv4 */
		double weight = weigh(walk->ground, walk->family, length, ids, ids[ORDER] != walk->unknown);
		if (!(weight > 0))
			continue;
		walk->routes[ids[ORDER]].weight += weight;
		if (walk->moves)
			measure(walk, &walk->routes[ids[ORDER]], ids[FACT], weight);
	}
}

/* All clients by what is known of them, worked out once. */
static const double *fact_weights(struct shift_ground *ground, unsigned family)
{
	if (ground->weights[family])
		return ground->weights[family];
	double *weights = calloc(ground->db->facts.count + 1, sizeof *weights);
	struct tiling plain = tiling_plain(1);
	struct strata strata = layers_of(ground, family, &plain);
	unsigned length;
	uint32_t ids[STRATA_MAX];
	MUST(weights);
	while (strata_next(&strata, &length, ids))
		weights[ids[FACT]] += weigh(ground, family, length, ids, false);
	tiling_free(&plain);
	return ground->weights[family] = weights;
}

/* Without a table every client goes the same way. */
static void walk_facts(struct walk *walk)
{
	const double *weights = fact_weights(walk->ground, walk->family);
	struct route *route = &walk->routes[1];
	for (uint32_t fact = 0; fact < walk->ground->db->facts.count; fact++) {
		if (!(weights[fact] > 0))
			continue;
		route->weight += weights[fact];
		if (walk->moves)
			measure(walk, route, fact, weights[fact]);
	}
}

/* ---- the sums ---- */

/* The way that a route is part of, made if it is the first. Ways are few: positions, not orders. */
static struct shift_way *way_of(struct shift *shift, uint16_t *known, const struct route *route)
{
	uint16_t *at = &known[(route->from * (SHIFT_PLACES + 1) + route->to) * (SHIFT_PLACES + 1) + route->then];
	if (*at)
		return &shift->ways[*at - 1];
	if (!(shift->count & (shift->count - 1))) {
		shift->ways = realloc(shift->ways, (shift->count ? 2 * shift->count : 1) * sizeof *shift->ways);
		MUST(shift->ways);
	}
	shift->ways[shift->count++] = (struct shift_way){.from = route->from, .to = route->to, .then = route->then};
	*at = (uint16_t)shift->count;
	return &shift->ways[shift->count - 1];
}

static void take_family(struct shift *shift, uint16_t *known, const struct walk *walk)
{
	unsigned family = walk->family;
	double whole = 0;
	for (uint32_t i = 1; i < walk->count; i++)
		whole += walk->routes[i].weight;
	shift->counted[family] = whole > 0;
	shift->weight[family] = walk->ground->log ? whole / walk->ground->log->total : whole;
	for (uint32_t i = 1; i < walk->count && shift->count < UINT16_MAX; i++)
		if (walk->routes[i].weight > 0)
			way_of(shift, known, &walk->routes[i])->share[family] += walk->routes[i].weight / whole;
	for (unsigned who = 0; who < SHIFT_WHOS; who++) {
		shift->distance[family][who].before = spread_end(walk->before[who]);
		shift->distance[family][who].after = spread_end(walk->after[who]);
	}
}

/* Fills the walk of one family. */
static void walk_family(void *argument)
{
	struct walk *walk = argument;
	walk->memos = calloc(walk->ground->db->facts.count + 1, sizeof *walk->memos);
	walk->spreads = calloc(2 * SHIFT_WHOS, sizeof *walk->spreads);
	MUST(walk->spreads && walk->memos);
	for (unsigned who = 0; who < SHIFT_WHOS; who++) {
		walk->before[who] = &walk->spreads[2 * who];
		walk->after[who] = &walk->spreads[2 * who + 1];
	}
	read_orders(walk);
	if (walk->question->table)
		walk_table(walk);
	else
		walk_facts(walk);
	free(walk->memos);
	tiling_free(&walk->orders);
}

void shift_find(struct shift *shift, struct shift_ground *ground, const struct shift_question *question)
{
	size_t places = SHIFT_PLACES + 1;
	uint16_t *known = calloc(places * places * places, sizeof *known);
	struct walk walks[GEO_FAMILIES] = {{ground, question, GEO_V4}, {ground, question, GEO_V6}};
	MUST(known && question->count <= SHIFT_PLACES);
	*shift = (struct shift){.count = 0};
	both(ground->db->at_once, walk_family, &walks[GEO_V4], &walks[GEO_V6]);
	for (unsigned family = 0; family < GEO_FAMILIES; family++) {
		take_family(shift, known, &walks[family]);
		free(walks[family].routes);
		free(walks[family].spreads);
	}
	free(known);
}

void shift_free(struct shift *shift)
{
	free(shift->ways);
}
