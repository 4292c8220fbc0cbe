/*
 * conf_rules.h: the rules of one map while they are read, from YAML and from .nets files.
 *
 * Private to conf_map.c, conf_nets.c and their tests. Builder thread.
 */
#ifndef MERIDIAN_SNAP_CONF_RULES_H
#define MERIDIAN_SNAP_CONF_RULES_H

#include "snap/conf_reader.h"

#define NETS_BYTES_MAX (1u << 30)

struct rules {
	struct map_rule *list; /* heap */
	size_t count, room;
	uint32_t *slots; /* index + 1 by the hash of what a rule is for; 0: empty; heap */
	size_t slot_mask;
	uint64_t seed;
	uint8_t max_move; /* beside the rules: as in struct map_rules */
	struct place max_move_at;
};

void rules_new(struct rules *rules);
void rules_free(struct rules *rules);
/* Adds a rule, or returns the one that is for the same clients already. */
const struct map_rule *rules_add(struct rules *rules, const struct map_rule *rule);

/* Adds the rules of a file of `PREFIX dc dc … [only]` lines; `at`: where it is named. */
void nets_read(struct reader *reader, struct rules *rules, const char *path, const struct err_at *at);

#endif
