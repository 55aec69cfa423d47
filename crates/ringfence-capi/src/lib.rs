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

// In the order in which the header tells of them.
mod error;

mod policy;

mod kernel;

mod plan;

mod decide;

mod sandbox;

mod template;

mod command;

mod limits;

mod cgroups;

mod child;

mod output;

mod confine;

mod status;

mod strings;

/// What the header promises of threads: a handle may be read by many at once, and freed by any.
#[allow(dead_code, reason = "it has only to compile")]
fn handles_are_for_many_threads() {
    fn shared<T: Send + Sync>() {}

    shared::<error::Error>();
    shared::<policy::Policy>();
    shared::<kernel::Kernel>();
    shared::<plan::Plan>();
    shared::<sandbox::Sandbox>();
    shared::<template::Template>();
    shared::<command::Command>();
    shared::<cgroups::Cgroups>();
    shared::<child::Child>();
    shared::<output::Output>();
    shared::<confine::Confined>();
}
