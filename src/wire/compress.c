/*
 * compress.c: names in a reply, as pointers to names before them.
 *
 * The question's labels become places only when the first name is to be compressed:
 * most replies have none. A hash only says where to look; a pointer is written after every byte
 * was compared. A pointer always leads to bytes before it, so no loop can arise.
 */
#include "wire/compress.h"

#include "wire/word.h"

/* Adds the first `count` labels of a name that stands at `start`. */
static void remember(struct reply *reply, const struct name_labels *labels, unsigned count, size_t start)
{
	for (unsigned i = 0; i < count; i++) {
		size_t offset = start + labels->at[i];
		if (offset >= REPLY_REACH || reply->places == REPLY_NAMES)
			return;
		uint8_t *bucket = &reply->bucket[labels->hash[i] % REPLY_BUCKETS];
		reply->place[reply->places] = (struct reply_name){
		        .offset = (uint16_t)offset, .hash = (uint16_t)labels->hash[i], .next = *bucket};
		*bucket = (uint8_t)++reply->places;
	}
}

void compress_forget(struct reply *reply, unsigned places)
{
	while (reply->places > places) {
		const struct reply_name *last = &reply->place[--reply->places];
		reply->bucket[last->hash % REPLY_BUCKETS] = last->next;
	}
}

static void split(struct name_labels *labels, uint8_t lower[NAME_BYTES], const uint8_t *name)
{
	name_lower(lower, name, name_length(name));
	name_split(labels, lower, 0);
}

static void remember_question(struct reply *reply)
{
	memset(reply->bucket, 0, sizeof reply->bucket);
	if (reply->counts[0] == 0)
		return;
	struct name_labels labels;
	uint8_t lower[NAME_BYTES];
	split(&labels, lower, reply->w.start + DNS_HEADER);
	remember(reply, &labels, labels.count, DNS_HEADER);
}

/* Does `name` (in lower case, unless case counts) stand at `offset`? What stands there was written by us: it is a name,
 * and its pointers lead back. */
static bool stands_at(const struct reply *reply, size_t offset, const uint8_t *name)
{
	const uint8_t *message = reply->w.start, *label = message + offset;
	for (;; label += *label + 1u, name += *name + 1u) {
		while (*label >= 0xc0)
			label = message + ((label[0] & 0x3f) << 8 | label[1]);
		if (*label != *name)
			return false;
		if (reply->exact ? memcmp(label + 1, name + 1, *label) != 0 : !word_same(label + 1, name + 1, *label))
			return false;
		if (*name == 0)
			return true;
	}
}

static uint16_t find(const struct reply *reply, uint64_t hash, const uint8_t *name)
{
	for (unsigned i = reply->bucket[hash % REPLY_BUCKETS]; i > 0; i = reply->place[i - 1].next) {
		const struct reply_name *place = &reply->place[i - 1];
		if (place->hash == (uint16_t)hash && stands_at(reply, place->offset, name))
			return place->offset;
	}
	return 0;
}

uint16_t compress_name(struct reply *reply, const uint8_t *name)
{
	struct name_labels labels;
	uint8_t lower[NAME_BYTES];
	split(&labels, lower, name);
	if (reply->places == 0)
		remember_question(reply);

	uint16_t found = 0;
	unsigned own = 0;
	for (; own < labels.count; own++) {
		found = find(reply, labels.hash[own], (reply->exact ? name : lower) + labels.at[own]);
		if (found)
			break;
	}
	size_t start = writer_offset(&reply->w);
	write_bytes(&reply->w, name, labels.at[own]);
	if (found)
		write_u16(&reply->w, 0xc000 | found);
	else
		write_u8(&reply->w, 0);
	if (reply->w.full)
		return 0;
	remember(reply, &labels, own, start);
	if (own == 0)
		return found;
	return start < REPLY_REACH ? (uint16_t)start : 0;
}
