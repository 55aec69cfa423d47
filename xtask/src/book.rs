//! `cargo xtask book`: the documentation as a site, by mdBook.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::installed::Tool;
use crate::{tool, workspace};

/// Without what serves and watches it compiles in half the time.
const MDBOOK: Tool = Tool {
    name: "mdbook",
    version: "0.5.4",
    features: "search",
    wheel: None,
};
/// What pages link to outside of their folder, copied beside the site so that the links work there too.
const LINKED: [&str; 7] = [
    "README.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "examples",
    "packaging",
    "crates/ringfence/src",
    "crates/ringfence-manifest/fragments",
];

/// Builds the site, and gives its first page.
pub fn build() -> Result<PathBuf> {
    let site = workspace::target()?.join("book");
    if site.exists() {
        fs::remove_dir_all(&site)?;
    }
    let said = tool::output(
        Command::new(MDBOOK.path()?)
            .arg("build")
            .arg(workspace::root().join("docs"))
            .arg("--dest-dir")
            .arg(site.join("docs")),
    )?;
    ensure!(!said.contains("WARN"), "mdBook is not content:\n{said}");
    for linked in LINKED {
        let from = workspace::root().join(linked);
        let to = site.join(linked);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        tool::output(Command::new("cp").arg("--recursive").arg(from).arg(to))?;
    }
    let first = site.join("docs/index.html");
    ensure!(first.exists(), "mdBook made no {}", first.display());
    Ok(first)
}

/// Writes the pages that are made from the code.
pub fn reference() -> Result<()> {
    let written = tool::shown(workspace::cargo("run").args([
        "--quiet",
        "--package=ringfence-book",
        "--bin=reference",
    ]))?;
    print!("{written}");
    Ok(())
}
