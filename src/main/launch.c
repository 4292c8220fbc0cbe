/*
 * launch.c: the program that is started: holds the signals, then loads the daemon.
 *
 * The libraries of the daemon, and those that they bring, take the loader 10 ms
 * and more, before any line of ours runs. A SIGHUP in that time would be fatal.
 * So the daemon is a shared object beside this program (or in libexec, wherever
 * the whole was moved to), which is loaded when signals are blocked already.
 * This file links only libc.
 */
#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "main/launch.h"

static void block_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* The object in a folder that is told from that of this program; NULL without an error: it is not there. */
static void *load_beside(const char *object)
{
	char path[2 * PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
	char *slash = length < 0 ? NULL : memrchr(path, '/', (size_t)length);
	if (!slash || strlen(object) >= PATH_MAX)
		return NULL;
	strcpy(slash + 1, object);
	return access(path, R_OK) == 0 ? dlopen(path, RTLD_NOW | RTLD_GLOBAL) : NULL;
}

int main(int argc, char **argv)
{
	block_signals();
	void *daemon = load_beside(LAUNCH_OBJECT); /* of a build */
	if (!daemon)
		daemon = load_beside("../libexec/meridian/" LAUNCH_OBJECT); /* an installation that was moved */
	if (!daemon)
		daemon = dlopen(MERIDIAN_LIBEXECDIR "/" LAUNCH_OBJECT, RTLD_NOW | RTLD_GLOBAL);
	void *begin = daemon ? dlsym(daemon, LAUNCH_SYMBOL) : NULL;
	if (!begin) {
		fprintf(stderr, "meridiand: error: cannot load the daemon: %s\n", dlerror());
		return EXIT_FAILURE;
	}
	return ((launch_main *)begin)(argc, argv);
}
