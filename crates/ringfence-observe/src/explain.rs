//! Explaining denials: a program runs enforced and watched, and what its policy denies is told, each once.
//!
//! ```text
//!                ┌─ the kernel, by Landlock: the call returns an error ─┐
//! call ─► denied ┤                                                      ├─► wanted ─► judged by the plan
//!                └─ the kernel, by the filter: a trap, no call is made ─┘
//! ```
//!
//! Whether something is denied never hangs on the one who watches. Of a trapped call he puts the error in
//! the place of the signal, so that the program sees what it would see without him; if he does not, the
//! signal ends it.

use std::collections::BTreeSet;

use ringfence::{Arch, Plan, Policy, Syscall};
use ringfence_sys::ptrace::{self, Enter};

use crate::proposal::Proposal;
use crate::sensitive::Sensitive;
use crate::watch::{End, WatchError, events, filter};
use watcher::Watcher;

mod call;
mod judge;
mod watcher;

/// Calls whose denial is not shown to the watcher: the C library makes it with all signals blocked, which
/// no trap survives unchanged, and falls back on `clone`.
pub const UNSEEN: &[Syscall] = &[Syscall::CLONE3];

/// How many denials that differ are told, and how many other failures; more are counted.
const MOST: usize = 200;

/// What a program is restricted by.
#[derive(Clone, Copy, Debug)]
pub struct Enforced<'e> {
    /// The policy.
    pub policy: &'e Policy,
    /// Its plan, with what was found at each path by this process.
    pub plan: &'e Plan,
    /// What is to be warned of.
    pub sensitive: &'e Sensitive,
    /// The name of the program, for as long as its process has not become it.
    pub name: &'e str,
}

/// Something that was denied by the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The program that was denied it first.
    pub program: String,
    /// Its process.
    pub process: i32,
    /// Other programs that were denied the same.
    pub others: BTreeSet<String>,
    /// The system call, by its name.
    pub call: String,
    /// What it was about: a path, a port; empty if that is all in what lacked.
    pub about: String,
    /// The words or the class that lacked.
    pub lacking: String,
    /// What the program was told: the name of an error, or that it was ended.
    pub answer: String,
    /// By what it is denied.
    pub reason: String,
    /// How often.
    pub times: u64,
    /// What could be added; each allows it by itself.
    pub proposals: Vec<Proposal>,
    /// Why what would be obvious cannot be added, or what to know before.
    pub hints: Vec<String>,
}

/// Something that failed and that the policy allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The program that failed first.
    pub program: String,
    /// Its process.
    pub process: i32,
    /// The system call, by its name.
    pub call: String,
    /// What it was about.
    pub about: String,
    /// Why it failed, as far as that is known.
    pub why: &'static str,
    /// How often.
    pub times: u64,
}

/// What was denied to a program and all that it started.
#[derive(Clone, Debug, Default)]
pub struct Explained {
    /// By the policy, in the order in which it happened first.
    pub denials: Vec<Denial>,
    /// By something else.
    pub failures: Vec<Failure>,
    /// How many more there were that differ from those.
    pub more: u64,
    /// What a reader has to know.
    pub notes: BTreeSet<String>,
}

/// Starts a process that restricts itself and becomes a program, and watches it until it and all that it
/// started have ended; `denied` is told of each denial when it happens first.
///
/// `begin` runs in the new process: it takes the watcher's own filter by what it is given, restricts itself, and
/// returns the exit code if it cannot become the program. The filter of its sandbox has to be a trapping one
/// ([`ringfence::Sandbox::trapping`]) but for [`UNSEEN`].
///
/// For a process of one thread that has no other children. It ignores SIGINT and SIGQUIT meanwhile.
///
/// # Errors
/// [`WatchError`]; the program has not run, or has been killed then.
pub fn explain(
    enforced: Enforced<'_>,
    begin: impl FnOnce(&Enter<'_>) -> u8,
    denied: &mut dyn FnMut(&Denial),
) -> Result<(Explained, End), WatchError> {
    let arch = Arch::NATIVE.ok_or(WatchError::Processor)?;
    let looked_at = filter::CALLS.iter().chain(SIGNALS).copied();
    let filter = filter::stopping_at(arch, looked_at);
    let started = ptrace::begin(&filter, begin).map_err(WatchError::Trace)?;
    let mut watcher = Watcher::new(arch, enforced, started.pid, denied);
    events::follow(&mut watcher).map_err(WatchError::Trace)?;
    let end = watcher.end.unwrap_or(End::Code(1));
    Ok((watcher.explained, end))
}

/// Calls that send signals, beside `kill`.
const SIGNALS: &[Syscall] = &[
    Syscall::TKILL,
    Syscall::TGKILL,
    Syscall::RT_SIGQUEUEINFO,
    Syscall::RT_TGSIGQUEUEINFO,
    Syscall::PIDFD_SEND_SIGNAL,
];
