/*
 * test_dns.c: probes of the type dns, of a server on the same loop that does as the name in the question says.
 *
 * good: the answer · stray: first other ids, no replies and other questions, then the answer · cut: TC, the answer by
 * TCP · cutcut: TC by TCP too · hang: TC, and by TCP nothing · close: TC, and by TCP an end · half: TC, and by TCP half
 * of the answer and the end · empty: TC, and by TCP a message of length 0 · silent: nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/cursor.h"
#include "base/log.h"
#include "pool/board.h"
#include "probe/dns_reply.h"
#include "wire/message.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define PATIENCE_MS 60000
#define QUESTION_MIN 17 /* of the shortest question, .example. */

struct answerer {
	uv_udp_t udp;
	uv_tcp_t listener;
	uint16_t port;
	unsigned accepted;
};

struct client {
	uv_tcp_t tcp;
	uint8_t bytes[512];
	size_t got;
};

static const char *label(const uint8_t *message)
{
	return (const char *)message + 13;
}

static bool is(const uint8_t *message, const char *what)
{
	return message[12] == strlen(what) && !memcmp(label(message), what, strlen(what));
}

static size_t reply_of(const uint8_t *question, size_t size, uint16_t flags, uint8_t *reply)
{
	static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1};
	memcpy(reply, question, size);
	put_u16(reply + 2, flags);
	if (flags & FLAG_TC)
		return size;
	memcpy(reply + size, record, sizeof record);
	put_u16(reply + 6, 1);
	return size + sizeof record;
}

/* ---- UDP ---- */

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
	static char room[512];
	(void)handle, (void)wanted;
	*buffer = uv_buf_init(room, sizeof room);
}

static void send_to(uv_udp_t *udp, const struct sockaddr *to, const uint8_t *bytes, size_t size)
{
	uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)size);
	assert_true(uv_udp_try_send(udp, &buffer, 1, to) >= 0);
}

static void send_strays(uv_udp_t *udp, const struct sockaddr *to, const uint8_t *question, size_t size)
{
	uint8_t reply[512];
	size_t length = reply_of(question, size, 0x8182, reply);
	reply[1] ^= 1; /* another id */
	send_to(udp, to, reply, length);
	send_to(udp, to, question, size); /* a query */
	length = reply_of(question, size, 0x8182, reply);
	reply[14] ^= 1; /* another question */
	send_to(udp, to, reply, length);
	send_to(udp, to, reply, 0);
	send_to(udp, to, reply, 11);
	static uint8_t large[5000]; /* more than anybody reads */
	memcpy(large, reply, length);
	send_to(udp, to, large, sizeof large);
}

static void on_question(
        uv_udp_t *udp, ssize_t size, const uv_buf_t *buffer, const struct sockaddr *from, unsigned flags)
{
	const uint8_t *question = (const uint8_t *)buffer->base;
	uint8_t reply[512];
	(void)flags;
	if (size < QUESTION_MIN || is(question, "silent"))
		return;
	if (is(question, "stray"))
		send_strays(udp, from, question, (size_t)size);
	bool here = is(question, "good") || is(question, "stray");
	send_to(udp, from, reply, reply_of(question, (size_t)size, here ? 0x8180 : 0x8380, reply));
}

/* ---- TCP ---- */

static void on_client_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
	struct client *client = handle->data;
	(void)wanted;
	*buffer = uv_buf_init((char *)client->bytes + client->got, (unsigned)(sizeof client->bytes - client->got));
}

static void on_client_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void send_reply(struct client *client, const uint8_t *question, size_t size)
{
	uint8_t reply[514];
	if (is(question, "hang"))
		return;
	size_t length = 2 + reply_of(question, size, is(question, "cutcut") ? 0x8380 : 0x8180, reply + 2);
	put_u16(reply, is(question, "empty") ? 0 : (uint16_t)(length - 2));
	uv_buf_t buffer = uv_buf_init((char *)reply, (unsigned)(is(question, "half") ? length / 2 : length));
	if (!is(question, "close"))
		uv_try_write((uv_stream_t *)&client->tcp, &buffer, 1);
	if (is(question, "close") || is(question, "half"))
		uv_close((uv_handle_t *)&client->tcp, on_client_closed);
}

static void on_client(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct client *client = stream->data;
	(void)buffer;
	if (size < 0) {
		uv_close((uv_handle_t *)stream, on_client_closed);
		return;
	}
	client->got += (size_t)size;
	if (client->got >= 2 + QUESTION_MIN && client->got == 2u + (client->bytes[0] << 8 | client->bytes[1]))
		send_reply(client, client->bytes + 2, client->got - 2);
}

static void on_accept(uv_stream_t *listener, int status)
{
	struct client *client = calloc(1, sizeof *client);
	((struct answerer *)listener->data)->accepted++;
	MUST(client && !status && uv_tcp_init(listener->loop, &client->tcp) == 0);
	client->tcp.data = client;
	MUST(uv_accept(listener, (uv_stream_t *)&client->tcp) == 0);
	uv_read_start((uv_stream_t *)&client->tcp, on_client_room, on_client);
}

