/*
 * test_ctl.c: meridianctl itself, run against a control socket with replies made up here: what it asks, prints, and
 * says by its exit status.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct stage {
	struct house house;
	const char *reply; /* the data, as JSON; NULL: a failure */
	char *asked;       /* the last request */
};

static void answer(void *context, struct control_request *request, const json_t *arguments)
{
	struct stage *stage = context;
	free(stage->asked);
	stage->asked = json_dumps(arguments, JSON_SORT_KEYS | JSON_COMPACT);
	if (stage->reply) {
		control_reply(request, json_loads(stage->reply, JSON_DECODE_ANY, NULL));
		return;
	}
	struct err *err = err_new();
	static const char line[] = "\t- [sim, fra]\033";
	err_add(err, ERR_ERROR, &(struct err_at){"geo/a.yaml", 8, 5, 3, line, sizeof line - 1}, "no data center '%s'",
	        "sim");
	err_add(err, ERR_WARNING, NULL, "old");
	control_fail(request, err, "not loaded: everything goes on as it was");
	err_free(err);
}

static void stage_open(struct stage *stage)
{
	static const char *const verbs[] = {
	        "status", "reload", "health", "explain", "whatif", "stats", "drain", "undrain", "force", "release"};
	*stage = (struct stage){.asked = NULL};
	house_open(&stage->house);
	for (size_t i = 0; i < COUNT(verbs); i++)
		control_register(stage->house.control, &(struct control_command){verbs[i], "", answer, stage});
	assert_int_equal(control_listen(stage->house.control, stage->house.path, stage->house.err), 0);
}

static void stage_close(struct stage *stage)
{
	house_close(&stage->house);
	free(stage->asked);
}

/* A run of the program. */
struct run {
	uv_process_t process;
	uv_pipe_t pipes[2];
	char text[2][65536];
	size_t size[2];
	unsigned open;
	int status;
};

static void on_exit_status(uv_process_t *process, int64_t status, int signal)
{
	struct run *run = process->data;
	run->status = signal ? 128 + signal : (int)status;
	run->open--;
	uv_close((uv_handle_t *)process, NULL);
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct run *run = handle->data;
	size_t i = (uv_pipe_t *)handle == &run->pipes[1];
	(void)suggested;
	*buffer = uv_buf_init(run->text[i] + run->size[i], (unsigned)(sizeof run->text[i] - run->size[i] - 1));
}

static void on_output(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct run *run = stream->data;
	(void)buffer;
	if (size > 0)
		run->size[(uv_pipe_t *)stream == &run->pipes[1]] += (size_t)size;
	if (size >= 0)
		return;
	run->open--;
	uv_close((uv_handle_t *)stream, NULL);
}

static bool has_ended(void *context)
{
	return !((struct run *)context)->open;
}

/* Runs `words` (split at spaces), with @ for the path of the socket. */
static void perform(struct stage *stage, struct run *run, const char *words)
{
	char *copy = strdup(words), *rest, *arguments[32] = {(char[]){"meridianctl"}};
	char *environment[] = {(char[]){"TZ=UTC"}, (char[]){"TERM=xterm"}, NULL};
	unsigned count = 1;
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		arguments[count++] = strcmp(word, "@") == 0 ? stage->house.path : word;
	memset(run, 0, sizeof *run);
	uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}};
	for (int i = 0; i < 2; i++) {
		uv_pipe_init(&stage->house.loop, &run->pipes[i], 0);
		run->pipes[i].data = run;
		stdio[i + 1].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
		stdio[i + 1].data.stream = (uv_stream_t *)&run->pipes[i];
	}
	uv_process_options_t options = {.file = "./meridianctl",
	        .args = arguments,
	        .env = environment,
	        .exit_cb = on_exit_status,
	        .stdio = stdio,
	        .stdio_count = 3};
	run->process.data = run;
	run->open = 3;
	assert_int_equal(uv_spawn(&stage->house.loop, &run->process, &options), 0);
	for (int i = 0; i < 2; i++)
		uv_read_start((uv_stream_t *)&run->pipes[i], give_room, on_output);
	run_until(&stage->house, has_ended, run);
	uv_run(&stage->house.loop, UV_RUN_NOWAIT); /* the close callbacks */
	free(copy);
}

