//! Dispositions of signals that this process was started with, and that are in its way.

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
