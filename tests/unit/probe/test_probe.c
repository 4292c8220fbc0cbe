/*
 * test_probe.c: probes of real servers of the loopback, each misbehaving in its own way; one round asks them all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/log.h"
#include "probe/probe.h"
#include "server.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TARGETS 64
#define PATIENCE_MS 60000

/* Where a target is. */
enum where { PLAIN, PLAIN_V6, GOOD, EXPIRED, OTHER_NAME, MUTE, REFUSED, SERVERS };

/* ---- a prober with its targets ---- */

struct stage {
	uv_loop_t loop;
	uv_timer_t patience;
	struct prober *prober;
	struct board *board;
	struct steering steering;
	struct probe_spec specs[TARGETS];
	struct target targets[TARGETS];
	char names[TARGETS][48];
	bool round_done;
	unsigned changes;
	bool (*until)(struct stage *stage);
};

static void out_of_patience(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing more happens");
}

static struct stage *stage_new(void)
{
	struct stage *stage = calloc(1, sizeof *stage);
	struct err *err = err_new();
	MUST(stage && uv_loop_init(&stage->loop) == 0);
	uv_timer_init(&stage->loop, &stage->patience);
	uv_timer_start(&stage->patience, out_of_patience, PATIENCE_MS, 0);
	stage->prober = prober_new(&stage->loop, 42, err);
	stage->steering = (struct steering){.targets = stage->targets, .probes = stage->specs};
	assert_non_null(stage->prober);
	err_free(err);
	return stage;
}

static void stage_free(struct stage *stage)
{
	prober_free(stage->prober);
	uv_close((uv_handle_t *)&stage->patience, NULL);
	uv_run(&stage->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&stage->loop), 0);
	board_free(stage->board);
	free(stage);
}

/* A target with a probe of its own; name NULL: one by its number. */
static uint32_t stage_add(struct stage *stage, const struct probe_spec *spec, const char *address, uint16_t port)
{
	uint32_t index = stage->steering.target_count++;
	struct target *target = &stage->targets[index];
	MUST(index < TARGETS);
	stage->specs[index] = *spec;
	if (!stage->specs[index].interval)
		stage->specs[index].interval = 3600 * NANO_SECOND;
	stage->specs[index].fall = stage->specs[index].rise = 1;
	stage->specs[index].digest = spec->digest ? spec->digest : index + 1;
	stage->steering.probe_count = index + 1;
	snprintf(stage->names[index], sizeof stage->names[index], "target-%u@%u", index, port);
	*target = (struct target){.name = stage->names[index], .probe = index, .endpoint.port = port};
	if (!addr_parse(&target->endpoint.addr, address))
		target->host = address;
	return index;
}

static void set_done(void *context)
{
	((struct stage *)context)->round_done = true;
}

static void set_changed(void *context, bool verdict)
{
	((struct stage *)context)->changes += verdict;
}

static bool round_done(struct stage *stage)
{
	return stage->round_done;
}

/* Runs the loop until it is so; PATIENCE_MS at most. */
static void run_until(struct stage *stage, bool (*so)(struct stage *stage))
{
	while (!so(stage))
		uv_run(&stage->loop, UV_RUN_ONCE);
}

static void stage_set(struct stage *stage)
{
	struct board *before = stage->board;
	stage->board = board_new(&stage->steering, before);
	prober_on_change(stage->prober, set_changed, stage);
	prober_set(stage->prober, stage->board);
	prober_first_round(stage->prober, set_done, stage);
	board_free(before);
}

/* ---- what is said of each ---- */

#define T400 .timeout = 400 * NANO_MILLI
#define T2 .timeout = 2 * NANO_SECOND /* a stop of the process is asked again: not by chance here */
#define T5 .timeout = 5 * NANO_SECOND
#define OKS .status_min = 200, .status_max = 299
#define WEB(where) .type = where, OKS, .verify = true
#define TLS_OF(what) .type = PROBE_HTTPS, OKS, .host = "www.example.com", .path = what
#define TLS TLS_OF("/ok")
#define PRIVATE_CA "private" /* in place of the test's own file */

