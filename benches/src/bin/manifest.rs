//! What reading a manifest adds to a start: the same lines as a manifest and as prepared data, each
//! made into a sandbox and enforced, in turns, every round on a thread of its own.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ringfence::{Kernel, Plan, Policy};
use ringfence_manifest::{Manifest, Variables};

const ROUNDS: usize = 31;
const LINES: [usize; 4] = [100, 1_000, 10_000, 20_000];
/// What 10,000 lines may cost in a manifest, as a multiple of prepared data.
const MOST: f64 = 1.5;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("manifest: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, Failure> {
    let directory = tempfile::tempdir()?;
    let root = directory.path().canonicalize()?;
    let files: Vec<PathBuf> = (0..LINES[LINES.len() - 1])
        .map(|number| root.join(format!("file-{number}")))
        .collect();
    for file in &files {
        std::fs::write(file, "")?;
    }
    let mut met = true;
    println!("lines    prepared data   manifest   again   ratio   ratio again");
    for count in LINES {
        let policy = policy(&files[..count])?;
        let manifest = root.join("policy.yaml");
        std::fs::write(&manifest, text(&files[..count])?)?;

        let mut times = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            times[0].push(enforced(&|| Ok(policy.clone()))?);
            times[1].push(enforced(&|| read(&manifest))?);
            times[2].push(enforced(&|| Ok(policy.clone()))?);
        }
        let [prepared, read, again] = times.map(median);
        let ratio = read.as_secs_f64() / prepared.as_secs_f64();
        let control = again.as_secs_f64() / prepared.as_secs_f64();
        println!(
            "{count:>6}  {prepared:>13.2?}  {read:>9.2?}  {again:>9.2?}  {ratio:>5.2}  {control:>5.2}"
        );
        met &= count != 10_000 || ratio <= MOST;
    }
    println!(
        "target: at most {MOST} at 10,000 lines: {}",
        if met { "met" } else { "missed" }
    );
    Ok(ExitCode::from(u8::from(!met)))
}

fn policy(files: &[PathBuf]) -> Result<Policy, Failure> {
    let policy = files
        .iter()
        .fold(Policy::builder(), ringfence::PolicyBuilder::ro);
    Ok(policy.build()?)
}

fn text(files: &[PathBuf]) -> Result<String, Failure> {
    let mut text = String::from("version: 1\nro:\n");
    for file in files {
        writeln!(text, "  - {}", file.display())?;
    }
    Ok(text)
}

fn read(manifest: &Path) -> Result<Policy, Failure> {
    let (manifest, _) =
        Manifest::read(manifest, &Variables::default()).map_err(|faults| faults.to_string())?;
    Ok(manifest.policy)
}

/// The time from a policy's source to a restricted thread.
fn enforced(policy: &(dyn Fn() -> Result<Policy, Failure> + Sync)) -> Result<Duration, Failure> {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let start = Instant::now();
            let plan = Plan::new(policy()?, Kernel::probe_abi());
            plan.prepare()?.enforce_this_thread()?;
            Ok(start.elapsed())
        });
        worker.join().map_err(|_| "the thread panicked")?
    })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
