/*
 * meridianctl.c: inspects and controls meridiand: the command line, and the help.
 *
 * Exit status: 0 done, 1 it failed (the reason is on stderr), 2 wrong usage. Options may stand anywhere.
 */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "config.h"
#include "pool/board.h"
#include "tools/ctl.h"

/* Each option by its letter; only some have a short form on the command line. */
static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'},
        {"socket", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {"from", required_argument, NULL, 'f'},
        {"ecs", required_argument, NULL, 'e'},
        {"reason", required_argument, NULL, 'r'},
        {"over", required_argument, NULL, 'o'},
        {"force", no_argument, NULL, 'F'},
        {"accept", no_argument, NULL, 'A'},
        {"log", required_argument, NULL, 'l'},
        {"down", required_argument, NULL, 'd'},
        {"add", required_argument, NULL, 'a'},
        {"services", required_argument, NULL, 'S'},
        {"when", required_argument, NULL, 'w'},
        {NULL},
};

#define OF_VERBS "feroFAldaSw" /* what only some verbs take */

static const char *option_name(int letter)
{
	for (const struct option *option = long_options; option->name; option++)
		if (option->val == letter)
			return option->name;
	return NULL;
}

static void show_usage(FILE *out)
{
	fputs("usage: meridianctl [-c FILE] [-s SOCKET] [--json] VERB ...\n\n"
	      "Inspects and controls meridiand.\n\nVerbs:\n",
	        out);
	for (unsigned i = 0; i < ctl_verb_count; i++)
		fprintf(out, "  %-9s %s\n", ctl_verbs[i].name, ctl_verbs[i].help);
	fputs("  help      help VERB: how it is written\n\nOptions:\n"
	      "  -c FILE    the configuration (default: " MERIDIAN_SYSCONFDIR "/meridian.yaml)\n"
	      "  -s SOCKET  the server's control socket (default: `control` of the configuration)\n"
	      "  --json     print data as JSON\n"
	      "  -h, -V     print this help, the version\n\n"
	      "Exit status: 0 done, 1 it failed, 2 wrong usage. See meridianctl(8).\n",
	        out);
}

static int show_verb(FILE *out, const struct ctl_verb *verb)
{
	fprintf(out, "usage: meridianctl [-c FILE]%s [--json] %s\n\n%c%s%s. See meridianctl(8).\n",
	        verb->online ? " [-s SOCKET]" : "", verb->synopsis, toupper(verb->help[0]), verb->help + 1,
	        verb->online ? "" : "; needs no running server");
	return CTL_DONE;
}

static int unknown_verb(const struct ctl *ctl, const char *name)
{
	const char *names[64];
	for (unsigned i = 0; i < ctl_verb_count; i++)
		names[i] = ctl_verbs[i].name;
	const char *near = text_near(name, names, ctl_verb_count);
	ctl_fail(ctl, "no verb '%s'%s%s%s", name, near ? "; did you mean '" : "; see meridianctl --help",
	        near ? near : "", near ? "'?" : "");
	return CTL_USAGE;
}

static bool wants_colour(int fd)
{
	const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
	return isatty(fd) && !(none && *none) && !(terminal && strcmp(terminal, "dumb") == 0);
}

