/* The memory and the files of a process outside, and of the sandbox's own. */
#include "escape.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int is_original(const char *content)
{
	return strncmp(content, ORIGINAL, strlen(ORIGINAL)) == 0 ? 0 : BROKEN;
}

static int attach(void)
{
	pid_t victim = staged_number("VICTIM");
	if (ptrace(PTRACE_ATTACH, victim, NULL, NULL) != 0)
		return errno;
	waitpid(victim, NULL, 0);
	long word = ptrace(PTRACE_PEEKDATA, victim, victim_memory, NULL);
	ptrace(PTRACE_DETACH, victim, NULL, NULL);
	return memcmp(&word, ORIGINAL, sizeof(word)) == 0 ? 0 : BROKEN;
}

static int seize(void)
{
	return outcome(ptrace(PTRACE_SEIZE, staged_number("VICTIM"), NULL, NULL));
}

static int read_memory_of(pid_t process)
{
	char content[sizeof(victim_memory)] = "";
	struct iovec here = { content, sizeof(content) }, there = { victim_memory, sizeof(victim_memory) };
	return process_vm_readv(process, &here, 1, &there, 1, 0) < 0 ? errno : is_original(content);
}

static int read_memory(void)
{
	return read_memory_of(staged_number("VICTIM"));
}

static int write_memory(void)
{
	char content[sizeof(victim_memory)] = MESSAGE;
	struct iovec here = { content, sizeof(content) }, there = { victim_memory, sizeof(victim_memory) };
	return outcome(process_vm_writev(staged_number("VICTIM"), &here, 1, &there, 1, 0));
}

static int open_of_victim(const char *name, int flags)
{
	char path[600];
	snprintf(path, sizeof(path), "/proc/%d/%s", staged_number("VICTIM"), name);
	return open(path, flags);
}

static int memory_file(void)
{
	char content[sizeof(victim_memory)] = "";
	int fd = open_of_victim("mem", O_RDONLY);
	if (fd < 0)
		return errno;
	return pread(fd, content, sizeof(content), (off_t)(uintptr_t)victim_memory) < 0 ? errno : is_original(content);
}

static int environment_file(void)
{
	char byte;
	int fd = open_of_victim("environ", O_RDONLY);
	ssize_t length = fd < 0 ? -1 : read(fd, &byte, 1);
	/* Some kernels deny by an empty file. */
	return length == 1 ? 0 : length == 0 ? EACCES : errno;
}

static int root_link(void)
{
	char path[600];
	snprintf(path, sizeof(path), "root%s", outside("file"));
	int fd = open_of_victim(path, O_RDONLY);
	return fd < 0 ? errno : file_is_original(fd);
}

static int directory_link(void)
{
	int fd = open_of_victim("cwd/file", O_RDONLY);
	return fd < 0 ? errno : file_is_original(fd);
}

static int descriptor_link(void)
{
	char name[32];
	snprintf(name, sizeof(name), "fd/%d", VICTIM_DESCRIPTOR);
	int fd = open_of_victim(name, O_RDONLY);
	return fd < 0 ? errno : file_is_original(fd);
}

static int take_descriptor(void)
{
	char content[sizeof(ORIGINAL)] = "";
	int process = syscall(SYS_pidfd_open, staged_number("VICTIM"), 0);
	int fd = process < 0 ? -1 : syscall(SYS_pidfd_getfd, process, VICTIM_DESCRIPTOR, 0);
	return fd < 0 || pread(fd, content, sizeof(content) - 1, 0) < 0 ? errno : is_original(content);
}

static int compare(void)
{
	return outcome(syscall(SYS_kcmp, getpid(), staged_number("VICTIM"), KCMP_FILES, 0, 0));
}

static int robust_list(void)
{
	void *head;
	size_t length;
	return outcome(syscall(SYS_get_robust_list, staged_number("VICTIM"), &head, &length));
}

static int advise(void)
{
	const int MADV_COLD_ = 20;
	/* A whole page, the one of victim_memory. */
	struct iovec there = { (void *)((uintptr_t)victim_memory & ~(uintptr_t)4095), 4096 };
	int process = syscall(SYS_pidfd_open, staged_number("VICTIM"), 0);
	return process < 0 ? errno : outcome(syscall(SYS_process_madvise, process, &there, 1, MADV_COLD_, 0));
}

/* The sandbox's own processes. */

static pid_t own_child(void)
{
	pid_t child = fork();
	if (child == 0) {
		strcpy(victim_memory, ORIGINAL);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(child, NULL, WUNTRACED);
	return child;
}

static int trace_child(void)
{
	pid_t child = own_child();
	int result = outcome(ptrace(PTRACE_ATTACH, child, NULL, NULL));
	kill(child, SIGKILL);
	return result;
}

static int be_traced_body(void)
{
	return outcome(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int be_traced(void)
{
	return in_child(be_traced_body);
}

static int read_child(void)
{
	pid_t child = own_child();
	int result = read_memory_of(child);
	kill(child, SIGKILL);
	return result;
}

static int take_from_child(void)
{
	pid_t child = own_child();
	int process = syscall(SYS_pidfd_open, child, 0);
	int result = process < 0 ? errno : outcome(syscall(SYS_pidfd_getfd, process, STDOUT_FILENO, 0));
	kill(child, SIGKILL);
	return result;
}

static int compare_with_child(void)
{
	pid_t child = own_child();
	int result = outcome(syscall(SYS_kcmp, getpid(), child, KCMP_FILES, 0, 0));
	kill(child, SIGKILL);
	return result;
}

const struct technique tracing[] = {
	{ "ptrace-attach", "ptrace,debug", "nothing", "attach, read a word of memory", attach },
	{ "ptrace-seize", "ptrace,debug", "nothing", "attach without stopping it", seize },
	{ "process-vm-readv", "ptrace,debug", "nothing", "read memory", read_memory },
	{ "process-vm-writev", "ptrace,debug", "nothing", "write memory", write_memory },
	{ "proc-mem", "ptrace", "reads-proc", "read memory through /proc/PID/mem", memory_file },
	{ "proc-environ", "ptrace", "reads-proc", "read the environment", environment_file },
	{ "proc-root", "ptrace,read", "reads-proc", "walk through /proc/PID/root", root_link },
	{ "proc-cwd", "ptrace,read", "reads-proc", "walk through /proc/PID/cwd", directory_link },
	{ "proc-fd", "ptrace,read", "reads-proc", "open what it has open, through /proc/PID/fd", descriptor_link },
	{ "pidfd-getfd", "ptrace,debug", "nothing", "take a descriptor", take_descriptor },
	{ "kcmp", "ptrace,debug", "nothing", "compare its tables with ours", compare },
	{ "robust-list", "ptrace", "nothing", "learn an address of its memory", robust_list },
	{ "process-madvise", "ptrace,other-processes,debug", "nothing", "push out its memory", advise },
	{ "debug-attach", "debug", "nothing", "trace an own child", trace_child },
	{ "debug-traceme", "debug", "nothing", "be traced by the own parent", be_traced },
	{ "debug-vm-readv", "debug", "nothing", "read memory of an own child", read_child },
	{ "debug-getfd", "debug", "nothing", "take a descriptor of an own child", take_from_child },
	{ "debug-kcmp", "debug", "nothing", "compare tables with an own child", compare_with_child },
	{ 0 },
};
