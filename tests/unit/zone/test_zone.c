/*
 * test_zone.c: whole zones: what they become, what is said about them, files that include others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "folder.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Five lines that make a zone of ex. whole; rows go on with line 6. */
#define HEAD "$ORIGIN ex.\n$TTL 60\n@ SOA a b 1 2 3 4 5\n@ NS ns.out.\n\n"
#define HEAD_TEXT                                                                                                      \
	"ex. NS 60 026e73036f757400\n"                                                                                 \
	"ex. SOA 60 0161026578000162026578000000000100000002000000030000000400000005\n"

static const struct good {
	const char *name, *text, *expected, *said;
} good[] = {
        {"nothing more", HEAD, HEAD_TEXT, ""},
        {"owner, TTL, class and type in any order",
                HEAD "A 1 IN A 1.2.3.4\na IN 1 TXT x\n\tAAAA ::1\n IN AAAA ::2\nb 1m A 1.2.3.4\n IN A 1.2.3.5\n",
                HEAD_TEXT "a.ex. A 1 01020304\na.ex. TXT 1 0178\na.ex. AAAA 60 00000000000000000000000000000001\n"
                          "a.ex. AAAA 60 00000000000000000000000000000002\nb.ex. A 60 01020304\nb.ex. A 60 01020305\n",
                ""},
        {"TTL: the last one stated, where there is no $TTL (RFC 1035 5.1)",
                "@ 7 IN SOA a b 1 2 3 4 5\n NS ns.out.\na 9 A 1.2.3.4\nb A 1.2.3.4\n$TTL 1h\nc A 1.2.3.4\nd 5 A "
                "1.2.3.4\n"
                "e A 1.2.3.4\n",
                "ex. NS 7 026e73036f757400\n"
                "ex. SOA 7 0161026578000162026578000000000100000002000000030000000400000005\n"
                "a.ex. A 9 01020304\nb.ex. A 9 01020304\nc.ex. A 3600 01020304\nd.ex. A 5 01020304\ne.ex. A 3600 "
                "01020304\n",
                ""},
        {"TTL: SOA's own minimum", "@ IN SOA a b 1 2 3 4 5\n NS ns.out.\n",
                "ex. NS 5 026e73036f757400\n"
                "ex. SOA 5 0161026578000162026578000000000100000002000000030000000400000005\n",
                "1:6: warning: no TTL: SOA's own minimum, 5, is used\n"},
        {"$ORIGIN", HEAD "$ORIGIN sub\na A 1.2.3.4\n$ORIGIN b.sub.ex.\n@ CNAME x\n$ORIGIN .\nc.ex CNAME ex\n",
                HEAD_TEXT "sub.ex.\na.sub.ex. A 60 01020304\nb.sub.ex. CNAME 60 017801620373756202657800\n"
                          "c.ex. CNAME 60 02657800\n",
                ""},
        {"empty non-terminals, made once", HEAD "a.b.c A 1.2.3.4\nx.b.c A 1.2.3.4\nc TXT x\n",
                HEAD_TEXT "c.ex. TXT 60 0178\nb.c.ex.\na.b.c.ex. A 60 01020304\nx.b.c.ex. A 60 01020304\n", ""},
        {"TYPE1 is A", HEAD "a TYPE1 \\# 4 01020304\na CLASS1 A 1.2.3.5\n",
                HEAD_TEXT "a.ex. A 60 01020304\na.ex. A 60 01020305\n", ""},
        {"sets by type, records in order", HEAD "a TXT c\na A 1.2.3.4\na TXT b\na A 1.2.3.3\na TXT a\n",
                HEAD_TEXT "a.ex. A 60 01020304\na.ex. A 60 01020303\na.ex. TXT 60 0163\na.ex. TXT 60 0162\n"
                          "a.ex. TXT 60 0161\n",
                ""},
        {"targets",
                HEAD "a A 1.2.3.4\nm MX 1 A\n MX 2 x\n MX 3 a.out.\ns SRV 1 2 3 a\nh HTTPS 1 .\n A 1.2.3.4\n"
                     "i HTTPS 0 a\nj SVCB 0 .\n A 1.2.3.4\n",
                HEAD_TEXT
                "a.ex. A 60 01020304\nm.ex. MX 60 0001014102657800 -> a.ex.\nm.ex. MX 60 0002017802657800\n"
                "m.ex. MX 60 00030161036f757400\ns.ex. SRV 60 000100020003016102657800 -> a.ex.\n"
                "h.ex. A 60 01020304\nh.ex. HTTPS 60 000100 -> h.ex.\ni.ex. HTTPS 60 0000016102657800 -> a.ex.\n"
                "j.ex. A 60 01020304\nj.ex. SVCB 60 000000\n",
                ""},
        {"delegation with glue", HEAD "d NS ns.d\n NS ns.other\nns.d A 1.2.3.4\nother NS x.\nns.other AAAA ::1\n",
                HEAD_TEXT
                "d.ex. NS 60 026e73016402657800 -> ns.d.ex.\nd.ex. NS 60 026e73056f7468657202657800 -> ns.other.ex.\n"
                "ns.d.ex. A 60 01020304\nother.ex. NS 60 017800\n"
                "ns.other.ex. AAAA 60 00000000000000000000000000000001\n",
                ""},
        {"duplicates", HEAD "a A 1.2.3.4\na A 1.2.3.4\nm MX 1 a\nm MX 1 A.EX.\nm MX 2 a\nt TXT a\nt TXT A\n",
                HEAD_TEXT
                "a.ex. A 60 01020304\nm.ex. MX 60 0001016102657800 -> a.ex.\nm.ex. MX 60 0002016102657800 -> a.ex.\n"
                "t.ex. TXT 60 0161\nt.ex. TXT 60 0141\n",
                "7:3: warning: the same record again is dropped (RFC 2181 5)\n"
                "9:3: warning: the same record again is dropped (RFC 2181 5)\n"},
        {"TTLs that differ", HEAD "a 9 A 1.2.3.4\na 5 A 1.2.3.5\na 7 A 1.2.3.6\n",
                HEAD_TEXT "a.ex. A 5 01020304\na.ex. A 5 01020305\na.ex. A 5 01020306\n",
                "7:5: warning: TTLs differ within one set; the lowest, 5, is used for all of it (RFC 2181 5.2)\n"},
        {"signatures",
                HEAD "a RRSIG TXT 8 2 60 2 1 3 ex. AA==\na RRSIG A 8 2 60 2 1 3 ex. AQ==\na A 1.2.3.4\n"
                     "a RRSIG A 8 2 60 2 1 4 ex. Ag==\n",
                HEAD_TEXT "a.ex. A 60 01020304 signed 2\na.ex. RRSIG 60 000108020000003c0000000200000001000302657800"
                          "01\n"
                          "a.ex. RRSIG 60 000108020000003c0000000200000001000402657800"
                          "02\n"
                          "a.ex. RRSIG 60 001008020000003c0000000200000001000302657800"
                          "00\n",
                "6:3: warning: a signature of a TXT set, which is not here\n"},
        {"CNAME beside its proofs", HEAD "a CNAME b\na NSEC b.ex. CNAME\na RRSIG CNAME 8 2 60 2 1 3 ex. AA==\n",
                HEAD_TEXT "a.ex. CNAME 60 016202657800 signed 1\n"
                          "a.ex. RRSIG 60 000508020000003c0000000200000001000302657800"
                          "00\n"
                          "a.ex. NSEC 60 016202657800"
                          "000104\n",
                ""},
        {"no glue", HEAD "d NS ns.d\n", HEAD_TEXT "d.ex. NS 60 026e73016402657800\n",
                "6:3: warning: no glue: ns.d.ex. is below this delegation and has no address here\n"},
        {"name server without address", HEAD "@ NS q\n@ NS w.w\n*.w A 1.2.3.4\nd NS x.other\nother NS x.\n",
                "ex. NS 60 026e73036f757400\nex. NS 60 017102657800\nex. NS 60 0177017702657800 -> *.w.ex.\n"
                "ex. SOA 60 0161026578000162026578000000000100000002000000030000000400000005\n"
                "w.ex.\n*.w.ex. A 60 01020304\nd.ex. NS 60 0178056f7468657202657800\nother.ex. NS 60 017800\n",
                "6:3: warning: name server q.ex. has no address in this zone\n"},
        {"target that is a CNAME", HEAD "m MX 1 c\nc CNAME x.\ns SRV 1 1 1 c\nd NS c\n",
                HEAD_TEXT "m.ex. MX 60 0001016302657800\nc.ex. CNAME 60 017800\ns.ex. SRV 60 000100010001016302657800\n"
                          "d.ex. NS 60 016302657800\n",
                "6:3: warning: MX leads to c.ex., which is a CNAME (RFC 2181 10.3)\n"
                "8:3: warning: SRV leads to c.ex., which is a CNAME (RFC 2181 10.3)\n"
                "9:3: warning: NS leads to c.ex., which is a CNAME (RFC 2181 10.3)\n"},
        {"occluded", HEAD "d NS x.\na.d TXT x\nd MX 1 x.\n",
                HEAD_TEXT "d.ex. NS 60 017800\nd.ex. MX 60 0001017800\n"
                          "a.d.ex. TXT 60 0178\n",
                "8:3: warning: d.ex.: MX beside a delegation's NS is never served\n"
                "7:5: warning: a.d.ex. TXT is below the delegation of d.ex., and never served\n"},
        {"wildcard NS", HEAD "* NS x.\n", HEAD_TEXT "*.ex. NS 60 017800\n",
                "6:3: warning: NS at a wildcard does not delegate (RFC 4592 4.2)\n"},
        {"DS at the apex", HEAD "@ DS 1 8 2 00\n", HEAD_TEXT "ex. DS 60 0001080200\n",
                "6:3: warning: DS at the apex: it belongs into the parent zone\n"},
        {"DNAME at the apex, proofs below it", HEAD "@ DNAME x.\n0p9 NSEC3 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s\n",
                HEAD_TEXT
                "ex. DNAME 60 017800\n0p9.ex. NSEC3 60 01000000001417f3df17b2b2adaef615257de4d2020b80ac6c7c\n",
                ""},
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		print_message("%s\n", good[i].name);
		folder_put_text("z", good[i].text);
		struct err *err = err_new();
		struct zone *zone = zone_of("z", "EX.", NULL, err);
		char *said = err_text(err, "z");
		assert_string_equal(said, good[i].said);
		assert_non_null(zone);
		char *text = zone_text(zone);
		assert_string_equal(text, good[i].expected);
		free(text);
		free(said);
		zone_release(zone);
		err_free(err);
	}
}

