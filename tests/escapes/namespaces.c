/* New namespaces, and those of others. Each in a process of its own. */
#include "escape.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#define CLONE_CLEAR_SIGHAND_ 0x100000000ULL

static int kind;

static int leave(void)
{
	/* Others than root need to be root of a user namespace first. */
	return outcome(unshare(is_root() ? kind : kind | CLONE_NEWUSER));
}

static int unshare_kind(int which)
{
	kind = which;
	return in_child(leave);
}

static int unshare_user(void)
{
	return unshare_kind(CLONE_NEWUSER);
}

static int unshare_mounts(void)
{
	return unshare_kind(CLONE_NEWNS);
}

static int unshare_processes(void)
{
	return unshare_kind(CLONE_NEWPID);
}

static int unshare_network(void)
{
	return unshare_kind(CLONE_NEWNET);
}

static int unshare_names(void)
{
	return unshare_kind(CLONE_NEWUTS);
}

static int unshare_ipc(void)
{
	return unshare_kind(CLONE_NEWIPC);
}

static int unshare_cgroups(void)
{
	return unshare_kind(CLONE_NEWCGROUP);
}

static int unshare_time(void)
{
	return unshare_kind(CLONE_NEWTIME);
}

static int leave_among_others(void)
{
	return outcome(syscall(SYS_unshare, (unsigned long)CLONE_NEWUSER | CLONE_FS | CLONE_SYSVSEM));
}

static int unshare_with_others(void)
{
	return in_child(leave_among_others);
}

static int ended(long child)
{
	if (child < 0)
		return errno;
	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
	return 0;
}

static int clone_user(void)
{
	return ended(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}

static int clone_garbage(void)
{
	return ended(syscall(SYS_clone, GARBAGE_ABOVE(CLONE_NEWUSER | SIGCHLD), 0, 0, 0, 0));
}

/* The flags are in memory, where a filter cannot read them. */
static int clone3_flags(uint64_t flags)
{
	struct { uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls; } arguments = {
		.flags = flags, .exit_signal = SIGCHLD,
	};
	return ended(syscall(SYS_clone3, &arguments, sizeof(arguments)));
}

static int clone3_user(void)
{
	return clone3_flags(CLONE_NEWUSER);
}

static int clone3_user_and_more(void)
{
	return clone3_flags(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_CLEAR_SIGHAND_);
}

static int enter_own(void)
{
	int fd = open_or_give_up("/proc/self/ns/uts", O_RDONLY);
	return outcome(setns(fd, CLONE_NEWUTS));
}

static int set_own(void)
{
	return in_child(enter_own);
}

static int enter_of_victim(void)
{
	int process = syscall(SYS_pidfd_open, staged_number("VICTIM"), 0);
	return process < 0 ? errno : outcome(setns(process, CLONE_NEWUTS | CLONE_NEWIPC));
}

static int set_of_victim(void)
{
	return in_child(enter_of_victim);
}

const struct technique namespaces[] = {
	{ "unshare-user", "namespaces", "nothing", "a user namespace", unshare_user },
	{ "unshare-mount", "namespaces", "nothing", "a mount namespace", unshare_mounts },
	{ "unshare-pid", "namespaces", "nothing", "a process namespace", unshare_processes },
	{ "unshare-net", "namespaces", "nothing", "a network namespace", unshare_network },
	{ "unshare-uts", "namespaces", "nothing", "a namespace of host names", unshare_names },
	{ "unshare-ipc", "namespaces", "nothing", "an IPC namespace", unshare_ipc },
	{ "unshare-cgroup", "namespaces", "nothing", "a cgroup namespace", unshare_cgroups },
	{ "unshare-time", "namespaces", "nothing", "a time namespace", unshare_time },
	{ "unshare-user-among-others", "namespaces", "nothing", "a user namespace among harmless flags", unshare_with_others },
	{ "clone-user", "namespaces", "nothing", "a user namespace by clone", clone_user },
	{ "clone-user-garbage", "namespaces", "nothing", "the same with garbage in the upper half of the flags", clone_garbage },
	{ "clone3-user", "namespaces", "nothing", "a user namespace by clone3", clone3_user },
	{ "clone3-user-among-others", "namespaces", "nothing", "several by clone3, among other flags", clone3_user_and_more },
	{ "setns", "namespaces", "reads-proc", "enter a namespace by its file", set_own },
	{ "setns-process", "namespaces,ptrace", "nothing", "enter the namespaces of a process", set_of_victim },
	{ 0 },
};
