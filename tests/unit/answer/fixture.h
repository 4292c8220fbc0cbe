/*
 * fixture.h: a server's data from texts, and questions to it, for the tests of the room answer.
 *
 * The texts go through the same door as an operator's files (snap/reload.h), in a folder that is gone when fixture_new
 * returns. Every reply is checked to be sound, and to be no larger than its client allows, before a test sees it.
 * Texts that are returned belong to the caller, who frees them.
 */
#ifndef MERIDIAN_TESTS_UNIT_ANSWER_FIXTURE_H
#define MERIDIAN_TESTS_UNIT_ANSWER_FIXTURE_H

#include "answer/answer.h"
#include "wire/message.h"

struct fixture_zone {
	const char *origin, *text;
};

/* What a server is made of; whatever is not given has its default. */
struct fixture_files {
	const struct fixture_zone *zones; /* ended by a row without an origin */
	const char *server;               /* keys of meridian.yaml beside `listen`, `zones` and `geo` */
	const char *geo;                  /* the text of geo/a.yaml */
	const char *access;               /* `default` of `zones`: transfer, notify */
	uint64_t seed;                    /* the process's secret; 0: 7 */
};

struct fixture {
	char folder[32];
	struct live_source *source;
	struct reload *reload;
	struct counters counters;
	struct answer_context context; /* for fixture_send; `live` is set for each call */
	struct client client;          /* 192.0.2.1 over a stream, until a test says otherwise */
	size_t size;                   /* of the last reply; 0: there was none */
	uint8_t reply[65535];
};

/* SOA (TTL 60, MINIMUM 5, serial 3) and NS of an apex, to be put before a zone's records; other TTLs are 60. */
#define FIXTURE_APEX "$TTL 60\n@ SOA m. h. 3 1 1 1 5\n@ NS ns.out.\n"

/* Fails the test where the files have an error. Warnings are not looked at. */
struct fixture *fixture_new(const struct fixture_files *files);
/* A reload with other files; it fails the test, too. */
void fixture_reload(struct fixture *fixture, const struct fixture_files *files);
void fixture_free(struct fixture *fixture);

/* Builds the question that a text asks into `query`, and returns its size:
 *   NAME TYPE [+edns] [+do] [+size=N] [+class=N] [+opt=HEX]       NAME in RFC 1035's text; its case is kept
 * Without a word the query has no EDNS; +do, +size and +opt (whole options) bring it (payload 1232 where it is not
 * said). */
#define FIXTURE_QUERY_MAX 320
size_t fixture_query(const char *question, uint8_t query[FIXTURE_QUERY_MAX]);

/* Sends any bytes; the reply stands in fixture->reply. Returns its size. Over UDP where fixture->client says so. */
size_t fixture_send(struct fixture *fixture, const void *bytes, size_t size);

/* The last reply, a line for the header and one for each record in the order of the message:
 *   RCODE [AA] [TC] [RD] [RA] [AD] [CD]
 *   an|ns|ar OWNER TTL TYPE RDATA          classes other than IN stand before the type
 * OPT is left out, but for `opt`: then it is the line `ar ; edns …` of message_format. "no reply\n" for none. */
char *fixture_text(const struct fixture *fixture, bool opt);

/* Sends a question as fixture_query takes it, and gives the reply as fixture_text writes it, without OPT. The word +udp
 * sends it over UDP. Checks that the reply repeats the id and the question, byte for byte. */
char *fixture_ask(struct fixture *fixture, const char *question);

#endif
