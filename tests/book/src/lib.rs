//! Holds the documentation to what the programs do.
//!
//! A page's blocks are what a reader copies, so that the tests copy them too: ```` ```console ```` is typed into a shell in a fresh
//! directory and has to print what stands beneath ([`session`]), ```` ```yaml ```` is a manifest that `ringfence check` can read,
//! ```` ```rust ```` is compiled. Marks behind the language say what is otherwise:
//!
//! | mark | |
//! | --- | --- |
//! | `file=NAME` | the block is saved as a file first |
//! | `no-run WHY` | it cannot be run here; the reason is printed |
//! | `needs=PROGRAM` | it is run where this program is, which its package is called too |
//! | `install` | it is run where the package is installed, and a `#` there is root's prompt |
//! | `other` | this YAML is no manifest |
#![forbid(unsafe_code)]

pub mod block;
pub mod reference;
pub mod session;
pub mod shown;

use std::fs;
use std::path::{Path, PathBuf};

/// Pages that are no part of the documentation's folder.
const BESIDE: [&str; 4] = [
    "README.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "examples/code-runner/README.md",
];

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

/// Every page, relative to the workspace.
///
/// # Panics
/// If the folder of the documentation cannot be read.
pub fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = BESIDE.iter().map(PathBuf::from).collect();
    collect(Path::new("docs"), &mut pages);
    pages.sort();
    pages
}

fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(root().join(folder)).expect("a folder of pages");
    for entry in entries {
        let entry = entry.expect("an entry");
        let path = folder.join(entry.file_name());
        if entry.path().is_dir() {
            collect(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
}

/// The text of a page.
///
/// # Panics
/// If there is no such page.
pub fn text(page: &Path) -> String {
    fs::read_to_string(root().join(page))
        .unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}
