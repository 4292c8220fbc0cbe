/*
 * test_hints.c: the address hints of SVCB and HTTPS records at steered names, and of records that lead to them (RFC
 * 9460 7.3): those of the data center that A and AAAA would give.
 *
 * Clients of 198.51.100.0/22 go to iad, all others to fra; the client of a row is 192.0.2.1 or brings a subnet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "pool/board.h"
#include "snap/snapshot.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct fixture_zone zones[] = {
        {"ex.", FIXTURE_APEX "www A 192.0.2.80\nwww AAAA 2001:db8::80\n"
                             "www HTTPS 1 . alpn=h2 ipv4hint=192.0.2.80 port=443 ipv6hint=2001:db8::80\n"
                             "www SVCB 2 . alpn=h2\n"
                             "alias HTTPS 0 www\nstill HTTPS 0 plain\nagain HTTPS 0 still\nself HTTPS 0 self\n"
                             "other HTTPS 1 www.ex. ipv4hint=192.0.2.80\n"
                             "late 600 HTTPS 1 www ipv4hint=192.0.2.80\n"
                             "out HTTPS 1 web.net. ipv6hint=2001:db8::80\n"
                             "plain A 192.0.2.9\nplain HTTPS 1 . ipv4hint=192.0.2.9\n"
                             "must A 192.0.2.80\n"
                             "must HTTPS 1 . mandatory=ipv4hint,ipv6hint,port ipv4hint=192.0.2.80 port=1 "
                             "ipv6hint=2001:db8::80\n"
                             "only A 192.0.2.80\n"
                             "only HTTPS 1 . mandatory=ipv6hint ipv6hint=2001:db8::80\n"
                             "two HTTPS 1 www ipv4hint=192.0.2.80\ntwo HTTPS 2 plain ipv4hint=192.0.2.9\n"
                             "two HTTPS 3 down alpn=h3 ipv4hint=192.0.2.80\n"
                             "fail A 192.0.2.80\nfail HTTPS 1 . ipv4hint=192.0.2.80\n"
                             "down A 192.0.2.80\ndown HTTPS 1 . ipv4hint=192.0.2.80\n"
                             "*.w A 192.0.2.80\n*.w HTTPS 1 . ipv4hint=192.0.2.80\n"
                             "far HTTPS 1 b.w ipv4hint=192.0.2.80\n"
                             "names A 192.0.2.80\nled HTTPS 1 names ipv4hint=192.0.2.80\n"
                             "link CNAME www\n"
                             "mx MX 1 www\nsrv SRV 0 0 1 www\nsub NS www\n"},
        {"net.", FIXTURE_APEX "web A 192.0.2.80\nweb AAAA 2001:db8::80\n"},
        {"signed.", FIXTURE_APEX "www A 192.0.2.80\nwww HTTPS 1 . ipv4hint=192.0.2.80\n"
                                 "www RRSIG HTTPS 8 2 60 20300101000000 20200101000000 1 signed. AQAB\n"},
        {0},
};

static const char geo[] = "datacenters:\n  fra: {}\n  iad: {}\n"
                          "probes:\n  tcp: { type: tcp, port: 1 }\n"
                          "maps:\n  world:\n    default: [fra, iad]\n    net: { 198.51.100.0/22: [iad] }\n"
                          "services:\n"
                          "  www.ex: { names: [web.net, www.signed], map: world, probe: tcp, pools: {\n"
                          "    fra: [10.0.0.1, 10.0.0.2, '2001:db8:f::1'], iad: [10.1.0.1, '2001:db8:1::1'] } }\n"
                          "  must.ex: { names: [only.ex, '*.w.ex'], map: world, probe: tcp, pools: {\n"
                          "    fra: [10.0.0.3], iad: [10.1.0.3, '2001:db8:1::3'] } }\n"
                          "  down.ex: { map: world, probe: tcp, all-down: nodata, pools: { fra: [10.0.0.9] } }\n"
                          "  fail.ex: { map: world, probe: tcp, all-down: servfail, pools: { fra: [10.0.0.8] } }\n"
                          "  names.ex: { map: world, probe: tcp, pools: { fra: { cname: cdn.example. } } }\n";

#define FRA "key4=0a0000010a000002"
#define FRA6 "key6=20010db8000f00000000000000000001"
#define IAD "key4=0a010001"
#define IAD6 "key6=20010db8000100000000000000000001"
#define H2 "key1=026832"
#define AR(owner)                                                                                                      \
	"ar " owner " 60 A 10.0.0.1\nar " owner " 60 A 10.0.0.2\n"                                                     \
	"ar " owner " 60 AAAA 2001:db8:f::1\n"
/* ECS of 198.51.100.0/24 */
#define FAR " +opt=0008000700011800c63364"

