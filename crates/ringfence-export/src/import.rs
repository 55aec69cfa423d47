//! What other tools say, as manifests.
//!
//! A manifest denies what it does not list, and most other formats do not. So what a source leaves
//! open because it is silent about it is denied by the manifest, and a note says so: an import is
//! never wider than its source.

use ringfence::InvalidLine;
use ringfence_manifest::Manifest;

mod landlockconfig;
mod landrun;
mod systemd;

pub use landlockconfig::landlockconfig;
pub use landrun::landrun;
pub use systemd::systemd_unit;

/// A manifest made of what another tool says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// The manifest.
    pub manifest: Manifest,
    /// Where it says something else than its source, a sentence each.
    pub notes: Vec<String>,
}

/// A source that cannot be taken over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The text is not of the format.
    #[error("cannot read it as {format}: {why}")]
    Syntax {
        /// Which format.
        format: &'static str,
        /// What is wrong, and where.
        why: String,
    },
    /// A part of it has no meaning that could be kept.
    #[error("cannot take over `{part}`: {why}")]
    Part {
        /// The part, as written.
        part: String,
        /// Why not, and what to do.
        why: String,
    },
    /// A line that cannot be read, or whose restriction would be lost.
    #[error("cannot import line {line}, `{}`: {why}", .text.escape_debug())]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is written there.
        text: String,
        /// Why not, and what to do.
        why: String,
    },
    /// A policy that came to mean nothing.
    #[error(transparent)]
    Policy(#[from] InvalidLine),
}

impl ImportError {
    fn part(part: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Part {
            part: part.into(),
            why: why.into(),
        }
    }

    /// A path that begins where the other tool is started, and in a manifest where that is.
    fn relative(path: &str) -> Self {
        Self::part(
            path,
            "the path is relative, and would begin at the directory of the manifest; write the whole path",
        )
    }
}
