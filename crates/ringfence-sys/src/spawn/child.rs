//! What the child does between `clone` and `execve`: system calls, in memory that it shares with its
//! parent.
//!
//! No function here allocates, takes a lock, unwinds or looks at anything that another thread may
//! change. Each system call goes to the kernel by `libc::syscall`, which does nothing else than that
//! and set errno.

use std::ffi::{c_int, c_long, c_void};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use super::descriptors::{close_others, stdio};
use super::{Bounds, Launch, LaunchError, ResourceLimit, Step, User};
use crate::privileges::{give_up_all_capabilities, give_up_capabilities, no_new_privs};
use crate::seccomp::Instruction;
use crate::signals::{SignalSet, set_blocked};

/// What the child has to do, and where it says why it could not.
pub(super) struct Task<'a> {
    launch: &'a Launch<'a>,
    /// A step and one; 0 as long as none has failed.
    failed: AtomicU32,
    errno: AtomicI32,
}

impl<'a> Task<'a> {
    pub(super) fn new(launch: &'a Launch<'a>) -> Self {
        Self {
            launch,
            failed: AtomicU32::new(0),
            errno: AtomicI32::new(0),
        }
    }

    /// The step that failed, and the errno.
    pub(super) fn failure(&self) -> Option<(Step, i32)> {
        let number = self.failed.load(Ordering::Acquire).checked_sub(1)?;
        Some((Step::numbered(number)?, self.errno.load(Ordering::Relaxed)))
    }
}

/// What failed; the errno says why.
pub(super) struct Failed(pub(super) Step);

/// Puts bounds upon the calling process, in a child that has a copy of its parent's memory. Before the
/// filter, which may deny that, it calls `close`: no `execve` will close what the bounds were made of.
pub(super) fn settle_copy(
    bounds: &Bounds<'_>,
    close: impl FnOnce() -> Result<(), LaunchError>,
) -> Result<(), LaunchError> {
    let said = |Failed(step)| LaunchError {
        step,
        error: std::io::Error::last_os_error(),
    };
    restrict(bounds).map_err(said)?;
    close()?;
    let_go(bounds).map_err(said)
}

/// The child's first function. Does not return: it becomes the program, or says why not and ends.
pub(super) extern "C" fn run(task: *mut c_void) -> c_int {
    // SAFETY: `launch` passes a pointer to its `Task`, which lives until this child has left the
    // memory; both use it by shared reference, and what changes in it is atomic.
    let task = unsafe { &*task.cast::<Task<'_>>() };
    let Err(Failed(step)) = become_program(task.launch);
    task.errno.store(errno(), Ordering::Relaxed);
    task.failed.store(step as u32 + 1, Ordering::Release);
    // SAFETY: `_exit` takes an integer and does not return; destructors are the parent's to run.
    unsafe { libc::_exit(127) }
}

fn become_program(launch: &Launch<'_>) -> Result<std::convert::Infallible, Failed> {
    settle(&launch.bounds)?;
    // SAFETY: the three are null-terminated arrays and strings that the parent keeps alive until
    // this child has left the memory.
    unsafe {
        libc::syscall(
            libc::SYS_execve,
            launch.program.as_ptr(),
            launch.arguments.as_ptr(),
            launch.environment.as_ptr(),
        )
    };
    Err(Failed(Step::Execute))
}

/// Puts all bounds upon the calling process, but for what `execve` does.
fn settle(bounds: &Bounds<'_>) -> Result<(), Failed> {
    restrict(bounds)?;
    let_go(bounds)
}

/// Everything but the filter, with all signals still blocked.
fn restrict(bounds: &Bounds<'_>) -> Result<(), Failed> {
    default_signals()?;
    if bounds.own_group {
        // SAFETY: the call takes integers only.
        done(Step::Group, unsafe {
            libc::syscall(libc::SYS_setpgid, 0, 0)
        })?;
    }
    if let Some(cgroup) = bounds.cgroup {
        let this = b"0";
        // SAFETY: one byte is read from a live static; the descriptor is borrowed, hence open.
        done(Step::Cgroup, unsafe {
            libc::syscall(libc::SYS_write, cgroup.as_raw_fd(), this.as_ptr(), 1usize)
        })?;
    }
    stdio(bounds)?;
    // Before the limits, which may be how it finds the last descriptor.
    close_others(bounds.keep)?;
    for limit in bounds.limits {
        set_limit(limit)?;
    }
    become_user(&bounds.user)?;
    // As the user who will be in it.
    if let Some(directory) = bounds.directory {
        // SAFETY: the call takes an integer; the descriptor is borrowed, hence open.
        done(Step::Directory, unsafe {
            libc::syscall(libc::SYS_fchdir, directory.as_raw_fd())
        })?;
    }
    no_new_privs().map_err(|_| Failed(Step::NoNewPrivs))?;
    give_up_capabilities(bounds.give_up).map_err(|_| Failed(Step::Capability))?;
    if let Some(ruleset) = bounds.ruleset {
        let flags = bounds.restrict_flags;
        // SAFETY: the call takes integers only; the descriptor is borrowed, hence open.
        done(Step::Landlock, unsafe {
            libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), flags)
        })?;
    }
    Ok(())
}

