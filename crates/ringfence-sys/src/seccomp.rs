//! seccomp: what the kernel's filters can do, and installing one.
//!
//! # References
//! `seccomp(2)`, `Documentation/userspace-api/seccomp_filter.rst`.

use std::io;

use crate::check;

/// An action that a seccomp filter may return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum SeccompAction {
    /// Fail the call with an `errno`.
    Errno = libc::SECCOMP_RET_ERRNO,
    /// Kill the whole process (Linux 4.14).
    KillProcess = libc::SECCOMP_RET_KILL_PROCESS,
    /// Ask a supervisor (Linux 5.0).
    UserNotification = libc::SECCOMP_RET_USER_NOTIF,
}

/// Whether filters of the running kernel may return `action`.
///
/// False also where an outer filter hides `seccomp(2)`.
///
/// # References
/// `seccomp(2)`, `SECCOMP_GET_ACTION_AVAIL` (Linux 4.14).
pub fn seccomp_action_available(action: SeccompAction) -> bool {
    let action = action as u32;
    // SAFETY: the kernel reads one live 32-bit integer behind the pointer.
    let result = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_GET_ACTION_AVAIL,
            0u32,
            std::ptr::from_ref(&action),
        )
    };
    result == 0
}

/// One instruction of classic BPF: the kernel's `struct sock_filter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Instruction {
    /// What to do (`linux/bpf_common.h`).
    pub code: u16,
    /// How many instructions to skip if a comparison holds, and if it does not.
    pub jump: [u8; 2],
    /// The operand.
    pub operand: u32,
}

const _: () = assert!(size_of::<Instruction>() == size_of::<libc::sock_filter>());
const _: () = assert!(align_of::<Instruction>() == align_of::<libc::sock_filter>());

/// The few operations of classic BPF that filters are made of (`linux/bpf_common.h`).
pub mod code {
    /// Loads a word of `struct seccomp_data` into the register.
    pub const LOAD: u16 = 0x20;
    /// Keeps those bits of the register that the operand has too.
    pub const AND: u16 = 0x54;
    /// Passes over as many instructions as the operand says.
    pub const JUMP: u16 = 0x05;
    /// Branches by whether the register is the operand.
    pub const JUMP_EQUAL: u16 = 0x15;
    /// Branches by whether the register is the operand or more.
    pub const JUMP_AT_LEAST: u16 = 0x35;
    /// Branches by whether the register has any of the operand's bits.
    pub const JUMP_ANY_BIT: u16 = 0x45;
    /// Ends with the operand as the filter's answer.
    pub const RETURN: u16 = 0x06;
}

/// What a filter may answer (`linux/seccomp.h`). The lower 16 bits are data.
pub mod answer {
    /// End the process by SIGSYS (Linux 4.14).
    pub const KILL_PROCESS: u32 = libc::SECCOMP_RET_KILL_PROCESS;
    /// Send SIGSYS in the place of the call, with the data.
    pub const TRAP: u32 = libc::SECCOMP_RET_TRAP;
    /// Fail the call with the data as `errno`.
    pub const ERRNO: u32 = libc::SECCOMP_RET_ERRNO;
    /// Stop for the tracer, with the data; without one, fail with ENOSYS.
    pub const TRACE: u32 = libc::SECCOMP_RET_TRACE;
    /// Let it pass.
    pub const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
    /// The bits of the data.
    pub const DATA: u32 = libc::SECCOMP_RET_DATA;
}

/// Which threads a filter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// The calling one, and what it starts.
    Calling,
    /// All of the process (`SECCOMP_FILTER_FLAG_TSYNC`, Linux 3.17).
    All,
}

/// Puts the calling thread, or all threads, under a filter, for good. Filters that are there
/// already stay; of their answers the strictest counts.
///
/// # Errors
/// `EACCES` without `no_new_privs` (or `CAP_SYS_ADMIN`), `EINVAL` for a program that the kernel does
/// not take, `ENOMEM` when the filters of the thread are too long together, `ESRCH` if another
/// thread has a filter of its own, so that this one cannot be put upon it.
///
/// # References
/// `seccomp(2)`, `SECCOMP_SET_MODE_FILTER` (Linux 3.17).
pub fn install_filter(program: &[Instruction], threads: Threads) -> io::Result<()> {
    let length =
        u16::try_from(program.len()).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    let program = libc::sock_fprog {
        len: length,
        filter: program.as_ptr().cast_mut().cast(),
    };
    let flags = match threads {
        Threads::Calling => 0,
        Threads::All => libc::SECCOMP_FILTER_FLAG_TSYNC,
    };
    // SAFETY: `program` lives across the call and names `length` instructions, which are borrowed
    // and have the layout of the kernel's own; the kernel copies them and writes nothing.
    let result = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            flags,
            std::ptr::from_ref(&program),
        )
    };
    // With TSYNC a positive result is the thread that could not be brought along.
    match check(result)? {
        0 => Ok(()),
        _ => Err(io::Error::from_raw_os_error(libc::ESRCH)),
    }
}

/// Whether a filter for all threads at once would be taken: not if another thread has a filter that the
/// calling one has not. The kernel says so only to who tries: on success a filter stays that lets everything
/// pass.
pub fn threads_share_filters() -> bool {
    let pass = Instruction {
        code: code::RETURN,
        jump: [0; 2],
        operand: answer::ALLOW,
    };
    install_filter(&[pass], Threads::All).is_ok()
}
