/*
 * memory.h: how much memory this process has, as the system counts it.
 */
#ifndef MERIDIAN_TESTS_MEMORY_H
#define MERIDIAN_TESTS_MEMORY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

/* A line of /proc/self/status, such as "VmRSS:", in bytes. */
static inline double memory(const char *key)
{
	char line[200];
	double bytes = 0;
	FILE *in = fopen("/proc/self/status", "r");
	MUST(in);
	while (fgets(line, sizeof line, in))
		if (strncmp(line, key, strlen(key)) == 0)
			bytes = 1024.0 * strtod(line + strlen(key), NULL);
	fclose(in);
	return bytes;
}

#endif