/* Reads the options; the letters of those that belong to verbs go to `given`. Returns −1, or the exit status. */
static int read_options(struct ctl *ctl, int argc, char **argv, char *given, bool *help)
{
	int letter;
	opterr = 0;
	while ((letter = getopt_long(argc, argv, ":c:s:hV", long_options, NULL)) != -1) {
		const char **texts[] = {['c'] = &ctl->file,
		        ['s'] = &ctl->socket,
		        ['f'] = &ctl->from,
		        ['e'] = &ctl->ecs,
		        ['r'] = &ctl->reason,
		        ['o'] = &ctl->over,
		        ['l'] = &ctl->log,
		        ['d'] = &ctl->down,
		        ['a'] = &ctl->add,
		        ['S'] = &ctl->services,
		        ['w'] = &ctl->when};
		if (letter == 'V') {
			puts("meridianctl " PACKAGE_VERSION);
			return CTL_DONE;
		}
		if (letter == '?' || letter == ':') {
			ctl_fail(ctl, letter == '?' ? "no option '%s'; see meridianctl --help" : "'%s' needs a value",
			        argv[optind - 1]);
			return CTL_USAGE;
		}
		if ((size_t)letter < sizeof texts / sizeof *texts && texts[letter])
			*texts[letter] = optarg;
		*help = *help || letter == 'h';
		ctl->json = ctl->json || letter == 'j';
		ctl->force = ctl->force || letter == 'F';
		ctl->accept = ctl->accept || letter == 'A';
		if (strchr(OF_VERBS, letter) && !strchr(given, letter))
			given[strlen(given)] = (char)letter;
	}
	return -1;
}

/* The words of the synopsis that were not given: "TARGET up|down". */
static const char *missing(const struct ctl *ctl, const struct ctl_verb *verb, char text[128])
{
	const char *word = verb->synopsis + strcspn(verb->synopsis, " ");
	size_t used = 0;
	for (unsigned i = 0; i < verb->least; i++) {
		size_t length = strcspn(word + 1, " .");
		if (i >= ctl->count)
			used += (size_t)snprintf(
			        text + used, 128 - used, "%s%.*s", used ? " " : "", (int)length, word + 1);
		word += 1 + length;
	}
	return text;
}

/* Do the words and options fit the verb? */
static bool fits(const struct ctl *ctl, const struct ctl_verb *verb, const char *given)
{
	char wanted[128];
	struct override how;
	for (; *given; given++)
		if (!strchr(verb->options, *given)) {
			ctl_fail(ctl, "%s takes no --%s", verb->name, option_name(*given));
			return false;
		}
	if (ctl->socket && !verb->online)
		ctl_fail(ctl, "%s reads the files and asks no server: it takes no -s", verb->name);
	else if (ctl->count < verb->least)
		ctl_fail(ctl, "%s: needs %s", verb->name, missing(ctl, verb, wanted));
	else if (ctl->count > verb->most)
		ctl_fail(ctl, "%s: '%s' is too much", verb->name, ctl->words[verb->most]);
	else if (ctl->over && !override_read_over(&how, ctl->over))
		ctl_fail(ctl, OVERRIDE_OVER);
	else
		return true;
	return false;
}

static int run(struct ctl *ctl, const char *given, bool help)
{
	const char *name = ctl->count ? ctl->words[0] : "help";
	if (ctl->count && strcmp(name, "help") == 0) {
		help = true;
		ctl->words++;
		ctl->count--;
	}
	if (!ctl->count) {
		show_usage(help ? stdout : stderr);
		return help ? CTL_DONE : CTL_USAGE;
	}
	const struct ctl_verb *verb = ctl_verb_find(ctl->words[0]);
	if (!verb)
		return unknown_verb(ctl, ctl->words[0]);
	if (help)
		return show_verb(stdout, verb);
	ctl->words++;
	ctl->count--;
	if (fits(ctl, verb, given))
		return verb->run(ctl);
	show_verb(stderr, verb);
	return CTL_USAGE;
}

int main(int argc, char **argv)
{
	char given[sizeof OF_VERBS] = "";
	bool help = false;
	struct ctl ctl = {.colour_out = wants_colour(STDOUT_FILENO), .colour_err = wants_colour(STDERR_FILENO)};
	log_set_level(LOG_LEVEL_NONE); /* offline, the rooms of the daemon log what is no news here */
	int status = read_options(&ctl, argc, argv, given, &help);
	if (status >= 0)
		return status;
	ctl.words = argv + optind;
	ctl.count = (unsigned)(argc - optind);
	status = run(&ctl, given, help);
	/* A full disk or a closed pipe must not pass for success. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == CTL_DONE)
		status = ctl_fail(&ctl, "cannot write the output");
	return status;
}
