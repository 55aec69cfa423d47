//! Starting a program under watch, and ending as it did.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

use super::{OPTIONS, seize};
use crate::privileges::no_new_privs;
use crate::seccomp::{Instruction, Threads, install_filter};
use crate::{CStrings, check, execve};

/// A program under watch, before its first instruction.
#[derive(Debug)]
pub struct Started {
    /// Its process id.
    pub pid: i32,
    /// Why it could not be executed comes out of here, as an `errno` of four bytes; nothing if it was.
    failure: OwnedFd,
    _begun: Begun,
}

/// Signals that the terminal sends to both, ignored by this process until dropped.
#[derive(Debug)]
struct Ignored([(i32, libc::sighandler_t); 2]);

impl Ignored {
    fn new() -> Self {
        Self([libc::SIGINT, libc::SIGQUIT].map(|signal| {
            // SAFETY: to ignore a signal runs no code of ours.
            (signal, unsafe { libc::signal(signal, libc::SIG_IGN) })
        }))
    }
}

impl Drop for Ignored {
    fn drop(&mut self) {
        for (signal, before) in self.0 {
            if before != libc::SIG_ERR {
                // SAFETY: what was there before for this very signal may be there again.
                unsafe { libc::signal(signal, before) };
            }
        }
    }
}

impl Started {
    /// Why the program could not be executed, once its process has ended.
    pub fn failure(&self) -> Option<io::Error> {
        let mut bytes = [0; 4];
        // SAFETY: the kernel writes at most four bytes into a live buffer.
        let read = unsafe {
            libc::read(
                self.failure.as_raw_fd(),
                bytes.as_mut_ptr().cast(),
                bytes.len(),
            )
        };
        (read == 4).then(|| io::Error::from_raw_os_error(i32::from_ne_bytes(bytes)))
    }
}

/// Starts a program in a process that this one traces from the beginning, under `no_new_privs` and a
/// filter, whose answers to trace come to this process. Mask and dispositions of signals are passed on as
/// they are; this process itself ignores SIGINT and SIGQUIT, which the terminal sends to both, as long as
/// what is returned lives. It becomes the parent of orphans beneath it and stays so, so that
/// [`wait`](super::wait) comes to an end no sooner than the last of them, traced or not.
///
/// For a process of one thread: the child runs on a copy of its memory.
///
/// # Errors
/// What `pipe2` or `fork` said; `EPERM` and others from `ptrace` if the machine forbids to trace. Nothing
/// is left then.
pub fn start(
    program: &CStr,
    arguments: &CStrings,
    environment: Option<&CStrings>,
    filter: &[Instruction],
) -> io::Result<Started> {
    let (failure, report) = pipe()?;
    let begun = fork(OPTIONS, || {
        let error = match enter(filter).and_then(|()| execve(program, arguments, environment)) {
            Ok(never) => match never {},
            Err(error) => error,
        };
        let errno = error.raw_os_error().unwrap_or(libc::EIO).to_ne_bytes();
        // SAFETY: the kernel reads four live bytes. Nobody is left to tell if it fails.
        unsafe { libc::write(report.as_raw_fd(), errno.as_ptr().cast(), errno.len()) };
        127
    })?;
    Ok(Started {
        pid: begun.pid,
        failure,
        _begun: begun,
    })
}

/// A process under watch that becomes a program by itself.
#[derive(Debug)]
pub struct Begun {
    /// Its process id.
    pub pid: i32,
    _ignored: Ignored,
}

/// What a process under watch calls to put itself under `no_new_privs` and the watcher's filter.
pub type Enter<'f> = dyn Fn() -> io::Result<()> + 'f;

