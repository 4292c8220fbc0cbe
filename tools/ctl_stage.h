/*
 * ctl_stage.h: what happens in a decision test, on a board and a clock of its own.
 *
 * What happens before the first `after` is as a server finds it at its start. From then on every probe reports at its
 * interval what it would find, so that whatever hangs on time comes about as it would. The catch: a verdict that is
 * given changes at once; rise and fall, of which clients see nothing but the delay, are not waited for.
 */
#ifndef MERIDIAN_TOOLS_CTL_STAGE_H
#define MERIDIAN_TOOLS_CTL_STAGE_H

#include "pool/board.h"
#include "snap/snapshot.h"
#include "tools/ctl_steer.h"

struct stage;

/* Every target is up, as far as is known. The snapshot must outlive it. */
struct stage *stage_new(const struct snapshot *snapshot);
void stage_free(struct stage *stage);
/* Makes it happen; false and an error at its place. */
bool stage_play(struct stage *stage, const struct steer_event *event, struct err *err);
/* All of a text of conditions (--when); NULL: nothing happens. False and errors. */
bool stage_play_text(struct stage *stage, const char *text, struct err *err);
/* How things stand; borrowed. */
struct board *stage_board(const struct stage *stage);
/* Is it a data center, or a label of a pool? Else an error. */
bool stage_check_name(const struct snapshot *snapshot, const struct steer_word *word, struct err *err);

#endif
