/*
 * test_udp.c: UDP over real sockets of the loopback: who is answered, from where, and what a stop still answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stub.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static ssize_t receive(int fd, uint8_t *bytes, size_t size)
{
	struct pollfd one = {.fd = fd, .events = POLLIN};
	return poll(&one, 1, STUB_WAIT_MS) == 1 ? recv(fd, bytes, size, 0) : -1;
}

/* The client's socket is connected, so a reply from any other address than the one asked would not arrive. */
static void test_asked_address_answers(void **state)
{
	(void)state;
	static const struct {
		const char *listen, *ask, *from;
	} rows[] = {
	        {"127.0.0.1@0", "127.0.0.1", "127.0.0.9"},
	        {"::1@0", "::1", "::1"},
	        {"0.0.0.0@0", "127.0.0.1", "127.0.0.1"},
	        {"0.0.0.0@0", "127.0.0.77", "127.0.0.1"},
	        {"0.0.0.0@0", "127.200.0.1", "127.3.0.1"},
	        {"::@0", "::1", "::1"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct serve *serve = stub_serve((const char *[]){rows[i].listen, NULL}, NULL);
		assert_non_null(serve);
		struct endpoint to = stub_endpoint(serve, 0);
		assert_true(addr_parse(&to.addr, rows[i].ask));
		int fd = stub_connect(&to, SOCK_DGRAM, rows[i].from);
		uint8_t query[STUB_QUERY], reply[512];
		stub_query(query, 0x1234, 0);
		query[15] = 1;
		assert_true(stub_send(fd, query, sizeof query));
		assert_int_equal(receive(fd, reply, sizeof reply), sizeof query);
		assert_memory_equal(reply, query, 2);
		struct addr client, expected;
		memcpy(&client, reply + 16, sizeof client);
		assert_true(addr_parse(&expected, rows[i].from));
		assert_true(addr_equal(&client, &expected));
		close(fd);
		serve_stop(serve, NANO_SECOND);
	}
	assert_int_equal(stub_threads(), 0);
}

/* Sizes of datagrams, and of the replies that are due. */
static void test_sizes(void **state)
{
	(void)state;
	static const struct {
		size_t sent;
		uint16_t asked;
		ssize_t reply; /* 0: none */
	} rows[] = {{0, 0, 0}, {1, 0, 0}, {11, 0, 0}, {12, 0, 12}, {40, 0, 40}, {40, 1232, 1232}, {512, 0, 512},
	        {4096, 0, 4096}, {5000, 0, 4096}, {65507, 0, 4096}, {40, 65535, 4096}};
	struct serve *serve = stub_serve((const char *[]){"127.0.0.1@0", NULL}, NULL);
	assert_non_null(serve);
	struct endpoint to = stub_endpoint(serve, 0);
	int fd = stub_connect(&to, SOCK_DGRAM, NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		static uint8_t query[65507], reply[65535];
		memset(query, 0, sizeof query);
		stub_query(query, (uint16_t)i, rows[i].asked);
		assert_int_equal(send(fd, query, rows[i].sent, 0), rows[i].sent);
		/* What gets no reply is followed by what does: nothing came between. */
		if (rows[i].reply == 0)
			assert_int_equal(send(fd, query, 100, 0), 100);
		assert_int_equal(receive(fd, reply, sizeof reply), rows[i].reply == 0 ? 100 : rows[i].reply);
		assert_int_equal(reply[1], i);
	}
	close(fd);
	serve_stop(serve, NANO_SECOND);
}

static void test_many(void **state)
{
	(void)state;
	enum { QUERIES = 10000, WINDOW = 200 };
	struct serve *serve = stub_serve((const char *[]){"127.0.0.1@0", NULL}, &(struct serve_options){.workers = 2});
	assert_non_null(serve);
	struct endpoint to = stub_endpoint(serve, 0);
	int fds[4];
	for (size_t i = 0; i < COUNT(fds); i++)
		fds[i] = stub_connect(&to, SOCK_DGRAM, NULL);
	for (unsigned sent = 0; sent < QUERIES; sent += WINDOW) {
		uint8_t bytes[512];
		for (unsigned i = 0; i < WINDOW; i++) {
			stub_query(bytes, (uint16_t)(sent + i), (uint16_t)(i % 3 * 100));
			assert_true(stub_send(fds[i % COUNT(fds)], bytes, STUB_QUERY));
		}
		for (unsigned i = 0; i < WINDOW; i++) {
			assert_int_equal(receive(fds[i % COUNT(fds)], bytes, sizeof bytes), i % 3 ? i % 3 * 100 : 40);
			assert_int_equal(bytes[0] << 8 | bytes[1], sent + i);
		}
	}
	assert_int_equal(stub_counter(serve, COUNTER_QUERIES_UDP), QUERIES);
	assert_int_equal(stub_counter(serve, COUNTER_UDP_SEND_ERRORS), 0);
	assert_int_equal(stub_counter(serve, COUNTER_UDP_RECEIVE_ERRORS), 0);
	assert_in_range(stub_counter(serve, COUNTER_UDP_BATCHES), 1, QUERIES);
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
	serve_stop(serve, NANO_SECOND);
}

/* Asks `queries` times in one go; counts whole replies and truncated ones. */
static void ask_burst(int fd, unsigned queries, bool proven, unsigned *whole, unsigned *truncated)
{
	uint8_t bytes[512];
	*whole = *truncated = 0;
	for (unsigned i = 0; i < queries; i++) {
		stub_query(bytes, (uint16_t)i, 0);
		bytes[19] = proven;
		assert_true(stub_send(fd, bytes, STUB_QUERY));
	}
	/* a class of its own: it comes last, and comes always */
	stub_query(bytes, 0xffff, 0);
	bytes[16] = 1;
	assert_true(stub_send(fd, bytes, STUB_QUERY));
	for (;;) {
		ssize_t size = receive(fd, bytes, sizeof bytes);
		if (bytes[0] == 0xff)
			return;
		*whole += size == STUB_QUERY;
		*truncated += size == 12 && (bytes[2] & 0x02) != 0;
	}
}

/* In one go 200 queries of one class and network. How many are due takes into account that a machine may be slow. */
static void test_rate_limit(void **state)
{
	(void)state;
	enum { QUERIES = 200 };
	static const struct prefix loopback = {{.family = ADDR_V4, .bytes = {127}}, 8};
	static const struct {
		const char *name;
		struct rate_limit limit;
		bool proven;
		unsigned whole, slack, truncated_least, truncated_most;
	} rows[] = {
	        {"none is truncated", {true, 10, 0, NULL, 0}, false, 10, 10, 0, 0},
	        {"all are", {true, 10, 1, NULL, 0}, false, 10, 10, 180, 190},
	        {"one in two", {true, 10, 2, NULL, 0}, false, 10, 10, 50, 140},
	        {"proven", {true, 10, 2, NULL, 0}, true, QUERIES, 0, 0, 0},
	        {"exempt", {true, 10, 2, &loopback, 1}, false, QUERIES, 0, 0, 0},
	        {"below the limit", {true, 1000, 2, NULL, 0}, false, QUERIES, 0, 0, 0},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct serve *serve = stub_serve((const char *[]){"127.0.0.1@0", NULL}, NULL);
		struct endpoint to = stub_endpoint(serve, 0);
		int fd = stub_connect(&to, SOCK_DGRAM, NULL);
		unsigned whole, truncated;
		stub_limit(&rows[i].limit);
		ask_burst(fd, QUERIES, rows[i].proven, &whole, &truncated);
		print_message("%s: %u whole, %u truncated\n", rows[i].name, whole, truncated);
		assert_in_range(whole, rows[i].whole, rows[i].whole + rows[i].slack);
		assert_in_range(truncated, rows[i].truncated_least, rows[i].truncated_most);
		assert_int_equal(stub_counter(serve, COUNTER_RATE_SLIPPED), truncated);
		assert_int_equal(stub_counter(serve, COUNTER_DROPPED_RATE), QUERIES - whole - truncated);
		/* taken away, it counts at once; and a stream has none */
		int stream = stub_connect(&to, SOCK_STREAM, NULL);
		for (unsigned k = 0; k < 50; k++)
			assert_true(stub_ask(stream, (uint16_t)k));
		stub_limit(NULL);
		ask_burst(fd, QUERIES, false, &whole, &truncated);
		assert_int_equal(whole, QUERIES);
		close(stream);
		close(fd);
		serve_stop(serve, NANO_SECOND);
	}
}

/* The first query keeps the thread busy while the others, and the stop, come. */
static void test_stop_answers_what_came(void **state)
{
	(void)state;
	enum { QUERIES = 200 }; /* as many replies as the client's socket holds */
	struct serve *serve = stub_serve((const char *[]){"127.0.0.1@0", "::1@0", NULL}, NULL);
	assert_non_null(serve);
	for (uint32_t listener = 0; listener < 2; listener++) {
		struct endpoint to = stub_endpoint(serve, listener);
		int fd = stub_connect(&to, SOCK_DGRAM, NULL);
		uint8_t bytes[512];
		for (unsigned i = 0; i < QUERIES; i++) {
			stub_query(bytes, (uint16_t)i, 0);
			bytes[14] = i == 0 ? 50 : 0;
			assert_true(stub_send(fd, bytes, STUB_QUERY));
		}
		if (listener == 1)
			serve_stop(serve, NANO_SECOND);
		for (unsigned i = 0; i < QUERIES; i++) {
			assert_int_equal(receive(fd, bytes, sizeof bytes), STUB_QUERY);
			assert_int_equal(bytes[0] << 8 | bytes[1], i);
		}
		close(fd);
	}
	assert_int_equal(stub_threads(), 0);
}

/* Whoever sleeps is woken at once, again and again: no race between sleeping and waking. */
static void test_stop_is_prompt(void **state)
{
	(void)state;
	unsigned before = stub_descriptors();
	for (unsigned i = 0; i < 100; i++) {
		struct serve *serve = stub_serve((const char *[]){"127.0.0.1@0", "0.0.0.0@0", "::1@0", NULL},
		        &(struct serve_options){.workers = 3});
		assert_non_null(serve);
		if (i % 2 != 0)
			usleep(i * 20);
		nanotime start = clock_now();
		serve_stop(serve, 20 * NANO_SECOND);
		assert_true(clock_now() - start < 10 * NANO_SECOND);
	}
	assert_int_equal(stub_descriptors(), before);
}

/* A flood does not hold the end up. */
static void test_stop_under_flood(void **state)
{
	(void)state;
	struct serve *serve = stub_serve((const char *[]){"127.0.0.1@0", NULL}, NULL);
	assert_non_null(serve);
	struct endpoint to = stub_endpoint(serve, 0);
	int fd = stub_connect(&to, SOCK_DGRAM, NULL);
	uint8_t query[STUB_QUERY];
	for (unsigned i = 0; i < 1000; i++) {
		stub_query(query, (uint16_t)i, 0);
		query[14] = 5;
		send(fd, query, sizeof query, MSG_DONTWAIT);
	}
	nanotime start = clock_now();
	serve_stop(serve, 200 * NANO_MILLI);
	assert_true(clock_now() - start < 4 * NANO_SECOND); /* it is 5 s of answers */
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_asked_address_answers),
	        cmocka_unit_test(test_sizes),
	        cmocka_unit_test(test_many),
	        cmocka_unit_test(test_rate_limit),
	        cmocka_unit_test(test_stop_answers_what_came),
	        cmocka_unit_test(test_stop_is_prompt),
	        cmocka_unit_test(test_stop_under_flood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
