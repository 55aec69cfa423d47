//! A filter that says whom it denies something, to one who watches.
//!
//! A call that a filter fails with an error is invisible to a tracer, unless it stops at every call there
//! is. One that a filter traps is not executed either, whatever a tracer does; but the kernel sends SIGSYS,
//! which the tracer sees first. He gives the error in its place and holds the signal back.

use ringfence_sys::seccomp::Instruction;
use ringfence_sys::seccomp::answer::{ERRNO, TRAP};
use ringfence_sys::seccomp::code::RETURN;

use super::arch::Arch;
use super::call::Syscall;
use super::filter::{Action, Filter};
use super::program::{FilterTooLong, Program};

/// Stands before the number of the error in the data of a trap, to tell it from traps of others.
pub const TRAP_MARK: u16 = 0xa000;

/// Numbers of errors have 12 bits.
const NUMBER: u16 = 0x0fff;

impl Filter {
    /// The same filter as a program that traps what this one fails with an error, with that error behind
    /// [`TRAP_MARK`] as data; but for these calls, which fail unseen as ever.
    ///
    /// # Errors
    /// As [`Self::compile`].
    ///
    /// ```
    /// use ringfence::{Arch, CallData, Filter, Syscall, Verdict, Action, TRAP_MARK};
    ///
    /// let filter = Filter::new(|_| Verdict::Always(Action::EPERM));
    /// let program = filter.compile_trapping(Arch::X86_64, &[])?;
    /// let call = CallData { audit: Arch::X86_64.audit(), ..CallData::default() };
    /// assert_eq!(program.run(&call), Some(0x0003_0000 | u32::from(TRAP_MARK | 1)));
    /// # Ok::<(), ringfence::FilterTooLong>(())
    /// ```
    pub fn compile_trapping(&self, arch: Arch, but: &[Syscall]) -> Result<Program, FilterTooLong> {
        let mut marked = self.clone();
        let mark = |action| match action {
            Action::Errno(number) => Action::Errno(TRAP_MARK | (number & NUMBER)),
            action => action,
        };
        for call in Syscall::all().filter(|call| !but.contains(call)) {
            let verdict = self.verdict(call).map(&mark);
            marked.set(call, verdict);
        }
        marked.unknown = self.unknown.map(&mark);
        marked.x32 = self.x32.map(&mark);
        marked.foreign = mark(self.foreign);
        let program = marked.compile(arch)?;
        Program::new(
            program
                .instructions()
                .iter()
                .copied()
                .map(trapped)
                .collect(),
        )
    }
}

/// An answer with a marked error becomes a trap.
fn trapped(instruction: Instruction) -> Instruction {
    let marked = ERRNO | u32::from(TRAP_MARK);
    let is_marked =
        instruction.code == RETURN && instruction.operand & !u32::from(NUMBER) == marked;
    Instruction {
        operand: if is_marked {
            instruction.operand - ERRNO + TRAP
        } else {
            instruction.operand
        },
        ..instruction
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seccomp::{CallData, Is, Test, Verdict};
    use crate::{Kernel, Plan, Policy};

    /// What a trap comes to with a tracer: the error.
    fn told(answer: u32) -> u32 {
        let mark = TRAP | u32::from(TRAP_MARK);
        if answer & !u32::from(NUMBER) == mark {
            ERRNO | answer & u32::from(NUMBER)
        } else {
            answer
        }
    }

    #[test]
    fn each_call_is_answered_as_by_the_filter_and_no_error_is_given_unseen() {
        let policies = [
            Policy::builder().ro("/usr"),
            Policy::builder().rw("/srv").connect_tcp(443),
            Policy::builder().deny_syscall(Syscall::GETPID, Action::Kill),
            Policy::builder().only_syscalls([Syscall::EXECVE, Syscall::READ]),
        ];
        for policy in policies {
            let plan = Plan::new(policy.build().unwrap(), Kernel::with_abi(7));
            let filter = plan.filter().unwrap();
            for arch in Arch::ALL {
                let failing = filter.compile(arch).unwrap();
                let trapping = filter.compile_trapping(arch, &[]).unwrap();
                for audit in [arch.audit(), 3] {
                    for number in (0..600).chain([0x4000_0000, u32::MAX]) {
                        for first in [0, 1, 2, 3, 16, u64::from(u32::MAX), u64::MAX] {
                            let call = CallData {
                                number,
                                audit,
                                arguments: [first, first, first, 0, 0, 0],
                                ..CallData::default()
                            };
                            let (before, after) =
                                (failing.run(&call).unwrap(), trapping.run(&call).unwrap());
                            assert_eq!(before, told(after), "{arch} {call:?}");
                            assert_ne!(after & 0xffff_0000, ERRNO, "{arch} {call:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn calls_that_are_named_fail_as_ever() {
        let test = Test::new(0, 1, Is::NonZero).unwrap();
        let verdict = Verdict::when(test, Verdict::Always(Action::EPERM), Verdict::ALLOW);
        let filter = Filter::new(|_| verdict.clone());
        let program = filter
            .compile_trapping(Arch::X86_64, &[Syscall::CLONE3])
            .unwrap();
        let answer = |call: Syscall, first| {
            program.run(&CallData {
                number: call.number(Arch::X86_64).unwrap(),
                audit: Arch::X86_64.audit(),
                arguments: [first, 0, 0, 0, 0, 0],
                ..CallData::default()
            })
        };
        assert_eq!(answer(Syscall::CLONE3, 1), Some(ERRNO | 1));
        let trap = TRAP | u32::from(TRAP_MARK | 1);
        assert_eq!(answer(Syscall::READ, 1), Some(trap));
        assert_eq!(answer(Syscall::READ, 0), answer(Syscall::CLONE3, 0));
    }
}
