/*
 * distance.c: great circles.
 *
 * Keys are whole numbers (chord² or arc in units of 2^-40, a tenth of a millimetre and less at a continent's distance),
 * so that rounding does not order what is equally far; their low bits are the position, so that ties keep the order of
 * the file.
 */
#include "geo/distance.h"

#include <math.h>
#include <string.h>

#define EARTH_RADIUS 6371.0088 /* km, the mean of IUGG */
#define RADIANS (M_PI / 180)
#define KEY_SCALE 1099511627776.0 /* 2^40; the farthest biased arc is 100 π */
#define KEY_UNKNOWN (UINT64_MAX >> 8)

struct point point_of(double latitude, double longitude)
{
	double north = latitude * RADIANS, east = longitude * RADIANS;
	return (struct point){cos(north) * cos(east), cos(north) * sin(east), sin(north)};
}

double point_chord2(const struct point *a, const struct point *b)
{
	double x = a->x - b->x, y = a->y - b->y, z = a->z - b->z;
	return x * x + y * y + z * z;
}

static double arc_of(double chord2)
{
	return 2 * asin(fmin(1, sqrt(chord2) / 2));
}

double geo_distance(double latitude, double longitude, const struct datacenter *datacenter)
{
	struct point from = point_of(latitude, longitude);
	struct point to = point_of(datacenter->latitude, datacenter->longitude);
	return EARTH_RADIUS * arc_of(point_chord2(&from, &to));
}

/* Route 53's: 25 shrinks a distance to 75 %, -25 stretches it to 133 %. */
static double bias_factor(int bias)
{
	return bias >= 0 ? 1 - bias / 100.0 : 1 / (1 + bias / 100.0);
}

void atlas_init(struct atlas *atlas, const struct datacenter *datacenters, const uint8_t *chosen, unsigned count)
{
	*atlas = (struct atlas){.count = count};
	for (unsigned i = 0; i < count; i++) {
		const struct datacenter *datacenter = &datacenters[chosen[i]];
		if (!datacenter->located)
			continue;
		atlas->points[i] = point_of(datacenter->latitude, datacenter->longitude);
		atlas->factor[i] = bias_factor(datacenter->bias);
		atlas->biased |= datacenter->bias != 0;
	}
}

/* Merges the sorted halves of keys[0..count) by way of `spare`. */
static void merge_halves(uint64_t *keys, unsigned half, unsigned count, uint64_t *spare)
{
	memcpy(spare, keys, half * sizeof *keys);
	for (unsigned left = 0, right = half, to = 0; left < half; to++)
		keys[to] = right < count && keys[right] < spare[left] ? keys[right++] : spare[left++];
}

static void sort_keys(uint64_t *keys, unsigned count, uint64_t *spare)
{
	if (count > 24) {
		sort_keys(keys, count / 2, spare);
		sort_keys(keys + count / 2, count - count / 2, spare);
		merge_halves(keys, count / 2, count, spare);
		return;
	}
	for (unsigned i = 1; i < count; i++) {
		uint64_t key = keys[i];
		unsigned at = i;
		for (; at && keys[at - 1] > key; at--)
			keys[at] = keys[at - 1];
		keys[at] = key;
	}
}

void atlas_sort(const struct atlas *atlas, double latitude, double longitude, uint8_t *order)
{
	struct point from = point_of(latitude, longitude);
	uint64_t keys[DATACENTERS_MAX], spare[DATACENTERS_MAX / 2 + 1];
	for (unsigned i = 0; i < atlas->count; i++) {
		unsigned position = order[i];
		double far = point_chord2(&from, &atlas->points[position]);
		if (atlas->biased)
			far = arc_of(far) * atlas->factor[position];
		uint64_t key = atlas->factor[position] > 0 ? (uint64_t)(far * KEY_SCALE + 0.5) : KEY_UNKNOWN;
		keys[i] = key << 8 | position;
	}
	sort_keys(keys, atlas->count, spare);
	for (unsigned i = 0; i < atlas->count; i++)
		order[i] = (uint8_t)keys[i];
}

const uint8_t *atlas_list(const struct atlas *atlas, uint8_t *order)
{
	unsigned count = 0;
	for (unsigned i = 0; i < atlas->count; i++)
		if (atlas->factor[i] > 0)
			order[count++] = (uint8_t)i;
	for (unsigned i = 0; i < atlas->count; i++)
		if (!(atlas->factor[i] > 0))
			order[count++] = (uint8_t)i;
	return order;
}
