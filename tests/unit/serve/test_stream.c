/*
 * test_stream.c: TCP over real sockets of the loopback: framing, order, and ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stub.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct serve *serve_both(void)
{
	struct serve *serve = stub_serve((const char *[]){"127.0.0.1@0", "::1@0", NULL}, NULL);
	assert_non_null(serve);
	return serve;
}

static int connect_to(struct serve *serve, uint32_t listener)
{
	struct endpoint to = stub_endpoint(serve, listener);
	int fd = stub_connect(&to, SOCK_STREAM, NULL), one = 1;
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), 0);
	return fd;
}

/* Waits until all that was sent has been read by the server: it has asked for more, and found nothing. */
static void wait_until_read(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof info;
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
		if (info.tcpi_unacked == 0)
			break;
		usleep(100);
	}
	usleep(200);
}

static void test_split_at_every_byte(void **state)
{
	(void)state;
	struct serve *serve = serve_both();
	int fd = connect_to(serve, 0);
	uint8_t bytes[3 * (2 + STUB_QUERY)];
	size_t size = 0;
	for (uint16_t id = 0; id < 3; id++)
		size += stub_framed(bytes + size, id, (uint16_t)(id * 500));
	for (size_t first = 0; first <= size; first++) {
		assert_true(stub_send(fd, bytes, first));
		wait_until_read(fd);
		assert_true(stub_send(fd, bytes + first, size - first));
		assert_int_equal(stub_reply(fd, 0), STUB_QUERY);
		assert_int_equal(stub_reply(fd, 1), 500);
		assert_int_equal(stub_reply(fd, 2), 1000);
	}
	for (size_t i = 0; i < size; i++) {
		assert_true(stub_send(fd, bytes + i, 1));
		wait_until_read(fd);
	}
	for (uint16_t id = 0; id < 3; id++)
		assert_int_equal(stub_reply(fd, id), id == 0 ? STUB_QUERY : id * 500);
	close(fd);
	serve_stop(serve, NANO_SECOND);
	assert_int_equal(stub_threads(), 0);
}

struct sender {
	int fd;
	unsigned queries;
	uint16_t reply;
};

static void *send_queries(void *argument)
{
	struct sender *sender = argument;
	size_t size = 0;
	uint8_t *bytes = malloc((size_t)sender->queries * (2 + STUB_QUERY));
	assert_non_null(bytes);
	for (unsigned i = 0; i < sender->queries; i++)
		size += stub_framed(bytes + size, (uint16_t)i, sender->reply);
	bool sent = stub_send(sender->fd, bytes, size);
	free(bytes);
	return sent ? sender : NULL;
}

/* All answered, in order; first the reader waits until all is sent, where that can be. */
static void test_pipelining(void **state)
{
	(void)state;
	static const struct {
		unsigned queries;
		uint16_t reply;
		bool half_close;
	} rows[] = {{10000, 0, false}, {10000, 0, true}, {10000, 100, true}, {2000, 4000, true}, {300, 65535, true},
	        {300, 65535, false}};
	struct serve *serve = serve_both();
	for (size_t row = 0; row < COUNT(rows); row++) {
		int fd = connect_to(serve, row % 2);
		struct sender sender = {fd, rows[row].queries, rows[row].reply};
		pthread_t thread;
		void *sent;
		assert_int_equal(pthread_create(&thread, NULL, send_queries, &sender), 0);
		assert_int_equal(pthread_join(thread, &sent), 0);
		assert_non_null(sent);
		if (rows[row].half_close)
			assert_int_equal(shutdown(fd, SHUT_WR), 0);
		for (unsigned i = 0; i < rows[row].queries; i++)
			assert_int_equal(stub_reply(fd, (uint16_t)i), rows[row].reply ? rows[row].reply : STUB_QUERY);
		if (rows[row].half_close)
			assert_true(stub_ended(fd, STUB_WAIT_MS));
		else
			assert_true(stub_ask(fd, 7));
		close(fd);
	}
	serve_stop(serve, NANO_SECOND);
}

static void test_large_query(void **state)
{
	(void)state;
	struct serve *serve = serve_both();
	int fd = connect_to(serve, 0);
	uint8_t *bytes = calloc(1, 2 + 65535);
	assert_non_null(bytes);
	for (unsigned i = 0; i < 3; i++) {
		bytes[0] = bytes[1] = 0xff;
		stub_query(bytes + 2, (uint16_t)i, 0);
		assert_true(stub_send(fd, bytes, 2 + 65535));
		assert_int_equal(stub_reply(fd, (uint16_t)i), 65535);
	}
	free(bytes);
	close(fd);
	serve_stop(serve, NANO_SECOND);
}

/* What gets no answer does no harm to what follows on the same connection. */
static void test_garbage(void **state)
{
	(void)state;
	static const struct {
		size_t size;
		uint8_t bytes[24];
	} rows[] = {
	        {2, {0, 0}}, {12, {0}}, {3, {0, 1, 0xff}}, {13, {0, 11}}, {14, {0, 12, 0, 0, 0x80}}, /* a response */
	};
	struct serve *serve = serve_both();
	int fd = connect_to(serve, 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(stub_send(fd, rows[i].bytes, rows[i].size));
		assert_true(stub_ask(fd, (uint16_t)i));
	}
	close(fd);
	serve_stop(serve, NANO_SECOND);
}

