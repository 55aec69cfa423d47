//! What is wanted: plain data, nothing about kernels or files.

use std::fmt;
use std::path::PathBuf;

use crate::access::Access;
use crate::shown::Shown;

mod builder;
mod check;
mod classes;
mod except;
mod pattern;
mod ports;
mod source;
mod syscalls;

pub use builder::PolicyBuilder;
pub use check::InvalidLine;
pub use classes::ClassLine;
pub use pattern::literal_name;
pub(crate) use pattern::{Part, Pattern};
pub use ports::{InvalidPorts, PortClass, Ports};
pub use source::{Dependency, Origin, Source};
pub use syscalls::{Calls, Contradiction, SyscallEffect, SyscallLine, Syscalls, denying_action};

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
    audit: bool,
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

    /// Whether the kernel is to record denials in its audit log.
    pub fn audit(&self) -> bool {
        self.audit
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

impl std::ops::BitOrAssign for Unrestricted {
    fn bitor_assign(&mut self, other: Self) {
        self.fs |= other.fs;
        self.net |= other.net;
        self.ipc |= other.ipc;
        self.syscalls |= other.syscalls;
    }
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
    /// Whether the path is a pattern (`*`, `?`, `[…]`, `**`), which stands for all that match it
    /// when the sandbox is made.
    pub pattern: bool,
    /// What beneath the path is not allowed by this line: paths relative to it. What comes to be
    /// beside them after the sandbox was made is not allowed either.
    pub except: Vec<PathBuf>,
    /// Where the line was written.
    pub source: Source,
}

impl PathLine {
    /// A line of the API that allows these words on a path, and on all beneath it.
    pub fn new(access: Access, path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            access,
            optional: false,
            pattern: false,
            except: Vec::new(),
            source: Source::Api,
        }
    }
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
            Source::Api | Source::Implied(_) | Source::Manifest(_) => {
                write!(f, "{}{access} {path}", self.source.prefix())?;
                for (number, except) in self.except.iter().enumerate() {
                    let separator = if number == 0 { " except " } else { ", " };
                    write!(f, "{separator}{}", Shown(except))?;
                }
                Ok(())
            }
            Source::Flag => {
                if self.optional {
                    f.write_str("--optional ")?;
                }
                if self.pattern {
                    f.write_str("--glob ")?;
                }
                for except in &self.except {
                    write!(f, "--except {} ", Shown(except))?;
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

impl PortLine {
    /// Why the line means nothing, if it does not.
    fn fault(&self) -> Option<&'static str> {
        match &self.ports {
            ports if !self.class.binds() && *ports == Ports::from(0) => {
                Some("no program can connect to port 0")
            }
            Ports::Range(range) if range.is_empty() => Some("the range of ports is empty"),
            _ => None,
        }
    }
}

impl fmt::Display for PortLine {
    /// The line as its author wrote it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{} {}",
            self.source.prefix(),
            self.class.name(),
            self.ports
        )?;
        match self.source {
            Source::Implied(why) => write!(f, " (implied: {why})"),
            _ => Ok(()),
        }
    }
}
