/*
 * weights.c: the members of a pool by weight, for services that give one of them.
 *
 * Made with the board, const from then on. Of members of one weight the one with the most luck is before all others,
 * so that a pick needs a logarithm for each weight, and not for each member.
 */
#include "pool/weights.h"

#include <stdlib.h>

#include "base/assert.h"

static bool has_weights(const struct service *service, const struct members *members)
{
	return service->answer == 1 && members->count > 1 && members->count <= 64;
}

/* Adds those of one pool and family. */
static void add(struct board *board, const struct members *members)
{
	uint32_t first = board->weight_count;
	for (uint32_t i = 0; i < members->count; i++) {
		uint32_t at = first;
		while (at < board->weight_count && board->weights[at].weight != members->list[i].weight)
			at++;
		if (at == board->weight_count)
			board->weights[board->weight_count++] = (struct weight){.weight = members->list[i].weight};
		board->weights[at].members |= UINT64_C(1) << i;
	}
	board->weights[board->weight_count - 1].last = true;
}

void weights_new(struct board *board)
{
	const struct steering *steering = board->steering;
	size_t pools = 1, members = 1;
	for (uint32_t i = 0; i < steering->service_count; i++)
		for (unsigned j = 0; j < steering->services[i].pool_count * FAMILIES; j++)
			if (steering->services[i].answer == 1) {
				pools++;
				members += steering->services[i].pools[j / FAMILIES].of[j % FAMILIES].count;
			}
	board->weights_at = calloc(pools, sizeof *board->weights_at);
	board->weights = calloc(members, sizeof *board->weights);
	MUST(board->weights_at && board->weights);
	/* place 0 says that there are none */
	uint32_t at = board->weight_count = 1;
	for (uint32_t i = 0; i < steering->service_count; i++) {
		const struct service *service = &steering->services[i];
		if (service->answer != 1)
			continue;
		board->services[i].weights = at;
		for (unsigned j = 0; j < service->pool_count * FAMILIES; j++, at++) {
			const struct members *of = &service->pools[j / FAMILIES].of[j % FAMILIES];
			if (!has_weights(service, of))
				continue;
			board->weights_at[at] = board->weight_count;
			add(board, of);
		}
	}
	struct weight *fewer = realloc(board->weights, board->weight_count * sizeof *board->weights);
	board->weights = fewer ? fewer : board->weights;
}

void weights_free(struct board *board)
{
	free(board->weights);
	free(board->weights_at);
}