/* Names that are whole but for the dot: owners and targets; a target that is there, or has its dot, is none. */
static void test_lacking_dot(void **state)
{
	(void)state;
	static const struct {
		const char *origin, *text, *said;
	} rows[] = {
	        {"a.ex.", "w.a.ex A 1.2.3.4\n",
	                "4:8: warning: the name is w.a.ex.a.ex.; is a dot missing at its end?\n"},
	        {"a.ex.", "a.ex A 1.2.3.4\n", "4:6: warning: the name is a.ex.a.ex.; is a dot missing at its end?\n"},
	        {"a.ex.", "w.a.ex. A 1.2.3.4\nw.b.ex A 1.2.3.4\nex A 1.2.3.4\nxa.ex A 1.2.3.4\n", ""},
	        {"a.ex.", "c CNAME v.A.ex\n",
	                "4:3: warning: CNAME leads to v.A.ex.a.ex.; is a dot missing at its "
	                "end?\n"},
	        {"a.ex.", "@ NS ns.a.ex\n", "4:3: warning: NS leads to ns.a.ex.a.ex.; is a dot missing at its end?\n"},
	        {"a.ex.", "m MX 1 v.a.ex.\nn MX 1 v\n", ""},
	        {"ex.", "w.ex A 1.2.3.4\nc CNAME v.ex\n", ""},
	        {".", "w.ex A 1.2.3.4\nc CNAME v.ex\nns.out A 1.2.3.4\n", ""},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[256];
		snprintf(text, sizeof text, "$TTL 60\n@ SOA a b 1 2 3 4 5\n@ NS ns.out.\n%s", rows[i].text);
		folder_put_text("z", text);
		struct err *err = err_new();
		struct zone *zone = zone_of("z", rows[i].origin, NULL, err);
		char *said = err_text(err, "z");
		assert_string_equal(said, rows[i].said);
		assert_non_null(zone);
		free(said);
		zone_release(zone);
		err_free(err);
	}
}

