//! Holds the documentation to what the programs do.
//!
//! A page's blocks are what a reader copies, so that the tests copy them too: ```` ```console ```` is typed into a shell in a fresh
//! directory and has to print what stands beneath ([`session`]), ```` ```sh ```` is a script that has to succeed, ```` ```yaml ```` is a
//! manifest that `ringfence check` can read, ```` ```ini ```` a unit that systemd can read, ```` ```rust ```` and ```` ```c ```` are compiled,
//! ```` ```python ```` is run by the tests of the Python package. Marks behind the language say what is otherwise:
//!
//! | mark | |
//! | --- | --- |
//! | `file=NAME` | the block is saved as a file first |
//! | `by=PATH` | what is at PATH in the workspace runs or checks it |
//! | `no-run WHY` | it cannot be run here; the tests print the list of these |
//! | `needs=PROGRAM`, `needs=PROGRAM:PACKAGE` | its page is run where this program is |
//! | `install` | it is run where the package is installed, and a `#` there is root's prompt |
//! | `other` | this YAML is no manifest |
#![forbid(unsafe_code)]

pub mod block;
mod pages;
pub mod reference;
pub mod session;
pub mod shown;

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the workspace.
///
/// # Panics
/// If this crate has been moved.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the crate is at tests/book")
}

/// Every page of the workspace, relative to it.
///
/// # Panics
/// If a folder cannot be read.
pub fn pages() -> Vec<PathBuf> {
    pages::beneath(root()).expect("folders of pages")
}

/// The text of a page.
///
/// # Panics
/// If there is no such page.
pub fn text(page: &Path) -> String {
    fs::read_to_string(root().join(page))
        .unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}
