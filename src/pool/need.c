/*
 * need.c: conditions on what was read of a member: "lag < 5s".
 *
 * Called by policy.c. What was not read meets no condition: a member of which
 * nothing is known is not known to be fresh.
 */
#include <stdio.h>
#include <string.h>

#include "pool/board_inside.h"

static bool ordered(enum comparison comparison, int sign)
{
	switch (comparison) {
	case COMPARE_LESS:
		return sign < 0;
	case COMPARE_AT_MOST:
		return sign <= 0;
	case COMPARE_MORE:
		return sign > 0;
	case COMPARE_AT_LEAST:
		return sign >= 0;
	case COMPARE_EQUAL:
		return sign == 0;
	case COMPARE_OTHER:
		return sign != 0;
	}
	return false;
}

/* Nothing is behind by less than no time: who says so is wrong, and nothing is known. */
static bool is_impossible(const struct reading *reading, const struct condition *condition)
{
	return condition->is_duration && reading->is_number && reading->number < 0;
}

bool condition_met(const struct board *board, uint32_t target, const struct condition *condition)
{
	const struct reading *reading = reading_of(board, target, condition->field);
	if (!reading)
		return false;
	if (is_impossible(reading, condition))
		return false;
	if (condition->is_number && reading->is_number)
		return ordered(condition->comparison,
		        (reading->number > condition->number) - (reading->number < condition->number));
	if (condition->comparison != COMPARE_EQUAL && condition->comparison != COMPARE_OTHER)
		return false;
	return ordered(condition->comparison, strcmp(reading->text, condition->text));
}

void condition_why(
        const struct board *board, uint32_t target, const struct condition *condition, char *text, size_t room)
{
	const struct reading *reading = reading_of(board, target, condition->field);
	if (!reading)
		snprintf(text, room, "no %s was read, needs %s", condition->field, condition->shown);
	else if (is_impossible(reading, condition))
		snprintf(text, room, "%s %.6g s is no duration, needs %s", condition->field, reading->number,
		        condition->shown);
	else if (reading->is_number && condition->is_duration)
		snprintf(text, room, "%s %.6g s, needs %s", condition->field, reading->number, condition->shown);
	else
		snprintf(text, room, "%s %s, needs %s", condition->field, reading->text, condition->shown);
}