/// Unblocks signals, which the filter may deny, and installs that.
fn let_go(bounds: &Bounds<'_>) -> Result<(), Failed> {
    set_blocked(0).map_err(|_| Failed(Step::SignalMask))?;
    match bounds.filter {
        Some(filter) => install(filter),
        None => Ok(()),
    }
}

pub(super) fn done(step: Step, result: c_long) -> Result<(), Failed> {
    if result < 0 {
        Err(Failed(step))
    } else {
        Ok(())
    }
}

/// The errno of this thread, which is the parent's that stands still. Makes no allocation.
fn errno() -> i32 {
    let error = std::io::Error::last_os_error();
    error.raw_os_error().unwrap_or(0)
}

/// The kernel's `struct sigaction`, as large as on any architecture that is built for; all zero, it is
/// `SIG_DFL` without flags.
const DEFAULT: [u64; 4] = [0; 4];

/// Sets every signal to its default: handlers of the parent must not run here, and what it ignores
/// would stay ignored by the program.
fn default_signals() -> Result<(), Failed> {
    for signal in 1..=64 {
        if signal == libc::SIGKILL || signal == libc::SIGSTOP {
            continue;
        }
        // SAFETY: the structure is live and at least as long as the kernel's; no old one is asked
        // for. The child has a table of its own, since CLONE_SIGHAND was not given.
        done(Step::Signals, unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                DEFAULT.as_ptr(),
                std::ptr::null_mut::<c_void>(),
                size_of::<SignalSet>(),
            )
        })?;
    }
    Ok(())
}

fn set_limit(limit: &ResourceLimit) -> Result<(), Failed> {
    let pair = [limit.soft, limit.hard];
    // SAFETY: `pair` is live and has the layout of the kernel's `struct rlimit64`; no old one is
    // asked for.
    done(Step::Limits, unsafe {
        libc::syscall(
            libc::SYS_prlimit64,
            0,
            limit.resource as u32,
            pair.as_ptr(),
            std::ptr::null_mut::<c_void>(),
        )
    })
}

/// Groups first: who has become another user may not change them. For this process alone, where the C
/// library's own functions call all threads of the parent.
fn become_user(user: &User<'_>) -> Result<(), Failed> {
    if let Some(groups) = user.groups {
        // SAFETY: the kernel reads as many groups as the slice has, which is borrowed for the call.
        done(Step::User, unsafe {
            libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr())
        })?;
    }
    if let Some(gid) = user.gid {
        // SAFETY: the call takes an integer only.
        done(Step::User, unsafe { libc::syscall(libc::SYS_setgid, gid) })?;
    }
    if let Some(uid) = user.uid {
        // SAFETY: the call takes an integer only.
        done(Step::User, unsafe { libc::syscall(libc::SYS_setuid, uid) })?;
        // What the kernel takes away itself, where the user was root before.
        if uid != 0 {
            give_up_all_capabilities().map_err(|_| Failed(Step::User))?;
        }
    }
    Ok(())
}

fn install(filter: &[Instruction]) -> Result<(), Failed> {
    let program = libc::sock_fprog {
        // A longer one is refused by the kernel, as 65,535 instructions are.
        len: u16::try_from(filter.len()).unwrap_or(u16::MAX),
        filter: filter.as_ptr().cast_mut().cast(),
    };
    // SAFETY: `program` lives across the call and names at most as many instructions as are
    // borrowed, which have the layout of the kernel's own; the kernel copies them.
    done(Step::Filter, unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            0,
            &raw const program,
        )
    })
}