static const struct row {
	const char *rule, *question, *expected;
	const char *down; /* the member that is down */
} rows[] = {
        {"RFC 9460 2.5.2 TargetName . is the owner; the parameters keep their order", "www.ex HTTPS",
                "NOERROR AA\nan www.ex. 60 HTTPS 1 . " H2 " key3=01bb " FRA " " FRA6 "\n" AR("www.ex."), NULL},
        {"RFC 9460 7.3 another client, another data center", "www.ex HTTPS" FAR,
                "NOERROR AA\nan www.ex. 60 HTTPS 1 . " H2 " key3=01bb " IAD " " IAD6
                "\nar www.ex. 60 A 10.1.0.1\nar www.ex. 60 AAAA 2001:db8:1::1\n",
                NULL},
        {"RFC 9460 7.3 a member that is down is no hint", "www.ex HTTPS",
                "NOERROR AA\nan www.ex. 60 HTTPS 1 . " H2 " key3=01bb key4=0a000002 " FRA6
                "\nar www.ex. 60 A 10.0.0.2\nar www.ex. 60 AAAA 2001:db8:f::1\n",
                "tcp/10.0.0.1@1"},
        {"RFC 9460 7.3 no hint in the zone, none given", "www.ex SVCB",
                "NOERROR AA\nan www.ex. 60 SVCB 2 . " H2 "\n" AR("www.ex."), NULL},
        {"RFC 9460 4.1 an alias, and what the client would ask for next", "alias.ex HTTPS",
                "NOERROR AA\nan alias.ex. 60 HTTPS 0 www.ex.\n"
                "ar www.ex. 60 HTTPS 1 . " H2 " key3=01bb " FRA " " FRA6 "\n" AR("www.ex."),
                NULL},
        {"RFC 9460 4.1 another client, another data center", "alias.ex HTTPS" FAR,
                "NOERROR AA\nan alias.ex. 60 HTTPS 0 www.ex.\n"
                "ar www.ex. 60 HTTPS 1 . " H2 " key3=01bb " IAD " " IAD6 "\n"
                "ar www.ex. 60 A 10.1.0.1\nar www.ex. 60 AAAA 2001:db8:1::1\n",
                NULL},
        {"RFC 9460 4.1 an alias of what is not steered", "still.ex HTTPS",
                "NOERROR AA\nan still.ex. 60 HTTPS 0 plain.ex.\nar plain.ex. 60 HTTPS 1 . key4=c0000209\n"
                "ar plain.ex. 60 A 192.0.2.9\n",
                NULL},
        {"RFC 9460 2.4.2 an alias of an alias", "again.ex HTTPS",
                "NOERROR AA\nan again.ex. 60 HTTPS 0 still.ex.\nar still.ex. 60 HTTPS 0 plain.ex.\n", NULL},
        {"RFC 9460 2.4.2 an alias of itself", "self.ex HTTPS", "NOERROR AA\nan self.ex. 60 HTTPS 0 self.ex.\n", NULL},
        {"RFC 9460 7.3 the hints are the TargetName's", "other.ex HTTPS",
                "NOERROR AA\nan other.ex. 60 HTTPS 1 www.ex. " FRA "\n" AR("www.ex."), NULL},
        {"RFC 9460 7.3 hints live no longer than the addresses", "late.ex HTTPS",
                "NOERROR AA\nan late.ex. 60 HTTPS 1 www.ex. " FRA "\n" AR("www.ex."), NULL},
        {"RFC 9460 7.3 a TargetName in another zone of ours", "out.ex HTTPS",
                "NOERROR AA\nan out.ex. 60 HTTPS 1 web.net. " FRA6 "\n", NULL},
        {"RFC 9460 7.3 a name that is not steered", "plain.ex HTTPS",
                "NOERROR AA\nan plain.ex. 60 HTTPS 1 . key4=c0000209\nar plain.ex. 60 A 192.0.2.9\n", NULL},
        {"RFC 9460 8 a family without members goes from mandatory, too", "must.ex HTTPS",
                "NOERROR AA\nan must.ex. 60 HTTPS 1 . key0=00030004 key3=0001 key4=0a000003\n"
                "ar must.ex. 60 A 10.0.0.3\n",
                NULL},
        {"RFC 9460 8 a mandatory that names nothing else goes itself", "only.ex HTTPS",
                "NOERROR AA\nan only.ex. 60 HTTPS 1 .\nar only.ex. 60 A 10.0.0.3\n", NULL},
        {"RFC 9460 8 with members of both families all stays", "must.ex HTTPS" FAR,
                "NOERROR AA\nan must.ex. 60 HTTPS 1 . key0=000300040006 key3=0001 key4=0a010003 "
                "key6=20010db8000100000000000000000003\nar must.ex. 60 A 10.1.0.3\nar must.ex. 60 AAAA "
                "2001:db8:1::3\n",
                NULL},
        {"RFC 9460 2.1 each record of a set has hints of its own", "two.ex HTTPS",
                "NOERROR AA\nan two.ex. 60 HTTPS 1 www.ex. " FRA "\nan two.ex. 60 HTTPS 2 plain.ex. key4=c0000209\n"
                "an two.ex. 60 HTTPS 3 down.ex. key1=026833 key4=0a000009\n" AR(
                        "www.ex.") "ar plain.ex. 60 A 192.0.2.9\nar down.ex. 60 A 10.0.0.9\n",
                NULL},
        {"all-down: nodata gives no hint", "down.ex HTTPS", "NOERROR AA\nan down.ex. 60 HTTPS 1 .\n", "tcp/10.0.0.9@1"},
        {"all-down: servfail gives no hint", "fail.ex HTTPS", "NOERROR AA\nan fail.ex. 60 HTTPS 1 .\n",
                "tcp/10.0.0.8@1"},
        {"RFC 4592 3.3.1 at a wildcard . is the name that was asked", "a.w.ex HTTPS",
                "NOERROR AA\nan a.w.ex. 60 HTTPS 1 . key4=0a000003\nar a.w.ex. 60 A 10.0.0.3\n", NULL},
        {"RFC 4592 3.3.1 a TargetName that a wildcard gives", "far.ex HTTPS",
                "NOERROR AA\nan far.ex. 60 HTTPS 1 b.w.ex. key4=0a000003\nar b.w.ex. 60 A 10.0.0.3\n", NULL},
        {"RFC 9460 7.3 a pool of a name has no addresses to hint at", "led.ex HTTPS",
                "NOERROR AA\nan led.ex. 60 HTTPS 1 names.ex.\n", NULL},
        {"RFC 4035 2.2 a signed set stays as it was signed", "www.signed HTTPS",
                "NOERROR AA\nan www.signed. 60 HTTPS 1 . key4=c0000250\n" AR("www.signed."), NULL},
        {"RFC 1034 3.6.2 behind a CNAME", "link.ex HTTPS",
                "NOERROR AA\nan link.ex. 60 CNAME www.ex.\nan www.ex. 60 HTTPS 1 . " H2 " key3=01bb " FRA " " FRA6
                "\n" AR("www.ex."),
                NULL},
        {"RFC 8482 4.1 ANY gives the first set", "other.ex ANY",
                "NOERROR AA\nan other.ex. 60 HTTPS 1 www.ex. " FRA "\n" AR("www.ex."), NULL},
        {"RFC 1035 3.3.9 MX: additional addresses are the client's", "mx.ex MX",
                "NOERROR AA\nan mx.ex. 60 MX 1 www.ex.\n" AR("www.ex."), NULL},
        {"RFC 2782 SRV: additional addresses are the client's", "srv.ex SRV",
                "NOERROR AA\nan srv.ex. 60 SRV 0 0 1 www.ex.\n" AR("www.ex."), NULL},
        {"RFC 1034 4.2.1 NS: additional addresses are the client's", "sub.ex A",
                "NOERROR\nns sub.ex. 60 NS www.ex.\n" AR("www.ex."), NULL},
        {"RFC 7871 7.4 a referral is not made for a subnet", "sub.ex A" FAR,
                "NOERROR\nns sub.ex. 60 NS www.ex.\nar www.ex. 60 A 192.0.2.80\nar www.ex. 60 AAAA 2001:db8::80\n",
                NULL},
};

