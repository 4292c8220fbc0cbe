/*
 * counters.h: what the threads that answer count.
 *
 * Each thread owns a `struct counters` that only it writes; the control thread
 * sums all of them when someone asks. Adding is one instruction, no lock; a sum
 * may be a moment old, and a value never tears or goes back. The table below is
 * the one place where a counter is named, for the metrics and for people.
 */
#ifndef MERIDIAN_BASE_COUNTERS_H
#define MERIDIAN_BASE_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

/* X(symbol, kind, metric, label or "", help); rows of one metric stand together, the same help and kind in each.
 * The responses up to YXDOMAIN stand in the order of their codes: counter_of_rcode relies on it. */
#define COUNTERS_TABLE(X)                                                                                              \
	X(QUERIES_UDP, COUNTER, "queries_total", "transport=\"udp\"", "Queries received")                              \
	X(QUERIES_TCP, COUNTER, "queries_total", "transport=\"tcp\"", "Queries received")                              \
	X(QUERIES_TLS, COUNTER, "queries_total", "transport=\"tls\"", "Queries received")                              \
	X(QUERIES_IPV4, COUNTER, "queries_by_family_total", "family=\"ipv4\"", "Queries by address family")            \
	X(QUERIES_IPV6, COUNTER, "queries_by_family_total", "family=\"ipv6\"", "Queries by address family")            \
	X(QUERIES_EDNS, COUNTER, "queries_edns_total", "", "Queries with an OPT record")                               \
	X(QUERIES_DNSSEC_OK, COUNTER, "queries_dnssec_ok_total", "", "Queries with the DO bit")                        \
	X(QUERIES_COOKIE, COUNTER, "queries_cookie_total", "", "Queries with a DNS cookie")                            \
	X(QUERIES_ECS, COUNTER, "queries_ecs_total", "", "Queries with a client subnet")                               \
	X(QUERIES_ECS_UNUSED, COUNTER, "queries_ecs_unused_total", "", "Client subnets that were not honoured")        \
	X(QUERIES_MALFORMED, COUNTER, "queries_malformed_total", "", "Queries that could not be parsed")               \
	X(RESPONSES_NOERROR, COUNTER, "responses_total", "rcode=\"NOERROR\"", "Responses by code")                     \
	X(RESPONSES_FORMERR, COUNTER, "responses_total", "rcode=\"FORMERR\"", "Responses by code")                     \
	X(RESPONSES_SERVFAIL, COUNTER, "responses_total", "rcode=\"SERVFAIL\"", "Responses by code")                   \
	X(RESPONSES_NXDOMAIN, COUNTER, "responses_total", "rcode=\"NXDOMAIN\"", "Responses by code")                   \
	X(RESPONSES_NOTIMP, COUNTER, "responses_total", "rcode=\"NOTIMP\"", "Responses by code")                       \
	X(RESPONSES_REFUSED, COUNTER, "responses_total", "rcode=\"REFUSED\"", "Responses by code")                     \
	X(RESPONSES_YXDOMAIN, COUNTER, "responses_total", "rcode=\"YXDOMAIN\"", "Responses by code")                   \
	X(RESPONSES_NOTAUTH, COUNTER, "responses_total", "rcode=\"NOTAUTH\"", "Responses by code")                     \
	X(RESPONSES_BADVERS, COUNTER, "responses_total", "rcode=\"BADVERS\"", "Responses by code")                     \
	X(RESPONSES_BADCOOKIE, COUNTER, "responses_total", "rcode=\"BADCOOKIE\"", "Responses by code")                 \
	X(RESPONSES_OTHER, COUNTER, "responses_total", "rcode=\"other\"", "Responses by code")                         \
	X(RESPONSES_TRUNCATED, COUNTER, "responses_truncated_total", "", "Responses with the TC bit")                  \
	X(RESPONSES_REFERRAL, COUNTER, "responses_referral_total", "", "Responses that refer to a delegated zone")     \
	X(RESPONSES_NODATA, COUNTER, "responses_nodata_total", "", "Responses for a name without the type")            \
	X(ANSWERS_STEERED, COUNTER, "answers_steered_total", "", "Answers chosen for the client")                      \
	X(ANSWERS_ALL_DOWN, COUNTER, "answers_all_down_total", "", "Steered answers where no pool was up")             \
	X(DROPPED_SHORT, COUNTER, "dropped_total", "reason=\"short\"", "Packets that got no response")                 \
	X(DROPPED_RESPONSE, COUNTER, "dropped_total", "reason=\"response\"", "Packets that got no response")           \
	X(DROPPED_RATE, COUNTER, "dropped_total", "reason=\"rate\"", "Packets that got no response")                   \
	X(DROPPED_OTHER, COUNTER, "dropped_total", "reason=\"other\"", "Packets that got no response")                 \
	X(RATE_SLIPPED, COUNTER, "rate_slipped_total", "", "Truncated responses given in place of dropping")           \
	X(UDP_BATCHES, COUNTER, "udp_batches_total", "", "Batches of packets received")                                \
	X(UDP_RECEIVE_ERRORS, COUNTER, "udp_receive_errors_total", "", "Errors of receiving")                          \
	X(UDP_SEND_ERRORS, COUNTER, "udp_send_errors_total", "", "Responses that could not be sent")                   \
	X(TCP_ACCEPTED, COUNTER, "tcp_accepted_total", "", "TCP connections accepted")                                 \
	X(TCP_CLOSED, COUNTER, "tcp_closed_total", "", "TCP connections closed, for whatever reason")                  \
	X(TCP_REJECTED, COUNTER, "tcp_rejected_total", "", "TCP connections that were not served")                     \
	X(TCP_EVICTED, COUNTER, "tcp_evicted_total", "", "Idle TCP connections closed to make room")                   \
	X(TCP_TIMEOUTS, COUNTER, "tcp_timeouts_total", "", "TCP connections closed by a time limit")                   \
	X(TCP_OPEN, GAUGE, "tcp_connections", "", "TCP connections now open")                                          \
	X(TRANSFERS_WHOLE, COUNTER, "transfers_total", "type=\"axfr\"", "Zone transfers begun")                        \
	X(TRANSFERS_CHANGES, COUNTER, "transfers_total", "type=\"ixfr\"", "Zone transfers begun")                      \
	X(NOTIFIES_SENT, COUNTER, "notify_messages_total", "", "NOTIFY messages sent, repeated ones too")              \
	X(NOTIFIES_ANSWERED, COUNTER, "notifies_total", "outcome=\"answered\"", "Secondaries told of a change")        \
	X(NOTIFIES_FAILED, COUNTER, "notifies_total", "outcome=\"failed\"", "Secondaries told of a change")

