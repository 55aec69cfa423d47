//! What a job may use up.

use std::time::Duration;

use ringfence::process::{Limit as Inner, LimitAccount, Limits};

use crate::error::Error;

/// A limit, and its unit.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// None.
    None = 0,
    /// Milliseconds from its start to its end; watched by whoever waits for it.
    Wall = 1,
    /// Milliseconds on a processor, rounded up to whole seconds; of each process by itself.
    Cpu = 2,
    /// Bytes of memory; of each process by itself, but in a cgroup.
    Memory = 3,
    /// Processes and threads; all of the user's, but in a cgroup.
    Processes = 4,
    /// Open files of a process.
    OpenFiles = 5,
    /// Bytes of a file that it writes.
    FileSize = 6,
    /// Bytes that it writes to standard output and error together, where `ringfence_command_output` reads
    /// them.
    Output = 7,
}

impl From<Option<Inner>> for Limit {
    fn from(limit: Option<Inner>) -> Self {
        match limit {
            Some(Inner::Wall) => Self::Wall,
            Some(Inner::Cpu) => Self::Cpu,
            Some(Inner::Memory) => Self::Memory,
            Some(Inner::Processes) => Self::Processes,
            Some(Inner::OpenFiles) => Self::OpenFiles,
            Some(Inner::FileSize) => Self::FileSize,
            Some(Inner::Output) => Self::Output,
            _ => Self::None,
        }
    }
}

/// Sets a limit by its number: C may pass any.
pub fn set(limits: &mut Limits, limit: u32, value: u64) -> Result<(), Error> {
    let known = |known: Limit| known as u32 == limit;
    let place = if known(Limit::Wall) {
        limits.wall = Some(Duration::from_millis(value));
        return Ok(());
    } else if known(Limit::Cpu) {
        limits.cpu = Some(Duration::from_millis(value));
        return Ok(());
    } else if known(Limit::Memory) {
        &mut limits.memory
    } else if known(Limit::Processes) {
        &mut limits.processes
    } else if known(Limit::OpenFiles) {
        &mut limits.open_files
    } else if known(Limit::FileSize) {
        &mut limits.file_size
    } else if known(Limit::Output) {
        &mut limits.output
    } else {
        return Err(Error::argument(format!(
            "{limit} is none of ringfence_limit that can be set"
        )));
    };
    *place = Some(value);
    Ok(())
}

/// `memory: by RLIMIT_AS`, and what that leaves open.
pub fn shown(account: &LimitAccount) -> String {
    let LimitAccount {
        limit,
        by,
        leaves_open,
        ..
    } = account;
    let but = if leaves_open.is_empty() { "" } else { "; " };
    format!("{limit}: by {by}{but}{leaves_open}\n")
}
