/*
 * dns_reply.h: a probe's question as bytes, and what the bytes that come back are worth. Pure; any thread.
 */
#ifndef MERIDIAN_PROBE_DNS_REPLY_H
#define MERIDIAN_PROBE_DNS_REPLY_H

#include "probe/probe_inside.h"

#define DNS_QUESTION_MAX (12 + 255 + 4)

enum dns_judgement {
	DNS_STRAY,     /* no reply to this question: nothing was heard */
	DNS_TRUNCATED, /* the reply says that it is cut off (TC) */
	DNS_GOOD,
	DNS_BAD,
};

/* Writes the question (RFC 1035 4.1), without EDNS, which the target may not know; returns its length. */
size_t dns_question(const struct probe_question *asked, uint16_t id, uint8_t bytes[DNS_QUESTION_MAX]);

/* Judges bytes from anybody. `detail` says what was heard, in a few words, where it is good or bad; it may hold any
 * bytes but 0. A reply to a question of ours has its id, QR and the same question (case ignored); one that refuses to
 * read questions may leave it out (RFC 1035 4.1.1, FORMERR). CNAMEs in the answer are followed. */
enum dns_judgement dns_judge(
        const struct probe_question *asked, uint16_t id, const uint8_t *bytes, size_t size, char detail[PROBE_DETAIL]);

#endif
