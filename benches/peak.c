/*
 * Prints the peak memory of a command in KiB; without a command, does nothing, as the target of one.
 *
 * A child's ru_maxrss counts what it ran in before its execve: its parent's memory after fork, and
 * after vfork as well. So the parent has to be smaller than all that it measures: no C library, a
 * few pages. For the same reason the measured wrappers execute this program and not /bin/true,
 * whose dynamic loader needs more memory than they do.
 */
#include <asm/unistd.h>
#include <linux/resource.h>

static long call(long number, long a, long b, long c, long d, long e)
{
#if defined(__x86_64__)
	long result = number;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	__asm__ volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
#else
#error "peak.c knows the system calls of x86-64 and AArch64"
#endif
}

__attribute__((noreturn)) static void leave(int code)
{
	for (;;)
		call(__NR_exit_group, code, 0, 0, 0, 0);
}

static void print(long number)
{
	char text[24];
	char *start = text + sizeof(text);
	*--start = '\n';
	do
		*--start = '0' + number % 10;
	while (number /= 10);
	call(__NR_write, 1, (long)start, text + sizeof(text) - start, 0, 0);
}

__attribute__((noreturn, used)) void begin(long *stack)
{
	enum { SIGCHLD = 17 };
	long argc = stack[0];
	char **argv = (char **)(stack + 1);
	char **environment = argv + argc + 1;
	if (argc < 2)
		leave(0);
	long child = call(__NR_clone, SIGCHLD, 0, 0, 0, 0);
	if (child == 0) {
		call(__NR_execve, (long)argv[1], (long)(argv + 1), (long)environment, 0, 0);
		leave(127);
	}
	int status = 0;
	struct rusage usage;
	if (child < 0 || call(__NR_wait4, child, (long)&status, 0, (long)&usage, 0) != child || status != 0)
		leave(1);
	print(usage.ru_maxrss);
	leave(0);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall begin\n");
#else
__asm__(".globl _start\n_start:\n\tmov x0, sp\n\tb begin\n");
#endif
