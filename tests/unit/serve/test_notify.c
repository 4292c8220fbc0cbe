/*
 * test_notify.c: NOTIFY to a secondary that answers, in each way in which it can be wrong (RFC 1996, RFC 8945).
 *
 * Notifier and secondary share a loop; each row ends when the notifier has nothing more to do, so nothing sleeps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/log.h"
#include "serve/notify.h"
#include "wire/message.h"

/* Before it is sent again; where an answer counts, so long that a busy machine does not come too late for it. */
#define SHORT (4 * NANO_MILLI)
#define LONG (5 * NANO_SECOND)
#define MEDIUM (100 * NANO_MILLI)

static const uint8_t zone[] = "\7example\3com";
static const uint8_t soa_wire[] = "\0\6\0\1\0\0\0\74\0\32\1m\0\1h\0\0\0\0\11\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\5";
static const struct rrset soa = {
        .wire = soa_wire, .size = sizeof soa_wire - 1, .ttl = 60, .type = TYPE_SOA, .count = 1};
static const struct tsig_key key = {(const uint8_t *)"\3xfr", TSIG_HMAC_SHA256, (const uint8_t *)"secret", 6};
static const struct tsig_key wrong = {(const uint8_t *)"\3xfr", TSIG_HMAC_SHA256, (const uint8_t *)"secreT", 6};

/* What the secondary does to an answer. */
enum deed {
	ANSWER,
	SILENT,   /* none at all */
	AT_THIRD, /* only from the third message on */
	OTHER_ID,
	OTHER_ZONE,
	OTHER_OPCODE,
	A_QUESTION, /* QR is not set */
	REFUSED,
	OTHER_PORT, /* comes from where nobody was asked */
	CAPITALS,   /* in the name */
	UNSIGNED,
	WRONG_KEY,
	GARBAGE, /* cut after the header, before the true answer */
};

static const struct row {
	const char *name;
	enum deed deed;
	bool is_signed;
	unsigned sent, answered, failed;
} rows[] = {
        {"RFC 1996 4.7: answered", ANSWER, false, 1, 1, 0},
        {"RFC 8945: signed, and so the answer", ANSWER, true, 1, 1, 0},
        {"RFC 1996 3.6: no answer", SILENT, false, 5, 0, 1},
        {"RFC 1996 3.6: a later try", AT_THIRD, true, 3, 1, 0},
        {"another id", OTHER_ID, false, 5, 0, 1},
        {"another zone", OTHER_ZONE, false, 5, 0, 1},
        {"another opcode", OTHER_OPCODE, false, 5, 0, 1},
        {"a question in place of an answer", A_QUESTION, false, 5, 0, 1},
        {"an error is an answer", REFUSED, false, 1, 0, 1},
        {"an error, signed", REFUSED, true, 1, 0, 1},
        {"from another port", OTHER_PORT, false, 5, 0, 1},
        {"the name in capitals", CAPITALS, false, 1, 1, 0},
        {"RFC 8945 5.4: an answer that should be signed", UNSIGNED, true, 5, 0, 1},
        {"RFC 8945 5.4: signed with another secret", WRONG_KEY, true, 5, 0, 1},
        {"half an answer is none", GARBAGE, false, 1, 1, 0},
};

struct secondary {
	uv_udp_t socket, other; /* other: at another port */
	struct endpoint at;
	enum deed deed;
	unsigned received;
	uint32_t serial; /* of the last hint */
	struct endpoint from;
	uint8_t bytes[2048];
	uv_timer_t poll;
	struct notifier *notifier;
	unsigned outcomes; /* wait for so many */
};

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct secondary *secondary = handle->data;
	(void)suggested;
	*buffer = uv_buf_init((char *)secondary->bytes, sizeof secondary->bytes);
}

static void send_to(uv_udp_t *socket, const uint8_t *bytes, size_t size, const struct sockaddr *to)
{
	uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)size);
	assert_int_equal(uv_udp_try_send(socket, &buffer, 1, to), size);
}

