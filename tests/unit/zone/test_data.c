/*
 * test_data.c: every tests/data/zone/NAME.zone against NAME.err beside it, which holds all that `check` prints about
 * it.
 *
 * A zone whose .err has no error has to load. The origin of all is example.com.
 * The folder is found from srcdir, which automake sets. ZONE_DATA_WRITE=1 in the
 * environment writes the .err files anew, to be read before they are committed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "folder.h"

static char *said_of(const struct err *err)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	err_print(err, out, false);
	fclose(out);
	return text;
}

static void test_file(struct arena *arena, const char *path)
{
	print_message("%s\n", path);
	struct err *err = err_new();
	struct zone *zone = zone_of(path, "example.com.", NULL, err);
	char *said = said_of(err), *expected_path = arena_printf(arena, "%.*s.err", (int)strlen(path) - 5, path);
	if (getenv("ZONE_DATA_WRITE"))
		folder_put_text(expected_path, said);
	size_t size;
	char *expected = file_read(expected_path, 1 << 20, &size, err, NULL);
	assert_non_null(expected);
	assert_string_equal(said, expected);
	assert_true((zone == NULL) == (strstr(expected, ": error: ") != NULL));
	free(expected);
	free(said);
	zone_release(zone);
	err_free(err);
}

static void test_files(void **state)
{
	(void)state;
	const char *source = getenv("srcdir");
	char folder[1000];
	snprintf(folder, sizeof folder, "%s/tests/data/zone", source ? source : ".");
	assert_int_equal(chdir(folder), 0);
	struct arena *arena = arena_new();
	struct err *err = err_new();
	char **paths;
	int count = file_list(".", ".zone", arena, &paths, err, NULL);
	assert_true(count > 0);
	for (int i = 0; i < count; i++)
		test_file(arena, paths[i] + (strncmp(paths[i], "./", 2) == 0 ? 2 : 0));
	err_free(err);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_files)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
