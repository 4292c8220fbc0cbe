/*
 * test_socket.c: where the control socket is made, whose place it takes, and who may use it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "loop.h"

static unsigned mode_of(const char *path)
{
	struct stat status;
	assert_int_equal(lstat(path, &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	return status.st_mode & 0777;
}

/* Whatever the umask, the mode is 0660. */
static void test_mode(void **state)
{
	(void)state;
	static const mode_t masks[] = {0, 022, 077, 0777};
	for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
		struct house house;
		house_open(&house);
		mode_t before = umask(masks[i]);
		int result = control_listen(house.control, house.path, house.err);
		umask(before);
		assert_int_equal(result, 0);
		assert_int_equal(mode_of(house.path), 0660);
		house_close(&house);
	}
}

/* A socket file without a server behind it. */
static void leave_stale(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(fd);
}

static void test_stale_is_replaced(void **state)
{
	(void)state;
	struct house house;
	struct client client;
	house_open(&house);
	leave_stale(house.path);
	assert_int_equal(control_listen(house.control, house.path, house.err), 0);
	assert_int_equal(err_items(house.err), 0);
	client_open(&client, &house, house.path);
	client_expect(&client, "{\"verb\":\"help\"}\n",
	        "{\"ok\":true,\"data\":[{\"verb\":\"help\",\"help\":\"lists the verbs\"}]}");
	client_close(&client);
	house_close(&house);
}

static void expect_refused(struct house *house, const char *path, const char *start, const char *end)
{
	struct control *second = control_new(&house->loop);
	assert_int_equal(control_listen(second, path, house->err), -1);
	char expected[512];
	snprintf(expected, sizeof expected, "%s%s%s", start, path, end);
	assert_string_equal(house_error(house), expected);
	control_free(second);
}

static void test_living_stays(void **state)
{
	(void)state;
	struct house house;
	struct client client;
	house_open(&house);
	assert_int_equal(control_listen(house.control, house.path, house.err), 0);
	expect_refused(&house, house.path, "another meridiand is listening on ",
	        "; stop it, or give this one another `control` path");
	client_open(&client, &house, house.path); /* and it still serves */
	client_expect(&client, "{\"verb\":\"x\"}\n", "{\"ok\":false,\"error\":\"no verb 'x'; there are: help\"}");
	client_close(&client);
	house_close(&house);
}

/* One that does not accept (stopped, overrun) has a full backlog: living, and asking must not block. */
static void test_overrun_is_living(void **state)
{
	(void)state;
	struct house house;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	house_open(&house);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", house.path);
	int server = socket(AF_UNIX, SOCK_STREAM, 0), clients[3];
	assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(server, 0), 0);
	for (int i = 0; i < 3; i++) {
		clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(clients[i], (struct sockaddr *)&address, sizeof address);
	}
	expect_refused(&house, house.path, "another meridiand is listening on ",
	        "; stop it, or give this one another `control` path");
	for (int i = 0; i < 3; i++)
		close(clients[i]);
	close(server);
	house_close(&house);
}

static void test_foreign_file_stays(void **state)
{
	(void)state;
	struct house house;
	house_open(&house);
	int fd = open(house.path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "mine", 4), 4);
	close(fd);
	expect_refused(&house, house.path, "",
	        " is in the way of the control socket and is not a socket; remove it, or change `control`");
	assert_int_equal(access(house.path, F_OK), 0);
	house_close(&house);
}

static void test_missing_folder(void **state)
{
	(void)state;
	struct house house;
	char path[256], expected[1024];
	house_open(&house);
	snprintf(path, sizeof path, "%s/none/socket", house.folder);
	snprintf(expected, sizeof expected,
	        "cannot make the control socket %s: there is no folder %s/none; make it (mkdir -p %s/none), or change "
	        "`control`",
	        path, house.folder, house.folder);
	assert_int_equal(control_listen(house.control, path, house.err), -1);
	assert_string_equal(house_error(&house), expected);
	house_close(&house);
}

static void test_long_path(void **state)
{
	(void)state;
	struct house house;
	char path[200];
	house_open(&house);
	memset(path, 'p', sizeof path);
	path[0] = '/';
	path[sizeof path - 1] = 0;
	assert_int_equal(control_listen(house.control, path, house.err), -1);
	assert_non_null(strstr(house_error(&house), "the path of the control socket is too long (at most "));
	house_close(&house);
}

/* At its end a server removes its own file, and not the one of its successor. */
static void test_removal(void **state)
{
	(void)state;
	struct house house;
	char aside[256];
	house_open(&house);
	assert_int_equal(control_listen(house.control, house.path, house.err), 0);
	snprintf(aside, sizeof aside, "%s/aside", house.folder);
	assert_int_equal(rename(house.path, aside), 0);
	leave_stale(house.path);
	control_close(house.control);
	assert_int_equal(access(house.path, F_OK), 0);
	assert_int_equal(unlink(aside), 0);
	house_close(&house);

	house_open(&house);
	assert_int_equal(control_listen(house.control, house.path, house.err), 0);
	control_close(house.control);
	assert_int_equal(access(house.path, F_OK), -1);
	house_close(&house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_mode),
	        cmocka_unit_test(test_stale_is_replaced),
	        cmocka_unit_test(test_living_stays),
	        cmocka_unit_test(test_overrun_is_living),
	        cmocka_unit_test(test_foreign_file_stays),
	        cmocka_unit_test(test_missing_folder),
	        cmocka_unit_test(test_long_path),
	        cmocka_unit_test(test_removal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
