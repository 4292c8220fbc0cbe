/*
 * probe_dns.c: asks a name server a question, by UDP, and by TCP where the reply is cut off or the probe says so.
 *
 * One deadline covers both. The UDP socket is connected, so that the kernel takes
 * datagrams of the target only, from a port that it draws at random, and tells of
 * a closed port. What comes and is no reply to the question is passed over, and
 * waiting goes on. Nothing is sent twice: `fall` is there for what is lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/cursor.h"
#include "base/text.h"
#include "probe/dns_reply.h"

#define DATAGRAM_MAX 4096 /* without EDNS a reply has 512 at most (RFC 1035 4.2.1) */
#define LENGTH 2          /* of the length before a message on TCP (RFC 1035 4.2.2) */

struct dns_attempt {
	struct watch *watch; /* NULL: dropped or done */
	struct prober *prober;
	uv_timer_t deadline;
	uv_udp_t udp;
	uv_tcp_t tcp;
	bool has_udp, has_tcp;
	unsigned open; /* handles */
	uv_connect_t connect;
	uv_write_t write;
	uint16_t id;
	uint8_t question[LENGTH + DNS_QUESTION_MAX];
	size_t question_size; /* without the length */
	uint8_t *reply;       /* by TCP: its length, and it, as far as it has come; else a datagram */
	size_t got, room;
};

/* ---- ends ---- */

static void on_closed(uv_handle_t *handle)
{
	struct dns_attempt *attempt = handle->data;
	struct prober *prober = attempt->prober;
	if (!--attempt->open) {
		free(attempt->reply);
		free(attempt);
	}
	prober_let(prober);
}

static void open_handle(struct dns_attempt *attempt, void *handle)
{
	((uv_handle_t *)handle)->data = attempt;
	attempt->open++;
	prober_hold(attempt->prober);
}

static void close_udp(struct dns_attempt *attempt)
{
	if (attempt->has_udp)
		uv_close((uv_handle_t *)&attempt->udp, on_closed);
	attempt->has_udp = false;
}

static void dns_close(struct dns_attempt *attempt)
{
	attempt->watch = NULL;
	close_udp(attempt);
	if (attempt->has_tcp)
		uv_close((uv_handle_t *)&attempt->tcp, on_closed);
	uv_close((uv_handle_t *)&attempt->deadline, on_closed);
}

static void dns_end(struct dns_attempt *attempt, enum outcome outcome, const char *detail)
{
	struct watch *watch = attempt->watch;
	dns_close(attempt);
	watch_done(watch, outcome, detail, NULL);
}

static void dns_fail(struct dns_attempt *attempt, const char *what, int status)
{
	char text[PROBE_DETAIL];
	const char *why = status != UV_EOF ? strerror(-status) : attempt->got ? "broken off" : "closed without a word";
	snprintf(text, sizeof text, "%s: %s", what, why);
	dns_end(attempt, attempt_unable(status) ? OUTCOME_UNABLE : OUTCOME_FAILED, text);
}

static void on_deadline(uv_timer_t *timer)
{
	struct dns_attempt *attempt = timer->data;
	char text[PROBE_DETAIL], duration[32];
	if (!attempt->watch)
		return;
	snprintf(text, sizeof text, "%stimed out after %s", attempt->has_tcp ? "TCP: " : "",
	        text_duration_format(attempt->watch->spec->timeout, duration));
	dns_end(attempt, OUTCOME_TIMEOUT, text);
}

/* ---- TCP ---- */

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
	struct dns_attempt *attempt = handle->data;
	(void)wanted;
	*buffer = uv_buf_init((char *)attempt->reply + attempt->got, (unsigned)(attempt->room - attempt->got));
}

/* First the length, then as much as it says. */
static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct dns_attempt *attempt = stream->data;
	char detail[PROBE_DETAIL];
	(void)buffer;
	if (!attempt->watch || size == 0)
		return;
	if (size < 0) {
		dns_fail(attempt, "TCP", (int)size);
		return;
	}
	attempt->got += (size_t)size;
	if (attempt->got == LENGTH && attempt->room == LENGTH) {
		struct reader r = reader_of(attempt->reply, LENGTH);
		attempt->room += read_u16(&r);
		attempt->reply = realloc(attempt->reply, attempt->room);
		MUST(attempt->reply);
	}
	if (attempt->got < attempt->room)
		return;
	enum dns_judgement judgement = dns_judge(
	        &attempt->watch->spec->question, attempt->id, attempt->reply + LENGTH, attempt->room - LENGTH, detail);
	if (judgement == DNS_STRAY || judgement == DNS_TRUNCATED)
		snprintf(detail, sizeof detail, "TCP: %s",
		        judgement == DNS_STRAY ? "no reply to the question" : "the reply is cut off");
	dns_end(attempt, judgement == DNS_GOOD ? OUTCOME_OK : OUTCOME_FAILED, detail);
}

