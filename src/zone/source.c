/*
 * source.c: texts are kept until the load ends, so that every message can show its line.
 */
#include "zone/source.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/file.h"

int source_open(struct sources *sources, const char *path, struct place at, struct err *err)
{
	if (sources->count == SOURCES_MAX) {
		place_report(err, ERR_ERROR, at, "more than %u files in one zone", SOURCES_MAX);
		return -1;
	}
	struct err_at named = place_at(at);
	size_t size;
	char *text = file_read(path, SOURCE_BYTES_MAX, &size, err, at.source ? &named : NULL);
	if (!text)
		return -1;
	if (sources->bytes + size > SOURCE_BYTES_MAX) {
		place_report(err, ERR_ERROR, at, "more than 4 GB of text in one zone");
		free(text);
		return -1;
	}
	struct source *source = malloc(sizeof *source);
	MUST(source);
	*source = (struct source){
	        .path = arena_string(sources->arena, path), .text = text, .size = (uint32_t)size, .mark_line = 1};
	if (sources->count == sources->room) {
		sources->room = sources->room ? 2 * sources->room : 4;
		sources->list = realloc(sources->list, sources->room * sizeof *sources->list);
		MUST(sources->list);
	}
	sources->list[sources->count] = source;
	sources->bytes += size;
	return (int)sources->count++;
}

void sources_keep(struct sources *sources, uint32_t count)
{
	while (sources->count > count) {
		struct source *last = sources->list[--sources->count];
		sources->bytes -= last->size;
		free(last->text);
		free(last);
	}
}

void sources_close(struct sources *sources)
{
	sources_keep(sources, 0);
	free(sources->list);
	sources->list = NULL;
	sources->room = 0;
}

void sources_digest(const struct sources *sources, uint8_t digest[32])
{
	ldns_sha256_CTX context;
	ldns_sha256_init(&context);
	for (uint32_t i = 0; i < sources->count; i++) {
		const struct source *source = sources->list[i];
		uint8_t size[4] = {(uint8_t)(source->size >> 24), (uint8_t)(source->size >> 16),
		        (uint8_t)(source->size >> 8), (uint8_t)source->size};
		ldns_sha256_update(&context, size, sizeof size);
		ldns_sha256_update(&context, (const uint8_t *)source->text, source->size);
	}
	ldns_sha256_final(digest, &context);
}

/* The number of the line that an offset is on. Checks go through a zone in file order, so that counting on from the
 * last place asked for makes all the messages of a file cost one walk over it. */
static unsigned line_of(struct source *source, uint32_t offset)
{
	if (offset < source->mark) {
		source->mark = 0;
		source->mark_line = 1;
	}
	const char *end = source->text + offset;
	for (const char *at = source->text + source->mark; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		source->mark_line++;
	source->mark = offset;
	return source->mark_line;
}

struct err_at place_at(struct place place)
{
	struct source *source = place.source;
	if (!source)
		return (struct err_at){0};
	MUST(place.offset <= source->size);
	const char *at = source->text + place.offset, *start = at;
	while (start > source->text && start[-1] != '\n')
		start--;
	const char *end = memchr(at, '\n', (size_t)(source->text + source->size - at));
	if (!end)
		end = source->text + source->size;
	if (end > at && end[-1] == '\r')
		end--;
	return (struct err_at){.file = source->path,
	        .line = line_of(source, place.offset),
	        .column = (unsigned)(at - start) + 1,
	        .width = place.width,
	        .text = start,
	        .text_length = (size_t)(end - start)};
}

void place_report(struct err *err, enum err_level level, struct place place, const char *format, ...)
{
	char message[1024];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	struct err_at at = place_at(place);
	err_add(err, level, &at, "%s", message);
}
