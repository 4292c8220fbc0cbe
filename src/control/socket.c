/*
 * socket.c: listening sockets.
 *
 * The file of the control socket never has a wider mode than 0660, not for a moment: fchmod before bind sets what
 * bind creates, and the umask only takes away. It is made under another name and moved to its own when it listens,
 * so that it is never there without a server behind it. Of two servers that start at once, the second finds, when it
 * has exchanged the files, that the one it took away lives, and puts it back.
 */
#include "control/room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/assert.h"

enum { BACKLOG = 64, ATTEMPTS = 3 };

__attribute__((format(printf, 2, 3))) static int fail(struct err *err, const char *format, ...)
{
	char message[1024];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	err_add(err, ERR_ERROR, NULL, "%s", message);
	return -1;
}

static bool address_of(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	size_t length = strlen(path);
	if (!length || length >= sizeof address->sun_path)
		return false;
	memcpy(address->sun_path, path, length);
	return true;
}

enum occupant { NOBODY, DEAD, LIVING, FOREIGN, HIDDEN };

/* Who is behind the file `path`. A server that is stopped or overrun has a full backlog, and lives. */
static enum occupant occupant_of(const char *path)
{
	struct stat status;
	struct sockaddr_un address;
	if (lstat(path, &status) < 0)
		return errno == ENOENT ? NOBODY : HIDDEN;
	if (!S_ISSOCK(status.st_mode))
		return FOREIGN;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || !address_of(&address, path)) {
		close(fd);
		return HIDDEN;
	}
	enum occupant occupant = LIVING;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		occupant = errno == ECONNREFUSED ? DEAD : errno == ENOENT ? NOBODY : errno == EAGAIN ? LIVING : HIDDEN;
	int saved = errno;
	close(fd);
	errno = saved;
	return occupant;
}

/* Nothing, if the place `path` may be taken, or the error. */
static int check_place(const char *path, struct err *err)
{
	switch (occupant_of(path)) {
	case NOBODY:
	case DEAD:
		return 0;
	case LIVING:
		return fail(err,
		        "another meridiand is listening on %s; stop it, or give this one another `control` path", path);
	case FOREIGN:
		return fail(err,
		        "%s is in the way of the control socket and is not a socket; remove it, or change `control`",
		        path);
	case HIDDEN:
		break;
	}
	return fail(err, "cannot tell whether another meridiand is listening on %s: %s", path, strerror(errno));
}

/* Moves `made` to `path`; 0, or -1 and an error, and `made` may still be there. */
static int publish(const char *made, const char *path, struct err *err)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		if (check_place(path, err) < 0)
			return -1;
		if (renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
			return 0;
		if (errno == EEXIST && renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_EXCHANGE) == 0) {
			if (occupant_of(made) != LIVING)
				return 0;
			renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_EXCHANGE);
			return check_place(path, err) < 0 ? -1 : fail(err, "another meridiand is starting on %s", path);
		}
		/* A file system without these renames: the last one to start wins. */
		if (errno == EINVAL && rename(made, path) == 0)
			return 0;
		if (errno != ENOENT && errno != EEXIST)
			break;
	}
	return fail(err, "cannot put the control socket at %s: %s", path, strerror(errno));
}

/* What keeps the socket from being made, and what to do about it. */
static int bind_failed(const char *path, int error, struct err *err)
{
	const char *slash = strrchr(path, '/');
	int length = !slash ? 1 : slash == path ? 1 : (int)(slash - path);
	char folder[sizeof((struct sockaddr_un *)0)->sun_path];
	snprintf(folder, sizeof folder, "%.*s", length, slash ? path : ".");
	if (error == ENOENT || error == ENOTDIR)
		return fail(err,
		        "cannot make the control socket %s: there is no folder %s; make it (mkdir -p %s), or change "
		        "`control`",
		        path, folder, folder);
	if (error == EACCES || error == EPERM || error == EROFS)
		return fail(err,
		        "cannot make the control socket %s: the user of meridiand may not write to the folder %s; "
		        "change "
		        "its owner, or `control`",
		        path, folder);
	return fail(err, "cannot make the control socket %s: %s", path, strerror(error));
}

/* Binds, opens and listens under the name `made`. */
static int listen_at(int fd, const char *made, const struct sockaddr_un *address, const char *path, struct err *err)
{
	unlink(made); /* of a process that had our number and died in this moment */
	if (fchmod(fd, 0660) < 0 || bind(fd, (const struct sockaddr *)address, sizeof *address) < 0)
		return bind_failed(path, errno, err);
	if (chmod(made, 0660) < 0 || listen(fd, BACKLOG) < 0)
		return fail(err, "cannot listen on the control socket %s: %s", path, strerror(errno));
	return publish(made, path, err);
}

int socket_listen_unix(const char *path, struct err *err)
{
	char made[sizeof((struct sockaddr_un *)0)->sun_path + 16];
	struct sockaddr_un address;
	int longest = (int)sizeof address.sun_path - 1 - snprintf(NULL, 0, ".%d", (int)getpid());
	if ((int)strlen(path) > longest || snprintf(made, sizeof made, "%s.%d", path, (int)getpid()) < 0 ||
	        !address_of(&address, made))
		return fail(err, "the path of the control socket is too long (at most %d bytes): %s", longest, path);
	/* Before anything is made: the common mistake, a second server, changes nothing. */
	if (check_place(path, err) < 0)
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(err, "cannot make the control socket %s: %s", path, strerror(errno));
	int result = listen_at(fd, made, &address, path, err);
	unlink(made);
	if (result == 0)
		return fd;
	close(fd);
	return -1;
}

int socket_listen_tcp(const struct endpoint *endpoint, struct err *err)
{
	char text[ADDR_TEXT_MAX];
	struct sockaddr_storage address;
	socklen_t length = endpoint_to_sockaddr(endpoint, &address);
	endpoint_format(endpoint, text);
	int on = 1;
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && address.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
	        bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int error = errno;
	if (fd >= 0)
		close(fd);
	if (error == EADDRINUSE)
		return fail(err, "cannot serve metrics on %s: the port is in use; find by whom with `ss -ltnp`", text);
	return fail(err, "cannot serve metrics on %s: %s", text, strerror(error));
}
