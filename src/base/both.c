/*
 * both.c: a thread for the second piece of work.
 */
#include "base/both.h"

#include <pthread.h>
#include <signal.h>

#include "base/assert.h"

struct piece {
	void (*work)(void *);
	void *argument;
};

static void *run(void *argument)
{
	const struct piece *piece = argument;
	piece->work(piece->argument);
	return NULL;
}

void both(bool at_once, void (*work)(void *), void *one, void *other)
{
	struct piece piece = {work, other};
	pthread_t thread;
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* the new thread has the same */
	bool started = at_once && pthread_create(&thread, NULL, run, &piece) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	work(one);
	if (started)
		MUST(pthread_join(thread, NULL) == 0);
	else
		work(other);
}
