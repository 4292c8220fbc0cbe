/*
 * dns_reply.c: what a name server's reply is worth.
 *
 * Called by probe_dns.c with whatever came to its socket. All reading is wire's
 * (message.h); only the answer section is looked at, so that what stands behind
 * it may be of any kind.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "base/cursor.h"
#include "probe/dns_reply.h"
#include "wire/message.h"

#define CHAIN_MAX 8    /* CNAMEs that are followed */
#define SHOWN_MAX 1024 /* of a record's text */

size_t dns_question(const struct probe_question *asked, uint16_t id, uint8_t bytes[DNS_QUESTION_MAX])
{
	struct writer w = writer_of(bytes, DNS_QUESTION_MAX);
	write_u16(&w, id);
	write_u16(&w, asked->recurse ? FLAG_RD : 0);
	write_u16(&w, 1);
	write_u16(&w, 0);
	write_u32(&w, 0);
	write_bytes(&w, asked->name, name_length(asked->name));
	write_u16(&w, asked->type);
	write_u16(&w, CLASS_IN);
	MUST(!w.full);
	return writer_offset(&w);
}

/* ---- is it ours ---- */

static bool same_question(struct message *message, const struct probe_question *asked)
{
	struct message_record question;
	if (message->counts[0] == 0)
		return (message->flags & 0xf) != 0; /* it did not get so far */
	return message->counts[0] == 1 && message_next(message, &question) && question.type == asked->type &&
	       question.class == CLASS_IN && name_equal(question.owner, asked->name);
}

/* ---- is it what was wanted ---- */

/* The strings of a TXT record behind each other: how long a text is split is nobody's business. */
static void text_of_strings(const struct message *message, const struct message_record *record, char text[SHOWN_MAX])
{
	struct reader r = reader_of(message->bytes + record->rdata, record->size);
	size_t length = 0;
	while (reader_left(&r) && !r.bad) {
		uint8_t size = read_u8(&r);
		const uint8_t *bytes = read_bytes(&r, size);
		for (size_t i = 0; bytes && i < size && length < SHOWN_MAX - 1; i++)
			text[length++] = bytes[i] ? (char)bytes[i] : '?';
	}
	text[length] = 0;
}

static bool is_expected(const struct probe_question *asked, const char *text)
{
	if (!asked->expect)
		return true;
	for (const char *const *expected = asked->expect; *expected; expected++)
		if (asked->type == TYPE_TXT ? !strcmp(*expected, text) : !strcasecmp(*expected, text))
			return true;
	return false;
}

/* What the answer has for one name. */
struct found {
	unsigned count;             /* records of the type that was asked for */
	char text[SHOWN_MAX];       /* the first of them; or the first that nobody expected */
	bool strange;               /* there is such a one */
	bool leads;                 /* a CNAME stands there */
	uint8_t target[NAME_BYTES]; /* to where */
};

/* False: it is broken. */
static bool take_record(struct found *found, const struct probe_question *asked, const struct message *message,
        const struct message_record *record)
{
	char text[SHOWN_MAX];
	if (record->type != asked->type) {
		/* the first counts; one that is broken leaves anything in `target` */
		if (record->type == TYPE_CNAME && !found->leads) {
			found->leads = message_rdata_good(message, record) &&
			               message_name(message, record->rdata, found->target) > 0;
			return found->leads;
		}
		return true;
	}
	if (!message_rdata_good(message, record))
		return false;
	if (asked->type == TYPE_TXT)
		text_of_strings(message, record, text);
	else
		message_format_rdata(message, record, text, sizeof text);
	bool expected = is_expected(asked, text);
	if (found->count == 0 || (!expected && !found->strange))
		strcpy(found->text, text);
	found->count++;
	found->strange |= !expected;
	return true;
}

/* False: the answer cannot be read. */
static bool find(
        struct found *found, const struct probe_question *asked, const struct message *answer, const uint8_t *owner)
{
	struct message message = *answer;
	struct message_record record;
	*found = (struct found){0};
	for (unsigned i = 0; i < message.counts[SECTION_ANSWER]; i++) {
		if (!message_next(&message, &record))
			return false;
		if (record.class == CLASS_IN && name_equal(record.owner, owner) &&
		        !take_record(found, asked, &message, &record))
			return false;
	}
	return true;
}

/* The records at the end of the chain. */
static enum dns_judgement judge_answer(
        const struct probe_question *asked, const struct message *message, char detail[PROBE_DETAIL])
{
	struct found found;
	uint8_t owner[NAME_BYTES];
	char type[16];
	memcpy(owner, asked->name, name_length(asked->name));
	for (unsigned hops = 0;; hops++) {
		if (!find(&found, asked, message, owner)) {
			snprintf(detail, PROBE_DETAIL, "reply: broken");
			return DNS_BAD;
		}
		if (found.count || !found.leads || hops == CHAIN_MAX)
			break;
		memcpy(owner, found.target, name_length(found.target));
	}
	if (!found.count) {
		snprintf(detail, PROBE_DETAIL, "no %s record in the answer", rrtype_format(asked->type, type));
		return DNS_BAD;
	}
	int length = snprintf(
	        detail, PROBE_DETAIL, "answer %.200s%s", found.text, found.strange ? ", which is not expected" : "");
	if (found.count > 1 && !found.strange)
		snprintf(detail + length, PROBE_DETAIL - (size_t)length, ", and %u more", found.count - 1);
	return found.strange ? DNS_BAD : DNS_GOOD;
}

enum dns_judgement dns_judge(
        const struct probe_question *asked, uint16_t id, const uint8_t *bytes, size_t size, char detail[PROBE_DETAIL])
{
	struct message message;
	char got[16], wanted[16];
	if (!message_open(&message, bytes, size) || message.id != id || !(message.flags & FLAG_QR) ||
	        (message.flags & FLAG_OPCODE) || !same_question(&message, asked))
		return DNS_STRAY;
	if (message.flags & FLAG_TC)
		return DNS_TRUNCATED;
	unsigned rcode = message.flags & 0xf;
	if (rcode != (unsigned)asked->rcode) {
		snprintf(detail, PROBE_DETAIL, "rcode %s, wanted %s", rcode_format(rcode, got),
		        rcode_format((unsigned)asked->rcode, wanted));
		return DNS_BAD;
	}
	if (asked->authoritative && !(message.flags & FLAG_AA)) {
		snprintf(detail, PROBE_DETAIL, "the answer is not authoritative");
		return DNS_BAD;
	}
	if (rcode == 0)
		return judge_answer(asked, &message, detail);
	snprintf(detail, PROBE_DETAIL, "rcode %s", rcode_format(rcode, got));
	return DNS_GOOD;
}
