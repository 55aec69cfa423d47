//! Signals: blocked for a while, past the C library, and dispositions that are in this process's way.

use std::io;

use crate::check;

/// The kernel's set of signals, of all architectures that are built for: a bit for each, 1 to 64.
pub(crate) type SignalSet = u64;

/// Every signal, those included that the C library keeps for itself.
pub(crate) const ALL_SIGNALS: SignalSet = SignalSet::MAX;

/// Signals of the calling thread that are blocked as long as this lives.
pub(crate) struct SignalsBlocked {
    before: SignalSet,
}

impl SignalsBlocked {
    /// All of them.
    pub(crate) fn new() -> io::Result<Self> {
        Self::but(0)
    }

    /// All but those.
    pub(crate) fn but(signals: SignalSet) -> io::Result<Self> {
        set_blocked(ALL_SIGNALS & !signals).map(|before| Self { before })
    }
}

impl Drop for SignalsBlocked {
    fn drop(&mut self) {
        // A set that the kernel gave out is one that it takes.
        let _ = set_blocked(self.before);
    }
}

/// Sets which signals the calling thread blocks. Returns which it did. One raw system call, as a handler or a child in
/// shared memory may make it.
pub(crate) fn set_blocked(signals: SignalSet) -> io::Result<SignalSet> {
    let mut before: SignalSet = 0;
    // SAFETY: both are live sets of the size that is named; the first is read, the second written.
    let result = unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            &raw const signals,
            &raw mut before,
            size_of::<SignalSet>(),
        )
    };
    check(result).map(|_| before)
}

/// Runs `act` with `SIGPIPE` ignored, and then puts back what was done about it before.
///
/// For the whole process: to be used where there is one thread. A wrapper must neither end by the
/// signal because its own note went nowhere, nor hand a changed disposition to its command.
///
/// # References
/// `sigaction(2)`, `signal(7)`.
pub fn without_sigpipe<T>(act: impl FnOnce() -> T) -> T {
    // SAFETY: an all-zero `sigaction` is a valid one: no flags, an empty mask, SIG_DFL.
    let mut ignore: libc::sigaction = unsafe { std::mem::zeroed() };
    ignore.sa_sigaction = libc::SIG_IGN;
    // SAFETY: as above; it is overwritten by the kernel.
    let mut before: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: both structures live across the call; SIG_IGN runs no code of ours.
    let changed = unsafe { libc::sigaction(libc::SIGPIPE, &raw const ignore, &raw mut before) };
    let result = act();
    if changed == 0 {
        // SAFETY: `before` is what the kernel gave us for this very signal.
        unsafe { libc::sigaction(libc::SIGPIPE, &raw const before, std::ptr::null_mut()) };
    }
    result
}

/// Sets SIGCHLD to its default. A process that was started with it ignored is not told how its children end.
///
/// # References
/// `wait(2)`, `sigaction(2)`.
pub fn keep_ends_of_children() {
    // SAFETY: the default disposition runs no code of ours.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
}
