//! What a called thread does: comes in, sleeps, does what it is told, goes on.
//!
//! All of it runs in the signal handler, with every signal blocked, in the middle of whatever the thread was doing: system
//! calls and atomics only.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use super::raw::{self, Tid};
use super::steps::{self, Order};
use super::table::{Phase, Table};

/// The generation that is being called; 0 if nobody is.
pub(super) static GENERATION: AtomicU32 = AtomicU32::new(0);

/// How many threads have come in, over all generations.
pub(super) static ENTERED: AtomicU32 = AtomicU32::new(0);

/// Changes whenever a thread has done something that the coordinator may be waiting for.
static PROGRESS: AtomicU32 = AtomicU32::new(0);

/// Parks the calling thread, which is `tid`, until the generation that it was called for is over. Returns
/// at once, without a system call, to who comes too late: its filter may forbid all of them by then.
pub(super) fn park(generation: u32, tid: Tid) {
    if GENERATION.load(SeqCst) != generation {
        return;
    }
    let slot = Table::current().and_then(|table| table.find(generation, tid));
    let Some(slot) = slot else { return };
    // Counted before it shows as parked: see `rendezvous::gather`.
    ENTERED.fetch_add(1, SeqCst);
    if !slot.park(generation) {
        return;
    }
    report_progress();
    loop {
        let (seen, phase) = slot.phase(generation);
        match phase {
            Some(Phase::Parked | Phase::Tried) => slot.sleep(seen),
            Some(Phase::Try) => {
                if let Some(order) = Order::current() {
                    let place = slot.result.load(SeqCst) as usize;
                    slot.result.store(order.try_in_child(place), SeqCst);
                }
                slot.set(generation, Phase::Tried);
                report_progress();
            }
            Some(Phase::Commit) => {
                let Some(order) = Order::current() else {
                    return;
                };
                let outcome = order.carry_out();
                slot.result.store(outcome, SeqCst);
                slot.set(generation, Phase::Done);
                if steps::failure(outcome).is_some() {
                    // The process is about to end.
                    loop {
                        raw::sleep(Duration::from_secs(1));
                    }
                }
                // Its own filter may forbid every call but the return from this handler, so that
                // nobody is woken. All who are not restricted yet are parked: it may go on.
                return;
            }
            _ => return,
        }
    }
}

fn report_progress() {
    PROGRESS.fetch_add(1, SeqCst);
    raw::futex_wake(&PROGRESS);
}

/// Where the progress stands, to wait for more later.
pub(super) fn progress() -> u32 {
    PROGRESS.load(SeqCst)
}

/// Waits for more progress than that, but not long.
pub(super) fn await_progress(seen: u32, limit: Duration) {
    raw::futex_wait(&PROGRESS, seen, Some(limit));
}
