/*
 * proof.c: what a query proves of its sender: TSIG (RFC 8945) and cookies
 * (RFC 7873, RFC 9018).
 *
 * Called by answer.c before a query is answered. Nothing is remembered: where
 * no secret is configured, the cookie secrets of the day and of the day before
 * are derived from the process's own.
 */
#include <string.h>

#include "answer/exchange.h"
#include "base/hash.h"

#define DAY 86400

static void derive(uint8_t secret[COOKIE_SECRET], const uint8_t *own, uint64_t day)
{
	uint64_t halves[2];
	for (uint64_t i = 0; i < 2; i++) {
		uint64_t input[2] = {day, i};
		halves[i] = siphash(own, input, sizeof input);
	}
	memcpy(secret, halves, sizeof halves);
}

static void cookie_secrets(const struct exchange *exchange, struct cookie_secrets *secrets)
{
	const uint8_t *shared = exchange->snapshot->conf->cookie_secret;
	if (shared) {
		memcpy(secrets->secret[0], shared, COOKIE_SECRET);
		secrets->count = 1;
		return;
	}
	uint64_t day = exchange->context->wall / DAY;
	derive(secrets->secret[0], exchange->context->secret, day);
	derive(secrets->secret[1], exchange->context->secret, day - 1);
	secrets->count = 2;
}

void prove_cookie(struct exchange *exchange)
{
	const struct query *query = &exchange->query;
	const struct conf *conf = exchange->snapshot->conf;
	if (!query->cookie || conf->cookies == COOKIES_OFF || (!conf->cookie_secret && !exchange->context->secret))
		return;
	counter_increment(exchange->context->counters, COUNTER_QUERIES_COOKIE);
	struct cookie_secrets secrets;
	cookie_secrets(exchange, &secrets);
	const struct addr *client = &exchange->client->addr;
	uint32_t now = (uint32_t)exchange->context->wall;
	exchange->knows_cookie = cookie_check(&secrets, query->cookie, query->cookie_length, client, now) ==
	                         COOKIE_VALID;
	cookie_make(exchange->cookie, &secrets, query->cookie, client, now);
	exchange->edns.cookie = exchange->cookie;
	exchange->edns.cookie_length = COOKIE_BYTES;
}

bool cookie_demanded(struct exchange *exchange, unsigned *rcode)
{
	if (exchange->snapshot->conf->cookies != COOKIES_REQUIRED || exchange->client->stream ||
	        exchange->knows_cookie || exchange->is_signed)
		return false;
	*rcode = RCODE_NOERROR;
	if (exchange->edns.cookie)
		*rcode = RCODE_BADCOOKIE;
	else
		exchange->truncated = true; /* to TCP, which proves the address, too (RFC 7873 5.2.3) */
	return true;
}

bool prove_signature(struct exchange *exchange, unsigned *rcode)
{
	const struct query *query = &exchange->query;
	const struct snapshot *snapshot = exchange->snapshot;
	if (tsig_verify(&exchange->tsig, snapshot->conf->keys, snapshot->conf->key_count, query->packet, query->size,
	            query->tsig, exchange->context->wall)) {
		*rcode = RCODE_FORMERR;
		return false;
	}
	exchange->is_signed = true;
	*rcode = RCODE_NOTAUTH;
	return exchange->tsig.error == TSIG_OK;
}