static void on_written(uv_write_t *write, int status)
{
	struct dns_attempt *attempt = write->data;
	if (attempt->watch && status)
		dns_fail(attempt, "TCP", status);
}

static void on_connect(uv_connect_t *connect, int status)
{
	struct dns_attempt *attempt = connect->data;
	if (!attempt->watch)
		return;
	put_u16(attempt->question, (uint16_t)attempt->question_size);
	uv_buf_t all = uv_buf_init((char *)attempt->question, (unsigned)(LENGTH + attempt->question_size));
	attempt->write.data = attempt;
	if (!status)
		status = uv_write(&attempt->write, (uv_stream_t *)&attempt->tcp, &all, 1, on_written);
	if (!status)
		status = uv_read_start((uv_stream_t *)&attempt->tcp, on_room, on_read);
	if (status)
		dns_fail(attempt, "TCP", status);
}

static void make_question(struct dns_attempt *attempt)
{
	attempt->id = prober_random(attempt->prober);
	attempt->question_size = dns_question(&attempt->watch->spec->question, attempt->id, attempt->question + LENGTH);
}

static void ask_by_tcp(struct dns_attempt *attempt)
{
	struct sockaddr_storage to;
	close_udp(attempt);
	make_question(attempt);
	attempt->reply = realloc(attempt->reply, LENGTH);
	MUST(attempt->reply && uv_tcp_init(prober_loop(attempt->prober), &attempt->tcp) == 0);
	attempt->got = 0;
	attempt->room = LENGTH;
	attempt->has_tcp = true;
	attempt->connect.data = attempt;
	open_handle(attempt, &attempt->tcp);
	endpoint_to_sockaddr(&attempt->watch->what->endpoint, &to);
	int status = uv_tcp_connect(&attempt->connect, &attempt->tcp, (const struct sockaddr *)&to, on_connect);
	if (status)
		dns_fail(attempt, "TCP", status);
}

/* ---- UDP ---- */

static void on_datagram_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
	struct dns_attempt *attempt = handle->data;
	(void)wanted;
	*buffer = uv_buf_init((char *)attempt->reply, DATAGRAM_MAX);
}

static void on_datagram(
        uv_udp_t *udp, ssize_t size, const uv_buf_t *buffer, const struct sockaddr *from, unsigned flags)
{
	struct dns_attempt *attempt = udp->data;
	char detail[PROBE_DETAIL];
	(void)buffer;
	if (!attempt->watch || !attempt->has_udp || (size >= 0 && !from) || flags & UV_UDP_PARTIAL)
		return;
	if (size < 0) {
		dns_fail(attempt, "UDP", (int)size);
		return;
	}
	switch (dns_judge(&attempt->watch->spec->question, attempt->id, attempt->reply, (size_t)size, detail)) {
	case DNS_STRAY:
		break;
	case DNS_TRUNCATED:
		ask_by_tcp(attempt);
		break;
	case DNS_GOOD:
		dns_end(attempt, OUTCOME_OK, detail);
		break;
	case DNS_BAD:
		dns_end(attempt, OUTCOME_FAILED, detail);
	}
}

static void ask_by_udp(struct dns_attempt *attempt)
{
	struct sockaddr_storage to;
	attempt->reply = malloc(DATAGRAM_MAX);
	MUST(attempt->reply && uv_udp_init(prober_loop(attempt->prober), &attempt->udp) == 0);
	attempt->has_udp = true;
	open_handle(attempt, &attempt->udp);
	make_question(attempt);
	endpoint_to_sockaddr(&attempt->watch->what->endpoint, &to);
	uv_buf_t question = uv_buf_init((char *)attempt->question + LENGTH, (unsigned)attempt->question_size);
	int status = uv_udp_connect(&attempt->udp, (const struct sockaddr *)&to);
	if (status >= 0)
		status = uv_udp_recv_start(&attempt->udp, on_datagram_room, on_datagram);
	if (status >= 0)
		status = uv_udp_try_send(&attempt->udp, &question, 1, NULL);
	if (status < 0)
		dns_fail(attempt, "UDP", status);
}

/* ---- an attempt ---- */

static void dns_start(struct watch *watch)
{
	struct dns_attempt *attempt = calloc(1, sizeof *attempt);
	MUST(attempt);
	attempt->watch = watch;
	attempt->prober = watch->prober;
	watch->attempt = attempt;
	MUST(uv_timer_init(prober_loop(watch->prober), &attempt->deadline) == 0);
	open_handle(attempt, &attempt->deadline);
	uv_timer_start(&attempt->deadline, on_deadline, attempt_milliseconds(watch->spec->timeout), 0);
	if (watch->spec->question.tcp)
		ask_by_tcp(attempt);
	else
		ask_by_udp(attempt);
}

static void dns_drop(struct watch *watch)
{
	dns_close(watch->attempt);
}

const struct probe_kind probe_dns = {dns_start, dns_drop};
