/*
 * rank.c: among the clients of a data center, those who lose least by going to their next choice.
 *
 * Called once for each set of data centers whose services spill, after its table is built and before the databases are
 * let go. What a client loses is how much farther its second choice is than its first. All clients of one order share
 * a place, the mean of theirs by address space, since an answer's scope is that of its order: within it a hash decides.
 * Orders in which nobody lives that a database knows have the whole scale.
 */
#include <math.h>
#include <stdlib.h>

#include "base/assert.h"
#include "geo/census.h"
#include "geo/distance.h"
#include "geo/table.h"

enum { SCALE = 65536 };

/* The clients of one order. */
struct group {
	double share, loss; /* of the address space; loss: the sum by share until it is their mean, in radians */
	uint32_t order;
	uint8_t first;
};

struct ranking {
	const struct map_table *table;
	struct point *facts; /* by fact; x NAN: not located */
	struct point centers[DATACENTERS_MAX];
	bool located[DATACENTERS_MAX];
	struct group *groups; /* by order */
};

static struct point *locate_facts(const struct geodb *db)
{
	struct point *points = malloc(db->facts.count * sizeof *points);
	MUST(points);
	for (uint32_t i = 0; i < db->facts.count; i++) {
		struct geo_facts facts = geodb_complete(&db->countries, &db->facts.facts[i]);
		points[i] = facts.located ? point_of(facts.latitude, facts.longitude) : (struct point){.x = NAN};
	}
	return points;
}

static double arc(const struct point *a, const struct point *b)
{
	double chord = sqrt(point_chord2(a, b)) / 2;
	return 2 * asin(chord < 1 ? chord : 1);
}

static void count_piece(struct ranking *ranking, uint32_t order, uint32_t fact, double share)
{
	const uint8_t *places = order_get(&ranking->table->orders, order);
	const struct point *client = &ranking->facts[fact];
	if (isnan(client->x))
		return;
	struct group *group = &ranking->groups[order];
	group->share += share;
	if (places[0] < 2 || !ranking->located[places[1]] || !ranking->located[places[2]])
		group->loss += share * 4; /* farther than anywhere: they go last */
	else
		group->loss += share *
		               (arc(client, &ranking->centers[places[2]]) - arc(client, &ranking->centers[places[1]]));
}

static void count_family(struct ranking *ranking, const struct tiling *networks, unsigned family)
{
	const struct map_table *table = ranking->table;
	position at = 0;
	for (size_t i = 0; i < networks->count; i++) {
		unsigned length = piece_length(networks->pieces[i]);
		uint32_t found = piece_id(poptrie_find(&table->clients[family], (uint64_t)(at >> 64), (uint64_t)at));
		count_piece(ranking, table->names ? table->names[found] : found, piece_id(networks->pieces[i]),
		        prefix_share(length));
		at += piece_size(length);
	}
}

/* By first choice; of one, those who lose most before those who lose least. */
static int compare_groups(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->loss < y->loss || x->loss > y->loss)
		return x->loss > y->loss ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Lays the groups of one first choice, which begin at `from`, side by side; returns where the next begin. */
static uint32_t place_groups(const struct group *groups, uint32_t from, uint32_t count, struct map_place *places)
{
	double total = 0, before = 0;
	uint32_t end = from;
	for (; end < count && groups[end].first == groups[from].first; end++)
		total += groups[end].share;
	for (uint32_t i = from; i < end && total > 0; i++) {
		double start = before / total * SCALE, span = groups[i].share / total * SCALE;
		before += groups[i].share;
		if (groups[i].share > 0)
			places[groups[i].order] = (struct map_place){
			        .start = (uint16_t)(start < SCALE - 1 ? start : SCALE - 1),
			        .span = (uint16_t)(span < SCALE - 1 ? span : SCALE - 1)};
	}
	return end;
}

void map_rank(struct map *map, size_t set, const struct geodb *db, const struct datacenter *datacenters,
        const uint8_t *members, unsigned member_count)
{
	struct map_table *table = map_table_take(map, set);
	uint32_t count = table->orders.count;
	struct ranking ranking = {
	        .table = table, .facts = locate_facts(db), .groups = calloc(count, sizeof *ranking.groups)};
	table->places = malloc(count * sizeof *table->places);
	MUST(ranking.groups && table->places);
	for (unsigned i = 0; i < member_count; i++) {
		const struct datacenter *center = &datacenters[members[i]];
		ranking.located[i] = center->located;
		ranking.centers[i] = point_of(center->latitude, center->longitude);
	}
	for (unsigned family = 0; family < GEO_FAMILIES; family++)
		count_family(&ranking, &db->networks[family], family);
	for (uint32_t i = 0; i < count; i++) {
		struct group *group = &ranking.groups[i];
		group->order = i;
		group->first = order_get(&table->orders, i)[1];
		group->loss = group->share > 0 ? group->loss / group->share : 0;
		table->places[i] = (struct map_place){.start = 0, .span = SCALE - 1};
	}
	qsort(ranking.groups, count, sizeof *ranking.groups, compare_groups);
	for (uint32_t i = 0; i < count;)
		i = place_groups(ranking.groups, i, count, table->places);
	free(ranking.groups);
	free(ranking.facts);
}

struct map_place map_place(const struct map_table *table, const struct map_hit *hit)
{
	if (!table->places)
		return (struct map_place){.start = 0, .span = SCALE - 1};
	return table->places[(size_t)(hit->order - 1 - table->orders.bytes) / table->orders.stride];
}
