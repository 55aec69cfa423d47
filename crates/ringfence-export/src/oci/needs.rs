//! What a container runtime itself calls under the profile, before the command is there.

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
    fn every_call_of_the_runtime_is_known() {
        for name in RUNTIME {
            assert!(name.parse::<Syscall>().is_ok(), "{name}");
        }
    }
}
