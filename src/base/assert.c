/*
 * assert.c: how a broken promise of the program ends.
 *
 * Only write(2) and abort(3): the heap may be what is broken.
 */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void must_fail(const char *file, int line, const char *what)
{
	char text[512];
	int n = snprintf(text, sizeof text, "%s:%d: broken: %s\n", file, line, what);
	if (n > (int)sizeof text - 1)
		n = sizeof text - 1;
	if (n > 0 && write(STDERR_FILENO, text, (size_t)n) < 0)
		abort();
	abort();
}
