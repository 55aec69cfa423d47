//! The filter that stops a watched program before the calls that matter, and before no others.

use ringfence::{Action, Arch, Filter, Syscall, Verdict};
use ringfence_sys::seccomp::Instruction;
use ringfence_sys::seccomp::answer::{self, ALLOW};
use ringfence_sys::seccomp::code::{JUMP_AT_LEAST, JUMP_EQUAL, LOAD, RETURN};

/// Calls about paths, ports and programs.
pub(crate) const CALLS: &[Syscall] = &[
    Syscall::OPEN,
    Syscall::OPENAT,
    Syscall::OPENAT2,
    Syscall::CREAT,
    Syscall::EXECVE,
    Syscall::EXECVEAT,
    Syscall::TRUNCATE,
    Syscall::MKDIR,
    Syscall::MKDIRAT,
    Syscall::MKNOD,
    Syscall::MKNODAT,
    Syscall::SYMLINK,
    Syscall::SYMLINKAT,
    Syscall::UNLINK,
    Syscall::UNLINKAT,
    Syscall::RMDIR,
    Syscall::RENAME,
    Syscall::RENAMEAT,
    Syscall::RENAMEAT2,
    Syscall::LINK,
    Syscall::LINKAT,
    Syscall::CONNECT,
    Syscall::BIND,
    Syscall::SENDTO,
    Syscall::SENDMSG,
    Syscall::SENDMMSG,
    Syscall::IOCTL,
    Syscall::PTRACE,
    Syscall::KILL,
];

/// Stands in the data of our filters where they stop a call, to tell that from filters of the program's own.
pub(super) const MARK: u32 = 0xa5f1;

const TRACE: u32 = answer::TRACE | MARK;
const NO_SUCH_CALL: u32 = answer::ERRNO | ENOSYS as u32;

const ENOSYS: u16 = 38;

const NUMBER: u32 = 0;
const AUDIT: u32 = 4;
/// The address of `sendto`, of which either half is not zero if there is one.
const ADDRESS: u32 = 16 + 8 * 4;
const FIRST_X32: u32 = 0x4000_0000;

/// What the filter answers to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is let through unseen.
    Pass,
    /// The watcher looks at it.
    Look,
    /// It does not exist, as it would not in a sandbox: programs fall back as they would there.
    Missing,
}

/// What to answer to a call, given what a sandbox would.
pub(super) fn answer(call: Syscall, sandbox: Option<&Filter>) -> Answer {
    if call == Syscall::IO_URING_SETUP {
        // What is done through it could not be seen.
        return Answer::Missing;
    }
    let verdict = sandbox.map(|filter| filter.verdict(call));
    let missing = Verdict::Always(Action::Errno(ENOSYS));
    if verdict == Some(&missing) {
        Answer::Missing
    } else if CALLS.contains(&call) || verdict.is_some_and(Verdict::denies) {
        Answer::Look
    } else {
        Answer::Pass
    }
}

/// The filter in the kernel's language. Calls that it lets pass are answered from the kernel's cache of
/// constant answers, however long it is (Linux 5.11). With `every_call` none passes unseen.
pub(super) fn compile(arch: Arch, sandbox: Option<&Filter>, every_call: bool) -> Vec<Instruction> {
    let rest = if every_call { TRACE } else { ALLOW };
    let mut program = start(arch, TRACE);
    program.extend([
        unless(JUMP_AT_LEAST, FIRST_X32, 1),
        step(RETURN, NO_SUCH_CALL),
    ]);
    for call in Syscall::all() {
        let Some(number) = call.number(arch) else {
            continue;
        };
        let result = match answer(call, sandbox) {
            Answer::Pass => continue,
            Answer::Look if every_call => continue,
            Answer::Look => TRACE,
            Answer::Missing => NO_SUCH_CALL,
        };
        add(&mut program, call, number, result);
    }
    program.push(step(RETURN, rest));
    program
}

/// A filter that stops at these calls and denies nothing.
pub(crate) fn stopping_at(arch: Arch, calls: impl Iterator<Item = Syscall>) -> Vec<Instruction> {
    let mut program = start(arch, ALLOW);
    for call in calls {
        if let Some(number) = call.number(arch) {
            add(&mut program, call, number, TRACE);
        }
    }
    program.push(step(RETURN, ALLOW));
    program
}

fn step(code: u16, operand: u32) -> Instruction {
    Instruction {
        code,
        jump: [0, 0],
        operand,
    }
}

fn unless(code: u16, operand: u32, skip: u8) -> Instruction {
    Instruction {
        code,
        jump: [0, skip],
        operand,
    }
}

/// Loads the number of the call, after the answer to those of other machines.
fn start(arch: Arch, foreign: u32) -> Vec<Instruction> {
    vec![
        step(LOAD, AUDIT),
        Instruction {
            code: JUMP_EQUAL,
            jump: [1, 0],
            operand: arch.audit(),
        },
        step(RETURN, foreign),
        step(LOAD, NUMBER),
    ]
}

/// Answers one call.
fn add(program: &mut Vec<Instruction>, call: Syscall, number: u32, result: u32) {
    if call == Syscall::SENDTO && result == TRACE {
        program.extend([
            unless(JUMP_EQUAL, number, 6),
            step(LOAD, ADDRESS),
            unless(JUMP_EQUAL, 0, 3),
            step(LOAD, ADDRESS + 4),
            unless(JUMP_EQUAL, 0, 1),
            step(RETURN, ALLOW),
            step(RETURN, TRACE),
        ]);
    } else {
        program.extend([unless(JUMP_EQUAL, number, 1), step(RETURN, result)]);
    }
}

/// Keeps of the arguments the bits that a verdict looks at.
pub(crate) fn masked(verdict: &Verdict, arguments: [u64; 6], into: &mut [u64; 6]) {
    if let Verdict::If(test, then, otherwise) = verdict {
        let index = usize::from(test.argument());
        if let (Some(kept), Some(argument)) = (into.get_mut(index), arguments.get(index)) {
            *kept |= argument & test.mask();
        }
        masked(then, arguments, into);
        masked(otherwise, arguments, into);
    }
}
