/*
 * ctl_outcome.c: what an explanation comes to.
 *
 * Called by ctl_test.c and ctl_record.c.
 */
#include "tools/ctl_outcome.h"

#include <stdlib.h>
#include <string.h>

#include "wire/message.h"

void outcome_of(const struct explanation *explanation, struct outcome *outcome)
{
	const struct trace *trace = &explanation->trace;
	struct message message;
	struct message_record record;
	*outcome = (struct outcome){.ttl = -1, .scope = trace->steered ? trace->scope : 0};
	if (trace->steered && trace->verdict == PICK_POOL)
		outcome->datacenter = explanation->service->pools[trace->pool].name;
	if (!message_open(&message, explanation->reply, explanation->size))
		return;
	outcome->rcode = (int)message_rcode(&message);
	while (message_next(&message, &record)) {
		char text[4096];
		if (record.section != SECTION_ANSWER)
			continue;
		if (outcome->ttl < 0 || record.ttl < (uint32_t)outcome->ttl)
			outcome->ttl = (long)record.ttl;
		message_format_rdata(&message, &record, text, sizeof text);
		if (outcome->count == STEER_ANSWER_MAX)
			outcome->more = true;
		else
			outcome->data[outcome->count++] = strdup(text);
	}
}

void outcome_free(struct outcome *outcome)
{
	for (unsigned i = 0; i < outcome->count; i++)
		free(outcome->data[i]);
}
