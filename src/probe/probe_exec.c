/*
 * probe_exec.c: a program of the operator's judges, as Nagios plugins do: 0 and 1 are up, all else is down.
 *
 * Each runs in a session of its own, so that at its deadline it is killed with
 * its children. At most EXEC_MAX run at a time; the others wait for a place, and
 * their deadline runs from the moment they get one. The first line of what it
 * prints is the detail. Called by prober.c.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "probe/probe_inside.h"

#define ARGUMENTS_MAX 64

struct exec_attempt {
	struct watch *watch; /* NULL: dropped or done */
	struct prober *prober;
	struct exec_queue *queue;  /* while it has a place or waits for one */
	struct exec_attempt *next; /* that waits */
	uv_process_t process;
	uv_pipe_t pipe;
	uv_timer_t deadline;
	unsigned open; /* handles */
	bool running, exited, read_all;
	int64_t status;
	int signal;
	char text[PROBE_DETAIL];
	size_t length;
};

struct exec_queue {
	unsigned running;
	bool busy; /* in run_next */
	struct exec_attempt *first, **end;
};

struct exec_queue *exec_queue_new(void)
{
	struct exec_queue *queue = calloc(1, sizeof *queue);
	MUST(queue);
	queue->end = &queue->first;
	return queue;
}

void exec_queue_free(struct exec_queue *queue)
{
	free(queue);
}

static void run(struct exec_attempt *attempt);

static void on_closed(uv_handle_t *handle)
{
	struct exec_attempt *attempt = handle->data;
	struct prober *prober = attempt->prober;
	if (!--attempt->open)
		free(attempt);
	prober_let(prober);
}

/* Gives up its place. A process that was killed stays until it has been waited for. */
static void exec_close(struct exec_attempt *attempt)
{
	struct exec_queue *queue = attempt->queue;
	attempt->watch = NULL;
	if (attempt->running && !attempt->exited)
		kill(-attempt->process.pid, SIGKILL);
	else
		uv_close((uv_handle_t *)&attempt->process, on_closed);
	uv_close((uv_handle_t *)&attempt->pipe, on_closed);
	uv_close((uv_handle_t *)&attempt->deadline, on_closed);
	queue->running--;
}

static void run_next(struct exec_queue *queue)
{
	if (queue->busy)
		return; /* further up the stack */
	queue->busy = true;
	while (queue->first && queue->running < EXEC_MAX) {
		struct exec_attempt *attempt = queue->first;
		queue->first = attempt->next;
		if (!queue->first)
			queue->end = &queue->first;
		run(attempt);
	}
	queue->busy = false;
}

static void exec_end(struct exec_attempt *attempt, enum outcome outcome, const char *detail)
{
	struct watch *watch = attempt->watch;
	struct exec_queue *queue = attempt->queue;
	char text[PROBE_DETAIL];
	snprintf(text, sizeof text, "%s", detail);
	exec_close(attempt);
	watch_done(watch, outcome, text, NULL);
	run_next(queue);
}

/* The program has ended, and all that it printed was read. */
static void judge(struct exec_attempt *attempt)
{
	char text[PROBE_DETAIL];
	bool ok = !attempt->signal && (attempt->status == 0 || attempt->status == 1);
	attempt->text[strcspn(attempt->text, "\r\n")] = 0;
	if (*attempt->text)
		snprintf(text, sizeof text, "%s", attempt->text);
	else if (attempt->signal)
		snprintf(text, sizeof text, "ended by signal %d", attempt->signal);
	else
		snprintf(text, sizeof text, "exit status %d", (int)attempt->status);
	exec_end(attempt, ok ? OUTCOME_OK : OUTCOME_FAILED, text);
}

static void on_exit_of(uv_process_t *process, int64_t status, int signal)
{
	struct exec_attempt *attempt = process->data;
	attempt->exited = true;
	attempt->status = status;
	attempt->signal = signal;
	if (!attempt->watch) {
		uv_close((uv_handle_t *)process, on_closed);
		return;
	}
	/* What it left behind goes too; it would hold the pipe open. */
	kill(-process->pid, SIGKILL);
	if (attempt->read_all)
		judge(attempt);
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
	struct exec_attempt *attempt = handle->data;
	static const size_t most = sizeof attempt->text - 1;
	(void)wanted;
	if (attempt->length >= most)
		attempt->length = most /
		                  2; /* only the beginning counts; the rest is read over and over the same place */
	*buffer = uv_buf_init(attempt->text + attempt->length, (unsigned)(most - attempt->length));
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct exec_attempt *attempt = stream->data;
	(void)buffer;
	if (size > 0)
		attempt->length += (size_t)size;
	if (size >= 0 || !attempt->watch)
		return;
	uv_read_stop(stream);
	attempt->read_all = true;
	if (attempt->exited)
		judge(attempt);
}

