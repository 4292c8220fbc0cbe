/*
 * test_lookup.c: where a name leads, rule by rule (RFC 1034 4.3.2 and those that refine it). Each row names its rule's
 * section; the reply is compared whole, in the order of its records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SOA(zone) "ns " zone " 5 SOA m. h. 3 1 1 1 5\n"

struct row {
	const char *rule, *question, *expected;
};

/* One zone with one of each. */
static const struct fixture_zone plain[] = {
        {"ex.", FIXTURE_APEX "www A 192.0.2.1\nwww A 192.0.2.2\nwww TXT t\na.b.c A 192.0.2.3\n"},
        {0},
};

static const struct row plain_rows[] = {
        {"RFC 1034 4.3.2 3a: the node matches", "www.ex A",
                "NOERROR AA\nan www.ex. 60 A 192.0.2.1\nan www.ex. 60 A 192.0.2.2\n"},
        {"RFC 2308 2.2: the name is there, the type is not", "www.ex MX", "NOERROR AA\n" SOA("ex.")},
        {"RFC 2308 2.1: the name is not there", "no.ex A", "NXDOMAIN AA\n" SOA("ex.")},
        {"RFC 8020 2: nothing is below a name that is not there", "a.no.ex A", "NXDOMAIN AA\n" SOA("ex.")},
        {"RFC 4592 2.2.2: an empty non-terminal exists", "b.c.ex A", "NOERROR AA\n" SOA("ex.")},
        {"RFC 1034 3.1: outside of all zones", "example A", "REFUSED\n"},
};

/* RFC 4592: wildcards; the zone of its section 2.2.1, and more. */
static const struct fixture_zone wildcards[] = {
        {"example.", FIXTURE_APEX
                "* TXT w\n* MX 10 host1.example.\nsub.* TXT s\nhost1 A 192.0.2.1\n_ssh._tcp.host1 SRV 0 0 22 host1\n"
                "_ssh._tcp.host2 SRV 0 0 22 host1\nsubdel NS ns.out.\n*.a A 192.0.2.2\n*.c CNAME www.a.example.\n"
                "*.d DNAME a.example.\n*.n NS ns.out.\n*.n A 192.0.2.3\n*.*.e A 192.0.2.4\nx.*.f A 192.0.2.5\n"
                "*.f A 192.0.2.6\n*.t CNAME *.a\n*a.g A 192.0.2.7\n"},
        {0},
};

