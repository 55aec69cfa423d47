//! The three system calls of Landlock, and the depth of the calling process's own domain.
//!
//! Structures and numbers follow `include/uapi/linux/landlock.h`; the numbers of the system calls
//! are the same on every architecture.
//!
//! # References
//! `landlock(7)`, `landlock_create_ruleset(2)`, `landlock_add_rule(2)`, `landlock_restrict_self(2)`.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use crate::privileges::no_new_privs;
use crate::{above_standard, check};

const CREATE_RULESET_VERSION: u32 = 1 << 0;
const CREATE_RULESET_ERRATA: u32 = 1 << 1;
const RULE_PATH_BENEATH: u32 = 1;
const RULE_NET_PORT: u32 = 2;

/// Record denials of programs that are executed after the restriction (ABI 7); by default only those of
/// the program that restricts itself are.
pub const RESTRICT_SELF_LOG_NEW_EXEC_ON: u32 = 1 << 1;

/// Restrict every thread of the process at once (ABI 8).
pub const RESTRICT_SELF_TSYNC: u32 = 1 << 3;

/// The deepest stack of domains that the kernel builds; one more is `E2BIG`.
pub const MAX_LAYERS: u32 = 16;

/// The exit status of a child that could not count.
const UNCOUNTED: i32 = 255;

/// What a ruleset handles, that is: denies unless a rule allows it.
///
/// The kernel's `struct landlock_ruleset_attr` up to ABI 9, field by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct RulesetAttr {
    /// `LANDLOCK_ACCESS_FS_*` (ABI 1).
    pub handled_access_fs: u64,
    /// `LANDLOCK_ACCESS_NET_*` (ABI 4).
    pub handled_access_net: u64,
    /// `LANDLOCK_SCOPE_*` (ABI 6).
    pub scoped: u64,
}

const _: () = assert!(size_of::<RulesetAttr>() == 24);

impl RulesetAttr {
    /// The size to announce: up to the last field in use, because a kernel that does not know a
    /// field refuses the larger structure (`E2BIG`).
    fn used_size(&self) -> usize {
        if self.scoped != 0 {
            24
        } else if self.handled_access_net != 0 {
            16
        } else {
            8
        }
    }
}

#[repr(C, packed)]
struct PathBeneathAttr {
    allowed_access: u64,
    parent_fd: i32,
}

const _: () = assert!(size_of::<PathBeneathAttr>() == 12);

#[repr(C)]
struct NetPortAttr {
    allowed_access: u64,
    port: u64,
}

const _: () = assert!(size_of::<NetPortAttr>() == 16);

/// The newest ABI that the running kernel offers.
///
/// # Errors
/// `ENOSYS`: Landlock is not built into the kernel. `EOPNOTSUPP`: it is, and was disabled at boot.
pub fn abi() -> io::Result<u32> {
    query(CREATE_RULESET_VERSION)
}

/// The errata that the running kernel has fixed, one bit each.
///
/// # Errors
/// `EINVAL` before the kernels that can tell (6.15 and stable updates).
pub fn errata() -> io::Result<u32> {
    query(CREATE_RULESET_ERRATA)
}

fn query(flags: u32) -> io::Result<u32> {
    // SAFETY: with a version or errata flag the kernel takes no structure: the null pointer and
    // the size 0 are what it asks for, and it writes nothing.
    let result = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<RulesetAttr>(),
            0usize,
            flags,
        )
    };
    check(result).map(|value| u32::try_from(value).unwrap_or(u32::MAX))
}

