//! What `landlock-runner` itself calls under a filter that others put up.

/// Its loader included: it starts, reads its manifest and opens paths, restricts itself, executes the
/// command. A test traces it.
pub(crate) const NEEDS: [&str; 62] = [
    "access",
    "arch_prctl",
    "brk",
    "capget",
    "capset",
    "chdir",
    "clock_gettime",
    "close",
    "close_range",
    "execve",
    "exit",
    "exit_group",
    "faccessat",
    "faccessat2",
    "fcntl",
    "fstat",
    "fstatfs",
    "futex",
    "getcwd",
    "getdents64",
    "geteuid",
    "getpid",
    "getrandom",
    "gettid",
    "getuid",
    "ioctl",
    "landlock_add_rule",
    "landlock_create_ruleset",
    "landlock_restrict_self",
    "lseek",
    "lstat",
    "madvise",
    "mmap",
    "mprotect",
    "mremap",
    "munmap",
    "newfstatat",
    "open",
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
    "rt_sigreturn",
    "seccomp",
    "set_robust_list",
    "set_tid_address",
    "setrlimit",
    "sigaltstack",
    "stat",
    "statfs",
    "statx",
    "write",
    "writev",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_that_is_needed_is_known() {
        for name in NEEDS {
            assert!(name.parse::<ringfence::Syscall>().is_ok(), "{name}");
        }
    }
}