static const struct row wildcard_rows[] = {
        {"RFC 4592 2.2.1: synthesized, under the name that was asked", "host3.example MX",
                "NOERROR AA\nan host3.example. 60 MX 10 host1.example.\nar host1.example. 60 A 192.0.2.1\n"},
        {"RFC 4592 2.2.1: of a type that the wildcard lacks", "host3.example A", "NOERROR AA\n" SOA("example.")},
        {"RFC 4592 2.2.1: several labels below", "foo.bar.example TXT",
                "NOERROR AA\nan foo.bar.example. 60 TXT \"w\"\n"},
        {"RFC 4592 2.2.1: not for a name that is there", "host1.example MX", "NOERROR AA\n" SOA("example.")},
        {"RFC 4592 2.2.1: not for a name below an asterisk label", "sub.*.example MX", "NOERROR AA\n" SOA("example.")},
        {"RFC 4592 2.2.1: not below a name that is there", "_telnet._tcp.host1.example SRV",
                "NXDOMAIN AA\n" SOA("example.")},
        {"RFC 4592 2.2.1: not below a delegation", "host.subdel.example A",
                "NOERROR\nns subdel.example. 60 NS ns.out.\n"},
        {"RFC 4592 2.2.1: not where an asterisk label stands in the name", "ghost.*.example MX",
                "NXDOMAIN AA\n" SOA("example.")},
        {"RFC 4592 2.2.2: not for an empty non-terminal", "host2.example MX", "NOERROR AA\n" SOA("example.")},
        {"RFC 4592 2.1.1: the wildcard itself is a name like others", "*.a.example A",
                "NOERROR AA\nan *.a.example. 60 A 192.0.2.2\n"},
        {"RFC 4592 2.1.2: *a is no wildcard", "xa.g.example A", "NXDOMAIN AA\n" SOA("example.")},
        {"RFC 4592 2.3: an asterisk in the question is a label", "*.b.a.example A",
                "NOERROR AA\nan *.b.a.example. 60 A 192.0.2.2\n"},
        {"RFC 4592 3.3.1: the source of synthesis is next to the closest encloser", "y.x.f.example A",
                "NOERROR AA\nan y.x.f.example. 60 A 192.0.2.6\n"},
        {"RFC 4592 3.3.1: no wildcard at the closest encloser", "y.*.f.example A", "NXDOMAIN AA\n" SOA("example.")},
        {"RFC 4592 4.1: two asterisks, and only the first is one", "a.*.e.example A",
                "NOERROR AA\nan a.*.e.example. 60 A 192.0.2.4\n"},
        {"RFC 4592 2.2.2: a wildcard that is an empty non-terminal", "a.e.example A", "NOERROR AA\n" SOA("example.")},
        {"RFC 4592 4.2: NS at a wildcard is data", "x.n.example NS", "NOERROR AA\nan x.n.example. 60 NS ns.out.\n"},
        {"RFC 4592 4.2: NS at a wildcard is no cut", "y.x.n.example A",
                "NOERROR AA\nan y.x.n.example. 60 A 192.0.2.3\n"},
        {"RFC 4592 4.3: a CNAME at a wildcard leads on", "x.c.example A",
                "NOERROR AA\nan x.c.example. 60 CNAME www.a.example.\nan www.a.example. 60 A 192.0.2.2\n"},
        {"RFC 4592 4.3: a CNAME that leads to a wildcard's own name", "x.t.example A",
                "NOERROR AA\nan x.t.example. 60 CNAME *.a.example.\nan *.a.example. 60 A 192.0.2.2\n"},
        {"RFC 4592 4.4: a DNAME at a wildcard is data", "x.d.example DNAME",
                "NOERROR AA\nan x.d.example. 60 DNAME a.example.\n"},
        {"RFC 4592 4.4: and does not redirect what it stands for", "x.d.example A", "NOERROR AA\n" SOA("example.")},
        {"RFC 4592 4.4: but it redirects below its own name", "x.*.d.example A",
                "NOERROR AA\nan *.d.example. 60 DNAME a.example.\nan x.*.d.example. 60 CNAME x.a.example.\n"
                "an x.a.example. 60 A 192.0.2.2\n"},
};

/* Delegations, glue, occluded data, DS; the child is served, too, in `family`. */
static const struct fixture_zone cuts[] = {
        {"ex.", FIXTURE_APEX
                "sub NS ns.sub\nsub NS ns.sib\nsub NS host\nsub NS ns.out.\nsub DS 1 8 2 00\nsub TXT hidden\nsub A "
                "192.0.2.9\n"
                "ns.sub A 192.0.2.1\nns.sub AAAA 2001:db8::1\nwww.sub A 192.0.2.10\nsub2.sub NS ns.sub\nsib NS ns.sib\n"
                "ns.sib A 192.0.2.2\nhost A 192.0.2.3\nw NS a.w\nw NS b.w\n*.w A 192.0.2.4\nmx MX 1 www.sub\n"
                "self NS self\nself A 192.0.2.5\nalias CNAME www.sub\nlame NS ns.lame\n*.any A 192.0.2.6\nm MX 1 "
                "q.any\n"
                "m MX 2 r.any\nm MX 3 Q.any\n"},
        {0},
};

#define SUB                                                                                                            \
	"ns sub.ex. 60 NS ns.sub.ex.\nns sub.ex. 60 NS ns.sib.ex.\nns sub.ex. 60 NS host.ex.\nns sub.ex. 60 NS "       \
	"ns.out.\n"                                                                                                    \
	"ar ns.sub.ex. 60 A 192.0.2.1\nar ns.sub.ex. 60 AAAA 2001:db8::1\nar ns.sib.ex. 60 A 192.0.2.2\n"              \
	"ar host.ex. 60 A 192.0.2.3\n"

