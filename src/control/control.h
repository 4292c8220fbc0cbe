/*
 * control.h: the local socket, its table of commands, and the metrics page.
 *
 * Runs on the control thread's libuv loop and knows none of the commands: main registers them. Protocol (README.md
 * has all of it): one JSON object a line each way over a unix stream socket of mode 0660:
 *   {"verb": "health", …} → {"ok": true, "data": …} or {"ok": false, "error": "…", "errors": […]}
 * A client has one request at a time in work; its next lines wait in the socket. A request line is at most 64 KiB, a
 * client that does not write or read in time is cut off, at most 64 clients at once (the longest idle gives way).
 */
#ifndef MERIDIAN_CONTROL_CONTROL_H
#define MERIDIAN_CONTROL_CONTROL_H

#include <jansson.h>
#include <uv.h>

#include "base/addr.h"
#include "base/err.h"

struct control;
struct control_request; /* one that waits for its reply */

struct control_command {
	const char *verb;
	const char *help;
	/* Must end in control_reply or control_fail on the request, now or later (after control_close and control_free,
	 * too). `arguments` is the whole request object, borrowed for the call. */
	void (*run)(void *context, struct control_request *request, const json_t *arguments);
	void *context;
};

/* Writes metric lines in the Prometheus text format 0.0.4. */
typedef void control_metrics(void *context, FILE *out);

/* The caller owns it; `loop` must outlive it. */
struct control *control_new(uv_loop_t *loop);
/* Listens on the socket; a stale file of a dead server is replaced, one of a living server is an error. -1 and an
 * error with the reason. The file belongs to whoever the process is now: call it after privileges were dropped, or
 * change the owner. */
int control_listen(struct control *control, const char *path, struct err *err);
/* Serves GET /metrics over HTTP on an address. -1 and an error with the reason. */
int control_listen_metrics(struct control *control, const struct endpoint *endpoint, struct err *err);
/* `*command` is copied; its texts and `context` must outlive `control`. A verb may be registered once. */
void control_register(struct control *control, const struct control_command *command);
void control_register_metrics(struct control *control, control_metrics *write, void *context);
/* Closes the sockets and removes the socket file; pending requests are dropped. The loop must run on to close handles.
 */
void control_close(struct control *control);
/* After control_close, or before anything was listened on. NULL is allowed. */
void control_free(struct control *control);

/* Ends a request; takes `data` over (NULL: null). */
void control_reply(struct control_request *request, json_t *data);
/* Ends it with a failure: a reason, and the list of errors (may be NULL). */
void control_fail(struct control_request *request, const struct err *err, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* {"level": "error", "file": …, "line": …, "column": …, "width": …, "text": …, "mark": …, "message": …} for each item;
 * what is not known is left out. `mark` is the line of the caret, to be shown below `text`. The caller owns it. */
json_t *control_err_json(const struct err *err);

#endif
