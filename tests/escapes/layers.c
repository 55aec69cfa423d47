/* Further filters and sandboxes from inside, and other ways to shed one: none may lift anything. */
#include "escape.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <sys/ptrace.h>
#include <sys/user.h>
#endif

/* A filter that has one answer to everything, or to chmod alone. */
static long install_filter(unsigned int answer, int chmod_alone, unsigned int flags)
{
	struct sock_filter all[] = { BPF_STMT(BPF_RET | BPF_K, answer) };
	struct sock_filter one[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fchmodat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 1, all };
	if (chmod_alone)
		program = (struct sock_fprog){ 4, one };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static long change_mode(void)
{
	return syscall(SYS_fchmodat, AT_FDCWD, outside("file"), 0640);
}

static int read_after_filter(void)
{
	return install_filter(SECCOMP_RET_ALLOW, 0, 0) < 0 ? errno : read_path(outside("file"));
}

static int chmod_after_filter(void)
{
	return install_filter(SECCOMP_RET_ALLOW, 0, 0) < 0 ? errno : outcome(change_mode());
}

/* Answers for its own child: the strictest of all filters must win, before we are asked at all. */
static int chmod_by_supervisor(void)
{
	int listener = install_filter(SECCOMP_RET_USER_NOTIF, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (listener < 0)
		return errno;
	pid_t child = fork();
	if (child == 0)
		_exit(outcome(change_mode()));
	struct seccomp_notif asked = { 0 };
	if (poll(&(struct pollfd){ .fd = listener, .events = POLLIN }, 1, 500) == 1 &&
	    ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) == 0) {
		struct seccomp_notif_resp answer = { .id = asked.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
	int status;
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

/* Changes the call of a traced child after the filter has seen it. */
static int chmod_by_tracer(void)
{
#if defined(__x86_64__)
	pid_t child = fork();
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
			_exit(errno);
		raise(SIGSTOP);
		long result = syscall(SYS_getppid, AT_FDCWD, outside("file"), 0640);
		_exit(result == 0 ? 0 : errno);
	}
	int status;
	waitpid(child, &status, 0);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	struct user_regs_struct registers;
	if (ptrace(PTRACE_SYSCALL, child, NULL, NULL) == 0 && waitpid(child, &status, 0) == child && !WIFEXITED(status)) {
		ptrace(PTRACE_GETREGS, child, NULL, &registers);
		if (registers.orig_rax == SYS_getppid) {
			registers.orig_rax = SYS_fchmodat;
			ptrace(PTRACE_SETREGS, child, NULL, &registers);
		}
		ptrace(PTRACE_DETACH, child, NULL, NULL);
		waitpid(child, &status, 0);
	}
	return WEXITSTATUS(status);
#else
	return CANNOT;
#endif
}

/* A Landlock layer of our own that allows what the one around it does not. */
static int read_after_layer(void)
{
	struct { uint64_t files; } handled = { 1 << 2 };
	struct { uint64_t allowed; int32_t parent; } __attribute__((packed)) rule = { 1 << 2, open("/", O_PATH) };
	int ruleset = syscall(444, &handled, sizeof(handled), 0);
	if (ruleset < 0)
		return CANNOT;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(445, ruleset, 1, &rule, 0) != 0 || syscall(446, ruleset, 0) != 0)
		return errno;
	return read_path(outside("file"));
}

static int new_privileges(void)
{
	/* Outside it is not set, so that there is nothing to clear. */
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
		return 0;
	prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 ? 0 : EPERM;
}

static int no_filter(void)
{
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0)
		return 0;
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_DISABLED, 0, 0, 0);
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0 ? 0 : EPERM;
}

static int fresh_thread(void)
{
	/* A process of our making, whose parent is to be the outside's. */
	pid_t child = fork();
	if (child != 0) {
		int status;
		waitpid(child, &status, 0);
		return WEXITSTATUS(status);
	}
	setsid();
	if (fork() == 0) {
		usleep(50000);
		_exit(read_path(outside("file")));
	}
	int status;
	wait(&status);
	_exit(WEXITSTATUS(status));
}

static int set_user_id(void)
{
	execl(outside("set-user-id"), "escape", "be-root", NULL);
	return errno;
}

const struct technique layers[] = {
	{ "filter-allow-read", "read", "nothing", "read under an own filter that allows all", read_after_filter },
	{ "filter-allow-chmod", "metadata", "nothing", "chmod under an own filter that allows all", chmod_after_filter },
	{ "filter-supervise-chmod", "metadata", "nothing", "let an own supervisor wave a chmod through", chmod_by_supervisor },
	{ "tracer-chmod", "metadata,debug", "nothing", "turn a traced child's call into a chmod", chmod_by_tracer },
	{ "landlock-allow-read", "read", "nothing", "read under an own layer that allows all", read_after_layer },
	{ "no-new-privs-off", "privileges", "nothing", "clear no_new_privs", new_privileges },
	{ "seccomp-off", "filter", "nothing", "switch the filter off", no_filter },
	{ "daemon-read", "read", "nothing", "read as a daemon of the own making", fresh_thread },
	{ "set-user-id", "privileges", "set-user-id,as-nobody", "execute a set-user-ID program", set_user_id },
	{ 0 },
};
