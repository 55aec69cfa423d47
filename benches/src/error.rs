//! What can go wrong before a figure exists.

use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Usage(#[from] lexopt::Error),
    #[error("cannot {what}: {source}")]
    Io { what: String, source: io::Error },
    #[error(
        "{} does not exist: build it with `cargo xtask build`, or name another with --runner",
        _0.display()
    )]
    NoRunner(PathBuf),
    #[error(
        "Landlock here is at ABI {0}, and the cases need its port rules (ABI 4, Linux 6.7): \
         measure on a newer kernel"
    )]
    OldKernel(u8),
    #[error("cannot compile {what}: {why}")]
    Compile { what: &'static str, why: String },
    #[error("no case's name contains the text given with --case; there are: {0}")]
    NoCase(String),
    #[error("{name} does not run the command, so it cannot be measured: {why}")]
    Failed { name: String, why: String },
}

impl Error {
    /// For `map_err`: says what was being done.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        |source| Self::Io {
            what: what.into(),
            source,
        }
    }
}
