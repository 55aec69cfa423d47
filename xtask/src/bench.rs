//! `cargo xtask bench`: the static wrapper, measured by the crate `ringfence-benches`.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::{artifacts, workspace};

/// What `cargo xtask bench` takes.
#[derive(clap::Args)]
pub struct Options {
    /// Passed on; see `cargo run -p ringfence-benches -- --help`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds the wrapper as it ships, and measures it.
pub fn run(options: &Options) -> Result<ExitCode> {
    let runner = artifacts::release()?
        .into_iter()
        .find(|executable| executable.name == "landlock-runner")
        .context("the build made no landlock-runner")?;
    let status = workspace::cargo("run")
        .args(["--quiet", "--release", "--package=ringfence-benches", "--"])
        .arg("--runner")
        .arg(runner.path)
        .args(&options.arguments)
        .status()
        .context("cargo could not be started")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