static const struct bad {
	const char *name, *text, *said;
} bad[] = {
        {"empty file", "", "0:0: error: no SOA at the apex, ex.\n0:0: error: no NS at the apex, ex.\n"},
        {"no NS", "@ 1 SOA a b 1 2 3 4 5\n", "0:0: error: no NS at the apex, ex.\n"},
        {"two SOA", HEAD "@ SOA a b 2 2 3 4 5\n", "6:3: error: ex.: a second SOA\n"},
        {"SOA with an error is not missing", "@ 1 SOA a b 1 2 3 4\n@ NS ns.out.\n",
                "1:19: error: SOA: the record ends where a time should be\n2:3: error: no TTL: give it one, or put a "
                "$TTL before it\n"},
        {"SOA not at the apex", HEAD "a SOA a b 2 2 3 4 5\n", "6:3: error: a.ex.: SOA not at the apex\n"},
        {"CNAME beside other data", HEAD "a CNAME b\n\na TXT x\n",
                "6:3: error: a.ex.: CNAME beside other data: TXT on line 8 of z (RFC 1034 3.6.2)\n"},
        {"two CNAMEs", HEAD "a CNAME b\na CNAME c\n", "7:3: error: a.ex.: a second CNAME (RFC 2181 10.1)\n"},
        {"CNAME at the apex", HEAD "@ CNAME b\n",
                "6:3: error: ex.: CNAME beside other data: NS on line 4 of z (RFC 1034 3.6.2)\n"},
        {"DNAME beside CNAME", HEAD "a DNAME b\na CNAME c\n",
                "7:3: error: a.ex.: CNAME beside other data: DNAME on line 6 of z (RFC 1034 3.6.2)\n"},
        {"two DNAMEs", HEAD "a DNAME b\na DNAME c\n", "7:3: error: a.ex.: a second DNAME (RFC 6672 2.4)\n"},
        {"DNAME beside NS", HEAD "a DNAME b\na NS c.out.\n",
                "6:3: error: a.ex.: DNAME beside NS, and not at the apex (RFC 6672 2.3)\n"},
        {"below a DNAME", HEAD "x.b.a TXT x\na DNAME b\n",
                "6:7: error: x.b.a.ex. is below the DNAME of a.ex. (RFC 6672 2.4)\n"},
        {"out of the zone", HEAD "a.eX2. A 1.2.3.4\n b A 1.2.3.4\n A x\n. TXT x\n",
                "6:1: error: a.eX2. is out of the zone ex.\n7:2: error: no type is called 'b'\n"
                "8:4: error: A: 'x' is no IPv4 address\n9:1: error: . is out of the zone ex.\n"},
        {"class", HEAD "a CH A 1.2.3.4\na CLASS4 TXT x\n",
                "6:3: error: class CH; a zone here is of class IN\n7:3: error: class CLASS4; a zone here is of class "
                "IN\n"},
        {"types that are for packets", HEAD "a ANY x\na OPT x\na TYPE0 \\# 0\na TYPE200 \\# 0\na AXFR x\n",
                "6:3: error: type ANY is not for zones\n7:3: error: type OPT is not for zones\n"
                "8:3: error: type TYPE0 is not for zones\n9:3: error: type TYPE200 is not for zones\n"
                "10:3: error: type AXFR is not for zones\n"},
        {"unknown type", HEAD "a IN FOO x\na 1 IN\na \"A\" 1.2.3.4\na 60 60 A 1.2.3.4\n",
                "6:6: error: no type is called 'FOO'\n7:5: error: the record ends where its type should be\n"
                "8:3: error: no type is called 'A'\n9:6: error: no type is called '60'\n"},
        {"TTL", HEAD "a 2147483648 A 1.2.3.4\na 1x A 1.2.3.4\n$TTL 9w9\n$TTL 4294967295\n",
                "6:3: error: a TTL of 2147483648 is over 2147483647 (RFC 2181 8)\n7:3: error: '1x' is no TTL\n"
                "8:6: error: '9w9' is no TTL\n9:6: error: a TTL of 4294967295 is over 2147483647 (RFC 2181 8)\n"},
        {"data, on the line of the word at fault", HEAD "a SOA (\n a\n b 1 2\n x ; no\n 4 5 )\n@ MX 10 a..b\n",
                "9:2: error: SOA: 'x' is no time\n11:9: error: MX: 'a..b' is no name: an empty label\n"},
        {"directives", HEAD "$FOO x\n$TTL\n$ORIGIN a b\n$ORIGIN a..b\n$GENERATE 1-4 a$ A 1.2.3.$\n$include\n",
                "6:1: error: '$FOO' is no directive\n7:1: error: this is written $TTL TIME\n"
                "8:1: error: this is written $ORIGIN NAME\n9:9: error: 'a..b' is no name: an empty label\n"
                "10:1: error: $GENERATE is BIND's own and not read here; write its records out\n"
                "11:1: error: this is written $INCLUDE FILE [ORIGIN]\n"},
        {"no owner yet", " TXT x\n" HEAD,
                "1:2: error: a line that starts with a blank, and no owner before it\n"
                "1:2: error: no TTL: give it one, or put a $TTL before it\n"},
        {"label of 64 bytes", HEAD "a123456789a123456789a123456789a123456789a123456789a123456789abcd A 1.2.3.4\n",
                "6:1: error: 'a123456789a123456789a123456789a123456789a123456789a123456789' is no name: a label of "
                "more than 63 bytes\n"},
        {"garbage", HEAD "a \x02\nb FOO\n", "6:3: error: byte 0x02: this is no text file\n"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		print_message("%s\n", bad[i].name);
		folder_put_text("z", bad[i].text);
		struct err *err = err_new();
		struct zone *zone = zone_of("z", "ex.", NULL, err);
		char *said = err_text(err, "z");
		assert_string_equal(said, bad[i].said);
		assert_null(zone);
		free(said);
		err_free(err);
	}
}

