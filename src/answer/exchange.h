/*
 * exchange.h: one query and its reply while they are worked on; private to the room.
 *
 * Lives on the stack of answer_packet; nothing outlives the call. The steps, in
 * order: find (where the name leads), steer (which data center), write
 * (sections in RFC order), and back in answer.c the end of the message.
 */
#ifndef MERIDIAN_ANSWER_EXCHANGE_H
#define MERIDIAN_ANSWER_EXCHANGE_H

#include "answer/answer.h"
#include "answer/trace.h"
#include "pool/pick.h"
#include "sign/tsig.h"
#include "snap/snapshot.h"
#include "wire/cookie.h"
#include "wire/query.h"
#include "wire/reply.h"

#define CHAIN_MAX 16    /* CNAME and DNAME links followed within our zones */
#define FOLLOWED_MAX 64 /* records of a set whose targets get additional records */

/* A name that is looked up: the query's, then the targets of a chain. */
struct lookup {
	const uint8_t *lower;
	const struct name_labels *labels;
	struct owner owner; /* where it stands in the reply */
};

/* What a steered name gives this client. */
struct choice {
	enum pick_verdict verdict;
	const struct service *service;
	const struct pool *pool; /* where one was chosen */
	struct given given;
	uint32_t ttl, ttl_max; /* the second bounds whatever is said of the name */
	uint8_t scope;
};

/* What the hints of a written set are (hints.c), for the additional section to agree with. */
struct hinted {
	const struct attachment *source; /* NULL: none */
	bool chosen[FAMILIES];
	struct choice choice[FAMILIES];
};

/* A written set whose targets the additional section follows. */
struct followed {
	const struct rrset *set;
	const struct snapshot_zone *zone;
	struct owner owner;            /* of the set */
	uint16_t target[FOLLOWED_MAX]; /* offsets of the targets' names in the reply */
};

struct exchange {
	struct answer_context *context;
	const struct client *client;
	const struct snapshot *snapshot;
	struct board *board;

	struct query query;
	struct reply reply;
	struct edns_reply edns;
	const struct snapshot_zone *zone; /* the query name's; NULL: not looked for, or none of ours */
	const struct node *source;        /* where its first link was found; NULL: it was not looked for */

	/* proof of who asks; `tsig` is set only where is_signed */
	bool is_signed;
	unsigned tsig_refused;        /* the rcode that a bad signature earns; NOERROR: none */
	bool knows_cookie;            /* the query brought a server cookie of ours */
	uint8_t cookie[COOKIE_BYTES]; /* for the reply */
	struct tsig tsig;

	/* whom the answer is made for */
	struct addr steered_for;
	bool resolver;            /* no client subnet decides: the map's `resolver` rules count */
	bool has_scope;           /* the reply carries a client subnet of its own scope */
	bool truncated;           /* a section that must be whole did not fit */
	uint8_t links;            /* of the chain followed so far */
	uint64_t seen[CHAIN_MAX]; /* hashes of the names of the chain */
	uint8_t dnames;           /* of the chain: each is written once */
	const struct rrset *dname[CHAIN_MAX];

	struct followed followed;
	struct hinted hinted;

	/* the last target of a chain */
	struct name_labels target_labels;
	uint8_t target[NAME_BYTES + 9]; /* as written */
	uint8_t target_lower[NAME_BYTES + 9];
};

/* Says why (RFC 8914) to a client with EDNS; `text` is static, or NULL. */
static inline void tell(struct exchange *exchange, enum ede ede, const char *text)
{
	exchange->edns.ede = ede;
	exchange->edns.ede_text = text;
}

/* find.c: where a name leads in its zone (RFC 1034 4.3.2, RFC 4592 3.3.1, RFC 6672 3.2). */
enum found_kind { FOUND_NODE, FOUND_NOTHING, FOUND_REFERRAL, FOUND_DNAME };

struct found {
	enum found_kind kind;
	const struct node *node; /* the node, the cut, or the owner of the DNAME; FOUND_NOTHING: the closest encloser */
	uint8_t encloser;        /* the label of the name at which the closest encloser starts */
	bool wildcard;           /* the node is a wildcard that stands for the name */
};

struct found find(const struct zone *zone, const uint8_t *lower, const struct name_labels *labels, uint16_t type);

/* steer.c */

/* Chooses for `family`, and notes it in the trace, if there is one. */
void steer_choose(
        struct exchange *exchange, const struct attachment *attachment, unsigned family, struct choice *choice);
/* Makes the reply's scope as narrow as the choice's, where the reply has one. */
static inline void steer_narrow(struct exchange *exchange, const struct choice *choice)
{
	if (exchange->has_scope && exchange->edns.scope < choice->scope)
		exchange->edns.scope = choice->scope;
}
/* Writes what was chosen as A or AAAA; false if it does not fit. */
bool steer_write(struct exchange *exchange, enum section section, struct owner owner, const struct choice *choice,
        unsigned family);

/* hints.c: writes a set some of whose hints are those of steered names; false, and nothing written, if it does not fit.
 * `targets`, where not NULL, gets for each record the offset of its TargetName, as reply_rrset gives it. */
bool write_hinted(struct exchange *exchange, enum section section, struct owner owner, const struct rrset *set,
        const struct attachment *const *sources, uint16_t *targets);

/* respond.c: the reply to a good query of class IN. Returns the rcode; the authoritative flag is set in the reply. */
unsigned respond(struct exchange *exchange);

/* additional.c: the records that the targets of `exchange->followed` lead to. `glue`: those of a referral, which must
 * all be there. */
void write_additional(struct exchange *exchange, bool glue);

/* proof.c: what the query proves of its sender. */
/* Judges the query's cookie and makes the reply's. */
void prove_cookie(struct exchange *exchange);
/* Is the query put off until it brings a cookie of ours (`cookies: required`)? *rcode is what to say. */
bool cookie_demanded(struct exchange *exchange, unsigned *rcode);
/* Checks the query's TSIG; false: *rcode is what to say. */
bool prove_signature(struct exchange *exchange, unsigned *rcode);

/* transfer.c: AXFR and IXFR; what is more than one message is left in context->transfer. Returns the rcode. */
unsigned respond_transfer(struct exchange *exchange);

/* chaos.c: class CH (RFC 4892): version.bind, id.server and their like. Returns the rcode. */
unsigned respond_chaos(struct exchange *exchange);

#endif
