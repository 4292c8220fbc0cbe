/*
 * answer.c: one message in, one message out: the frame around respond.c.
 *
 * Called by serve's threads, the fuzzer, the benchmark, plays and explain.
 * Steps: parse, bound the size, decide for whom, respond, take back what does
 * not fit, end with OPT and header.
 */
#include "answer/answer.h"

#include <string.h>

#include "answer/exchange.h"
#include "base/hash.h"

enum { CLASS_PARTS = 32 };

/* Is a client subnet from this resolver honoured? */
static bool subnet_honoured(const struct conf *conf, const struct addr *resolver)
{
	if (conf->ecs != ECS_LISTED)
		return conf->ecs == ECS_ON;
	for (uint32_t i = 0; i < conf->ecs_from_count; i++)
		if (prefix_contains(&conf->ecs_from[i], resolver))
			return true;
	return false;
}

/* For whom the answer is made: the client subnet's address, else the asker's. A source length of 0 asks not to be told
 * apart: then the asker's own address decides, and the scope stays 0 (RFC 7871 7.1.2). */
static void decide_client(struct exchange *exchange)
{
	const struct client_subnet *subnet = &exchange->query.subnet;
	exchange->steered_for = exchange->client->addr;
	exchange->resolver = true;
	exchange->has_scope = false;
	if (subnet->present) {
		counter_increment(exchange->context->counters, COUNTER_QUERIES_ECS);
		if (subnet_honoured(exchange->snapshot->conf, &exchange->client->addr)) {
			exchange->edns.subnet = true;
			if (subnet->source) {
				exchange->steered_for = subnet->address;
				exchange->resolver = false;
				exchange->has_scope = true;
			}
		} else {
			counter_increment(exchange->context->counters, COUNTER_QUERIES_ECS_UNUSED);
		}
	}
	struct trace *trace = exchange->context->trace;
	if (trace) {
		trace->steered_for = exchange->steered_for;
		trace->resolver = exchange->resolver;
	}
}

/* What our OPT will say, but for the scope. */
static void decide_edns(struct exchange *exchange, bool plain)
{
	const struct query *query = &exchange->query;
	const struct conf *conf = exchange->snapshot->conf;
	exchange->edns = (struct edns_reply){
	        .payload = conf->udp_payload, .dnssec_ok = query->dnssec_ok, .ede = EDE_NONE};
	exchange->steered_for = exchange->client->addr;
	exchange->has_scope = false;
	if (plain)
		return;
	decide_client(exchange);
	if (query->cookie)
		prove_cookie(exchange);
	if (query->nsid && conf->nsid) {
		exchange->edns.nsid = (const uint8_t *)conf->nsid;
		exchange->edns.nsid_length = (uint8_t)strnlen(conf->nsid, 255);
	}
	if (query->keepalive && exchange->client->stream) {
		exchange->edns.keepalive = true;
		exchange->edns.keepalive_timeout = exchange->client->keepalive;
	}
	exchange->edns.expire = query->expire; /* room for it; decide_expire sees */
}

/* How large the reply may be. */
static size_t reply_limit(const struct exchange *exchange, size_t out_size)
{
	const struct query *query = &exchange->query;
	size_t limit = 65535;
	if (!exchange->client->stream)
		limit = query_limit(query, exchange->snapshot->conf->udp_payload);
	return limit < out_size ? limit : out_size;
}

/* Types that are questions or parts of packets, not data; what is not listed here is looked up. */
static bool is_meta(struct exchange *exchange, unsigned *rcode)
{
	switch (exchange->query.qtype) {
	case TYPE_OPT:
	case TYPE_TSIG:
	case TYPE_TKEY:
	case TYPE_NXNAME:
		tell(exchange, EDE_INVALID_QUERY_TYPE, NULL);
		*rcode = RCODE_FORMERR;
		return true;
	case TYPE_MAILA:
	case TYPE_MAILB:
		tell(exchange, EDE_NOT_SUPPORTED, NULL);
		*rcode = RCODE_NOTIMP;
		return true;
	default:
		return false;
	}
}

/* A transfer, and why there is none. */
static unsigned respond_transfer_told(struct exchange *exchange)
{
	if (exchange->query.qclass != CLASS_IN)
		return RCODE_REFUSED;
	unsigned rcode = respond_transfer(exchange);
	if (rcode == RCODE_REFUSED)
		tell(exchange, EDE_PROHIBITED, NULL);
	else if (rcode == RCODE_NOTAUTH)
		tell(exchange, EDE_NOT_AUTHORITATIVE, NULL);
	return rcode;
}

