/* The machine itself, as root: names, clock, modules, and the files by which the kernel is told what to do. */
#include "escape.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/reboot.h>
#include <net/if.h>
#include <netinet/in.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/quota.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/klog.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <sys/io.h>
#endif

#define MADV_SOFT_OFFLINE_ 101

/* Opened alone: what could be written is left to the imagination. */
static int open_for_writing(const char *path)
{
	return outcome(open(path, O_WRONLY | O_CLOEXEC));
}

static int core_pattern(void)
{
	return open_for_writing("/proc/sys/kernel/core_pattern");
}

static int module_helper(void)
{
	return open_for_writing("/proc/sys/kernel/modprobe");
}

static int uevent_helper(void)
{
	return open_for_writing("/sys/kernel/uevent_helper");
}

static int sysrq(void)
{
	return open_for_writing("/proc/sysrq-trigger");
}

static int kernel_log(void)
{
	return open_for_writing("/dev/kmsg");
}

static int binary_formats(void)
{
	/* A mount point of its own where the format of executables can be taught. */
	return open_for_writing("/proc/sys/fs/binfmt_misc/register");
}

static int killer_score(void)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", staged_number("VICTIM"));
	return open_for_writing(path);
}

static int host_name(void)
{
	char name[256];
	return gethostname(name, sizeof(name)) != 0 ? errno : outcome(sethostname(name, strlen(name)));
}

static int domain_name(void)
{
	char name[256];
	return getdomainname(name, sizeof(name)) != 0 ? errno : outcome(setdomainname(name, strlen(name)));
}

static int set_time_of_day(void)
{
	struct timeval now;
	gettimeofday(&now, NULL);
	return outcome(settimeofday(&now, NULL));
}

static int set_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return outcome(clock_settime(CLOCK_REALTIME, &now));
}

static int adjust(int (*call)(struct timex *))
{
	/* Asks for the frequency first, and sets just that. */
	struct timex clock = { 0 };
	if (call(&clock) < 0)
		return errno;
	clock.modes = ADJ_FREQUENCY;
	return outcome(call(&clock));
}

static int adjust_time(void)
{
	return adjust(adjtimex);
}

static int clock_adjust(struct timex *clock)
{
	return clock_adjtime(CLOCK_REALTIME, clock);
}

static int adjust_clock(void)
{
	return adjust(clock_adjust);
}

static int configure_reboot(void)
{
	/* What Ctrl-Alt-Del does; on is the kernel's own default. */
	return outcome(reboot(LINUX_REBOOT_CMD_CAD_ON));
}

/* The errno that is given only after the caller was found worthy. */
static int worthy(long result, int errno_then)
{
	return result >= 0 || errno == errno_then ? 0 : errno;
}

static int load_module(void)
{
	static char garbage[64] = "no module";
	return worthy(syscall(SYS_init_module, garbage, sizeof(garbage), ""), ENOEXEC);
}

static int load_module_file(void)
{
	int fd = open_or_give_up("/proc/self/exe", O_RDONLY);
	return worthy(syscall(SYS_finit_module, fd, "", 0), ENOEXEC);
}

static int unload_module(void)
{
	return worthy(syscall(SYS_delete_module, "ringfence_no_such", O_NONBLOCK), ENOENT);
}

static int load_kernel(void)
{
	return outcome(syscall(SYS_kexec_load, 0L, 0L, NULL, 0L));
}

static int swap_on(void)
{
	return worthy(swapon(inside("file"), 0), EINVAL);
}

static int swap_off(void)
{
	return worthy(swapoff(inside("file")), EINVAL);
}

static int account(void)
{
	return worthy(acct("/nonexistent/ringfence"), ENOENT);
}

static int quota(void)
{
	return outcome(quotactl(QCMD(Q_SYNC, USRQUOTA), NULL, 0, NULL));
}

static int read_log(void)
{
	char text[64];
	return outcome(klogctl(3, text, sizeof(text)));
}

static int configure_log(void)
{
	/* Switches console messages on, as they are. */
	return outcome(klogctl(7, NULL, 0));
}

static int io_level_body(void)
{
#if defined(__x86_64__)
	return outcome(iopl(3));
#else
	return CANNOT;
#endif
}

static int io_level(void)
{
	return in_child(io_level_body);
}

static int io_ports_body(void)
{
#if defined(__x86_64__)
	return outcome(ioperm(0x80, 1, 1));
#else
	return CANNOT;
#endif
}

static int io_ports(void)
{
	return in_child(io_ports_body);
}

static int hang_up_body(void)
{
	/* Without a terminal nobody is hung up on. */
	return setsid() < 0 ? errno : outcome(vhangup());
}

static int hang_up(void)
{
	return in_child(hang_up_body);
}

/* Configures the network through a socket of a kind that is hardly ever denied. */
static int configure_network(void)
{
	struct ifreq interface = { .ifr_name = "lo" };
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return errno;
	if (ioctl(pair[0], SIOCGIFFLAGS, &interface) != 0)
		return errno;
	return outcome(ioctl(pair[0], SIOCSIFFLAGS, &interface));
}

/* The firewall, through a socket that the scene allows. */
static int read_firewall(void)
{
	struct ipt_getinfo table = { .name = "filter" };
	socklen_t size = sizeof(table);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return fd < 0 ? errno : outcome(getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &table, &size));
}

