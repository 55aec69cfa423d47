//! What a manifest says, as plain data.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ringfence::{Access, Class, Origin, Policy, PortClass, Syscall};

/// A policy, and what surrounds it: the command, how it is started, and what must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Manifest {
    /// What the program is, for readers.
    pub description: Option<String>,
    /// What it may do. Each line knows the file and line that it was written in.
    pub policy: Policy,
    /// The command that is run when the command line names none.
    pub command: Vec<String>,
    /// Where it starts; where its starter is if none is named.
    pub directory: Option<PathBuf>,
    /// Programs whose loader and libraries are allowed too.
    pub dependencies: Dependencies,
    /// The variables of its environment.
    pub environment: Environment,
    /// What it may use up.
    pub limits: Limits,
    /// Lints that are switched off.
    pub lints: Vec<LintSwitch>,
    /// What `ringfence test` proves.
    pub expectations: Vec<Expectation>,
}

/// Programs whose files, loaders and libraries are allowed, as `--with-deps` and `--with-deps-of`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependencies {
    /// Of the command itself.
    pub of_command: bool,
    /// Of these programs.
    pub of: Vec<PathBuf>,
}

/// The variables of a command's environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Whether it starts empty instead of from the starter's.
    pub clear: bool,
    /// A variable and its value; without one it is kept from the starter's environment.
    pub variables: Vec<(String, Option<String>)>,
}

/// What a command may use up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Time on a processor.
    pub cpu: Option<Duration>,
    /// Time from start to end.
    pub wall: Option<Duration>,
    /// Processes and threads.
    pub processes: Option<u64>,
    /// Open files of a process.
    pub open_files: Option<u64>,
    /// Bytes of a file that it writes.
    pub file_size: Option<u64>,
}

impl Limits {
    /// Whether nothing is limited.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The same for programs that a server starts itself; a manifest says nothing of their output.
impl From<&Limits> for ringfence::process::Limits {
    fn from(limits: &Limits) -> Self {
        Self {
            wall: limits.wall,
            cpu: limits.cpu,
            memory: limits.memory,
            processes: limits.processes,
            open_files: limits.open_files,
            file_size: limits.file_size,
            output: None,
        }
    }
}

/// A lint that a manifest switches off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintSwitch {
    /// Its code or name, as written.
    pub lint: String,
    /// Where it was written.
    pub origin: Origin,
}

/// Something that must hold in the sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// What must hold.
    pub expected: Expected,
    /// Where it was written.
    pub origin: Origin,
}

/// What must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// This act succeeds.
    Allowed(Act),
    /// The sandbox denies this act.
    Denied(Act),
    /// The command answers here, in this time.
    Ready {
        /// Where.
        at: Readiness,
        /// How long it may take.
        within: Duration,
    },
    /// The command ends with this code, in this time.
    Exits {
        /// The code.
        code: u8,
        /// How long it may take.
        within: Duration,
    },
}

/// Where a command answers once it is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Readiness {
    /// A TCP port of this machine accepts.
    Tcp(u16),
    /// A UNIX socket at this path accepts.
    Unix(PathBuf),
    /// This file exists.
    File(PathBuf),
}

/// An act that a sandbox allows or denies.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// What one word allows, on a path.
    Path(Access, PathBuf),
    /// A port, bound or connected to.
    Port {
        /// Protocol and direction.
        class: PortClass,
        /// The port.
        port: u16,
        /// The address; that of this machine itself if none is named.
        address: Option<IpAddr>,
    },
    /// A class of acts.
    Class(Class),
    /// A system call.
    Syscall(Syscall),
}
