/*
 * test_events.c: events reach a file, a socket, a program; what cannot is counted, and holds nobody up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "control/events.h"
#include "loop.h"

struct hall {
	struct house house;
	uv_timer_t pulse; /* what a program does to a file wakes no loop */
	struct events *events;
	char file[128], moved[128], socket[128], output[128];
	enum events_way way;
	struct events_counts wanted;
};

static void beat(uv_timer_t *pulse)
{
	(void)pulse;
}

static int set_up(void **state)
{
	struct hall *hall = calloc(1, sizeof *hall);
	house_open(&hall->house);
	uv_timer_init(&hall->house.loop, &hall->pulse);
	uv_timer_start(&hall->pulse, beat, 10, 10);
	snprintf(hall->file, sizeof hall->file, "%s/events", hall->house.folder);
	snprintf(hall->moved, sizeof hall->moved, "%s/moved", hall->house.folder);
	snprintf(hall->socket, sizeof hall->socket, "%s/listener", hall->house.folder);
	snprintf(hall->output, sizeof hall->output, "%s/output", hall->house.folder);
	log_set_level(LOG_LEVEL_NONE);
	*state = hall;
	return 0;
}

/* house_close fails where a handle is left. */
static int tear_down(void **state)
{
	struct hall *hall = *state;
	events_close(hall->events);
	uv_close((uv_handle_t *)&hall->pulse, NULL);
	unlink(hall->file);
	unlink(hall->moved);
	unlink(hall->socket);
	unlink(hall->output);
	house_close(&hall->house);
	free(hall);
	return 0;
}

static void open_ways(struct hall *hall, const struct events_options *ways)
{
	struct events_options options = *ways;
	options.loop = &hall->house.loop;
	hall->events = events_new(&options);
}

static void tell(struct hall *hall, const char *name)
{
	events_tell(hall->events, json_pack("{s:s}", "name", name));
}

static char *read_all(const char *path)
{
	static char text[65536];
	FILE *file = fopen(path, "r");
	text[file ? fread(text, 1, sizeof text - 1, file) : 0] = '\0';
	if (file)
		fclose(file);
	return text;
}

struct awaited {
	const char *path, *text;
};

static bool says(void *context)
{
	const struct awaited *awaited = context;
	return strcmp(read_all(awaited->path), awaited->text) == 0;
}

static void await_text(struct hall *hall, const char *path, const char *text)
{
	run_until(&hall->house, says, &(struct awaited){path, text});
}

static bool counted(void *context)
{
	struct hall *hall = context;
	struct events_counts counts;
	return events_counts(hall->events, hall->way, &counts) && counts.told == hall->wanted.told &&
	       counts.dropped == hall->wanted.dropped;
}

static void await_counts(struct hall *hall, enum events_way way, uint64_t told, uint64_t dropped)
{
	hall->way = way;
	hall->wanted = (struct events_counts){told, dropped};
	run_until(&hall->house, counted, hall);
}

static void test_file(void **state)
{
	struct hall *hall = *state;
	struct stat status;
	open_ways(hall, &(struct events_options){.file = hall->file});
	tell(hall, "a");
	tell(hall, "b\n\"\xc3\xa9");
	await_text(hall, hall->file, "{\"name\":\"a\"}\n{\"name\":\"b\\n\\\"\\u00E9\"}\n");
	assert_int_equal(stat(hall->file, &status), 0);
	assert_int_equal(status.st_mode & 07777 & ~0640u, 0);
	await_counts(hall, EVENTS_FILE, 2, 0);
	assert_false(events_counts(hall->events, EVENTS_EXEC, &(struct events_counts){0}));
}

static void test_file_moved_away(void **state)
{
	struct hall *hall = *state;
	open_ways(hall, &(struct events_options){.file = hall->file});
	tell(hall, "a");
	await_text(hall, hall->file, "{\"name\":\"a\"}\n");
	assert_int_equal(rename(hall->file, hall->moved), 0);
	events_reopen(hall->events);
	tell(hall, "b");
	await_text(hall, hall->file, "{\"name\":\"b\"}\n");
	assert_string_equal(read_all(hall->moved), "{\"name\":\"a\"}\n");
}

/* /dev/full takes nothing; once a second it is tried again, and lines that wait meanwhile are kept. */
static void test_file_that_is_full(void **state)
{
	struct hall *hall = *state;
	open_ways(hall, &(struct events_options){.file = "/dev/full"});
	tell(hall, "a");
	await_counts(hall, EVENTS_FILE, 1, 1);
	tell(hall, "b");
	await_counts(hall, EVENTS_FILE, 2, 2);
}

static void test_what_waits_at_the_end_is_written(void **state)
{
	struct hall *hall = *state;
	open_ways(hall, &(struct events_options){.file = hall->file});
	tell(hall, "a");
	tell(hall, "b");
	events_close(hall->events);
	hall->events = NULL;
	await_text(hall, hall->file, "{\"name\":\"a\"}\n{\"name\":\"b\"}\n");
}

static bool all_written(void *context)
{
	const struct hall *hall = context;
	unsigned lines = 0;
	for (const char *at = read_all(hall->file); (at = strchr(at, '\n')); at++)
		lines++;
	return lines == EVENTS_QUEUE + 1;
}

