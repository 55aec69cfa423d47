//! Tools of cargo's that are compiled once into the cache, each pinned: what they say of a commit is the same tomorrow.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::step::step;
use crate::workspace;

/// A program that crates.io has.
pub struct Tool {
    /// The crate.
    pub name: &'static str,
    pub version: &'static str,
    /// Beyond none of the default ones.
    pub features: &'static str,
}

impl Tool {
    /// Its executable, compiled the first time.
    pub fn path(&self) -> Result<PathBuf> {
        let Self { name, version, .. } = self;
        let folder = workspace::cache().join(format!("{name}-{version}"));
        let program = folder.join("bin").join(name);
        if program.exists() {
            return Ok(program);
        }
        let target = folder.join("target");
        let mut install = workspace::cargo("install");
        install
            // Optimised they would take twice as long to compile, and run for seconds.
            .args(["--quiet", "--debug", "--locked", name, "--version", version])
            .args(["--no-default-features", "--features", self.features])
            .arg("--root")
            .arg(&folder)
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_TARGET_DIR", &target);
        let status = step(&format!("{name} {version}, once"), || {
            install.status().context("cargo could not be started")
        })?;
        ensure!(
            status.success(),
            "{name} {version} could not be installed ({status})"
        );
        // What it was compiled into is not needed again.
        fs::remove_dir_all(target)?;
        Ok(program)
    }
}
