/*
 * play.c: acts out a scenario on the code that serves, in one process and on a
 * fake clock. README.md beside this file lists the lines of a play.
 *
 * Each verb is one row of a table; a play ends at its first broken expectation.
 */
#include "play.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define WORDS_MAX 40

static const struct verb {
	const char *name;
	unsigned least; /* words after the verb */
	act *act;
} verbs[] = {
        {"file", 1, act_file},
        {"remove", 1, act_remove},
        {"folder", 1, act_folder},
        {"start", 0, act_start},
        {"reload", 0, act_reload},
        {"restart", 0, act_restart},
        {"error", 1, act_error},
        {"warning", 1, act_warning},
        {"generation", 1, act_generation},
        {"clock", 1, act_clock},
        {"probe", 2, act_probe},
        {"drain", 1, act_drain},
        {"undrain", 1, act_undrain},
        {"force", 2, act_force},
        {"release", 1, act_release},
        {"ask", 2, act_ask},
        {"answer", 1, act_answer},
        {"rcode", 1, act_rcode},
        {"scope", 1, act_scope},
        {"ttl", 1, act_ttl},
        {"authority", 1, act_authority},
        {"not", 1, act_not},
        {"why", 3, act_why},
        {"follows", 2, act_follows},
        {"because", 2, act_because},
        {"odd", 3, act_odd},
};

bool broken(struct play *play, const char *format, ...)
{
	va_list list;
	fprintf(stderr, "%s:%u: ", play->name, play->line);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	return false;
}

char *play_path(const struct play *play, const char *name)
{
	return arena_printf(play->arena, "%s/%s", play->folder, name);
}

/* The next line of the script, without its newline; NULL at the end. */
static char *next_line(struct play *play)
{
	if (!*play->at)
		return NULL;
	char *start = play->at;
	size_t length = strcspn(start, "\n");
	play->at = start + length + (start[length] == '\n');
	play->line++;
	return arena_stringn(play->arena, start, length);
}

char *play_block(struct play *play)
{
	char *block = arena_string(play->arena, "");
	while (*play->at == ' ' || *play->at == '\t' || *play->at == '\n') {
		const char *line = next_line(play);
		unsigned indent = 0;
		while (indent < 2 && *line == ' ')
			line++, indent++;
		block = arena_printf(play->arena, "%s%s\n", block, line);
	}
	return block;
}

static bool act_line(struct play *play, char *line)
{
	char *words[WORDS_MAX + 1];
	unsigned count = 0;
	const char *text = arena_string(play->arena, line);
	for (char *word = strtok(line, " \t"); word && count < WORDS_MAX; word = strtok(NULL, " \t"))
		words[count++] = word;
	words[count] = NULL;
	for (unsigned i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		if (strcmp(words[0], verbs[i].name) != 0)
			continue;
		if (count - 1 < verbs[i].least)
			return broken(play, "'%s' needs more words", words[0]);
		play->rest = text + strlen(words[0]);
		play->rest += strspn(play->rest, " \t");
		return verbs[i].act(play, words + 1, count - 1);
	}
	return broken(play, "no verb '%s'", words[0]);
}

static bool act_all(struct play *play)
{
	char *line;
	while ((line = next_line(play))) {
		size_t length = strcspn(line, "#");
		while (length && (line[length - 1] == ' ' || line[length - 1] == '\t'))
			length--;
		line[length] = 0;
		if (*line && !act_line(play, line))
			return false;
	}
	return true;
}

/* Removes the play's folder; it holds only what the play wrote. */
static void remove_folder(const char *folder)
{
	char command[512];
	snprintf(command, sizeof command, "rm -rf -- '%s'", folder);
	if (system(command))
		fprintf(stderr, "%s is left behind\n", folder);
}

static bool perform(const char *name)
{
	char folder[] = "/tmp/meridian-play-XXXXXX";
	struct err *err = err_new();
	char *script = file_read(name, 1 << 20, &(size_t){0}, err, NULL);
	if (!script || !mkdtemp(folder)) {
		err_print(err, stderr, false);
		err_free(err);
		free(script);
		return false;
	}
	struct play play = {.name = name, .at = script, .arena = arena_new(), .folder = folder};
	play.now = play.wall = 1000000 * NANO_SECOND;
	play_open(&play);
	bool good = act_all(&play);
	play_close(&play);
	printf("%s: %s\n", good ? "PASS" : "FAIL", name);
	arena_free(play.arena);
	err_free(err);
	free(script);
	remove_folder(folder);
	return good;
}

int main(int argc, char **argv)
{
	bool good = argc > 1;
	log_set_level(getenv("PLAY_LOG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	live_thread_start();
	for (int i = 1; i < argc; i++)
		good &= perform(argv[i]);
	live_thread_stop();
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
