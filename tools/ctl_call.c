/*
 * ctl_call.c: one request to the server, one reply.
 *
 * Blocking, because there is nothing else to do; but a server that is stopped must not hold a script for ever: all but
 * what waits for an outcome, give up after half a minute.
 */
#include "tools/ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/assert.h"
#include "snap/conf.h"

enum { PATIENCE_S = 30, STEP = 65536 };
#define REPLY_MAX ((size_t)256 << 20)

char *ctl_socket_path(const struct ctl *ctl, struct err *err)
{
	char *path;
	if (ctl->socket)
		path = strdup(ctl->socket);
	else if (!ctl->file && access(ctl_file(ctl), R_OK) < 0)
		path = strdup(CONF_CONTROL_PATH);
	else
		return conf_control_path(ctl_file(ctl), err);
	MUST(path);
	return path;
}

static int unreachable(const struct ctl *ctl, const char *path, int error)
{
	if (error == EACCES || error == EPERM)
		return ctl_fail(
		        ctl, "not allowed to talk to meridiand at %s: run as root or as a member of its group", path);
	return ctl_fail(ctl, "cannot reach meridiand at %s: is it running? (systemctl status meridiand)%s%s", path,
	        error == ENOENT || error == ECONNREFUSED ? "" : ": ",
	        error == ENOENT || error == ECONNREFUSED ? "" : strerror(error));
}

static int connect_to(const struct ctl *ctl, const char *path, bool patient)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = patient ? 0 : PATIENCE_S};
	if (strlen(path) >= sizeof address.sun_path) {
		ctl_fail(ctl, "the path of the control socket is too long: %s", path);
		return -1;
	}
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){PATIENCE_S, 0}, sizeof limit);
	}
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	unreachable(ctl, path, errno);
	close(fd);
	return -1;
}

/* False if the text is no UTF-8. */
static bool set_option(json_t *request, const char *name, const char *text)
{
	return !text || json_object_set_new(request, name, json_string(text)) == 0;
}

/* The request as a line, which the caller frees; NULL: an argument is no UTF-8. */
static char *request_line(const struct ctl *ctl, const struct ctl_verb *verb)
{
	json_t *request = json_pack("{ss}", "verb", verb->name);
	bool good = true;
	for (unsigned i = 0; i < ctl->count; i++)
		good = json_object_set_new(request, verb->members[i], json_string(ctl->words[i])) == 0 && good;
	good = set_option(request, "from", ctl->from) && set_option(request, "ecs", ctl->ecs) &&
	       set_option(request, "reason", ctl->reason) && set_option(request, "over", ctl->over) && good;
	good = set_option(request, "down", ctl->down) && set_option(request, "add", ctl->add) &&
	       set_option(request, "services", ctl->services) && good;
	/* The server is elsewhere: it needs the whole path. */
	char *log = ctl->log ? realpath(ctl->log, NULL) : NULL;
	good = set_option(request, "log", log ? log : ctl->log) && good;
	free(log);
	if (ctl->accept)
		json_object_set_new(request, "accept", json_true());
	if (ctl->force)
		json_object_set_new(request, "force", json_true());
	char *text = good ? json_dumps(request, JSON_COMPACT) : NULL, *line = NULL;
	json_decref(request);
	if (text && asprintf(&line, "%s\n", text) < 0)
		line = NULL;
	free(text);
	return line;
}

static bool send_all(int fd, const char *text)
{
	for (size_t left = strlen(text); left;) {
		ssize_t sent = send(fd, text, left, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		text += sent;
		left -= (size_t)sent;
	}
	return true;
}

/* Everything up to a newline or the end; the caller frees it. NULL: errno says why, 0 for the end before any byte. */
static char *receive_line(int fd, size_t *size)
{
	char *text = NULL;
	*size = 0;
	for (;;) {
		char *larger = realloc(text, *size + STEP + 1);
		MUST(larger);
		text = larger;
		ssize_t got = recv(fd, text + *size, STEP, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			errno = got ? errno : 0;
			break;
		}
		bool whole = memchr(text + *size, '\n', (size_t)got);
		*size += (size_t)got;
		if (whole)
			return text;
		if (*size > REPLY_MAX) {
			errno = EMSGSIZE;
			break;
		}
	}
	int saved = errno;
	free(text);
	errno = saved;
	return NULL;
}

/* What the server said: the data, or its errors, shown. */
static json_t *open_reply(const struct ctl *ctl, const struct ctl_verb *verb, const char *text, size_t size)
{
	json_t *reply = json_loadb(text, size, JSON_DISABLE_EOF_CHECK, NULL), *data = NULL;
	json_int_t more = json_integer_value(json_object_get(reply, "more"));
	if (json_is_true(json_object_get(reply, "ok")) && json_object_get(reply, "data")) {
		data = json_incref(json_object_get(reply, "data"));
	} else if (json_is_string(json_object_get(reply, "error"))) {
		ctl_show_own_errors(json_object_get(reply, "errors"), verb->name, stderr, ctl->colour_err);
		if (more)
			fprintf(stderr, "and %lld more\n", (long long)more);
		ctl_fail(ctl, "%s", json_string_value(json_object_get(reply, "error")));
	} else {
		ctl_fail(ctl, "what answers there is no meridiand");
	}
	json_decref(reply);
	return data;
}

static json_t *exchange(const struct ctl *ctl, const struct ctl_verb *verb, int fd, const char *path, const char *line)
{
	size_t size;
	if (!line) {
		ctl_fail(ctl, "an argument is not UTF-8");
		return NULL;
	}
	/* The server may refuse before it has read: what it said then is still there. */
	bool sent = send_all(fd, line);
	char *text = receive_line(fd, &size);
	if (!text) {
		if (errno == EAGAIN)
			ctl_fail(ctl, "meridiand at %s does not answer", path);
		else
			ctl_fail(ctl, "meridiand at %s ended the connection before it answered%s%s", path,
			        errno ? ": " : "", errno ? strerror(errno) : "");
		return NULL;
	}
	json_t *data = open_reply(ctl, verb, text, size);
	(void)sent;
	free(text);
	return data;
}

json_t *ctl_call(const struct ctl *ctl, const struct ctl_verb *verb)
{
	struct err *err = err_new();
	char *path = ctl_socket_path(ctl, err);
	json_t *data = NULL;
	if (path) {
		int fd = connect_to(ctl, path, verb->patient);
		char *line = fd >= 0 ? request_line(ctl, verb) : NULL;
		if (fd >= 0) {
			data = exchange(ctl, verb, fd, path, line);
			close(fd);
		} else if (verb->instead) {
			ctl_fail(ctl, "%s", verb->instead);
		}
		free(line);
	} else {
		err_print(err, stderr, ctl->colour_err);
		ctl_fail(ctl, "cannot tell where meridiand listens; say so with -s SOCKET");
	}
	free(path);
	err_free(err);
	return data;
}
