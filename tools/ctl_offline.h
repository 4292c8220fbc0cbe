/*
 * ctl_offline.h: the files, loaded without a server.
 */
#ifndef MERIDIAN_TOOLS_CTL_OFFLINE_H
#define MERIDIAN_TOOLS_CTL_OFFLINE_H

#include "tools/ctl.h"

struct snapshot;

/* The snapshot of ctl's configuration; NULL: all that is wrong was said on stderr. */
struct snapshot *offline_load(const struct ctl *ctl);

#endif