static void set_all(struct fixture *fixture, const char *down)
{
	struct board *board = live_current(fixture->source)->board;
	const struct steering *steering = board_steering(board);
	bool found = !down;
	for (uint32_t i = 0; i < steering->target_count; i++) {
		bool is_down = down && !strcmp(steering->targets[i].name, down);
		board_set(board, i, is_down ? VERDICT_DOWN : VERDICT_UP, 1, 1);
		found = found || is_down;
	}
	assert_true(found);
}

static struct fixture *fixture_of_hints(void)
{
	return fixture_new(&(struct fixture_files){.zones = zones, .geo = geo});
}

static void test_rows(void **state)
{
	(void)state;
	struct fixture *fixture = fixture_of_hints();
	unsigned wrong = 0;
	for (size_t i = 0; i < COUNT(rows); i++) {
		set_all(fixture, rows[i].down);
		char *text = fixture_ask(fixture, rows[i].question);
		if (strcmp(text, rows[i].expected) != 0) {
			print_error("%s\n? %s\nis:\n%sshould be:\n%s\n", rows[i].rule, rows[i].question, text,
			        rows[i].expected);
			wrong++;
		}
		free(text);
	}
	fixture_free(fixture);
	assert_int_equal(wrong, 0);
}

/* The scope is as narrow as A's and AAAA's: 198.51.100.0/22. */
static void test_scope(void **state)
{
	(void)state;
	static const struct {
		const char *rule, *question, *option;
	} scopes[] = {
	        {"RFC 7871 7.2.1 A", "www.ex A" FAR, "option8=00011816c63364"},
	        {"RFC 7871 7.2.1 HTTPS with hints", "other.ex HTTPS" FAR, "option8=00011816c63364"},
	        {"RFC 7871 7.2.1 not tailored", "plain.ex HTTPS" FAR, "option8=00011800c63364"},
	        {"RFC 7871 7.4 a referral", "sub.ex A" FAR, "option8=00011800c63364"},
	};
	struct fixture *fixture = fixture_of_hints();
	for (size_t i = 0; i < COUNT(scopes); i++) {
		print_message("%s\n", scopes[i].rule);
		free(fixture_ask(fixture, scopes[i].question));
		char *text = fixture_text(fixture, true);
		if (!strstr(text, scopes[i].option))
			fail_msg("%s", text);
		free(text);
	}
	fixture_free(fixture);
}

/* RFC 8914 4.1: why there is no answer, in words. */
static void test_servfail(void **state)
{
	(void)state;
	struct fixture *fixture = fixture_of_hints();
	set_all(fixture, "tcp/10.0.0.8@1");
	free(fixture_ask(fixture, "fail.ex A +edns"));
	char *text = fixture_text(fixture, true);
	assert_string_equal(text, "SERVFAIL AA\nar ; edns version 0 flags 0000 payload 1232: option15=0000"
	                          "6e6f206d656d626572206973207570\n");
	free(text);
	fixture_free(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rows),
	        cmocka_unit_test(test_scope),
	        cmocka_unit_test(test_servfail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
