//! What other tools say, as manifests.
//!
//! A manifest denies what it does not list, and most other formats do not. So what a source leaves
//! open because it is silent about it is denied by the manifest, and a note says so: an import is
//! never wider than its source.

use ringfence::InvalidLine;
use ringfence_manifest::Manifest;

mod landlockconfig;
mod landrun;

pub use landlockconfig::landlockconfig;
pub use landrun::landrun;

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
    /// The lines contradict each other.
    #[error(transparent)]
    Line(#[from] InvalidLine),
}

impl ImportError {
    fn part(part: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Part {
            part: part.into(),
            why: why.into(),
        }
    }
}
