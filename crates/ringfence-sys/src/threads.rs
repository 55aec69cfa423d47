//! Restricting every thread of this process on kernels that restrict just the calling one.
//!
//! ```text
//! gather     a signal calls every other thread into a handler, where it sleeps   or: release, refuse
//! rehearse   each thread tries the restriction in a child of its own             or: release, refuse
//! commit     each thread restricts itself, and goes on                           or: end the process
//! ```
//!
//! The kernel has no way back from a restriction, hence the rehearsal: a child that shares the thread's memory and has
//! credentials of its own makes the very calls that the thread will make. What may still fail after it is memory of the
//! kernel, which is asked for again for a second. If that does not help the process is aborted: it must not go on with
//! some of its threads free.
//!
//! No thread runs free beside restricted ones. Those that have committed go on at once, while the others are still in the
//! handler: their new filter may allow no call that they could wait with.
//!
//! While threads are parked the coordinator neither allocates nor takes a lock, makes raw system calls alone, and blocks
//! all signals. State is kept in atomics of this module, and every call of everyone has a number of its own, so that
//! handlers that come late, and processes forked in the middle, find that it is over. Two threads that restrict the
//! process at once take turns: the second is restricted by the first, and then by itself.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write as _};
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use crate::landlock::{self, RESTRICT_SELF_TSYNC};
use crate::seccomp::Instruction;
use crate::signals::SignalsBlocked;

mod at_once;
mod parked;
mod proc;
mod raw;
mod rendezvous;
mod signal;
mod steps;
mod table;

use proc::Tasks;
use rendezvous::{NotAll, PATIENCE, Parked};
use steps::{Order, failure};
use table::Table;

/// What every thread is to do; `no_new_privs` comes first whatever else there is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Restriction<'r> {
    /// Capabilities to give up, as bits by their numbers (`linux/capability.h`).
    pub give_up: u64,
    /// The Landlock ruleset to make a domain from. Each thread gets a domain of its own.
    pub ruleset: Option<BorrowedFd<'r>>,
    /// Flags for `landlock_restrict_self(2)`.
    pub restrict_flags: u32,
    /// The filter of system calls to install.
    pub filter: Option<&'r [Instruction]>,
}

/// A thread, as an error names it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Thread {
    id: u32,
    /// As long as the kernel keeps names, the rest null.
    name: [u8; 16],
}

impl Thread {
    fn new(tid: raw::Tid, name: &[u8]) -> Self {
        let mut own = [0; 16];
        for (to, &from) in own.iter_mut().zip(name) {
            *to = from;
        }
        Self {
            id: tid.cast_unsigned(),
            name: own,
        }
    }

    /// Its number (`gettid`).
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Its name (`comm`), which need not be unique.
    pub fn name(&self) -> Cow<'_, str> {
        let length = self.name.iter().position(|&byte| byte == 0);
        let name = self.name.get(..length.unwrap_or(self.name.len()));
        String::from_utf8_lossy(name.unwrap_or_default())
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.id, self.name())
    }
}

/// What a thread does to restrict itself, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Step {
    /// Starting the child in which the others are tried.
    Try = 1,
    /// `prctl(PR_SET_NO_NEW_PRIVS)`.
    NoNewPrivs,
    /// `capset`.
    Capability,
    /// `landlock_restrict_self`.
    Landlock,
    /// `seccomp(SECCOMP_SET_MODE_FILTER)`.
    Filter,
}

/// Why a thread did not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It blocks the signal, which takes a system call past the C library.
    Blocks,
    /// It is stopped, by a debugger say.
    Stopped,
    /// It is in a system call that nothing interrupts, such as vfork.
    InKernel,
    /// It is one of the kernel's own that works for this process, such as io_uring's, and no code
    /// of the process runs in it.
    KernelWorker,
    /// It did not get to it in time.
    Silent,
}

/// Why no thread was restricted. All of them go on as they were.
#[derive(Debug)]
pub enum Failure {
    /// The threads of the process cannot be listed.
    Tasks(io::Error),
    /// The signal cannot be handled or sent. `ENOSYS`: this is not known for this architecture.
    Signal(io::Error),
    /// A thread did not come.
    Absent {
        /// Which.
        thread: Thread,
        /// Why.
        why: Why,
    },
    /// New threads start faster than they can be called.
    Restless,
    /// A thread could not restrict itself.
    Step {
        /// Which.
        thread: Thread,
        /// In what it failed.
        step: Step,
        /// What the kernel said.
        error: io::Error,
    },
}

