/*
 * test_serve.c: opening: every fault named, and nothing left open after one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/socket.h"
#include "stub.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Somebody else's socket at a port of 127.0.0.1; `shared`: with SO_REUSEPORT, as another meridiand has it. */
static int occupy(int type, bool shared, uint16_t *port)
{
	struct endpoint endpoint = {.addr = {.family = ADDR_V4, .bytes = {127, 0, 0, 1}}};
	struct sockaddr_storage address;
	socklen_t length = endpoint_to_sockaddr(&endpoint, &address);
	int fd = socket(AF_INET, type, 0), one = shared;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 1), 0);
	length = sizeof address;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*port = endpoint_from_sockaddr((struct sockaddr *)&address).port;
	return fd;
}

static bool is_reported(const struct err *err, const char *message)
{
	bool found = false;
	for (size_t i = 0; i < err_items(err) && !found; i++) {
		char *text = err_item_text(err_item(err, i));
		found = strstr(text, message) != NULL;
		free(text);
	}
	return found;
}

/* At least these errors: strangers may sit at a port, too. */
static void expect_refused(const struct endpoint *listen, uint32_t count, const char *const *messages, size_t expected)
{
	struct err *err = err_new();
	unsigned before = stub_descriptors();
	struct serve_options options = {.listen = listen, .listen_count = count, .workers = 2};
	assert_null(serve_open(&options, err));
	for (size_t i = 0; i < expected; i++)
		if (!is_reported(err, messages[i]))
			fail_msg("not reported: %s", messages[i]);
	assert_int_equal(stub_descriptors(), before);
	err_free(err);
}

static void test_in_use(void **state)
{
	(void)state;
	static const struct {
		int type;
		bool shared, wildcard;
		const char *transport;
	} rows[] = {
	        {SOCK_DGRAM, false, false, "UDP"},
	        {SOCK_DGRAM, true, false, "UDP"},
	        {SOCK_DGRAM, false, true, "UDP"},
	        {SOCK_STREAM, false, false, "TCP"},
	        {SOCK_STREAM, true, false, "TCP"},
	        {SOCK_STREAM, true, true, "TCP"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[128], where[ADDR_TEXT_MAX];
		struct endpoint at = {.addr = {.family = ADDR_V4, .bytes = {127, 0, 0, 1}}};
		int fd = occupy(rows[i].type, rows[i].shared, &at.port);
		if (rows[i].wildcard)
			memset(at.addr.bytes, 0, 4);
		snprintf(text, sizeof text, "error: %s (%s): address in use; is another DNS server running?",
		        endpoint_format(&at, where), rows[i].transport);
		expect_refused(&at, 1, (const char *[]){text}, 1);
		close(fd);
	}
}

static void test_every_fault_is_named(void **state)
{
	(void)state;
	struct endpoint listen[3] = {
	        {.addr = {.family = ADDR_V4, .bytes = {192, 0, 2, 77}}},
	        {.addr = {.family = ADDR_V4, .bytes = {127, 0, 0, 1}}},
	        {.addr = {.family = ADDR_V6, .bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 77}}},
	};
	expect_refused(listen, 3,
	        (const char *[]){"192.0.2.77@0 (UDP): this host has no such address",
	                "192.0.2.77@0 (TCP): this host has no such address", "2001:db8::4d@0 (UDP)",
	                "2001:db8::4d@0 (TCP)"},
	        4);
	expect_refused(NULL, 0, (const char *[]){"there is no address to listen on"}, 1);
}

static void test_out_of_descriptors(void **state)
{
	(void)state;
	struct rlimit before, few;
	struct endpoint at = {.addr = {.family = ADDR_V4, .bytes = {127, 0, 0, 1}}};
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	serve_stop(stub_serve((const char *[]){"127.0.0.1@0", NULL}, NULL), 0); /* libuv keeps two for ever */
	unsigned open = stub_descriptors() - 3;
	for (unsigned more = 0; more < 30; more++) {
		few = (struct rlimit){.rlim_cur = open + more, .rlim_max = before.rlim_max};
		struct err *err = err_new();
		struct serve_options options = {.listen = &at, .listen_count = 1, .workers = 3};
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		struct serve *serve = serve_open(&options, err);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_int_equal(serve == NULL, err_count(err, ERR_ERROR) > 0);
		if (serve != NULL)
			serve_stop(serve, 0);
		err_free(err);
		assert_int_equal(stub_descriptors() - 3, open);
	}
}

/* One port for both transports, and stopping what never started. */
static void test_port_0(void **state)
{
	(void)state;
	struct endpoint at = {.addr = {.family = ADDR_V6, .bytes = {[15] = 1}}};
	struct err *err = err_new();
	struct serve *serve = serve_open(&(struct serve_options){.listen = &at, .listen_count = 1, .workers = 2}, err);
	assert_non_null(serve);
	struct endpoint bound = stub_endpoint(serve, 0);
	assert_int_not_equal(bound.port, 0);
	int tcp = stub_connect(&bound, SOCK_STREAM, NULL);
	assert_true(tcp >= 0);
	close(tcp);
	serve_stop(serve, NANO_SECOND);
	assert_int_equal(stub_connect(&bound, SOCK_STREAM, NULL), -1);
	err_free(err);
}

/* What the kernel was asked for; what it may change, at least that. */
static void test_options(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool tcp;
		int level, option, least;
	} rows[] = {
	        {"RFC 7413: fast open", true, IPPROTO_TCP, TCP_FASTOPEN, 1},
	        {"no delay of small answers", true, IPPROTO_TCP, TCP_NODELAY, 1},
	        {"a restart finds its port in TIME-WAIT", true, SOL_SOCKET, SO_REUSEADDR, 1},
	        {"it listens", true, SOL_SOCKET, SO_ACCEPTCONN, 1},
	        {"workers share the port", false, SOL_SOCKET, SO_REUSEPORT, 1},
	        {"room for a burst", false, SOL_SOCKET, SO_RCVBUF, 65536},
	};
	struct endpoint at = {.addr = {.family = ADDR_V4, .bytes = {127, 0, 0, 1}}};
	struct err *err = err_new();
	struct socket_set set;
	assert_int_equal(socket_set_open(&set, &at, 1, err), SOCKET_BOUND);
	for (size_t i = 0; i < COUNT(rows); i++) {
		int fd = rows[i].tcp ? set.tcp : set.udp[0], value = 0;
		socklen_t size = sizeof value;
		print_message("%s\n", rows[i].name);
		assert_int_equal(getsockopt(fd, rows[i].level, rows[i].option, &value, &size), 0);
		assert_true(value >= rows[i].least);
		assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
		assert_int_equal((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0, rows[i].tcp);
	}
	socket_set_close(&set);
	err_free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_options),
	        cmocka_unit_test(test_in_use),
	        cmocka_unit_test(test_every_fault_is_named),
	        cmocka_unit_test(test_out_of_descriptors),
	        cmocka_unit_test(test_port_0),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