/// Makes a ruleset that handles `attr`. The descriptor is close-on-exec, and above 2 even where a standard
/// descriptor is closed: a child puts its own there, and a copy of this process keeps the three open.
///
/// # Errors
/// `EINVAL` for a bit that the kernel does not know, `E2BIG` for a field that it does not know,
/// `ENOMSG` if nothing is handled.
pub fn create_ruleset(attr: &RulesetAttr) -> io::Result<OwnedFd> {
    // SAFETY: `attr` is a live reference to a `repr(C)` structure of at least `used_size()` bytes,
    // which the kernel only reads.
    let result = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::from_ref(attr),
            attr.used_size(),
            0u32,
        )
    };
    let fd = descriptor(check(result)?)?;
    // SAFETY: the kernel has just returned this descriptor to us; nothing else owns it.
    above_standard(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Allows `access` on the object that `parent` refers to, and beneath it if it is a directory.
///
/// # Errors
/// `EINVAL` for a right that the ruleset does not handle, or a directory's right on a file;
/// `ENOMSG` for no right at all; `EBADFD` for an object that no path leads to (a pipe, a socket).
pub fn add_path_rule(
    ruleset: BorrowedFd<'_>,
    parent: BorrowedFd<'_>,
    access: u64,
) -> io::Result<()> {
    let attr = PathBeneathAttr {
        allowed_access: access,
        parent_fd: parent.as_raw_fd(),
    };
    // SAFETY: `attr` lives until the call returns and has the packed layout that rule type 1
    // names; the kernel only reads it. Both descriptors are borrowed, hence open.
    let result = unsafe {
        libc::syscall(
            libc::SYS_landlock_add_rule,
            ruleset.as_raw_fd(),
            RULE_PATH_BENEATH,
            std::ptr::from_ref(&attr),
            0u32,
        )
    };
    check(result).map(drop)
}

/// Allows `access` on a port (ABI 4).
///
/// # Errors
/// `EINVAL` for a right that the ruleset does not handle, `ENOMSG` for no right at all.
pub fn add_port_rule(ruleset: BorrowedFd<'_>, port: u16, access: u64) -> io::Result<()> {
    let attr = NetPortAttr {
        allowed_access: access,
        port: u64::from(port),
    };
    // SAFETY: `attr` lives until the call returns and has the layout that rule type 2 names; the
    // kernel only reads it. The descriptor is borrowed, hence open.
    let result = unsafe {
        libc::syscall(
            libc::SYS_landlock_add_rule,
            ruleset.as_raw_fd(),
            RULE_NET_PORT,
            std::ptr::from_ref(&attr),
            0u32,
        )
    };
    check(result).map(drop)
}

/// Puts the calling thread into a new domain made from `ruleset`, for good.
///
/// # Errors
/// `EPERM` without `no_new_privs` (or `CAP_SYS_ADMIN`), `E2BIG` for a 17th layer, `EINVAL` for a
/// flag that the kernel does not know.
pub fn restrict_self(ruleset: BorrowedFd<'_>, flags: u32) -> io::Result<()> {
    // SAFETY: the call takes no pointer; the descriptor is borrowed, hence open.
    let result =
        unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), flags) };
    check(result).map(drop)
}

/// How many Landlock layers the calling thread is in.
///
/// The kernel has no question for it. A forked child stacks layers until the kernel refuses the
/// next one; what it could add is what the caller does not have yet. The caller is not changed.
///
/// # Errors
/// What `clone` or `waitpid` said; `EPROTO` if the child ended in another way than by counting.
pub fn layers() -> io::Result<u32> {
    let ruleset = create_ruleset(&RulesetAttr {
        handled_access_fs: 1,
        ..RulesetAttr::default()
    })?;
    let none: libc::c_long = 0;
    // With no flag it is a fork whose end is told by no signal. So the end stays ours where the process ignores
    // SIGCHLD, or another thread waits for any child.
    // SAFETY: the child below makes system calls only (no allocation, no lock, no unwinding)
    // and leaves by `_exit`, as a child of a possibly multi-threaded process must.
    let pid = check(unsafe { libc::syscall(libc::SYS_clone, none, none, none, none, none) })?;
    if pid == 0 {
        exit_with_free_layers(&ruleset);
    }
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    let added = exit_status_of(pid)?;
    MAX_LAYERS
        .checked_sub(added)
        .ok_or_else(|| io::Error::from_raw_os_error(libc::EPROTO))
}

/// Waits for `pid` and returns its exit status.
fn exit_status_of(pid: libc::pid_t) -> io::Result<u32> {
    let mut status = 0;
    loop {
        // SAFETY: `pid` is our own child, not yet waited for; `status` is a live integer.
        let result = unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL) };
        match check(result.into()) {
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if libc::WIFEXITED(status) {
        Ok(libc::WEXITSTATUS(status).unsigned_abs())
    } else {
        Err(io::Error::from_raw_os_error(libc::EPROTO))
    }
}

/// The child's side of [`layers`]: its exit status is the number of layers that it could add.
fn exit_with_free_layers(ruleset: &OwnedFd) -> ! {
    use std::os::fd::AsFd;

    // Where that fails so does the restriction, which counts nothing then.
    let _ = no_new_privs();
    let mut added = 0;
    // One more than the maximum, so that a kernel with more layers is seen rather than miscounted.
    let refused = loop {
        match restrict_self(ruleset.as_fd(), 0) {
            Ok(()) if added <= MAX_LAYERS.cast_signed() => added += 1,
            Ok(()) => break None,
            Err(error) => break error.raw_os_error(),
        }
    };
    // Any other refusal, of an outer seccomp filter say, counts nothing.
    if refused != Some(libc::E2BIG) {
        added = UNCOUNTED;
    }
    // SAFETY: `_exit` takes an integer and does not return; no destructor has to run in the child.
    unsafe { libc::_exit(added) }
}

fn descriptor(value: libc::c_long) -> io::Result<i32> {
    i32::try_from(value).map_err(|_| io::Error::from_raw_os_error(libc::EBADF))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_announced_size_ends_with_the_last_field_in_use() {
        let mut attr = RulesetAttr {
            handled_access_fs: 1,
            ..RulesetAttr::default()
        };
        assert_eq!(attr.used_size(), 8);
        attr.handled_access_net = 1;
        assert_eq!(attr.used_size(), 16);
        attr.scoped = 1;
        assert_eq!(attr.used_size(), 24);
        attr.handled_access_net = 0;
        assert_eq!(attr.used_size(), 24);
    }
}
