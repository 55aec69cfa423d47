//! `cargo xtask test`: everything that must hold before a change lands, and one closing line.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use crate::counts::Counts;
use crate::{artifacts, kernels, workspace};

/// The user and group `nobody`.
const NOBODY: u32 = 65534;

/// What `cargo xtask test` takes.
#[derive(clap::Args)]
pub struct Options {
    /// Only what this kernel can test, without the virtual machines
    #[arg(long)]
    pub no_kernels: bool,
}

/// Runs all of it. What cannot be built or is not clean is an error; tests that fail are counted.
pub fn run(options: &Options) -> Result<ExitCode> {
    clean(
        "formatting",
        workspace::cargo("fmt").args(["--all", "--check"]),
    )?;
    clean(
        "clippy",
        workspace::cargo("clippy").args(["--workspace", "--all-targets", "--", "--deny=warnings"]),
    )?;
    clean(
        "documentation",
        workspace::cargo("doc")
            .args(["--workspace", "--no-deps"])
            .env("RUSTDOCFLAGS", "--deny=warnings"),
    )?;
    clean("build", workspace::cargo("build").arg("--workspace"))?;
    // The wrapper alone must build from its own small tree.
    clean(
        "the wrapper without the workbench",
        workspace::cargo("check").args(["--package=ringfence-cli", "--no-default-features"]),
    )?;

    if !options.no_kernels {
        // The newest headers come with the kernels, and tests read them.
        eprintln!("== kernels and headers");
        kernels::run(&kernels::Options {
            fetch_only: true,
            ..kernels::Options::default()
        })?;
    }
    let mut counts = Vec::new();
    counts.push(tests(
        "tests",
        workspace::cargo("test").args(["--workspace", "--no-fail-fast"]),
    )?);
    if rustix::process::geteuid().is_root() {
        counts.extend(tests_as_nobody()?);
    }
    let mut kernels_failed = false;
    if !options.no_kernels {
        eprintln!("== kernels");
        let wanted = kernels::Options::default();
        let summary = kernels::run(&wanted)?;
        print!("{summary}");
        kernels_failed = !summary.acceptable(&wanted);
        counts.push(summary.counts());
    }

    let counts: Counts = counts.into_iter().sum();
    println!("{counts}");
    Ok(if counts.failed == 0 && !kernels_failed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn clean(what: &str, command: &mut Command) -> Result<()> {
    eprintln!("== {what}");
    let status = command
        .status()
        .with_context(|| format!("{what}: cargo could not be started"))?;
    if !status.success() {
        bail!("{what}: not clean, see above");
    }
    Ok(())
}

/// The tests on real sandboxes once more, as an ordinary user: most users are.
fn tests_as_nobody() -> Result<Vec<Counts>> {
    [
        "kernel",
        "model",
        "escapes",
        "jobs",
        "threads",
        "programs",
        "fragments",
        "learn",
        "capi",
    ]
    .into_iter()
    .map(|name| {
        let test = artifacts::native_test(name)?;
        let mut command = Command::new(&test.path);
        command.uid(NOBODY).gid(NOBODY).current_dir("/");
        // What only root can try is skipped here, and was tried before.
        command.env_remove("RINGFENCE_REQUIRE");
        tests(&format!("tests as nobody: {name}"), &mut command)
    })
    .collect()
}

/// Runs tests to their end, shows what they print, and adds up their closing lines.
fn tests(what: &str, command: &mut Command) -> Result<Counts> {
    eprintln!("== {what}");
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{what}: could not be started"))?;
    let stdout = child.stdout.take().context("the output is a pipe")?;
    let mut counts = Counts::default();
    for line in BufReader::new(stdout).lines() {
        let line = line.with_context(|| format!("{what}: unreadable output"))?;
        println!("{line}");
        if let Some(executable) = Counts::read(&line) {
            counts = [counts, executable].into_iter().sum();
        }
    }
    let status = child.wait()?;
    if !status.success() && counts.failed == 0 {
        bail!("{what}: ended with {status} although no test failed");
    }
    Ok(counts)
}
