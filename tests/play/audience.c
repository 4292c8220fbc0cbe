/*
 * audience.c: the verbs that ask as clients do, and say what is expected of the reply.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer/answer.h"
#include "answer/explain.h"
#include "play.h"
#include "wire/message.h"

#define DATA_MAX 64

bool act_ask(struct play *play, char **words, unsigned count)
{
	struct explain_question question;
	const char *from = "192.0.2.1", *subnet = NULL;
	for (unsigned i = 2; i + 1 < count; i += 2) {
		if (!strcmp(words[i], "from"))
			from = words[i + 1];
		else if (!strcmp(words[i], "ecs"))
			subnet = words[i + 1];
		else
			return broken(play, "ask: '%s' is not understood", words[i]);
	}
	const char *why = explain_parse(&question, words[0], words[1], from, subnet);
	if (why)
		return broken(play, "ask: %s", why);
	uint8_t query[EXPLAIN_QUERY_MAX];
	size_t size = explain_query(&question, query, sizeof query);
	struct counters counters = {0};
	struct answer_context context = {.live = live_enter(play->source), .counters = &counters, .random = 1};
	struct client client = {.addr = question.from, .stream = true};
	play->reply_size = answer_packet(&context, &client, query, size, play->reply, sizeof play->reply);
	live_leave();
	if (!message_check(play->reply, play->reply_size, &why))
		return broken(play, "the reply is unsound: %s", why);
	return true;
}

static bool open_reply(struct play *play, struct message *message)
{
	return message_open(message, play->reply, play->reply_size) || broken(play, "nothing was asked");
}

/* The RDATA of the answer section as text; returns how many. */
static unsigned answer_data(struct play *play, const char **data)
{
	struct message message;
	struct message_record record;
	unsigned count = 0;
	message_open(&message, play->reply, play->reply_size);
	while (message_next(&message, &record) && count < DATA_MAX) {
		if (record.section != SECTION_ANSWER)
			continue;
		char text[1024];
		message_format_rdata(&message, &record, text, sizeof text);
		data[count++] = arena_string(play->arena, text);
	}
	return count;
}

/* All records' data, words in order, separated by spaces; compared as sorted words where every datum is one word. */
bool act_answer(struct play *play, char **words, unsigned count)
{
	const char *data[DATA_MAX];
	unsigned given = play->reply_size ? answer_data(play, data) : 0;
	char *all = arena_string(play->arena, "");
	for (unsigned i = 0; i < given; i++)
		all = arena_printf(play->arena, "%s%s%s", all, i ? " " : "", data[i]);
	if (!strcmp(words[0], "none"))
		return !given || broken(play, "the answer is: %s", all);
	if (!strcmp(all, play->rest))
		return true;
	bool same = given == count;
	for (unsigned i = 0; same && i < count; i++) {
		bool found = false;
		for (unsigned j = 0; j < given; j++)
			if (data[j] && !strcmp(data[j], words[i])) {
				data[j] = NULL;
				found = true;
				break;
			}
		same = found;
	}
	return same || broken(play, "the answer is: %s", *all ? all : "none");
}

bool act_rcode(struct play *play, char **words, unsigned count)
{
	struct message message;
	char text[16];
	(void)count;
	if (!open_reply(play, &message))
		return false;
	const char *is = rcode_format(message_rcode(&message), text);
	return !strcmp(is, words[0]) || broken(play, "the rcode is %s", is);
}

bool act_scope(struct play *play, char **words, unsigned count)
{
	struct message message;
	struct message_record record;
	(void)count;
	if (!open_reply(play, &message))
		return false;
	while (message_next(&message, &record)) {
		if (record.type != TYPE_OPT)
			continue;
		struct reader r = reader_of(play->reply + record.rdata, record.size);
		while (reader_left(&r)) {
			uint16_t code = read_u16(&r), size = read_u16(&r);
			const uint8_t *option = read_bytes(&r, size);
			if (code == 8 && option && size >= 4)
				return option[3] == strtoul(words[0], NULL, 10) ||
				       broken(play, "the scope is %u", option[3]);
		}
	}
	return broken(play, "the reply has no client subnet");
}

bool act_ttl(struct play *play, char **words, unsigned count)
{
	struct message message;
	struct message_record record;
	(void)count;
	if (!open_reply(play, &message))
		return false;
	while (message_next(&message, &record))
		if (record.section == SECTION_ANSWER || record.type == TYPE_SOA)
			return record.ttl == strtoul(words[0], NULL, 10) || broken(play, "the TTL is %u", record.ttl);
	return broken(play, "neither an answer nor a SOA");
}

bool act_authority(struct play *play, char **words, unsigned count)
{
	struct message message;
	struct message_record record;
	char text[16];
	(void)count;
	if (!open_reply(play, &message))
		return false;
	while (message_next(&message, &record))
		if (record.section == SECTION_AUTHORITY && !strcmp(rrtype_format(record.type, text), words[0]))
			return true;
	return broken(play, "no %s in the authority section", words[0]);
}

bool act_not(struct play *play, char **words, unsigned count)
{
	struct message message;
	(void)count;
	if (strcmp(words[0], "authoritative") != 0)
		return broken(play, "not authoritative");
	return open_reply(play, &message) && (!(message.flags & FLAG_AA) || broken(play, "the reply is authoritative"));
}
