/*
 * control.c: the room's whole: what is registered, what is listened on.
 */
#include "control/control.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "control/room.h"

/* {"verb": "help"}: what this server can do, which may be another version than who asks. */
static void help(void *context, struct control_request *request, const json_t *arguments)
{
	const struct control *control = context;
	json_t *list = json_array();
	(void)arguments;
	for (size_t i = 0; i < control->command_count; i++)
		json_array_append_new(list,
		        json_pack("{ss ss}", "verb", control->commands[i].verb, "help", control->commands[i].help));
	control_reply(request, list);
}

struct control *control_new(uv_loop_t *loop)
{
	struct control *control = calloc(1, sizeof *control);
	MUST(control);
	struct peer_set common = {
	        .loop = loop, .context = control, .output = &control->output, .output_max = CONTROL_OUTPUT_MAX};
	control->sessions = control->scrapes = common;
	control->sessions.role = &session_role;
	control->sessions.max = CONTROL_CLIENTS;
	control->sessions.patience = CONTROL_PATIENCE_MS;
	control->scrapes.role = &metrics_role;
	control->scrapes.max = METRICS_CLIENTS;
	control->scrapes.patience = METRICS_PATIENCE_MS;
	control_register(control, &(struct control_command){"help", "lists the verbs", help, control});
	return control;
}

int control_listen(struct control *control, const char *path, struct err *err)
{
	MUST(!control->listener);
	int fd = socket_listen_unix(path, err);
	if (fd < 0)
		return -1;
	struct stat status;
	if (lstat(path, &status) == 0) {
		control->device = status.st_dev;
		control->inode = status.st_ino;
	}
	control->path = strdup(path);
	MUST(control->path);
	control->listener = listener_new(&control->sessions, fd);
	return 0;
}

int control_listen_metrics(struct control *control, const struct endpoint *endpoint, struct err *err)
{
	MUST(!control->metrics_listener);
	int fd = socket_listen_tcp(endpoint, err);
	if (fd < 0)
		return -1;
	control->metrics_listener = listener_new(&control->scrapes, fd);
	return 0;
}

void control_register(struct control *control, const struct control_command *command)
{
	for (size_t i = 0; i < control->command_count; i++)
		MUST(strcmp(control->commands[i].verb, command->verb) != 0);
	size_t count = control->command_count + 1;
	control->commands = reallocarray(control->commands, count, sizeof *control->commands);
	MUST(control->commands);
	control->commands[control->command_count] = *command;
	control->command_count = count;
}

void control_register_metrics(struct control *control, control_metrics *write, void *context)
{
	size_t count = control->source_count + 1;
	control->sources = reallocarray(control->sources, count, sizeof *control->sources);
	MUST(control->sources);
	control->sources[control->source_count] = (struct control_metrics_source){write, context};
	control->source_count = count;
}

/* Removes the socket file, if it is still ours. */
static void remove_file(struct control *control)
{
	struct stat status;
	if (!control->path)
		return;
	if (lstat(control->path, &status) == 0 && status.st_dev == control->device && status.st_ino == control->inode)
		unlink(control->path);
	free(control->path);
	control->path = NULL;
}

void control_close(struct control *control)
{
	remove_file(control);
	listener_close(control->listener);
	listener_close(control->metrics_listener);
	control->listener = control->metrics_listener = NULL;
	peer_close_all(&control->sessions);
	peer_close_all(&control->scrapes);
}

void control_free(struct control *control)
{
	if (!control)
		return;
	MUST(!control->listener && !control->metrics_listener && !control->sessions.first && !control->scrapes.first);
	free(control->commands);
	free(control->sources);
	free(control);
}
