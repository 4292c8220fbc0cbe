/*
 * play.h: one play while it is acted out; what its verbs share.
 */
#ifndef MERIDIAN_TESTS_PLAY_H
#define MERIDIAN_TESTS_PLAY_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "snap/live.h"
#include "snap/reload.h"
#include "snap/snapshot.h"

struct play {
	const char *name; /* of the script */
	char *at;         /* what is left of it */
	unsigned line;
	const char *rest; /* of the line being acted: all after the verb */
	struct arena *arena;
	const char *folder; /* where its files are */

	nanotime now, wall;
	struct live_source *source;
	struct reload *reload;

	size_t reply_size; /* of the last `ask`; 0: none */
	uint8_t reply[65535];
};

/* Acts one line; false: broken, and said so. */
typedef bool act(struct play *play, char **words, unsigned count);

act act_file, act_remove, act_folder, act_start, act_reload, act_restart, act_error, act_warning, act_generation,
        act_clock, act_probe, act_drain, act_undrain, act_force, act_release, act_ask, act_answer, act_rcode, act_scope,
        act_ttl, act_authority, act_not, act_why, act_follows, act_because, act_odd;

void play_open(struct play *play);
void play_close(struct play *play);
/* Says what is wrong, with the place; returns false. */
bool broken(struct play *play, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A path in the play's folder. */
char *play_path(const struct play *play, const char *name);
/* The indented lines that follow, two spaces of indent taken off. */
char *play_block(struct play *play);

#endif
