/*
 * message.c: any DNS message, record by record.
 *
 * A pointer must lead to before the part of the name that ends in it, so that every walk
 * ends, and a name has as many pointers as it can have labels: without that bound, thousands
 * of records whose owners all enter one long chain of them would keep us for a second.
 */
#include "wire/message.h"

bool message_open(struct message *message, const uint8_t *bytes, size_t size)
{
	struct reader r = reader_of(bytes, size);
	*message = (struct message){.bytes = bytes, .size = size};
	message->id = read_u16(&r);
	message->flags = read_u16(&r);
	for (unsigned i = 0; i < 4; i++)
		message->counts[i] = read_u16(&r);
	message->at = DNS_HEADER;
	message->bad = r.bad;
	return !r.bad;
}

/* A reader that stands at `offset`, or is bad. */
static struct reader reader_at(const struct message *message, size_t offset)
{
	struct reader r = reader_of(message->bytes, message->size);
	read_bytes(&r, offset);
	return r;
}

size_t message_name(const struct message *message, size_t offset, uint8_t name[NAME_BYTES])
{
	struct writer w = writer_of(name, NAME_BYTES);
	struct reader r = reader_at(message, offset);
	size_t behind = 0, start = offset;
	unsigned pointers = 0;
	for (;;) {
		uint8_t label = read_u8(&r);
		if (r.bad || w.full)
			return 0;
		if (label >= 0xc0) {
			size_t target = (size_t)(label & 0x3f) << 8 | read_u8(&r);
			if (r.bad || target >= start || target < DNS_HEADER || ++pointers > NAME_LABELS)
				return 0;
			behind = behind ? behind : reader_offset(&r);
			start = target;
			r = reader_at(message, target);
			continue;
		}
		const uint8_t *letters = label <= 63 ? read_bytes(&r, label) : NULL;
		if (!letters)
			return 0;
		write_u8(&w, label);
		write_bytes(&w, letters, label);
		if (label == 0)
			return w.full ? 0 : behind ? behind : reader_offset(&r);
	}
}

bool message_next(struct message *message, struct message_record *record)
{
	while (message->section < 4 && message->taken == message->counts[message->section]) {
		message->section++;
		message->taken = 0;
	}
	if (message->bad || message->section == 4)
		return false;

	message->bad = true;
	*record = (struct message_record){.section = message->section, .offset = message->at};
	size_t behind = message_name(message, message->at, record->owner);
	if (behind == 0)
		return false;
	struct reader r = reader_at(message, behind);
	record->type = read_u16(&r);
	record->class = read_u16(&r);
	if (message->section > 0) {
		record->ttl = read_u32(&r);
		record->size = read_u16(&r);
		record->rdata = reader_offset(&r);
		read_bytes(&r, record->size);
	}
	message->bad = r.bad;
	message->at = reader_offset(&r);
	message->taken++;
	return !r.bad;
}

unsigned message_rcode(const struct message *message)
{
	struct message walk;
	struct message_record record;
	unsigned rcode = message->flags & 15;
	message_open(&walk, message->bytes, message->size);
	while (message_next(&walk, &record))
		if (record.section == SECTION_ADDITIONAL && record.type == TYPE_OPT)
			return rcode | record.ttl >> 24 << 4;
	return rcode;
}

/* What is wrong with a record that could be read, or NULL. */
static const char *record_fault(const struct message *message, const struct message_record *record, unsigned *opts)
{
	if (record->section == 0)
		return NULL;
	if (record->type == TYPE_OPT) {
		if (record->section != SECTION_ADDITIONAL)
			return "an OPT outside the additional section";
		if (record->owner[0] != 0)
			return "an OPT under a name other than the root";
		if (++*opts > 1)
			return "a second OPT";
	}
	return message_rdata_good(message, record) ? NULL : "RDATA that is not in its type's form";
}

bool message_check(const uint8_t *bytes, size_t size, const char **why)
{
	struct message message;
	struct message_record record;
	unsigned opts = 0;
	*why = "less than a header";
	if (!message_open(&message, bytes, size))
		return false;
	while (message_next(&message, &record)) {
		*why = record_fault(&message, &record, &opts);
		if (*why)
			return false;
	}
	*why = message.bad          ? "a broken record, or fewer than the counts promise"
	       : message.at != size ? "bytes behind the last record"
	                            : NULL;
	return *why == NULL;
}
