/*
 * test_reload.c: builds and inspections side by side: a look at what serves holds up no reload, and keeps what it looks
 * at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "snap/reload.h"
#include "snap/snapshot.h"

#define TASKS_MAX 8

/* What was queued for the builder, and what came of it. */
struct house {
	char folder[32], path[64], zone[64];
	struct task {
		void (*work)(void *), (*after)(void *);
		void *argument;
	} tasks[TASKS_MAX];
	unsigned count;
	struct live_source *source;
	struct reload *reload;
	unsigned loaded, begun, ended;
	uint64_t looked_at; /* the generation */
};

static void queue(void *context, void (*work)(void *), void (*after)(void *), void *argument)
{
	struct house *house = context;
	assert_true(house->count < TASKS_MAX);
	house->tasks[house->count++] = (struct task){work, after, argument};
}

/* Runs the task that was queued as number `at`. */
static void run(struct house *house, unsigned at)
{
	struct task task = house->tasks[at];
	assert_true(at < house->count);
	memmove(&house->tasks[at], &house->tasks[at + 1], (--house->count - at) * sizeof task);
	task.work(task.argument);
	task.after(task.argument);
}

static void loaded(void *context, const struct reload_outcome *outcome)
{
	struct house *house = context;
	house->loaded += outcome->loaded;
}

static void begin(void *context, const struct live *live)
{
	struct house *house = context;
	assert_non_null(live->board);
	house->begun++;
}

static void look(void *context, const struct snapshot *snapshot, const struct snapshot_request *request)
{
	struct house *house = context;
	house->looked_at = snapshot->generation;
	assert_string_equal(snapshot->conf->path, house->path); /* it is still there */
	assert_int_equal(snapshot->zone_count, 1);
	assert_ptr_equal(request->previous, snapshot);
}

static void ended(void *context)
{
	struct house *house = context;
	house->ended++;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_true(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void house_open(struct house *house)
{
	*house = (struct house){.folder = "/tmp/meridian-reload.XXXXXX"};
	assert_non_null(mkdtemp(house->folder));
	snprintf(house->path, sizeof house->path, "%s/meridian.yaml", house->folder);
	snprintf(house->zone, sizeof house->zone, "%s/example.com.zone", house->folder);
	write_file(house->path, "zones: .\n");
	write_file(house->zone, "$TTL 60\n@ SOA a h 1 2 3 4 5\n@ NS a\na A 192.0.2.1\n");
	house->source = live_source_new();
	house->reload = reload_new(
	        house->path, house->source, 1, (struct reload_hooks){.queue = queue, .context = house});
	reload_request(house->reload, "start", loaded, house);
	run(house, 0);
	assert_int_equal(house->loaded, 1);
}

static void house_close(struct house *house)
{
	reload_free(house->reload);
	live_source_free(house->source);
	unlink(house->path);
	unlink(house->zone);
	rmdir(house->folder);
}

static bool inspect(struct house *house)
{
	return reload_inspect(house->reload, &(struct reload_inspection){begin, look, ended, house});
}

static void test_aside(void **state)
{
	struct house house;
	(void)state;
	house_open(&house);
	assert_true(inspect(&house));
	assert_int_equal(house.begun, 1);
	for (unsigned i = 0; i < 2; i++) {
		reload_request(house.reload, "SIGHUP", loaded, &house);
		assert_int_equal(house.count, 2); /* beside it, not behind it */
		run(&house, 1);
		assert_int_equal(house.loaded, 2 + i);
	}
	assert_false(reload_running(house.reload)); /* who watches members asks for the next build all the same */
	assert_true(reload_at_work(house.reload));
	run(&house, 0);
	assert_int_equal(house.looked_at, 1); /* what served when it began */
	assert_int_equal(house.ended, 1);
	assert_false(reload_at_work(house.reload));
	house_close(&house);
}

/* Inspections go one by one, and begin between builds. */
static void test_turns(void **state)
{
	struct house house;
	(void)state;
	house_open(&house);
	reload_request(house.reload, "SIGHUP", loaded, &house);
	for (unsigned i = 0; i < RELOAD_INSPECTIONS_MAX; i++)
		assert_true(inspect(&house));
	assert_false(inspect(&house));
	assert_int_equal(house.count, 1);
	assert_int_equal(house.begun, 0);
	run(&house, 0);
	for (unsigned i = 0; i < RELOAD_INSPECTIONS_MAX; i++) {
		assert_int_equal(house.count, 1);
		assert_int_equal(house.begun, i + 1);
		run(&house, 0);
		assert_int_equal(house.looked_at, 2);
	}
	assert_int_equal(house.ended, RELOAD_INSPECTIONS_MAX);
	house_close(&house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_aside), cmocka_unit_test(test_turns)};
	log_set_level(LOG_LEVEL_NONE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
