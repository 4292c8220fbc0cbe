/*
 * metrics.c: as much of HTTP/1.1 (RFC 9112) as a scrape needs: one request a connection, its head bounded, no body
 * read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "control/room.h"

struct answer {
	int status;
	const char *reason, *type, *more; /* more: header lines */
	const char *body;                 /* NULL: the metrics */
};

static const struct answer ok = {200, "OK", "text/plain; version=0.0.4; charset=utf-8", "", NULL};
static const struct answer bad = {400, "Bad Request", "text/plain", "", "This is no HTTP request.\n"};
static const struct answer missing = {404, "Not Found", "text/plain", "", "The metrics are at /metrics.\n"};
static const struct answer not_allowed = {
        405, "Method Not Allowed", "text/plain", "Allow: GET, HEAD\r\n", "Only GET and HEAD.\n"};
static const struct answer late = {408, "Request Timeout", "text/plain", "", "The request did not come in time.\n"};
static const struct answer too_large = {
        431, "Request Header Fields Too Large", "text/plain", "", "The head of the request is too large.\n"};
static const struct answer overrun = {503, "Service Unavailable", "text/plain", "", "Too much waits to be sent.\n"};
static const struct answer wrong_version = {505, "HTTP Version Not Supported", "text/plain", "", "Only HTTP/1.\n"};

/* The text of all sources; the caller frees it. */
static char *metrics_text(const struct control *control, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	MUST(out);
	for (size_t i = 0; i < control->source_count; i++)
		control->sources[i].write(control->sources[i].context, out);
	MUST(fclose(out) == 0);
	return text;
}

static void respond(struct peer *peer, const struct answer *answer, bool only_head)
{
	size_t body_size, size;
	char *body = answer->body ? strdup(answer->body) : metrics_text(peer->set->context, &body_size), *text = NULL;
	MUST(body);
	if (answer->body)
		body_size = strlen(body);
	else if (!peer_has_room(peer, body_size + METRICS_HEAD_MAX)) {
		free(body);
		respond(peer, &overrun, only_head);
		return;
	}
	FILE *out = open_memstream(&text, &size);
	MUST(out);
	fprintf(out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%sConnection: close\r\n\r\n",
	        answer->status, answer->reason, answer->type, body_size, answer->more);
	if (!only_head)
		fwrite(body, 1, body_size, out);
	MUST(fclose(out) == 0);
	free(body);
	peer_send(peer, text, size, true);
}

/* The path of a request target, origin-form or absolute-form, without its query. */
static bool is_metrics(const char *target)
{
	static const char scheme[] = "http://", path[] = "/metrics";
	if (strncasecmp(target, scheme, sizeof scheme - 1) == 0) {
		target = strchr(target + sizeof scheme - 1, '/');
		if (!target)
			return false;
	}
	size_t length = strcspn(target, "?");
	return length == sizeof path - 1 && memcmp(target, path, length) == 0;
}

/* Reads the request line, which is a string of its own. */
static void take_request(struct peer *peer, char *line)
{
	char *rest = NULL, *method = strtok_r(line, " ", &rest), *target = strtok_r(NULL, " ", &rest),
	     *version = strtok_r(NULL, " ", &rest);
	if (!version || strtok_r(NULL, " ", &rest) || strncmp(version, "HTTP/", 5) != 0) {
		respond(peer, &bad, false);
		return;
	}
	bool head = strcmp(method, "HEAD") == 0;
	const struct answer *answer = strncmp(version, "HTTP/1.", 7) != 0   ? &wrong_version
	                              : !head && strcmp(method, "GET") != 0 ? &not_allowed
	                              : is_metrics(target)                  ? &ok
	                                                                    : &missing;
	respond(peer, answer, head);
}

/* The length of the head with its empty line, or 0: not all of it is there. */
static size_t head_length(const char *input, size_t size)
{
	const char *end = memmem(input, size, "\r\n\r\n", 4), *bare = memmem(input, size, "\n\n", 2);
	if (end && (!bare || end < bare))
		return (size_t)(end - input) + 4;
	return bare ? (size_t)(bare - input) + 2 : 0;
}

static void on_input(struct peer *peer)
{
	if (head_length(peer->input, peer->input_size)) {
		size_t length = strcspn(peer->input, "\r\n"); /* stops at the latest where the head ends */
		char *line = strndup(peer->input, length);
		MUST(line);
		take_request(peer, line);
		free(line);
	} else if (peer->input_size >= METRICS_HEAD_MAX)
		respond(peer, &too_large, false);
	else if (peer->ended)
		peer_close(peer);
}

static void on_late(struct peer *peer)
{
	if (peer->input_size)
		respond(peer, &late, false);
}

static void on_gone(struct peer *peer)
{
	(void)peer;
}

const struct peer_role metrics_role = {
        .input_max = METRICS_HEAD_MAX,
        .input = on_input,
        .late = on_late,
        .gone = on_gone,
        .busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
};
