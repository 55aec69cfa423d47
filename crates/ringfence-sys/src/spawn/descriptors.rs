//! Which descriptors a new process has: the standard three, those that are kept, and no others. System
//! calls only, as all that the child does.

use std::ffi::c_void;
use std::os::fd::{AsRawFd, RawFd};

use super::child::{Failed, done};
use super::{Bounds, Step};

/// The first descriptor after standard input, output and error.
const FIRST: RawFd = 3;

/// Puts standard input, output and error in their places.
pub(super) fn stdio(bounds: &Bounds<'_>) -> Result<(), Failed> {
    let mut given = [-1; 3];
    // Out of the way first, so that none is overwritten before it has been put in its place.
    for (place, fd) in given.iter_mut().zip(bounds.stdio) {
        let Some(fd) = fd else { continue };
        *place = fd.as_raw_fd();
        if *place < FIRST {
            // SAFETY: the call takes integers only and closes nothing.
            let above =
                unsafe { libc::syscall(libc::SYS_fcntl, *place, libc::F_DUPFD_CLOEXEC, FIRST) };
            done(Step::Stdio, above)?;
            *place = RawFd::try_from(above).unwrap_or(-1);
        }
    }
    for (target, fd) in (0..).zip(given) {
        if fd >= 0 {
            // SAFETY: the call takes integers only; what it closes in `target` is this child's own
            // copy, since CLONE_FILES was not given.
            done(Step::Stdio, unsafe {
                libc::syscall(libc::SYS_dup3, fd, target, 0)
            })?;
        }
    }
    Ok(())
}

/// Has all descriptors above 2 closed by `execve`, but for those in `keep`.
pub(super) fn close_others(keep: &[RawFd]) -> Result<(), Failed> {
    // SAFETY: the call takes integers only, and closes nothing yet.
    let marked = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            FIRST,
            u32::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    if marked < 0 {
        mark_one_by_one()?;
    }
    for &fd in keep {
        // SAFETY: the call takes integers only.
        done(Step::Descriptors, unsafe {
            libc::syscall(libc::SYS_fcntl, fd, libc::F_SETFD, 0)
        })?;
    }
    Ok(())
}

/// Where `close_range` is missing (its flag came with Linux 5.11) or an outer filter denies it.
fn mark_one_by_one() -> Result<(), Failed> {
    let end = match table_length() {
        Some(length) => length,
        None => most_open_files()?,
    };
    for fd in FIRST..end {
        // SAFETY: the call takes integers only; a number that is not open is no harm.
        unsafe { libc::syscall(libc::SYS_fcntl, fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
    Ok(())
}

/// How many descriptors the table of this process has room for, by `proc_pid_status(5)`.
fn table_length() -> Option<RawFd> {
    const FIELD: &[u8] = b"FDSize:";

    // SAFETY: the path is a live string that ends with a null byte.
    let file = unsafe {
        libc::syscall(
            libc::SYS_openat,
            libc::AT_FDCWD,
            c"/proc/self/status".as_ptr(),
            libc::O_RDONLY | libc::O_CLOEXEC,
        )
    };
    if file < 0 {
        return None;
    }
    // The field is among the first.
    let mut text = [0u8; 1024];
    // SAFETY: at most as many bytes are written as `text` has.
    let count = unsafe { libc::syscall(libc::SYS_read, file, text.as_mut_ptr(), text.len()) };
    // SAFETY: the descriptor was opened here, and nothing else uses it.
    unsafe { libc::syscall(libc::SYS_close, file) };
    let text = text.get(..usize::try_from(count).ok()?)?;
    let at = text.windows(FIELD.len()).position(|part| part == FIELD)?;
    let digits = text.get(at + FIELD.len()..)?.trim_ascii_start();
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(digits.get(..end)?).ok()?.parse().ok()
}

/// Where nothing tells better. A descriptor may be above a limit that was lowered later; the hard one is
/// where most end.
fn most_open_files() -> Result<RawFd, Failed> {
    let mut limit = [0u64; 2];
    // SAFETY: `limit` is live and has the layout of the kernel's `struct rlimit64`.
    done(Step::Descriptors, unsafe {
        libc::syscall(
            libc::SYS_prlimit64,
            0,
            libc::RLIMIT_NOFILE,
            std::ptr::null::<c_void>(),
            limit.as_mut_ptr(),
        )
    })?;
    let [_, hard] = limit;
    Ok(RawFd::try_from(hard).unwrap_or(RawFd::MAX))
}
