//! What is called in a container before its command is there: by the runtime, and by `landlock-runner`.

use ringfence::{Action, Filter, Syscall, Verdict};

/// What runc 1.1 and crun 1.8 call after they loaded the profile (seen by strace). Those of runc that
/// the runtime of Go makes at any time are among them.
pub(super) const RUNTIME: [&str; 0] = [];

/// What `landlock-runner` calls before it becomes the command (seen by strace).
pub(super) const RUNNER: [&str; 0] = [];

/// Those of these calls that the filter always denies.
pub(super) fn denied(filter: &Filter, calls: &[&str]) -> Vec<Syscall> {
    let calls = calls.iter().filter_map(|name| name.parse().ok());
    let always = |call: &Syscall| {
        matches!(filter.verdict(*call), Verdict::Always(action) if *action != Action::Allow)
    };
    calls.filter(always).collect()
}
