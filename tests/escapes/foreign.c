/* System calls of other kinds: 32-bit, x32, and numbers that are not known yet. */
#include "escape.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)

#define X32 0x40000000L
/* Numbers of the 32-bit table. */
#define I386_GETPID 20
#define I386_SOCKET 359
#define I386_CHMOD 15

static long int80(long number, long first, long second, long third)
{
	long result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second), "d"(third) : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static int failed(long negated)
{
	return negated < 0 ? (int)-negated : 0;
}

static int get_process_body(void)
{
	return int80(I386_GETPID, 0, 0, 0) == getpid() ? 0 : ENOSYS;
}

static int get_socket_body(void)
{
	return failed(int80(I386_SOCKET, 16, 3, 0));
}

static int change_mode_body(void)
{
	/* The path has to be where 32 bits reach. */
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (low == MAP_FAILED)
		return BROKEN;
	strncpy(low, outside("file"), 4095);
	return failed(int80(I386_CHMOD, (long)low, 0640, 0));
}

static int get_process_x32_body(void)
{
	return outcome(syscall(X32 | SYS_getpid));
}

static int get_socket_x32_body(void)
{
	return outcome(syscall(X32 | SYS_socket, 16, 3, 0));
}

#else

#define get_process_body cannot
#define get_socket_body cannot
#define change_mode_body cannot
#define get_process_x32_body cannot
#define get_socket_x32_body cannot

static int cannot(void)
{
	return CANNOT;
}

#endif

static int get_process(void)
{
	return in_child(get_process_body);
}

static int get_socket(void)
{
	return in_child(get_socket_body);
}

static int change_mode(void)
{
	return in_child(change_mode_body);
}

static int get_process_x32(void)
{
	return in_child(get_process_x32_body);
}

static int get_socket_x32(void)
{
	return in_child(get_socket_x32_body);
}

static int unknown_body(void)
{
	/* More than any kernel has today, fewer than any table could have tomorrow; x32 has its own from 512. */
	for (long number = 473; number < 512; number++)
		if (syscall(number, -1L, -1L, -1L, -1L, -1L, -1L) >= 0 || errno != ENOSYS)
			return 0;
	return ENOSYS;
}

static int unknown(void)
{
	return in_child(unknown_body);
}

const struct technique foreign[] = {
	{ "int80", "foreign-calls", "nothing", "any 32-bit call", get_process },
	{ "int80-socket", "foreign-calls,netlink@landlock", "nothing", "a netlink socket by a 32-bit call", get_socket },
	{ "int80-chmod", "foreign-calls,metadata@landlock", "nothing", "chmod by a 32-bit call", change_mode },
	{ "x32", "foreign-calls", "nothing", "any x32 call", get_process_x32 },
	{ "x32-socket", "foreign-calls", "nothing", "a netlink socket by an x32 call", get_socket_x32 },
	{ "newer-call", "newer-calls", "nothing", "a call that is not known yet", unknown },
	{ 0 },
};
