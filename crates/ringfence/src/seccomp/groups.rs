//! Named groups of system calls. Where a name is systemd's (`systemd.exec(5)`, `SystemCallFilter=`) it
//! means the same here, with calls that are newer.

use super::call::Syscall;

/// A group of system calls.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Its name, with the `@`.
    pub name: &'static str,
    /// What its calls do, in a few words.
    pub summary: &'static str,
    /// Its calls, and other groups that are part of it, with spaces between.
    members: &'static str,
}

impl Group {
    /// The group with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        GROUPS.iter().find(|group| group.name == name)
    }

    /// Its calls, those of its parts included.
    pub fn calls(&self) -> Vec<Syscall> {
        let mut calls = Vec::new();
        for member in self.members.split(' ') {
            match Self::named(member) {
                Some(part) => calls.extend(part.calls()),
                None => calls.extend(member.parse::<Syscall>()),
            }
        }
        calls
    }

    /// Whether this call is one of its own or of its parts. Asked for each call there is: a list of
    /// all would take longer to make than the rest of a start.
    pub fn contains(&self, call: Syscall) -> bool {
        self.members.split(' ').any(|member| {
            if member.starts_with('@') {
                Self::named(member).is_some_and(|part| part.contains(call))
            } else {
                member == call.name()
            }
        })
    }
}

impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Group {}

const fn group(name: &'static str, summary: &'static str, members: &'static str) -> Group {
    Group {
        name,
        summary,
        members,
    }
}

