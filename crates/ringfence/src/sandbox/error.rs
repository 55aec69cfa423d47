//! Why a sandbox could not be prepared, as sentences.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::access::Access;
use crate::paths;
use crate::plan::{Refused, Undone};
use crate::policy::PathLine;
use crate::seccomp::FilterTooLong;
use crate::shown::Shown;

/// Why a plan could not be made ready.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The kernel cannot enforce the policy.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The plan is for another kernel.
    #[error(
        "cannot enforce a plan for another kernel: it was made for {planned}, and this one has {running}; plan with Kernel::probe()"
    )]
    OtherKernel {
        /// The kernel of the plan.
        planned: String,
        /// The running one.
        running: String,
    },
    /// A line's path cannot be allowed.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The kernel would not take the filter.
    #[error(transparent)]
    Filter(#[from] FilterTooLong),
    /// The system calls of this machine are not known.
    #[error(
        "cannot make a filter of system calls for {0}, whose calls are not known here; leave system \
         calls alone (unrestricted-syscalls)"
    )]
    Architecture(&'static str),
    /// A line whose words all speak of directories names something else.
    #[error(
        "`{line}`: {words} is about the entries of a directory, and {} is none; name its directory",
        Shown(path)
    )]
    NotADirectory {
        /// The line as written.
        line: String,
        /// Its words.
        words: Access,
        /// What is no directory.
        path: PathBuf,
    },
    /// The kernel did not take the rule of a port.
    #[error("cannot allow `{line}`: the kernel refused the rule")]
    PortRule {
        /// The line as written.
        line: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// The kernel did not make the ruleset.
    #[error("cannot make a Landlock ruleset{}", hint_for_ruleset(.0))]
    Ruleset(#[source] io::Error),
}

impl PrepareError {
    /// Whether another kernel could do what was asked.
    pub fn is_unsupported_by_kernel(&self) -> bool {
        matches!(self, Self::Refused(refused) if !refused.is_contradiction())
    }
}

/// Why the path of a line cannot be allowed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// There is nothing at the path.
    #[error(
        "cannot allow {}: no such file or directory (`{line}`); {}",
        Shown(path),
        proposal(path)
    )]
    Missing {
        /// The path as written.
        path: PathBuf,
        /// The line as written.
        line: String,
    },
    /// A directory on the way is closed to this user.
    #[error(
        "cannot allow {} (`{line}`): {} is closed to user {user}; give that user search permission (x) on it, or start as one who has it",
        Shown(path),
        Shown(barrier)
    )]
    Closed {
        /// The path as written.
        path: PathBuf,
        /// The line as written.
        line: String,
        /// The directory.
        barrier: PathBuf,
        /// The number of the user.
        user: u32,
    },
    /// A symlink on the way may have been made by a program in such a sandbox.
    #[error(
        "cannot allow {} (`{line}`): it leads to {} through a symlink that `{maker}` lets programs make; name the real path if you mean it",
        Shown(path),
        Shown(place)
    )]
    Planted {
        /// The path as written.
        path: PathBuf,
        /// The line as written.
        line: String,
        /// Where the symlink leads.
        place: PathBuf,
        /// The line that lets programs make symlinks there.
        maker: String,
    },
    /// Something else is at the path than a moment ago.
    #[error(
        "cannot allow {} (`{line}`): it was replaced while the sandbox was made; see who writes there, and start again",
        Shown(path)
    )]
    Replaced {
        /// The path as written.
        path: PathBuf,
        /// The line as written.
        line: String,
    },
    /// The process has no descriptor left to open the path with.
    #[error(
        "cannot allow {}: the table of open files is full; raise the limit (ulimit -n)",
        Shown(path)
    )]
    NoDescriptor {
        /// The path as written.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The object has no place among files: a pipe, a socket, a memory file.
    #[error(
        "cannot allow {} (`{line}`): it is a pipe, a socket or the like, which no rule can name; pass it as an open descriptor",
        Shown(path)
    )]
    NotInAnyDirectory {
        /// The path as written.
        path: PathBuf,
        /// The line as written.
        line: String,
    },
    /// Nothing matches a pattern.
    #[error(
        "cannot allow `{line}`: nothing matches the pattern now, and patterns are expanded when the sandbox is made; create what is meant, or mark the line optional (`--optional`, `optional: true`)"
    )]
    NoMatch {
        /// The line as written.
        line: String,
    },
    /// A line stands for more paths than anyone means.
    #[error(
        "cannot allow `{line}`: it stands for more than {most} paths, each of which would need a rule; name the directory that they are in"
    )]
    TooMany {
        /// The line as written.
        line: String,
        /// How many there may be.
        most: usize,
    },
    /// A line with exceptions names no directory.
    #[error(
        "cannot allow {} (`{line}`): it is no directory, so that nothing beneath it can be left out; drop the exceptions",
        Shown(path)
    )]
    NothingBeneath {
        /// The path as written.
        path: PathBuf,
        /// The line as written.
        line: String,
    },
    /// A directory beside or beneath an exception cannot be read.
    #[error(
        "cannot allow `{line}`: {} cannot be read, so that nobody can tell what is left out there; let this user read it, or name what is allowed without exceptions",
        Shown(path)
    )]
    Unreadable {
        /// The directory.
        path: PathBuf,
        /// The line as written.
        line: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// A file that is left out has names elsewhere.
    #[error(
        "cannot allow `{line}`: the excepted file {} has hard links that are not beneath the exceptions, through which it may be reached; remove them, or except them too",
        Shown(path)
    )]
    HardLinked {
        /// The file.
        path: PathBuf,
        /// The line as written.
        line: String,
    },
    /// Another line allows what this one leaves out.
    #[error(transparent)]
    Undone(#[from] Undone),
    /// Anything else.
    #[error("cannot allow {} (`{line}`)", Shown(path))]
    Other {
        /// The path as written.
        path: PathBuf,
        /// The line as written.
        line: String,
        /// What the kernel said.
        source: io::Error,
    },
}

