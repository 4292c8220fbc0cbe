/*
 * fuzz_answer.c: any packet → answer_packet, as UDP and TCP call it: is the reply sound, and due, and small enough?
 *
 * One world has a bit of everything: wildcards, cuts, DNAMEs, steered names with hints, a key, transfers. The packet's
 * id chooses how it is sent: over what, by whom, when, with a valid signature or cookie (which no fuzzer could guess),
 * and what the server demands. So the corpus of fuzz_query serves here, too. A finding is an abort or an exit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "answer/transfer.h"
#include "base/assert.h"
#include "base/cursor.h"
#include "fixture.h"
#include "pool/board.h"
#include "sign/tsig.h"
#include "snap/snapshot.h"
#include "wire/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char zone_text[] = FIXTURE_APEX
        "@ NS ns\n@ MX 1 www\n@ TXT \"a text\"\n@ CAA 0 issue \"ca.example.net\"\n"
        "ns A 192.0.2.53\nwww A 192.0.2.80\nwww AAAA 2001:db8::80\nwww TXT t\n"
        "www HTTPS 1 . mandatory=ipv4hint alpn=h2 ipv4hint=192.0.2.80 ipv6hint=2001:db8::80\n"
        "svc HTTPS 1 www ipv4hint=192.0.2.80\nsvc HTTPS 0 www\nled SVCB 1 names ipv4hint=192.0.2.80\n"
        "names A 192.0.2.80\nall A 192.0.2.80\n"
        "*.w A 192.0.2.80\n*.w HTTPS 1 . ipv4hint=192.0.2.80\n*.c CNAME www\na.b.c.d TXT deep\n"
        "link CNAME www\nloop1 CNAME loop2\nloop2 CNAME loop1\nout CNAME www.example.net.\n"
        "dname DNAME example.net.\nself DNAME self.self\nsub NS ns.sub\nsub NS www\nns.sub A 192.0.2.54\n"
        "sub DS 1 8 2 00\nsrv SRV 0 0 1 www\nsrv SRV 0 0 1 link\n"
        "s A 192.0.2.1\ns RRSIG A 8 3 60 20300101000000 20200101000000 1 example.com. AQAB\n";

static const char geo_text
        [] = "datacenters:\n  fra: {}\n  iad: {}\n"
             "probes:\n  tcp: { type: tcp, port: 1 }\n"
             "maps:\n  world:\n    default: [fra, iad]\n    net: { 198.51.100.0/22: [iad], '2001:db8::/32': [iad] }\n"
             "services:\n"
             "  www.example.com: { names: ['*.w.example.com'], map: world, answer: 1, sticky: 24/56, pools: {\n"
             "    fra: [10.0.0.1, 10.0.0.2, '2001:db8:f::1'], iad: [10.1.0.1, 10.1.0.2] } }\n"
             "  all.example.com: { map: world, probe: tcp, all-down: servfail, pools: { fra: [10.0.0.9] } }\n"
             "  names.example.com: { map: world, pools: { fra: { cname: www.example.com. } } }\n";

static const char
        server_text[] = "nsid: fuzz\nversion: a fuzzed one\ncookies: { secret: 000102030405060708090a0b0c0d0e0f }\n"
                        "keys: { key: { algorithm: hmac-sha256, secret: AAECAwQFBgcICQoLDA0ODw== } }\n";

/* How a packet is sent, by the bits of its id. */
enum {
	BY_STREAM = 1,
	BY_IPV6 = 2,
	FROM_FAR = 4,
	WITH_SIGNATURE = 8,
	WITH_COOKIE = 16,
	COOKIES_DEMANDED = 32,
	WITHOUT_COOKIES = 64,
	WITHOUT_SUBNETS = 128,
	LATER = 256,
	DOWN = 512,
	SMALL_ROOM = 1024,
	NO_TRANSFERS = 2048,
};

enum { PACKET_ROOM = 65535, ROOM_UDP = 1232 };

static struct fixture *world(void)
{
	static const struct fixture_zone zones[] = {
	        {"example.com.", zone_text},
	        {"b.example.com.", FIXTURE_APEX "www A 192.0.2.3\n"},
	        {"example.net.", FIXTURE_APEX "www CNAME link.example.com.\n* DNAME example.com.\n"},
	        {0},
	};
	static struct fixture *fixture;
	if (fixture)
		return fixture;
	fixture = fixture_new(&(struct fixture_files){.zones = zones, .geo = geo_text, .server = server_text});
	struct conf *conf = live_current(fixture->source)->snapshot->conf;
	static const struct conf_transfer from[] = {{.from = {.addr.family = ADDR_V4}, .key = 0},
	        {.from = {.addr = {ADDR_V4, {192, 0, 2}}, .length = 24}, .key = NO_INDEX}};
	for (uint32_t i = 0; i < conf->zone_count; i++) {
		conf->zones[i].transfer = from;
		conf->zones[i].transfer_count = 2;
	}
	return fixture;
}