/* UDP and TCP at one port. */
static void answerer_start(struct answerer *answerer, uv_loop_t *loop)
{
	struct sockaddr_in at;
	int size = sizeof at;
	for (int tries = 0;; tries++) {
		uv_ip4_addr("127.0.0.1", 0, &at);
		MUST(tries < 20 && uv_udp_init(loop, &answerer->udp) == 0 &&
		        uv_tcp_init(loop, &answerer->listener) == 0);
		MUST(uv_udp_bind(&answerer->udp, (struct sockaddr *)&at, 0) == 0);
		MUST(uv_udp_getsockname(&answerer->udp, (struct sockaddr *)&at, &size) == 0);
		answerer->listener.data = answerer;
		if (uv_tcp_bind(&answerer->listener, (struct sockaddr *)&at, 0) == 0 &&
		        uv_listen((uv_stream_t *)&answerer->listener, 16, on_accept) == 0)
			break;
		uv_close((uv_handle_t *)&answerer->udp, NULL);
		uv_close((uv_handle_t *)&answerer->listener, NULL);
		uv_run(loop, UV_RUN_NOWAIT);
	}
	answerer->port = ntohs(at.sin_port);
	uv_udp_recv_start(&answerer->udp, on_room, on_question);
	uv_unref((uv_handle_t *)&answerer->udp);
	uv_unref((uv_handle_t *)&answerer->listener);
}

/* ---- the probes ---- */

#define NAME(label) (const uint8_t *)label "\7example"

static const struct {
	const char *name;
	struct probe_question asked;
	bool refused; /* asked where nobody is */
	bool ok;
	const char *detail;
} cases[] = {
        {"good", {NAME("\4good"), TYPE_A}, false, true, "answer 192.0.2.1"},
        {"strays are passed over", {NAME("\5stray"), TYPE_A}, false, true, "answer 192.0.2.1"},
        {"by TCP where it is cut off", {NAME("\3cut"), TYPE_A}, false, true, "answer 192.0.2.1"},
        {"by TCP from the start", {NAME("\4good"), TYPE_A, .tcp = true}, false, true, "answer 192.0.2.1"},
        {"cut off by TCP too", {NAME("\6cutcut"), TYPE_A}, false, false, "TCP: the reply is cut off"},
        {"nothing by TCP", {NAME("\4hang"), TYPE_A}, false, false, "TCP: timed out after 400ms"},
        {"an end", {NAME("\5close"), TYPE_A}, false, false, "TCP: closed without a word"},
        {"half", {NAME("\4half"), TYPE_A}, false, false, "TCP: broken off"},
        {"an empty message", {NAME("\5empty"), TYPE_A}, false, false, "TCP: no reply to the question"},
        {"silent", {NAME("\6silent"), TYPE_A}, false, false, "timed out after 400ms"},
        {"refused", {NAME("\4good"), TYPE_A}, true, false, "UDP: Connection refused"},
        {"refused by TCP", {NAME("\4good"), TYPE_A, .tcp = true}, true, false, "TCP: Connection refused"},
};

static void out_of_patience(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing more happens");
}

static void set_done(void *context)
{
	*(bool *)context = true;
}

static void test_cases(void **state)
{
	(void)state;
	uv_loop_t loop;
	uv_timer_t patience;
	struct answerer answerer = {.accepted = 0};
	struct target targets[COUNT(cases)];
	struct probe_spec specs[COUNT(cases)];
	char names[COUNT(cases)][16];
	struct err *err = err_new();
	MUST(uv_loop_init(&loop) == 0 && uv_timer_init(&loop, &patience) == 0);
	uv_timer_start(&patience, out_of_patience, PATIENCE_MS, 0);
	answerer_start(&answerer, &loop);
	for (uint32_t i = 0; i < COUNT(cases); i++) {
		snprintf(names[i], sizeof names[i], "dns-%u", i);
		specs[i] = (struct probe_spec){.type = PROBE_DNS, .question = cases[i].asked, .fall = 1, .rise = 1};
		specs[i].interval = 3600 * NANO_SECOND;
		specs[i].timeout = (strstr(cases[i].detail, "400ms") ? 400 : 5000) * NANO_MILLI;
		targets[i] = (struct target){.name = names[i], .probe = i, .endpoint.port = answerer.port};
		addr_parse(&targets[i].endpoint.addr, cases[i].refused ? "127.0.0.2" : "127.0.0.1");
	}
	struct steering steering = {
	        .targets = targets, .target_count = COUNT(cases), .probes = specs, .probe_count = COUNT(cases)};
	struct board *board = board_new(&steering, NULL);
	struct prober *prober = prober_new(&loop, 42, err);
	bool done = false;
	prober_set(prober, board);
	prober_first_round(prober, set_done, &done);
	while (!done)
		uv_run(&loop, UV_RUN_ONCE);
	unsigned failed = 0;
	for (uint32_t i = 0; i < COUNT(cases); i++) {
		const struct target_state *target = board_target(board, i);
		if ((target->verdict == VERDICT_UP) == cases[i].ok && !strcmp(target_detail(target), cases[i].detail))
			continue;
		fprintf(stderr, "%s: %d '%s'\n", cases[i].name, target->verdict, target_detail(target));
		failed++;
	}
	assert_int_equal(failed, 0);
	assert_int_equal(answerer.accepted, 7);
	prober_free(prober);
	uv_close((uv_handle_t *)&patience, NULL);
	uv_close((uv_handle_t *)&answerer.udp, NULL);
	uv_close((uv_handle_t *)&answerer.listener, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	board_free(board);
	err_free(err);
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
