/* Kernel interfaces that anybody may use, or could some time: keys, bpf, perf, page faults, io_uring. */
#include "escape.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <asm/ldt.h>
#endif

static long add_key(void)
{
	return syscall(SYS_add_key, "user", "ringfence", MESSAGE, strlen(MESSAGE), KEY_SPEC_PROCESS_KEYRING);
}

static int keep_key(void)
{
	return outcome(add_key());
}

static int request_key(void)
{
	/* Nobody has it, which takes a search to know. */
	long key = syscall(SYS_request_key, "user", "ringfence-none", NULL, 0);
	return key >= 0 || errno == ENOKEY ? 0 : errno;
}

static int control_keys(void)
{
	return outcome(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1));
}

static int join_session(void)
{
	return outcome(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL));
}

static int make_map(void)
{
	union bpf_attr map = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1 };
	return outcome(syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map)));
}

static int measure(void)
{
	struct perf_event_attr event = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(event), .config = PERF_COUNT_SW_TASK_CLOCK, .exclude_kernel = 1, .exclude_hv = 1,
	};
	return outcome(syscall(SYS_perf_event_open, &event, 0, -1, -1, 0UL));
}

static int measure_victim(void)
{
	/* Others are asked what ptrace asks; CAP_PERFMON is enough for any process. */
	if (!is_root())
		return CANNOT;
	struct perf_event_attr event = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(event), .config = PERF_COUNT_SW_TASK_CLOCK, .exclude_kernel = 1, .exclude_hv = 1,
	};
	return outcome(syscall(SYS_perf_event_open, &event, staged_number("VICTIM"), -1, -1, 0UL));
}

static int catch_faults(void)
{
	const int UFFD_USER_MODE_ONLY_ = 1;
	return outcome(syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY_));
}

static int executable_data(void)
{
	/* Every readable page becomes executable from the next execve on. */
	return outcome(personality(READ_IMPLIES_EXEC));
}

static int fixed_addresses(void)
{
	return outcome(personality(ADDR_NO_RANDOMIZE));
}

static int segment(void)
{
#if defined(__x86_64__)
	struct user_desc flat = { .entry_number = 0, .limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1, .useable = 1 };
	return outcome(syscall(SYS_modify_ldt, 1, &flat, sizeof(flat)));
#else
	return CANNOT;
#endif
}

static int change_memory_map(void)
{
	/* To where it is; the same call would move it. */
	unsigned long here = (unsigned long)sbrk(0);
	return outcome(prctl(PR_SET_MM, PR_SET_MM_BRK, here, 0, 0));
}

const struct technique interfaces[] = {
	{ "add-key", "kernel-interfaces", "nothing", "keep something in the kernel", keep_key },
	{ "request-key", "kernel-interfaces", "nothing", "search the keyrings", request_key },
	{ "keyctl", "kernel-interfaces", "nothing", "find the user's keyring", control_keys },
	{ "keyctl-session", "kernel-interfaces", "nothing", "a session keyring", join_session },
	{ "bpf", "kernel-interfaces", "nothing", "make a map", make_map },
	{ "perf-event-open", "kernel-interfaces", "nothing", "measure the own process", measure },
	{ "perf-event-open-victim", "kernel-interfaces", "nothing", "as root, measure a process outside", measure_victim },
	{ "userfaultfd", "kernel-interfaces", "nothing", "handle page faults", catch_faults },
	{ "personality-executable", "kernel-interfaces", "nothing", "readable memory executable", executable_data },
	{ "personality-addresses", "own-process", "nothing", "addresses that can be foretold", fixed_addresses },
	{ "modify-ldt", "kernel-interfaces", "nothing", "a 32-bit segment", segment },
	{ "prctl-mm", "own-process", "nothing", "change what the kernel knows of the memory", change_memory_map },
	{ 0 },
};
