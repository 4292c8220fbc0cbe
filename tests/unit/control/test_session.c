/*
 * test_session.c: requests and replies over the control socket, and clients that do not behave.
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

#include "loop.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Commands of a server. */
static void echo(void *context, struct control_request *request, const json_t *arguments)
{
	(void)context;
	control_reply(request, json_incref(json_object_get(arguments, "args")));
}

static void refuse(void *context, struct control_request *request, const json_t *arguments)
{
	(void)arguments;
	control_fail(request, context, "reload %s", "failed");
}

/* Keeps the request for later. */
static void keep(void *context, struct control_request *request, const json_t *arguments)
{
	(void)arguments;
	*(struct control_request **)context = request;
}

static void large(void *context, struct control_request *request, const json_t *arguments)
{
	size_t size = *(size_t *)context;
	char *text = malloc(size);
	(void)arguments;
	memset(text, 'x', size);
	control_reply(request, json_stringn(text, size));
	free(text);
}

struct server {
	struct house house;
	struct err *mistakes;
	struct control_request *kept;
	size_t large;
};

static void server_open(struct server *server)
{
	static const struct {
		const char *verb;
		void (*run)(void *, struct control_request *, const json_t *);
	} verbs[] = {{"echo", echo}, {"fail", refuse}, {"keep", keep}, {"large", large}};
	*server = (struct server){.mistakes = err_new(), .large = 2 << 20};
	void *contexts[] = {NULL, server->mistakes, &server->kept, &server->large};
	house_open(&server->house);
	for (size_t i = 0; i < COUNT(verbs); i++)
		control_register(server->house.control,
		        &(struct control_command){verbs[i].verb, "a test", verbs[i].run, contexts[i]});
	assert_int_equal(control_listen(server->house.control, server->house.path, server->house.err), 0);
}

static void server_close(struct server *server)
{
	house_close(&server->house);
	err_free(server->mistakes);
}

static void test_lines(void **state)
{
	(void)state;
	static const struct {
		const char *name, *line, *answer;
	} rows[] = {
	        {"reply", "{\"verb\":\"echo\",\"args\":[1,\"a\"]}\n", "{\"ok\":true,\"data\":[1,\"a\"]}"},
	        {"no data", "{\"verb\":\"echo\"}\r\n", "{\"ok\":true,\"data\":null}"},
	        {"blank lines are skipped", "\n \r\n{\"verb\":\"echo\",\"args\":1}\n", "{\"ok\":true,\"data\":1}"},
	        {"failure", "{\"verb\":\"fail\"}\n",
	                "{\"ok\":false,\"error\":\"reload "
	                "failed\",\"errors\":[{\"level\":\"error\",\"file\":\"a\",\"line\":2,"
	                "\"column\":3,\"width\":2,\"text\":\"\\tb\\\\x01cd\",\"mark\":\"\\t "
	                "^~~~~\",\"message\":\"no\"},"
	                "{\"level\":\"warning\",\"message\":\"old\"}]}"},
	        {"near verb", "{\"verb\":\"ecko\"}\n",
	                "{\"ok\":false,\"error\":\"no verb 'ecko'; did you mean 'echo'?\"}"},
	        {"far verb", "{\"verb\":\"quit\"}\n",
	                "{\"ok\":false,\"error\":\"no verb 'quit'; there are: help echo fail keep large\"}"},
	        {"hostile verb", "{\"verb\":\"\\u001b[2J\\u202e\"}\n",
	                "{\"ok\":false,\"error\":\"no verb '\\\\x1b[2J\\\\xe2\\\\x80\\\\xae'; there are: help echo "
	                "fail keep large\"}"},
	        {"no verb", "{\"args\":[]}\n",
	                "{\"ok\":false,\"error\":\"a request is an object with a \\\"verb\\\", such as {\\\"verb\\\": "
	                "\\\"status\\\"}\"}"},
	        {"no object", "[\"verb\"]\n",
	                "{\"ok\":false,\"error\":\"a request is an object with a \\\"verb\\\", such as {\\\"verb\\\": "
	                "\\\"status\\\"}\"}"},
	        {"verb is no text", "{\"verb\":1}\n",
	                "{\"ok\":false,\"error\":\"a request is an object with a \\\"verb\\\", such as {\\\"verb\\\": "
	                "\\\"status\\\"}\"}"},
	        {"no JSON", "status\n",
	                "{\"ok\":false,\"error\":\"not JSON: '[' or '{' expected near 'status' (column 6)\"}"},
	        {"a key twice", "{\"verb\":\"echo\",\"verb\":\"fail\"}\n",
	                "{\"ok\":false,\"error\":\"not JSON: duplicate object key near '\\\"verb\\\"' (column 21)\"}"},
	        {"sixteen levels", "{\"verb\":\"echo\",\"args\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}\n",
	                "{\"ok\":true,\"data\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}"},
	        {"seventeen levels", "{\"verb\":\"echo\",\"args\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}\n",
	                "{\"ok\":false,\"error\":\"a request is at most 16 levels deep\"}"},
	        {"brackets in a string are no levels",
	                "{\"verb\":\"echo\",\"args\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[\"}\n",
	                "{\"ok\":true,\"data\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[\"}"},
	};
	struct server server;
	server_open(&server);
	err_add(server.mistakes, ERR_ERROR, &(struct err_at){"a", 2, 3, 2, "\tb\001cd", 5}, "no");
	err_add(server.mistakes, ERR_WARNING, NULL, "old");
	struct client client;
	client_open(&client, &server.house, server.house.path);
	for (size_t i = 0; i < COUNT(rows); i++)
		client_expect(&client, rows[i].line, rows[i].answer);
	client_close(&client);
	server_close(&server);
}

