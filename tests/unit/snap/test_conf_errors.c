/*
 * test_conf_errors.c: what the configuration reader says of what is wrong, byte for byte.
 *
 * The cases stand in tests/data/conf: NAME.cases with files in memory, and folders that are read from the disk, each
 * with the expected text beside it in `errors`.
 */
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

#include "base/file.h"
#include "memory.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { TEXT_MAX = 1 << 20 };

static char *read_text_file(const char *path)
{
	size_t size;
	struct err *err = err_new();
	char *text = file_read(path, TEXT_MAX, &size, err, NULL);
	if (!text)
		fail_msg("%s", err_item(err, 0)->message);
	err_free(err);
	return text;
}

/* What err_print writes; the caller frees. */
static char *printed(const struct err *err)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	err_print(err, out, false);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void expect(const char *name, const struct conf *conf, const struct err *err, const char *expected)
{
	char *got = printed(err);
	if (strcmp(got, expected) != 0) { /* fail_msg cuts what is long */
		fprintf(stderr, "%s:\n--- expected\n%s--- got\n%s", name, expected, got);
		fail();
	}
	if ((conf != NULL) != (err_count(err, ERR_ERROR) == 0))
		fail_msg("%s: a conf is returned if and only if there is no error", name);
	free(got);
}

static void run_case(struct memory_case *test)
{
	struct err *err = err_new();
	struct conf_source source = memory_source(&test->files);
	struct conf *conf = conf_read_from(&source, "meridian.yaml", NULL, err);
	expect(test->name, conf, err, test->errors);
	conf_free(conf);
	err_free(err);
}

static void test_cases(void **state)
{
	(void)state;
	static const char *const files[] = {"server", "geo", "map", "service"};
	for (size_t i = 0; i < COUNT(files); i++) {
		char path[64];
		snprintf(path, sizeof path, "%s.cases", files[i]);
		char *text = read_text_file(path), *at = text;
		struct arena *arena = arena_new();
		struct memory base = {.count = 0};
		struct memory_case test;
		unsigned count = 0;
		for (; memory_case_next(&at, arena, &base, &test); count++)
			if (strcmp(test.name, "base") == 0)
				base = test.files;
			else
				run_case(&test);
		assert_true(count > 10);
		arena_free(arena);
		free(text);
	}
}

static void run_folder(const char *folder)
{
	char back[4096];
	assert_non_null(getcwd(back, sizeof back));
	assert_int_equal(chdir(folder), 0);
	struct err *err = err_new();
	struct conf *conf = conf_read("meridian.yaml", err);
	char *expected = read_text_file("errors");
	expect(folder, conf, err, expected);
	free(expected);
	conf_free(conf);
	err_free(err);
	assert_int_equal(chdir(back), 0);
}

static void test_folders(void **state)
{
	(void)state;
	unsigned count = 0;
	DIR *all = opendir(".");
	assert_non_null(all);
	for (struct dirent *entry; (entry = readdir(all));)
		if (entry->d_name[0] != '.' && !strchr(entry->d_name, '.')) {
			run_folder(entry->d_name);
			count++;
		}
	closedir(all);
	assert_true(count >= 9);
}

/* In the order in which people need them: errors of several files in one run, and never more than err keeps. */
static void test_many_errors(void **state)
{
	(void)state;
	static char text[100000];
	size_t used = 0;
	for (int i = 0; i < 3000; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "key%d: x\n", i);
	struct memory memory = {.count = 0};
	memory_set(&memory, "meridian.yaml", text, used);
	memory_set(&memory, "zones/a.zone", "", 0);
	struct conf_source source = memory_source(&memory);
	struct err *err = err_new();
	assert_null(conf_read_from(&source, "meridian.yaml", NULL, err));
	assert_int_equal(err_count(err, ERR_ERROR), 3000);
	assert_int_equal(err_items(err), ERR_MAX);
	err_free(err);
}

static int go_to_data(void **state)
{
	(void)state;
	char path[4096];
	const char *source = getenv("srcdir");
	snprintf(path, sizeof path, "%s/tests/data/conf", source ? source : ".");
	return chdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_cases),
	        cmocka_unit_test(test_folders),
	        cmocka_unit_test(test_many_errors),
	};
	return cmocka_run_group_tests(tests, go_to_data, NULL);
}
