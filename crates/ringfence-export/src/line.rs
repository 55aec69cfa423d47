//! Every line of a manifest that restricts or allows, so that an export can account for all of them.

use std::fmt;
use std::time::Duration;

use ringfence::{ClassLine, PathLine, PortLine, SyscallLine};
use ringfence_manifest::Manifest;

/// A line of a manifest that says what the program may do or use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Line<'m> {
    /// About a path.
    Path(&'m PathLine),
    /// About ports.
    Port(&'m PortLine),
    /// About a class of acts.
    Class(&'m ClassLine),
    /// About system calls.
    Syscalls(&'m SyscallLine),
    /// A part that is left alone: fs, net, ipc, syscalls.
    Unrestricted(&'static str),
    /// Denials are recorded.
    Audit,
    /// Bytes of memory.
    Memory(u64),
    /// Time on a processor.
    Cpu(Duration),
    /// Time from start to end.
    Wall(Duration),
    /// Processes and threads.
    Processes(u64),
    /// Open files of a process.
    OpenFiles(u64),
    /// Bytes of a file that it writes.
    FileSize(u64),
}

impl<'m> Line<'m> {
    /// The lines of a manifest, in the order of its keys.
    pub fn all(manifest: &'m Manifest) -> Vec<Self> {
        let policy = &manifest.policy;
        let unrestricted = policy.unrestricted();
        let limits = &manifest.limits;
        let mut lines: Vec<_> = policy.paths().iter().map(Self::Path).collect();
        lines.extend(policy.ports().iter().map(Self::Port));
        lines.extend(policy.classes().iter().map(Self::Class));
        lines.extend(policy.syscalls().lines.iter().map(Self::Syscalls));
        lines.extend(
            [
                (unrestricted.fs, "fs"),
                (unrestricted.net, "net"),
                (unrestricted.ipc, "ipc"),
                (unrestricted.syscalls, "syscalls"),
            ]
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, part)| Self::Unrestricted(part)),
        );
        lines.extend(policy.audit().then_some(Self::Audit));
        lines.extend(limits.memory.map(Self::Memory));
        lines.extend(limits.cpu.map(Self::Cpu));
        lines.extend(limits.wall.map(Self::Wall));
        lines.extend(limits.processes.map(Self::Processes));
        lines.extend(limits.open_files.map(Self::OpenFiles));
        lines.extend(limits.file_size.map(Self::FileSize));
        lines
    }
}

impl fmt::Display for Line<'_> {
    /// The line as its author wrote it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(line) => line.fmt(f),
            Self::Port(line) => line.fmt(f),
            Self::Class(line) => line.fmt(f),
            Self::Syscalls(line) => line.fmt(f),
            Self::Unrestricted(part) => write!(f, "unrestricted {part}"),
            Self::Audit => f.write_str("audit"),
            Self::Memory(bytes) => write!(f, "limits memory {bytes} bytes"),
            Self::Cpu(time) => write!(f, "limits cpu {time:?}"),
            Self::Wall(time) => write!(f, "limits wall {time:?}"),
            Self::Processes(count) => write!(f, "limits processes {count}"),
            Self::OpenFiles(count) => write!(f, "limits open-files {count}"),
            Self::FileSize(bytes) => write!(f, "limits file-size {bytes} bytes"),
        }
    }
}
