//! The same bytes from another directory: a copy of the sources is built there, and its package compared.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{tool, workspace};

/// Builds once more, elsewhere, and compares.
pub fn compare(package: &Path) -> Result<()> {
    let elsewhere = tempfile::Builder::new()
        .prefix("ringfence-elsewhere-")
        .tempdir()
        .context("a directory for the second build")?;
    let copy = elsewhere.path().join("a").join("longer").join("path");
    fs::create_dir_all(&copy)?;
    sources(&copy)?;
    tool::shown(
        workspace::cargo("run")
            .args(["--quiet", "--package=xtask", "--", "package"])
            .current_dir(&copy)
            .env("CARGO_TARGET_DIR", elsewhere.path().join("target"))
            .env("SOURCE_DATE_EPOCH", super::epoch()?),
    )?;
    let name = package.file_name().context("the package has a name")?;
    let second = elsewhere.path().join("target/package").join(name);
    ensure_same(package, &second)
}

/// Refuses two packages that differ, and names the files that do.
pub fn ensure_same(package: &Path, second: &Path) -> Result<()> {
    let same = fs::read(package)? == fs::read(second)?;
    if !same {
        // What differs is told by the tree, which names files.
        let diff = Command::new("diff")
            .args(["--recursive", "--brief"])
            .arg(package.with_file_name("tree"))
            .arg(second.with_file_name("tree"))
            .output()?;
        eprint!("{}", String::from_utf8_lossy(&diff.stdout));
    }
    ensure!(same, "two builds of {} differ", package.display());
    Ok(())
}

/// Copies what git knows of the working tree, as it is now.
pub fn sources(to: &Path) -> Result<()> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z"]).current_dir(workspace::root());
    let listed = tool::output(&mut git)?;
    for file in listed.split('\0').filter(|file| !file.is_empty()) {
        let (from, to) = (workspace::root().join(file), to.join(file));
        // One that was removed and not yet committed.
        if !from.exists() {
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(&from, &to).with_context(|| format!("{file} cannot be copied"))?;
    }
    Ok(())
}
