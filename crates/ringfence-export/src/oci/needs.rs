//! What is called in a container before its command is there: by the runtime, and by `landlock-runner`.

use ringfence::{Action, Filter, Syscall, Verdict};

/// What runc 1.1 and crun 1.8 were seen to call after they loaded the profile, in containers with
/// no-new-privileges.
pub(super) const RUNTIME: [&str; 19] = [
    "close",
    "epoll_ctl",
    "epoll_pwait",
    "execve",
    "fcntl",
    "fstat",
    "fstatfs",
    "futex",
    "getcwd",
    "getdents64",
    "getpid",
    "nanosleep",
    "newfstatat",
    "openat",
    "prctl",
    "read",
    "sched_yield",
    "tgkill",
    "write",
];

/// What `landlock-runner` may call before it becomes the command, its loader included.
pub(super) const RUNNER: [&str; 50] = [
    "access",
    "arch_prctl",
    "brk",
    "capget",
    "capset",
    "chdir",
    "close",
    "close_range",
    "execve",
    "exit_group",
    "faccessat2",
    "fcntl",
    "fstat",
    "getcwd",
    "getdents64",
    "geteuid",
    "getrandom",
    "getuid",
    "ioctl",
    "landlock_add_rule",
    "landlock_create_ruleset",
    "landlock_restrict_self",
    "lseek",
    "madvise",
    "mmap",
    "mprotect",
    "mremap",
    "munmap",
    "newfstatat",
    "openat",
    "openat2",
    "poll",
    "ppoll",
    "prctl",
    "pread64",
    "prlimit64",
    "read",
    "readlink",
    "readlinkat",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "seccomp",
    "set_robust_list",
    "set_tid_address",
    "sigaltstack",
    "statfs",
    "statx",
    "write",
    "writev",
];

/// Those of these calls that the filter always denies.
pub(super) fn denied(filter: &Filter, calls: &[&str]) -> Vec<Syscall> {
    let calls = calls.iter().filter_map(|name| name.parse().ok());
    let always = |call: &Syscall| matches!(filter.verdict(*call), Verdict::Always(action) if *action != Action::Allow);
    calls.filter(always).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_that_is_needed_is_known() {
        for name in RUNTIME.iter().chain(&RUNNER) {
            assert!(name.parse::<Syscall>().is_ok(), "{name}");
        }
    }
}
