//! What a job may use up.

use std::fmt;
use std::time::Duration;

use ringfence_sys::spawn::{Resource, ResourceLimit};

use super::SpawnError;

/// What a job may use up; nothing is limited where there is no number.
///
/// Without a cgroup ([`Cgroups`](crate::process::Cgroups)) these are limits of resources
/// (`setrlimit(2)`), which each process of the job has for itself: [`Limits::account`] says what that
/// leaves open.
///
/// ```
/// use std::time::Duration;
/// use ringfence::process::Limits;
///
/// let limits = Limits {
///     wall: Some(Duration::from_secs(10)),
///     memory: Some(512 << 20),
///     output: Some(1 << 20),
///     ..Limits::default()
/// };
/// assert!(!limits.is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Time from its start to its end. It is watched by whoever waits for the job.
    pub wall: Option<Duration>,
    /// Time on a processor, in whole seconds rounded up.
    pub cpu: Option<Duration>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Processes and threads.
    pub processes: Option<u64>,
    /// Open files of a process.
    pub open_files: Option<u64>,
    /// Bytes of a file that it writes.
    pub file_size: Option<u64>,
    /// Bytes that it writes to standard output and error together, where these are read by
    /// [`Command::output`](crate::process::Command::output) and its kin.
    pub output: Option<u64>,
}

/// One of the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::wall`].
    Wall,
    /// [`Limits::cpu`].
    Cpu,
    /// [`Limits::memory`].
    Memory,
    /// [`Limits::processes`].
    Processes,
    /// [`Limits::open_files`].
    OpenFiles,
    /// [`Limits::file_size`].
    FileSize,
    /// [`Limits::output`].
    Output,
}

impl Limit {
    /// Its word in manifests and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Processes => "processes",
            Self::OpenFiles => "open-files",
            Self::FileSize => "file-size",
            Self::Output => "output",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// By what a limit is held, and what that leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitAccount {
    /// The limit.
    pub limit: Limit,
    /// What holds it.
    pub by: &'static str,
    /// What it does not do; empty if nothing is left open.
    pub leaves_open: &'static str,
}

impl Limits {
    /// Whether nothing is limited.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether there is such a limit.
    pub(super) fn has(&self, limit: Limit) -> bool {
        match limit {
            Limit::Wall => self.wall.is_some(),
            Limit::Cpu => self.cpu.is_some(),
            Limit::Memory => self.memory.is_some(),
            Limit::Processes => self.processes.is_some(),
            Limit::OpenFiles => self.open_files.is_some(),
            Limit::FileSize => self.file_size.is_some(),
            Limit::Output => self.output.is_some(),
        }
    }

    /// By what each limit is held: with a cgroup of the job's own, or without.
    pub fn account(&self, in_cgroup: bool) -> Vec<LimitAccount> {
        let rlimit_or = |limit, rlimit, leaves_open| {
            if in_cgroup {
                (limit, "cgroup", "")
            } else {
                (limit, rlimit, leaves_open)
            }
        };
        [
            (
                self.wall.is_some(),
                (
                    Limit::Wall,
                    "whoever waits for the job",
                    "it does not run out while nobody waits",
                ),
            ),
            (
                self.cpu.is_some(),
                (
                    Limit::Cpu,
                    "RLIMIT_CPU",
                    "each process has it for itself",
                ),
            ),
            (
                self.memory.is_some(),
                rlimit_or(
                    Limit::Memory,
                    "RLIMIT_AS",
                    "each process has it for itself, and it counts address space that is not in use",
                ),
            ),
            (
                self.processes.is_some(),
                rlimit_or(
                    Limit::Processes,
                    "RLIMIT_NPROC",
                    "it counts all processes of the user on the machine",
                ),
            ),
            (
                self.open_files.is_some(),
                (Limit::OpenFiles, "RLIMIT_NOFILE", "each process has it for itself"),
            ),
            (
                self.file_size.is_some(),
                (
                    Limit::FileSize,
                    "RLIMIT_FSIZE",
                    "each file has it for itself, and disk that is set aside behind its end is not counted",
                ),
            ),
            (
                self.output.is_some(),
                (
                    Limit::Output,
                    "whoever reads the output",
                    "what the job writes elsewhere is not counted",
                ),
            ),
        ]
        .into_iter()
        .filter(|(is_set, _)| *is_set)
        .map(|(_, (limit, by, leaves_open))| LimitAccount {
            limit,
            by,
            leaves_open,
        })
        .collect()
    }

    /// Fails on a limit that would not hold; `exempt` says why RLIMIT_NPROC would not bind the job.
    pub(super) fn require_possible(
        &self,
        in_cgroup: bool,
        exempt: impl FnOnce() -> Option<&'static str>,
    ) -> Result<(), SpawnError> {
        if self.processes.is_none() || in_cgroup {
            return Ok(());
        }
        match exempt() {
            Some(reason) => Err(SpawnError::Limit(Limit::Processes, reason)),
            None => Ok(()),
        }
    }

    /// What the kernel sets for the process that becomes the program.
    pub(super) fn resources(&self, in_cgroup: bool) -> Vec<ResourceLimit> {
        let both = |resource, limit: u64| ResourceLimit {
            resource,
            soft: limit,
            hard: limit,
        };
        let mut limits = Vec::new();
        if let Some(time) = self.cpu {
            let started = u64::from(time.subsec_nanos() > 0);
            let seconds = time.as_secs().saturating_add(started);
            // At the soft limit comes SIGXCPU, by which the end is told from others; a program that
            // catches it is killed a second later.
            limits.push(ResourceLimit {
                resource: Resource::Cpu,
                soft: seconds,
                hard: seconds.saturating_add(1),
            });
        }
        if !in_cgroup {
            limits.extend(self.memory.map(|bytes| both(Resource::AddressSpace, bytes)));
            limits.extend(self.processes.map(|count| both(Resource::Processes, count)));
        }
        limits.extend(
            self.open_files
                .map(|count| both(Resource::OpenFiles, count)),
        );
        limits.extend(self.file_size.map(|bytes| both(Resource::FileSize, bytes)));
        limits
    }
}