/* Garbage with bytes that are no text gets an answer that is JSON. */
static void test_garbage(void **state)
{
	(void)state;
	struct server server;
	struct client client;
	server_open(&server);
	client_open(&client, &server.house, server.house.path);
	uint32_t random = 1;
	for (int round = 0; round < 200; round++) {
		char line[64];
		for (size_t i = 0; i < sizeof line; i++) {
			random = random * 1664525 + 1013904223;
			line[i] = (char)(random >> 24);
			if (line[i] == '\n')
				line[i] = '{';
		}
		line[0] = '!'; /* not blank */
		line[sizeof line - 1] = '\n';
		assert_true(client_send(&client, line, sizeof line));
		char *answer = client_line(&client);
		json_t *object = json_loads(answer, 0, NULL);
		assert_true(json_is_false(json_object_get(object, "ok")));
		json_decref(object);
		free(answer);
	}
	client_close(&client);
	server_close(&server);
}

static void test_more_errors_than_kept(void **state)
{
	(void)state;
	struct server server;
	struct client client;
	server_open(&server);
	for (int i = 0; i < ERR_MAX + 5; i++)
		err_add(server.mistakes, ERR_ERROR, NULL, "no");
	client_open(&client, &server.house, server.house.path);
	client_say(&client, "{\"verb\":\"fail\"}\n");
	char *answer = client_line(&client);
	assert_non_null(strstr(answer, "],\"more\":5}"));
	free(answer);
	client_close(&client);
	server_close(&server);
}

/* Requests in one packet are answered in order, and a half-closed client gets its answers; the last newline may be
 * missing. */
static void test_pipeline(void **state)
{
	(void)state;
	enum { REQUESTS = 3000 };
	struct server server;
	struct client client;
	server_open(&server);
	client_open(&client, &server.house, server.house.path);
	for (int i = 0; i < REQUESTS; i++) {
		char line[64];
		snprintf(line, sizeof line, "{\"verb\":\"echo\",\"args\":%d}%s", i, i < REQUESTS - 1 ? "\n" : "");
		client_say(&client, line);
	}
	shutdown(client.fd, SHUT_WR);
	for (int i = 0; i < REQUESTS; i++) {
		char expected[64], *line = client_line(&client);
		snprintf(expected, sizeof expected, "{\"ok\":true,\"data\":%d}", i);
		assert_string_equal(line, expected);
		free(line);
	}
	assert_string_equal(client_rest(&client), "");
	client_close(&client);
	server_close(&server);
}

static bool is_kept(void *context)
{
	return ((struct server *)context)->kept;
}

/* A command that takes its time holds up its own client, and no other. */
static void test_later(void **state)
{
	(void)state;
	struct server server;
	struct client slow, quick;
	server_open(&server);
	client_open(&slow, &server.house, server.house.path);
	client_open(&quick, &server.house, server.house.path);
	client_say(&slow, "{\"verb\":\"keep\"}\n{\"verb\":\"echo\",\"args\":2}\n");
	run_until(&server.house, is_kept, &server);
	client_expect(&quick, "{\"verb\":\"echo\",\"args\":3}\n", "{\"ok\":true,\"data\":3}");
	control_reply(server.kept, json_integer(1));
	client_expect(&slow, "", "{\"ok\":true,\"data\":1}");
	client_expect(&slow, "", "{\"ok\":true,\"data\":2}");
	client_close(&slow);
	client_close(&quick);
	server_close(&server);
}

static bool nobody_left(void *context)
{
	return ((struct server *)context)->house.control->sessions.count == 0;
}

/* Who goes before the reply is there does no harm, and neither does a reply after the room is closed and freed. */
static void test_reply_to_nobody(void **state)
{
	(void)state;
	struct server server;
	struct client client;
	server_open(&server);
	client_open(&client, &server.house, server.house.path);
	client_say(&client, "{\"verb\":\"keep\"}\n");
	run_until(&server.house, is_kept, &server);
	client_close(&client);
	control_reply(server.kept, json_integer(1));
	run_until(&server.house, nobody_left, &server);

	server.kept = NULL;
	client_open(&client, &server.house, server.house.path);
	client_say(&client, "{\"verb\":\"keep\"}\n");
	run_until(&server.house, is_kept, &server);
	control_close(server.house.control);
	assert_string_equal(client_rest(&client), "");
	client_close(&client);
	server_close(&server);
	control_reply(server.kept, json_integer(1));
}