static const struct row cut_rows[] = {
        {"RFC 1034 4.3.2 3b: a referral, without authority, with glue of its own, its sibling's and the zone's",
                "sub.ex A", "NOERROR\n" SUB},
        {"RFC 1034 4.2.1: below the cut", "a.b.sub.ex A", "NOERROR\n" SUB},
        {"RFC 2181 5.4.1: glue is no answer", "ns.sub.ex A", "NOERROR\n" SUB},
        {"RFC 2181 6.1: NS at the cut is the child's to answer", "sub.ex NS", "NOERROR\n" SUB},
        {"RFC 1034 4.2.1: other data at the cut is not served", "sub.ex TXT", "NOERROR\n" SUB},
        {"RFC 1034 4.2.1: data below the cut is not served", "www.sub.ex A", "NOERROR\n" SUB},
        {"RFC 1034 4.2.1: a cut below a cut is not seen", "x.sub2.sub.ex A", "NOERROR\n" SUB},
        {"RFC 8482 4.1: ANY at a cut is a referral", "sub.ex ANY", "NOERROR\n" SUB},
        {"RFC 4035 3.1.4.1: DS at the cut is the parent's", "sub.ex DS", "NOERROR AA\nan sub.ex. 60 DS 1 8 2 00\n"},
        {"RFC 4035 3.1.4.1: no DS at the cut", "sib.ex DS", "NOERROR AA\n" SOA("ex.")},
        {"RFC 4035 3.1.4.1: DS below the cut is not", "www.sub.ex DS", "NOERROR\n" SUB},
        {"RFC 4035 3.1.4: DS without a signature is in no referral", "sub.ex A +do", "NOERROR\n" SUB},
        {"RFC 1034 4.3.2 3b: glue from a wildcard", "x.w.ex A",
                "NOERROR\nns w.ex. 60 NS a.w.ex.\nns w.ex. 60 NS b.w.ex.\nar a.w.ex. 60 A 192.0.2.4\nar b.w.ex. 60 A "
                "192.0.2.4\n"},
        {"RFC 1034 4.2.1: a cut whose server has the cut's own name", "x.self.ex A",
                "NOERROR\nns self.ex. 60 NS self.ex.\nar self.ex. 60 A 192.0.2.5\n"},
        {"RFC 1034 4.2.1: a cut without the glue that it needs", "lame.ex A",
                "NOERROR\nns lame.ex. 60 NS ns.lame.ex.\n"},
        {"RFC 2181 5.4.1: no address from below a cut beside MX", "mx.ex MX",
                "NOERROR AA\nan mx.ex. 60 MX 1 www.sub.ex.\n"},
        {"RFC 1034 4.3.2 6: addresses that a wildcard gives a target, once each", "m.ex MX",
                "NOERROR AA\nan m.ex. 60 MX 1 q.any.ex.\nan m.ex. 60 MX 2 r.any.ex.\nan m.ex. 60 MX 3 q.any.ex.\n"
                "ar q.any.ex. 60 A 192.0.2.6\nar r.any.ex. 60 A 192.0.2.6\n"},
        {"RFC 1034 4.3.1: AA is said of the first name of a chain that ends in a referral", "alias.ex A",
                "NOERROR AA\nan alias.ex. 60 CNAME www.sub.ex.\n" SUB},
        {"RFC 1034 4.3.2: the apex", "ex NS", "NOERROR AA\nan ex. 60 NS ns.out.\n"},
        {"RFC 1034 4.3.2: the apex's SOA", "ex SOA", "NOERROR AA\nan ex. 60 SOA m. h. 3 1 1 1 5\n"},
        {"RFC 4035 3.1.4.1: DS at the apex of a zone whose parent is elsewhere", "ex DS", "NOERROR AA\n" SOA("ex.")},
};

/* Zones one below the other, and a neighbour: all served here. */
static const struct fixture_zone family[] = {
        {"ex.", FIXTURE_APEX
                "sub NS ns.sub\nsub DS 1 8 2 00\nns.sub A 192.0.2.1\ndeep.a.sub A 192.0.2.2\nto CNAME www.sub\n"
                "ds CNAME sub\nplain NS ns.out.\n"},
        {"sub.ex.", FIXTURE_APEX "www A 192.0.2.3\nup CNAME www.ex.\nds DS 1 8 2 00\n"},
        {"a.plain.ex.", FIXTURE_APEX "b A 192.0.2.4\n"},
        {"other.", FIXTURE_APEX "x CNAME y.ex.\nsub DNAME sub.ex.\nloop CNAME loop.sub.ex.\n"},
        {0},
};