static const struct include {
	const char *name, *main, *a, *b, *said; /* files z, sub/a, sub/b; said NULL: fine */
	const char *nodes;                      /* names that have to be there */
} includes[] = {
        {"relative to the file, nested, with origin and owner of their own",
                HEAD "o A 1.2.3.4\n$INCLUDE sub/a in\n AAAA ::1\n", "x A 1.2.3.4\n$INCLUDE b\n AAAA ::1\ny A 1.2.3.4\n",
                "$ORIGIN deep.ex.\nz A 1.2.3.4\n", NULL, "o.ex. x.in.ex. z.deep.ex. y.in.ex."},
        {"quoted, and with escapes", HEAD "$INCLUDE \"sub/a\"\n$INCLUDE sub\\/b\n", "x A 1.2.3.4\n", "y A 1.2.3.4\n",
                NULL, "x.ex. y.ex."},
        {"a TTL stays", "$INCLUDE sub/a\n@ SOA a b 1 2 3 4 5\n NS a.out.\n", "$TTL 9\n", "", NULL, "ex."},
        {"errors name the file", HEAD "$INCLUDE sub/a\nx FOO\n", "\n\nx BAR\n", "",
                "sub/a:3:3: error: no type is called 'BAR'\n7:3: error: no type is called 'FOO'\n", NULL},
        {"checks name the file", HEAD "x CNAME y\n$INCLUDE sub/a\n", "\nx CNAME z\n", "",
                "sub/a:2:3: error: x.ex.: a second CNAME (RFC 2181 10.1)\n", NULL},
        {"itself", HEAD "$INCLUDE z\n", "", "", "6:10: error: z includes itself\n", NULL},
        {"a loop", HEAD "$INCLUDE sub/a\n", "$INCLUDE b\n", "$INCLUDE a\n",
                "sub/b:1:10: error: sub/a includes itself\n", NULL},
        {"a loop by other names", HEAD "$INCLUDE sub/../z2\n", "", "",
                "6:10: error: cannot open sub/../z2: No such file or directory\n", NULL},
        {"missing, and a folder", HEAD "$INCLUDE nope\n$INCLUDE sub\n", "", "",
                "6:10: error: cannot open nope: No such file or directory\n7:10: error: cannot read sub: it is a "
                "directory\n",
                NULL},
        {"no owner at the start of a file", HEAD "x A 1.2.3.4\n$INCLUDE sub/a\n", " A 1.2.3.4\n", "",
                "sub/a:1:2: error: a line that starts with a blank, and no owner before it\n", NULL},
};

