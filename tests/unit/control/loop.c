/*
 * loop.c: see loop.h.
 */
#include "loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { GUARD_MS = 60000 };

static void on_guard(uv_timer_t *timer)
{
	(void)timer;
	fputs("waited for nothing\n", stderr);
	abort();
}

void house_open(struct house *house)
{
	*house = (struct house){.err = err_new()};
	snprintf(house->folder, sizeof house->folder, "/tmp/meridian-control.XXXXXX");
	assert_non_null(mkdtemp(house->folder));
	snprintf(house->path, sizeof house->path, "%s/socket", house->folder);
	assert_int_equal(uv_loop_init(&house->loop), 0);
	uv_timer_init(&house->loop, &house->guard);
	uv_timer_start(&house->guard, on_guard, GUARD_MS, 0);
	house->control = control_new(&house->loop);
}

void house_close(struct house *house)
{
	if (house->control)
		control_close(house->control);
	uv_close((uv_handle_t *)&house->guard, NULL);
	uv_run(&house->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&house->loop), 0);
	control_free(house->control);
	err_free(house->err);
	unlink(house->path);
	assert_int_equal(rmdir(house->folder), 0); /* nothing else was left in it */
}

const char *house_error(const struct house *house)
{
	assert_int_equal(err_items(house->err), 1);
	return err_item(house->err, 0)->message;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct client *client = poll->data;
	(void)events;
	client->text = realloc(client->text, client->size + 65536 + 1);
	ssize_t size = status < 0 ? 0 : recv(client->fd, client->text + client->size, 65536, MSG_DONTWAIT);
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	client->size += size > 0 ? (size_t)size : 0;
	client->text[client->size] = 0;
	if (size > 0)
		return;
	client->ended = true;
	uv_poll_stop(poll);
}

static void client_start(struct client *client, struct house *house, int fd)
{
	*client = (struct client){.house = house, .fd = fd, .text = strdup("")};
	uv_poll_init(&house->loop, &client->poll, fd);
	client->poll.data = client;
	uv_poll_start(&client->poll, UV_READABLE, on_readable);
}

void client_open(struct client *client, struct house *house, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	client_start(client, house, fd);
}

void client_open_tcp(struct client *client, struct house *house, uint16_t port)
{
	struct endpoint endpoint;
	struct sockaddr_storage address;
	assert_true(endpoint_parse(&endpoint, "127.0.0.1", port));
	socklen_t length = endpoint_to_sockaddr(&endpoint, &address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, length), 0);
	client_start(client, house, fd);
}

static void on_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	close(client->fd);
	client->fd = -1;
}

void client_close(struct client *client)
{
	uv_close((uv_handle_t *)&client->poll, on_closed);
	while (client->fd >= 0)
		uv_run(&client->house->loop, UV_RUN_ONCE);
	free(client->text);
}

bool client_send(struct client *client, const char *text, size_t size)
{
	while (size) {
		ssize_t sent = send(client->fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN)
			return false;
		if (sent < 0) {
			uv_run(&client->house->loop, UV_RUN_NOWAIT);
			continue;
		}
		text += sent;
		size -= (size_t)sent;
	}
	return true;
}

void client_say(struct client *client, const char *text)
{
	assert_true(client_send(client, text, strlen(text)));
}

void run_until(struct house *house, bool (*condition)(void *context), void *context)
{
	while (!condition(context))
		uv_run(&house->loop, UV_RUN_ONCE);
}

static bool has_line(void *context)
{
	struct client *client = context;
	return client->ended || strchr(client->text, '\n');
}

static bool has_ended(void *context)
{
	return ((struct client *)context)->ended;
}

char *client_line(struct client *client)
{
	run_until(client->house, has_line, client);
	char *newline = strchr(client->text, '\n');
	if (!newline)
		return NULL;
	size_t length = (size_t)(newline - client->text);
	char *line = strndup(client->text, length);
	client->size -= length + 1;
	memmove(client->text, newline + 1, client->size + 1);
	return line;
}

const char *client_rest(struct client *client)
{
	run_until(client->house, has_ended, client);
	return client->text;
}

void client_expect(struct client *client, const char *line, const char *answer)
{
	client_say(client, line);
	char *got = client_line(client);
	assert_non_null(got);
	assert_string_equal(got, answer);
	free(got);
}
