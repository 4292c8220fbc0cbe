/*
 * whatif_capacity.c: what each data center would have to bear, and which would fall next.
 *
 * Called by whatif.c. Each service counts the same, as nobody knows how many queries stand for how many requests. A
 * data center's load goes with its clients: who moves takes along its part of what was borne where it was. Who falls
 * next is who bears most; what would follow is worked out for each data center, by the next choice of its clients.
 */
#include "snap/whatif.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

/* Ways of all services together, in sites. */
struct flow {
	uint32_t from, to, then; /* NO_INDEX: no data center */
	double share;
};

struct weighing {
	struct whatif *whatif;
	const struct whatif_question *question;
	struct flow *flows;
	size_t count;
	double *rates; /* by site: what a client of it asks for, in the unit of `sizes`; before */
	double *sizes; /* by site: what it can bear; NAN: not known */
	double *after; /* by site: what it would bear */
	double *then;  /* [fails][site]: what it would bear in addition */
};

static uint32_t site_of(const struct whatif *whatif, const char *name)
{
	for (uint32_t i = 0; i < whatif->site_count; i++)
		if (strcmp(whatif->sites[i].name, name) == 0)
			return i;
	return NO_INDEX;
}

static void add_sites(struct whatif *whatif, const struct snapshot *snapshot, const struct whatif_question *question)
{
	const struct conf *conf = snapshot->conf;
	whatif->sites = arena_alloc(whatif->arena, (conf->datacenter_count + 1) * sizeof *whatif->sites);
	for (uint32_t i = 0; i <= conf->datacenter_count; i++) {
		bool added = i == conf->datacenter_count, used = false;
		const struct datacenter *datacenter = added ? question->added : &conf->datacenters[i];
		for (uint32_t j = 0; datacenter && j < whatif->group_count; j++)
			for (unsigned k = 0; k < whatif->groups[j].name_count; k++)
				used |= strcmp(whatif->groups[j].names[k], datacenter->name) == 0;
		if (!used)
			continue;
		struct whatif_site *site = &whatif->sites[whatif->site_count++];
		*site = (struct whatif_site){.name = datacenter->name,
		        .added = added,
		        .now = added ? NULL : question->state->now[i],
		        .capacity = datacenter->capacity,
		        .use = NAN,
		        .use_after = NAN,
		        .worst = NO_INDEX,
		        .worst_use = NAN};
		for (unsigned j = 0; j < question->down_count; j++)
			site->down |= strcmp(question->down[j], site->name) == 0;
	}
}

/* A way's part of all clients: by a log of both families, else of IPv4, where there are such. */
static double part_of(const struct whatif *whatif, const struct shift *shift, const struct shift_way *way)
{
	if (whatif->logged)
		return way->share[GEO_V4] * shift->weight[GEO_V4] + way->share[GEO_V6] * shift->weight[GEO_V6];
	return way->share[shift->counted[GEO_V4] ? GEO_V4 : GEO_V6];
}

static void gather_flows(struct weighing *weighing)
{
	struct whatif *whatif = weighing->whatif;
	size_t room = 0;
	double services = 0;
	for (uint32_t i = 0; i < whatif->group_count; i++) {
		room += whatif->groups[i].shift.count;
		services += whatif->groups[i].service_count;
	}
	weighing->flows = arena_alloc(whatif->arena, room * sizeof *weighing->flows);
	for (uint32_t i = 0; i < whatif->group_count; i++) {
		const struct whatif_group *group = &whatif->groups[i];
		uint32_t sites[SHIFT_PLACES + 1];
		for (unsigned j = 0; j <= SHIFT_PLACES; j++)
			sites[j] = j < group->name_count ? site_of(whatif, group->names[j]) : NO_INDEX;
		for (size_t j = 0; j < group->shift.count; j++) {
			const struct shift_way *way = &group->shift.ways[j];
			weighing->flows[weighing->count++] = (struct flow){sites[way->from], sites[way->to],
			        sites[way->then],
			        part_of(whatif, &group->shift, way) * group->service_count / services};
		}
	}
	for (size_t i = 0; i < weighing->count; i++) {
		const struct flow *flow = &weighing->flows[i];
		if (flow->from != NO_INDEX)
			whatif->sites[flow->from].before += flow->share;
		if (flow->to != NO_INDEX)
			whatif->sites[flow->to].after += flow->share;
	}
}

/* ---- the measure ---- */

static double load_of(const struct weighing *weighing, const struct snapshot *snapshot, const char *name)
{
	for (uint32_t i = 0; i < snapshot->steering.datacenter_count; i++)
		if (strcmp(snapshot->steering.datacenters[i], name) == 0)
			return weighing->question->state->loads[i];
	return NAN;
}

/* By the loads that are reported: false if there are none. Whose load is not known has as much to do for a client as
 * the others on the average. */
