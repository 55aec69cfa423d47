//! A cgroup for each job, beneath one that was delegated to this user.
//!
//! # References
//! `Documentation/admin-guide/cgroup-v2.rst`, sections "Delegation" and "No Internal Process
//! Constraint"; `cgroup.kill` came with Linux 5.14.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::io::Errno;

use super::{Limit, Limits};

/// How long to try to remove a cgroup, once a millisecond: what was killed takes a moment to be gone.
pub(super) const BURIAL: Duration = Duration::from_secs(1);

/// A cgroup of version 2 in which this process may make others: one that systemd delegates
/// (`Delegate=yes`), say. Processes must not be in it itself where limits of memory or processes are
/// wanted, but in one beneath it.
#[derive(Debug)]
pub struct Cgroups {
    directory: PathBuf,
}

/// Why a cgroup cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CgroupError {
    /// It is none.
    #[error("cannot put jobs into {}: it is no cgroup of version 2", .0.display())]
    NotACgroup(PathBuf),
    /// It cannot limit what is to be limited.
    #[error(
        "cannot limit {limit} of a job in {}: its controller `{controller}` is not delegated, or a process is in it \
         itself; move that into a cgroup beneath it and write `+{controller}` to its cgroup.subtree_control",
        directory.display()
    )]
    Controller {
        /// The limit.
        limit: Limit,
        /// What the kernel calls what holds it.
        controller: &'static str,
        /// The cgroup.
        directory: PathBuf,
    },
    /// The cgroup of a job could not be made.
    #[error("cannot make a cgroup for a job: {}", .0.display())]
    Make(PathBuf, #[source] io::Error),
}

impl Cgroups {
    /// The cgroup at this path, beneath `/sys/fs/cgroup` as a rule.
    ///
    /// # Errors
    /// [`CgroupError::NotACgroup`].
    pub fn at(directory: impl Into<PathBuf>) -> Result<Self, CgroupError> {
        let directory = directory.into();
        if directory.join("cgroup.controllers").exists() {
            Ok(Self { directory })
        } else {
            Err(CgroupError::NotACgroup(directory))
        }
    }

    /// Makes the cgroup of a job.
    pub(super) fn job(&self, limits: &Limits) -> Result<JobCgroup, CgroupError> {
        let made = self.make()?;
        let directory = &made.0;
        let failed = |error| CgroupError::Make(directory.clone(), error);
        for (limit, controller, file, value) in [
            (Limit::Memory, "memory", "memory.max", limits.memory),
            (Limit::Processes, "pids", "pids.max", limits.processes),
        ] {
            let Some(value) = value else { continue };
            match fs::write(directory.join(file), value.to_string()) {
                Ok(()) => {}
                // Writing opens without making; the file is missing where the controller is.
                Err(error) if is_missing(&error) => {
                    return Err(CgroupError::Controller {
                        limit,
                        controller,
                        directory: self.directory.clone(),
                    });
                }
                Err(error) => return Err(failed(error)),
            }
        }
        if limits.memory.is_some() {
            // Swap would be memory beside the limit; not every kernel counts it.
            let _ = fs::write(directory.join("memory.swap.max"), "0");
        }
        let procs = File::options()
            .write(true)
            .open(directory.join("cgroup.procs"))
            .map_err(failed)?;
        Ok(JobCgroup { made, procs })
    }

    /// Makes one with a name that nobody has: a server that was killed may have left some, and another
    /// one, of another PID namespace, may have the same process id.
    fn make(&self) -> Result<Made, CgroupError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let name = format!("ringfence-{}-{number}", std::process::id());
            let directory = self.directory.join(name);
            match fs::create_dir(&directory) {
                Ok(()) => return Ok(Made(directory)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(CgroupError::Make(directory, error)),
            }
        }
    }
}

/// The kernel lets nobody make files among its own.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::PermissionDenied
    )
}

/// The cgroup of a job; dropped, all that is in it is killed and it is removed.
#[derive(Debug)]
pub(crate) struct JobCgroup {
    made: Made,
    procs: File,
}

impl JobCgroup {
    /// What a process writes itself into.
    pub(super) fn procs(&self) -> BorrowedFd<'_> {
        self.procs.as_fd()
    }

    /// Kills all that is in it.
    pub(super) fn kill(&self) {
        self.made.kill();
    }

    /// Tries to remove it; false as long as somebody is dying in it.
    #[cfg(feature = "tokio")]
    pub(super) fn remove(&self) -> bool {
        self.made.remove()
    }

    /// The limit that the kernel counts as hit.
    pub(super) fn limit_hit(&self) -> Option<Limit> {
        let count = |file: &str, event: &str| {
            let text = fs::read_to_string(self.made.0.join(file)).unwrap_or_default();
            let of = |line: &str| line.strip_prefix(event)?.trim().parse::<u64>().ok();
            text.lines().find_map(of).unwrap_or(0)
        };
        if count("memory.events", "oom_kill ") > 0 {
            Some(Limit::Memory)
        } else if count("pids.events", "max ") > 0 {
            Some(Limit::Processes)
        } else {
            None
        }
    }
}

/// A directory that is removed in the end.
#[derive(Debug)]
struct Made(PathBuf);

impl Made {
    fn kill(&self) {
        if fs::write(self.0.join("cgroup.kill"), "1").is_ok() {
            return;
        }
        // Before Linux 5.14: until nobody is left who could make another.
        for pid in processes(&self.0) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }

    /// Kills who is in it, and removes it; false as long as somebody is dying in it.
    fn remove(&self) -> bool {
        self.kill();
        !fs::remove_dir(&self.0)
            .is_err_and(|error| error.raw_os_error() == Some(Errno::BUSY.raw_os_error()))
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for _ in 0..BURIAL.as_millis() {
            if self.remove() {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn processes(directory: &Path) -> Vec<rustix::process::Pid> {
    let text = fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
    let number = |line: &str| rustix::process::Pid::from_raw(line.parse().ok()?);
    text.lines().filter_map(number).collect()
}
