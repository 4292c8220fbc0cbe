/*
 * name.c: names in wire form.
 *
 * A length byte is at most 63 and so never a capital letter ('A' is 65): a whole name
 * can be put into lower case, compared and hashed without looking at where its labels
 * begin. Names handed in are valid; only name_parse meets text that may not be.
 */
#include "wire/name.h"

#include "base/hash.h"
#include "wire/word.h"

typedef uint8_t lanes __attribute__((vector_size(16)));

size_t name_length(const uint8_t *name)
{
	size_t at = 0;
	while (name[at])
		at += name[at] + 1u;
	return at + 1;
}

unsigned name_label_count(const uint8_t *name)
{
	unsigned count = 0;
	for (size_t at = 0; name[at]; at += name[at] + 1u)
		count++;
	return count;
}

static inline void lower_16(uint8_t *to, const uint8_t *from)
{
	lanes bytes;
	memcpy(&bytes, from, sizeof bytes);
	bytes |= (lanes)((bytes >= 'A') & (bytes <= 'Z')) & 0x20;
	memcpy(to, &bytes, sizeof bytes);
}

static inline void lower_8(uint8_t *to, const uint8_t *from)
{
	uint64_t word = word_lower(word_load(from));
	memcpy(to, &word, sizeof word);
}

/* Under 8 bytes: two halves that may overlap. */
static inline void lower_few(uint8_t *to, const uint8_t *from, size_t length)
{
	if (length < 4) {
		for (size_t i = 0; i < length; i++)
			to[i] = (uint8_t)(from[i] | (from[i] >= 'A' && from[i] <= 'Z' ? 0x20 : 0));
		return;
	}
	uint32_t head, tail;
	memcpy(&head, from, sizeof head);
	memcpy(&tail, from + length - 4, sizeof tail);
	head = (uint32_t)word_lower(head);
	tail = (uint32_t)word_lower(tail);
	memcpy(to, &head, sizeof head);
	memcpy(to + length - 4, &tail, sizeof tail);
}

/* The last step overlaps the one before; doing a byte twice changes nothing, in place too. */
void name_lower(uint8_t *to, const uint8_t *from, size_t length)
{
	if (length >= 16) {
		for (size_t at = 0; at + 16 < length; at += 16)
			lower_16(to + at, from + at);
		lower_16(to + length - 16, from + length - 16);
	} else if (length >= 8) {
		lower_8(to, from);
		lower_8(to + length - 8, from + length - 8);
	} else {
		lower_few(to, from, length);
	}
}

bool name_equal(const uint8_t *a, const uint8_t *b)
{
	for (;; a += *a + 1u, b += *b + 1u) {
		if (*a != *b || !word_same(a + 1, b + 1, *a))
			return false;
		if (*a == 0)
			return true;
	}
}

bool name_is_within(const uint8_t *name, const uint8_t *ancestor)
{
	unsigned above = name_label_count(name), keep = name_label_count(ancestor);
	if (above < keep)
		return false;
	for (; above > keep; above--)
		name += *name + 1u;
	return name_equal(name, ancestor);
}

/* By bytes, then the shorter first: RFC 4034 6.1 sorts a label as a string of octets. */
static int label_compare(const uint8_t *a, const uint8_t *b)
{
	size_t common = *a < *b ? *a : *b;
	for (size_t i = 1; i <= common; i++) {
		int difference = (int)word_lower(a[i]) - (int)word_lower(b[i]);
		if (difference)
			return difference;
	}
	return (int)*a - (int)*b;
}

static unsigned label_offsets(uint8_t at[NAME_LABELS + 1], const uint8_t *name)
{
	unsigned count = 0;
	size_t offset = 0;
	for (; name[offset]; offset += name[offset] + 1u)
		at[count++] = (uint8_t)offset;
	at[count] = (uint8_t)offset;
	return count;
}

int name_compare(const uint8_t *a, const uint8_t *b)
{
	uint8_t at_a[NAME_LABELS + 1], at_b[NAME_LABELS + 1];
	unsigned left_a = label_offsets(at_a, a), left_b = label_offsets(at_b, b);

	while (left_a && left_b) {
		int order = label_compare(a + at_a[--left_a], b + at_b[--left_b]);
		if (order)
			return order;
	}
	return (int)left_a - (int)left_b;
}

/* The length byte is hashed too; with it, the overlapping last word leaves nothing open. */
static inline uint64_t hash_label(uint64_t hash, const uint8_t *label)
{
	size_t size = *label + 1u;
	if (size < 8)
		return hash_mix(hash, word_load_part(label, size));
	for (size_t at = 0; at + 8 < size; at += 8)
		hash = hash_mix(hash, word_load(label + at));
	return hash_mix(hash, word_load(label + size - 8));
}

void name_hash_labels(struct name_labels *labels, const uint8_t *lower, uint64_t seed)
{
	unsigned count = labels->count;
	uint64_t hash = hash_mix(seed, 0);
	labels->hash[count] = hash;
	while (count-- > 0) {
		hash = hash_label(hash, lower + labels->at[count]);
		labels->hash[count] = hash;
	}
}

void name_split(struct name_labels *labels, const uint8_t *lower, uint64_t seed)
{
	labels->count = (uint8_t)label_offsets(labels->at, lower);
	name_hash_labels(labels, lower, seed);
}

uint64_t name_hash(const uint8_t *lower, uint64_t seed)
{
	uint8_t at[NAME_LABELS + 1];
	uint64_t hash = hash_mix(seed, 0);
	for (unsigned left = label_offsets(at, lower); left-- > 0;)
		hash = hash_label(hash, lower + at[left]);
	return hash;
}
