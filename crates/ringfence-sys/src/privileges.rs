//! What a process gives up before it is restricted: new privileges, and capabilities.
//!
//! Raw system calls, without an allocation or a lock: threads make them in a signal handler, and a child in memory that
//! it shares with its parent.
//!
//! # References
//! `capabilities(7)`, `capset(2)`, `PR_SET_NO_NEW_PRIVS(2const)`.

use std::io;

use crate::check;

/// `_LINUX_CAPABILITY_VERSION_3`, and the calling thread.
const HEADER: [u32; 2] = [0x2008_0522, 0];

/// Effective, permitted and inheritable, twice: the lower and the upper 32 capabilities.
type Sets = [u32; 6];

/// Keeps the calling thread, and all that it starts, from gaining privileges by `execve`.
///
/// # Errors
/// What an outer filter said.
pub(crate) fn no_new_privs() -> io::Result<()> {
    let (set, unused): (libc::c_ulong, libc::c_ulong) = (1, 0);
    // SAFETY: PR_SET_NO_NEW_PRIVS takes integers only, the unused ones being 0.
    let result = unsafe {
        libc::syscall(
            libc::SYS_prctl,
            libc::PR_SET_NO_NEW_PRIVS,
            set,
            unused,
            unused,
            unused,
        )
    };
    check(result).map(drop)
}

/// Takes these capabilities, as bits by their numbers (`linux/capability.h`), from the calling thread. Under
/// `no_new_privs` no `execve` gives one back. What it does not have is no error.
///
/// # Errors
/// What an outer filter said.
#[expect(clippy::cast_possible_truncation, reason = "one half at a time")]
pub fn give_up_capabilities(given_up: u64) -> io::Result<()> {
    if given_up == 0 {
        return Ok(());
    }
    let mut header = HEADER;
    let mut sets: Sets = [0; 6];
    // SAFETY: both arrays are live and have the layout of version 3 (`capget(2)`).
    check(unsafe { libc::syscall(libc::SYS_capget, header.as_mut_ptr(), sets.as_mut_ptr()) })?;
    let before = sets;
    let (lower, upper) = sets.split_at_mut(3);
    for set in lower {
        *set &= !(given_up as u32);
    }
    for set in upper {
        *set &= !((given_up >> 32) as u32);
    }
    if sets == before {
        return Ok(());
    }
    set_capabilities(&sets)
}

/// Takes every capability from the calling thread.
///
/// # Errors
/// What an outer filter said.
pub(crate) fn give_up_all_capabilities() -> io::Result<()> {
    set_capabilities(&[0; 6])
}

fn set_capabilities(sets: &Sets) -> io::Result<()> {
    let mut header = HEADER;
    // SAFETY: both arrays are live and have the layout of version 3; the kernel reads the second, and
    // writes to the first only what version it knows.
    let result = unsafe { libc::syscall(libc::SYS_capset, header.as_mut_ptr(), sets.as_ptr()) };
    check(result).map(drop)
}