static void test_include(void **state)
{
	(void)state;
	mkdir("sub", 0700);
	for (size_t i = 0; i < COUNT(includes); i++) {
		print_message("%s\n", includes[i].name);
		folder_put_text("z", includes[i].main);
		folder_put_text("sub/a", includes[i].a);
		folder_put_text("sub/b", includes[i].b);
		struct err *err = err_new();
		struct zone *zone = zone_of("z", "ex.", NULL, err);
		char *said = err_text(err, "z");
		assert_string_equal(said, includes[i].said ? includes[i].said : "");
		assert_true((zone != NULL) == (includes[i].nodes != NULL));
		char names[200] = "";
		snprintf(names, sizeof names, "%s", includes[i].nodes ? includes[i].nodes : "");
		for (char *name = strtok(names, " "); name; name = strtok(NULL, " "))
			assert_non_null(node_of(zone, name));
		free(said);
		zone_release(zone);
		err_free(err);
	}
}

/* Files that include each other by ever new paths come to an end. */
static void test_include_depth(void **state)
{
	(void)state;
	mkdir("sub", 0700);
	folder_put_text("z", HEAD "$INCLUDE sub/../z\n");
	struct err *err = err_new();
	assert_null(zone_of("z", "ex.", NULL, err));
	bool found = false;
	for (size_t i = 0; i < err_items(err); i++)
		found = found || strcmp(err_item(err, i)->message, "files included more than 16 deep") == 0;
	assert_true(found);
	err_free(err);
}