static const char *const probe_header[] = {"X-Probe: 1", NULL};

static const struct {
	const char *name;
	enum where where;
	struct probe_spec spec;
	bool ok;
	const char *detail;
} cases[] = {
        {"ok", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/ok"}, true, "status 200"},
        {"ok over IPv6", PLAIN_V6, {WEB(PROBE_HTTP), T5, .path = "/ok"}, true, "status 200"},
        {"refused", REFUSED, {WEB(PROBE_HTTP), T5, .path = "/ok"}, false, "connect: Connection refused"},
        {"silent", PLAIN, {WEB(PROBE_HTTP), T400, .path = "/silent"}, false, "timed out after 400ms"},
        {"drip-fed", PLAIN, {WEB(PROBE_HTTP), T400, .path = "/drip"}, false, "body: timed out after 400ms"},
        {"wrong status", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/503"}, false, "status 503, wanted 200-299"},
        {"one status", PLAIN, {.type = PROBE_HTTP, .status_min = 204, .status_max = 204, T5, .path = "/ok"}, false,
                "status 200, wanted 204"},
        {"wanted status", PLAIN, {.type = PROBE_HTTP, .status_min = 503, .status_max = 503, T5, .path = "/503"}, true,
                "status 503"},
        {"redirect", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/redirect"}, false, "status 302, wanted 200-299"},
        {"redirect followed", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/redirect", .follow = true, .body = "is ok"}, true,
                "status 200"},
        {"redirect elsewhere", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/elsewhere", .follow = true}, false,
                "status 302, wanted 200-299"},
        {"redirects without end", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/loop", .follow = true}, false,
                "status 302, wanted 200-299"},
        {"body", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/ok", .body = "is ok"}, true, "status 200"},
        {"body lacks", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/ok", .body = "fine"}, false, "body lacks 'fine'"},
        {"body without length", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/tail", .body = "ok"}, true, "status 200"},
        {"big body", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/big", .body = "ok"}, true, "status 200"},
        {"text after 64 KiB", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/late", .body = "ok"}, false,
                "body lacks 'ok' in its first 64 KiB"},
        {"endless body", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/endless", .body = "ok"}, true, "status 200"},
        {"endless head", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/heads"}, false,
                "reply: more than 64 KiB before its body"},
        {"endless line of a head", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/line"}, false,
                "reply: more than 64 KiB before its body"},
        {"endless line of a head, https", GOOD, {TLS_OF("/line"), T5}, false,
                "reply: more than 64 KiB before its body"},
        {"endless line between chunks", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/chunk", .body = "is ok"}, true,
                "status 200"},
        {"reset in mid-body", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/reset"}, false, "reply: Connection reset by peer"},
        {"end in mid-body", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/short", .body = "ok"}, false, "reply: broken off"},
        {"not HTTP", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/noise"}, false, "reply: not HTTP"},
        {"nothing", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/nothing"}, false, "reply: closed without a word"},
        {"host and headers", PLAIN,
                {WEB(PROBE_HTTP), T5, .path = "/host", .host = "www.example.com", .headers = probe_header}, true,
                "status 200"},
        {"headers lack", PLAIN, {WEB(PROBE_HTTP), T5, .path = "/host", .host = "www.example.com"}, false,
                "status 503, wanted 200-299"},
        {"https", GOOD, {TLS, T5, .verify = true, .ca = PRIVATE_CA}, true, "status 200"},
        {"https, Host", GOOD,
                {WEB(PROBE_HTTPS), T5, .path = "/host", .host = "www.example.com", .ca = PRIVATE_CA,
                        .headers = probe_header},
                true, "status 200"},
        {"expired", EXPIRED, {TLS, T5, .verify = true, .ca = PRIVATE_CA}, false, "certificate expired"},
        {"expired, not verified", EXPIRED, {TLS, T5}, true, "status 200"},
        {"wrong name", OTHER_NAME, {TLS, T5, .verify = true, .ca = PRIVATE_CA}, false,
                "certificate is for another name"},
        {"wrong name, not verified", OTHER_NAME, {TLS, T5}, true, "status 200"},
        {"unknown issuer", GOOD, {TLS, T5, .verify = true}, false, "certificate of an unknown issuer"},
        {"no CA file", GOOD, {TLS, T5, .verify = true, .ca = "/nowhere.pem"}, false,
                "the file of CA certificates cannot be read"},
        {"TLS to no TLS", PLAIN, {TLS, T5}, false, "TLS: "},
        {"no TLS to TLS", GOOD, {WEB(PROBE_HTTP), T5, .path = "/ok"}, false, "reply: "},
        {"mute TLS", MUTE, {TLS, T400}, false, "TLS: timed out after 400ms"},
        {"tcp", MUTE, {.type = PROBE_TCP, T5}, true, "connected"},
        {"tcp refused", REFUSED, {.type = PROBE_TCP, T5}, false, "connect: Connection refused"},
};

static void test_cases(void **state)
{
	(void)state;
	struct authority *authority = authority_new();
	struct server *servers[] = {server_start(SERVER_PLAIN, false, NULL), server_start(SERVER_PLAIN, true, NULL),
	        server_start(SERVER_GOOD, false, authority), server_start(SERVER_EXPIRED, false, authority),
	        server_start(SERVER_OTHER_NAME, false, authority), server_start(SERVER_MUTE, false, NULL)};
	struct stage *stage = stage_new();
	int refusing;
	uint16_t refused = refusing_port(&refusing);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct probe_spec spec = cases[i].spec;
		if (spec.ca && !strcmp(spec.ca, PRIVATE_CA))
			spec.ca = authority_file(authority);
		stage_add(stage, &spec, cases[i].where == PLAIN_V6 ? "::1" : "127.0.0.1",
		        cases[i].where == REFUSED ? refused : server_port(servers[cases[i].where]));
	}
	stage_set(stage);
	run_until(stage, round_done);
	unsigned failed = 0;
	for (uint32_t i = 0; i < COUNT(cases); i++) {
		const struct target_state *target = board_target(stage->board, i);
		size_t length = strlen(cases[i].detail);
		bool prefix = cases[i].detail[length - 1] == ' ';
		if ((target->verdict == VERDICT_UP) == cases[i].ok && target->window_count == 1 &&
		        !(prefix ? strncmp(target_detail(target), cases[i].detail, length)
		                 : strcmp(target_detail(target), cases[i].detail)))
			continue;
		fprintf(stderr, "%s: %d '%s'\n", cases[i].name, target->verdict, target_detail(target));
		failed++;
	}
	assert_int_equal(failed, 0);
	assert_int_equal(stage->changes, COUNT(cases));
	stage_free(stage);
	close(refusing);
	for (size_t i = 0; i < COUNT(servers); i++)
		server_stop(servers[i]);
	authority_free(authority);
}

/* Fields of a reply: kept whatever its status says; a good reply without JSON makes them unknown. */
static void test_readings(void **state)
{
	static const char *const fields[] = {"role", "epoch", "lag", NULL};
	static const struct {
		const char *path, *detail, *role;
		bool ok;
	} table[] = {{"/json", "status 200", "primary", true},
	        {"/json503", "status 503, wanted 200-299", "primary", false},
	        {"/ok", "status 200, body is no JSON", NULL, true},
	        {"/big", "status 200, no JSON in 64 KiB", NULL, true},
	        {"/503", "status 503, wanted 200-299", NULL, false}, {"/short", "reply: broken off", NULL, false}};
	struct server *server = server_start(SERVER_PLAIN, false, NULL);
	struct stage *stage = stage_new();
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		stage_add(stage,
		        &(struct probe_spec){
		                WEB(PROBE_HTTP), T5, .path = table[i].path, .read = fields, .read_count = 3},
		        "127.0.0.1", server_port(server));
	stage_set(stage);
	run_until(stage, round_done);
	for (uint32_t i = 0; i < COUNT(table); i++) {
		const struct target_state *target = board_target(stage->board, i);
		assert_string_equal(target_detail(target), table[i].detail);
		assert_int_equal(target->verdict == VERDICT_UP, table[i].ok);
		assert_int_equal(target->readings[0].known, table[i].role != NULL);
		assert_false(target->readings[2].known);
		if (!table[i].role)
			continue;
		assert_string_equal(target->readings[0].text, table[i].role);
		assert_true(target->readings[1].is_number && (int)target->readings[1].number == 12);
	}
	stage_free(stage);
	server_stop(server);
}

/* Pools of names: resolved, in the one deadline. */
static void test_names(void **state)
{
	(void)state;
	struct server *server = server_start(SERVER_PLAIN, false, NULL);
	struct stage *stage = stage_new();
	stage_add(stage, &(struct probe_spec){WEB(PROBE_HTTP), T5, .path = "/ok"}, "localhost.", server_port(server));
	stage_add(stage, &(struct probe_spec){.type = PROBE_TCP, T5}, "localhost", server_port(server));
	stage_set(stage);
	run_until(stage, round_done);
	assert_string_equal(target_detail(board_target(stage->board, 0)), "status 200");
	assert_string_equal(target_detail(board_target(stage->board, 1)), "connected");
	stage_free(stage);
	server_stop(server);
}

/* ---- programs ---- */

#define SHELL(text)                                                                                                    \
	(const char *const[])                                                                                          \
	{                                                                                                              \
		"/bin/sh", "-c", text, NULL                                                                            \
	}

static void test_exec(void **state)
{
	(void)state;
	const struct {
		const char *const *command;
		bool ok;
		const char *detail;
	} table[] = {
	        {SHELL("echo OK - fine; echo more; exit 0"), true, "OK - fine"},
	        {SHELL("echo WARNING; exit 1"), true, "WARNING"},
	        {SHELL("echo CRITICAL; exit 2"), false, "CRITICAL"},
	        {SHELL("exit 3"), false, "exit status 3"},
	        {SHELL("kill -9 $$"), false, "ended by signal 9"},
	        {SHELL("echo to {address} now, {address}"), true, "to 127.0.0.1 now, 127.0.0.1"},
	        {(const char *const[]){"/bin/echo", "$(id); {address} | *", NULL}, true, "$(id); 127.0.0.1 | *"},
	        {SHELL("yes ok | head -c 200000"), true, "ok"},
	        {(const char *const[]){"/nowhere/program", NULL}, false, "exec: No such file or directory"},
	        {SHELL("echo not yet; sleep 600 & wait"), false, "timed out after 400ms"},
	        {SHELL("sleep 600 & exit 0"), true, "exit status 0"},
	};
	struct stage *stage = stage_new();
	for (unsigned copies = 0; copies < 3; copies++) /* more than run at a time */
		for (size_t i = 0; i < COUNT(table); i++) {
			struct probe_spec spec = {.type = PROBE_EXEC, .command = table[i].command, T5};
			if (strstr(table[i].detail, "400ms"))
				spec.timeout = 400 * NANO_MILLI;
			stage_add(stage, &spec, "127.0.0.1", 80);
		}
	stage_set(stage);
	run_until(stage, round_done);
	for (uint32_t i = 0; i < 3 * COUNT(table); i++) {
		assert_string_equal(target_detail(board_target(stage->board, i)), table[i % COUNT(table)].detail);
		assert_int_equal(board_target(stage->board, i)->verdict == VERDICT_UP, table[i % COUNT(table)].ok);
	}
	stage_free(stage);
}

/* ---- the schedule ---- */

static bool five_results(struct stage *stage)
{
	return board_target(stage->board, 0)->window_count >= 5;
}

/* Starts are an interval apart, whatever a neighbour does. */
static void test_pace(void **state)
{
	(void)state;
	struct server *server = server_start(SERVER_PLAIN, false, NULL);
	struct stage *stage = stage_new();
	stage_add(stage, &(struct probe_spec){.type = PROBE_TCP, T5, .interval = 200 * NANO_MILLI}, "127.0.0.1",
	        server_port(server));
	stage_add(stage, &(struct probe_spec){WEB(PROBE_HTTP), T5, .path = "/silent", .interval = 200 * NANO_MILLI},
	        "127.0.0.1", server_port(server));
	nanotime start = clock_now();
	stage_set(stage);
	run_until(stage, five_results);
	nanotime took = clock_now() - start;
	assert_true(took >= 500 * NANO_MILLI); /* 0 + ½ + 1 + 1 + 1 at least */
	assert_true(took < 4 * NANO_SECOND);   /* less than the neighbour's first timeout */
	assert_int_equal(board_target(stage->board, 1)->window_count, 0);
	assert_false(stage->round_done);
	stage_free(stage);
	server_stop(server);
}

static bool has_connection(struct stage *stage)
{
	const struct server *server = stage->steering.services ? NULL : (const void *)stage->steering.datacenters;
	return server_connections(server) > 0;
}

/* Over a reload: what is unchanged goes on, what has changed begins anew, what is gone is never heard of. */
static void test_reload(void **state)
{
	(void)state;
	static const struct {
		uint64_t digest;
		bool gone;
		unsigned connections;
	} table[] = {{7, false, 1}, {8, false, 2}, {7, true, 1}};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct server *server = server_start(SERVER_PLAIN, false, NULL);
		struct stage *stage = stage_new();
		struct probe_spec spec = {
		        WEB(PROBE_HTTP), T2, .path = "/silent", .digest = 7, .host = strdup("a.example")};
		char *old = (char *)(uintptr_t)spec.host;
		stage->steering.datacenters = (const void *)server; /* for has_connection */
		stage_add(stage, &spec, "127.0.0.1", server_port(server));
		stage_set(stage);
		run_until(stage, has_connection);
		/* As after a publish: what the old world held is gone by now. */
		struct board *before = stage->board;
		stage->specs[0].host = "a.example";
		stage->specs[0].digest = table[i].digest;
		memset(old, 'x', strlen(old));
		free(old);
		if (table[i].gone)
			stage->steering.target_count = stage->steering.probe_count = 0;
		stage->board = board_new(&stage->steering, NULL);
		prober_set(stage->prober, stage->board);
		board_free(before);
		run_until(stage, round_done);
		assert_int_equal(server_connections(server), table[i].connections);
		if (!table[i].gone)
			assert_string_equal(target_detail(board_target(stage->board, 0)), "timed out after 2s");
		stage_free(stage);
		server_stop(server);
	}
}

/* Over a reload that moves targets about: who has its name and definition goes on, and only who is new is asked. */
static void test_reordered(void **state)
{
	(void)state;
	static const struct {
		const char *targets; /* each letter one */
		unsigned connections;
	} table[] = {{"abcd", 4}, {"bcd", 4}, {"abc", 4}, {"xabcd", 5}, {"axybcd", 6}, {"abcdx", 5}, {"dcba", 4},
	        {"cxda", 5}, {"cdab", 4}, {"x", 5}, {"", 4}};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct server *server = server_start(SERVER_PLAIN, false, NULL);
		struct stage *stage = stage_new();
		const char *lists[] = {"abcd", table[i].targets};
		for (unsigned j = 0; j < 2; j++) {
			stage->steering.target_count = stage->steering.probe_count = 0;
			for (const char *letter = lists[j]; *letter; letter++) {
				uint32_t target = stage_add(stage,
				        &(struct probe_spec){
				                WEB(PROBE_HTTP), T5, .path = "/ok", .digest = (uint64_t)*letter},
				        "127.0.0.1", server_port(server));
				*stage->names[target] = *letter;
				stage->names[target][1] = 0;
			}
			struct board *before = stage->board;
			stage->board = board_new(&stage->steering, NULL);
			prober_set(stage->prober, stage->board);
			board_free(before);
			stage->round_done = false;
			prober_first_round(stage->prober, set_done, stage);
			run_until(stage, round_done);
		}
		assert_int_equal(server_connections(server), table[i].connections);
		stage_free(stage);
		server_stop(server);
	}
}

/* An end at any moment leaves nothing behind (the sanitizers look). */
static void test_free_at_once(void **state)
{
	(void)state;
	struct server *server = server_start(SERVER_PLAIN, false, NULL);
	for (unsigned turns = 0; turns < 12; turns++) {
		struct stage *stage = stage_new();
		stage_add(stage, &(struct probe_spec){WEB(PROBE_HTTP), T5, .path = "/ok", .interval = NANO_MILLI},
		        "127.0.0.1", server_port(server));
		stage_add(stage, &(struct probe_spec){.type = PROBE_TCP, T5, .interval = NANO_MILLI}, "127.0.0.1",
		        server_port(server));
		stage_add(stage,
		        &(struct probe_spec){
		                .type = PROBE_EXEC, T5, .interval = NANO_MILLI, .command = SHELL("sleep 600")},
		        "127.0.0.1", 80);
		stage_set(stage);
		for (unsigned i = 0; i < turns / 2; i++)
			uv_run(&stage->loop, UV_RUN_ONCE);
		stage_free(stage);
	}
	server_stop(server);
}

/* Without targets the first round is over, but never before the call returns. */
static void test_nothing_to_ask(void **state)
{
	(void)state;
	struct stage *stage = stage_new();
	stage_set(stage);
	assert_false(stage->round_done);
	run_until(stage, round_done);
	stage_free(stage);
}

/* ---- when it is our own fault ---- */

static bool judged(struct stage *stage)
{
	return board_target(stage->board, 0)->window_count > 0 && board_target(stage->board, 1)->window_count > 0;
}

/* Without descriptors nothing is said of the targets; with them again, it is. */
static void test_no_descriptors(void **state)
{
	(void)state;
	struct server *server = server_start(SERVER_PLAIN, false, NULL);
	struct stage *stage = stage_new();
	struct probe_spec spec = {WEB(PROBE_HTTP), T5, .path = "/ok", .interval = 100 * NANO_MILLI};
	stage_add(stage, &spec, "127.0.0.1", server_port(server));
	spec.type = PROBE_TCP;
	stage_add(stage, &spec, "127.0.0.1", server_port(server));
	struct rlimit limit, low;
	getrlimit(RLIMIT_NOFILE, &limit);
	low = limit;
	low.rlim_cur = (rlim_t)dup(0);
	close((int)low.rlim_cur);
	stage_set(stage);
	setrlimit(RLIMIT_NOFILE, &low);
	run_until(stage, round_done);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(board_target(stage->board, i)->verdict, VERDICT_UNKNOWN);
		assert_int_equal(board_target(stage->board, i)->window_count, 0);
	}
	setrlimit(RLIMIT_NOFILE, &limit);
	run_until(stage, judged);
	assert_int_equal(board_target(stage->board, 0)->verdict, VERDICT_UP);
	assert_int_equal(board_target(stage->board, 1)->verdict, VERDICT_UP);
	stage_free(stage);
	server_stop(server);
}

/* A process that was stopped over the deadline blames nobody, but only once. */
static void test_stopped(void **state)
{
	(void)state;
	struct server *server = server_start(SERVER_PLAIN, false, NULL);
	struct stage *stage = stage_new();
	stage->steering.datacenters = (const void *)server;
	stage_add(stage, &(struct probe_spec){WEB(PROBE_HTTP), T400, .path = "/silent"}, "127.0.0.1",
	        server_port(server));
	stage_set(stage);
	run_until(stage, has_connection);
	poll(NULL, 0, 1200); /* the stop itself */
	run_until(stage, round_done);
	assert_int_equal(server_connections(server), 2);
	assert_int_equal(board_target(stage->board, 0)->window_count, 1);
	assert_int_equal(board_target(stage->board, 0)->verdict, VERDICT_DOWN);
	stage_free(stage);
	server_stop(server);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	/* A proxy that the environment names is nobody's business. */
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_cases),
	        cmocka_unit_test(test_readings),
	        cmocka_unit_test(test_names),
	        cmocka_unit_test(test_exec),
	        cmocka_unit_test(test_pace),
	        cmocka_unit_test(test_reload),
	        cmocka_unit_test(test_reordered),
	        cmocka_unit_test(test_free_at_once),
	        cmocka_unit_test(test_nothing_to_ask),
	        cmocka_unit_test(test_no_descriptors),
	        cmocka_unit_test(test_stopped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