static void on_deadline(uv_timer_t *timer)
{
	struct exec_attempt *attempt = timer->data;
	char text[PROBE_DETAIL], duration[32];
	if (!attempt->watch)
		return;
	if (attempt->exited) { /* someone who has left its session holds the pipe */
		judge(attempt);
		return;
	}
	snprintf(
	        text, sizeof text, "timed out after %s", text_duration_format(attempt->watch->spec->timeout, duration));
	exec_end(attempt, OUTCOME_TIMEOUT, text);
}

/* "{address}" → the address, wherever and however often it stands in the word. */
static char *replaced(const char *word, const char *address)
{
	static const char mark[] = "{address}";
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	MUST(out);
	for (const char *at; (at = strstr(word, mark)); word = at + sizeof mark - 1)
		fprintf(out, "%.*s%s", (int)(at - word), word, address);
	fputs(word, out);
	MUST(fclose(out) == 0 && text);
	return text;
}

static int spawn(struct exec_attempt *attempt, char **arguments)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C.UTF-8";
	char *environment[] = {path, locale, NULL};
	uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE},
	        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&attempt->pipe},
	        {.flags = UV_IGNORE}};
	uv_process_options_t options = {.exit_cb = on_exit_of,
	        .file = arguments[0],
	        .args = arguments,
	        .env = environment,
	        .cwd = "/",
	        .flags = UV_PROCESS_DETACHED,
	        .stdio_count = 3,
	        .stdio = stdio};
	return uv_spawn(prober_loop(attempt->prober), &attempt->process, &options);
}

static void run(struct exec_attempt *attempt)
{
	struct watch *watch = attempt->watch;
	uv_loop_t *loop = prober_loop(attempt->prober);
	char address[ADDR_TEXT_MAX], *arguments[ARGUMENTS_MAX + 1], text[PROBE_DETAIL];
	unsigned count = 0;
	attempt->queue->running++;
	const char *to = watch->what->host ? watch->what->host : addr_format(&watch->what->endpoint.addr, address);
	for (const char *const *word = watch->spec->command; *word && count < ARGUMENTS_MAX; word++)
		arguments[count++] = replaced(*word, to);
	arguments[count] = NULL;
	MUST(uv_pipe_init(loop, &attempt->pipe, 0) == 0 && uv_timer_init(loop, &attempt->deadline) == 0);
	attempt->process.data = attempt->pipe.data = attempt->deadline.data = attempt;
	attempt->open = 3;
	for (unsigned i = 0; i < 3; i++)
		prober_hold(attempt->prober);
	int status = spawn(attempt, arguments);
	for (unsigned i = 0; i < count; i++)
		free(arguments[i]);
	if (status) {
		snprintf(text, sizeof text, "exec: %s", strerror(-status));
		exec_end(attempt, attempt_unable(status) ? OUTCOME_UNABLE : OUTCOME_FAILED, text);
		return;
	}
	attempt->running = true;
	uv_timer_start(&attempt->deadline, on_deadline, attempt_milliseconds(watch->spec->timeout), 0);
	if (uv_read_start((uv_stream_t *)&attempt->pipe, on_room, on_read))
		attempt->read_all = true;
}

static void exec_start(struct watch *watch)
{
	struct exec_queue *queue = prober_exec(watch->prober);
	struct exec_attempt *attempt = calloc(1, sizeof *attempt);
	MUST(attempt);
	attempt->watch = watch;
	attempt->prober = watch->prober;
	attempt->queue = queue;
	watch->attempt = attempt;
	*queue->end = attempt;
	queue->end = &attempt->next;
	run_next(queue);
}

static void exec_drop(struct watch *watch)
{
	struct exec_attempt *attempt = watch->attempt;
	struct exec_queue *queue = attempt->queue;
	if (attempt->open) {
		exec_close(attempt);
		return;
	}
	struct exec_attempt **at = &queue->first;
	while (*at != attempt)
		at = &(*at)->next;
	*at = attempt->next;
	if (queue->end == &attempt->next)
		queue->end = at;
	free(attempt);
}

const struct probe_kind probe_exec = {exec_start, exec_drop};