/* Nodes hang together as zone.h says. */
static void test_links(void **state)
{
	(void)state;
	folder_put_text("z", HEAD "*.w A 1.2.3.4\na.b.w A 1.2.3.4\nd NS ns.d\nns.d A 1.2.3.4\ne.f.d NS x.\nc CNAME w\n"
	                          "q DNAME w\n");
	struct err *err = err_new();
	struct zone *zone = zone_of("z", "ex.", NULL, err);
	assert_non_null(zone);
	static const struct {
		const char *name, *parent, *wildcard, *cut;
		unsigned flags, sets;
	} rows[] = {
	        {"ex.", NULL, NULL, NULL, 0, 2},
	        {"w.ex.", "ex.", "*.w.ex.", NULL, 0, 0},
	        {"*.W.ex.", "w.ex.", NULL, NULL, 0, 1},
	        {"b.w.ex.", "w.ex.", NULL, NULL, 0, 0},
	        {"a.b.w.ex.", "b.w.ex.", NULL, NULL, 0, 1},
	        {"d.ex.", "ex.", NULL, "d.ex.", NODE_CUT, 1},
	        {"ns.d.ex.", "d.ex.", NULL, "d.ex.", NODE_OCCLUDED, 1},
	        {"f.d.ex.", "d.ex.", NULL, "d.ex.", NODE_OCCLUDED, 0},
	        {"e.f.d.ex.", "f.d.ex.", NULL, "d.ex.", NODE_OCCLUDED, 1},
	        {"c.ex.", "ex.", NULL, NULL, NODE_CNAME, 1},
	        {"q.ex.", "ex.", NULL, NULL, NODE_DNAME, 1},
	};
	assert_int_equal(zone->node_count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct node *node = node_of(zone, rows[i].name);
		assert_non_null(node);
		assert_ptr_equal(node->parent, rows[i].parent ? node_of(zone, rows[i].parent) : NULL);
		assert_ptr_equal(node->wildcard, rows[i].wildcard ? node_of(zone, rows[i].wildcard) : NULL);
		assert_ptr_equal(node->cut, rows[i].cut ? node_of(zone, rows[i].cut) : NULL);
		assert_int_equal(node->flags, rows[i].flags);
		assert_int_equal(node->set_count, rows[i].sets);
	}
	assert_null(node_of(zone, "x.ex."));
	assert_null(node_of(zone, "com."));
	assert_ptr_equal(zone->soa, node_set(&zone->nodes[0], TYPE_SOA));
	assert_int_equal(zone->serial, 1);
	assert_int_equal(zone->negative_ttl, 5);
	assert_int_equal(zone->records, 9);
	assert_int_equal(zone->labels, 1);
	zone_release(zone);
	err_free(err);
}

