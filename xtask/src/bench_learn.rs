//! `cargo xtask bench-learn`: what watching a program costs, against the plain run and against strace.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::{artifacts, workspace};

/// What `cargo xtask bench-learn` takes.
#[derive(clap::Args)]
pub struct Options {
    /// How often each way is measured; the ways take turns
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// A job, as a script.
const JOBS: &[(&str, &str)] = &[
    ("`find /usr`", "find /usr"),
    (
        "12 times `gcc -c`",
        "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do gcc -c -o a.o a.c; done",
    ),
];
const SOURCE: &str =
    "#include <stdio.h>\n#include <stdlib.h>\nint main(void) { return puts(\"x\"); }\n";
const STRACE: &[&str] = &[
    "strace",
    "-f",
    "-qq",
    "-o",
    "log",
    "-e",
    "trace=file,network,process",
];

/// Measures, and prints a table as docs/learn.md has it.
pub fn run(options: &Options) -> Result<ExitCode> {
    let executables = artifacts::release()?;
    let ringfence = executables
        .into_iter()
        .find(|executable| executable.name == "ringfence")
        .context("the build made no ringfence")?
        .path
        .into_os_string();
    let folder = workspace::target()?.join("bench-learn");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    fs::write(folder.join("a.c"), SOURCE).context("the source cannot be written")?;

    let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    let learn = |flags: &[&str]| {
        let mut command = vec![ringfence.clone()];
        command.extend(words(&["learn", "-o", "policy.yaml"]));
        command.extend(words(flags));
        command.push("--".into());
        command
    };
    let mut by_filter = words(STRACE);
    by_filter.push("--seccomp-bpf".into());
    let ways = [
        ("alone", Vec::new()),
        ("`learn`", learn(&[])),
        ("`learn --syscalls`", learn(&["--syscalls"])),
        ("`strace -f -e trace=file,network,process`", words(STRACE)),
        ("the same with `--seccomp-bpf`", by_filter),
    ];
    let names: Vec<_> = ways.iter().map(|(name, _)| *name).collect();
    println!("| job | {} |", names.join(" | "));
    println!("| --- |{}", " --- |".repeat(ways.len()));
    for (job, script) in JOBS {
        let mut times = vec![Vec::new(); ways.len()];
        for round in 0..=options.rounds {
            for ((_, before), times) in ways.iter().zip(&mut times) {
                let time = time(before, script, &folder)?;
                // The first round fills the caches.
                if round > 0 {
                    times.push(time);
                }
            }
        }
        let medians = times.into_iter().map(|mut times| {
            times.sort_unstable();
            let middle = times.get(times.len() / 2).copied().unwrap_or_default();
            format!("{}", middle.as_millis())
        });
        println!("| {job} | {} |", medians.collect::<Vec<_>>().join(" | "));
    }
    Ok(ExitCode::SUCCESS)
}

fn time(before: &[OsString], script: &str, folder: &Path) -> Result<Duration> {
    let mut words = before.to_vec();
    words.extend(["sh", "-c", script].map(OsString::from));
    let mut words = words.into_iter();
    let program = words.next().unwrap_or_default();
    let mut command = Command::new(&program);
    command
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let start = Instant::now();
    let status = command
        .status()
        .with_context(|| format!("{} could not be started", program.display()))?;
    ensure!(status.success(), "{} ends with {status}", program.display());
    Ok(start.elapsed())
}