struct row {
	const char *words, *reply, *asked, *out, *err;
	int status;
};

static void play(const struct row *rows, size_t count)
{
	static struct run run;
	for (size_t i = 0; i < count; i++) {
		struct stage stage;
		stage_open(&stage);
		stage.reply = rows[i].reply;
		perform(&stage, &run, rows[i].words);
		if (rows[i].asked)
			assert_string_equal(stage.asked ? stage.asked : "nothing", rows[i].asked);
		assert_string_equal(run.text[0], rows[i].out);
		assert_string_equal(run.text[1], rows[i].err);
		assert_int_equal(run.status, rows[i].status);
		stage_close(&stage);
	}
}

static void test_requests(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {"-s @ --json status", "{\"a\":1}", "{\"verb\":\"status\"}", "{\n  \"a\": 1\n}\n", "", 0},
	        {"-s @ explain www.example.com AAAA --from 192.0.2.1 --ecs 198.51.100.0/24 --json", "[]",
	                "{\"ecs\":\"198.51.100.0/"
	                "24\",\"from\":\"192.0.2.1\",\"name\":\"www.example.com\",\"type\":\"AAAA\","
	                "\"verb\":\"explain\"}",
	                "[]\n", "", 0},
	        {"drain fra -s @ --reason why --force",
	                "{\"did\":\"drain\",\"name\":\"fra\",\"drained\":[\"fra\"],\"kept\":true}",
	                "{\"datacenter\":\"fra\",\"force\":true,\"reason\":\"why\",\"verb\":\"drain\"}",
	                "done: drain fra; drained now: fra\n", "", 0},
	        {"-c none -s @ undrain fra", "{\"did\":\"undrain\",\"name\":\"fra\",\"drained\":[],\"kept\":false}",
	                "{\"datacenter\":\"fra\",\"verb\":\"undrain\"}", "done: undrain fra; drained now: none\n",
	                "meridianctl: warning: the server keeps no state: this will be forgotten at its restart\n", 0},
	        {"-s @ undrain fra",
	                "{\"did\":\"undrain\",\"name\":\"fra\",\"nothing\":true,\"drained\":[\"iad\"],\"kept\":true}",
	                "{\"datacenter\":\"fra\",\"verb\":\"undrain\"}",
	                "nothing to undo: fra is not drained; drained now: iad\n", "", 0},
	        {"-s @ release t", "{\"did\":\"release\",\"name\":\"t\",\"nothing\":true,\"drained\":[],\"kept\":true}",
	                "{\"target\":\"t\",\"verb\":\"release\"}", "nothing to undo: t is not forced\n", "", 0},
	        {"-s @ drain fra --over 30m", "{\"did\":\"drain\",\"name\":\"fra\",\"drained\":[\"fra\",\"iad\"]}",
	                "{\"datacenter\":\"fra\",\"over\":\"30m\",\"verb\":\"drain\"}",
	                "done: drain fra; drained now: fra iad\n", "", 0},
	        {"-s @ force web/192.0.2.1@80 down",
	                "{\"did\":\"force down\",\"name\":\"web/192.0.2.1@80\",\"drained\":[],\"kept\":true}",
	                "{\"state\":\"down\",\"target\":\"web/192.0.2.1@80\",\"verb\":\"force\"}",
	                "done: force down web/192.0.2.1@80\n", "", 0},
	        {"-s @ release t", "{\"did\":\"release\",\"name\":\"t\",\"drained\":[],\"kept\":true}",
	                "{\"target\":\"t\",\"verb\":\"release\"}", "done: release t\n", "", 0},
	        {"-s @ reload",
	                "{\"generation\":7,\"took_ms\":12,\"warnings\":[{\"level\":\"warning\",\"file\":\"a\",\"line\":"
	                "3,"
	                "\"message\":\"old\"}]}",
	                "{\"verb\":\"reload\"}", "generation 7, loaded in 12 ms\n", "a:3: warning: old\n", 0},
	        {"-s @ reload", NULL, "{\"verb\":\"reload\"}", "",
	                "geo/a.yaml:8:5: error: no data center 'sim'\n"
	                "        \t- [sim, fra]\\x1b\n"
	                "        \t   ^~~\n"
	                "meridianctl: warning: reload: old\n"
	                "meridianctl: error: not loaded: everything goes on as it was\n",
	                1},
	        {"-s @ --json health", NULL, "{\"verb\":\"health\"}", "",
	                "geo/a.yaml:8:5: error: no data center 'sim'\n"
	                "        \t- [sim, fra]\\x1b\n"
	                "        \t   ^~~\n"
	                "meridianctl: warning: health: old\n"
	                "meridianctl: error: not loaded: everything goes on as it was\n",
	                1},
	};
	play(rows, COUNT(rows));
}