/// Restricts every thread of this process, the calling one included, for good. Returns how many
/// they were.
///
/// Every other thread is interrupted by signal 33, whatever it does, and sleeps in a handler until
/// all have come: for a few milliseconds, or for five seconds if one does not come and the call is
/// refused. System calls that the kernel never restarts after a handler return `EINTR` (`signal(7)`).
///
/// # Errors
/// On every error no thread is restricted.
///
/// # Aborts
/// If a thread cannot restrict itself although its rehearsal succeeded, with a message on standard
/// error.
///
/// # References
/// `rt_tgsigqueueinfo(2)`, `nptl(7)`, `landlock_restrict_self(2)`, `seccomp(2)`.
pub fn restrict_each(restriction: &Restriction<'_>) -> Result<usize, Failure> {
    let tasks = Tasks::open().map_err(Failure::Tasks)?;
    let _turn = Turn::take();
    signal::install().map_err(Failure::Signal)?;
    let step = |step, error| Failure::Step {
        thread: Thread::new(raw::gettid(), b""),
        step,
        error,
    };
    let order = Order::new(restriction).map_err(|error| step(Step::Filter, error))?;
    let blocked = SignalsBlocked::new().map_err(Failure::Signal)?;
    let parked = gather(&tasks, &blocked)?;

    if let Some((failed, error)) = failure(order.try_in_child(0)) {
        return Err(step(failed, error));
    }
    parked.rehearse(&order)?;

    let others = match parked.commit(&order) {
        Ok(others) => others,
        Err(failed) => abort(failed),
    };
    drop(parked);
    drop(tasks);
    if let Some(failed) = failure(order.carry_out_before_filter()) {
        abort(failed);
    }
    // The filter comes last of all, since it may forbid the calls before.
    drop(blocked);
    if let Some(failed) = failure(order.carry_out_filter()) {
        abort(failed);
    }
    Ok(others + 1)
}

/// Puts every thread of this process into one new domain made from `ruleset`, for good, at once by the kernel's own way
/// (ABI 8). `no_new_privs` has to be set.
///
/// If the kernel has not done it within a second, which may mean that it never will, all other threads are called first as
/// [`restrict_each`] calls them: who sleeps in the handler is in nobody's way.
///
/// # Errors
/// On every error no thread is restricted. [`Failure::Step`] is what the kernel said.
///
/// # References
/// `landlock_restrict_self(2)`, `timer_create(2)`.
pub fn restrict_at_once(ruleset: BorrowedFd<'_>, flags: u32) -> Result<(), Failure> {
    let flags = flags | RESTRICT_SELF_TSYNC;
    let refused = |error| Failure::Step {
        thread: Thread::new(raw::gettid(), b""),
        step: Step::Landlock,
        error,
    };
    if !signal::KNOWN {
        return landlock::restrict_self(ruleset, flags).map_err(refused);
    }
    let _turn = Turn::take();
    let is_new = signal::install().map_err(Failure::Signal)?;
    let restricted = at_once::restrict(ruleset, flags);
    if is_new && !matches!(restricted, Ok(false)) {
        signal::restore();
    }
    if restricted.map_err(refused)? {
        return Ok(());
    }
    let tasks = Tasks::open().map_err(Failure::Tasks)?;
    let blocked = SignalsBlocked::new().map_err(Failure::Signal)?;
    let parked = gather(&tasks, &blocked)?;
    let restricted = landlock::restrict_self(ruleset, flags);
    drop(parked);
    restricted.map_err(refused)
}

fn gather<'t>(tasks: &'t Tasks, blocked: &'t SignalsBlocked) -> Result<Parked<'t>, Failure> {
    let deadline = Instant::now() + PATIENCE;
    let mut room = tasks.count().map_err(Failure::Tasks)?;
    loop {
        let table = Table::with_room_for(room);
        match Parked::gather(table, tasks, blocked, deadline) {
            Ok(parked) => return Ok(parked),
            Err(NotAll::Failure(failure)) => return Err(failure),
            Err(NotAll::Full) if Instant::now() >= deadline => return Err(Failure::Restless),
            Err(NotAll::Full) => room = table.room().saturating_mul(2),
        }
    }
}

/// Ends a process some of whose threads are restricted and some are not.
fn abort((step, error): (Step, io::Error)) -> ! {
    let mut message = [0; 256];
    let mut rest = message.as_mut_slice();
    // Cut short if it is longer; there is nothing else to be done here.
    let _ = writeln!(
        rest,
        "ringfence: some threads of this process are restricted for good, and one could not be, \
         although it had tried it ({step:?}: {error}): aborting"
    );
    let left = rest.len();
    raw::write_to_stderr(message.get(..message.len() - left).unwrap_or_default());
    std::process::abort()
}

/// The right to call everyone, which one thread of the process has at a time.
struct Turn;

/// The process that has taken the turn; 0 if nobody has. A child that was forked meanwhile finds its
/// parent's number, for a thread that it does not have.
static HOLDER: AtomicI32 = AtomicI32::new(0);

impl Turn {
    /// Waits as long as another thread has it; that one may park this one meanwhile.
    fn take() -> Self {
        let own = raw::getpid();
        let mut free = 0;
        while let Err(holder) = HOLDER.compare_exchange(free, own, SeqCst, SeqCst) {
            if holder == own {
                raw::sleep(Duration::from_millis(1));
                free = 0;
            } else {
                free = holder;
            }
        }
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        HOLDER.store(0, SeqCst);
    }
}
