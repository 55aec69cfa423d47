//! `cargo xtask package`: the Debian package, from the static executables and what is generated from them.
//!
//! By `dpkg-deb` alone: the tree is made of generated files, which a packaging tool of cargo's would have to be told
//! one by one, and such a tool takes longer to compile than all of ringfence.

mod control;
mod library;
mod reproduce;
mod tree;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::artifacts::{self, Executable};
use crate::{tool, workspace};
pub use reproduce::sources;
use tree::Tree;

/// What `cargo xtask package` takes.
#[derive(clap::Args)]
pub struct Options {
    /// Build everything once more, in a copy of the sources elsewhere, and compare the bytes
    #[arg(long)]
    pub twice: bool,
}

/// Builds the package, and says what came of it.
pub fn run(options: &Options) -> Result<()> {
    let package = build()?;
    println!("{}", package.display());
    if options.twice {
        reproduce::compare(&package)?;
        println!("built twice, in two directories: the same bytes");
    }
    Ok(())
}

/// Builds the package into `target/package`.
pub fn build() -> Result<PathBuf> {
    let folder = workspace::target()?.join("package");
    // Tests take the package that is there, which must not be an older one.
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let executables = artifacts::release()?;
    let package = assemble(&executables, &folder)?;
    // In another directory and at another time the same files have to give the same bytes.
    let elsewhere = tempfile::tempdir().context("a directory to assemble in again")?;
    reproduce::ensure_same(&package, &assemble(&executables, elsewhere.path())?)?;
    Ok(package)
}

/// Makes the package of built executables.
fn assemble(executables: &[Executable], folder: &Path) -> Result<PathBuf> {
    let tree = Tree::begin(folder.join("tree"))?;
    for executable in executables {
        let path = Path::new("usr/bin").join(&executable.name);
        tree.program(path, &executable.path)?;
    }
    generated(&tree, executables, &folder.join("generated"))?;
    documents(&tree)?;
    let library = library::add(&tree, &folder.join("library"))?;
    let control = control::write(&tree, library.as_ref())?;
    let package = folder.join(control.file_name());
    tool::output(
        Command::new("dpkg-deb")
            // One thread: how many there are must not show in the bytes.
            .args(["--root-owner-group", "-Zxz", "--threads-max=1", "--build"])
            .arg(tree.root())
            .arg(&package)
            .env("SOURCE_DATE_EPOCH", epoch()?),
    )?;
    Ok(package)
}

/// Man pages and completions, by the executable that is packaged.
fn generated(tree: &Tree, executables: &[Executable], folder: &Path) -> Result<()> {
    let workbench = executables
        .iter()
        .find(|executable| executable.name == "ringfence")
        .context("the build made no ringfence")?;
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)?;
    tool::output(Command::new(&workbench.path).arg("generate").arg(folder))?;
    for file in sorted(folder)? {
        let name = file.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if let Some(command) = name.strip_suffix(".bash") {
            tree.file(
                format!("usr/share/bash-completion/completions/{command}"),
                &file,
            )?;
        } else if name.starts_with('_') {
            tree.file(format!("usr/share/zsh/vendor-completions/{name}"), &file)?;
        } else if file.extension() == Some(OsStr::new("fish")) {
            tree.file(format!("usr/share/fish/vendor_completions.d/{name}"), &file)?;
        } else {
            tree.compressed(format!("usr/share/man/man1/{name}.gz"), &file)?;
        }
    }
    Ok(())
}

/// What people read, and start from.
fn documents(tree: &Tree) -> Result<()> {
    const DOC: &str = "usr/share/doc/ringfence";

    let root = workspace::root();
    tree.file(
        format!("{DOC}/copyright"),
        &root.join("packaging/copyright"),
    )?;
    tree.compressed(
        format!("{DOC}/changelog.gz"),
        &root.join("packaging/changelog"),
    )?;
    for (from, to) in [
        ("examples/policies", "examples/policies"),
        ("crates/ringfence-manifest/fragments", "fragments"),
    ] {
        for file in sorted(&root.join(from))? {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            tree.file(format!("{DOC}/{to}/{name}"), &file)?;
        }
    }
    tree.file(
        "usr/share/ringfence/manifest.schema.json",
        &root.join("docs/manifest.schema.json"),
    )?;
    tree.file(
        "usr/share/lintian/overrides/ringfence",
        &root.join("packaging/lintian-overrides"),
    )
}

/// The files of a folder, in an order that does not hang on the file system.
fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut files = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

/// The time that the package's files bear: that of the commit, unless somebody says otherwise.
pub fn epoch() -> Result<String> {
    if let Ok(epoch) = env::var("SOURCE_DATE_EPOCH") {
        return Ok(epoch);
    }
    let mut git = Command::new("git");
    git.args(["log", "-1", "--format=%ct"])
        .current_dir(workspace::root());
    let time = tool::output(&mut git)
        .context("SOURCE_DATE_EPOCH is not set, and git does not tell the time of the commit")?;
    Ok(time.trim().to_owned())
}
