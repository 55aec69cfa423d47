//! The process group that a job cannot leave: what starts in it can be ended as a whole.
//!
//! Processes that a job leaves behind are found by their group. A program leaves it by `setsid` and
//! `setpgid`, which a filter denies; a signal to the group then reaches every process of the job at
//! once, those that are being forked included (`copy_process` in `kernel/fork.c` gives up where a
//! signal is pending).
//!
//! A process made with `CLONE_PARENT` would be killed with the group, and stay for good: it is a child of
//! this process, which does not know of it and never takes its end.
//!
//! The denial is made part of the policy's own filter, where there is one: the kernel compiles each
//! filter anew for each process that installs it.

use std::sync::OnceLock;

use super::SpawnError;
use crate::plan::Plan;
use crate::sandbox::Sandbox;
use crate::seccomp::{Action, Arch, Filter, Program, Syscall, Verdict};

/// `linux/sched.h`: the new process becomes a child of its maker's parent.
const CLONE_PARENT: u64 = 0x8000;

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
        once(&self.in_group, || compile(plan.filter()?))
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

/// A filter that denies to leave a process group, and 32-bit programs, which could; none where the
/// machine's calls are not known.
fn alone() -> Option<&'static Program> {
    static ALONE: OnceLock<Option<Program>> = OnceLock::new();
    once(&ALONE, || compile(Filter::all_native()))
}

/// What is made once, or twice where threads meet. Nobody waits for who makes it: that could be a thread that a
/// forked copy of this process has not.
fn once(
    cell: &OnceLock<Option<Program>>,
    make: impl FnOnce() -> Option<Program>,
) -> Option<&Program> {
    if let Some(program) = cell.get() {
        return program.as_ref();
    }
    // Another may have been faster.
    let _ = cell.set(make());
    cell.get()?.as_ref()
}

/// Adds what a job is denied, to a filter that lets no call of another machine pass: `setsid` has other
/// numbers there.
fn compile(filter: Filter) -> Option<Program> {
    let denied = Verdict::Always(Action::EPERM);
    filter
        .denying([Syscall::SETSID, Syscall::SETPGID], &denied)
        .denying_bits(Syscall::CLONE, 0, CLONE_PARENT, denied)
        // Its flags are behind a pointer; C libraries fall back on clone.
        .denying([Syscall::CLONE3], &Verdict::Always(Action::ENOSYS))
        .compile(Arch::NATIVE?)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seccomp::CallData;
    use crate::{Class, Kernel, Policy};

    const EPERM: u32 = 0x0005_0001;
    const ENOSYS: u32 = 0x0005_0026;
    const ALLOW: u32 = 0x7fff_0000;
    const KILL: u32 = 0x8000_0000;

    /// What each filter of a job says, whatever the policy leaves alone.
    fn answers(call: Syscall, first: u64) -> Vec<Option<u32>> {
        let arch = Arch::NATIVE.expect("a known machine");
        let lenient = Policy::builder().allow_class(Class::Namespaces);
        let plan = Plan::new(lenient.build().expect("a policy"), Kernel::with_abi(7));
        let own = compile(plan.filter().expect("a filter")).expect("a program");
        let call = CallData {
            number: call.number(arch).expect("a number"),
            audit: arch.audit(),
            arguments: [first, 0, 0, 0, 0, 0],
            ..CallData::default()
        };
        [alone().expect("a program"), &own]
            .map(|program| program.run(&call))
            .to_vec()
    }

    #[test]
    fn a_job_makes_no_siblings_which_nobody_would_take_the_end_of() {
        let sigchld = 17;
        assert_eq!(answers(Syscall::CLONE, sigchld), [Some(ALLOW); 2]);
        assert_eq!(
            answers(Syscall::CLONE, CLONE_PARENT | sigchld),
            [Some(EPERM); 2]
        );
        assert_eq!(answers(Syscall::CLONE3, 0), [Some(ENOSYS); 2]);
    }

    #[test]
    fn a_job_does_not_leave_its_group_by_calls_of_another_machine() {
        assert_eq!(answers(Syscall::SETSID, 0), [Some(EPERM); 2]);
        assert_eq!(answers(Syscall::SETPGID, 0), [Some(EPERM); 2]);
        let foreign = CallData {
            number: 66,
            audit: 0x4000_0003,
            ..CallData::default()
        };
        assert_eq!(alone().expect("a program").run(&foreign), Some(KILL));
    }
}
