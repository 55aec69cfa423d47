//! The C library: the public API of the crate `ringfence` as functions for C.
//!
//! ```text
//! C program ──► ringfence_*() ──► border.rs ──► crates ringfence, ringfence-manifest
//!               a file per         NULL, text,
//!               handle             panics
//! ```
//!
//! `cargo xtask header` writes `include/ringfence.h` from what is here, comments included, so these are
//! written for people who program in C. What C passes is typed so that almost nothing here is unsafe:
//! a handle is an `Option<&T>`, `Option<&mut T>` or `Option<Box<T>>`, none of which differs from a
//! pointer that may be NULL; text, arrays and places for answers are types of `border.rs`.

#![warn(missing_docs)]

mod border;
mod cgroups;
mod child;
mod command;
mod decide;
mod error;
mod kernel;
mod limits;
mod output;
mod plan;
mod policy;
mod sandbox;
mod status;
mod strings;
mod template;
