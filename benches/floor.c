/*
 * The floor: the fewest system calls with which a C program can do the wrapper's job.
 *
 *     floor [--ro PATH | --rw PATH | --connect-tcp PORT]... -- COMMAND [ARGUMENT]...
 *
 * Compiled for the ABI of the running kernel (-DABI=n, 4 or newer), so nothing is probed. An error
 * is an exit code and no more: 125 if the sandbox fails, 127 if the command does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Not from <linux/landlock.h>: the header installed may be older than the kernel that runs. */
#define FS_RO (1ULL << 0 | 1ULL << 2 | 1ULL << 3)
#define FS_TRUNCATE (1ULL << 14)
#define FS_RW (FS_RO | 1ULL << 1 | 0x3fULL << 4 | 1ULL << 8 | 1ULL << 9 | 1ULL << 10 | 1ULL << 12 | 1ULL << 13 | FS_TRUNCATE)
#define FS_OF_FILES (1ULL << 0 | 1ULL << 1 | 1ULL << 2 | FS_TRUNCATE)
#define NET_CONNECT_TCP (1ULL << 1)

#if ABI < 4
#error "this kernel's Landlock has no port rules"
#endif
#define FS_HANDLED ((1ULL << (ABI >= 9 ? 17 : ABI >= 5 ? 16 : 15)) - 1)
#define NET_HANDLED (ABI >= 10 ? 15ULL : 3ULL)
#define SCOPED (ABI >= 6 ? 3ULL : 0ULL)

struct ruleset { uint64_t fs, net, scoped; };
struct path_rule { uint64_t allowed; int32_t parent; } __attribute__((packed));
struct port_rule { uint64_t allowed, port; };

static int ruleset;

static void allow_path(const char *path, uint64_t allowed)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		_exit(125);
	struct path_rule rule = { allowed, fd };
	if (syscall(445, ruleset, 1, &rule, 0) != 0) {
		/* A file: asking by trial costs a call only here, asking by fstat everywhere. */
		rule.allowed &= FS_OF_FILES;
		if (errno != EINVAL || syscall(445, ruleset, 1, &rule, 0) != 0)
			_exit(125);
	}
	CLOSE_PATH(fd);
}

static void allow_port(uint64_t port)
{
	struct port_rule rule = { NET_CONNECT_TCP, port };
	if (syscall(445, ruleset, 2, &rule, 0) != 0)
		_exit(125);
}

int main(int argc, char **argv)
{
	struct ruleset attributes = { FS_HANDLED, NET_HANDLED, SCOPED };
	ruleset = syscall(444, &attributes, ABI >= 6 ? 24 : 16, 0);
	if (ruleset < 0)
		return 125;
	int i = 1;
	for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2) {
		if (strcmp(argv[i], "--ro") == 0)
			allow_path(argv[i + 1], FS_RO);
		else if (strcmp(argv[i], "--rw") == 0)
			allow_path(argv[i + 1], FS_RW);
		else
			allow_port(strtoul(argv[i + 1], NULL, 10));
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(446, ruleset, 0) != 0)
		return 125;
	execv(argv[i + 1], argv + i + 1);
	return 127;
}
