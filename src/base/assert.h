/*
 * assert.h: checks that stay on in production.
 *
 * MUST states what the program itself guarantees; it never judges input. A
 * broken MUST prints the place and aborts: the process manager starts anew.
 */
#ifndef MERIDIAN_BASE_ASSERT_H
#define MERIDIAN_BASE_ASSERT_H

/* Prints "file:line: broken: what" to stderr and aborts. Any thread. */
_Noreturn void must_fail(const char *file, int line, const char *what);

#define MUST(condition) ((condition) ? (void)0 : must_fail(__FILE__, __LINE__, #condition))

#endif
