//! The limits of a command, as resource limits of the process that becomes it.
//!
//! Each process that the command starts inherits them, and has them for itself: they bound a process,
//! never the sum of several. `processes` counts those of the user on the whole machine.

use std::io;
use std::time::Duration;

use ringfence_manifest::Limits;
use ringfence_sys::give_up_capabilities;
use rustix::process::{Resource, Rlimit, geteuid, getrlimit, getuid, setrlimit};
use rustix::thread::{CapabilitySet, capabilities};

/// A limit that cannot be set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LimitError {
    #[error(
        "cannot limit the time from start to end (limits: wall): the wrapper becomes the command, and \
         nobody is left to stop it; start it by `timeout {}`, and take `wall` out",
        .0.as_secs_f64()
    )]
    Wall(Duration),
    #[error(
        "cannot limit processes (limits: processes): the kernel does not count those of root; start \
         as another user, or take `processes` out"
    )]
    ProcessesOfRoot,
    #[error(
        "cannot limit processes (limits: processes): the kernel does not count those of who has CAP_SYS_ADMIN, which \
         this process hands on; take that out of its inheritable capabilities, or take `processes` out"
    )]
    ProcessesOfAdministrator,
    #[error(
        "cannot give up CAP_SYS_RESOURCE, by which the command would lift its limits; an outer filter may deny capget \
         or capset"
    )]
    Capability(#[source] io::Error),
    #[error("cannot limit {what} to {value}")]
    Kernel {
        what: &'static str,
        value: u64,
        source: io::Error,
    },
}

/// Fails if a limit is one that cannot be set here.
pub(crate) fn check(limits: &Limits) -> Result<(), LimitError> {
    if let Some(wall) = limits.wall {
        return Err(LimitError::Wall(wall));
    }
    if limits.processes.is_some() && (geteuid().is_root() || getuid().is_root()) {
        return Err(LimitError::ProcessesOfRoot);
    }
    // A program keeps at most what is inheritable. What cannot be asked is taken for there.
    let inheritable = capabilities(None).map_or(CapabilitySet::all(), |sets| sets.inheritable);
    if limits.processes.is_some() && inheritable.contains(CapabilitySet::SYS_ADMIN) {
        return Err(LimitError::ProcessesOfAdministrator);
    }
    Ok(())
}

/// Sets the limits of this process, for good: who has `CAP_SYS_RESOURCE` could lift them, and under
/// `no_new_privs` no program has it whose starter has not. A limit that holds already and is lower stays.
pub(crate) fn apply(limits: &Limits) -> Result<(), LimitError> {
    // The kernel counts whole seconds; a part of one is rounded up to one.
    let cpu = limits.cpu.map(|cpu| cpu.as_millis().div_ceil(1000));
    let cpu = cpu.map(|seconds| u64::try_from(seconds).unwrap_or(u64::MAX));
    let mut is_limited = false;
    for (what, resource, value) in [
        ("file size", Resource::Fsize, limits.file_size),
        ("time on a processor", Resource::Cpu, cpu),
        ("processes", Resource::Nproc, limits.processes),
        ("open files", Resource::Nofile, limits.open_files),
        ("memory", Resource::As, limits.memory),
    ] {
        let Some(value) = value else { continue };
        is_limited = true;
        let highest = getrlimit(resource).maximum.unwrap_or(u64::MAX).min(value);
        let limit = Rlimit {
            current: Some(highest),
            maximum: Some(highest),
        };
        setrlimit(resource, limit).map_err(|errno| LimitError::Kernel {
            what,
            value,
            source: errno.into(),
        })?;
    }
    if is_limited {
        give_up_capabilities(CapabilitySet::SYS_RESOURCE.bits()).map_err(LimitError::Capability)?;
    }
    Ok(())
}
