/*
 * session.c: JSON lines over the control socket.
 *
 * A request and its session end in any order: a client may go while its command runs, and a command may reply after
 * the room is gone. So the request is a thing of its own, and each forgets the other when it ends.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "control/room.h"

struct control_request {
	struct peer *peer; /* NULL: the client is gone */
};

/* Text of any origin as a JSON string, which must be UTF-8. */
static json_t *visible_string(const char *text)
{
	size_t size = strlen(text), room = 4 * size + 1;
	char *visible = malloc(room);
	MUST(visible);
	text_visible(visible, room, text, size);
	json_t *string = json_string(visible);
	free(visible);
	return string;
}

/* A place of an item, or null, which the packing below leaves out. */
static json_t *number_or_null(unsigned number)
{
	return number ? json_integer(number) : NULL;
}

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : NULL; /* err_add made it visible; tabs are kept for the caret's sake */
}

json_t *control_err_json(const struct err *err)
{
	json_t *list = json_array();
	for (size_t i = 0; i < err_items(err); i++) {
		const struct err_item *item = err_item(err, i);
		json_t *object = json_pack("{ss so* so* so* so* so* so* so*}", "level",
		        item->level == ERR_ERROR ? "error" : "warning", "file", text_or_null(item->file), "line",
		        number_or_null(item->line), "column", number_or_null(item->column), "width",
		        number_or_null(item->width), "text", text_or_null(item->text), "mark", text_or_null(item->mark),
		        "message", text_or_null(item->message));
		MUST(object);
		json_array_append_new(list, object);
	}
	return list;
}

/* Errors that were counted but not kept. */
static json_t *unkept(const struct err *err)
{
	size_t more = err_count(err, ERR_ERROR) + err_count(err, ERR_WARNING) - err_items(err);
	return more ? json_integer((json_int_t)more) : NULL;
}

/* The object as a line, or NULL if it cannot be one. Takes `object` over. */
static char *line_of(json_t *object, size_t *size)
{
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	if (!text)
		return NULL;
	*size = strlen(text) + 1;
	char *line = realloc(text, *size + 1);
	MUST(line);
	memcpy(line + *size - 1, "\n", 2);
	return line;
}

static void send_failure(struct peer *peer, const char *message, bool last)
{
	size_t size = 0;
	char *line = line_of(json_pack("{sb so}", "ok", 0, "error", visible_string(message)), &size);
	MUST(line);
	peer_send(peer, line, size, last);
}

/* Ends a request with an object, which it takes over. */
static void end(struct control_request *request, json_t *object)
{
	struct peer *peer = request->peer;
	free(request);
	if (!peer) {
		json_decref(object);
		return;
	}
	peer->work = NULL;
	size_t size = 0;
	char *line = line_of(object, &size);
	if (line && peer_has_room(peer, size)) {
		peer_send(peer, line, size, false);
		return;
	}
	send_failure(
	        peer, line ? "too large a reply, or too many that wait to be read" : "a reply that is no JSON", true);
	free(line);
}

void control_reply(struct control_request *request, json_t *data)
{
	end(request, json_pack("{sb so}", "ok", 1, "data", data ? data : json_null()));
}

void control_fail(struct control_request *request, const struct err *err, const char *format, ...)
{
	char message[1024];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	end(request, json_pack("{sb so so so*}", "ok", 0, "error", visible_string(message), "errors",
	                     err ? control_err_json(err) : json_array(), "more", err ? unkept(err) : NULL));
}

/* How deep brackets stand within each other; jansson would go down 2048 levels before it refuses. */
static unsigned depth_of(const char *text, size_t size)
{
	unsigned depth = 0, deepest = 0;
	bool quoted = false;
	for (size_t i = 0; i < size; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && (text[i] == '{' || text[i] == '['))
			deepest = ++depth > deepest ? depth : deepest;
		else if (!quoted && depth && (text[i] == '}' || text[i] == ']'))
			depth--;
	}
	return deepest;
}

