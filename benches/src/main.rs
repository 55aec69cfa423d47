//! Measures `landlock-runner` against the least that can be done, in one interleaved run.
//!
//! Four subjects run the same command under the same policy: nothing at all, the floor (`floor.c`,
//! the fewest system calls), the peer (the crate `landlock`) and the wrapper. The floor runs twice
//! in each round: how far its ratio to itself is from 1 shows what a ratio here can tell.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use case::Case;
use error::Error;
use measure::{Bench, Outcome};
use options::Options;
use subject::Subject;
use verdict::Verdict;

mod case;
mod error;
mod filter;
mod measure;
mod options;
mod report;
mod stats;
mod subject;
mod tools;
mod verdict;

fn main() -> ExitCode {
    let measured = Options::parse().map_err(Error::from);
    match measured.and_then(|options| options.map(|options| run(&options)).transpose()) {
        Ok(None) => {
            print!("{}", options::HELP);
            ExitCode::SUCCESS
        }
        Ok(Some(code)) => code,
        Err(error) => {
            eprintln!("ringfence-benches: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<ExitCode, Error> {
    let scratch = tempfile::Builder::new()
        .prefix("ringfence-")
        .tempdir()
        .map_err(Error::io("make a temporary directory"))?;
    let root = canonical(scratch.path())?;
    let tools = root.join("tools");
    std::fs::create_dir(&tools).map_err(Error::io("make a temporary directory"))?;

    if options.filter {
        stay_on_this_processor();
        return filter::run(options, &root, &tools);
    }
    let all = Case::all(&root, &tools)?;
    let names = all
        .iter()
        .map(|case| &*case.name)
        .collect::<Vec<_>>()
        .join("; ");
    let cases: Vec<Case> = all
        .into_iter()
        .filter(|case| options.wants(&case.name))
        .collect();
    let most = cases
        .iter()
        .map(Case::paths)
        .max()
        .ok_or(Error::NoCase(names))?;

    let subjects = subjects(options, &tools::floor(&tools, most)?, &tools)?;
    let bench = Bench {
        scratch: &root,
        command: &canonical(Path::new("/bin/true"))?,
        peak: &tools::peak(&tools)?,
        subjects: &subjects,
    };
    stay_on_this_processor();

    let mut outcomes = Vec::new();
    for case in &cases {
        let rounds = if options.quick {
            case.rounds / 10
        } else {
            case.rounds
        };
        let outcome = bench.measure(case, rounds)?;
        if !options.json {
            println!("{}", report::table(&outcome));
        }
        outcomes.push(outcome);
    }
    let verdicts: Vec<Verdict> = outcomes.iter().flat_map(verdict::verdicts).collect();
    if options.json {
        print_json(&outcomes, &verdicts);
    } else {
        print_conditions(most);
        print!("{}", report::verdicts(&verdicts));
    }
    let missed = verdicts.iter().any(|verdict| verdict.met == Some(false));
    Ok(ExitCode::from(u8::from(options.check && missed)))
}

/// The plain command, the floor and its control come first, the others are held against them.
fn subjects(options: &Options, floor: &Path, into: &Path) -> Result<Vec<Subject>, Error> {
    let floor = tools::aged(floor, &into.join("floor-aged"))?;
    let peer = tools::aged(&tools::peer()?, &into.join("peer"))?;
    let mut subjects = vec![
        Subject::new("plain command", None, false),
        Subject::new("floor (C)", Some(floor.clone()), false),
        Subject::new("floor again", Some(floor), false),
        Subject::new("crate landlock", Some(peer), false),
    ];
    let runner = ("landlock-runner".to_owned(), options.runner.clone());
    let others = [&runner].into_iter().chain(&options.also);
    for (number, (name, path)) in others.enumerate() {
        if !path.exists() {
            return Err(Error::NoRunner(path.clone()));
        }
        let path = tools::aged(path, &into.join(format!("runner-{number}")))?;
        subjects.push(Subject::new(name, Some(path), true));
    }
    Ok(subjects)
}

/// Parent and child on one processor: waking up another costs more than all that is measured here.
fn stay_on_this_processor() {
    let mut here = rustix::thread::CpuSet::new();
    here.set(rustix::thread::sched_getcpu());
    // If the machine does not allow it, the figures are noisier, and the control shows it.
    let _ = rustix::thread::sched_setaffinity(None, &here);
}

fn print_conditions(paths: usize) {
    let descriptors = if tools::keeps_open(paths) {
        "keeps its descriptors open: the limit of open files allows it"
    } else {
        "closes each descriptor: the limit of open files (ulimit -n) is lower than the paths"
    };
    println!("The floor {descriptors}.");
    println!("Ratios are of the time added to the plain command, round by round.");
    if let Some(load) = load() {
        println!("Load average {load:.1}: above 1, trust processor time more than wall time.");
    }
    println!(
        "Peak memory is that of the wrapper alone: its command here needs none. The kernel counts"
    );
    println!("it in batches of 32 pages or more, so differences below 128 KiB mean little.\n");
}

/// How many processes wanted a processor in the last minute; this one is among them.
fn load() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next()?.parse().ok()
}

fn print_json(outcomes: &[Outcome], verdicts: &[Verdict]) {
    println!(
        "{:#}",
        serde_json::json!({ "cases": outcomes, "targets": verdicts })
    );
}

fn canonical(path: &Path) -> Result<PathBuf, Error> {
    path.canonicalize()
        .map_err(Error::io(format!("resolve {}", path.display())))
}
