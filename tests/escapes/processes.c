/* Limits, priority and processors of a process outside. */
#include "escape.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A user that nobody else is. */
#define LONELY 54321
#define BEST_EFFORT IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 4)

static int set_limit(void)
{
	struct rlimit none = { 0, 0 };
	return outcome(prlimit(staged_number("VICTIM"), RLIMIT_CORE, &none, NULL));
}

static int set_limit_garbage(void)
{
	struct rlimit none = { 0, 0 };
	return outcome(syscall(SYS_prlimit64, GARBAGE_ABOVE(staged_number("VICTIM")), RLIMIT_CORE, &none, NULL));
}

/* What it is: whoever may set that may set more, and a victim that stays as it was is in nobody's way. */
static int present_priority(void)
{
	return getpriority(PRIO_PROCESS, staged_number("VICTIM"));
}

static int set_priority(void)
{
	return outcome(setpriority(PRIO_PROCESS, staged_number("VICTIM"), present_priority()));
}

static int set_priority_group(void)
{
	return outcome(setpriority(PRIO_PGRP, staged_number("VICTIM"), present_priority()));
}

/* Root's other processes are not ours to slow down: acts on a user made up for it. */
static int for_user(int (*act)(int user))
{
	if (!is_root())
		return act(geteuid());
	pid_t child = fork();
	if (child == 0) {
		if (setuid(LONELY) != 0)
			_exit(BROKEN);
		pause();
		_exit(0);
	}
	usleep(100000);
	int result = act(LONELY);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return result;
}

static int nice_user(int user)
{
	return outcome(setpriority(PRIO_USER, user, 0));
}

static int set_priority_user(void)
{
	return for_user(nice_user);
}

static int io_user(int user)
{
	return outcome(syscall(SYS_ioprio_set, IOPRIO_WHO_USER, user, BEST_EFFORT));
}

static int set_io_priority(void)
{
	return outcome(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, staged_number("VICTIM"), BEST_EFFORT));
}

static int set_io_priority_group(void)
{
	return outcome(syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP, staged_number("VICTIM"), BEST_EFFORT));
}

static int set_io_priority_user(void)
{
	return for_user(io_user);
}

static int set_affinity(void)
{
	cpu_set_t first;
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	return outcome(sched_setaffinity(staged_number("VICTIM"), sizeof(first), &first));
}

static int set_scheduler(void)
{
	struct sched_param none = { 0 };
	return outcome(sched_setscheduler(staged_number("VICTIM"), SCHED_BATCH, &none));
}

static int set_scheduler_parameters(void)
{
	struct sched_param none = { 0 };
	return outcome(sched_setparam(staged_number("VICTIM"), &none));
}

static int set_scheduler_attributes(void)
{
	struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t times[3]; } attributes = {
		.size = sizeof(attributes), .policy = SCHED_BATCH, .nice = present_priority(),
	};
	return outcome(syscall(SYS_sched_setattr, staged_number("VICTIM"), &attributes, 0));
}

static int migrate(void)
{
	unsigned long first = 1;
	return outcome(syscall(SYS_migrate_pages, staged_number("VICTIM"), 8 * sizeof(first), &first, &first));
}

static int move(void)
{
	void *page = victim_memory;
	int node = 0, status;
	return outcome(syscall(SYS_move_pages, staged_number("VICTIM"), 1, &page, &node, &status, 0));
}

/* As root, memory that others have mapped as well, a library's say; here a page of one's own. */
static int move_shared(void)
{
	unsigned long first = 1;
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return errno;
	return outcome(syscall(SYS_mbind, page, 4096, MPOL_BIND, &first, 8 * sizeof(first), MPOL_MF_MOVE_ALL));
}

static int move_shared_page(void)
{
	static char own[2 * 4096];
	void *page = (void *)(((uintptr_t)own + 4095) & ~4095UL);
	int node = 0, status;
	*(volatile char *)page = 1;
	return outcome(syscall(SYS_move_pages, 0, 1, &page, &node, &status, MPOL_MF_MOVE_ALL));
}

/* A processor that no other program may share. */
static int share_core(void)
{
	const int create = 1, thread = 0;
	return outcome(prctl(PR_SCHED_CORE, create, staged_number("VICTIM"), thread, 0));
}

/* That it is there, whose it is, and how long it has run. */
static int see_process(void)
{
	pid_t victim = staged_number("VICTIM");
	clockid_t clock;
	struct timespec time;
	if (getpgid(victim) < 0 || clock_getcpuclockid(victim, &clock) != 0)
		return errno;
	return outcome(clock_gettime(clock, &time));
}

const struct technique processes[] = {
	{ "prlimit", "other-processes", "nothing", "change a limit", set_limit },
	{ "prlimit-garbage", "other-processes", "nothing", "the same with garbage in the upper half of the process", set_limit_garbage },
	{ "setpriority", "scheduling", "nothing", "change the priority", set_priority },
	{ "setpriority-group", "scheduling", "nothing", "the same of the group", set_priority_group },
	{ "setpriority-user", "scheduling", "nothing", "the same of all processes of a user", set_priority_user },
	{ "ioprio-set", "scheduling", "nothing", "change the priority for disks", set_io_priority },
	{ "ioprio-set-group", "scheduling", "nothing", "the same of the group", set_io_priority_group },
	{ "ioprio-set-user", "scheduling", "nothing", "the same of all processes of a user", set_io_priority_user },
	{ "sched-setaffinity", "scheduling", "nothing", "choose its processors", set_affinity },
	{ "sched-setscheduler", "scheduling", "nothing", "choose its scheduler", set_scheduler },
	{ "sched-setparam", "scheduling", "nothing", "set parameters of its scheduler", set_scheduler_parameters },
	{ "sched-setattr", "scheduling", "nothing", "the same by sched_setattr", set_scheduler_attributes },
	{ "migrate-pages", "scheduling,ptrace", "nothing", "move its memory between nodes", migrate },
	{ "move-pages", "scheduling,ptrace", "nothing", "the same page by page", move },
	{ "move-shared", "scheduling", "nothing", "as root, move memory that others share by mbind", move_shared },
	{ "move-shared-pages", "scheduling", "nothing", "the same page by page", move_shared_page },
	{ "core-scheduling", "scheduling,ptrace", "nothing", "choose whom it shares a processor with", share_core },
	{ "process-see", "stat", "nothing", "see that it is there, and how long it has run", see_process },
	{ 0 },
};
