//! `cargo xtask test`: everything that must hold before a change lands, and one closing line.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::counts::Counts;
use crate::failures::{self, Failures};
use crate::step::{self, Beside, step};
use crate::{artifacts, book, kernels, python, supply, tool, workspace};

/// The user and group `nobody`.
pub const NOBODY: u32 = 65534;

/// What `cargo xtask test` takes.
#[derive(clap::Args)]
pub struct Options {
    /// Only what this kernel can test, without the virtual machines
    #[arg(long)]
    pub no_kernels: bool,
}

/// Runs all of it. What cannot be built or is not clean is an error; tests that fail are counted.
pub fn run(options: &Options) -> Result<ExitCode> {
    let ended = all(options);
    eprint!("{}{}", step::slowest(), failures::told());
    let (counts, well) = ended?;
    println!("{counts}");
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn all(options: &Options) -> Result<(Counts, bool)> {
    clean(
        "formatting",
        workspace::cargo("fmt").args(["--all", "--check"]),
    )?;
    // The newest headers come with the kernels, and tests read them. A mirror is waited for while
    // the processors compile.
    let fetching = if options.no_kernels {
        None
    } else {
        let fetch = ["kernels", "--fetch-only"];
        Some(Beside::begin("kernels and headers", &fetch)?)
    };
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
    // With all targets dependencies have the features that they have in `cargo test`, which then
    // builds nothing anew.
    clean(
        "build",
        workspace::cargo("build").args(["--workspace", "--all-targets"]),
    )?;
    // The wrapper alone must build from its own small tree.
    clean(
        "the wrapper without the workbench",
        workspace::cargo("check").args(["--package=ringfence-cli", "--no-default-features"]),
    )?;

    // Tests install both. Each is linked by one processor for the most part, while mdBook is compiled.
    let packing = Beside::begin("package", &["package"])?;
    let wheel = Beside::begin("the Python package, built", &["python", "--no-tests"])?;
    let first_page = step("book", book::build)?;
    println!("{}", first_page.display());
    packing.end()?;
    installs()?;
    step("supply", supply::check)?;
    wheel.end()?;
    if let Some(fetching) = fetching {
        fetching.end()?;
    }

    let mut counts = vec![tests(
        "tests",
        workspace::cargo("test").args(["--workspace", "--no-fail-fast"]),
    )?];
    counts.push(many_starts()?);
    if rustix::process::geteuid().is_root() {
        counts.extend(tests_as_nobody()?);
    }
    counts.extend(python::test()?);
    let mut kernels_well = true;
    if !options.no_kernels {
        let wanted = kernels::Options::default();
        let summary = step("kernels", || kernels::run(&wanted))?;
        print!("{summary}");
        kernels_well = summary.acceptable(&wanted);
        counts.push(summary.counts());
    }
    let counts: Counts = counts.into_iter().sum();
    Ok((counts, counts.failed == 0 && kernels_well))
}

/// The executables install from the sources. With the flags of the package's, which are compiled already.
fn installs() -> Result<()> {
    let place = tempfile::tempdir().context("a directory to install into")?;
    clean("cargo install", &mut artifacts::install(place.path())?)?;
    for name in ["landlock-runner", "ringfence"] {
        tool::output(Command::new(place.path().join("bin").join(name)).arg("--version"))?;
    }
    Ok(())
}

/// Runs what checks something; what is not clean is an error.
pub fn clean(what: &str, command: &mut Command) -> Result<()> {
    step(what, || {
        let status = command
            .status()
            .with_context(|| format!("{what}: could not be started"))?;
        ensure!(status.success(), "{what}: not clean, see above");
        Ok(())
    })
}

/// A hundred thousand jobs, with no other test beside them: what they leave behind in the kernel is told by the
/// memory of the whole machine. A minute on two processors.
fn many_starts() -> Result<Counts> {
    let test = artifacts::native_test("jobs")?;
    let mut command = Command::new(&test.path);
    command
        .args(["--exact", "leaks::many_starts_leave_nothing_behind"])
        .env("RINGFENCE_STARTS", "100000");
    tests("a hundred thousand starts", &mut command)
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
        "explain",
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
pub fn tests(what: &str, command: &mut Command) -> Result<Counts> {
    step(what, || {
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{what}: could not be started"))?;
        let stdout = child.stdout.take().context("the output is a pipe")?;
        let mut counts = Counts::default();
        let mut failures = Failures::default();
        for line in BufReader::new(stdout).lines() {
            let line = line.with_context(|| format!("{what}: unreadable output"))?;
            println!("{line}");
            failures.line(what, &line);
            if let Some(executable) = Counts::read(&line) {
                counts = [counts, executable].into_iter().sum();
            }
        }
        failures.end();
        let status = child.wait()?;
        if !status.success() && counts.failed == 0 {
            bail!("{what}: ended with {status} although no test failed");
        }
        Ok(counts)
    })
}