static void test_status(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {"-s @ status",
	                "{\"version\":\"1.2\",\"phase\":\"ready\",\"pid\":12,\"uptime_s\":97200,\"generation\":7,"
	                "\"workers\":4,"
	                "\"listen\":[\"127.0.0.1@53\",\"::1@53\"],\"reload\":{\"at\":86400,\"ok\":false,\"loaded\":"
	                "true,\"took_ms\":5,"
	                "\"errors\":[{\"level\":\"error\",\"file\":\"z\",\"line\":1,\"message\":\"no\"}]},"
	                "\"zones\":[{\"name\":\"example.com.\",\"serial\":2026010101,\"records\":12,\"stale\":true,"
	                "\"loaded\":true,"
	                "\"file\":\"zones/"
	                "example.com.zone\"},{\"name\":\"b.\",\"serial\":0,\"records\":0,\"stale\":false,"
	                "\"loaded\":false,\"file\":\"b\"}],"
	                "\"databases\":[{\"path\":\"c.mmdb\",\"kind\":\"country\",\"built\":1,\"age_days\":12,"
	                "\"networks\":1000}],"
	                "\"services\":3,\"datacenters\":2,\"targets\":{\"up\":5,\"down\":1,\"unknown\":0},\"frozen\":"
	                "true,"
	                "\"overrides\":[{\"what\":\"drain\",\"name\":\"fra\",\"reason\":\"new switch\",\"since\":86400,"
	                "\"until\":null}]}",
	                NULL,
	                "meridiand     1.2, pid 12, ready, up 1d 3h\n"
	                "listens on    127.0.0.1@53 ::1@53\n"
	                "workers       4\n"
	                "generation    7\n"
	                "last reload   1970-01-02 00:00:00, in 5 ms: loaded with errors\n"
	                "z:1: error: no\n"
	                "services      3\n"
	                "data centers  2\n"
	                "targets       5 up, 1 down, 0 unknown\n"
	                "frozen        all targets were lost at once: the state from before is kept\n"
	                "\n"
	                "OVERRIDE  OF   REASON      SINCE                UNTIL\n"
	                "drain     fra  new switch  1970-01-02 00:00:00  -\n"
	                "\n"
	                "ZONE          SERIAL      RECORDS  STATE       FILE\n"
	                "example.com.  2026010101  12       stale       zones/example.com.zone\n"
	                "b.            -           -        not loaded  b\n"
	                "\n"
	                "DATABASE  KIND     AGE  NETWORKS\n"
	                "c.mmdb    country  12d  1000\n",
	                "", 0},
	        {"-s @ status",
	                "{\"version\":\"1.2\",\"phase\":\"loading\",\"pid\":12,\"uptime_s\":3,\"listen\":[],\"reload\":"
	                "null}",
	                NULL,
	                "meridiand     1.2, pid 12, loading, up 3s\n"
	                "listens on    -\n",
	                "", 0},
	};
	play(rows, COUNT(rows));
}

