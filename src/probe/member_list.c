/*
 * member_list.c: a reply of a service registry → `ADDRESS WEIGHT` lines.
 *
 * Called by main's fetch.c on a worker. An entry is the text of an address, or
 * an object that has one somewhere; whatever else it has is the registry's own.
 */
#include "probe/member_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/assert.h"
#include "base/text.h"
#include "pool/service.h"
#include "probe/json_read.h"

#define ENTRIES_MAX (4 * FAMILIES * MEMBERS_MAX) /* an address may stand there several times, once a port say */

struct entry {
	struct addr addr;
	json_int_t weight;
};

/* "no whole number" at an entry; returns false. */
static bool wrong(char why[MEMBER_LIST_WHY], size_t place, const char *what)
{
	snprintf(why, MEMBER_LIST_WHY, "entry %zu %s", place + 1, what);
	return false;
}

static bool take_address(struct entry *entry, const json_t *value, size_t place, char why[MEMBER_LIST_WHY])
{
	const char *text = json_string_value(value);
	if (!text)
		return wrong(why, place, "has no address");
	if (addr_parse(&entry->addr, text))
		return true;
	char shown[ADDR_TEXT_MAX], what[2 * ADDR_TEXT_MAX];
	text_visible(shown, sizeof shown, text, strlen(text));
	snprintf(what, sizeof what, "has '%s', which is neither an IPv4 nor an IPv6 address", shown);
	return wrong(why, place, what);
}

static bool take_entry(struct entry *entry, const json_t *value, const struct member_list_form *form, size_t place,
        char why[MEMBER_LIST_WHY])
{
	*entry = (struct entry){.weight = 1};
	if (!json_is_object(value))
		return take_address(entry, value, place, why);
	const json_t *weight = json_at(value, form->weight ? form->weight : "weight");
	if (weight)
		entry->weight = json_is_integer(weight) ? json_integer_value(weight) : -1;
	if (entry->weight < 0 || entry->weight > WEIGHT_MAX)
		return wrong(why, place, "has a weight that is no whole number from 0 to 1000");
	return take_address(entry, json_at(value, form->address ? form->address : "address"), place, why);
}

/* By family and address; of one address the largest weight first. */
static int compare_entries(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;
	int order = (int)left->addr.family - (int)right->addr.family;
	if (!order)
		order = memcmp(left->addr.bytes, right->addr.bytes, sizeof left->addr.bytes);
	return order ? order : (left->weight < right->weight) - (left->weight > right->weight);
}

/* Leaves each address once. */
static uint32_t unify(struct entry *entries, uint32_t count)
{
	uint32_t kept = 0;
	qsort(entries, count, sizeof *entries, compare_entries);
	for (uint32_t i = 0; i < count; i++)
		if (!kept || !addr_equal(&entries[kept - 1].addr, &entries[i].addr))
			entries[kept++] = entries[i];
	return kept;
}

static bool fits(
        const struct entry *entries, uint32_t count, const struct member_list_form *form, char why[MEMBER_LIST_WHY])
{
	uint32_t of_family[FAMILIES] = {0};
	for (uint32_t i = 0; i < count; i++)
		of_family[entries[i].addr.family == ADDR_V6 ? FAMILY_V6 : FAMILY_V4]++;
	bool loses_v4 = form->keeps_v4 && !of_family[FAMILY_V4], loses_v6 = form->keeps_v6 && !of_family[FAMILY_V6];
	if (loses_v4 || loses_v6) {
		/* whose questions would be answered by nothing */
		snprintf(why, MEMBER_LIST_WHY,
		        "there is no IPv%d member in the list any more; a pool is never emptied of a family by one",
		        loses_v4 ? 4 : 6);
		return false;
	}
	if (of_family[FAMILY_V4] <= MEMBERS_MAX && of_family[FAMILY_V6] <= MEMBERS_MAX)
		return true;
	snprintf(why, MEMBER_LIST_WHY, "a pool has at most %d members of a family", MEMBERS_MAX);
	return false;
}

static char *lines_of(const struct entry *entries, uint32_t count)
{
	char *text = NULL, address[ADDR_TEXT_MAX];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	MUST(out);
	for (uint32_t i = 0; i < count; i++)
		fprintf(out, "%s %d\n", addr_format(&entries[i].addr, address), (int)entries[i].weight);
	MUST(fclose(out) == 0 && text);
	return text;
}

static char *text_of(
        const json_t *list, const struct member_list_form *form, uint32_t *count, char why[MEMBER_LIST_WHY])
{
	size_t size = json_array_size(list);
	if (!size || size > ENTRIES_MAX) {
		snprintf(why, MEMBER_LIST_WHY,
		        size ? "the list has %zu entries, more than can be a pool"
		             : "there is no member in the list; a pool is never emptied by one",
		        size);
		return NULL;
	}
	struct entry *entries = calloc(size, sizeof *entries);
	MUST(entries);
	bool good = true;
	for (size_t i = 0; good && i < size; i++)
		good = take_entry(&entries[i], json_array_get(list, i), form, i, why);
	*count = good ? unify(entries, (uint32_t)size) : 0;
	char *text = good && fits(entries, *count, form, why) ? lines_of(entries, *count) : NULL;
	free(entries);
	return text;
}

char *member_list_text(
        const char *body, size_t size, const struct member_list_form *form, uint32_t *count, char why[MEMBER_LIST_WHY])
{
	json_t *root = json_read(body, size);
	const json_t *list = root && form->list ? json_at(root, form->list) : root;
	char *text = NULL;
	*why = 0;
	if (!root)
		snprintf(why, MEMBER_LIST_WHY, "the reply is no JSON");
	else if (json_is_array(list))
		text = text_of(list, form, count, why);
	else if (form->list)
		snprintf(why, MEMBER_LIST_WHY, "there is no list at '%s' in the reply", form->list);
	else
		snprintf(why, MEMBER_LIST_WHY, "the reply is no list; 'read' says where in it one is");
	json_decref(root);
	return text;
}