static unsigned respond_any_class(struct exchange *exchange)
{
	const struct query *query = &exchange->query;
	unsigned rcode;
	if (query->qclass == CLASS_CH)
		return respond_chaos(exchange);
	if (query->qclass != CLASS_IN && query->qclass != CLASS_ANY) {
		tell(exchange, EDE_NOT_AUTHORITATIVE, NULL);
		return RCODE_REFUSED;
	}
	if (is_meta(exchange, &rcode))
		return rcode;
	if (query->qtype == TYPE_AXFR || query->qtype == TYPE_IXFR)
		return respond_transfer_told(exchange);
	rcode = respond(exchange);
	/* an answer to every class is never authoritative (RFC 1035 3.7.1, RFC 1034 6.2.2's spirit) */
	if (query->qclass == CLASS_ANY)
		exchange->reply.flags &= (uint16_t)~FLAG_AA;
	return rcode;
}

static void count_query(const struct exchange *exchange)
{
	struct counters *counters = exchange->context->counters;
	const struct client *client = exchange->client;
	counter_increment(counters, client->stream ? COUNTER_QUERIES_TCP : COUNTER_QUERIES_UDP);
	counter_increment(counters, client->addr.family == ADDR_V4 ? COUNTER_QUERIES_IPV4 : COUNTER_QUERIES_IPV6);
	if (!exchange->query.edns)
		return;
	counter_increment(counters, COUNTER_QUERIES_EDNS);
	if (exchange->query.dnssec_ok)
		counter_increment(counters, COUNTER_QUERIES_DNSSEC_OK);
}

/* What rate limiting counts together: the data of a name and type; a name's want of a type; the referrals of a cut;
 * everything else by the zone and the kind of error. A name stands for all that a wildcard or DNAME makes of it, else
 * random labels would be so many classes. What a real resolver may ask much of, a wildcard's names and a steered name
 * for many client subnets, is parted in CLASS_PARTS, and no further. */
static uint64_t response_class(const struct exchange *exchange, unsigned rcode)
{
	const struct node *source = exchange->source;
	if (!source || rcode != RCODE_NOERROR)
		return hash_mix((uintptr_t)exchange->zone, rcode);
	bool positive = exchange->reply.counts[SECTION_ANSWER];
	uint64_t part = 0;
	if (source->length != exchange->query.qname_length && exchange->reply.flags & FLAG_AA)
		part = exchange->query.labels.hash[0];
	if (exchange->edns.scope) {
		uint64_t subnet;
		memcpy(&subnet, exchange->steered_for.bytes, sizeof subnet);
		part ^= hash_mix(subnet, 0);
	}
	return hash_mix((uintptr_t)source, positive ? exchange->query.qtype : 0) + part % CLASS_PARTS;
}

/* The time after which a secondary must not serve the zone any more, in answers by which it keeps its copy (RFC 7314
 * 3.1): we are the primary, so that it is the SOA's. */
static void decide_expire(struct exchange *exchange, unsigned rcode)
{
	const struct query *query = &exchange->query;
	const struct snapshot_zone *zone = exchange->zone;
	bool asked = query->qtype == TYPE_SOA || query->qtype == TYPE_AXFR || query->qtype == TYPE_IXFR;
	exchange->edns.expire = asked && rcode == RCODE_NOERROR && zone && zone->zone &&
	                        zone->length == query->qname_length;
	if (exchange->edns.expire)
		exchange->edns.expire_after = zone->zone->expire;
}

static size_t finish(struct exchange *exchange, unsigned rcode, uint8_t *out, size_t room)
{
	struct reply *reply = &exchange->reply;
	struct answer_context *context = exchange->context;
	if (rcode != RCODE_NOERROR || !reply->counts[SECTION_ANSWER])
		exchange->edns.scope = 0; /* RFC 7871 7.4: negative answers and referrals are everybody's */
	if (exchange->edns.expire)
		decide_expire(exchange, rcode);
	reply->rcode = (uint16_t)rcode;
	counter_increment(context->counters, counter_of_rcode(rcode));
	if (exchange->client->limited) {
		context->response_class = response_class(exchange, rcode);
		context->response_opt = (uint16_t)(reply->w.at - reply->w.start);
		context->proven = exchange->knows_cookie ||
		                  (exchange->is_signed && exchange->tsig_refused == RCODE_NOERROR);
	}
	size_t size = reply_finish(reply, &exchange->query, exchange->query.edns ? &exchange->edns : NULL);
	if (!exchange->is_signed)
		return size;
	size = tsig_append(&exchange->tsig, out, size, room, context->wall);
	context->response_opt = (uint16_t)size; /* what is cut loses its signature, and OPT with it */
	return size;
}

