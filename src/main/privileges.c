/*
 * privileges.c: giving up what was needed only to bind.
 *
 * Called once by daemon.c, after the sockets and the state folder are open.
 * The order matters: groups first, then the user; then nothing can come back.
 */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "main/daemon.h"

static int become(const char *user, struct err *err)
{
	const struct passwd *entry = getpwnam(user);
	if (!entry) {
		err_add(err, ERR_ERROR, NULL,
		        "there is no user '%s' (key `user`); create it: adduser --system --group %s", user, user);
		return -1;
	}
	if (initgroups(user, entry->pw_gid) || setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) ||
	        setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid)) {
		err_add(err, ERR_ERROR, NULL, "cannot become user '%s': %s", user, strerror(errno));
		return -1;
	}
	return 0;
}

static int drop_capabilities(struct err *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	if (syscall(SYS_capset, &header, none)) {
		err_add(err, ERR_ERROR, NULL, "cannot drop capabilities: %s", strerror(errno));
		return -1;
	}
	return 0;
}

int privileges_drop(const char *user, struct err *err)
{
	if (geteuid() == 0 && user && become(user, err))
		return -1;
	if (drop_capabilities(err))
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		err_add(err, ERR_ERROR, NULL, "cannot forbid new privileges: %s", strerror(errno));
		return -1;
	}
	return 0;
}

void privileges_raise_limits(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}
