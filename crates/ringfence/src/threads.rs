//! The threads of this process.

use std::os::unix::fs::MetadataExt;

use crate::sandbox::EnforceError;

/// Fails unless the calling thread is the only one.
///
/// A thread alone stays alone until it makes another, so the answer does not age.
pub(crate) fn require_single() -> Result<(), EnforceError> {
    // A directory has two links of its own and one for each directory in it.
    let threads = std::fs::metadata("/proc/self/task")
        .map_err(EnforceError::UncountableThreads)?
        .nlink()
        .saturating_sub(2);
    match threads {
        1 => Ok(()),
        threads => Err(EnforceError::OtherThreads(threads.saturating_sub(1))),
    }
}