/// Starts a process that does what `begin` says under watch: put itself under a filter, whose answers to
/// trace come to this process, and become a program; or return the exit code to end with. As with [`start`]
/// otherwise; that a thread ends is an event as well.
///
/// For a process of one thread: the child runs on a copy of its memory.
///
/// # Errors
/// As [`start`].
pub fn begin(filter: &[Instruction], begin: impl FnOnce(&Enter<'_>) -> u8) -> io::Result<Begun> {
    fork(OPTIONS | libc::PTRACE_O_TRACEEXIT, || {
        begin(&|| enter(filter)).into()
    })
}

/// Starts a traced process that does what `begin` says once it is traced, and ends with what that returns.
fn fork(options: i32, begin: impl FnOnce() -> i32) -> io::Result<Begun> {
    let (gate, opener) = pipe()?;
    adopt_orphans()?;
    // SAFETY: this process has one thread by the contract of the functions above, so that its memory is
    // whole in the child and no lock is held there. The child leaves by `execve` or `_exit`.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        drop(opener);
        // A panic must not unwind into what the parent does behind this.
        let begin = std::panic::AssertUnwindSafe(begin);
        let code = if passes(&gate) {
            std::panic::catch_unwind(begin).unwrap_or(127)
        } else {
            127
        };
        // SAFETY: `_exit` takes an integer and does not return.
        unsafe { libc::_exit(code) }
    }
    check(pid.into())?;
    drop(gate);
    let ignored = Ignored::new();
    let let_in = || {
        // SAFETY: the kernel reads one live byte.
        let written = unsafe { libc::write(opener.as_raw_fd(), c"x".as_ptr().cast(), 1) };
        check(i64::try_from(written).map_err(io::Error::other)?).map(drop)
    };
    let seized = seize(pid, options).and_then(|()| let_in());
    if let Err(error) = seized {
        // SAFETY: `pid` is our own child, not waited for, so that the number is its own.
        unsafe { libc::kill(pid, libc::SIGKILL) };
        // SAFETY: as above; no status is asked for.
        unsafe { libc::waitpid(pid, std::ptr::null_mut(), libc::__WALL) };
        return Err(error);
    }
    Ok(Begun {
        pid,
        _ignored: ignored,
    })
}

/// Makes this process the parent of what outlives its own parents beneath it. A child made with
/// CLONE_UNTRACED is no tracee, and is waited for nonetheless.
fn adopt_orphans() -> io::Result<()> {
    // SAFETY: this option takes numbers only.
    let set = unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) };
    check(set.into()).map(drop)
}

/// Waits for the tracer, without whom calls that a filter traces would fail; whether there is one.
fn passes(gate: &OwnedFd) -> bool {
    let mut byte = 0u8;
    let read = loop {
        // SAFETY: the kernel writes at most one byte into a live one.
        let read = unsafe { libc::read(gate.as_raw_fd(), (&raw mut byte).cast(), 1) };
        if read >= 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            break read;
        }
    };
    read == 1
}

/// Puts this process under `no_new_privs` and the filter.
fn enter(filter: &[Instruction]) -> io::Result<()> {
    no_new_privs()?;
    install_filter(filter, Threads::Calling)
}

/// A pipe, closed on execute: the end to read from and the one to write to.
fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [-1; 2];
    // SAFETY: the kernel writes two numbers into a live array.
    check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) }.into())?;
    // SAFETY: the kernel has just returned this descriptor to us; nothing else owns it.
    let read = unsafe { OwnedFd::from_raw_fd(ends[0]) };
    // SAFETY: as above.
    let write = unsafe { OwnedFd::from_raw_fd(ends[1]) };
    Ok((read, write))
}

/// Ends this process by a signal, without a core dump. Returns if the signal does not end a process.
pub fn end_by(signal: i32) {
    let none = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the kernel reads one live structure.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) };
    // SAFETY: the default disposition runs no code of ours.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
    // SAFETY: an all-zero set is an empty one.
    let mut signals: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set is live.
    unsafe { libc::sigaddset(&raw mut signals, signal) };
    // SAFETY: the set is live; no old one is asked for.
    unsafe { libc::sigprocmask(libc::SIG_UNBLOCK, &raw const signals, std::ptr::null_mut()) };
    // SAFETY: the call takes an integer.
    unsafe { libc::raise(signal) };
}