static const struct row family_rows[] = {
        {"RFC 1034 4.3.2 2: the nearest zone answers", "www.sub.ex A", "NOERROR AA\nan www.sub.ex. 60 A 192.0.2.3\n"},
        {"RFC 1034 4.3.2 2: what the parent has below the cut is not there", "deep.a.sub.ex A",
                "NXDOMAIN AA\n" SOA("sub.ex.")},
        {"RFC 2181 6.1: NS at a cut is from the child", "sub.ex NS", "NOERROR AA\nan sub.ex. 60 NS ns.out.\n"},
        {"RFC 4035 3.1.4.1: DS at a cut is from the parent, both served", "sub.ex DS",
                "NOERROR AA\nan sub.ex. 60 DS 1 8 2 00\n"},
        {"RFC 4035 3.1.4.1: DS at the end of a chain is from the parent", "ds.ex DS",
                "NOERROR AA\nan ds.ex. 60 CNAME sub.ex.\nan sub.ex. 60 DS 1 8 2 00\n"},
        {"RFC 4035 3.1.4.1: DS within the child is the child's", "ds.sub.ex DS",
                "NOERROR AA\nan ds.sub.ex. 60 DS 1 8 2 00\n"},
        {"RFC 4035 3.1.4.1: DS below the parent's cut to others", "a.plain.ex DS",
                "NOERROR\nns plain.ex. 60 NS ns.out.\n"},
        {"RFC 1034 4.3.2 2: a zone below a cut to others", "b.a.plain.ex A",
                "NOERROR AA\nan b.a.plain.ex. 60 A 192.0.2.4\n"},
        {"RFC 1034 4.3.2 3a: a chain into the child", "to.ex A",
                "NOERROR AA\nan to.ex. 60 CNAME www.sub.ex.\nan www.sub.ex. 60 A 192.0.2.3\n"},
        {"RFC 1034 4.3.2 3a, RFC 2308 2.1: a chain into the parent, to a name that is not there", "up.sub.ex A",
                "NXDOMAIN AA\nan up.sub.ex. 60 CNAME www.ex.\n" SOA("ex.")},
        {"RFC 6604 3: the rcode is that of the chain's end", "x.other A",
                "NXDOMAIN AA\nan x.other. 60 CNAME y.ex.\n" SOA("ex.")},
        {"RFC 6672 3.2: a DNAME into another zone", "www.sub.other A",
                "NOERROR AA\nan sub.other. 60 DNAME sub.ex.\nan www.sub.other. 60 CNAME www.sub.ex.\n"
                "an www.sub.ex. 60 A 192.0.2.3\n"},
};

/* RFC 6672, and chains. */
#define L63 "lllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll"
#define LONG                                                                                                           \
	L63 "." L63 "." L63 "."                                                                                        \
	    "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm" /* k.LONG.ex. has 255 bytes */
#define LONGER                                                                                                         \
	L63 "." L63 "." L63 "."                                                                                        \
	    "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"                                                     \
	    ".w.x.y" /* LONGER.ex. has 255 bytes */
static const struct fixture_zone chains[] = {
        {"ex.", FIXTURE_APEX
                "d DNAME t\nd TXT own\nt A 192.0.2.1\nx.t A 192.0.2.2\n*.t TXT w\nout DNAME out.\nlong DNAME " LONG
                ".ex.\n"
                "self DNAME self\none DNAME two\ntwo DNAME t\ninto DNAME x.into\na CNAME b\nb CNAME c\nc CNAME a\nme "
                "CNAME me\n"
                "alias CNAME x.t\ngone CNAME nothing\naway CNAME x.out.\nmixed CNAME x.d\n"
                "n0 CNAME n1\nn1 CNAME n2\nn2 CNAME n3\nn3 CNAME n4\nn4 CNAME n5\nn5 CNAME n6\nn6 CNAME n7\nn7 CNAME "
                "n8\n"
                "n8 CNAME n9\nn9 CNAME n10\nn10 CNAME n11\nn11 CNAME n12\nn12 CNAME n13\nn13 CNAME n14\nn14 CNAME n15\n"
                "n15 CNAME n16\nn16 CNAME n17\nn17 A 192.0.2.3\nnodata CNAME t\nback DNAME t\ni.t CNAME r.back\nr.t A "
                "192.0.2.4\n"},
        {0},
};