static void test_health(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {"-s @ health",
	                "{\"targets\":[{\"name\":\"web/"
	                "192.0.2.1@80\",\"datacenter\":\"iad\",\"state\":\"up\",\"forced\":null,"
	                "\"reason\":null,\"since\":86400,\"last_result\":\"200 "
	                "\\u001b[31mOK\",\"took_ms\":3,\"window\":\"0111\","
	                "\"readings\":{\"lag\":\"3\",\"role\":null}},"
	                "{\"name\":\"t2\",\"datacenter\":\"fra\",\"state\":\"down\",\"forced\":\"up\",\"reason\":"
	                "\"drill\",\"since\":null,"
	                "\"last_result\":\"\",\"took_ms\":0,\"window\":\"\"}],"
	                "\"pools\":[{\"service\":\"www.example.com.\",\"pool\":\"iad\",\"family\":\"A\",\"state\":"
	                "\"up\"},"
	                "{\"service\":\"www.example.com.\",\"pool\":\"fra\",\"family\":\"A\",\"state\":\"drained\"}],"
	                "\"datacenters\":[{\"name\":\"fra\",\"state\":\"drained\",\"reason\":null,\"since\":86400,"
	                "\"until\":172800,\"serving_to\":90000}],\"frozen\":true}",
	                NULL,
	                "TARGET            DATA CENTER  STATE                         SINCE                LAST RESULT "
	                "    TOOK  RESULTS, NEWEST LAST\n"
	                "web/192.0.2.1@80  iad          up                            1970-01-02 00:00:00  200 "
	                "\\x1b[31mOK  "
	                "3ms   0111\n"
	                "t2                fra          forced up, 'drill' (is down)  -                    -           "
	                "    0ms   -\n"
	                "\n"
	                "TARGET            FIELD  READ\n"
	                "web/192.0.2.1@80  lag    3\n"
	                "web/192.0.2.1@80  role   -\n"
	                "\n"
	                "SERVICE           POOL  FAMILY  STATE\n"
	                "www.example.com.  iad   A       up\n"
	                "www.example.com.  fra   A       drained\n"
	                "\n"
	                "DATA CENTER  STATE    REASON  SINCE                UNTIL                CLIENTS MAY COME "
	                "UNTIL\n"
	                "fra          drained  -       1970-01-02 00:00:00  1970-01-03 00:00:00  1970-01-02 01:00:00\n"
	                "\n"
	                "frozen: all targets were lost at once: the state from before is kept\n",
	                "", 0},
	        {"-s @ health", "{\"targets\":[],\"pools\":[]}", NULL, "nothing is steered\n", "", 0},
	        {"-s @ stats", "{\"counters\":{\"queries_total{transport=\\\"udp\\\"}\":12,\"x\":0}}", NULL,
	                "COUNTER                         VALUE\n"
	                "queries_total{transport=\"udp\"}  12\n"
	                "x                               0\n",
	                "", 0},
	};
	play(rows, COUNT(rows));
}

