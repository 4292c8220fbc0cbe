/*
 * fuzz_state.c: any text as the saved state: what of it makes sense is taken, and what is then saved is whole.
 *
 * What was read is saved, read into another board, and saved again: the second must find nothing to skip, and both
 * texts must be the same. A finding is an abort.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"
#include "pool/policy.h"
#include "world.h"

#define HEADER "meridian state 1\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct policy policy = {.follow = {.field = "role", .role = "primary", .highest = "load"}};

static struct world *world_of_all(void)
{
	return world_new(&(struct world_options){.pools = "iad:2/1 fra:1 sin:0/2 ~own:1",
	        .second = "iad:1 fra:1",
	        .service = {.failback = FAILBACK_MANUAL,
	                .all_down = ALL_DOWN_LAST,
	                .fail_after = NANO_SECOND,
	                .return_over = NANO_SECOND,
	                .spill = true,
	                .policy = &policy},
	        .safety = {.keep = 1, .brake = 1, .brake_per = NANO_SECOND, .freeze = true},
	        .loads = true,
	        .capacities = {100, 100, 100}});
}

/* Reads `text` into a new world; returns what that then saves. `whole`: nothing of it may be skipped. */
static char *read_and_save(const void *text, size_t size, bool whole)
{
	char path[32];
	struct world *world = world_of_all();
	struct err *err = err_new();
	int fd = memfd_create("state", MFD_CLOEXEC);
	MUST(fd >= 0 && write(fd, HEADER, strlen(HEADER)) == (ssize_t)strlen(HEADER));
	MUST(write(fd, text, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int done = board_restore(world->board, path, world->now, world->wall, err);
	MUST(!whole || (done == 0 && err_items(err) == 0));
	for (unsigned family = 0; family < FAMILIES; family++)
		MUST(world_pick(world, 0, family).verdict <= PICK_SERVFAIL);
	char *saved = board_save_text(world->board, &size);
	close(fd);
	err_free(err);
	world_free(world);
	return saved;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *first = read_and_save(data, size, false);
	MUST(!strncmp(first, HEADER, strlen(HEADER)));
	char *second = read_and_save(first + strlen(HEADER), strlen(first) - strlen(HEADER), true);
	MUST(!strcmp(first, second));
	free(first);
	free(second);
	return 0;
}