static const struct row chain_rows[] = {
        {"RFC 6672 3.1: a DNAME, the CNAME that it stands for, and what that leads to", "x.d.ex A",
                "NOERROR AA\nan d.ex. 60 DNAME t.ex.\nan x.d.ex. 60 CNAME x.t.ex.\nan x.t.ex. 60 A 192.0.2.2\n"},
        {"RFC 6672 2.2: the labels before the owner are kept as they are asked", "X.D.ex A",
                "NOERROR AA\nan D.ex. 60 DNAME t.ex.\nan X.D.ex. 60 CNAME X.t.ex.\nan X.t.ex. 60 A 192.0.2.2\n"},
        {"RFC 6672 2.3: the owner itself is not redirected", "d.ex TXT", "NOERROR AA\nan d.ex. 60 TXT \"own\"\n"},
        {"RFC 6672 2.3: the owner has no other type", "d.ex A", "NOERROR AA\n" SOA("ex.")},
        {"RFC 6672 3.2: the DNAME itself is asked for", "d.ex DNAME", "NOERROR AA\nan d.ex. 60 DNAME t.ex.\n"},
        {"RFC 6672 3.2: the CNAME is asked for", "x.d.ex CNAME",
                "NOERROR AA\nan d.ex. 60 DNAME t.ex.\nan x.d.ex. 60 CNAME x.t.ex.\n"},
        {"RFC 6672 3.2, RFC 8482 4.1: ANY goes on", "x.d.ex ANY",
                "NOERROR AA\nan d.ex. 60 DNAME t.ex.\nan x.d.ex. 60 CNAME x.t.ex.\nan x.t.ex. 60 A 192.0.2.2\n"},
        {"RFC 6672 3.2: the target is a wildcard's", "q.d.ex TXT",
                "NOERROR AA\nan d.ex. 60 DNAME t.ex.\nan q.d.ex. 60 CNAME q.t.ex.\nan q.t.ex. 60 TXT \"w\"\n"},
        {"RFC 6672 3.2: the target is nobody's here", "x.out.ex A",
                "NOERROR AA\nan out.ex. 60 DNAME out.\nan x.out.ex. 60 CNAME x.out.\n"},
        {"RFC 6672 3.2: a DNAME after a DNAME", "x.one.ex A",
                "NOERROR AA\nan one.ex. 60 DNAME two.ex.\nan x.one.ex. 60 CNAME x.two.ex.\nan two.ex. 60 DNAME t.ex.\n"
                "an x.two.ex. 60 CNAME x.t.ex.\nan x.t.ex. 60 A 192.0.2.2\n"},
        {"RFC 6672 3.2: a CNAME to a name below a DNAME", "mixed.ex A",
                "NOERROR AA\nan mixed.ex. 60 CNAME x.d.ex.\nan d.ex. 60 DNAME t.ex.\nan x.d.ex. 60 CNAME x.t.ex.\n"
                "an x.t.ex. 60 A 192.0.2.2\n"},
        {"RFC 6672 2.2: a name that becomes too long is YXDOMAIN", "abc.long.ex A",
                "YXDOMAIN AA\nan long.ex. 60 DNAME " LONG ".ex.\n"},
        {"RFC 6672 2.2: a name of 255 bytes is not too long", "k.long.ex A",
                "NXDOMAIN AA\nan long.ex. 60 DNAME " LONG ".ex.\nan k.long.ex. 60 CNAME k." LONG ".ex.\n" SOA("ex.")},
        {"RFC 6672 3.2: a DNAME to itself", "x.self.ex A",
                "NOERROR AA\nan self.ex. 60 DNAME self.ex.\nan x.self.ex. 60 CNAME x.self.ex.\n"},
        {"RFC 2181 5: a DNAME that a chain comes back to stands there once", "i.back.ex A",
                "NOERROR AA\nan back.ex. 60 DNAME t.ex.\nan i.back.ex. 60 CNAME i.t.ex.\nan i.t.ex. 60 CNAME "
                "r.back.ex.\n"
                "an r.back.ex. 60 CNAME r.t.ex.\nan r.t.ex. 60 A 192.0.2.4\n"},
        {"RFC 1034 3.6.2: a CNAME leads on", "alias.ex A",
                "NOERROR AA\nan alias.ex. 60 CNAME x.t.ex.\nan x.t.ex. 60 A 192.0.2.2\n"},
        {"RFC 1034 3.6.2: but not where it is asked for", "alias.ex CNAME",
                "NOERROR AA\nan alias.ex. 60 CNAME x.t.ex.\n"},
        {"RFC 1034 4.3.2 3a: nor for ANY", "alias.ex ANY", "NOERROR AA\nan alias.ex. 60 CNAME x.t.ex.\n"},
        {"RFC 2308 2.2: a chain to a name without the type", "nodata.ex MX",
                "NOERROR AA\nan nodata.ex. 60 CNAME t.ex.\n" SOA("ex.")},
        {"RFC 2308 2.1: a chain to a name that is not there", "gone.ex A",
                "NXDOMAIN AA\nan gone.ex. 60 CNAME nothing.ex.\n" SOA("ex.")},
        {"RFC 6604 3: a chain to a name that is nobody's here", "away.ex A",
                "NOERROR AA\nan away.ex. 60 CNAME x.out.\n"},
        {"RFC 1034 3.6.2: a circle is gone once", "a.ex A",
                "NOERROR AA\nan a.ex. 60 CNAME b.ex.\nan b.ex. 60 CNAME c.ex.\nan c.ex. 60 CNAME a.ex.\n"},
        {"RFC 1034 3.6.2: an alias of itself", "me.ex A", "NOERROR AA\nan me.ex. 60 CNAME me.ex.\n"},
};

