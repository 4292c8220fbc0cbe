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
	*source = (struct source){.path = arena_string(sources->arena, path), .text = text, .size = (uint32_t)size};
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
		free(last->lines);
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

static uint32_t count_newlines(const char *at, const char *end)
{
	uint32_t count = 0;
	for (; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		count++;
	return count;
}

/* The line of the start of each block. */
static void index_lines(struct source *source)
{
	uint32_t blocks = source->size / SOURCE_BLOCK + 1;
	source->lines = malloc(blocks * sizeof *source->lines);
	MUST(source->lines);
	source->lines[0] = 1;
	for (uint32_t i = 1; i < blocks; i++) {
		const char *end = source->text + (size_t)i * SOURCE_BLOCK;
		source->lines[i] = source->lines[i - 1] + count_newlines(end - SOURCE_BLOCK, end);
	}
}

/* The number of the line that an offset is on. Checks jump back and forth in a file, so no message may cost a walk
 * over all of it: it is a block at most. */
static unsigned line_of(struct source *source, uint32_t offset)
{
	if (!source->lines)
		index_lines(source);
	uint32_t block = offset / SOURCE_BLOCK;
	return source->lines[block] +
	       count_newlines(source->text + (size_t)block * SOURCE_BLOCK, source->text + offset);
}

bool place_wanted(const struct err *err, enum err_level level)
{
	return err_count(err, level) < ERR_MAX;
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
	struct err_at at = {0};
	if (place_wanted(err, level))
		at = place_at(place);
	err_add(err, level, &at, "%s", message);
}
