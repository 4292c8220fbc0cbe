/*
 * fuzz_steer.c: any text → decision tests. A finding is an abort: a place outside the text, or a case that is not
 * whole.
 */
#include "base/assert.h"
#include "tools/ctl_steer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct err *err = err_new();
	size_t count = 0, lines = 1;
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	const struct steer_case *cases = steer_parse(arena, "f", (const char *)data, size, &count, err);
	for (size_t i = 0; i < count; i++) {
		const struct steer_case *c = &cases[i];
		MUST(c->name.text && c->asked.text && c->question.from.family != ADDR_NONE);
		MUST(c->name.at.line >= 1 && c->name.at.line <= lines);
		MUST(c->answer_count <= STEER_ANSWER_MAX && c->event_count <= STEER_EVENTS_MAX);
		MUST(name_length(c->question.name) <= NAME_BYTES);
	}
	for (size_t i = 0; i < err_items(err); i++)
		MUST(err_item(err, i)->line >= 1 && err_item(err, i)->line <= lines);
	err_free(err);
	arena_free(arena);
	return 0;
}
