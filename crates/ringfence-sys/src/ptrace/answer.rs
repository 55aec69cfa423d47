//! System calls that a filter kept from being made: which it was, and the error in its place.
//!
//! Of a call that a filter traps the kernel sends SIGSYS with the filter's data. A tracer sees that signal
//! first, and may put an error in the register for the result and hold the signal back, so that the call
//! looks as if it had failed. Of a call that a filter traces he may do the same before it is made.
//!
//! # References
//! `seccomp(2)`, `SECCOMP_RET_TRAP` and `SECCOMP_RET_TRACE`; `ptrace(2)`.

use std::io;

use super::registers::Registers;
use super::{Call, information};
use crate::check;

/// `SYS_SECCOMP` of `asm-generic/siginfo.h`: SIGSYS by a filter.
const BY_FILTER: i32 = 1;

/// The data of the filter that trapped a call, if that is why SIGSYS is about to reach a tracee.
///
/// A program can send itself such a signal; whoever believes it has to look at the call as well.
///
/// # Errors
/// `ESRCH` if it has ended, `EINVAL` if no signal is about to reach it.
pub fn trap_data(pid: i32) -> io::Result<Option<u16>> {
    // SAFETY: the structure is plain numbers, for which zeros are valid.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel writes one `siginfo_t`, which is live.
    let result = unsafe { libc::ptrace(libc::PTRACE_GETSIGINFO, pid, 0usize, &raw mut info) };
    check(result)?;
    let by_filter = info.si_signo == libc::SIGSYS && info.si_code == BY_FILTER;
    Ok(by_filter
        .then(|| u16::try_from(info.si_errno).ok())
        .flatten())
}

/// The system call that a tracee made last, if it stopped for what became of that: trapped or ended by a
/// filter, it was not executed.
///
/// # Errors
/// `ESRCH` if it has ended.
pub fn made_call(pid: i32) -> io::Result<Call> {
    let registers = Registers::of(pid)?;
    Ok(Call {
        audit: information(pid)?.arch,
        number: registers.number(),
        arguments: registers.arguments(),
    })
}

/// Lets a call that was trapped return this error.
///
/// # Errors
/// As [`made_call`].
pub fn fail_call(pid: i32, errno: u16) -> io::Result<()> {
    let mut registers = Registers::of(pid)?;
    registers.set_error(errno);
    registers.write(pid)
}

/// Lets a call before which a filter stopped a tracee not be made, and return this error.
///
/// On riscv64, where the kernel takes the number of a call from the register, that register keeps what stands
/// for no call.
///
/// # Errors
/// As [`made_call`]; `EINVAL` for a 32-bit program on aarch64, whose call cannot be changed.
pub fn skip_call(pid: i32, errno: u16) -> io::Result<()> {
    let mut registers = Registers::of(pid)?;
    registers.set_error(errno);
    registers.write_without_call(pid)
}
