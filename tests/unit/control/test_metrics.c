/*
 * test_metrics.c: the metrics page, and HTTP that is none.
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
#include <unistd.h>

#include "loop.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void write_answers(void *context, FILE *out)
{
	fprintf(out, "# TYPE %s counter\n%s 7\n", (const char *)context, (const char *)context);
}

/* A port that is free now, and none of those that the kernel gives to clients, who would take it a moment later. */
static uint16_t free_port(void)
{
	struct endpoint endpoint;
	struct sockaddr_storage address;
	assert_true(endpoint_parse(&endpoint, "127.0.0.1", 0));
	for (endpoint.port = (uint16_t)(20000 + getpid() % 10000);; endpoint.port++) {
		socklen_t length = endpoint_to_sockaddr(&endpoint, &address);
		int fd = socket(AF_INET, SOCK_STREAM, 0), free = bind(fd, (struct sockaddr *)&address, length);
		close(fd);
		if (free == 0)
			return endpoint.port;
	}
}

static uint16_t page_open(struct house *house)
{
	static char first[] = "a_total", second[] = "b_total";
	struct endpoint endpoint;
	house_open(house);
	uint16_t port = free_port();
	assert_true(endpoint_parse(&endpoint, "127.0.0.1", port));
	control_register_metrics(house->control, write_answers, first);
	control_register_metrics(house->control, write_answers, second);
	assert_int_equal(control_listen_metrics(house->control, &endpoint, house->err), 0);
	return port;
}

#define PLAIN "Content-Type: text/plain\r\nContent-Length: "
#define PAGE                                                                                                           \
	"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: 66\r\n"          \
	"Connection: close\r\n\r\n"
#define BODY "# TYPE a_total counter\na_total 7\n# TYPE b_total counter\nb_total 7\n"
#define BAD "HTTP/1.1 400 Bad Request\r\n" PLAIN "25\r\nConnection: close\r\n\r\nThis is no HTTP request.\n"
#define NOT_ALLOWED                                                                                                    \
	"HTTP/1.1 405 Method Not Allowed\r\n" PLAIN                                                                    \
	"19\r\nAllow: GET, HEAD\r\nConnection: close\r\n\r\nOnly GET and HEAD.\n"
#define MISSING "HTTP/1.1 404 Not Found\r\n" PLAIN "29\r\nConnection: close\r\n\r\nThe metrics are at /metrics.\n"

static void test_requests(void **state)
{
	(void)state;
	static const struct {
		const char *name, *request, *answer;
	} rows[] = {
	        {"page", "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", PAGE BODY},
	        {"1.0", "GET /metrics HTTP/1.0\r\n\r\n", PAGE BODY},
	        {"query", "GET /metrics?x=/ HTTP/1.1\r\nHost: a\r\n\r\n", PAGE BODY},
	        {"absolute form", "GET http://a:9153/metrics HTTP/1.1\r\nHost: a\r\n\r\n", PAGE BODY},
	        {"bare newlines", "GET /metrics HTTP/1.1\nHost: a\n\n", PAGE BODY},
	        {"head only", "HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n", PAGE},
	        {"elsewhere", "GET / HTTP/1.1\r\n\r\n", MISSING},
	        {"longer path", "GET /metrics/x HTTP/1.1\r\n\r\n", MISSING},
	        {"absolute form without a path", "GET http://metrics HTTP/1.1\r\n\r\n", MISSING},
	        {"method", "POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", NOT_ALLOWED},
	        {"method in lower case", "get /metrics HTTP/1.1\r\n\r\n", NOT_ALLOWED},
	        {"version", "GET /metrics HTTP/2.0\r\n\r\n",
	                "HTTP/1.1 505 HTTP Version Not Supported\r\n" PLAIN
	                "13\r\nConnection: close\r\n\r\nOnly HTTP/1.\n"},
	        {"no version", "GET /metrics\r\n\r\n", BAD},
	        {"no request", "\r\n\r\n", BAD},
	        {"four words", "GET /metrics HTTP/1.1 x\r\n\r\n", BAD},
	        {"bytes", "\x16\x03\x01\n\n", BAD},
	};
	struct house house;
	uint16_t port = page_open(&house);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client client;
		client_open_tcp(&client, &house, port);
		client_say(&client, rows[i].request);
		assert_string_equal(client_rest(&client), rows[i].answer);
		client_close(&client);
	}
	house_close(&house);
}

/* A byte at a time is as good; a head without an end is not. */
static void test_slow_and_large(void **state)
{
	(void)state;
	static const char request[] = "GET /metrics HTTP/1.1\r\n\r\n";
	struct house house;
	struct client client;
	uint16_t port = page_open(&house);
	client_open_tcp(&client, &house, port);
	for (size_t i = 0; i < sizeof request - 1; i++) {
		client_send(&client, request + i, 1);
		uv_run(&house.loop, UV_RUN_ONCE);
	}
	assert_string_equal(client_rest(&client), PAGE BODY);
	client_close(&client);

	client_open_tcp(&client, &house, port);
	client_say(&client, "GET /metrics HTTP/1.1\r\n");
	char filler[METRICS_HEAD_MAX];
	memset(filler, 'x', sizeof filler);
	client_send(&client, filler, sizeof filler);
	assert_non_null(strstr(client_rest(&client), "HTTP/1.1 431 "));
	client_close(&client);

	house.control->scrapes.patience = 30;
	client_open_tcp(&client, &house, port);
	while (!client.ended) {
		client_send(&client, "G", 1);
		uv_run(&house.loop, UV_RUN_ONCE);
	}
	assert_non_null(strstr(client.text, "HTTP/1.1 408 "));
	client_close(&client);
	house_close(&house);
}

/* With all places taken by silent clients, a new one is served. */
static void test_many_clients(void **state)
{
	(void)state;
	struct house house;
	struct client silent[METRICS_CLIENTS + 8], client;
	uint16_t port = page_open(&house);
	for (size_t i = 0; i < COUNT(silent); i++)
		client_open_tcp(&silent[i], &house, port);
	client_open_tcp(&client, &house, port);
	client_say(&client, "GET /metrics HTTP/1.1\r\n\r\n");
	assert_string_equal(client_rest(&client), PAGE BODY);
	assert_true(house.control->scrapes.count <= METRICS_CLIENTS);
	for (size_t i = 0; i < COUNT(silent); i++)
		client_close(&silent[i]);
	client_close(&client);
	house_close(&house);
}

static void test_port_in_use(void **state)
{
	(void)state;
	struct house house;
	struct endpoint endpoint;
	char expected[128];
	uint16_t port = page_open(&house);
	assert_true(endpoint_parse(&endpoint, "127.0.0.1", port));
	struct control *second = control_new(&house.loop);
	assert_int_equal(control_listen_metrics(second, &endpoint, house.err), -1);
	snprintf(expected, sizeof expected,
	        "cannot serve metrics on 127.0.0.1@%u: the port is in use; find by whom with `ss -ltnp`", port);
	assert_string_equal(house_error(&house), expected);
	control_free(second);
	house_close(&house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_requests),
	        cmocka_unit_test(test_slow_and_large),
	        cmocka_unit_test(test_many_clients),
	        cmocka_unit_test(test_port_in_use),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