impl PathError {
    /// The error of opening the path of `line`.
    pub(crate) fn open(line: &PathLine, source: io::Error) -> Self {
        Self::open_at(&line.path, line, source)
    }

    /// The error of opening a path that `line` stands for.
    pub(crate) fn open_at(path: &Path, line: &PathLine, source: io::Error) -> Self {
        let (path, line) = (path.to_owned(), line.to_string());
        match (errno(&source), paths::closed_directory(&path)) {
            (Some(Errno::STALE), _) => Self::Replaced { path, line },
            (Some(Errno::NOENT), _) => Self::Missing { path, line },
            (Some(Errno::MFILE | Errno::NFILE), _) => Self::NoDescriptor { path, source },
            (Some(Errno::ACCESS), Some(barrier)) => Self::Closed {
                barrier: barrier.to_owned(),
                path,
                line,
                user: rustix::process::geteuid().as_raw(),
            },
            _ => Self::Other { path, line, source },
        }
    }

    pub(crate) fn unreadable(path: &Path, line: &PathLine, source: io::Error) -> Self {
        match errno(&source) {
            Some(Errno::MFILE | Errno::NFILE) => Self::open_at(path, line, source),
            _ => Self::Unreadable {
                path: path.to_owned(),
                line: line.to_string(),
                source,
            },
        }
    }

    pub(crate) fn planted(path: &Path, line: &PathLine, place: &Path, maker: &PathLine) -> Self {
        Self::Planted {
            path: path.to_owned(),
            line: line.to_string(),
            place: place.to_owned(),
            maker: maker.to_string(),
        }
    }

    /// The error of adding the rule for `line`.
    pub(crate) fn rule(path: &Path, line: &PathLine, source: io::Error) -> Self {
        let (path, line) = (path.to_owned(), line.to_string());
        match errno(&source) {
            Some(Errno::BADFD) => Self::NotInAnyDirectory { path, line },
            _ => Self::Other { path, line, source },
        }
    }
}

pub(super) fn errno(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw_os_error)
}

fn hint_for_ruleset(error: &io::Error) -> &'static str {
    match errno(error) {
        Some(Errno::MFILE | Errno::NFILE) => {
            ": the table of open files is full; raise the limit (ulimit -n)"
        }
        _ => "",
    }
}

fn proposal(path: &Path) -> String {
    let nearest = paths::nearest_existing(path).map(|path| Shown(path).to_string());
    let similar = paths::similar_existing(path).map(|path| Shown(&path).to_string());
    match (similar, nearest) {
        (Some(similar), _) => format!("did you mean {similar}?"),
        (None, Some(nearest)) => format!(
            "the nearest that exists is {nearest}; create the path, or mark the line optional (`--optional`, `optional: true`)"
        ),
        (None, None) => {
            "create it, or mark the line optional (`--optional`, `optional: true`)".to_owned()
        }
    }
}