#define COUNTERS_SYMBOL(symbol, kind, metric, label, help) COUNTER_##symbol,
enum counter { COUNTERS_TABLE(COUNTERS_SYMBOL) COUNTERS };
#undef COUNTERS_SYMBOL

enum counter_kind { COUNTER_KIND_COUNTER, COUNTER_KIND_GAUGE };

struct counter_row {
	const char *metric; /* without the program's prefix */
	const char *label;  /* `name="value"`, or "" */
	const char *help;   /* no full stop */
	enum counter_kind kind;
};

/* The row of each counter, for the metrics and `stats`. */
extern const struct counter_row counter_rows[COUNTERS];

/* Of one thread; cache lines of its own. All zero at first. */
struct counters {
	_Alignas(64) uint64_t values[COUNTERS];
};

/* Adds; only by the thread that owns `counters`. A gauge goes down by adding (uint64_t)-1. */
static inline void counter_add(struct counters *counters, enum counter which, uint64_t amount)
{
	uint64_t *value = &counters->values[which];
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
	/* What a relaxed load, add and store mean; compilers make three instructions of them. */
	__asm__("addq %1, %0" : "+m"(*value) : "er"(amount) : "cc");
#else
	__atomic_store_n(value, __atomic_load_n(value, __ATOMIC_RELAXED) + amount, __ATOMIC_RELAXED);
#endif
}

static inline void counter_increment(struct counters *counters, enum counter which)
{
	counter_add(counters, which, 1);
}

/* The counter of a response code, extended codes (RFC 6891) too. */
static inline enum counter counter_of_rcode(unsigned rcode)
{
	if (rcode <= 6)
		return (enum counter)(COUNTER_RESPONSES_NOERROR + rcode);
	return rcode == 9    ? COUNTER_RESPONSES_NOTAUTH
	       : rcode == 16 ? COUNTER_RESPONSES_BADVERS
	       : rcode == 23 ? COUNTER_RESPONSES_BADCOOKIE
	                     : COUNTER_RESPONSES_OTHER;
}

/* One value as any thread sees it. */
static inline uint64_t counter_get(const struct counters *counters, enum counter which)
{
	return __atomic_load_n(&counters->values[which], __ATOMIC_RELAXED);
}

/* Adds all of `counters` to `sums`, which the caller zeroed. Any thread. */
void counters_sum(uint64_t sums[COUNTERS], const struct counters *counters);

#endif