static void test_root_zone(void **state)
{
	(void)state;
	folder_put_text("z", "$TTL 1\n. SOA a. b. 1 2 3 4 5\n. NS a.root.\ncom NS a.com\na.com A 1.2.3.4\n*.x TXT x\n");
	struct err *err = err_new();
	struct zone *zone = zone_of("z", ".", NULL, err);
	assert_non_null(zone);
	assert_int_equal(zone->labels, 0);
	assert_int_equal(zone->length, 1);
	assert_ptr_equal(node_of(zone, "a.com.")->cut, node_of(zone, "com."));
	assert_ptr_equal(node_of(zone, "com.")->parent, &zone->nodes[0]);
	assert_ptr_equal(node_of(zone, "x.")->wildcard, node_of(zone, "*.x."));
	zone_release(zone);
	err_free(err);
}

/* The same text gives the same zone; any other text, and the text of included files counts, a new one. */
static void test_previous(void **state)
{
	(void)state;
	folder_put_text("z", HEAD "$INCLUDE i\n");
	folder_put_text("i", "x A 1.2.3.4\n");
	struct err *err = err_new();
	struct zone *first = zone_of("z", "ex.", NULL, err);
	assert_non_null(first);
	folder_put_text("z", HEAD "$INCLUDE i\n");
	assert_ptr_equal(zone_of("z", "ex.", first, err), first);
	assert_int_equal(first->references, 2);
	folder_put_text("i", "x A 1.2.3.5\n");
	struct zone *second = zone_of("z", "ex.", first, err);
	assert_non_null(second);
	assert_ptr_not_equal(second, first);
	assert_memory_not_equal(second->digest, first->digest, sizeof first->digest);
	assert_int_equal(second->file_count, 2);
	folder_put_text("i", "x FOO\n");
	assert_null(zone_of("z", "ex.", second, err));
	assert_int_equal(second->references, 1);
	zone_release(first);
	zone_release(first);
	zone_release(second);
	zone_release(NULL);
	err_free(err);
}

/* A set that no message can carry is an error, and a great many duplicates take no time. */
static void test_large_sets(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	fputs(HEAD, out);
	for (int i = 0; i < 5000; i++)
		fprintf(out, "a A 10.1.%d.%d\nb A 1.2.3.4\nc TXT %d\n", i / 256, i % 256, i);
	fclose(out);
	folder_put("z", text, size);
	struct err *err = err_new();
	assert_null(zone_of("z", "ex.", NULL, err));
	assert_int_equal(err_count(err, ERR_ERROR), 2);
	assert_int_equal(err_count(err, ERR_WARNING), 4999);
	bool found = false;
	for (size_t i = 0; i < err_items(err); i++)
		found = found || strcmp(err_item(err, i)->message,
		                         "the A set of this name takes 80022 bytes; a message has 65535") == 0;
	assert_true(found);
	err_free(err);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_good, folder_enter, folder_leave),
	        cmocka_unit_test_setup_teardown(test_lacking_dot, folder_enter, folder_leave),
	        cmocka_unit_test_setup_teardown(test_bad, folder_enter, folder_leave),
	        cmocka_unit_test_setup_teardown(test_include, folder_enter, folder_leave),
	        cmocka_unit_test_setup_teardown(test_include_depth, folder_enter, folder_leave),
	        cmocka_unit_test_setup_teardown(test_links, folder_enter, folder_leave),
	        cmocka_unit_test_setup_teardown(test_root_zone, folder_enter, folder_leave),
	        cmocka_unit_test_setup_teardown(test_previous, folder_enter, folder_leave),
	        cmocka_unit_test_setup_teardown(test_large_sets, folder_enter, folder_leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
