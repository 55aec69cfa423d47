//! The calls whose cost is taken.

/// A call, and what the filter looks at of it.
#[derive(Clone, Copy)]
pub(super) struct Call {
    /// As `loops.c` names it.
    pub(super) name: &'static str,
    /// How often it is made in one sample.
    pub(super) count: u32,
    pub(super) checked: Checked,
}

/// What of a call the filter looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    /// Its number alone.
    Nothing,
    /// Arguments, by rules that libseccomp can express as well.
    ByRules,
    /// Arguments, by more than libseccomp's rules can express.
    ByMore,
}

/// All of them.
pub(super) const CALLS: [Call; 8] = [
    call("getpid", 40_000, Checked::Nothing),
    call("read", 30_000, Checked::Nothing),
    call("openat", 4_000, Checked::Nothing),
    call("sendto", 40_000, Checked::ByRules),
    call("setsockopt", 40_000, Checked::ByRules),
    call("ioctl", 40_000, Checked::ByRules),
    call("clone", 20_000, Checked::ByRules),
    call("socket", 4_000, Checked::ByMore),
];

const fn call(name: &'static str, count: u32, checked: Checked) -> Call {
    Call {
        name,
        count,
        checked,
    }
}
