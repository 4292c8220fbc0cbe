/*
 * strata.h: several tilings of one family laid over one another.
 *
 * Each step is a prefix in which every layer has one number: so tables, databases and query logs are compared without
 * looking at an address twice. As overlay of tiling.h, for more than two. Compile time, and for `plan`.
 */
#ifndef MERIDIAN_GEO_STRATA_H
#define MERIDIAN_GEO_STRATA_H

#include "geo/tiling.h"

#define STRATA_MAX 5

struct strata {
	unsigned count;
	struct stratum {
		const uint32_t *at, *end;
		position left; /* of the piece at `at` */
	} layers[STRATA_MAX];
};

static inline void strata_add(struct strata *strata, const struct tiling *tiling)
{
	strata->layers[strata->count++] = (struct stratum){.at = tiling->pieces,
	        .end = tiling->pieces + tiling->count,
	        .left = piece_size(piece_length(tiling->pieces[0]))};
}

/* The number of each layer, and the length of the prefix; false at the end. */
static inline bool strata_next(struct strata *strata, unsigned *length, uint32_t ids[STRATA_MAX])
{
	if (strata->layers[0].at == strata->layers[0].end)
		return false;
	*length = 0;
	for (unsigned i = 0; i < strata->count; i++) {
		uint32_t piece = *strata->layers[i].at;
		ids[i] = piece_id(piece);
		if (piece_length(piece) > *length)
			*length = piece_length(piece);
	}
	position size = piece_size(*length);
	for (unsigned i = 0; i < strata->count; i++) {
		struct stratum *layer = &strata->layers[i];
		layer->left -= size;
		if (!layer->left && ++layer->at < layer->end)
			layer->left = piece_size(piece_length(*layer->at));
	}
	return true;
}

#endif