/* Which version of a part of the rules the kernel has: it loads the part for who asks. */
static int ask_firewall(void)
{
	struct xt_get_revision part = { .name = "tcp" };
	socklen_t size = sizeof(part);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	return fd < 0 ? errno : outcome(getsockopt(fd, IPPROTO_IPV6, IP6T_SO_GET_REVISION_MATCH, &part, &size));
}

/* With no rule at all, which is too few for the kernel. */
static int change_firewall(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		return errno;
	int result = setsockopt(fd, IPPROTO_IP, IPT_SO_SET_REPLACE, NULL, 0);
	return errno == EFAULT ? 0 : worthy(result, EINVAL);
}

/* Names the file system that a readable file is on, as it is named. */
static int name_file_system(void)
{
	char label[FSLABEL_MAX] = "";
	int fd = open_or_give_up(outside("file"), O_RDONLY);
	if (ioctl(fd, FS_IOC_GETFSLABEL, label) != 0)
		return errno;
	return outcome(ioctl(fd, FS_IOC_SETFSLABEL, label));
}

/* The identifier by which file systems are found; nothing so short is taken. */
static int identify_file_system(void)
{
	struct { uint32_t length, flags; } identifier = { 0, 0 };
	int fd = open_or_give_up(outside("file"), O_RDONLY);
	return worthy(ioctl(fd, _IOW('f', 44, uint64_t), &identifier), EINVAL);
}

/* Takes pages away from the machine; here there is none to take. */
static int lose_memory(int advice)
{
	char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || munmap(page, 4096) != 0)
		return BROKEN;
	return worthy(madvise(page, 4096, advice), EFAULT);
}

static int poison_memory(void)
{
	return lose_memory(MADV_HWPOISON);
}

static int offline_memory(void)
{
	return lose_memory(MADV_SOFT_OFFLINE_);
}

const struct technique machine[] = {
	{ "core-pattern", "write", "reads-proc", "the program that the kernel starts on a crash", core_pattern },
	{ "module-helper", "write", "reads-proc", "the program that the kernel starts to load modules", module_helper },
	{ "uevent-helper", "write", "nothing", "the program that the kernel starts for devices", uevent_helper },
	{ "sysrq-trigger", "write", "reads-proc", "commands to the kernel (opened alone)", sysrq },
	{ "kernel-log-write", "write", "nothing", "write to the kernel's log", kernel_log },
	{ "binfmt-register", "write", "reads-proc", "teach the kernel a format of executables", binary_formats },
	{ "oom-score", "write", "reads-proc", "choose whom the kernel ends first", killer_score },
	{ "sethostname", "kernel-interfaces", "nothing", "set the host name, to what it is", host_name },
	{ "setdomainname", "kernel-interfaces", "nothing", "set the domain name, to what it is", domain_name },
	{ "settimeofday", "kernel-interfaces", "nothing", "set the clock, to what it is", set_time_of_day },
	{ "clock-settime", "kernel-interfaces", "nothing", "the same by clock_settime", set_clock },
	{ "adjtimex", "kernel-interfaces", "nothing", "set the clock's speed, to what it is", adjust_time },
	{ "clock-adjtime", "kernel-interfaces", "nothing", "the same by clock_adjtime", adjust_clock },
	{ "reboot", "kernel-interfaces", "nothing", "say what Ctrl-Alt-Del does", configure_reboot },
	{ "init-module", "kernel-interfaces", "nothing", "load garbage as a module", load_module },
	{ "finit-module", "kernel-interfaces", "reads-proc", "load this program as a module", load_module_file },
	{ "delete-module", "kernel-interfaces", "nothing", "unload a module that is not there", unload_module },
	{ "kexec-load", "kernel-interfaces", "nothing", "load a kernel of no segments", load_kernel },
	{ "swapon", "kernel-interfaces", "zone", "swap to a file that is no swap", swap_on },
	{ "swapoff", "kernel-interfaces", "zone", "stop swapping to it", swap_off },
	{ "acct", "kernel-interfaces", "nothing", "account to a file that is not there", account },
	{ "quotactl", "kernel-interfaces", "nothing", "write quotas to disk", quota },
	{ "syslog-read", "kernel-interfaces", "nothing", "read the kernel's log", read_log },
	{ "syslog-console", "kernel-interfaces", "nothing", "switch the log on the console on", configure_log },
	{ "iopl", "kernel-interfaces", "nothing", "all I/O ports of the processor", io_level },
	{ "ioperm", "kernel-interfaces", "nothing", "one I/O port of the processor", io_ports },
	{ "vhangup", "kernel-interfaces", "nothing", "hang up on a terminal", hang_up },
	{ "interface-flags", "netlink", "nothing", "set the flags of a network interface, to what they are", configure_network },
	{ "firewall-read", "netlink", "tcp-client", "read the rules of the firewall", read_firewall },
	{ "firewall-part", "netlink", "tcp-client", "have a part of them loaded", ask_firewall },
	{ "firewall-change", "netlink", "tcp-client", "replace them (by nothing that it takes)", change_firewall },
	{ "file-system-label", "mount-attributes", "reads-outside", "name a file system, as it is named", name_file_system },
	{ "file-system-identifier", "mount-attributes", "reads-outside", "give a file system another identifier (none at all)", identify_file_system },
	{ "memory-poison", "kernel-interfaces", "nothing", "take a page of memory away (none at all)", poison_memory },
	{ "memory-offline", "kernel-interfaces", "nothing", "the same in a friendly way", offline_memory },
	{ 0 },
};