/* Judges the query's TSIG and returns what the reply's leaves of `limit`. What is refused for another
 * reason is signed, too, where the signature is good (RFC 8945 5.3), and where it is not, refused all the same. */
static size_t leave_room_to_sign(struct exchange *exchange, enum query_verdict verdict, size_t limit)
{
	unsigned rcode;
	if (verdict == QUERY_FORMERR || verdict == QUERY_BROKEN_COOKIE)
		return limit;
	bool good = prove_signature(exchange, &rcode);
	if (!good && (verdict == QUERY_OK || verdict == QUERY_COOKIE))
		exchange->tsig_refused = rcode;
	else if (!good)
		exchange->is_signed = false;
	if (!exchange->is_signed)
		return limit;
	/* the names of a key that nobody knows may be longer than what the client takes */
	size_t size = tsig_size(&exchange->tsig);
	exchange->is_signed = DNS_HEADER + size <= limit;
	return exchange->is_signed ? limit - size : limit;
}

/* A query that was understood: who asks, then what. */
static unsigned respond_proven(struct exchange *exchange)
{
	unsigned rcode;
	if (exchange->tsig_refused != RCODE_NOERROR)
		return exchange->tsig_refused;
	if (cookie_demanded(exchange, &rcode))
		return rcode;
	return respond_any_class(exchange);
}

/* The rcode for what is no question. */
static unsigned refuse(struct exchange *exchange, enum query_verdict verdict)
{
	unsigned rcode = query_rcode(verdict);
	if (exchange->tsig_refused != RCODE_NOERROR)
		return exchange->tsig_refused;
	if (verdict == QUERY_COOKIE && !exchange->edns.cookie)
		rcode = RCODE_FORMERR; /* a question for a cookie, where none is given */
	else if (verdict == QUERY_COOKIE)
		return exchange->query.cookie_length == COOKIE_CLIENT || exchange->knows_cookie ? RCODE_NOERROR
		                                                                                : RCODE_BADCOOKIE;
	if (verdict == QUERY_NOTIMP)
		tell(exchange, EDE_NOT_SUPPORTED, NULL);
	counter_increment(exchange->context->counters, COUNTER_QUERIES_MALFORMED);
	return rcode;
}

static void open_exchange(struct exchange *exchange, struct answer_context *context, const struct client *client)
{
	exchange->context = context;
	exchange->client = client;
	exchange->snapshot = context->live->snapshot;
	exchange->board = context->live->board;
	exchange->zone = NULL;
	exchange->source = NULL;
	exchange->truncated = false;
	exchange->is_signed = false;
	exchange->knows_cookie = false;
	exchange->tsig_refused = RCODE_NOERROR;
	exchange->links = 0;
	exchange->dnames = 0;
	exchange->followed.set = NULL;
	exchange->hinted.source = NULL;
	context->transfer = NULL;
}

size_t answer_packet(struct answer_context *context, const struct client *client, const uint8_t *in, size_t in_size,
        uint8_t *out, size_t out_size)
{
	struct exchange exchange;
	enum query_verdict verdict = query_parse(&exchange.query, in, in_size);
	if (verdict == QUERY_DROP) {
		counter_increment(
		        context->counters, in_size < DNS_HEADER ? COUNTER_DROPPED_SHORT : COUNTER_DROPPED_RESPONSE);
		return 0;
	}
	open_exchange(&exchange, context, client);
	if (verdict == QUERY_BROKEN_COOKIE && exchange.snapshot->conf->cookies == COOKIES_OFF)
		verdict = QUERY_OK; /* to who knows no cookies it is an unknown option */
	count_query(&exchange);
	decide_edns(&exchange, verdict != QUERY_OK && verdict != QUERY_COOKIE);
	size_t limit = reply_limit(&exchange, out_size), room = limit;
	if (exchange.query.tsig)
		limit = leave_room_to_sign(&exchange, verdict, limit);
	size_t reserve = exchange.query.edns ? reply_opt_size(&exchange.edns, &exchange.query) : 0;
	reply_start(&exchange.reply, out, limit, &exchange.query, reserve);
	if (verdict != QUERY_OK)
		return finish(&exchange, refuse(&exchange, verdict), out, room);
	unsigned rcode = respond_proven(&exchange);
	if (context->transfer)
		return 0;
	if (exchange.truncated) {
		reply_clear(&exchange.reply, &exchange.query);
		exchange.reply.flags |= FLAG_TC;
		counter_increment(context->counters, COUNTER_RESPONSES_TRUNCATED);
	}
	return finish(&exchange, rcode, out, room);
}

const struct rate_limit *answer_rate_limit(const struct live *live)
{
	const struct rate_limit *limit = &live->snapshot->conf->rate_limit;
	return limit->on ? limit : NULL;
}