static void test_queue_is_bounded(void **state)
{
	struct hall *hall = *state;
	open_ways(hall, &(struct events_options){.file = hall->file});
	for (unsigned i = 0; i < EVENTS_QUEUE + 10; i++)
		tell(hall, "a"); /* the first is under way, none of the others can leave before the loop runs */
	struct events_counts counts;
	assert_true(events_counts(hall->events, EVENTS_FILE, &counts));
	assert_int_equal(counts.told, EVENTS_QUEUE + 10);
	assert_int_equal(counts.dropped, 9);
	run_until(&hall->house, all_written, hall);
}

static void test_line_that_is_too_long(void **state)
{
	struct hall *hall = *state;
	char *name = calloc(1, EVENT_LINE_MAX + 1);
	memset(name, 'a', EVENT_LINE_MAX);
	open_ways(hall, &(struct events_options){.file = hall->file});
	tell(hall, name);
	await_counts(hall, EVENTS_FILE, 1, 1);
	name[EVENT_LINE_MAX - 20] = '\0';
	tell(hall, name);
	char *line;
	assert_true(asprintf(&line, "{\"name\":\"%s\"}\n", name) > 0);
	await_text(hall, hall->file, line);
	await_counts(hall, EVENTS_FILE, 2, 1);
	free(line);
	free(name);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	unlink(path);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

struct acceptance {
	int listener, fd;
	char text[1024];
	size_t size;
	const char *expected;
};

static bool accepted(void *context)
{
	struct acceptance *acceptance = context;
	acceptance->fd = accept4(acceptance->listener, NULL, NULL, SOCK_NONBLOCK);
	return acceptance->fd >= 0;
}

static bool heard(void *context)
{
	struct acceptance *acceptance = context;
	ssize_t more = read(
	        acceptance->fd, acceptance->text + acceptance->size, sizeof acceptance->text - 1 - acceptance->size);
	acceptance->size += more > 0 ? (size_t)more : 0;
	acceptance->text[acceptance->size] = '\0';
	return strcmp(acceptance->text, acceptance->expected) == 0;
}

/* The listener comes later, hears what waited, goes, and comes again. */
static void test_socket(void **state)
{
	struct hall *hall = *state;
	open_ways(hall, &(struct events_options){.socket = hall->socket});
	tell(hall, "a");
	for (unsigned i = 0; i < 2; i++) {
		struct acceptance acceptance = {.listener = listen_at(hall->socket),
		        .expected = i ? "{\"name\":\"b\"}\n" : "{\"name\":\"a\"}\n"};
		run_until(&hall->house, accepted, &acceptance);
		run_until(&hall->house, heard, &acceptance);
		close(acceptance.fd);
		close(acceptance.listener);
		uv_run(&hall->house.loop, UV_RUN_NOWAIT); /* sees the end */
		tell(hall, "b");
	}
	struct events_counts counts;
	assert_true(events_counts(hall->events, EVENTS_SOCKET, &counts));
	assert_int_equal(counts.dropped, 0);
}

/* One that never reads: what does not fit is dropped, the oldest first. */
static void test_socket_that_sleeps(void **state)
{
	struct hall *hall = *state;
	struct acceptance acceptance = {.listener = listen_at(hall->socket)};
	char name[2000];
	memset(name, 'a', sizeof name);
	name[sizeof name - 1] = '\0';
	open_ways(hall, &(struct events_options){.socket = hall->socket});
	struct events_counts counts = {0};
	for (unsigned i = 0; i < 100000 && !counts.dropped; i++) {
		tell(hall, name);
		uv_run(&hall->house.loop, UV_RUN_NOWAIT);
		events_counts(hall->events, EVENTS_SOCKET, &counts);
	}
	assert_true(counts.dropped > 0);
	close(acceptance.listener);
}

static void test_exec(void **state)
{
	struct hall *hall = *state;
	const char *const command[] = {"/bin/sh", "-c", "cat >> \"$0\"; echo $# >> \"$0\"", hall->output, "x", NULL};
	open_ways(hall, &(struct events_options){.exec = command});
	tell(hall, "a");
	tell(hall, "b");
	await_text(hall, hall->output, "{\"name\":\"a\"}\n1\n{\"name\":\"b\"}\n1\n");
}

static void test_exec_that_fails(void **state)
{
	static const char *const commands[][4] = {
	        {"/bin/sh", "-c", "exit 3"}, {"/bin/sh", "-c", "kill -9 $$"}, {"/there/is/no/such/program"}};
	struct hall *hall = *state;
	for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		open_ways(hall, &(struct events_options){.exec = commands[i]});
		tell(hall, "a");
		await_counts(hall, EVENTS_EXEC, 1, 1);
		events_close(hall->events);
		hall->events = NULL;
	}
}

/* At the end a program that runs is killed, with its children: the loop comes to its end at once. */
static void test_exec_that_hangs_at_the_end(void **state)
{
	struct hall *hall = *state;
	const char *const command[] = {"/bin/sh", "-c", "echo > \"$0\"; sleep 1000 & sleep 1000", hall->output, NULL};
	open_ways(hall, &(struct events_options){.exec = command});
	tell(hall, "a");
	await_text(hall, hall->output, "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_file_moved_away, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_file_that_is_full, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_what_waits_at_the_end_is_written, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_queue_is_bounded, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_line_that_is_too_long, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_socket, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_socket_that_sleeps, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_exec, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_exec_that_fails, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_exec_that_hangs_at_the_end, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