/* Checks a NOTIFY that came: header, question, hint, signature; returns where the signature starts, 0: none. */
static size_t check(struct secondary *secondary, const uint8_t *bytes, size_t size)
{
	struct message message;
	struct message_record record;
	const char *why;
	size_t signature = 0;
	if (!message_check(bytes, size, &why))
		fail_msg("a NOTIFY that is not sound: %s", why);
	assert_true(message_open(&message, bytes, size));
	assert_int_equal(message.flags, OPCODE_NOTIFY << 11 | FLAG_AA);
	assert_int_equal(message.counts[0], 1);
	while (message_next(&message, &record)) {
		if (record.type == TYPE_TSIG)
			signature = record.offset;
		else
			assert_true(
			        record.type == TYPE_SOA && record.class == CLASS_IN && name_equal(record.owner, zone));
		if (record.section == SECTION_ANSWER) {
			struct reader r = reader_of(bytes + record.rdata + record.size - 20, 4);
			secondary->serial = read_u32(&r);
		}
	}
	return signature;
}

static void answer(
        struct secondary *secondary, uint8_t *bytes, size_t size, size_t signature, const struct sockaddr *to)
{
	struct tsig tsig;
	uint64_t now = (uint64_t)(clock_wall() / NANO_SECOND);
	enum deed deed = secondary->deed;
	if (signature) {
		assert_int_equal(tsig_verify(&tsig, &key, 1, bytes, size, signature, now), 0);
		assert_int_equal(tsig.error, TSIG_OK);
	}
	size = DNS_HEADER + sizeof zone + 4;
	bytes[2] = (uint8_t)(0x80 | (deed == OTHER_OPCODE ? OPCODE_UPDATE : OPCODE_NOTIFY) << 3);
	bytes[2] &= deed == A_QUESTION ? 0x7f : 0xff;
	bytes[3] = deed == REFUSED ? RCODE_REFUSED : RCODE_NOERROR;
	memset(bytes + 6, 0, 6);
	bytes[0] ^= deed == OTHER_ID;
	bytes[DNS_HEADER + 2] ^= deed == OTHER_ZONE ? 1 : deed == CAPITALS ? 0x20 : 0;
	if (deed == GARBAGE)
		send_to(&secondary->socket, bytes, DNS_HEADER + 3, to);
	if (signature && deed != UNSIGNED) {
		tsig.key = deed == WRONG_KEY ? &wrong : &key;
		size = tsig_append(&tsig, bytes, size, sizeof secondary->bytes, now);
	}
	send_to(deed == OTHER_PORT ? &secondary->other : &secondary->socket, bytes, size, to);
}

static void on_receive(
        uv_udp_t *socket, ssize_t size, const uv_buf_t *buffer, const struct sockaddr *from, unsigned flags)
{
	struct secondary *secondary = socket->data;
	(void)flags;
	if (size <= 0 || !from)
		return;
	secondary->received++;
	secondary->from = endpoint_from_sockaddr(from);
	uint8_t *bytes = (uint8_t *)buffer->base;
	size_t signature = check(secondary, bytes, (size_t)size);
	if (secondary->deed == SILENT || (secondary->deed == AT_THIRD && secondary->received < 3))
		return;
	answer(secondary, bytes, (size_t)size, signature, from);
}

static void bind_to(uv_loop_t *loop, uv_udp_t *socket, struct secondary *secondary)
{
	struct sockaddr_storage at;
	struct endpoint endpoint;
	assert_true(endpoint_parse(&endpoint, "127.0.0.1", 0));
	endpoint_to_sockaddr(&endpoint, &at);
	assert_int_equal(uv_udp_init(loop, socket), 0);
	assert_int_equal(uv_udp_bind(socket, (const struct sockaddr *)&at, 0), 0);
	socket->data = secondary;
}

/* Ends when there were as many outcomes as are waited for. */
static void on_poll(uv_timer_t *timer)
{
	struct secondary *secondary = timer->data;
	const struct counters *counters = notifier_counters(secondary->notifier);
	uint64_t outcomes = counter_get(counters, COUNTER_NOTIFIES_ANSWERED) +
	                    counter_get(counters, COUNTER_NOTIFIES_FAILED);
	if (outcomes >= secondary->outcomes)
		uv_stop(timer->loop);
}

