/*
 * privileges.c: giving up what was needed only to bind.
 *
 * Called once by daemon.c, after the sockets and the state folder are open and
 * before there is a second thread. The order matters: groups first, then the
 * user; then nothing can come back.
 */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
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

void privileges_give(const char *user, const char *path)
{
	const struct passwd *entry = user && geteuid() == 0 ? getpwnam(user) : NULL;
	if (entry && lchown(path, entry->pw_uid, entry->pw_gid))
		log_warn("%s cannot be given to user '%s': %s", path, user, strerror(errno));
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

/* System calls that no name server needs, and that who has broken into one would like. What a library may need is not
 * here: a filter that kills the server at the next upgrade of libc protects nobody. */
static const char *const refused_calls[] = {"acct", "add_key", "bpf", "chroot", "clock_adjtime", "clock_settime",
        "create_module", "delete_module", "finit_module", "fsconfig", "fsmount", "fsopen", "init_module", "ioperm",
        "iopl", "kcmp", "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mount", "move_mount",
        "name_to_handle_at", "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open", "personality",
        "pivot_root", "process_vm_readv", "process_vm_writev", "ptrace", "quotactl", "reboot", "request_key",
        "setdomainname", "sethostname", "setns", "settimeofday", "swapoff", "swapon", "umount2", "unshare",
        "userfaultfd", "vhangup"};

static int filter_calls(struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int failed = filter ? 0 : -1;
	for (size_t i = 0; i < sizeof refused_calls / sizeof refused_calls[0] && !failed; i++) {
		int call = seccomp_syscall_resolve_name(refused_calls[i]);
		if (call != __NR_SCMP_ERROR)
			failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0);
	}
	if (!failed)
		failed = seccomp_load(filter);
	seccomp_release(filter);
	if (failed)
		err_add(err, ERR_ERROR, NULL, "cannot load the filter of system calls: %s", strerror(-failed));
	return failed ? -1 : 0;
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
	return filter_calls(err);
}

void privileges_raise_limits(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}