/* The root zone; names that are long, deep, binary, in any case. */
static const struct fixture_zone root[] = {
        {".", FIXTURE_APEX "com NS ns.com\nns.com A 192.0.2.1\nin A 192.0.2.2\n. A 192.0.2.7\nnet NS .\n"
                           "mail MX 0 .\n"},
        {"Ex.", FIXTURE_APEX "WwW A 192.0.2.3\n\\000\\255.x\\.y A 192.0.2.4\n" LONGER " A 192.0.2.5\nM MX 1 WwW\n"
                             "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20 A 192.0.2.6\n"},
        {0},
};

static const struct row root_rows[] = {
        {"RFC 1034 3.1: the root's SOA", ". SOA", "NOERROR AA\nan . 60 SOA m. h. 3 1 1 1 5\n"},
        {"RFC 1034 3.1: nothing is outside of the root", "nothing.at.all A", "NXDOMAIN AA\n" SOA(".")},
        {"RFC 1034 4.2.1: a delegation of the root's", "www.com A",
                "NOERROR\nns com. 60 NS ns.com.\nar ns.com. 60 A 192.0.2.1\n"},
        {"RFC 1034 4.3.2 3b: a server named as the root is", "www.net A",
                "NOERROR\nns net. 60 NS .\nar . 60 A 192.0.2.7\n"},
        {"RFC 7505 3: no mail is taken at the root", "mail MX", "NOERROR AA\nan mail. 60 MX 0 .\n"},
        {"RFC 1034 4.3.2: a name of one label in the root zone", "in A", "NOERROR AA\nan in. 60 A 192.0.2.2\n"},
        {"RFC 4035 3.1.4.1: DS of the root is nobody's", ". DS", "NOERROR AA\n" SOA(".")},
        {"RFC 4035 3.1.4.1: DS of a zone that the root does not delegate", "ex DS", "NXDOMAIN AA\n" SOA(".")},
        {"RFC 4343 3: case is not compared, and stays as it was asked", "wWw.eX A",
                "NOERROR AA\nan wWw.eX. 60 A 192.0.2.3\n"},
        {"RFC 4343 4.1: in data case stays as the zone has it", "m.ex MX",
                "NOERROR AA\nan m.ex. 60 MX 1 WwW.ex.\nar WwW.ex. 60 A 192.0.2.3\n"},
        {"RFC 2181 11: labels of any bytes", "\\000\\255.x\\.y.ex A",
                "NOERROR AA\nan \\000\\255.x\\.y.ex. 60 A 192.0.2.4\n"},
        {"RFC 2181 11: a dot in a label is not between labels", "\\000\\255.x.y.ex A", "NXDOMAIN AA\n" SOA("ex.")},
        {"RFC 1035 2.3.4: a name of 255 bytes", LONGER ".ex A", "NOERROR AA\nan " LONGER ".ex. 60 A 192.0.2.5\n"},
        {"RFC 4592 2.2.2: empty non-terminals at depth", "10.11.12.13.14.15.16.17.18.19.20.ex A",
                "NOERROR AA\n" SOA("ex.")},
        {"RFC 8020 2: at depth", "0.10.11.12.13.14.15.16.17.18.19.20.ex A", "NXDOMAIN AA\n" SOA("ex.")},
};

