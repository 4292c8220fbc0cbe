/*
 * member_list.h: what a registry says of a pool's members, in whatever JSON it has, as the lines of a file of members.
 *
 * Pure; any thread. The reply is hostile: it is bounded by who reads it, and nothing of it is taken unless all of it is
 * good.
 */
#ifndef MERIDIAN_PROBE_MEMBER_LIST_H
#define MERIDIAN_PROBE_MEMBER_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where things stand in a reply: paths as json_at has them. */
struct member_list_form {
	const char *list;             /* to the list; NULL: the reply is the list */
	const char *address, *weight; /* in an entry that is an object; NULL: those names */
	bool keeps_v4, keeps_v6;      /* the list before it has members of the family: so has to have this one */
};

#define MEMBER_LIST_WHY 256

/* One `ADDRESS WEIGHT` a line, sorted, each address once with its largest weight, so that a registry that says the same
 * in another order says nothing new; *count gets how many. The caller frees it. NULL: what is wrong stands in `why`. A
 * list with nobody in it, or of a family that is to be kept, is wrong, and so is one with more than a pool can have. */
char *member_list_text(
        const char *body, size_t size, const struct member_list_form *form, uint32_t *count, char why[MEMBER_LIST_WHY]);

#endif
