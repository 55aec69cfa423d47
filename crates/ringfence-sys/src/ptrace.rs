//! Watching processes: `ptrace(2)` as a tracer that seizes, and what it needs beside.
//!
//! Numbers of processes are those of threads, as the kernel's own. A call about one that has ended
//! meanwhile fails with `ESRCH`, which is no fault of the tracer.
//!
//! # References
//! `ptrace(2)`, `wait(2)`, `process_vm_readv(2)`.

use std::io;

use crate::check;

mod answer;
mod registers;
mod start;

pub use answer::{fail_call, made_call, skip_call, trap_data};
pub use start::{Begun, Enter, Started, begin, end_by, start};

/// What a wait for any tracee came back with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// It ended with this exit code.
    Exited(i32),
    /// It was ended by this signal.
    Killed(i32),
    /// A filter stopped it before a system call.
    Call,
    /// It stopped behind a system call.
    Return,
    /// It has become another program; the number that its thread had before.
    Executed(i32),
    /// It has made a process or thread, whose number this is.
    Made(i32),
    /// This signal is about to reach it.
    Signal(i32),
    /// It is about to end, by this signal or by none.
    Ending(Option<i32>),
    /// It has been stopped by a signal for job control, and stays so until it is continued.
    Group,
    /// It stopped for the tracer alone: it is new, or has been continued.
    Other,
}

/// How a stopped tracee goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// To the next event.
    Run,
    /// To the next event, or to the end of the system call that it is in.
    ToReturn,
}

const OPTIONS: i32 = libc::PTRACE_O_TRACESYSGOOD
    | libc::PTRACE_O_TRACESECCOMP
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACEEXEC
    | libc::PTRACE_O_EXITKILL;

/// Becomes the tracer of a process and of all that it makes. They are killed when this process ends.
///
/// # Errors
/// `EPERM` if another traces it already, or the machine forbids to trace.
fn seize(pid: i32, options: i32) -> io::Result<()> {
    // SAFETY: PTRACE_SEIZE takes its options as a number and touches no memory of ours.
    let result = unsafe { libc::ptrace(libc::PTRACE_SEIZE, pid, 0usize, i64::from(options)) };
    check(result).map(drop)
}

/// Lets a stopped tracee go on, with a signal or with 0 for none.
///
/// # Errors
/// `ESRCH` if it is not stopped any more.
pub fn resume(pid: i32, how: Resume, signal: i32) -> io::Result<()> {
    let request = match how {
        Resume::Run => libc::PTRACE_CONT,
        Resume::ToReturn => libc::PTRACE_SYSCALL,
    };
    // SAFETY: both requests take a number of a signal and touch no memory of ours.
    let result = unsafe { libc::ptrace(request, pid, 0usize, i64::from(signal)) };
    check(result).map(drop)
}

/// Leaves a tracee stopped for job control, so that a signal can continue it.
///
/// # Errors
/// `ESRCH` if it is not stopped any more, `EIO` if it is stopped for another reason.
pub fn listen(pid: i32) -> io::Result<()> {
    // SAFETY: PTRACE_LISTEN takes nothing and touches no memory of ours.
    let result = unsafe { libc::ptrace(libc::PTRACE_LISTEN, pid, 0usize, 0usize) };
    check(result).map(drop)
}

/// Waits for the next event of any tracee.
///
/// # Errors
/// `ECHILD` if there is none left. A signal of this process's own does not interrupt it.
pub fn wait() -> io::Result<(i32, Event)> {
    let mut status = 0;
    let pid = loop {
        // SAFETY: `status` is a live integer.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL) };
        match check(pid.into()) {
            Ok(_) => break pid,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    };
    Ok((pid, event(pid, status)))
}

fn event(pid: i32, status: i32) -> Event {
    if libc::WIFEXITED(status) {
        return Event::Exited(libc::WEXITSTATUS(status));
    }
    if libc::WIFSIGNALED(status) {
        return Event::Killed(libc::WTERMSIG(status));
    }
    let signal = libc::WSTOPSIG(status);
    // A tracee that has been killed meanwhile has no message; its end follows.
    let message = || message(pid).unwrap_or(0);
    match status >> 16 {
        libc::PTRACE_EVENT_SECCOMP => Event::Call,
        libc::PTRACE_EVENT_EXEC => Event::Executed(message()),
        libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE => {
            Event::Made(message())
        }
        libc::PTRACE_EVENT_EXIT => {
            let status = message();
            Event::Ending(libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status)))
        }
        libc::PTRACE_EVENT_STOP if signal != libc::SIGTRAP => Event::Group,
        0 if signal == libc::SIGTRAP | 0x80 => Event::Return,
        0 => Event::Signal(signal),
        _ => Event::Other,
    }
}