static bool measure_by_load(struct weighing *weighing, const struct snapshot *snapshot, bool sized)
{
	struct whatif *whatif = weighing->whatif;
	double known = 0, share = 0;
	for (uint32_t i = 0; i < whatif->site_count; i++) {
		struct whatif_site *site = &whatif->sites[i];
		double load = load_of(weighing, snapshot, site->name);
		weighing->sizes[i] = !sized ? 1 : site->capacity > 0 ? site->capacity : NAN;
		weighing->rates[i] = load * weighing->sizes[i] / site->before;
		site->use = load;
		if (isnan(load * weighing->sizes[i]) || !(site->before > 0))
			continue;
		known += load * weighing->sizes[i];
		share += site->before;
	}
	for (uint32_t i = 0; i < whatif->site_count; i++)
		if (!isfinite(weighing->rates[i]))
			weighing->rates[i] = known / share;
	return share > 0;
}

/* By capacities alone: the part of the clients against the part of all capacity. */
static void measure_by_capacity(struct weighing *weighing)
{
	struct whatif *whatif = weighing->whatif;
	double all = 0;
	for (uint32_t i = 0; i < whatif->site_count; i++)
		if (!whatif->sites[i].added)
			all += whatif->sites[i].capacity;
	for (uint32_t i = 0; i < whatif->site_count; i++) {
		struct whatif_site *site = &whatif->sites[i];
		weighing->sizes[i] = site->capacity > 0 ? site->capacity / all : NAN;
		weighing->rates[i] = 1;
		site->use = site->before / weighing->sizes[i];
	}
}

static void measure_by_growth(struct weighing *weighing)
{
	struct whatif *whatif = weighing->whatif;
	for (uint32_t i = 0; i < whatif->site_count; i++) {
		struct whatif_site *site = &whatif->sites[i];
		weighing->sizes[i] = site->before > 0 ? site->before : NAN;
		weighing->rates[i] = 1;
		site->use = site->before > 0 ? 1 : NAN;
	}
}

static enum whatif_basis measure(struct weighing *weighing, const struct snapshot *snapshot)
{
	const struct whatif *whatif = weighing->whatif;
	bool sized = false;
	for (uint32_t i = 0; i < whatif->site_count; i++)
		sized |= whatif->sites[i].capacity > 0;
	if (measure_by_load(weighing, snapshot, sized))
		return WHATIF_BY_LOAD;
	if (sized) {
		measure_by_capacity(weighing);
		return WHATIF_BY_CAPACITY;
	}
	measure_by_growth(weighing);
	return WHATIF_BY_GROWTH;
}

/* ---- what follows ---- */

static void follow_flows(struct weighing *weighing)
{
	size_t count = weighing->whatif->site_count;
	double average = 0, share = 0;
	for (uint32_t i = 0; i < count; i++) {
		average += weighing->rates[i] * weighing->whatif->sites[i].before;
		share += weighing->whatif->sites[i].before;
	}
	for (size_t i = 0; i < weighing->count; i++) {
		const struct flow *flow = &weighing->flows[i];
		double rate = flow->from == NO_INDEX ? (share > 0 ? average / share : 0) : weighing->rates[flow->from];
		if (flow->to == NO_INDEX)
			continue;
		weighing->after[flow->to] += flow->share * rate;
		if (flow->then != NO_INDEX)
			weighing->then[flow->to * count + flow->then] += flow->share * rate;
	}
}

static void judge(struct weighing *weighing)
{
	struct whatif *whatif = weighing->whatif;
	uint32_t count = whatif->site_count;
	for (uint32_t i = 0; i < count; i++) {
		struct whatif_site *site = &whatif->sites[i];
		site->use_after = weighing->after[i] / weighing->sizes[i];
		site->over = whatif->basis != WHATIF_BY_GROWTH && site->use_after > 1;
		for (uint32_t j = 0; j < count; j++) {
			double use = (weighing->after[j] + weighing->then[i * count + j]) / weighing->sizes[j];
			if (isnan(use) || !(weighing->then[i * count + j] > 0))
				continue;
			if (site->worst != NO_INDEX && !(use > site->worst_use))
				continue;
			site->worst = j;
			site->worst_use = use;
		}
		bool bears = !site->down && weighing->after[i] > 0 && !isnan(site->use_after);
		if (bears && (whatif->next == NO_INDEX || site->use_after > whatif->sites[whatif->next].use_after))
			whatif->next = i;
	}
}

void whatif_weigh(struct whatif *whatif, const struct snapshot *snapshot, const struct whatif_question *question)
{
	struct weighing weighing = {.whatif = whatif, .question = question};
	add_sites(whatif, snapshot, question);
	size_t count = whatif->site_count;
	weighing.rates = arena_alloc(whatif->arena, count * sizeof(double));
	weighing.sizes = arena_alloc(whatif->arena, count * sizeof(double));
	weighing.after = arena_alloc(whatif->arena, count * sizeof(double));
	weighing.then = arena_alloc(whatif->arena, count * count * sizeof(double));
	whatif->next = NO_INDEX;
	gather_flows(&weighing);
	whatif->basis = measure(&weighing, snapshot);
	follow_flows(&weighing);
	judge(&weighing);
}
