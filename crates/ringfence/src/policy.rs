//! What is wanted: plain data, nothing about kernels or files.

use std::fmt;
use std::path::PathBuf;

use crate::access::Access;
use crate::shown::Shown;

mod builder;
mod classes;
mod ports;
mod syscalls;

pub use builder::{InvalidLine, PolicyBuilder};
pub use classes::ClassLine;
pub use ports::{InvalidPorts, PortClass, Ports};
pub use syscalls::{Calls, SyscallEffect, SyscallLine, Syscalls, denying_action};

/// What a program may do. Everything that is not listed is denied.
///
/// ```
/// use ringfence::{Access, Policy};
///
/// let policy = Policy::builder()
///     .ro("/usr")
///     .rw("/var/lib/tool")
///     .allow(Access::READ, "/srv/in")
///     .connect_tcp(443)
///     .build()?;
/// assert_eq!(policy.paths().len(), 3);
/// # Ok::<(), ringfence::InvalidLine>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    pub(crate) paths: Vec<PathLine>,
    pub(crate) ports: Vec<PortLine>,
    pub(crate) classes: Vec<ClassLine>,
    pub(crate) syscalls: Syscalls,
    unrestricted: Unrestricted,
    best_effort: bool,
    require_complete: bool,
    minimum_abi: u32,
}

impl Policy {
    /// A policy that allows nothing yet.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }

    /// The lines about paths, as given.
    pub fn paths(&self) -> &[PathLine] {
        &self.paths
    }

    /// The lines about ports, as given.
    pub fn ports(&self) -> &[PortLine] {
        &self.ports
    }

    /// The lines about classes of acts, as given.
    pub fn classes(&self) -> &[ClassLine] {
        &self.classes
    }

    /// What is said about system calls.
    pub fn syscalls(&self) -> &Syscalls {
        &self.syscalls
    }

    /// The parts that are left alone as a whole.
    pub fn unrestricted(&self) -> Unrestricted {
        self.unrestricted
    }

    /// Whether a line that the kernel cannot enforce may be left out instead of stopping the start.
    pub fn best_effort(&self) -> bool {
        self.best_effort
    }

    /// Whether the start is refused while any class of acts is open, best effort or not.
    pub fn require_complete(&self) -> bool {
        self.require_complete
    }

    /// The ABI below which the start is refused, best effort or not.
    pub fn minimum_abi(&self) -> u32 {
        self.minimum_abi
    }

    /// Whether some line lets every port of this class pass.
    pub fn allows_any(&self, class: PortClass) -> bool {
        self.ports
            .iter()
            .any(|line| line.class == class && line.ports == Ports::Any)
    }
}

/// The parts of a sandbox that a policy leaves alone as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each part is left alone by itself"
)]
pub struct Unrestricted {
    /// Paths: every word of [`crate::WORDS`], UNIX sockets by path included.
    pub fs: bool,
    /// TCP and UDP ports.
    pub net: bool,
    /// Abstract UNIX sockets and signals.
    pub ipc: bool,
    /// System calls: no filter is installed.
    pub syscalls: bool,
}

/// Where a line was written, for messages that name it as its author did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// A call of the builder.
    #[default]
    Api,
    /// A flag on a command line.
    Flag,
    /// Added by `--with-deps`, for this reason.
    Dependency(Box<Dependency>),
    /// Added by the plan because another line needs it, for this reason.
    Implied(&'static str),
}

/// Why `--with-deps` added a line, and for which file: the path must still lead to it when the
/// sandbox is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// What the file is to the command, as a phrase.
    pub reason: String,
    /// The number of the device that the file is on.
    pub device: u64,
    /// The file's number on that device.
    pub inode: u64,
}

/// A line that allows something on a path and, if it is a directory, on all beneath it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathLine {
    /// As written; it may be relative or lead through symlinks.
    pub path: PathBuf,
    /// What is allowed.
    pub access: Access,
    /// Whether the path may be missing when the sandbox is made.
    pub optional: bool,
    /// Where the line was written.
    pub source: Source,
}

impl fmt::Display for PathLine {
    /// The line as its author wrote it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, access, .. } = self;
        let path = Shown(path);
        match &self.source {
            Source::Dependency(dependency) => {
                write!(f, "--{access} {path}, added: {}", dependency.reason)
            }
            Source::Api | Source::Implied(_) => write!(f, "{access} {path}"),
            Source::Flag => {
                if self.optional {
                    f.write_str("--optional ")?;
                }
                match *access {
                    Access::RO | Access::RW => write!(f, "--{access} {path}"),
                    Access::CONNECT_UNIX => write!(f, "--connect-unix {path}"),
                    _ => write!(f, "--fs {access}={path}"),
                }
            }
        }
    }
}

/// A line that allows ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortLine {
    /// Protocol and direction.
    pub class: PortClass,
    /// Which ports.
    pub ports: Ports,
    /// Where the line was written.
    pub source: Source,
}

impl fmt::Display for PortLine {
    /// The line as its author wrote it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dashes = if self.source == Source::Flag {
            "--"
        } else {
            ""
        };
        write!(f, "{dashes}{} {}", self.class.name(), self.ports)?;
        match self.source {
            Source::Implied(why) => write!(f, " (implied: {why})"),
            _ => Ok(()),
        }
    }
}
