//! Descriptors that a sandboxed program must not inherit.

use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};

use crate::check;

/// The first descriptor after standard input, output and error.
const FIRST: u32 = 3;

/// Marks every descriptor above 2 close-on-exec, but for those in `keep`, whose mark is removed.
///
/// Marking instead of closing leaves each descriptor to its owner in this process; the next
/// `execve` drops them.
///
/// # Errors
/// `EBADF` if a descriptor in `keep` is not open; what `fcntl` or reading `/proc/self/fd` said
/// where `close_range` is missing (`CLOSE_RANGE_CLOEXEC` came with Linux 5.11) or filtered.
///
/// # References
/// `close_range(2)`, `fcntl(2)`.
pub fn close_on_exec_above_stderr(keep: &[RawFd]) -> io::Result<()> {
    if close_range_cloexec(FIRST, u32::MAX).is_err() {
        mark_one_by_one()?;
    }
    for &fd in keep {
        set_descriptor_flags(fd, 0)?;
    }
    Ok(())
}

/// The same open file by a descriptor above 2, close-on-exec. Where a standard descriptor is closed, the kernel
/// gives its number to whatever is opened next.
///
/// # Errors
/// `EMFILE`.
///
/// # References
/// `fcntl(2)`, `F_DUPFD_CLOEXEC`.
pub fn above_standard(fd: OwnedFd) -> io::Result<OwnedFd> {
    if fd.as_raw_fd().unsigned_abs() >= FIRST {
        return Ok(fd);
    }
    // SAFETY: the call takes integers only; the descriptor is borrowed, hence open.
    let above = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, FIRST) };
    check(above.into())?;
    // SAFETY: the kernel has just returned this descriptor to us; nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(above) })
}

/// Whether `fd` is an open descriptor of this process.
pub fn is_open(fd: RawFd) -> bool {
    // SAFETY: F_GETFD takes no further argument and touches no memory.
    unsafe { libc::fcntl(fd, libc::F_GETFD) >= 0 }
}

/// Whether `fd` is an open descriptor that a program inherits. A standard one is; whatever else was opened under
/// its number is close-on-exec in a process that takes care.
pub fn is_inherited(fd: RawFd) -> bool {
    // SAFETY: F_GETFD takes no further argument and touches no memory.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
    flags >= 0 && flags & libc::FD_CLOEXEC == 0
}

fn close_range_cloexec(first: u32, last: u32) -> io::Result<()> {
    // SAFETY: with CLOSE_RANGE_CLOEXEC nothing is closed, so no owner of a descriptor is cheated;
    // the call takes integers only.
    let result = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            first,
            last,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    check(result).map(drop)
}

fn mark_one_by_one() -> io::Result<()> {
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.parse::<RawFd>().ok());
        if let Some(fd) = number.filter(|&fd| fd > 2) {
            set_descriptor_flags(fd, libc::FD_CLOEXEC)?;
        }
    }
    Ok(())
}

fn set_descriptor_flags(fd: RawFd, flags: libc::c_int) -> io::Result<()> {
    // SAFETY: F_SETFD takes an integer and touches no memory; it closes nothing.
    let result = unsafe { libc::fcntl(fd, libc::F_SETFD, flags) };
    check(result.into()).map(drop)
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

    use super::*;

    fn is_close_on_exec(fd: RawFd) -> bool {
        // SAFETY: F_GETFD takes no further argument and touches no memory.
        let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
        flags & libc::FD_CLOEXEC != 0
    }

    fn inheritable() -> OwnedFd {
        // SAFETY: `dup` takes a descriptor number and touches no memory.
        let fd = unsafe { libc::dup(2) };
        assert!(fd > 2);
        // SAFETY: `dup` has just returned it to us; nothing else owns it.
        unsafe { OwnedFd::from_raw_fd(fd) }
    }

    #[test]
    fn both_ways_mark_what_is_not_kept() {
        let (kept, dropped) = (inheritable(), inheritable());
        close_on_exec_above_stderr(&[kept.as_raw_fd()]).unwrap();
        assert!(is_close_on_exec(dropped.as_raw_fd()));
        assert!(!is_close_on_exec(kept.as_raw_fd()));

        set_descriptor_flags(dropped.as_raw_fd(), 0).unwrap();
        mark_one_by_one().unwrap();
        assert!(is_close_on_exec(dropped.as_raw_fd()));
    }

    #[test]
    fn a_descriptor_to_keep_must_be_open() {
        assert!(!is_open(1_000_000));
        assert_eq!(
            close_on_exec_above_stderr(&[1_000_000])
                .unwrap_err()
                .raw_os_error(),
            Some(libc::EBADF)
        );
    }
}
