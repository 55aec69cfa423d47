//! The threads of this process.

use crate::sandbox::EnforceError;

/// Fails unless the calling thread is the only one.
///
/// A thread alone stays alone until it makes another, so the answer does not age.
pub(crate) fn require_single() -> Result<(), EnforceError> {
    let threads = std::fs::read_dir("/proc/self/task")
        .map_err(EnforceError::UncountableThreads)?
        .count();
    match threads {
        1 => Ok(()),
        threads => Err(EnforceError::OtherThreads(threads.saturating_sub(1))),
    }
}
