//! A function in a restricted thread of this process, where its limits are accepted.

use std::io;
use std::thread::{Builder, scope};

use crate::sandbox::{EnforceError, Sandbox};

/// Why a function was not run in a thread of its own, or has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ThreadError {
    /// The thread could not be made.
    #[error("cannot start a thread")]
    Start(#[source] io::Error),
    /// It could not be restricted; the function was not run.
    #[error(transparent)]
    Enforce(#[from] EnforceError),
    /// The function panicked, and said this.
    #[error("the function in the restricted thread panicked: {0}")]
    Panicked(String),
}

/// Runs `act` in a thread of its own that the sandbox restricts, and returns what it returned.
///
/// **Against mistakes, not against attackers.** A thread shares memory and open descriptors with all
/// others: code that takes it over can make a free thread act for it, or use what that has open. What
/// this is good for is code that is not hostile and may be led astray: a path with too many `..`, a URL
/// where a file was meant. It costs no copy of memory and takes any value; for untrusted input with a
/// parser that may be broken into, there is [`confine`](super::Confined).
///
/// A crash or `abort` there ends the process. Nothing is limited but what the policy says.
///
/// # Errors
/// [`ThreadError`].
///
/// ```no_run
/// use ringfence::{Policy, process::in_thread};
///
/// let policy = Policy::builder().ro("/srv/in").build()?;
/// let sandbox = policy.prepare()?;
/// let length = in_thread(sandbox, || std::fs::read("/srv/in/x").map(|bytes| bytes.len()))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn in_thread<T: Send>(
    sandbox: Sandbox,
    act: impl FnOnce() -> T + Send,
) -> Result<T, ThreadError> {
    scope(|scope| {
        let thread = Builder::new()
            .name("restricted".to_owned())
            .spawn_scoped(scope, || -> Result<T, EnforceError> {
                sandbox.enforce_this_thread()?;
                Ok(act())
            })
            .map_err(ThreadError::Start)?;
        match thread.join() {
            Ok(result) => Ok(result?),
            Err(panic) => Err(ThreadError::Panicked(super::panic_message(&*panic))),
        }
    })
}
