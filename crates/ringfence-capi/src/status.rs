//! What holds for a process already.

use std::ffi::c_int;

use ringfence::Status as Inner;

use crate::border::{Out, answer};
use crate::error::Error;

/// By what a process is restricted.
#[repr(C)]
pub struct Status {
    /// The number of Landlock layers, 16 at most; -1 where it cannot be known, as of other processes.
    pub landlock_layers: c_int,
    /// What seccomp does: 0 nothing, 1 strict, 2 filter.
    pub seccomp_mode: c_int,
    /// The number of filters; -1 where it cannot be known.
    pub seccomp_filters: c_int,
    /// Whether programs that it executes gain no privilege.
    pub no_new_privs: bool,
}

impl Status {
    /// Where nothing can be told.
    fn unknown() -> Self {
        Self {
            landlock_layers: -1,
            seccomp_mode: 0,
            seccomp_filters: -1,
            no_new_privs: false,
        }
    }

    fn of(status: &Inner) -> Self {
        let number = |count: Option<u32>| count.and_then(|count| c_int::try_from(count).ok());
        Self {
            landlock_layers: number(status.landlock_layers).unwrap_or(-1),
            seccomp_mode: number(Some(status.seccomp_mode)).unwrap_or(0),
            seccomp_filters: number(status.seccomp_filters).unwrap_or(-1),
            no_new_privs: status.no_new_privs,
        }
    }
}

/// By what the calling thread is restricted. Counting layers forks a child that stacks more until the
/// kernel refuses; the caller is not changed.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_status_own(status: Out<'_, Status>) -> Option<Box<Error>> {
    answer(status, Status::unknown(), || Ok(Status::of(&Inner::own())))
}

/// By what another process is restricted, as far as `/proc` tells.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_status_of(pid: u32, status: Out<'_, Status>) -> Option<Box<Error>> {
    answer(status, Status::unknown(), || {
        let found = Inner::of(pid)
            .map_err(|error| Error::system(&format!("cannot read /proc/{pid}/status"), &error))?;
        Ok(Status::of(&found))
    })
}
