//! What a thread does to restrict itself, and how it proves beforehand that it could.

use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use super::raw;
use super::{Restriction, Step};
use crate::check;
use crate::privileges::{give_up_capabilities, no_new_privs};

/// How often a step is tried again that had succeeded in the child, and the time between.
const RETRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(5);

/// The steps, laid out for threads that may not allocate.
#[derive(Debug)]
pub(super) struct Order {
    ruleset: Option<libc::c_int>,
    restrict_flags: u32,
    filter: Option<libc::sock_fprog>,
    give_up: u64,
}

/// How many threads try an order at the same time.
pub(super) const AT_ONCE: usize = 16;

/// What a child tries, and what came of it.
struct Attempt<'o> {
    order: &'o Order,
    verdict: AtomicU32,
}

/// The order that threads are told to try or to carry out. Valid as long as a thread is told to.
static CURRENT: AtomicPtr<Order> = AtomicPtr::new(std::ptr::null_mut());

/// What came of an order: 0, or the step that failed with its errno.
pub(super) type Outcome = u32;

const SUCCESS: Outcome = 0;

fn failed(step: Step, error: &io::Error) -> Outcome {
    let errno = error.raw_os_error().unwrap_or(libc::EPROTO).cast_unsigned();
    (step as u32) << 16 | errno & 0xffff
}

/// The step and the error of an outcome, if it is a failure.
pub(super) fn failure(outcome: Outcome) -> Option<(Step, io::Error)> {
    let step = [
        Step::Try,
        Step::NoNewPrivs,
        Step::Capability,
        Step::Landlock,
        Step::Filter,
    ]
    .into_iter()
    .find(|&step| step as u32 == outcome >> 16)?;
    let errno = (outcome & 0xffff).cast_signed();
    Some((step, io::Error::from_raw_os_error(errno)))
}

impl Order {
    /// The order borrows nothing that Rust knows of: it must not outlive `restriction`.
    pub(super) fn new(restriction: &Restriction<'_>) -> io::Result<Self> {
        let filter = match restriction.filter {
            Some(program) => Some(libc::sock_fprog {
                len: u16::try_from(program.len())
                    .map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?,
                filter: program.as_ptr().cast_mut().cast(),
            }),
            None => None,
        };
        Ok(Self {
            ruleset: restriction.ruleset.map(|ruleset| ruleset.as_raw_fd()),
            restrict_flags: restriction.restrict_flags,
            filter,
            give_up: restriction.give_up,
        })
    }

    /// Makes this the order that threads get. It has to stay where it is until each thread that was
    /// told to try or to commit has said that it did.
    pub(super) fn publish(&self) {
        CURRENT.store(std::ptr::from_ref(self).cast_mut(), SeqCst);
    }