static const struct row explanations[] = {
        {"-s @ explain www.example.com --ecs 203.0.113.0/24 --from 8.8.8.8",
                "{\"question\":{\"name\":\"www.example.com.\",\"type\":\"A\"},\"client\":{\"from\":\"8.8.8.8\","
                "\"ecs\":"
                "\"203.0.113.0/"
                "24\",\"address\":\"203.0.113.0\",\"via\":\"ecs\",\"special\":false},\"zone\":\"example.com.\","
                "\"steered\":true,\"service\":\"www.example.com.\",\"map\":\"world\",\"rule\":{\"text\":"
                "\"country BR\",\"file\":"
                "\"geo/"
                "a.yaml\",\"line\":12},\"facts\":{\"continent\":\"SA\",\"country\":\"BR\",\"subdivision\":null,"
                "\"location\":"
                "[-23.55,-46.64],\"asn\":64500},\"candidates\":[{\"datacenter\":\"iad\",\"distance_km\":7654,"
                "\"state\":\"down\","
                "\"reason\":\"all members "
                "down\",\"members_up\":0,\"members\":2,\"chosen\":false},{\"datacenter\":\"fra\","
                "\"distance_km\":null,\"state\":\"up\",\"reason\":\"up\",\"members_up\":1,\"members\":1,"
                "\"chosen\":true}],"
                "\"answer\":[{\"name\":\"www.example.com.\",\"type\":\"A\",\"ttl\":60,\"data\":\"192.0.2.1\"}],"
                "\"rcode\":\"NOERROR\","
                "\"ttl\":60,\"scope\":15,\"all_down\":false,\"ttl_full\":300,\"ttl_why\":\"the drain of sin "
                "ends\",\"sticky_prefix\":null}",
                NULL,
                "question  www.example.com. A\n"
                "client    203.0.113.0, of the client subnet 203.0.113.0/24 sent by 8.8.8.8\n"
                "zone      example.com.\n"
                "facts     continent SA, country BR, at [-23.55, -46.64], AS64500\n"
                "service   www.example.com.\n"
                "map       world\n"
                "rule      country BR (geo/a.yaml:12)\n"
                "\n"
                "   DATA CENTER  DISTANCE  MEMBERS UP  STATE\n"
                "   iad          7654 km   0 of 2      all members down\n"
                "*  fra          -         1 of 1      up\n"
                "\n"
                "ttl       shorter than the 300 s of the zone: this answer may change when the drain of sin "
                "ends\n"
                "\n"
                "answer    NOERROR, scope 15\n"
                "www.example.com.  60  A  192.0.2.1\n",
                "", 0},
        {"-s @ explain y --from 192.0.2.1",
                "{\"question\":{\"name\":\"y.\",\"type\":\"A\"},\"client\":{\"from\":\"192.0.2.1\",\"ecs\":"
                "\"192.0.2.0/"
                "24\",\"address\":\"192.0.2.1\",\"via\":\"source\",\"why\":\"so\",\"special\":false},\"zone\":"
                "\"z.\","
                "\"steered\":true,\"service\":\"y.\",\"map\":\"m\",\"rule\":null,\"facts\":{\"lost\":true},"
                "\"candidates\":[{"
                "\"datacenter\":\"iad\",\"distance_km\":1,\"state\":\"up\",\"reason\":\"up\",\"members_up\":2,"
                "\"members\":3,"
                "\"chosen\":true}],\"members\":[{\"member\":\"192.0.2.1\",\"target\":\"t\",\"state\":\"down\","
                "\"forced\":null,"
                "\"up\":false,\"weight\":3,\"given\":false},{\"member\":\"192.0.2.2\",\"target\":null,"
                "\"state\":\"up\","
                "\"forced\":null,\"up\":true,\"weight\":1,\"given\":true},{\"member\":\"192.0.2.3\",\"target\":"
                "\"u\",\"state\":"
                "\"down\",\"forced\":\"up\",\"up\":true,\"weight\":1,\"given\":true}],\"picked\":\"2 of 3, all "
                "that are up\","
                "\"answer\":[],\"rcode\":\"NOERROR\",\"ttl\":60,\"scope\":24,\"sticky_prefix\":24}",
                NULL,
                "question  y. A\n"
                "client    192.0.2.1, the source of the query; its client subnet 192.0.2.0/24 is not used: so\n"
                "zone      z.\n"
                "facts     not known any more: a database was overwritten in place; reload\n"
                "service   y.\n"
                "map       m\n"
                "rule      none: nearest first\n"
                "\n"
                "   DATA CENTER  DISTANCE  MEMBERS UP  STATE\n"
                "*  iad          1 km      2 of 3      up\n"
                "\n"
                "members   2 of 3, all that are up\n"
                "   MEMBER     WEIGHT  STATE\n"
                "   192.0.2.1  3       down\n"
                "*  192.0.2.2  1       up, has no probe\n"
                "*  192.0.2.3  1       forced up\n"
                "\n"
                "answer    NOERROR, scope 24, which hangs on the hash of the client's /24, no records\n",
                "", 0},
        {"-s @ explain x --from 192.0.2.1",
                "{\"question\":{\"name\":\"x.\",\"type\":\"A\"},\"client\":{\"from\":\"192.0.2.1\",\"ecs\":"
                "null,\"address\":"
                "\"192.0.2.1\",\"via\":\"source\",\"special\":true},\"zone\":null,\"steered\":false,\"answer\":"
                "[],\"rcode\":"
                "\"REFUSED\",\"ttl\":null,\"scope\":0}",
                NULL,
                "question  x. A\n"
                "client    192.0.2.1, the source of the query; a special address: unknown\n"
                "zone      none of ours\n"
                "\n"
                "answer    REFUSED, scope 0, no records\n",
                "", 0},
};

static void test_explain(void **state)
{
	(void)state;
	play(explanations, COUNT(explanations));
}

#define DISTANCE                                                                                                       \
	"{\"ipv4\":{\"before\":{\"mean_km\":500.4,\"median_km\":400},\"after\":{\"mean_km\":900,\"median_km\":null}}}"

