/* Signals to a process outside, by every call that sends one. */
#include "escape.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int arrived(long result)
{
	if (result < 0)
		return errno;
	announce("victim");
	return 0;
}

static int by_kill(void)
{
	return arrived(kill(staged_number("VICTIM"), SIGUSR1));
}

static int by_kill_garbage(void)
{
	return arrived(syscall(SYS_kill, GARBAGE_ABOVE(staged_number("VICTIM")), GARBAGE_ABOVE(SIGUSR1)));
}

static int by_group(void)
{
	/* The victim leads a group of its own, with nobody else in it. */
	return arrived(kill(-staged_number("VICTIM"), SIGUSR1));
}

static int by_tkill(void)
{
	return arrived(syscall(SYS_tkill, staged_number("VICTIM"), SIGUSR1));
}

static int by_tgkill(void)
{
	return arrived(syscall(SYS_tgkill, staged_number("VICTIM"), staged_number("VICTIM"), SIGUSR1));
}

static int by_queue(void)
{
	return arrived(sigqueue(staged_number("VICTIM"), SIGUSR1, (union sigval){ .sival_int = 1 }));
}

static int by_thread_queue(void)
{
	siginfo_t info = { .si_code = SI_QUEUE, .si_pid = getpid(), .si_uid = getuid() };
	int victim = staged_number("VICTIM");
	return arrived(syscall(SYS_rt_tgsigqueueinfo, victim, victim, SIGUSR1, &info));
}

static int by_descriptor(void)
{
	int fd = syscall(SYS_pidfd_open, staged_number("VICTIM"), 0);
	return fd < 0 ? errno : arrived(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, NULL, 0));
}

static int by_group_descriptor(void)
{
	const unsigned int PIDFD_SIGNAL_PROCESS_GROUP_ = 4;
	int fd = syscall(SYS_pidfd_open, staged_number("VICTIM"), 0);
	return fd < 0 ? errno : arrived(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, NULL, PIDFD_SIGNAL_PROCESS_GROUP_));
}

/* Has the kernel send it when a pipe becomes readable: no call of ours names the signal's receiver. */
static int by_pipe(int owner_command, const void *owner)
{
	int ends[2];
	if (pipe(ends) != 0)
		return errno;
	if (owner_command == F_SETOWN ? fcntl(ends[0], F_SETOWN, *(const int *)owner) : fcntl(ends[0], F_SETOWN_EX, owner))
		return errno;
	if (fcntl(ends[0], F_SETSIG, SIGUSR1) != 0 || fcntl(ends[0], F_SETFL, O_ASYNC) != 0)
		return errno;
	if (write(ends[1], "x", 1) < 0)
		return errno;
	return 0;
}

/* Denied without a word, so the receiver is the judge. */
static int by_owner(void)
{
	int owner = staged_number("VICTIM");
	int result = by_pipe(F_SETOWN, &owner);
	if (result == 0)
		announce("victim-or-silence");
	return result;
}

static int by_owner_group(void)
{
	int owner = -staged_number("VICTIM");
	int result = by_pipe(F_SETOWN, &owner);
	if (result == 0)
		announce("victim-or-silence");
	return result;
}

static int by_owner_thread(void)
{
	struct f_owner_ex owner = { F_OWNER_TID, staged_number("VICTIM") };
	int result = by_pipe(F_SETOWN_EX, &owner);
	if (result == 0)
		announce("victim-or-silence");
	return result;
}

const struct technique signals[] = {
	{ "signal-kill", "signal", "nothing", "kill", by_kill },
	{ "signal-kill-garbage", "signal", "nothing", "kill with garbage in the upper halves", by_kill_garbage },
	{ "signal-group", "signal", "nothing", "kill of the process group", by_group },
	{ "signal-tkill", "signal", "nothing", "tkill", by_tkill },
	{ "signal-tgkill", "signal", "nothing", "tgkill", by_tgkill },
	{ "signal-sigqueue", "signal", "nothing", "rt_sigqueueinfo", by_queue },
	{ "signal-tgsigqueue", "signal", "nothing", "rt_tgsigqueueinfo", by_thread_queue },
	{ "signal-pidfd", "signal", "nothing", "pidfd_send_signal", by_descriptor },
	{ "signal-pidfd-group", "signal", "nothing", "pidfd_send_signal to the group", by_group_descriptor },
	{ "signal-owner", "signal", "nothing", "F_SETOWN of a pipe, then write to it", by_owner },
	{ "signal-owner-group", "signal", "nothing", "the same with the group as owner", by_owner_group },
	{ "signal-owner-thread", "signal", "nothing", "the same with a thread as owner", by_owner_thread },
	{ 0 },
};