/// The number that belongs to the last event of a tracee.
fn message(pid: i32) -> io::Result<i32> {
    let mut message: libc::c_ulong = 0;
    // SAFETY: the kernel writes one `unsigned long`, which is live.
    let result = unsafe { libc::ptrace(libc::PTRACE_GETEVENTMSG, pid, 0usize, &raw mut message) };
    check(result)?;
    i32::try_from(message).map_err(io::Error::other)
}

/// A system call that a tracee is about to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The architecture by whose table it is called (`AUDIT_ARCH_*`).
    pub audit: u32,
    /// Its number.
    pub number: u64,
    /// Its arguments.
    pub arguments: [u64; 6],
}

/// The system call before which a filter stopped a tracee, and the data of that filter's answer.
///
/// # Errors
/// `ESRCH` if it has ended; `EIO` on kernels that cannot say (before 5.3).
pub fn call(pid: i32) -> io::Result<(Call, u32)> {
    let info = information(pid)?;
    if info.op != libc::PTRACE_SYSCALL_INFO_SECCOMP {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    // SAFETY: `op` says that the kernel filled in this part of the union; it is all plain numbers.
    let seccomp = unsafe { info.u.seccomp };
    let call = Call {
        audit: info.arch,
        number: seccomp.nr,
        arguments: seccomp.args,
    };
    Ok((call, seccomp.ret_data))
}

/// What the system call returned behind which a tracee stopped: a value, or an `errno` as error.
///
/// # Errors
/// As [`call`].
pub fn returned(pid: i32) -> io::Result<Result<i64, i32>> {
    let info = information(pid)?;
    if info.op != libc::PTRACE_SYSCALL_INFO_EXIT {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    // SAFETY: `op` says that the kernel filled in this part of the union; it is all plain numbers.
    let exit = unsafe { info.u.exit };
    Ok(if exit.is_error == 0 {
        Ok(exit.sval)
    } else {
        Err(i32::try_from(-exit.sval).unwrap_or(i32::MAX))
    })
}

fn information(pid: i32) -> io::Result<libc::ptrace_syscall_info> {
    // SAFETY: the structure is plain numbers, for which zeros are valid.
    let mut info: libc::ptrace_syscall_info = unsafe { std::mem::zeroed() };
    let size = size_of::<libc::ptrace_syscall_info>();
    // SAFETY: the kernel writes at most `size` bytes into the structure, which is live.
    let result = unsafe { libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, pid, size, &raw mut info) };
    check(result)?;
    Ok(info)
}

/// Reads memory of a stopped tracee; returns how many bytes there were.
///
/// # Errors
/// `EFAULT` if nothing is there, `ESRCH` if it has ended.
pub fn read_memory(pid: i32, address: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let base = usize::try_from(address).map_err(io::Error::other)?;
    let local = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    let remote = libc::iovec {
        iov_base: std::ptr::without_provenance_mut(base),
        iov_len: buffer.len(),
    };
    // SAFETY: the kernel writes into `buffer`, which is borrowed for that, no more than its length; the
    // remote address is the other process's and is not followed here.
    let read = unsafe { libc::process_vm_readv(pid, &raw const local, 1, &raw const remote, 1, 0) };
    check(i64::try_from(read).map_err(io::Error::other)?)
        .and_then(|read| usize::try_from(read).map_err(io::Error::other))
}
