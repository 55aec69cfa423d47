//! Where the lines of a policy come from, for messages that name them as their author did.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::shown::Shown;

/// Where a line was written, for messages that name it as its author did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// A call of the builder.
    #[default]
    Api,
    /// A flag on a command line.
    Flag,
    /// A manifest, here.
    Manifest(Box<Origin>),
    /// Added by `--with-deps`, for this reason.
    Dependency(Box<Dependency>),
    /// Added by the plan because another line needs it, for this reason.
    Implied(&'static str),
}

impl Source {
    /// What stands before a line that its author wrote without a value of its own for it.
    pub(super) fn prefix(&self) -> impl fmt::Display + '_ {
        Prefix(self)
    }

    /// The place in a manifest, if the line was written in one.
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Manifest(origin) => Some(origin),
            _ => None,
        }
    }
}

struct Prefix<'s>(&'s Source);

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Source::Flag => f.write_str("--"),
            Source::Manifest(origin) => write!(f, "{origin}: "),
            _ => Ok(()),
        }
    }
}

/// A place in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file, as it was named; of a built-in fragment, its name in angle brackets.
    pub file: Arc<Path>,
    /// The line, from 1.
    pub line: u32,
    /// Where in the file what was written begins, in bytes.
    pub start: u32,
    /// Where it ends, in bytes.
    pub end: u32,
    /// What its author says that it is for.
    pub description: Option<Arc<str>>,
}

impl fmt::Display for Origin {
    /// `policy.yaml:7`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", Shown(&self.file), self.line)
    }
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
