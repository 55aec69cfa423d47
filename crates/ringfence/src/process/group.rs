//! The process group that a job cannot leave: what starts in it can be ended as a whole.
//!
//! Processes that a job leaves behind are found by their group. A program leaves it by `setsid` and
//! `setpgid`, which a filter denies; a signal to the group then reaches every process of the job at
//! once, those that are being forked included (`copy_process` in `kernel/fork.c` gives up where a
//! signal is pending).
//!
//! The denial is made part of the policy's own filter, where there is one: the kernel compiles each
//! filter anew for each process that installs it.

use std::sync::OnceLock;

use super::SpawnError;
use crate::plan::Plan;
use crate::sandbox::Sandbox;
use crate::seccomp::{Action, Arch, Filter, Program, Syscall, Verdict};

/// The programs of a plan's filter.
#[derive(Debug)]
pub(crate) struct Programs {
    plain: Program,
    in_group: OnceLock<Option<Program>>,
}

impl From<Program> for Programs {
    fn from(plain: Program) -> Self {
        Self {
            plain,
            in_group: OnceLock::new(),
        }
    }
}

impl Programs {
    /// The filter as the plan has it.
    pub(crate) fn plain(&self) -> &Program {
        &self.plain
    }

    /// The one that denies to leave the process group as well; `plan` is the one of these programs.
    fn in_group(&self, plan: &Plan) -> Option<&Program> {
        let program = self.in_group.get_or_init(|| compile(plan.filter()?));
        program.as_ref()
    }
}

/// The filter of a sandbox that denies to leave the process group as well.
pub(super) fn filter(sandbox: &Sandbox) -> Result<&Program, SpawnError> {
    let program = match sandbox.filter() {
        Some(programs) => programs.in_group(sandbox.plan()),
        None => alone(),
    };
    program.ok_or(SpawnError::Group(std::env::consts::ARCH))
}

/// A filter that denies to leave a process group and nothing else; none where the machine's calls are
/// not known.
fn alone() -> Option<&'static Program> {
    static ALONE: OnceLock<Option<Program>> = OnceLock::new();
    ALONE
        .get_or_init(|| compile(Filter::all_permissive()))
        .as_ref()
}

fn compile(filter: Filter) -> Option<Program> {
    let denied = Verdict::Always(Action::EPERM);
    filter
        .denying([Syscall::SETSID, Syscall::SETPGID], &denied)
        .compile(Arch::NATIVE?)
        .ok()
}
