//! Getting every thread of the process into the handler, or none.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use super::parked::{self, ENTERED, GENERATION};
use super::proc::{Status, Tasks};
use super::raw::{self, Tid};
use super::signal;
use super::steps::{self, AT_ONCE, Order};
use super::table::{Claim, LAST_GENERATION, Phase, Slot, Table};
use super::{Failure, Step, Thread, Why};
use crate::signals::SignalsBlocked;

/// How long to wait for a thread that does not come.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How long to sleep between two looks at the list of threads, where nothing wakes us.
const PAUSE: Duration = Duration::from_millis(1);

/// How long to sleep while threads restrict themselves: they wake nobody.
const NAP: Duration = Duration::from_micros(50);

/// How long a thread may take before its status is read, and until it is read again.
const GRACE: Duration = Duration::from_millis(3);

/// How often to see whether a thread that works for us is still alive.
const PULSE: Duration = Duration::from_millis(200);

static NEXT_GENERATION: AtomicU32 = AtomicU32::new(0);

/// All other threads, parked. Releases them when dropped, as they were, unless they have been told to
/// restrict themselves. While this lives its owner must neither allocate nor take any lock: a parked
/// thread may hold it.
pub(super) struct Parked<'t> {
    generation: u32,
    table: &'static Table,
    tasks: &'t Tasks,
    own: Tid,
    used: usize,
    /// Whether a signal of ours may still be on its way when all is over.
    stray: bool,
    _blocked: &'t SignalsBlocked,
}

/// Why not every thread is parked.
pub(super) enum NotAll {
    /// There are more than the table has room for.
    Full,
    /// One of them cannot be.
    Failure(Failure),
}

impl From<Failure> for NotAll {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl<'t> Parked<'t> {
    /// Calls all other threads, and waits until each of them has come.
    pub(super) fn gather(
        table: &'static Table,
        tasks: &'t Tasks,
        blocked: &'t SignalsBlocked,
        deadline: Instant,
    ) -> Result<Self, NotAll> {
        let generation = NEXT_GENERATION.load(SeqCst) % LAST_GENERATION + 1;
        NEXT_GENERATION.store(generation, SeqCst);
        let mut parked = Self {
            generation,
            table,
            tasks,
            own: raw::gettid(),
            used: 0,
            stray: false,
            _blocked: blocked,
        };
        GENERATION.store(generation, SeqCst);
        let mut next_check = Instant::now() + GRACE;
        loop {
            let seen = parked::progress();
            let now = Instant::now();
            let check = now >= next_check;
            if parked.look(check)? {
                return Ok(parked);
            }
            if now >= deadline {
                return Err(parked.absent().into());
            }
            if check {
                // Reading the status of many threads takes its own time.
                next_check = Instant::now() + GRACE + now.elapsed();
            }
            parked::await_progress(seen, PAUSE);
        }
    }

    /// Goes through the list of threads once and calls those that are new to it. True if all are
    /// parked and no other can exist.
    ///
    /// That is so if each thread of the list was parked before the list was begun. The kernel goes
    /// from thread to thread in the order in which they were started, and loses its way only when
    /// the thread that it has come to ends (`next_tid` in `fs/proc/base.c`), which no parked thread
    /// does; new threads go to the end, and only a thread of the process can start one, which no
    /// parked thread does either. Parked before: `ENTERED` has not moved, and a thread counts there
    /// before it shows as parked.
    fn look(&mut self, check: bool) -> Result<bool, NotAll> {
        let entered = ENTERED.load(SeqCst);
        let (mut complete, mut result) = (true, Ok(()));
        let tasks = self.tasks;
        let listed = tasks.each(|tid| {
            if tid == self.own {
                return true;
            }
            match self.thread(tid, check) {
                Ok(parked) => complete &= parked,
                Err(error) => result = Err(error),
            }
            result.is_ok()
        });
        result?;
        listed.map_err(Failure::Tasks)?;
        Ok(complete && ENTERED.load(SeqCst) == entered)
    }