/// Every group, in the order of names.
pub const GROUPS: &[Group] = &[
    group(
        "@aio",
        "asynchronous I/O, io_uring included",
        "io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit io_uring_enter \
         io_uring_register io_uring_setup",
    ),
    group(
        "@basic-io",
        "read, write, seek, duplicate and close descriptors",
        "close close_range dup dup2 dup3 lseek pread64 preadv preadv2 pwrite64 pwritev \
         pwritev2 read readv write writev",
    ),
    group(
        "@chown",
        "change the owner of files",
        "chown fchown fchownat lchown",
    ),
    group(
        "@clock",
        "set or adjust the clock",
        "adjtimex clock_adjtime clock_settime settimeofday",
    ),
    group("@cpu-emulation", "emulate older processors", "modify_ldt"),
    group(
        "@debug",
        "trace, profile and inspect processes",
        "lookup_dcookie perf_event_open pidfd_getfd ptrace",
    ),
    group(
        "@default",
        "what nearly every program needs to run at all",
        "arch_prctl brk clock_getres clock_gettime clock_nanosleep execve exit exit_group \
         futex futex_requeue futex_wait futex_waitv futex_wake get_robust_list \
         get_thread_area getegid geteuid getgid getgroups getpgid getpgrp getpid getppid \
         getrandom getresgid getresuid getrlimit getsid gettid gettimeofday getuid \
         map_shadow_stack membarrier mmap mprotect mseal munmap nanosleep pause prlimit64 \
         restart_syscall riscv_flush_icache riscv_hwprobe rseq rseq_slice_yield rt_sigreturn \
         sched_getaffinity sched_yield set_robust_list set_thread_area set_tid_address time \
         uprobe uretprobe",
    ),
    group(
        "@file-system",
        "open, create, remove, list files; their attributes",
        "access chdir chmod close creat faccessat faccessat2 fallocate fchdir fchmod fchmodat \
         fchmodat2 fcntl fgetxattr file_getattr file_setattr flistxattr fremovexattr \
         fsetxattr fstat fstatfs ftruncate futimesat getcwd getdents getdents64 getxattr \
         getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch lgetxattr \
         link linkat listxattr listxattrat llistxattr lremovexattr lsetxattr lstat mkdir \
         mkdirat mknod mknodat newfstatat open openat openat2 readlink readlinkat removexattr \
         removexattrat rename renameat renameat2 rmdir setxattr setxattrat stat statfs statx \
         symlink symlinkat truncate unlink unlinkat utime utimensat utimes",
    ),
    group(
        "@io-event",
        "wait for events on descriptors",
        "epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 \
         epoll_wait epoll_wait_old eventfd eventfd2 poll ppoll pselect6 select",
    ),
    group(
        "@ipc",
        "pipes, memory files, message queues, System V IPC, other processes' memory",
        "memfd_create mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink \
         msgctl msgget msgrcv msgsnd pipe pipe2 process_madvise process_vm_readv \
         process_vm_writev semctl semget semop semtimedop shmat shmctl shmdt shmget",
    ),
    group(
        "@keyring",
        "the kernel's keyrings",
        "add_key keyctl request_key",
    ),
    group(
        "@memlock",
        "lock memory",
        "mlock mlock2 mlockall munlock munlockall",
    ),
    group(
        "@module",
        "load and unload kernel modules",
        "delete_module finit_module init_module",
    ),
    group(
        "@mount",
        "mount, unmount, change the root directory",
        "chroot fchroot fsconfig fsmount fsopen fspick mount mount_setattr move_mount \
         open_tree open_tree_attr pivot_root umount2",
    ),
    group(
        "@network-io",
        "sockets",
        "accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom \
         recvmmsg recvmsg sendmmsg sendmsg sendto setsockopt shutdown socket socketpair",
    ),
    group(
        "@obsolete",
        "calls that are no longer of use, or not implemented",
        "_sysctl afs_syscall create_module get_kernel_syms getpmsg putpmsg query_module \
         security sysfs tuxcall uselib ustat vserver",
    ),
    group(
        "@pkey",
        "memory protection keys",
        "pkey_alloc pkey_free pkey_mprotect",
    ),
    group(
        "@privileged",
        "what only a privileged process can do",
        "@chown @clock @module @raw-io @reboot @swap _sysctl acct bpf capset chroot \
         fanotify_init fanotify_mark nfsservctl open_by_handle_at pivot_root quotactl \
         quotactl_fd setdomainname setfsuid setgroups sethostname setresuid setreuid setuid \
         vhangup",
    ),
    group(
        "@process",
        "start, end, signal and wait for processes; namespaces",
        "capget clone clone3 execveat fork getrusage kill pidfd_open pidfd_send_signal prctl \
         rt_sigqueueinfo rt_tgsigqueueinfo setns tgkill times tkill unshare vfork wait4 \
         waitid",
    ),
    group("@raw-io", "I/O ports", "ioperm iopl"),
    group(
        "@reboot",
        "reboot, and load another kernel",
        "kexec_file_load kexec_load reboot",
    ),
    group(
        "@resources",
        "priorities, processors, memory placement, limits",
        "ioprio_set mbind migrate_pages move_pages sched_setaffinity sched_setattr \
         sched_setparam sched_setscheduler set_mempolicy set_mempolicy_home_node setpriority \
         setrlimit",
    ),
    group(
        "@sandbox",
        "Landlock and seccomp",
        "landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp",
    ),
    group(
        "@setuid",
        "change user and group ids",
        "setgid setgroups setregid setresgid setresuid setreuid setuid",
    ),
    group(
        "@signal",
        "handle signals",
        "rt_sigaction rt_sigpending rt_sigprocmask rt_sigsuspend rt_sigtimedwait sigaltstack \
         signalfd signalfd4",
    ),
    group("@swap", "swap space", "swapoff swapon"),
    group(
        "@sync",
        "write back files and memory",
        "fdatasync fsync msync sync sync_file_range syncfs",
    ),
    group(
        "@system-service",
        "what an ordinary service needs",
        "@aio @basic-io @chown @default @file-system @io-event @ipc @keyring @memlock \
         @network-io @process @resources @setuid @signal @sync @timer capget capset \
         copy_file_range fadvise64 flock get_mempolicy getcpu getpriority ioctl ioprio_get \
         kcmp madvise mremap name_to_handle_at personality readahead remap_file_pages \
         sched_get_priority_max sched_get_priority_min sched_getattr sched_getparam \
         sched_getscheduler sched_rr_get_interval sched_yield sendfile setfsgid setfsuid \
         setpgid setsid splice sysinfo tee umask uname userfaultfd vmsplice",
    ),
    group(
        "@timer",
        "timers",
        "alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime \
         timer_settime timerfd_create timerfd_gettime timerfd_settime times",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::process::Command;

    use super::*;

    #[test]
    fn each_member_is_a_call_or_a_group() {
        for group in GROUPS {
            for member in group.members.split(' ') {
                let known = member.parse::<Syscall>().is_ok() || Group::named(member).is_some();
                assert!(known && member != group.name, "{}: {member}", group.name);
            }
        }
        assert!(GROUPS.is_sorted_by_key(|group| group.name));
    }

    #[test]
    fn a_group_contains_the_calls_that_it_lists() {
        for group in GROUPS {
            let listed: BTreeSet<_> = group.calls().into_iter().collect();
            let contained: BTreeSet<_> = Syscall::all()
                .filter(|&call| group.contains(call))
                .collect();
            assert_eq!(listed, contained, "{}", group.name);
        }
    }

    /// systemd's own lists, where it is installed.
    #[test]
    fn a_group_has_all_that_systemds_has() {
        let ours: BTreeSet<_> = Syscall::all().map(Syscall::name).collect();
        for group in GROUPS {
            let listed = Command::new("systemd-analyze")
                .args(["--no-pager", "syscall-filter", group.name])
                .output();
            let Ok(listed) = listed else {
                eprintln!("skipped: systemd-analyze is not installed");
                return;
            };
            let text = String::from_utf8_lossy(&listed.stdout);
            let names: BTreeSet<_> = group.calls().into_iter().map(Syscall::name).collect();
            for name in text.lines().skip(1).map(str::trim) {
                if ours.contains(name) {
                    assert!(names.contains(name), "{} lacks {name}", group.name);
                }
            }
        }
    }
}
