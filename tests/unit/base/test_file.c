/*
 * test_file.c: files that are not what they should be, replacing, listing. In a folder of its own, removed at the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void put(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static int enter_folder(void **state)
{
	char *folder = strdup("/tmp/meridian-test-file-XXXXXX");
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	*state = folder;
	return 0;
}

static int leave_folder(void **state)
{
	static const char *const files[] = {"good", "empty", "ten", "fifo", "link", "loop", "state", "gone/b.zone",
	        "zones/b.zone", "zones/a.zone", "zones/c.zone", "zones/.hidden.zone", "zones/notes.txt", "zones/.zone"};
	static const char *const folders[] = {"zones/d.zone", "zones", "empty-folder", "state-folder", "folder"};
	for (size_t i = 0; i < COUNT(files); i++)
		unlink(files[i]);
	for (size_t i = 0; i < COUNT(folders); i++)
		rmdir(folders[i]);
	int result = chdir("/") < 0 || rmdir(*state) < 0 ? -1 : 0;
	free(*state);
	return result;
}

static void test_read(void **state)
{
	(void)state;
	put("good", "hello\n");
	put("empty", "");
	put("ten", "0123456789");
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0); /* without a writer: a careless open never returns */
	assert_int_equal(symlink("good", "link"), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	static const struct {
		const char *path;
		size_t max;
		const char *expected, *message; /* one of them */
	} rows[] = {{"good", 100, "hello\n", NULL}, {"link", 100, "hello\n", NULL}, {"empty", 100, "", NULL},
	        {"empty", 0, "", NULL}, {"ten", 10, "0123456789", NULL},
	        {"ten", 9, NULL, "cannot read ten: it is too large"},
	        {"missing", 9, NULL, "cannot open missing: No such file or directory"},
	        {"folder", 9, NULL, "cannot read folder: it is a directory"},
	        {"fifo", 9, NULL, "cannot read fifo: it is not a regular file"},
	        {"/dev/null", 9, NULL, "cannot read /dev/null: it is not a regular file"},
	        {"good/x", 9, NULL, "cannot open good/x: Not a directory"},
	        {"loop", 9, NULL, "cannot open loop: Too many levels of symbolic links"}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err *err = err_new();
		struct err_at at = {.file = "meridian.yaml", .line = 4};
		size_t size = 999;
		char *bytes = file_read(rows[i].path, rows[i].max, &size, err, &at);
		assert_int_equal(bytes != NULL, rows[i].expected != NULL);
		if (bytes) {
			assert_string_equal(bytes, rows[i].expected);
			assert_int_equal(size, strlen(rows[i].expected));
			assert_int_equal(err_items(err), 0);
		} else {
			assert_string_equal(err_item(err, 0)->message, rows[i].message);
			assert_int_equal(err_item(err, 0)->line, 4);
		}
		free(bytes);
		err_free(err);
	}
}

static void expect_content(const char *path, const char *expected)
{
	struct err *err = err_new();
	size_t size;
	char *bytes = file_read(path, 1000, &size, err, NULL);
	assert_string_equal(bytes ? bytes : "(none)", expected);
	free(bytes);
	err_free(err);
}

static void test_replace(void **state)
{
	(void)state;
	assert_int_equal(file_replace("state", "one", 3), 0);
	expect_content("state", "one");
	put("state.new", "left by a crash, and longer than what comes");
	assert_int_equal(file_replace("state", "two", 3), 0);
	expect_content("state", "two");
	assert_int_equal(file_replace("state", "", 0), 0);
	expect_content("state", "");
	assert_int_equal(access("state.new", F_OK), -1);
	/* Failures say why and leave nothing. */
	assert_int_equal(file_replace("no/such/folder", "x", 1), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mkdir("state-folder", 0700), 0);
	assert_int_equal(file_replace("state-folder", "x", 1), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(access("state-folder.new", F_OK), -1);
}

static void test_replace_keeps_links_out(void **state)
{
	(void)state;
	/* A link planted as the new file is not followed. */
	put("good", "precious");
	assert_int_equal(symlink("good", "state.new"), 0);
	assert_int_equal(file_replace("state", "three", 5), 0);
	expect_content("state", "three");
	expect_content("good", "precious");
}

static void test_beside(void **state)
{
	(void)state;
	static const struct {
		const char *base, *path, *expected;
	} rows[] = {{"/etc/meridian/meridian.yaml", "zones", "/etc/meridian/zones"},
	        {"/etc/meridian/meridian.yaml", "/srv/zones", "/srv/zones"}, {"meridian.yaml", "zones", "zones"},
	        {"geo/world.yaml", "../x.nets", "geo/../x.nets"}, {"/meridian.yaml", "zones", "/zones"}};
	struct arena *arena = arena_new();
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(file_beside(arena, rows[i].base, rows[i].path), rows[i].expected);
	arena_free(arena);
}

static void test_list(void **state)
{
	(void)state;
	static const char *const expected[] = {"zones/a.zone", "zones/b.zone", "zones/c.zone", "zones/d.zone"};
	assert_int_equal(mkdir("zones", 0700), 0);
	assert_int_equal(mkdir("empty-folder", 0700), 0);
	put("zones/b.zone", "");
	put("zones/a.zone", "");
	put("zones/.hidden.zone", "");
	put("zones/.zone", "");
	put("zones/notes.txt", "");
	assert_int_equal(symlink("nowhere", "zones/c.zone"), 0);
	assert_int_equal(mkdir("zones/d.zone", 0700), 0);
	struct arena *arena = arena_new();
	struct err *err = err_new();
	char **paths;
	assert_int_equal(file_list("zones", ".zone", arena, &paths, err, NULL), COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++)
		assert_string_equal(paths[i], expected[i]);
	assert_int_equal(file_list("zones/", ".txt", arena, &paths, err, NULL), 1);
	assert_string_equal(paths[0], "zones/notes.txt");
	assert_int_equal(file_list("empty-folder", ".zone", arena, &paths, err, NULL), 0);
	assert_int_equal(err_items(err), 0);
	assert_int_equal(file_list("missing", ".zone", arena, &paths, err, NULL), -1);
	assert_int_equal(file_list("zones/a.zone", ".zone", arena, &paths, err, NULL), -1);
	assert_string_equal(err_item(err, 0)->message, "cannot read the folder missing: No such file or directory");
	assert_string_equal(err_item(err, 1)->message, "cannot read the folder zones/a.zone: Not a directory");
	err_free(err);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_replace),
	        cmocka_unit_test(test_replace_keeps_links_out), cmocka_unit_test(test_beside),
	        cmocka_unit_test(test_list)};
	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