/* Types: RFC 3597, 8482, 2308's TTL, additional sections. */
static const struct fixture_zone types[] = {
        {"ex.", "$TTL 60\n@ 3 SOA m. h. 3 1 1 1 500\n@ NS ns\nns A 192.0.2.1\nu TYPE65400 \\# 3 010203\nu TYPE1 \\# 4 "
                "c0000202\n"
                "s SRV 1 2 3 ns\ns SRV 4 5 6 other.\nh HTTPS 1 .\nh A 192.0.2.3\n*.h HTTPS 1 .\n*.h A 192.0.2.4\nv "
                "SVCB 0 ns\n"
                "t TXT b\nt TXT a\nt AAAA 2001:db8::1\nk KX 1 ns\n"},
        {0},
};

static const struct row type_rows[] = {
        {"RFC 3597 3: a type that nobody knows", "u.ex TYPE65400", "NOERROR AA\nan u.ex. 60 TYPE65400 \\# 3 010203\n"},
        {"RFC 3597 5: A written as TYPE1", "u.ex A", "NOERROR AA\nan u.ex. 60 A 192.0.2.2\n"},
        {"RFC 2308 5: the lower of the SOA's TTL and its MINIMUM", "u.ex MX",
                "NOERROR AA\nns ex. 3 SOA m. h. 3 1 1 1 500\n"},
        {"RFC 1034 4.3.2: SOA asked for keeps its TTL", "ex SOA", "NOERROR AA\nan ex. 3 SOA m. h. 3 1 1 1 500\n"},
        {"RFC 1034 4.3.2 6: addresses of name servers", "ex NS",
                "NOERROR AA\nan ex. 60 NS ns.ex.\nar ns.ex. 60 A 192.0.2.1\n"},
        {"RFC 2782: addresses of SRV's targets", "s.ex SRV",
                "NOERROR AA\nan s.ex. 60 SRV 1 2 3 ns.ex.\nan s.ex. 60 SRV 4 5 6 other.\nar ns.ex. 60 A 192.0.2.1\n"},
        {"RFC 9460 2.5: the target . is the owner", "h.ex HTTPS",
                "NOERROR AA\nan h.ex. 60 HTTPS 1 .\nar h.ex. 60 A 192.0.2.3\n"},
        {"RFC 9460 2.5: the target . is the name that a wildcard stands for", "x.h.ex HTTPS",
                "NOERROR AA\nan x.h.ex. 60 HTTPS 1 .\nar x.h.ex. 60 A 192.0.2.4\n"},
        {"RFC 9460 4.1: addresses of an alias", "v.ex SVCB",
                "NOERROR AA\nan v.ex. 60 SVCB 0 ns.ex.\nar ns.ex. 60 A 192.0.2.1\n"},
        {"RFC 2230 3: addresses of KX's exchanger", "k.ex KX",
                "NOERROR AA\nan k.ex. 60 KX 1 ns.ex.\nar ns.ex. 60 A 192.0.2.1\n"},
        {"RFC 8482 4.1: ANY is one set, whole", "t.ex ANY",
                "NOERROR AA\nan t.ex. 60 TXT \"b\"\nan t.ex. 60 TXT \"a\"\n"},
        {"RFC 8482 4.1: ANY of a name that is not there", "no.ex ANY", "NXDOMAIN AA\nns ex. 3 SOA m. h. 3 1 1 1 500\n"},
        {"RFC 4035 3.2.1: DO changes nothing where nothing is signed", "u.ex A +do",
                "NOERROR AA\nan u.ex. 60 A 192.0.2.2\n"},
        {"RFC 4034 3: RRSIG asked for where there is none", "u.ex RRSIG",
                "NOERROR AA\nns ex. 3 SOA m. h. 3 1 1 1 500\n"},
        {"RFC 4034 4: NSEC asked for where there is none", "u.ex NSEC", "NOERROR AA\nns ex. 3 SOA m. h. 3 1 1 1 500\n"},
};

