//! The files of other tools → manifests.

use ringfence_manifest::Manifest;

mod systemd;

pub use systemd::systemd_unit;

/// What a file of another tool became.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// The manifest.
    pub manifest: Manifest,
    /// What it denies that the other file left open, and what of that has no equivalent; a sentence each.
    pub notes: Vec<String>,
}

/// A file that cannot be said as a manifest without allowing more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
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
    Policy(#[from] ringfence::InvalidLine),
}
