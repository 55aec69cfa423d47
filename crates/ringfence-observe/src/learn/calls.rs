//! The list of system calls, for those who let nothing else pass.
//!
//! Which calls a program makes depends on its C library, on the kernel, and on chance: a lock that two threads
//! want, memory that runs short. So calls that stand for each other are listed together, and groups that
//! open nothing which the rest of the policy denies are listed whole.

use ringfence::{Action, PolicyBuilder, Syscall, SyscallEffect, SyscallLine};

use super::{Setting, Tightness, counted, described};
use crate::observation::Observation;

/// What the C library and the loader may need at any time.
const ALWAYS: &[&str] = &["@default"];
/// The same, of groups that have more.
const ALWAYS_BY_NAME: &[&str] = &[
    "close",
    "fstat",
    "madvise",
    "mremap",
    "newfstatat",
    "openat",
    "pread64",
    "read",
    "rt_sigaction",
    "rt_sigprocmask",
    "sigaltstack",
    "tgkill",
    "write",
];
/// Groups that are listed whole if one of their calls was made.
const WHOLE: &[&str] = &[
    "@basic-io",
    "@file-system",
    "@io-event",
    "@signal",
    "@sync",
    "@timer",
];
const WHOLE_IF_LOOSE: &[&str] = &["@ipc", "@memlock", "@network-io", "@process", "@resources"];
/// Calls that stand for each other.
const KIN: &[&[&str]] = &[
    &["accept", "accept4"],
    &["access", "faccessat", "faccessat2"],
    &["clone", "clone3", "fork", "vfork"],
    &["copy_file_range", "sendfile", "splice"],
    &["dup", "dup2", "dup3"],
    &["epoll_create", "epoll_create1"],
    &["epoll_pwait", "epoll_pwait2", "epoll_wait"],
    &["eventfd", "eventfd2"],
    &["fstat", "lstat", "newfstatat", "stat", "statx"],
    &["getdents", "getdents64"],
    &["kill", "tgkill", "tkill"],
    &["mkdir", "mkdirat"],
    &["mlock", "mlock2"],
    &["creat", "open", "openat", "openat2"],
    &["pipe", "pipe2"],
    &["poll", "ppoll", "pselect6", "select"],
    &["preadv", "preadv2", "readv"],
    &["pwritev", "pwritev2", "writev"],
    &["readlink", "readlinkat"],
    &["recvfrom", "recvmmsg", "recvmsg"],
    &["rename", "renameat", "renameat2"],
    &["rmdir", "unlink", "unlinkat"],
    &["sendmmsg", "sendmsg", "sendto"],
    &["wait4", "waitid"],
];

/// What calls are answered that are not listed: programs fall back on others, as on older kernels.
const NO_SUCH_CALL: Action = Action::Errno(38);

/// Adds the list, if calls were looked at.
pub(super) fn add(
    policy: PolicyBuilder,
    observation: &Observation,
    setting: &Setting<'_>,
    questions: &mut Vec<String>,
    notes: &mut Vec<String>,
) -> PolicyBuilder {
    let used: Vec<Syscall> = observation.used.keys().copied().collect();
    if used.is_empty() {
        return policy;
    }
    let Some(existing) = setting.existing else {
        let lines = lines(&used, setting.tightness);
        let policy = policy.other_syscalls(NO_SUCH_CALL);
        return lines.into_iter().fold(policy, PolicyBuilder::syscall_line);
    };
    let there = existing.syscalls();
    let lacks = |call: &Syscall| there.denial_of(*call).is_some();
    let (denied, lacking): (Vec<_>, Vec<_>) = used
        .iter()
        .copied()
        .filter(lacks)
        .partition(|call| matches!(there.effect_on(*call), Some(SyscallEffect::Deny(_))));
    for call in denied {
        let counted = observation.used.get(&call).map(counted);
        questions.push(format!(
            "the call {call}, for {}: the policy denies it by name",
            counted.unwrap_or_default()
        ));
    }
    if !there.is_allow_list() {
        notes.push(
            "the policy has no list of system calls, and a new one would deny others".to_owned(),
        );
        return policy;
    }
    if lacking.is_empty() {
        return policy;
    }
    let brings_more = |line: &SyscallLine| {
        let mut calls = Syscall::all().filter(|call| line.calls.contains(*call));
        calls.any(|call| there.denial_of(call).is_some())
    };
    lines(&lacking, setting.tightness)
        .into_iter()
        .filter(brings_more)
        .fold(policy, PolicyBuilder::syscall_line)
}

/// Lines for these calls and what goes with them, groups first.
fn lines(used: &[Syscall], tightness: Tightness) -> Vec<SyscallLine> {
    let whole: &[&[&str]] = match tightness {
        Tightness::Exact => &[],
        Tightness::Dirs => &[WHOLE],
        Tightness::Loose => &[WHOLE, WHOLE_IF_LOOSE],
    };
    let mut lines: Vec<SyscallLine> = Vec::new();
    for name in ALWAYS {
        lines.extend(only(name));
    }
    for name in whole.iter().copied().flatten() {
        let group = only(name);
        lines.extend(group.filter(|group| used.iter().any(|call| group.calls.contains(*call))));
    }
    let names = used.iter().map(|call| call.name());
    let mut names: Vec<&str> = names.chain(ALWAYS_BY_NAME.iter().copied()).collect();
    for kin in KIN {
        if kin.iter().any(|name| names.contains(name)) {
            names.extend(*kin);
        }
    }
    names.sort_unstable();
    names.dedup();
    for name in names {
        // Processors without a call do not know its name.
        let Ok(call) = name.parse::<Syscall>() else {
            continue;
        };
        if !lines.iter().any(|line| line.calls.contains(call)) {
            lines.extend(only(name));
        }
    }
    lines
}

fn only(calls: &str) -> Option<SyscallLine> {
    let line = SyscallLine::new(calls, SyscallEffect::Only).ok()?;
    Some(SyscallLine {
        source: described(""),
        ..line
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(names: &[&str], tightness: Tightness) -> Vec<String> {
        let used: Vec<Syscall> = names.iter().map(|name| name.parse().unwrap()).collect();
        let lines = lines(&used, tightness);
        lines.iter().map(|line| line.calls.to_string()).collect()
    }

    #[test]
    fn calls_that_stand_for_each_other_are_listed_together() {
        let exact = listed(&["clone", "wait4", "stat"], Tightness::Exact);
        for name in ["@default", "clone3", "fork", "waitid", "statx", "write"] {
            assert!(
                exact.iter().any(|listed| listed == name),
                "{name}: {exact:?}"
            );
        }
        assert!(
            !exact
                .iter()
                .any(|name| name == "socket" || name == "@process")
        );
    }

    #[test]
    fn groups_are_listed_whole_as_far_as_the_tightness_goes() {
        let names = ["read", "fsync", "socket"];
        let has =
            |tightness, name: &str| listed(&names, tightness).iter().any(|known| known == name);
        assert!(!has(Tightness::Exact, "@sync"));
        assert!(has(Tightness::Dirs, "@sync") && has(Tightness::Dirs, "socket"));
        assert!(has(Tightness::Loose, "@network-io") && !has(Tightness::Loose, "socket"));
        assert!(!has(Tightness::Loose, "@process"), "nothing of it was used");
    }

    #[test]
    fn every_name_is_a_call_or_a_group() {
        let names = [ALWAYS, ALWAYS_BY_NAME, WHOLE, WHOLE_IF_LOOSE];
        let names = names.iter().chain(KIN).copied().flatten();
        for name in names {
            assert!(only(name).is_some(), "{name}");
        }
    }
}
