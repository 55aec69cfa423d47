//! The manifest: one file that says what a program may do, and the policy that it stands for.
//!
//! ```text
//! YAML ─┐
//! JSON ─┼─► tree ──► document ──► Manifest
//! TOML ─┘   places   every key    fragments included, variables
//!           kept     checked      filled in, a Policy built
//! ```
//!
//! ```
//! use ringfence::Policy;
//! use ringfence_manifest::FromManifest;
//!
//! let policy = Policy::from_yaml("version: 1\nro: [/usr]\nconnect-tcp: [443]\n")?;
//! assert_eq!(policy.paths().len(), 1);
//! # Ok::<(), ringfence_manifest::Faults>(())
//! ```
//!
//! Everything that is wrong with a file is found in one go, each fault with its place in the text
//! ([`Faults`]). [`Manifest::to_yaml`] writes a manifest that reads back as the same one.

#![warn(missing_docs)]
#![forbid(unsafe_code)]

mod compose;
mod document;
mod finding;
mod format;
mod fragments;
mod manifest;
mod meant;
mod read;
mod reader;
mod schema;
mod shape;
mod shown;
mod sources;
mod tree;
mod units;
mod variables;
mod write;

pub use finding::{Faults, Finding, Place, Severity};
pub use format::{Unformattable, extend, format};
pub use fragments::{FRAGMENTS, Fragment};
pub use manifest::{
    Act, Dependencies, Environment, Expectation, Expected, Limits, LintSwitch, Manifest, Readiness,
};
pub use read::FromManifest;
pub use schema::schema;
pub use sources::{FileId, MOST_BYTES, Sources};
pub use tree::Format;
pub use variables::Variables;
pub use write::Unwritable;
