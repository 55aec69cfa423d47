//! The filter that stops a watched program before the calls that matter, and before no others.

use ringfence::{Action, Arch, Filter, Syscall, Verdict};
use ringfence_sys::seccomp::Instruction;

/// Calls about paths, ports and programs.
pub(super) const CALLS: &[Syscall] = &[
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

const LOAD: u16 = 0x20;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_AT_LEAST: u16 = 0x35;
const RETURN: u16 = 0x06;

const ALLOW: u32 = 0x7fff_0000;
const TRACE: u32 = 0x7ff0_0000;
/// With the number of ENOSYS.
const NO_SUCH_CALL: u32 = 0x0005_0026;

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
    let step = |code, operand| Instruction {
        code,
        jump: [0, 0],
        operand,
    };
    let unless = |code, operand, skip| Instruction {
        code,
        jump: [0, skip],
        operand,
    };
    let mut program = vec![
        step(LOAD, AUDIT),
        Instruction {
            code: JUMP_EQUAL,
            jump: [1, 0],
            operand: arch.audit(),
        },
        step(RETURN, TRACE),
        step(LOAD, NUMBER),
        unless(JUMP_AT_LEAST, FIRST_X32, 1),
        step(RETURN, NO_SUCH_CALL),
    ];
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
    program.push(step(RETURN, rest));
    program
}

/// Keeps of the arguments the bits that a verdict looks at.
pub(super) fn masked(verdict: &Verdict, arguments: [u64; 6], into: &mut [u64; 6]) {
    if let Verdict::If(test, then, otherwise) = verdict {
        let index = usize::from(test.argument());
        if let (Some(kept), Some(argument)) = (into.get_mut(index), arguments.get(index)) {
            *kept |= argument & test.mask();
        }
        masked(then, arguments, into);
        masked(otherwise, arguments, into);
    }
}