static void test_whatif(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {"-s @ whatif --down fra --services www.example.com",
	                "{\"generation\":7,\"weighed_by\":\"addresses\",\"down\":[\"fra\"],\"added\":null,\"same\":2,"
	                "\"items\":[],"
	                "\"groups\":[{"
	                "\"services\":[\"a.\",\"b.\",\"c.\",\"d.\"],\"service_count\":4,\"map\":\"world\",\"all_down\":"
	                "\"last\","
	                "\"moved\":{\"ipv4\":0.5},\"datacenters\":[{\"name\":\"fra\",\"before\":{\"ipv4\":0.5},"
	                "\"after\":{"
	                "\"ipv4\":0}},{\"name\":null,\"before\":{\"ipv4\":0},\"after\":{\"ipv4\":0.0001}}],\"moves\":[{"
	                "\"from\":"
	                "\"fra\",\"to\":\"iad\",\"share\":{\"ipv4\":0.4999}},{\"from\":\"fra\",\"to\":null,\"share\":{"
	                "\"ipv4\":"
	                "0.0001}}],\"distance\":" DISTANCE ",\"distance_moved\":" DISTANCE
	                "}],\"capacity\":{\"by\":\"load\",\"datacenters\":[{\"name\":\"fra\",\"down\":true,\"added\":"
	                "false,"
	                "\"capacity\":null,\"share_before\":0.5,\"share_after\":0,\"use_before\":null,\"use_after\":0,"
	                "\"over\":"
	                "false,\"if_it_fails\":null},{\"name\":\"iad\",\"down\":false,\"added\":false,\"capacity\":"
	                "12000,"
	                "\"share_before\":0.5,\"share_after\":1,\"use_before\":0.6,\"use_after\":1.1,\"over\":true,"
	                "\"if_it_fails\":{\"name\":\"sin\",\"use\":2}},{\"name\":\"sin\",\"down\":false,\"added\":"
	                "false,\"now\":\"drained\","
	                "\"capacity\":9000,\"share_before\":0,\"share_after\":0,\"use_before\":0,\"use_after\":0,"
	                "\"over\":false,\"if_it_fails\":null}],\"next\":{\"name\":\"iad\",\"use\":1.1,"
	                "\"then\":{\"name\":"
	                "\"sin\",\"use\":2}}}}",
	                "{\"down\":\"fra\",\"services\":\"www.example.com\",\"verb\":\"whatif\"}",
	                "a., b., c. and 1 more (map world): IPv4: 50.0 % of the clients move\n"
	                "  no data center is left for some of them: `all-down: last` decides what they are told\n"
	                "  FROM  TO      IPV4    IPV6\n"
	                "  fra   iad     50.0 %  -\n"
	                "  fra   (none)  <0.1 %  -\n"
	                "  DATA CENTER  IPV4 BEFORE  AFTER   IPV6 BEFORE  AFTER\n"
	                "  fra          50.0 %       0.0 %   -            -\n"
	                "  (none)       0.0 %        <0.1 %  -            -\n"
	                "  DISTANCE             IPV4 BEFORE  AFTER   IPV6 BEFORE  AFTER\n"
	                "  mean                 500 km       900 km  -            -\n"
	                "  median               400 km       -       -            -\n"
	                "  mean of who moves    500 km       900 km  -            -\n"
	                "  median of who moves  400 km       -       -            -\n"
	                "\n"
	                "2 services: no client moves\n"
	                "\n"
	                "Load, as data centers report it now and as it would go with their clients:\n"
	                "  DATA CENTER            CAPACITY  CLIENTS BEFORE  AFTER    LOAD BEFORE  AFTER  IF IT FAILS "
	                "NEXT\n"
	                "  fra (down)             -         50.0 %          0.0 %    -            0 %    -\n"
	                "  iad                    12000/s   50.0 %          100.0 %  60 %         110 %  sin 200 %\n"
	                "  sin (drained already)  9000/s    0.0 %           0.0 %    0 %          0 %    -\n"
	                "over: iad, with 110 % of its capacity\n"
	                "falls next: iad, with 110 % of its capacity; after it sin, with 200 %\n"
	                "\n"
	                "Clients are counted by address space that the databases know, each family by itself.\n",
	                "", 0},
	};
	play(rows, COUNT(rows));
}

