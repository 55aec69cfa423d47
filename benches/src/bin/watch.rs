//! What watching adds to a job: `learn`, `run --explain` and `strace`, beside the job alone and under the same
//! policy unwatched, in turns.
//!
//! `watch RINGFENCE [ROUNDS [JOB]]`, with `strace`, `gcc` and `find` in PATH.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What strace is asked for.
const TRACE: &str = "trace=file,network,process";
/// What explaining may add, as a share of what strace does.
const MOST: f64 = 1.0 / 3.0;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("watch: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, Failure> {
    let mut arguments = std::env::args_os().skip(1);
    let ringfence = Path::new(&arguments.next().ok_or("which ringfence?")?).canonicalize()?;
    let rounds = match arguments.next() {
        Some(rounds) => rounds.to_str().ok_or("rounds are a number")?.parse()?,
        None => 5,
    };
    let only = arguments.next();
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("a.c"), SOURCE)?;
    let mut met = true;
    println!("job       way                       wall, ms   added, ms   of strace's");
    let wished = |name: &str| only.as_ref().is_none_or(|only| only == name);
    for (name, script) in JOBS.into_iter().filter(|(name, _)| wished(name)) {
        let mut times = vec![Vec::new(); WAYS.len()];
        for _ in 0..rounds {
            for (times, (_, words)) in times.iter_mut().zip(WAYS) {
                times.push(timed(&ringfence, folder.path(), words, script)?);
            }
        }
        let medians: Vec<_> = times.into_iter().map(median).collect();
        let added = |way: usize, beside: usize| {
            let [way, beside] = [way, beside].map(|at| medians[at].as_secs_f64());
            (way - beside) * 1000.0
        };
        for (at, (way, _)) in WAYS.iter().enumerate() {
            // What is explained runs enforced, and is held against the same unwatched.
            let beside = usize::from(at == EXPLAINED);
            let (more, share) = (added(at, beside), added(at, beside) / added(STRACE, 0));
            let wall = medians[at].as_secs_f64() * 1000.0;
            println!("{name:<8}  {way:<24}  {wall:>8.0}  {more:>10.0}  {share:>12.2}");
            met &= at != EXPLAINED || share <= MOST;
        }
    }
    println!(
        "target for run --explain: at most a third of strace: {}",
        if met { "met" } else { "missed" }
    );
    Ok(if met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

const SOURCE: &str =
    "#include <stdio.h>\n#include <stdlib.h>\nint main(void) { puts(\"x\"); return 0; }\n";

/// A job that opens some thousands of directories, and one that starts many programs.
const JOBS: [(&str, &str); 2] = [
    ("find", "find /usr -type d > /dev/null"),
    (
        "compile",
        "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do gcc -c -o a$i.o a.c; done",
    ),
];

const EXPLAINED: usize = 2;
const STRACE: usize = 5;

/// The ways of running a job, the job alone first and the same under the policy second.
const WAYS: [(&str, &[&str]); 7] = [
    ("alone", &[]),
    ("run", &["run"]),
    ("run --explain", &["run", "--explain"]),
    ("learn", &["learn", "-o", "/dev/null"]),
    (
        "learn --syscalls",
        &["learn", "--syscalls", "-o", "/dev/null"],
    ),
    ("strace -f", &["strace", "-f"]),
    (
        "strace -f --seccomp-bpf",
        &["strace", "-f", "--seccomp-bpf"],
    ),
];

fn timed(
    ringfence: &Path,
    folder: &Path,
    words: &[&str],
    script: &str,
) -> Result<Duration, Failure> {
    let mut command = match words {
        [] => Command::new("sh"),
        ["strace", flags @ ..] => {
            let mut command = Command::new("strace");
            command
                .args(flags)
                .args(["-o", "/dev/null", "-e", TRACE, "sh"]);
            command
        }
        words => {
            let mut command = Command::new(ringfence);
            command.args(words);
            if words[0] == "run" {
                command.args(["--log", "off", "--ro", "/", "--rw", "/tmp", "--rw"]);
                command.arg(folder).args(["--fs", "write=/dev/null"]);
            }
            command.args(["--", "sh"]);
            command
        }
    };
    command
        .args(["-ec", script])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    let start = Instant::now();
    let output = command.output()?;
    let took = start.elapsed();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {}\n{said}", output.status).into());
    }
    Ok(took)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
