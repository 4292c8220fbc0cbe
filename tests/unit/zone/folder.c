#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cursor.h"
#include "folder.h"

int folder_enter(void **state)
{
	char *folder = strdup("/tmp/meridian-test-zone-XXXXXX");
	if (!folder || !mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	*state = folder;
	return 0;
}

static void empty_folder(const char *path)
{
	DIR *folder = opendir(path);
	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder));) {
		char name[600];
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		if (entry->d_name[0] == '.' || unlink(name) == 0)
			continue;
		empty_folder(name);
		rmdir(name);
	}
	closedir(folder);
}

int folder_leave(void **state)
{
	empty_folder(*state);
	int result = chdir("/") < 0 || rmdir(*state) < 0 ? -1 : 0;
	free(*state);
	return result;
}

void folder_put(const char *path, const void *text, size_t size)
{
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, size, out), size);
	assert_int_equal(fclose(out), 0);
}

void folder_put_text(const char *path, const char *text)
{
	folder_put(path, text, strlen(text));
}

struct zone *zone_of(const char *file, const char *origin, struct zone *previous, struct err *err)
{
	uint8_t name[NAME_BYTES];
	const char *why;
	assert_int_not_equal(name_parse(name, origin, strlen(origin), NULL, &why), 0);
	return zone_load(file, name, ZONE_SEED, previous, err);
}

const struct node *node_of(const struct zone *zone, const char *text)
{
	uint8_t name[NAME_BYTES];
	const char *why;
	size_t length = name_parse(name, text, strlen(text), NULL, &why);
	assert_int_not_equal(length, 0);
	name_lower(name, name, length);
	return zone_find(zone, name, length, name_hash(name, zone->seed));
}

static void print_set(FILE *out, const struct node *node, const struct rrset *set)
{
	struct reader r = reader_of(set->wire, set->size);
	char name[NAME_TEXT_MAX], type[16];
	for (unsigned i = 0; i < set->count; i++) {
		fprintf(out, "%s %s", name_format(node->name, name), rrtype_format(read_u16(&r), type));
		assert_int_equal(read_u16(&r), CLASS_IN);
		uint32_t ttl = read_u32(&r);
		assert_true(set->type == TYPE_RRSIG ? ttl >= set->ttl : ttl == set->ttl);
		fprintf(out, " %u ", ttl);
		for (uint16_t left = read_u16(&r); left; left--)
			fprintf(out, "%02x", read_u8(&r));
		if (set->targets && set->targets[i])
			fprintf(out, " -> %s", name_format(set->targets[i]->name, name));
		if (set->signatures)
			fprintf(out, " signed %u", set->signatures->count);
		fprintf(out, "\n");
	}
	assert_false(r.bad);
	assert_int_equal(reader_left(&r), 0);
}

char *zone_text(const struct zone *zone)
{
	char *text = NULL, name[NAME_TEXT_MAX];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	for (uint32_t i = 0; i < zone->node_count; i++) {
		const struct node *node = &zone->nodes[i];
		assert_int_equal(node->index, i);
		assert_ptr_equal(node_of(zone, name_format(node->name, name)), node);
		if (node->set_count == 0)
			fprintf(out, "%s\n", name);
		for (unsigned s = 0; s < node->set_count; s++) {
			assert_true(s == 0 || node->sets[s].type > node->sets[s - 1].type);
			print_set(out, node, &node->sets[s]);
		}
	}
	fclose(out);
	return text;
}

char *err_text(const struct err *err, const char *file)
{
	static const char *const levels[] = {[ERR_ERROR] = "error", [ERR_WARNING] = "warning"};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	for (size_t i = 0; i < err_items(err); i++) {
		const struct err_item *item = err_item(err, i);
		if (item->file && strcmp(item->file, file) != 0)
			fprintf(out, "%s:", item->file);
		fprintf(out, "%u:%u: %s: %s\n", item->line, item->column, levels[item->level], item->message);
	}
	fclose(out);
	return text;
}
