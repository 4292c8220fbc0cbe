/*
 * distance.h: points on the sphere, and data centers sorted by how near they are.
 *
 * Points are unit vectors, so that neither the antimeridian nor a pole is a special case. What is compared is the
 * square of the chord, which grows with the arc; only a bias needs the arc itself. Pure; any thread.
 */
#ifndef MERIDIAN_GEO_DISTANCE_H
#define MERIDIAN_GEO_DISTANCE_H

#include "geo/build.h"

struct point {
	double x, y, z;
};

struct point point_of(double latitude, double longitude); /* degrees */
double point_chord2(const struct point *a, const struct point *b);

/* Data centers made ready for sorting. */
struct atlas {
	unsigned count;
	bool biased;
	struct point points[DATACENTERS_MAX];
	double factor[DATACENTERS_MAX]; /* of the distance; 0: without `at` */
};

/* Of `count` of the data centers, by their indexes. */
void atlas_init(struct atlas *atlas, const struct datacenter *datacenters, const uint8_t *chosen, unsigned count);
/* Writes the positions 0..count-1, nearest first; equal ones in their order, those without `at` last. `from` is
 * degrees. */
void atlas_sort(const struct atlas *atlas, double latitude, double longitude, uint8_t *order);
/* The same for a client who is nowhere: in their order, those without `at` last. Returns `order`. */
const uint8_t *atlas_list(const struct atlas *atlas, uint8_t *order);

#endif