static const struct control_command *command_find(const struct control *control, const char *verb)
{
	for (size_t i = 0; i < control->command_count; i++)
		if (strcmp(control->commands[i].verb, verb) == 0)
			return &control->commands[i];
	return NULL;
}

/* "no verb 'relaod'; did you mean 'reload'?", or all verbs there are. */
static void unknown_verb(struct peer *peer, const struct control *control, const char *verb)
{
	char shown[64], message[1024];
	const char **verbs = calloc(control->command_count + 1, sizeof *verbs);
	MUST(verbs);
	for (size_t i = 0; i < control->command_count; i++)
		verbs[i] = control->commands[i].verb;
	text_visible(shown, sizeof shown, verb, strlen(verb));
	const char *near = text_near(verb, verbs, control->command_count);
	size_t used = (size_t)snprintf(message, sizeof message, "no verb '%s'", shown);
	if (near)
		snprintf(message + used, sizeof message - used, "; did you mean '%s'?", near);
	for (size_t i = 0; !near && i < control->command_count && used < sizeof message; i++)
		used += (size_t)snprintf(
		        message + used, sizeof message - used, "%s%s", i ? " " : "; there are: ", verbs[i]);
	free(verbs);
	send_failure(peer, message, false);
}

static void run(struct peer *peer, const json_t *arguments)
{
	const struct control *control = peer->set->context;
	const char *verb = json_string_value(json_object_get(arguments, "verb"));
	if (!verb) {
		send_failure(peer, "a request is an object with a \"verb\", such as {\"verb\": \"status\"}", false);
		return;
	}
	const struct control_command *command = command_find(control, verb);
	if (!command) {
		unknown_verb(peer, control, verb);
		return;
	}
	struct control_request *request = calloc(1, sizeof *request);
	MUST(request);
	request->peer = peer;
	peer_run(peer, request);
	command->run(command->context, request, arguments);
}

/* One line, its newline not counted. */
static void take_line(struct peer *peer, const char *line, size_t size)
{
	json_error_t error;
	char message[sizeof error.text + 64];
	if (depth_of(line, size) > CONTROL_DEPTH_MAX) {
		snprintf(message, sizeof message, "a request is at most %d levels deep", CONTROL_DEPTH_MAX);
		send_failure(peer, message, false);
		return;
	}
	json_t *arguments = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);
	if (!arguments) {
		snprintf(message, sizeof message, "not JSON: %s (column %d)", error.text, error.column);
		send_failure(peer, message, false);
		return;
	}
	run(peer, arguments);
	json_decref(arguments);
}

static bool is_blank(const char *line, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!strchr(" \t\r", line[i]) || !line[i])
			return false;
	return true;
}

/* Whole lines; at the end of what a client sends, the newline may be left out. */
static void on_input(struct peer *peer)
{
	while (peer->phase == PEER_READING && peer->input_size) {
		char *newline = memchr(peer->input, '\n', peer->input_size);
		if (!newline && peer->input_size >= CONTROL_LINE_MAX) {
			send_failure(peer, "a request line is at most 65536 bytes long", true);
			return;
		}
		if (!newline && !peer->ended)
			return;
		size_t size = newline ? (size_t)(newline - peer->input) : peer->input_size;
		char *line = malloc(size + 1);
		MUST(line);
		memcpy(line, peer->input, size);
		peer_consume(peer, size + (newline != NULL));
		if (!is_blank(line, size))
			take_line(peer, line, size);
		free(line);
	}
	if (peer->phase == PEER_READING && peer->ended)
		peer_close(peer);
}

static void on_late(struct peer *peer)
{
	if (peer->input_size)
		send_failure(peer, "the request did not come to its end in time", true);
}

static void on_gone(struct peer *peer)
{
	struct control_request *request = peer->work;
	if (request)
		request->peer = NULL;
}

const struct peer_role session_role = {
        .input_max = CONTROL_LINE_MAX,
        .input = on_input,
        .late = on_late,
        .gone = on_gone,
        .busy = "{\"ok\":false,\"error\":\"too many clients at once; try again\"}\n",
};
