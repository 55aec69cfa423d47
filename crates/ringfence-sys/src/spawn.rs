//! Starting a program in a sandbox of its own, at the cost of `vfork`: the page tables of this process
//! are never copied.
//!
//! The child shares the memory of its parent, whose calling thread stands still until the child has
//! become the program or has ended. All that it needs is prepared before; it makes system calls and
//! nothing else (`spawn/child.rs`).

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use crate::CStrings;
use crate::check;
use crate::seccomp::Instruction;
use crate::signals::SignalsBlocked;
use stack::Stack;

mod child;
mod copy;
mod descriptors;
mod stack;

pub use copy::copy;

/// A program to start.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// The file.
    pub program: &'a CStr,
    /// Its arguments, its own name first.
    pub arguments: &'a CStrings,
    /// Its environment.
    pub environment: &'a CStrings,
    /// What holds for it.
    pub bounds: Bounds<'a>,
}

/// What holds for a new process from its first instruction on.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a> {
    /// Standard input, output and error; this process's own where there is none.
    pub stdio: [Option<BorrowedFd<'a>>; 3],
    /// Where it starts; where this process is if there is none. It may be opened with `O_PATH`.
    pub directory: Option<BorrowedFd<'a>>,
    /// A `cgroup.procs` opened for writing: of the cgroup that it is to be in.
    pub cgroup: Option<BorrowedFd<'a>>,
    /// Limits of resources.
    pub limits: &'a [ResourceLimit],
    /// Whose it is.
    pub user: User<'a>,
    /// Whether it leads a process group of its own, with its process id as number.
    pub own_group: bool,
    /// Descriptors above 2 that a program inherits; all others are closed by `execve`.
    pub keep: &'a [RawFd],
    /// Capabilities that it loses, as bits by their numbers (`linux/capability.h`).
    pub give_up: u64,
    /// A Landlock ruleset that restricts it.
    pub ruleset: Option<BorrowedFd<'a>>,
    /// Flags for `landlock_restrict_self(2)`.
    pub restrict_flags: u32,
    /// A filter of system calls that restricts it. It must let `execve` pass.
    pub filter: Option<&'a [Instruction]>,
}

/// Whose a new process is; as its parent where there is no number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct User<'a> {
    /// Its supplementary groups (`setgroups(2)`).
    pub groups: Option<&'a [u32]>,
    /// Its group (`setgid(2)`).
    pub gid: Option<u32>,
    /// Its user (`setuid(2)`).
    pub uid: Option<u32>,
}

/// A limit that `setrlimit(2)` sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceLimit {
    /// What is limited.
    pub resource: Resource,
    /// Where the kernel steps in.
    pub soft: u64,
    /// How far the program may raise it.
    pub hard: u64,
}

/// What `setrlimit(2)` limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Resource {
    /// Bytes of address space of a process (`RLIMIT_AS`).
    AddressSpace = libc::RLIMIT_AS,
    /// Seconds on a processor, of a process (`RLIMIT_CPU`).
    Cpu = libc::RLIMIT_CPU,
    /// Bytes of a file (`RLIMIT_FSIZE`).
    FileSize = libc::RLIMIT_FSIZE,
    /// Open files of a process (`RLIMIT_NOFILE`).
    OpenFiles = libc::RLIMIT_NOFILE,
    /// Processes and threads of the user (`RLIMIT_NPROC`).
    Processes = libc::RLIMIT_NPROC,
    /// Bytes of a core dump (`RLIMIT_CORE`).
    Core = libc::RLIMIT_CORE,
}

/// A program that was started.
#[derive(Debug)]
pub struct Launched {
    /// Its process id; also that of its group, if it leads one.
    pub pid: i32,
    /// A descriptor of the process (`pidfd_open(2)`), close-on-exec.
    pub pidfd: OwnedFd,
}

/// Why a program was not started.
#[derive(Debug)]
pub struct LaunchError {
    /// What failed.
    pub step: Step,
    /// What the kernel said.
    pub error: io::Error,
}

/// A step on the way to a running program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Step {
    /// Getting memory for the child's stack.
    Stack,
    /// Making the process (`clone(2)`).
    Clone,
    /// Setting a signal back to its default (`rt_sigaction(2)`).
    Signals,
    /// Becoming leader of a group (`setpgid(2)`).
    Group,
    /// Entering the cgroup.
    Cgroup,
    /// Standard input, output and error (`dup2(2)`).
    Stdio,
    /// Entering the directory (`fchdir(2)`).
    Directory,
    /// Limits of resources (`prlimit(2)`).
    Limits,
    /// Becoming another user (`setgroups(2)`, `setgid(2)`, `setuid(2)`).
    User,
    /// Closing what is not inherited (`close_range(2)`).
    Descriptors,
    /// `no_new_privs` (`prctl(2)`).
    NoNewPrivs,
    /// Giving up a capability (`capset(2)`).
    Capability,
    /// Restricting by Landlock (`landlock_restrict_self(2)`).
    Landlock,
    /// Blocking signals, and unblocking them (`rt_sigprocmask(2)`).
    SignalMask,
    /// Installing a filter (`seccomp(2)`).
    Filter,
    /// Becoming the program (`execve(2)`).
    Execute,
}