    /// Calls a thread if it is new. True if it was parked, or had ended, before.
    fn thread(&mut self, tid: Tid, check: bool) -> Result<bool, NotAll> {
        let slot = match self.table.claim(self.generation, tid, &mut self.used) {
            Claim::Full => return Err(NotAll::Full),
            Claim::New => {
                self.call(tid)?;
                return Ok(false);
            }
            Claim::Known(slot) => slot,
        };
        match slot.phase(self.generation).1 {
            Some(Phase::Parked) => Ok(true),
            Some(Phase::Ended) => Ok(self.status(tid)?.is_none_or(|status| has_ended(&status))),
            _ if check => {
                self.check(tid, slot)?;
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    /// Looks closer at a thread that was called and has not come.
    fn check(&mut self, tid: Tid, slot: &Slot) -> Result<(), Failure> {
        let Some(status) = self.status(tid)? else {
            return Ok(());
        };
        if status.blocked & signal::BIT != 0 && self.tasks.is_kernel_worker(tid) {
            return Err(Failure::Absent {
                thread: status.thread,
                why: Why::KernelWorker,
            });
        }
        if has_ended(&status) {
            // The first thread of a process stays in the list when it has ended, to the end of the
            // process; so does one that a debugger watches.
            slot.set(self.generation, Phase::Ended);
        } else if status.pending & signal::BIT == 0 && !slot.is(self.generation, Phase::Parked) {
            // The signal found another thread of that number, or too many were under way.
            self.stray = true;
            self.call(tid)?;
        }
        Ok(())
    }

    fn call(&self, tid: Tid) -> Result<(), Failure> {
        match signal::send(tid, self.generation) {
            Ok(()) => Ok(()),
            Err(error) => match error.raw_os_error() {
                // It has ended; or as many signals are under way as may be, and it is called again.
                Some(libc::ESRCH | libc::EAGAIN) => Ok(()),
                _ => Err(Failure::Signal(error)),
            },
        }
    }

    fn status(&self, tid: Tid) -> Result<Option<Status>, Failure> {
        self.tasks.status(tid).map_err(Failure::Tasks)
    }

    /// Who has not come, and why not.
    fn absent(&self) -> Failure {
        let mut absent = Failure::Restless;
        let listed = self.tasks.each(|tid| {
            let slot = self.table.find(self.generation, tid);
            let here = slot.is_some_and(|slot| slot.is(self.generation, Phase::Parked));
            if here || tid == self.own {
                return true;
            }
            match self.tasks.status(tid) {
                Ok(Some(status)) if !has_ended(&status) => {
                    absent = Failure::Absent {
                        thread: status.thread,
                        why: why(&status),
                    };
                    false
                }
                _ => true,
            }
        });
        listed.map_or_else(Failure::Tasks, |()| absent)
    }

    /// The slots of threads that are parked, or were.
    fn slots(&self) -> impl Iterator<Item = &'static Slot> {
        let generation = self.generation;
        self.table.of(generation).filter(move |slot| {
            !matches!(slot.phase(generation).1, Some(Phase::Called | Phase::Ended))
        })
    }

    /// Has each thread try the order in a child, some at a time.
    pub(super) fn rehearse(&self, order: &Order) -> Result<(), Failure> {
        order.publish();
        let mut slots = self.slots();
        loop {
            let mut group = [None; AT_ONCE];
            for ((place, member), slot) in (0..).zip(&mut group).zip(&mut slots) {
                slot.result.store(place, SeqCst);
                slot.tell(self.generation, Phase::Try);
                *member = Some(slot);
            }
            let group = group.into_iter().flatten();
            // None may be left trying when an error has all released.
            for slot in group.clone() {
                self.wait_for(slot, Phase::Tried);
            }
            for slot in group.clone() {
                self.require_success(slot)?;
            }
            if group.count() < AT_ONCE {
                return Ok(());
            }
        }
    }

    fn require_success(&self, slot: &Slot) -> Result<(), Failure> {
        let Some((step, error)) = steps::failure(slot.result.load(SeqCst)) else {
            return Ok(());
        };
        let status = self.status(slot.tid())?;
        Err(Failure::Step {
            thread: status.map_or(Thread::new(slot.tid(), b""), |s| s.thread),
            step,
            error,
        })
    }

    /// Waits until a thread is where it was told to go, or is gone: an outer filter may kill it for
    /// a system call.
    fn wait_for(&self, slot: &Slot, phase: Phase) {
        loop {
            let seen = parked::progress();
            if slot.is(self.generation, phase) {
                return;
            }
            parked::await_progress(seen, PULSE);
            if !slot.is(self.generation, phase) && self.is_gone(slot) {
                return;
            }
        }
    }

    fn is_gone(&self, slot: &Slot) -> bool {
        matches!(self.tasks.status(slot.tid()), Ok(None))
    }

    /// Has all threads carry out the order, for good, and go on. Returns how many they are.
    ///
    /// # Errors
    /// The first step that failed. Others may be restricted then, and go on: the process must end
    /// before this is dropped.
    pub(super) fn commit(&self, order: &Order) -> Result<usize, (Step, io::Error)> {
        order.publish();
        for slot in self.slots() {
            slot.tell(self.generation, Phase::Commit);
        }
        let mut threads = 0;
        for slot in self.slots() {
            let mut next_pulse = Instant::now() + PULSE;
            while !slot.is(self.generation, Phase::Done) {
                raw::sleep(NAP);
                if Instant::now() >= next_pulse {
                    if self.is_gone(slot) {
                        break;
                    }
                    next_pulse = Instant::now() + PULSE;
                }
            }
            if let Some(failure) = steps::failure(slot.result.load(SeqCst)) {
                return Err(failure);
            }
            threads += 1;
        }
        if !self.stray {
            signal::restore();
        }
        Ok(threads)
    }
}

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        GENERATION.store(0, SeqCst);
        for slot in self.table.of(self.generation) {
            if !slot.is(self.generation, Phase::Done) {
                slot.tell(self.generation, Phase::Released);
            }
        }
    }
}

fn has_ended(status: &Status) -> bool {
    matches!(status.state, b'Z' | b'X')
}

fn why(status: &Status) -> Why {
    match status.state {
        b'T' | b't' => Why::Stopped,
        _ if status.blocked & signal::BIT != 0 => Why::Blocks,
        b'D' => Why::InKernel,
        _ => Why::Silent,
    }
}