static void start(uv_loop_t *loop, struct secondary *secondary, enum deed deed, nanotime wait)
{
	static const char *const listen[] = {"0.0.0.0@53", "192.0.2.1@53", "127.0.0.2@53", "127.0.0.3@53"};
	struct endpoint endpoints[4];
	struct sockaddr_storage at;
	int length = sizeof at;
	for (unsigned i = 0; i < 4; i++)
		assert_true(endpoint_parse(&endpoints[i], listen[i], 0));
	assert_int_equal(uv_loop_init(loop), 0);
	*secondary = (struct secondary){.deed = deed, .outcomes = 1};
	bind_to(loop, &secondary->socket, secondary);
	bind_to(loop, &secondary->other, secondary);
	assert_int_equal(uv_udp_getsockname(&secondary->socket, (struct sockaddr *)&at, &length), 0);
	secondary->at = endpoint_from_sockaddr((struct sockaddr *)&at);
	assert_int_equal(uv_udp_recv_start(&secondary->socket, on_allocate, on_receive), 0);
	secondary->notifier = notifier_new(
	        &(struct notifier_options){.loop = loop, .listen = endpoints, .listen_count = 4, .wait = wait});
	uv_timer_init(loop, &secondary->poll);
	secondary->poll.data = secondary;
	uv_timer_start(&secondary->poll, on_poll, 1, 1);
}

static void end(uv_loop_t *loop, struct secondary *secondary)
{
	notifier_free(secondary->notifier);
	uv_close((uv_handle_t *)&secondary->socket, NULL);
	uv_close((uv_handle_t *)&secondary->other, NULL);
	uv_close((uv_handle_t *)&secondary->poll, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(loop), 0);
}

static struct notify notify_to(const struct secondary *secondary, const struct tsig_key *with)
{
	return (struct notify){.zone = zone, .soa = &soa, .serial = 9, .to = secondary->at, .key = with};
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		uv_loop_t loop;
		struct secondary secondary;
		start(&loop, &secondary, row->deed, row->sent == 1 ? LONG : row->sent == 3 ? MEDIUM : SHORT);
		struct notify notify = notify_to(&secondary, row->is_signed ? &key : NULL);
		notifier_send(secondary.notifier, &notify);
		uv_run(&loop, UV_RUN_DEFAULT);
		const struct counters *counters = notifier_counters(secondary.notifier);
		unsigned sent = (unsigned)counter_get(counters, COUNTER_NOTIFIES_SENT);
		unsigned answered = (unsigned)counter_get(counters, COUNTER_NOTIFIES_ANSWERED);
		unsigned failed = (unsigned)counter_get(counters, COUNTER_NOTIFIES_FAILED);
		if (sent != row->sent || answered != row->answered || failed != row->failed)
			fail_msg("%s: sent %u, answered %u, failed %u", row->name, sent, answered, failed);
		assert_int_equal(secondary.serial, 9);
		/* from the first listener that can reach it */
		char text[ADDR_TEXT_MAX];
		assert_string_equal(addr_format(&secondary.from.addr, text), "127.0.0.2");
		end(&loop, &secondary);
	}
}

/* A newer notify of the same zone and target takes the place of the one that is pending, signed or not. */
static void test_replaced(void **state)
{
	(void)state;
	uv_loop_t loop;
	struct secondary secondary;
	start(&loop, &secondary, ANSWER, LONG);
	struct notify notify = notify_to(&secondary, &key);
	for (unsigned i = 0; i < 1000; i++)
		notifier_send(secondary.notifier, &notify);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(secondary.received, 1);
	assert_int_equal(counter_get(notifier_counters(secondary.notifier), COUNTER_NOTIFIES_FAILED), 0);
	end(&loop, &secondary);
}

/* Zones do not disturb each other; what is pending at the end is forgotten. */
static void test_many(void **state)
{
	enum { ZONES = 200 };
	(void)state;
	uv_loop_t loop;
	struct secondary secondary;
	start(&loop, &secondary, SILENT, SHORT);
	secondary.outcomes = ZONES;
	for (unsigned i = 0; i < ZONES; i++) {
		uint8_t name[sizeof zone];
		memcpy(name, zone, sizeof zone);
		struct notify notify = notify_to(&secondary, &key);
		notify.zone = name;
		notify.to.addr.bytes[1] = 1; /* 127.1.0.i: nobody */
		notify.to.addr.bytes[3] = (uint8_t)i;
		notifier_send(secondary.notifier, &notify);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(counter_get(notifier_counters(secondary.notifier), COUNTER_NOTIFIES_FAILED), ZONES);
	struct notify left = notify_to(&secondary, NULL);
	notifier_send(secondary.notifier, &left);
	end(&loop, &secondary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rows),
	        cmocka_unit_test(test_replaced),
	        cmocka_unit_test(test_many),
	};
	log_set_level(LOG_LEVEL_NONE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
