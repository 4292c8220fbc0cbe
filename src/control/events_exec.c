/*
 * events_exec.c: a program run for each event, one after the other.
 *
 * It gets the event as one line on its standard input, a plain environment, and
 * leads a process group of its own: after 10 seconds it is
 * killed with its children. How it ends is nobody's business but the log's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "control/events_room.h"

#define PATIENCE_MS 10000

struct program {
	struct way *way;
	char **command;
	uv_process_t process;
	uv_timer_t timer;
	unsigned handles; /* open ones of these two */
	char failure[64]; /* "": none */
};

static void free_program(struct program *program)
{
	struct way *way = program->way;
	for (char **word = program->command; *word; word++)
		free(*word);
	free(program->command);
	free(program);
	way_gone(way);
}

static void closed(uv_handle_t *handle)
{
	struct program *program = handle->data;
	if (--program->handles)
		return;
	way_done(program->way, program->failure);
	if (program->way->closing)
		free_program(program);
}

static void end(struct program *program)
{
	uv_close((uv_handle_t *)&program->process, closed);
	uv_close((uv_handle_t *)&program->timer, closed);
}

/* Children that it left go with it. */
static void kill_group(const struct program *program)
{
	if (program->process.pid > 0)
		kill(-program->process.pid, SIGKILL);
}

static void exited(uv_process_t *process, int64_t status, int number)
{
	struct program *program = process->data;
	if (number)
		snprintf(program->failure, sizeof program->failure, "ended by signal %d", number);
	else if (status)
		snprintf(program->failure, sizeof program->failure, "exit status %d", (int)status);
	kill_group(program);
	if (*program->failure)
		program->way->counts.dropped++;
	end(program);
}

static void too_late(uv_timer_t *timer)
{
	kill_group(timer->data); /* exited() follows */
}

/* A pipe that has the whole line in it already; -1 and errno. */
static int filled_pipe(const char *line)
{
	int ends[2];
	size_t size = strlen(line);
	if (pipe2(ends, O_CLOEXEC))
		return -1;
	ssize_t done = write(ends[1], line, size); /* less than PIPE_BUF: the whole of it, at once */
	close(ends[1]);
	if (done == (ssize_t)size)
		return ends[0];
	close(ends[0]);
	return -1;
}

static int spawn(struct program *program, const char *line)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	            locale[] = "LC_ALL=C.UTF-8";
	char *environment[] = {path, locale, NULL};
	int input = filled_pipe(line);
	if (input < 0)
		return errno;
	uv_stdio_container_t stdio[3] = {
	        {.flags = UV_INHERIT_FD, .data.fd = input}, {.flags = UV_IGNORE}, {.flags = UV_IGNORE}};
	uv_process_options_t options = {.exit_cb = exited,
	        .file = program->command[0],
	        .args = program->command,
	        .env = environment,
	        .cwd = "/",
	        .flags = UV_PROCESS_DETACHED,
	        .stdio_count = 3,
	        .stdio = stdio};
	int status = uv_spawn(events_loop(program->way->events), &program->process, &options);
	close(input);
	return -status;
}

static void go(struct way *way)
{
	struct program *program = way->work;
	char *line = way_take(way);
	way->busy = true;
	program->handles = 2;
	uv_timer_init(events_loop(way->events), &program->timer);
	int failure = spawn(program, line);
	free(line);
	snprintf(program->failure, sizeof program->failure, "%s", failure ? strerror(failure) : "");
	program->process.data = program->timer.data = program;
	if (failure) {
		program->process.pid = 0;
		way->counts.dropped++;
		end(program);
	} else {
		uv_timer_start(&program->timer, too_late, PATIENCE_MS, 0);
	}
}

static void close_program(struct way *way)
{
	struct program *program = way->work;
	if (way->busy)
		kill_group(program);
	else
		free_program(program);
}

void events_exec_open(struct way *way, const char *const *command)
{
	struct program *program = calloc(1, sizeof *program);
	size_t count = 0;
	MUST(program);
	while (command[count])
		count++;
	program->command = calloc(count + 1, sizeof *program->command);
	MUST(program->command);
	for (size_t i = 0; i < count; i++) {
		program->command[i] = strdup(command[i]);
		MUST(program->command[i]);
	}
	program->way = way;
	way->work = program;
}

const struct way_role events_exec_role = {go, close_program};