static void test_long_line(void **state)
{
	(void)state;
	struct server server;
	struct client client;
	server_open(&server);
	client_open(&client, &server.house, server.house.path);
	char *line = malloc(CONTROL_LINE_MAX + 1);
	memset(line, ' ', CONTROL_LINE_MAX + 1);
	memcpy(line, "{\"verb\":\"echo\"", 14);
	line[CONTROL_LINE_MAX - 2] = '}';
	line[CONTROL_LINE_MAX - 1] = '\n';
	assert_true(client_send(&client, line, CONTROL_LINE_MAX)); /* just fits */
	client_expect(&client, "", "{\"ok\":true,\"data\":null}");
	memset(line, 'x', CONTROL_LINE_MAX + 1);
	client_send(&client, line, CONTROL_LINE_MAX + 1);
	assert_string_equal(
	        client_rest(&client), "{\"ok\":false,\"error\":\"a request line is at most 65536 bytes long\"}\n");
	free(line);
	client_close(&client);
	server_close(&server);
}

/* Half a request, and bytes that drip in without end: the deadline is the request's, not the byte's. */
static void test_half_request(void **state)
{
	(void)state;
	struct server server;
	struct client half, silent;
	server_open(&server);
	server.house.control->sessions.patience = 30;
	client_open(&silent, &server.house, server.house.path);
	client_open(&half, &server.house, server.house.path);
	while (!half.ended) {
		client_send(&half, "{", 1);
		uv_run(&server.house.loop, UV_RUN_ONCE);
	}
	assert_string_equal(half.text, "{\"ok\":false,\"error\":\"the request did not come to its end in time\"}\n");
	assert_string_equal(client_rest(&silent), "");
	client_close(&half);
	client_close(&silent);
	server_close(&server);
}

/* A client that asks and does not read is cut off; what waits for all of them together is bounded. */
static void test_never_reads(void **state)
{
	(void)state;
	struct server server;
	struct client deaf, other;
	server_open(&server);
	server.house.control->sessions.patience = 100;
	server.house.control->sessions.output_max = 3 << 20;
	client_open(&deaf, &server.house, server.house.path);
	uv_poll_stop(&deaf.poll);
	client_say(&deaf, "{\"verb\":\"large\"}\n");
	while (!server.house.control->output)
		uv_run(&server.house.loop, UV_RUN_ONCE);
	client_open(&other, &server.house, server.house.path);
	client_say(&other, "{\"verb\":\"large\"}\n");
	assert_string_equal(client_rest(&other),
	        "{\"ok\":false,\"error\":\"too large a reply, or too many that wait to be read\"}\n");
	client_close(&other);
	run_until(&server.house, nobody_left, &server);
	assert_int_equal(server.house.control->output, 0);
	client_close(&deaf);
	server_close(&server);
}

/* The 65th client takes the place of the one that is idle for longest; never of one whose request runs. */
static void test_many_clients(void **state)
{
	(void)state;
	enum { MANY = CONTROL_CLIENTS };
	struct server server;
	struct client clients[MANY], last;
	server_open(&server);
	client_open(&clients[0], &server.house, server.house.path);
	client_say(&clients[0], "{\"verb\":\"keep\"}\n");
	run_until(&server.house, is_kept, &server);
	for (int i = 1; i < MANY; i++) {
		client_open(&clients[i], &server.house, server.house.path);
		client_expect(&clients[i], "{\"verb\":\"echo\"}\n", "{\"ok\":true,\"data\":null}");
	}
	client_open(&last, &server.house, server.house.path);
	client_expect(&last, "{\"verb\":\"echo\"}\n", "{\"ok\":true,\"data\":null}");
	assert_string_equal(client_rest(&clients[1]), "");
	control_reply(server.kept, NULL);
	client_expect(&clients[0], "", "{\"ok\":true,\"data\":null}");
	for (int i = 0; i < MANY; i++)
		client_close(&clients[i]);
	client_close(&last);
	server_close(&server);
}

/* All places are taken by requests that run: the next is told so. */
static void test_all_busy(void **state)
{
	(void)state;
	struct server server;
	struct client first, second;
	server_open(&server);
	server.house.control->sessions.max = 1;
	client_open(&first, &server.house, server.house.path);
	client_say(&first, "{\"verb\":\"keep\"}\n");
	run_until(&server.house, is_kept, &server);
	client_open(&second, &server.house, server.house.path);
	assert_string_equal(client_rest(&second), "{\"ok\":false,\"error\":\"too many clients at once; try again\"}\n");
	client_close(&second);
	control_fail(server.kept, NULL, "gone");
	client_expect(&first, "", "{\"ok\":false,\"error\":\"gone\",\"errors\":[]}");
	client_close(&first);
	server_close(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_lines),
	        cmocka_unit_test(test_garbage),
	        cmocka_unit_test(test_more_errors_than_kept),
	        cmocka_unit_test(test_pipeline),
	        cmocka_unit_test(test_later),
	        cmocka_unit_test(test_reply_to_nobody),
	        cmocka_unit_test(test_long_line),
	        cmocka_unit_test(test_half_request),
	        cmocka_unit_test(test_never_reads),
	        cmocka_unit_test(test_many_clients),
	        cmocka_unit_test(test_all_busy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