static void test_wrong_usage(void **state)
{
	(void)state;
	static const struct {
		const char *words, *err; /* the first line */
	} rows[] = {
	        {"", "usage: meridianctl [-c FILE] [-s SOCKET] [--json] VERB ..."},
	        {"relod", "meridianctl: error: no verb 'relod'; did you mean 'reload'?"},
	        {"xyzzy", "meridianctl: error: no verb 'xyzzy'; see meridianctl --help"},
	        {"--xyzzy", "meridianctl: error: no option '--xyzzy'; see meridianctl --help"},
	        {"status -c", "meridianctl: error: '-c' needs a value"},
	        {"status now", "meridianctl: error: status: 'now' is too much"},
	        {"drain", "meridianctl: error: drain: needs DC"},
	        {"force", "meridianctl: error: force: needs TARGET up|down"},
	        {"force t", "meridianctl: error: force: needs up|down"},
	        {"test", "meridianctl: error: test: needs FILE"},
	        {"drain fra --over 30", "meridianctl: error: --over takes a duration from 1s to 365d, such as 30m"},
	        {"explain x --from foo",
	                "meridianctl: error: explain x: --from is no address; a client subnet goes with --ecs"},
	        {"status --force", "meridianctl: error: status takes no --force"},
	        {"-s a check", "meridianctl: error: check reads the files and asks no server: it takes no -s"},
	        {"force t sideways", "meridianctl: error: a target is forced up or down, not 'sideways'"},
	        {"whatif", "meridianctl: error: say what happens: --down DC[,DC], or --add NAME=LATITUDE,LONGITUDE"},
	        {"explain x", "meridianctl: error: explain x: say who asks: --from ADDRESS, or --ecs PREFIX"},
	};
	static struct run run;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct stage stage;
		stage_open(&stage);
		perform(&stage, &run, rows[i].words);
		run.text[1][strcspn(run.text[1], "\n")] = 0;
		assert_string_equal(run.text[1], rows[i].err);
		assert_string_equal(run.text[0], "");
		assert_int_equal(run.status, 2);
		stage_close(&stage);
	}
}

/* A server that is not there, and one that is no meridiand. */
static void test_no_server(void **state)
{
	(void)state;
	struct stage stage;
	static struct run run;
	char path[256], words[512], expected[512];
	stage_open(&stage);
	control_close(stage.house.control);
	snprintf(expected, sizeof expected,
	        "meridianctl: error: cannot reach meridiand at %s: is it running? (systemctl status meridiand)\n",
	        stage.house.path);
	perform(&stage, &run, "-s @ status");
	assert_string_equal(run.text[1], expected);
	assert_int_equal(run.status, 1);
	perform(&stage, &run, "-s @ plan");
	assert_non_null(strstr(run.text[1], "without a server, compare"));

	/* The path is in the configuration, whatever else is wrong there, and relative to it. */
	snprintf(path, sizeof path, "%s/meridian.yaml", stage.house.folder);
	snprintf(words, sizeof words, "-c %s status", path);
	static const struct {
		const char *text;
		bool known;
	} rows[] = {
	        {"listn: [x\ncontrol: socket\n", true},
	        {"listn: x\ncontrol: socket\n", true},
	        {"control: [a]\n", false},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		FILE *file = fopen(path, "w");
		fputs(rows[i].text, file);
		fclose(file);
		perform(&stage, &run, words);
		assert_int_equal(run.status, 1);
		const char *wanted = rows[i].known ? expected
		                                   : "cannot tell where meridiand listens; say so with -s SOCKET";
		assert_non_null(strstr(run.text[1], wanted));
	}
	unlink(path);
	stage_close(&stage);
}

static void test_help(void **state)
{
	(void)state;
	static const char *const words[] = {"--help", "-h", "help", "help drain", "drain --help", "-V"};
	static struct run run;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct stage stage;
		stage_open(&stage);
		perform(&stage, &run, words[i]);
		assert_int_equal(run.status, 0);
		assert_string_equal(run.text[1], "");
		assert_non_null(strstr(run.text[0], i == 5 ? "meridianctl " : i >= 3 ? "] drain DC [" : "  drain "));
		stage_close(&stage);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_requests),
	        cmocka_unit_test(test_status),
	        cmocka_unit_test(test_health),
	        cmocka_unit_test(test_explain),
	        cmocka_unit_test(test_whatif),
	        cmocka_unit_test(test_wrong_usage),
	        cmocka_unit_test(test_no_server),
	        cmocka_unit_test(test_help),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