/* Connections that end in the middle of anything. */
static void test_abrupt_ends(void **state)
{
	(void)state;
	struct serve *serve = serve_both();
	unsigned before = stub_descriptors();
	uint8_t query[2 + STUB_QUERY];
	size_t size = stub_framed(query, 1, 60000);
	for (unsigned i = 0; i < 200; i++) {
		int fd = connect_to(serve, i % 2);
		assert_true(stub_send(fd, query, i % (size + 1)));
		if (i % 3 == 0) {
			struct linger reset = {.l_onoff = 1};
			assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
		}
		close(fd);
	}
	for (unsigned i = 0; i < STUB_WAIT_MS && stub_counter(serve, COUNTER_TCP_CLOSED) < 200; i++)
		usleep(1000);
	assert_int_equal(stub_counter(serve, COUNTER_TCP_OPEN), 0);
	assert_int_equal(stub_counter(serve, COUNTER_TCP_ACCEPTED), 200);
	assert_int_equal(stub_descriptors(), before);
	serve_stop(serve, NANO_SECOND);
}

/* Transfers go as fast as their clients read, between answers of the same connection and of others; who ends one, ends
 * it. */
static void test_transfers(void **state)
{
	(void)state;
	enum { MESSAGES = 500, CLIENTS = 4 };
	struct serve *serve = serve_both();
	int fds[CLIENTS], deaf = connect_to(serve, 0), other = connect_to(serve, 1);
	uint8_t bytes[3 * (2 + STUB_QUERY)];
	size_t size = stub_framed(bytes, 1, 0);
	size += stub_framed(bytes + size, 2, 0);
	bytes[size - STUB_QUERY + 17] = MESSAGES >> 8;
	bytes[size - STUB_QUERY + 18] = MESSAGES & 255;
	size += stub_framed(bytes + size, 3, 0);
	assert_true(stub_send(deaf, bytes, size));
	for (unsigned i = 0; i < CLIENTS; i++) {
		fds[i] = connect_to(serve, 0);
		assert_true(stub_send(fds[i], bytes, size));
		assert_int_equal(stub_reply(fds[i], 1), STUB_QUERY);
	}
	for (unsigned k = 0; k < MESSAGES; k++) {
		for (unsigned i = 0; i < CLIENTS; i++)
			assert_int_equal(stub_reply(fds[i], 2), STUB_TRANSFERRED);
		assert_true(stub_ask(other, (uint16_t)k));
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		assert_int_equal(stub_reply(fds[i], 3), STUB_QUERY);
		close(fds[i]);
	}
	assert_int_equal(stub_transfers(), 1);
	close(deaf);
	for (unsigned i = 0; i < STUB_WAIT_MS && stub_transfers() > 0; i++)
		usleep(1000);
	assert_int_equal(stub_transfers(), 0);
	close(other);
	serve_stop(serve, NANO_SECOND);
}

/* A stop answers what was received, on connections old and new, read and unread, then ends them in order. */
static void test_stop_answers_what_came(void **state)
{
	(void)state;
	enum { CONNECTIONS = 20, QUERIES = 1000 };
	unsigned before = stub_descriptors();
	struct serve *serve = serve_both();
	int fds[CONNECTIONS];
	for (unsigned i = 0; i < CONNECTIONS / 2; i++)
		fds[i] = connect_to(serve, i % 2);
	assert_true(stub_ask(fds[0], 1));
	uint8_t slow[2 + STUB_QUERY];
	size_t size = stub_framed(slow, 1, 0);
	slow[2 + 14] = 100;
	assert_true(stub_send(fds[0], slow, size)); /* while this is answered, all the rest comes */
	usleep(10000);
	for (unsigned i = CONNECTIONS / 2; i < CONNECTIONS; i++)
		fds[i] = connect_to(serve, i % 2);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		assert_non_null(send_queries(&(struct sender){fds[i], QUERIES, 0}));
	nanotime start = clock_now();
	serve_stop(serve, 30 * NANO_SECOND);
	assert_true(clock_now() - start < 20 * NANO_SECOND);
	assert_int_equal(stub_reply(fds[0], 1), STUB_QUERY);
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		uint8_t more;
		for (unsigned id = 0; id < QUERIES; id++)
			assert_int_equal(stub_reply(fds[i], (uint16_t)id), STUB_QUERY);
		assert_int_equal(recv(fds[i], &more, 1, 0), 0);
		close(fds[i]);
	}
	assert_int_equal(stub_threads(), 0);
	assert_int_equal(stub_descriptors(), before);
}

/* Neither who sends for ever, nor who reads nothing, nor half a message holds the end up beyond the grace. */
static void test_stop_within_grace(void **state)
{
	(void)state;
	struct serve *serve = serve_both();
	int quiet = connect_to(serve, 0), half = connect_to(serve, 0), deaf = connect_to(serve, 0);
	assert_true(stub_ask(quiet, 1));
	assert_true(stub_send(half, "\0\50abc", 5));
	uint8_t query[2 + STUB_QUERY];
	size_t size = stub_framed(query, 1, 65535);
	for (unsigned i = 0; i < 500; i++)
		assert_true(stub_send(deaf, query, size));
	nanotime start = clock_now();
	serve_stop(serve, NANO_SECOND);
	nanotime took = clock_now() - start;
	assert_true(took < 10 * NANO_SECOND);
	assert_true(stub_ended(quiet, 100));
	assert_true(stub_ended(half, 100));
	close(quiet);
	close(half);
	close(deaf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_split_at_every_byte),
	        cmocka_unit_test(test_pipelining),
	        cmocka_unit_test(test_large_query),
	        cmocka_unit_test(test_garbage),
	        cmocka_unit_test(test_abrupt_ends),
	        cmocka_unit_test(test_transfers),
	        cmocka_unit_test(test_stop_answers_what_came),
	        cmocka_unit_test(test_stop_within_grace),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
