//! The kernel's own way of restricting all threads at once (ABI 8), with an end to it.
//!
//! Meanwhile the kernel holds a lock of the process, `exec_update_lock`, and waits until each thread has come out of the
//! system call that it is in. What looks into a process by `/proc` takes the same lock, in a way that no call comes out of:
//! a thread that reads `/proc/self/maps`, or `/proc/self/exe` from 7.1 on, and comes to it just then, stands still for ever,
//! and so does everybody (`landlock_restrict_sibling_threads`, `call_proc_get_link`, `mm_access`; seen on 7.0 to 7.3).
//!
//! A signal to the calling thread ends that, but after any handler the kernel begins anew, maybe with the same end. Therefore the
//! handler puts another file in the place of the ruleset, so that what begins anew fails. Nothing is restricted then.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::time::Duration;

use super::raw::{self, Timer};
use super::signal;
use crate::landlock;
use crate::signals::SignalsBlocked;

/// How long a call may take: on a busy machine a thousand threads are through in less.
const PATIENCE: Duration = Duration::from_secs(1);

/// The descriptor that the calling thread gave to the kernel, and what the handler puts in its place.
static RULESET: AtomicI32 = AtomicI32::new(-1);
static DECOY: AtomicI32 = AtomicI32::new(-1);

/// Restricts all threads. False if that took too long, or would have had no end to it; no thread is restricted then. One
/// thread of the process may be here at a time.
pub(super) fn restrict(ruleset: BorrowedFd<'_>, flags: u32) -> io::Result<bool> {
    // The signal has to come through; any other would make the kernel begin anew.
    let _blocked = SignalsBlocked::but(signal::BIT)?;
    let ruleset = ruleset.try_clone_to_owned()?;
    let (decoy, _) = io::pipe()?;
    // An outer filter may forbid what the handler does.
    let tried = decoy.try_clone()?;
    if !raw::replace(tried.as_raw_fd(), decoy.as_raw_fd()) {
        return Ok(false);
    }
    drop(tried);
    DECOY.store(decoy.as_raw_fd(), SeqCst);
    RULESET.store(ruleset.as_raw_fd(), SeqCst);
    // Users have a limit of them, and an outer filter may forbid them.
    let Ok(timer) = Timer::start(PATIENCE, signal::NUMBER, signal::mark()) else {
        RULESET.store(-1, SeqCst);
        return Ok(false);
    };
    let result = landlock::restrict_self(ruleset.as_fd(), flags);
    // The signal is not blocked: when its timer is gone it has come, or never will.
    drop(timer);
    let stood_still = RULESET.swap(-1, SeqCst) == -1;
    match result {
        Err(_) if stood_still => Ok(false),
        result => result.map(|()| true),
    }
}

/// Ends the call that takes too long, if there is one. In the handler, in the thread that made the call.
pub(super) fn end() {
    let ruleset = RULESET.swap(-1, SeqCst);
    if ruleset != -1 {
        raw::replace(ruleset, DECOY.load(SeqCst));
    }
}