    /// The order of the coordinator, for a thread that was told to try it or to carry it out.
    pub(super) fn current() -> Option<&'static Self> {
        // SAFETY: the coordinator published it before it told this thread, and keeps it in place
        // until this thread has answered (`publish`); it is changed through atomics only.
        unsafe { CURRENT.load(SeqCst).as_ref() }
    }

    /// All but the filter, for good. Each step is tried again for a second before it has failed.
    pub(super) fn carry_out_before_filter(&self) -> Outcome {
        self.before_filter(RETRIES)
    }

    /// The filter, for good: after it no system call is certain to be allowed.
    pub(super) fn carry_out_filter(&self) -> Outcome {
        self.only_filter(RETRIES)
    }

    /// Everything, for good.
    pub(super) fn carry_out(&self) -> Outcome {
        match self.carry_out_before_filter() {
            SUCCESS => self.carry_out_filter(),
            failed => failed,
        }
    }

    fn before_filter(&self, retries: u32) -> Outcome {
        if let Err(error) = again(retries, no_new_privs) {
            return failed(Step::NoNewPrivs, &error);
        }
        if let Err(error) = again(retries, || give_up_capabilities(self.give_up)) {
            return failed(Step::Capability, &error);
        }
        if let Some(ruleset) = self.ruleset
            && let Err(error) = again(retries, || restrict(ruleset, self.restrict_flags))
        {
            return failed(Step::Landlock, &error);
        }
        SUCCESS
    }

    fn only_filter(&self, retries: u32) -> Outcome {
        if let Some(filter) = &self.filter
            && let Err(error) = again(retries, || install(filter))
        {
            return failed(Step::Filter, &error);
        }
        SUCCESS
    }

    /// Carries the order out in a child that shares this thread's memory but has credentials of its
    /// own, which end with it. Of the [`AT_ONCE`] places each is for one thread at a time.
    pub(super) fn try_in_child(&self, place: usize) -> Outcome {
        let silent = failed(Step::Try, &io::Error::from_raw_os_error(libc::EPROTO));
        let Some(stack) = STACKS.get(place) else {
            return silent;
        };
        let attempt = Attempt {
            order: self,
            verdict: AtomicU32::new(silent),
        };
        // The descriptors are shared as well: copying a large table of them costs more than the rest.
        let flags = libc::CLONE_VM
            | libc::CLONE_VFORK
            | libc::CLONE_FILES
            | libc::CLONE_FS
            | libc::CLONE_SIGHAND;
        let argument = std::ptr::from_ref(&attempt).cast_mut().cast();
        // SAFETY: the child gets a stack of its own, which nobody else uses, by the contract of this
        // function; this thread sleeps until the child has ended, so that what `attempt` points to
        // lives, and the thread-local `errno` that they share is used by one at a time.
        let child = unsafe { libc::clone(child, stack.top(), flags, argument) };
        if child < 0 {
            return failed(Step::Try, &io::Error::last_os_error());
        }
        reap(child);
        attempt.verdict.load(SeqCst)
    }
}

/// The stack of a child.
#[repr(C, align(16))]
struct Stack(std::cell::UnsafeCell<[u8; 32 * 1024]>);

// SAFETY: nobody makes a reference to the bytes; `try_in_child` gives them to one child at a time.
unsafe impl Sync for Stack {}

static STACKS: [Stack; AT_ONCE] =
    [const { Stack(std::cell::UnsafeCell::new([0; 32 * 1024])) }; AT_ONCE];

impl Stack {
    fn top(&self) -> *mut libc::c_void {
        // SAFETY: one past the end of the array that the cell holds.
        unsafe { self.0.get().add(1) }.cast()
    }
}

/// The child's side of [`Order::try_in_child`]: system calls only, all signals blocked.
extern "C" fn child(attempt: *mut libc::c_void) -> libc::c_int {
    // SAFETY: `try_in_child` passes a reference to an attempt, and waits for this child.
    let attempt: &Attempt<'_> = unsafe { &*attempt.cast() };
    let outcome = match attempt.order.before_filter(0) {
        SUCCESS => attempt.order.only_filter(0),
        failed => failed,
    };
    attempt.verdict.store(outcome, SeqCst);
    // SAFETY: ends the child, and does not return; it is a process of its own.
    unsafe { libc::syscall(libc::SYS_exit_group, 0) };
    0
}

fn reap(child: libc::pid_t) {
    loop {
        let nowhere = std::ptr::null_mut::<libc::c_void>();
        // SAFETY: `child` is our own and not yet waited for; null asks for neither status nor usage.
        let result =
            unsafe { libc::syscall(libc::SYS_wait4, child, nowhere, libc::__WALL, nowhere) };
        match check(result) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            _ => return,
        }
    }
}

fn again(retries: u32, step: impl Fn() -> io::Result<()>) -> io::Result<()> {
    for _ in 0..retries {
        if step().is_ok() {
            return Ok(());
        }
        raw::sleep(PAUSE);
    }
    step()
}

fn restrict(ruleset: libc::c_int, flags: u32) -> io::Result<()> {
    // SAFETY: takes no pointer; the descriptor is borrowed by the `Restriction` of the order.
    let result = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset, flags) };
    check(result).map(drop)
}

fn install(filter: &libc::sock_fprog) -> io::Result<()> {
    // SAFETY: `filter` names the instructions that the `Restriction` of the order borrows; the kernel
    // copies them and writes nothing.
    let result = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            0u32,
            std::ptr::from_ref(filter),
        )
    };
    check(result).map(drop)
}
