//! System calls that a filter answered with a trap: which it was, and the error in its place.
//!
//! The kernel does not execute such a call, but sends SIGSYS with the filter's data. A tracer sees that
//! signal first, and may put an error in the register for the result and hold the signal back, so that the
//! call looks as if it had failed.
//!
//! # References
//! `seccomp(2)`, `SECCOMP_RET_TRAP`; `ptrace(2)`, `PTRACE_GETREGSET`.

use std::io;

use super::{Call, information};
use crate::check;

/// The general registers of a thread, as the kernel lays them out for tracers (`struct user_regs_struct`,
/// `struct user_pt_regs`), none longer than this.
type Registers = [u64; 34];

/// Where in there the number of a system call is, its arguments, and its result.
#[cfg(target_arch = "x86_64")]
const PLACES: (usize, [usize; 6], usize) = (15, [14, 13, 12, 7, 9, 8], 10);
#[cfg(target_arch = "aarch64")]
const PLACES: (usize, [usize; 6], usize) = (8, [0, 1, 2, 3, 4, 5], 0);
#[cfg(target_arch = "riscv64")]
const PLACES: (usize, [usize; 6], usize) = (17, [10, 11, 12, 13, 14, 15], 10);
/// Of other machines nothing is known, nor are filters for them.
#[cfg(not(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "riscv64"
)))]
const PLACES: (usize, [usize; 6], usize) = (usize::MAX, [usize::MAX; 6], usize::MAX);

/// How many bytes the registers of a 32-bit program are on `x86_64`, and where the same is there, counted in
/// halves (`struct user_regs_struct32`).
const OF_32_BITS: usize = 17 * 4;
const PLACES_OF_32_BITS: (usize, [usize; 6]) = (11, [0, 1, 2, 3, 4, 5]);

/// `SYS_SECCOMP` of `asm-generic/siginfo.h`: SIGSYS by a filter.
const BY_FILTER: i32 = 1;
/// `NT_PRSTATUS` of `linux/elf.h`: the general registers.
const GENERAL: usize = 1;

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
    let (registers, length) = registers(pid)?;
    let is_of_32_bits = length == OF_32_BITS;
    let (number, arguments) = if is_of_32_bits {
        PLACES_OF_32_BITS
    } else {
        let (number, arguments, _) = PLACES;
        (number, arguments)
    };
    let at = |place: usize| {
        if is_of_32_bits {
            let pair = registers.get(place / 2).copied().unwrap_or(0);
            pair >> (32 * (place % 2)) & 0xffff_ffff
        } else {
            registers.get(place).copied().unwrap_or(0)
        }
    };
    Ok(Call {
        audit: information(pid)?.arch,
        number: at(number),
        arguments: arguments.map(at),
    })
}

/// Lets a call that was trapped return this error.
///
/// # Errors
/// As [`made_call`].
pub fn fail_call(pid: i32, errno: u16) -> io::Result<()> {
    let (mut registers, length) = registers(pid)?;
    let (_, _, result) = PLACES;
    if let Some(register) = registers.get_mut(result) {
        *register = (-i64::from(errno)).cast_unsigned();
    }
    let mut part = libc::iovec {
        iov_base: (&raw mut registers).cast(),
        iov_len: length,
    };
    // SAFETY: the kernel reads `length` bytes, which it has written there itself and which are live.
    let result = unsafe { libc::ptrace(libc::PTRACE_SETREGSET, pid, GENERAL, &raw mut part) };
    check(result).map(drop)
}

/// The general registers, and how many bytes of them there are.
fn registers(pid: i32) -> io::Result<(Registers, usize)> {
    let mut registers: Registers = [0; 34];
    let mut part = libc::iovec {
        iov_base: (&raw mut registers).cast(),
        iov_len: size_of::<Registers>(),
    };
    // SAFETY: the kernel writes no more than the length says, which is that of a live array of numbers.
    let result = unsafe { libc::ptrace(libc::PTRACE_GETREGSET, pid, GENERAL, &raw mut part) };
    check(result)?;
    Ok((registers, part.iov_len))
}
