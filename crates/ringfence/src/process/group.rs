//! The process group that a job cannot leave: what starts in it can be ended as a whole.
//!
//! Processes that a job leaves behind are found by their group. A program leaves it by `setsid` and
//! `setpgid`, which a filter denies; a signal to the group then reaches every process of the job at
//! once, those that are being forked included (`copy_process` in `kernel/fork.c` gives up where a
//! signal is pending).

use std::sync::OnceLock;

use ringfence_sys::seccomp::Instruction;

use crate::seccomp::{Action, Arch, Filter, Program, Syscall, Verdict};

/// The filter that denies to leave a process group; none where the machine's calls are not known.
pub(super) fn filter() -> Option<&'static [Instruction]> {
    static FILTER: OnceLock<Option<Program>> = OnceLock::new();
    let program = FILTER.get_or_init(|| {
        let leaves = |call| matches!(call, Syscall::SETSID | Syscall::SETPGID);
        Filter::permitting_all_but(|call| leaves(call).then_some(Verdict::Always(Action::EPERM)))
            .compile(Arch::NATIVE?)
            .ok()
    });
    program.as_ref().map(Program::instructions)
}