static void set_world(struct fixture *fixture, unsigned how)
{
	static const uint8_t far[4] = {198, 51, 100, 7}, near[4] = {192, 0, 2, 1}, v6[6] = {32, 1, 13, 184};
	const struct live *live = live_current(fixture->source);
	struct conf *conf = live->snapshot->conf;
	fixture->client.stream = how & BY_STREAM;
	fixture->client.limited = !fixture->client.stream;
	fixture->client.keepalive = 300;
	fixture->client.addr = (struct addr){.family = how & BY_IPV6 ? ADDR_V6 : ADDR_V4};
	memcpy(fixture->client.addr.bytes, how & BY_IPV6 ? v6 : how & FROM_FAR ? far : near, 4);
	conf->cookies = how & COOKIES_DEMANDED ? COOKIES_REQUIRED : how & WITHOUT_COOKIES ? COOKIES_OFF : COOKIES_ON;
	conf->ecs = how & WITHOUT_SUBNETS ? ECS_OFF : ECS_ON;
	board_set(live->board, 0, how & DOWN ? VERDICT_DOWN : VERDICT_UP, 1, 1);
	fixture->context.wall = how & LATER ? 1700007200 : 1700000000;
	fixture->context.may_transfer = fixture->client.stream && !(how & NO_TRANSFERS);
}

static void add_one(uint8_t *packet)
{
	if (++packet[11] == 0)
		packet[10]++;
}

/* An OPT with a cookie that this server would give. */
static size_t add_cookie(const struct fixture *fixture, uint8_t *packet, size_t size)
{
	struct cookie_secrets secrets = {.count = 1};
	uint8_t cookie[COOKIE_BYTES];
	memcpy(secrets.secret[0], live_current(fixture->source)->snapshot->conf->cookie_secret, COOKIE_SECRET);
	cookie_make(cookie, &secrets, (const uint8_t *)"12345678", &fixture->client.addr, 1700000000);
	struct writer w = writer_of(packet + size, PACKET_ROOM - size);
	write_bytes(&w, "\0\0\x29\4\xd0\0\0\0\0\0\x1c\0\xa\0\x18", 15);
	write_bytes(&w, cookie, sizeof cookie);
	if (w.full)
		return size;
	add_one(packet);
	return size + writer_offset(&w);
}

static size_t sign(const struct fixture *fixture, uint8_t *packet, size_t size)
{
	struct tsig tsig;
	tsig_begin(&tsig, &live_current(fixture->source)->snapshot->conf->keys[0]);
	size_t bigger = tsig_append(&tsig, packet, size, PACKET_ROOM, 1700000000);
	return bigger ? bigger : size;
}

static void check(const struct fixture *fixture, const uint8_t *packet, const uint8_t *reply, size_t size)
{
	struct message message;
	const char *why;
	if (!message_check(reply, size, &why))
		fail_msg("unsound: %s", why);
	MUST(message_open(&message, reply, size));
	MUST(memcmp(reply, packet, 2) == 0 && message.flags & FLAG_QR && !(message.flags & (FLAG_RA | FLAG_AD | 0x40)));
	MUST(((reply[2] ^ packet[2]) & 0x79) == 0);
	if (message.flags & FLAG_TC)
		MUST(!fixture->client.stream && !message.counts[SECTION_ANSWER] && !message.counts[SECTION_AUTHORITY]);
}

/* Everything of a transfer, message by message. */
static void drain(struct fixture *fixture, const uint8_t *packet)
{
	struct transfer *transfer = fixture->context.transfer;
	size_t size;
	for (unsigned count = 0; (size = transfer_next(transfer, fixture->reply, 16384, fixture->context.wall));
	        count++) {
		MUST(count < 100);
		check(fixture, packet, fixture->reply, size);
	}
	transfer_free(transfer);
}

static void send_packet(struct fixture *fixture, const uint8_t *packet, size_t size, unsigned how)
{
	/* copied, so that a sanitizer sees a byte read behind it */
	uint8_t *copy = malloc(size ? size : 1);
	MUST(copy);
	memcpy(copy, packet, size);
	struct query query;
	enum query_verdict verdict = query_parse(&query, copy, size);
	size_t room = fixture->client.stream ? PACKET_ROOM : how & SMALL_ROOM ? 512 : ROOM_UDP;
	memset(fixture->reply, 0xee, ROOM_UDP + 64);
	fixture->context.live = live_enter(fixture->source);
	size_t reply = answer_packet(&fixture->context, &fixture->client, copy, size, fixture->reply, room);
	live_leave();
	bool due = verdict != QUERY_DROP && !fixture->context.transfer;
	MUST((reply > 0) == due || verdict == QUERY_DROP);
	if (reply) {
		check(fixture, copy, fixture->reply, reply);
		MUST(reply <= room);
		MUST(!fixture->client.limited || fixture->context.response_opt <= reply);
		MUST(fixture->client.stream || reply <= query_limit(&query, ROOM_UDP));
		for (size_t i = reply; !fixture->client.stream && i < ROOM_UDP + 64; i++)
			MUST(i < room || fixture->reply[i] == 0xee);
	} else if (verdict != QUERY_DROP) {
		drain(fixture, copy);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packet[PACKET_ROOM];
	if (size > PACKET_ROOM)
		return 0;
	struct fixture *fixture = world();
	unsigned how = size < 2 ? 0 : (unsigned)(data[0] << 8 | data[1]);
	set_world(fixture, how);
	memcpy(packet, data, size);
	if (size >= DNS_HEADER && how & WITH_COOKIE)
		size = add_cookie(fixture, packet, size);
	if (size >= DNS_HEADER && how & WITH_SIGNATURE)
		size = sign(fixture, packet, size);
	send_packet(fixture, packet, size, how);
	return 0;
}
