//! A child that goes on with a copy of this process's memory instead of becoming another program.

use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::child::settle_copy;
use super::{Bounds, LaunchError, Launched, Step, end};
use crate::check;
use crate::signals::SignalsBlocked;

/// The exit status of a child whose act unwound out of what was to catch it.
const UNWOUND: i32 = 70;

/// Forks. The child closes every descriptor above 2 but for those that it keeps, puts the bounds upon
/// itself, runs `act` and ends with its result as exit status: without destructors, without flushing.
/// `act` is told the step that failed, and must do nothing then but pass that on.
///
/// Only the calling thread goes on in the child. Memory is whole there, and the C library's allocator
/// may be used; but a lock that another thread held stays locked, so that `act` may wait forever for
/// it. Whoever calls this has to give it a time.
///
/// # Errors
/// What `rt_sigprocmask`, `fork` or `pidfd_open` said; nothing is left then.
///
/// # References
/// `fork(2)`, `pidfd_open(2)` (Linux 5.3).
pub fn copy(
    bounds: &Bounds<'_>,
    act: impl FnOnce(Result<(), LaunchError>) -> i32,
) -> io::Result<Launched> {
    let blocked = SignalsBlocked::new()?;
    // SAFETY: what runs in the child is safe code on a whole copy of the memory. Locks of other
    // threads may stay locked, by which it waits and breaks nothing; it ends by `_exit`, so that no
    // destructor of this process's runs twice.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // The handlers are this process's own, and all signals are blocked until they are gone.
        std::mem::forget(blocked);
        let status = catch_unwind(AssertUnwindSafe(|| {
            let named = [bounds.directory, bounds.cgroup, bounds.ruleset];
            let named = named.into_iter().chain(bounds.stdio).flatten();
            let needed = named.map(|fd| fd.as_raw_fd());
            let settled = close_others(needed.chain(bounds.keep.iter().copied())).and_then(|()| {
                // Whoever has a ruleset open can add to it, and this process still has use for it.
                settle_copy(bounds, || close_others(bounds.keep.iter().copied()))
            });
            act(settled)
        }));
        // SAFETY: `_exit` takes an integer and does not return.
        unsafe { libc::_exit(status.unwrap_or(UNWOUND)) }
    }
    let made = check(pid.into());
    drop(blocked);
    made?;
    match open(pid) {
        Ok(pidfd) => Ok(Launched { pid, pidfd }),
        Err(error) => {
            end(pid);
            Err(error)
        }
    }
}

/// A descriptor of a child that was not waited for.
fn open(pid: libc::pid_t) -> io::Result<OwnedFd> {
    // SAFETY: the call takes integers only.
    let fd = check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    let fd = RawFd::try_from(fd).map_err(|_| io::Error::from_raw_os_error(libc::EBADF))?;
    // SAFETY: the kernel has just returned this descriptor to us; nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Closes all descriptors above 2 but these, in a process that goes on without their owners.
fn close_others(keep: impl Iterator<Item = RawFd>) -> Result<(), LaunchError> {
    let mut keep: Vec<u32> = keep
        .filter_map(|fd| u32::try_from(fd).ok())
        .filter(|&fd| fd > 2)
        .collect();
    keep.sort_unstable();
    keep.dedup();
    let mut first = 3;
    for fd in keep.into_iter().chain([u32::MAX]) {
        if first < fd {
            // SAFETY: what owned them in the parent has no part in this process any more: it ends by
            // `_exit`, and what it may use is not among them.
            let closed = unsafe { libc::syscall(libc::SYS_close_range, first, fd - 1, 0) };
            check(closed).map_err(|error| LaunchError {
                step: Step::Descriptors,
                error,
            })?;
        }
        first = fd.saturating_add(1);
    }
    Ok(())
}
