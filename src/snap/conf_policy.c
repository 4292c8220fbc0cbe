/*
 * conf_policy.c: what a service asks of its members beyond being up: follow, need, agree, and when failback lets in.
 *
 * Called by conf_service.c, first for each key, then once for the service as a
 * whole, when its pools are known: what a policy goes by, the probe of every
 * pool has to read.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "snap/conf_reader.h"

enum { FIELDS_MAX = READINGS_MAX };

bool read_follow(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct follow *follow = field;
	(void)option;
	if (!expect_mapping(reader, value, "a mapping, such as { role: primary, highest: epoch }"))
		return false;
	for (const struct yaml *item = value->first; item; item = item->next) {
		if (!expect_scalar(reader, item, "a text"))
			continue;
		if (!strcmp(item->key->text, "highest")) {
			if (*item->text)
				follow->highest = arena_string(reader->arena, item->text);
		} else if (follow->field) {
			reader_error(
			        reader, item->key, "'follow' goes by one field; '%s' is the second", item->key->text);
		} else {
			follow->field = arena_string(reader->arena, item->key->text);
			follow->role = arena_string(reader->arena, item->text);
		}
	}
	if (!follow->field)
		reader_error(reader, value, "'follow' names no field; write { role: primary, highest: epoch }");
	return true;
}

/* ---- conditions ---- */

static bool parse_number(double *number, const char *text)
{
	char *end;
	if (!*text || text[strspn(text, "+-.0123456789eE")])
		return false;
	*number = strtod(text, &end);
	return !*end && isfinite(*number);
}

/* "< 5s", "= primary". */
static bool parse_comparison(struct reader *reader, const char *text, struct condition *condition)
{
	static const struct {
		const char *sign;
		enum comparison comparison;
	} signs[] = {{"<=", COMPARE_AT_MOST}, {">=", COMPARE_AT_LEAST}, {"!=", COMPARE_OTHER}, {"<", COMPARE_LESS},
	        {">", COMPARE_MORE}, {"=", COMPARE_EQUAL}};
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		size_t length = strlen(signs[i].sign);
		if (strncmp(text, signs[i].sign, length) != 0)
			continue;
		nanotime duration;
		text += length;
		text += strspn(text, " ");
		condition->comparison = signs[i].comparison;
		condition->text = arena_string(reader->arena, text);
		condition->shown = arena_printf(reader->arena, "%s %s", signs[i].sign, text);
		condition->is_duration = text_duration(&duration, text);
		condition->is_number = condition->is_duration || parse_number(&condition->number, text);
		if (condition->is_duration)
			condition->number = (double)duration / (double)NANO_SECOND;
		return *text && (condition->is_number || condition->comparison == COMPARE_EQUAL ||
		                        condition->comparison == COMPARE_OTHER);
	}
	return false;
}

bool read_condition(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct condition *condition = field;
	(void)option;
	if (!expect_scalar(reader, value, "a condition, such as \"lag < 2s\""))
		return false;
	size_t length = strcspn(value->text, " <>=!");
	const char *rest = value->text + length;
	rest += strspn(rest, " ");
	if (!length || !parse_comparison(reader, rest, condition)) {
		reader_error(reader, value,
		        "'%s' is no condition; write a field, then <, <=, >, >=, = or != and a number or a duration, "
		        "such as \"lag < 2s\", or = or != and a text",
		        value->text);
		return false;
	}
	condition->field = arena_stringn(reader->arena, value->text, length);
	return true;
}

bool read_need(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	struct policy *policy = field;
	(void)option;
	if (!expect_mapping(reader, value, "a mapping, such as { lag: \"< 5s\" }"))
		return false;
	if (value->count > FIELDS_MAX) {
		reader_error(reader, value, "'need' has at most %d conditions, not %u", FIELDS_MAX, value->count);
		return false;
	}
	if (!value->count)
		reader_error(reader, value, "'need' has no condition; write { lag: \"< 5s\" }");
	struct condition *needs = arena_alloc(reader->arena, (value->count + 1) * sizeof *needs);
	for (const struct yaml *item = value->first; item; item = item->next) {
		struct condition condition = {.field = arena_string(reader->arena, item->key->text)};
		if (!expect_scalar(reader, item, "a comparison, such as \"< 5s\""))
			continue;
		if (!parse_comparison(reader, item->text, &condition))
			reader_error(reader, item,
			        "'%s' is no comparison; write <, <=, >, >=, = or != and a number or a duration, such "
			        "as \"< 5s\", or = or != and a text",
			        item->text);
		else
			needs[policy->need_count++] = condition;
	}
	policy->needs = needs;
	return true;
}

struct agree_draft {
	const char *field;
	int otherwise;
};

bool read_agree(struct reader *reader, const struct yaml *value, const struct option *option, void *field)
{
	static const char *const words[] = {"flag", "out", NULL};
	static const struct option rows[] = {
	        {"field", read_text, offsetof(struct agree_draft, field)},
	        {"else", read_word, offsetof(struct agree_draft, otherwise), .words = words},
	};
	struct agree_draft draft = {NULL, 0};
	struct agree *agree = field;
	if (value->kind != YAML_MAPPING)
		return read_text(reader, value, option, &agree->field);
	if (!options_read(reader, value, "'agree'", OPTIONS(rows), &draft))
		return false;
	if (!yaml_get(value, "field"))
		reader_error(reader, value, "'agree' names no field; write { field: version, else: out }");
	*agree = (struct agree){draft.field, draft.otherwise};
	return true;
}

/* ---- the whole ---- */

/* Is the field read by the probe of every pool? */
static void check_read(struct reader *reader, const struct yaml *at, const char *key, const char *field,
        const struct conf_service *service)
{
	for (uint32_t i = 0; field && i < service->pool_count; i++) {
		const struct conf_pool *pool = &service->pools[i];
		const struct probe_spec *probe = pool->probe == NO_INDEX ? NULL : &reader->conf->probes[pool->probe];
		bool there = false;
		for (unsigned j = 0; probe && j < probe->read_count; j++)
			there |= !strcmp(probe->read[j], field);
		if (there)
			continue;
		if (probe)
			reader_error(reader, at,
			        "'%s' goes by '%s', which the probe '%s' of the pool '%s' does not "
			        "read",
			        key, field, probe->name, pool->name);
		else
			reader_error(reader, at, "'%s' goes by '%s', but the pool '%s' has no probe that could read it",
			        key, field, pool->name);
		return;
	}
}

void conf_policy_check(struct reader *reader, const struct yaml *value, struct conf_service *service)
{
	const struct yaml *follow = yaml_get(value, "follow"), *need = yaml_get(value, "need");
	struct policy *policy = &service->policy;
	if (follow) {
		check_read(reader, follow->key, "follow", policy->follow.field, service);
		check_read(reader, follow->key, "follow", policy->follow.highest, service);
		if (!yaml_get(value, "all-down"))
			service->all_down = ALL_DOWN_LAST;
	}
	for (uint32_t i = 0; i < policy->need_count; i++)
		check_read(reader, need->key, "need", policy->needs[i].field, service);
	const struct yaml *failback = yaml_get(value, "failback");
	if (policy->failback.field)
		check_read(reader, failback->key, "failback", policy->failback.field, service);
	const struct yaml *agree = yaml_get(value, "agree");
	if (policy->agree.field)
		check_read(reader, agree->key, "agree", policy->agree.field, service);
	if (policy->agree.out && follow)
		reader_error(reader, agree->key, "'else: out' could leave out the primary: not with 'follow'");
	service->has_policy = follow || need || policy->agree.field || policy->failback.field;
}
