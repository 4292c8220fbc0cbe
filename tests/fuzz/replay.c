/*
 * replay.c: runs a fuzz target over files, without libFuzzer: the corpora are tests of `make check`.
 *
 * Arguments are files and folders (one level); without any, the target's own corpus (FUZZ_CORPUS,
 * relative to $srcdir, which automake's test driver sets). Fails if there is nothing to run.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_MAX (16 << 20)

/* The input lies in memory of exactly its size, so that a sanitizer sees the first byte read beyond it. */
static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat status;
	if (!file || fstat(fileno(file), &status) != 0 || status.st_size > FILE_MAX) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(1);
	}
	size_t size = (size_t)status.st_size;
	uint8_t *bytes = malloc(size ? size : 1);
	if (!bytes || fread(bytes, 1, size, file) != size) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(1);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
	return 1;
}

/* Files of a folder in the order of their names, or a single file. Returns how many were run. */
static int replay(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort), done = 0;
	if (count < 0)
		return replay_file(path);
	for (int i = 0; i < count; i++) {
		char file[4096];
		snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			done += replay_file(file);
		free(entries[i]);
	}
	free(entries);
	return done;
}

int main(int argc, char **argv)
{
	int done = 0;
	for (int i = 1; i < argc; i++)
		done += replay(argv[i]);
	if (argc == 1) {
		const char *source = getenv("srcdir");
		char corpus[4096];
		snprintf(corpus, sizeof corpus, "%s/%s", source ? source : ".", FUZZ_CORPUS);
		done = replay(corpus);
	}
	printf("%d inputs\n", done);
	return done > 0 ? 0 : 1;
}
