/*
 * probe_tcp.c: is there someone who takes the connection?
 *
 * A connect with a deadline, and then a close: nothing is sent. Called by
 * prober.c for addresses; for names curl does it (probe_http.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "probe/probe_inside.h"

struct tcp_attempt {
	struct watch *watch; /* NULL: dropped or done */
	struct prober *prober;
	uv_tcp_t socket;
	uv_timer_t deadline;
	uv_connect_t connect;
	unsigned open; /* handles */
};

static void on_closed(uv_handle_t *handle)
{
	struct tcp_attempt *attempt = handle->data;
	struct prober *prober = attempt->prober;
	if (!--attempt->open)
		free(attempt);
	prober_let(prober);
}

static void tcp_close(struct tcp_attempt *attempt)
{
	attempt->watch = NULL;
	uv_close((uv_handle_t *)&attempt->socket, on_closed);
	uv_close((uv_handle_t *)&attempt->deadline, on_closed);
}

static void tcp_end(struct tcp_attempt *attempt, enum outcome outcome, const char *detail)
{
	struct watch *watch = attempt->watch;
	tcp_close(attempt);
	watch_done(watch, outcome, detail, NULL);
}

static void tcp_fail(struct tcp_attempt *attempt, int status)
{
	char text[PROBE_DETAIL];
	snprintf(text, sizeof text, "connect: %s", strerror(-status));
	tcp_end(attempt, attempt_unable(status) ? OUTCOME_UNABLE : OUTCOME_FAILED, text);
}

static void on_connect(uv_connect_t *connect, int status)
{
	struct tcp_attempt *attempt = connect->data;
	if (!attempt->watch)
		return;
	if (status)
		tcp_fail(attempt, status);
	else
		tcp_end(attempt, OUTCOME_OK, "connected");
}

static void on_deadline(uv_timer_t *timer)
{
	struct tcp_attempt *attempt = timer->data;
	char text[PROBE_DETAIL], duration[32];
	if (!attempt->watch)
		return;
	snprintf(text, sizeof text, "connect: timed out after %s",
	        text_duration_format(attempt->watch->spec->timeout, duration));
	tcp_end(attempt, OUTCOME_TIMEOUT, text);
}

static void tcp_start(struct watch *watch)
{
	struct tcp_attempt *attempt = calloc(1, sizeof *attempt);
	MUST(attempt);
	uv_loop_t *loop = prober_loop(watch->prober);
	struct sockaddr_storage to;
	attempt->watch = watch;
	attempt->prober = watch->prober;
	attempt->open = 2;
	watch->attempt = attempt;
	MUST(uv_tcp_init(loop, &attempt->socket) == 0 && uv_timer_init(loop, &attempt->deadline) == 0);
	attempt->socket.data = attempt->deadline.data = attempt->connect.data = attempt;
	prober_hold(attempt->prober);
	prober_hold(attempt->prober);
	endpoint_to_sockaddr(&watch->what->endpoint, &to);
	int status = uv_tcp_connect(&attempt->connect, &attempt->socket, (const struct sockaddr *)&to, on_connect);
	if (status) {
		tcp_fail(attempt, status);
		return;
	}
	uv_timer_start(&attempt->deadline, on_deadline, attempt_milliseconds(watch->spec->timeout), 0);
}

static void tcp_drop(struct watch *watch)
{
	tcp_close(watch->attempt);
}

const struct probe_kind probe_tcp = {tcp_start, tcp_drop};