impl Step {
    /// The step with this number, as `step as u32` has it.
    pub fn numbered(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|step| *step as u32 == number)
    }

    const ALL: [Self; 16] = [
        Self::Stack,
        Self::Clone,
        Self::Signals,
        Self::Group,
        Self::Cgroup,
        Self::Stdio,
        Self::Directory,
        Self::Limits,
        Self::User,
        Self::Descriptors,
        Self::NoNewPrivs,
        Self::Capability,
        Self::Landlock,
        Self::SignalMask,
        Self::Filter,
        Self::Execute,
    ];
}

/// Starts a program. Returns once it runs, or has failed to and left nothing behind.
///
/// Signals are blocked meanwhile in the calling thread; the program starts with none blocked and all
/// at their defaults. Safe from many threads at once: nothing of the process is changed.
///
/// # Errors
/// The step that failed, and what the kernel said.
///
/// # References
/// `clone(2)` with `CLONE_VM`, `CLONE_VFORK` and `CLONE_PIDFD` (Linux 5.2).
pub fn launch(launch: &Launch<'_>) -> Result<Launched, LaunchError> {
    stack::with(|stack| launch_on(stack, launch)).map_err(|error| LaunchError {
        step: Step::Stack,
        error,
    })?
}

fn launch_on(stack: &Stack, launch: &Launch<'_>) -> Result<Launched, LaunchError> {
    let task = child::Task::new(launch);
    let mut pidfd: libc::c_int = -1;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
    let blocked = SignalsBlocked::new().map_err(|error| LaunchError {
        step: Step::SignalMask,
        error,
    })?;
    // SAFETY: the child runs `child::run` on a stack of its own that outlives it: with CLONE_VFORK
    // this thread goes on only when the child has left this memory. `task` and what it borrows live
    // in this frame, which stands still as long. The child makes system calls only (its own
    // documentation argues that), and all signals are blocked, so that no handler runs in it.
    // Without CLONE_SETTLS it shares this thread's errno, which nobody reads meanwhile.
    let pid = unsafe {
        libc::clone(
            child::run,
            stack.top(),
            flags,
            std::ptr::from_ref(&task).cast_mut().cast(),
            &raw mut pidfd,
        )
    };
    let made = check(pid.into());
    drop(blocked);
    if let Err(error) = made {
        return Err(LaunchError {
            step: Step::Clone,
            error,
        });
    }
    if pidfd < 0 {
        // Before Linux 5.2 the kernel passes over flags that it does not know.
        end(pid);
        return Err(LaunchError {
            step: Step::Clone,
            error: io::Error::from_raw_os_error(libc::ENOSYS),
        });
    }
    // SAFETY: the kernel has put a new descriptor there; nothing else owns it.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    match task.failure() {
        None => Ok(Launched { pid, pidfd }),
        Some((step, errno)) => {
            reap(&pidfd);
            Err(LaunchError {
                step,
                error: io::Error::from_raw_os_error(errno),
            })
        }
    }
}

/// Kills every process of the group that this process leads or led, by its descriptor: a number could be
/// another's by now.
///
/// # Errors
/// What the kernel said: ESRCH if nobody is in it, EINVAL before Linux 6.9.
///
/// # References
/// `pidfd_send_signal(2)` with `PIDFD_SIGNAL_PROCESS_GROUP`.
pub fn kill_group(leader: BorrowedFd<'_>) -> io::Result<()> {
    const PROCESS_GROUP: libc::c_uint = 1 << 2;

    // SAFETY: no information about the signal is given; the rest are integers, and the descriptor is
    // borrowed, hence open.
    check(unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            leader.as_raw_fd(),
            libc::SIGKILL,
            std::ptr::null::<libc::siginfo_t>(),
            PROCESS_GROUP,
        )
    })
    .map(drop)
}

/// Kills a child that there is no descriptor of, and takes its end.
fn end(pid: libc::pid_t) {
    // SAFETY: `pid` is our own child, not waited for, so that the number is its own.
    unsafe { libc::kill(pid, libc::SIGKILL) };
    loop {
        // SAFETY: as above; no status is asked for.
        let ended = unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
        let is_interrupted =
            ended < 0 && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted;
        if !is_interrupted {
            return;
        }
    }
}

/// Takes the end of a child that could not become the program.
fn reap(pidfd: &OwnedFd) {
    loop {
        // SAFETY: an all-zero `siginfo_t` is a valid one; the kernel overwrites it.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        let number = pidfd.as_raw_fd().unsigned_abs();
        // SAFETY: the descriptor is borrowed, hence open; `info` is live and of the right type.
        let result = unsafe { libc::waitid(libc::P_PIDFD, number, &raw mut info, libc::WEXITED) };
        let interrupted =
            result < 0 && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted;
        // Where the process ignores SIGCHLD there is nothing to take, which is as good.
        if !interrupted {
            return;
        }
    }
}