static void check_rows(const struct fixture_zone *zones, const struct row *rows, size_t count)
{
	struct fixture *fixture = fixture_new(&(struct fixture_files){.zones = zones});
	unsigned wrong = 0;
	for (size_t i = 0; i < count; i++) {
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

static void plain_zone(void **state)
{
	(void)state;
	check_rows(plain, plain_rows, COUNT(plain_rows));
}

static void wildcard_zone(void **state)
{
	(void)state;
	check_rows(wildcards, wildcard_rows, COUNT(wildcard_rows));
}

static void delegations(void **state)
{
	(void)state;
	check_rows(cuts, cut_rows, COUNT(cut_rows));
}

static void zones_of_a_family(void **state)
{
	(void)state;
	check_rows(family, family_rows, COUNT(family_rows));
}

static void dnames_and_chains(void **state)
{
	(void)state;
	check_rows(chains, chain_rows, COUNT(chain_rows));
}

static void root_and_odd_names(void **state)
{
	(void)state;
	check_rows(root, root_rows, COUNT(root_rows));
}

static void types_and_sections(void **state)
{
	(void)state;
	check_rows(types, type_rows, COUNT(type_rows));
}

/* RFC 1034 3.6.2, 5.2.2: a chain without end is followed for CHAIN_MAX links. */
static void long_chains(void **state)
{
	static const char *const questions[] = {"n0.ex A", "x.into.ex A"};
	(void)state;
	struct fixture *fixture = fixture_new(&(struct fixture_files){.zones = chains});
	for (size_t i = 0; i < COUNT(questions); i++) {
		char *text = fixture_ask(fixture, questions[i]);
		unsigned links = 0;
		assert_int_equal(strncmp(text, "NOERROR AA\n", 11), 0);
		for (const char *at = text; (at = strstr(at, " CNAME ")); at++)
			links++;
		assert_in_range(links, 8, 20);
		free(text);
	}
	fixture_free(fixture);
}

/* RFC 2181 9, 9471 3.1: what must be whole and does not fit is left out whole, and TC set; what may be left out is,
 * without. */
static void truncation(void **state)
{
	char zone[16384] = FIXTURE_APEX "@ NS ns1\n";
	size_t at = strlen(zone);
	(void)state;
	for (unsigned i = 0; i < 40; i++)
		at += (size_t)snprintf(zone + at, sizeof zone - at,
		        "big A 192.0.2.%u\nsub NS n%u.sub\nn%u.sub AAAA 2001:db8::%u\nmx MX 1 n%u\nn%u AAAA "
		        "2001:db8::%u\n",
		        i, i, i, i, i % 15, i, i);
	static const struct {
		const char *rule, *question, *starts;
		bool whole;
	} rows[] = {
	        {"RFC 2181 9: an answer that does not fit 512 bytes", "big.ex A +udp", "NOERROR AA TC\n", true},
	        {"RFC 6891 6.2.3: one that fits the size that the client tells", "big.ex A +udp +size=1232",
	                "NOERROR AA\nan ", false},
	        {"RFC 9471 3.1: a referral whose glue does not fit", "x.sub.ex A +udp +size=1232", "NOERROR TC\n",
	                true},
	        {"RFC 2181 9: additional records may be left out", "mx.ex MX +udp", "NOERROR AA\nan ", false},
	        {"RFC 7766 5: over TCP all fits", "x.sub.ex A", "NOERROR\nns ", false},
	};
	struct fixture_zone zones[] = {{"ex.", zone}, {0}};
	struct fixture *fixture = fixture_new(&(struct fixture_files){.zones = zones});
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text = fixture_ask(fixture, rows[i].question);
		if (strncmp(text, rows[i].starts, strlen(rows[i].starts)) != 0 ||
		        (rows[i].whole && strcmp(text, rows[i].starts) != 0))
			fail_msg("%s: %s", rows[i].rule, text);
		free(text);
	}
	fixture_free(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(plain_zone),
	        cmocka_unit_test(wildcard_zone),
	        cmocka_unit_test(delegations),
	        cmocka_unit_test(zones_of_a_family),
	        cmocka_unit_test(dnames_and_chains),
	        cmocka_unit_test(root_and_odd_names),
	        cmocka_unit_test(types_and_sections),
	        cmocka_unit_test(long_chains),
	        cmocka_unit_test(truncation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
