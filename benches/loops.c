/*
 * The processor time of a system call, under a filter or under none.
 *
 *     loops PROGRAM|- CALL COUNT
 *
 * Installs the BPF program in the file PROGRAM, makes the call COUNT times and prints the
 * nanoseconds that it took. Most calls fail at once (a closed descriptor, flags that exclude each
 * other): what the kernel does apart from the filter is to be as little as it can be.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int zero;

static void call_getpid(void) { syscall(SYS_getpid); }
static void call_read(void) { char byte; syscall(SYS_read, zero, &byte, 1); }
static void call_openat(void) { syscall(SYS_close, syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY, 0)); }
static void call_sendto(void) { syscall(SYS_sendto, -1, "", 0, MSG_NOSIGNAL, 0, 0); }
static void call_setsockopt(void) { syscall(SYS_setsockopt, -1, SOL_SOCKET, SO_KEEPALIVE, 0, 0); }
static void call_ioctl(void) { syscall(SYS_ioctl, -1, 0x5401, 0); }
static void call_clone(void) { syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0); }
static void call_socket(void) { syscall(SYS_close, syscall(SYS_socket, AF_INET, SOCK_STREAM, 0)); }

static const struct { const char *name; void (*make)(void); } calls[] = {
	{ "getpid", call_getpid }, { "read", call_read }, { "openat", call_openat },
	{ "sendto", call_sendto }, { "setsockopt", call_setsockopt }, { "ioctl", call_ioctl },
	{ "clone", call_clone }, { "socket", call_socket },
};

static int install(const char *path)
{
	static struct sock_filter instructions[BPF_MAXINSNS];
	int fd = open(path, O_RDONLY);
	ssize_t size = read(fd, instructions, sizeof(instructions));
	close(fd);
	if (size <= 0)
		return -1;
	struct sock_fprog program = { size / sizeof(*instructions), instructions };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * 1000000000L + time.tv_nsec;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	zero = open("/dev/zero", O_RDONLY);
	long count = strtol(argv[3], NULL, 10);
	if (strcmp(argv[1], "-") != 0 && install(argv[1]) != 0)
		return 1;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (strcmp(calls[i].name, argv[2]) != 0)
			continue;
		for (long n = 0; n < count / 10; n++)
			calls[i].make();
		long start = now();
		for (long n = 0; n < count; n++)
			calls[i].make();
		printf("%ld\n", now() - start);
		return 0;
	}
	return 2;
}
