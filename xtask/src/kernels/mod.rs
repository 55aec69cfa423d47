//! The tests on real kernels: fetched from Debian, booted in QEMU, each on its own.

mod apt;
mod catalog;
mod console;
mod cpio;
mod fetch;
mod initramfs;
mod qemu;
mod summary;
mod transcript;
mod version;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result};

use crate::processor::Processor;
use crate::{artifacts, workspace};
pub use console::{Console, all as consoles};
use fetch::Archive;
use qemu::Machine;
pub use summary::{Kernel, Outcome, Summary};

const DEFAULT_JOBS: usize = 2;
/// Lines of the console that a failure shows.
const TAIL: usize = 40;

/// What `cargo xtask kernels` takes.
#[derive(clap::Args, Default)]
pub struct Options {
    /// Only these kernels, such as 6.12,7.2
    #[arg(long, value_name = "SERIES", value_delimiter = ',')]
    pub only: Vec<String>,
    /// For this processor; another than this machine's is emulated with its whole machine
    #[arg(long, value_enum, value_name = "NAME", default_value_t)]
    pub processor: Processor,
    /// Fail if a kernel could not be had
    #[arg(long)]
    pub require_all: bool,
    /// Fetch the kernels and the newest headers, boot nothing
    #[arg(long)]
    pub fetch_only: bool,
    /// Look for newer versions of the kernels that are already here
    #[arg(long)]
    pub update: bool,
    /// How many machines at a time
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Run this static executable in place of the tests
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,
    /// Arguments for the tests; everything after this is theirs
    #[arg(long, value_name = "ARGS", num_args = 1.., allow_hyphen_values = true)]
    pub test_args: Vec<String>,
}

/// A kernel to boot.
#[derive(Clone)]
struct Candidate {
    name: String,
    landlock: bool,
    /// The ABI that it must answer.
    abi: u32,
    with_threads: bool,
    /// The file to boot, or why there is none.
    image: Result<PathBuf, String>,
}

/// Fetches, boots and tests. An error is ours; what becomes of a kernel is in the summary.
pub fn run(options: &Options) -> Result<Summary> {
    let cache = workspace::cache().join("kernels");
    let logs = console::folder();
    fs::create_dir_all(&logs).with_context(|| format!("{} cannot be made", logs.display()))?;
    let candidates = fetch(options, &cache)?;
    if options.fetch_only {
        return Ok(without_boot(candidates, &Outcome::Fetched));
    }
    let ready = qemu::ensure_installed(options.processor);
    if let Err(error) = ready.and_then(|()| options.processor.ensure_compilers()) {
        return Ok(without_boot(
            candidates,
            &Outcome::NotRun(format!("{error:#}")),
        ));
    }
    let initramfs = cache.join(format!("initramfs-{}.cpio", options.processor.name()));
    if candidates.iter().any(|candidate| candidate.image.is_ok()) {
        eprintln!("building what runs inside");
        initramfs::write(options, &initramfs)?;
    }
    Ok(boot_all(options, candidates, &initramfs, &logs))
}

fn fetch(options: &Options, cache: &Path) -> Result<Vec<Candidate>> {
    let archive = Archive::new(cache.into(), options.processor, options.update);
    let mut candidates = Vec::new();
    for series in catalog::select(&options.only)? {
        let image = archive.kernel(series).map_err(|error| format!("{error:#}"));
        let name = match options.processor {
            Processor::X86_64 => series.name.to_owned(),
            Processor::Aarch64 => format!("{} (aarch64)", series.name),
        };
        let usual = Candidate {
            name,
            landlock: true,
            abi: series.abi,
            with_threads: series.with_threads,
            image,
        };
        candidates.push(usual.clone());
        if series.also_without_landlock {
            let name = console::without_landlock(&usual.name);
            candidates.push(Candidate {
                name,
                landlock: false,
                abi: 0,
                with_threads: false,
                ..usual
            });
        }
    }
    match archive.headers() {
        Ok(headers) => eprintln!("headers: {}", headers.display()),
        Err(error) => eprintln!("headers: not fetched, {error:#}"),
    }
    Ok(candidates)
}

/// The folder of the newest kernel headers, fetched if there is none.
pub fn headers() -> Result<PathBuf> {
    let cache = workspace::cache().join("kernels");
    Archive::new(cache, Processor::default(), false).headers()
}

fn without_boot(candidates: Vec<Candidate>, had: &Outcome) -> Summary {
    let outcome = |image| match image {
        Ok(_) => had.clone(),
        Err(reason) => Outcome::NotRun(reason),
    };
    let kernel = |Candidate { name, image, .. }| Kernel {
        name,
        outcome: outcome(image),
    };
    Summary {
        kernels: candidates.into_iter().map(kernel).collect(),
    }
}

fn boot_all(
    options: &Options,
    candidates: Vec<Candidate>,
    initramfs: &Path,
    logs: &Path,
) -> Summary {
    let queue = Mutex::new(candidates.into_iter().enumerate());
    let next = || {
        queue
            .lock()
            .expect("no worker panics while it takes the next kernel")
            .next()
    };
    let kernels = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..options.jobs.unwrap_or(DEFAULT_JOBS) {
            scope.spawn(|| {
                while let Some((place, candidate)) = next() {
                    let name = candidate.name.clone();
                    let outcome = match &candidate.image {
                        Ok(image) => boot(options, &candidate, image, initramfs, logs),
                        Err(reason) => Outcome::NotRun(reason.clone()),
                    };
                    let kernel = Kernel { name, outcome };
                    kernels
                        .lock()
                        .expect("no worker panics while it reports")
                        .insert(place, kernel);
                }
            });
        }
    });
    let kernels = kernels
        .into_inner()
        .expect("no worker panics while it reports");
    Summary {
        kernels: kernels.into_values().collect(),
    }
}

fn boot(
    options: &Options,
    candidate: &Candidate,
    kernel: &Path,
    initramfs: &Path,
    logs: &Path,
) -> Outcome {
    let name = &candidate.name;
    eprintln!("{name}: booting {}", fetch::name(kernel));
    let console = console::path(logs, name);
    let machine = Machine {
        kernel: kernel.into(),
        initramfs: initramfs.into(),
        console,
        processor: options.processor,
        landlock: candidate.landlock,
        also: (candidate.with_threads && options.program.is_none()).then_some(artifacts::THREADS),
    };
    let ran = machine.run().and_then(|boot| {
        // Emulated processors lose a race now and then while a kernel patches its own code. What the
        // tests provoke happens again.
        if !transcript::panicked(&boot.console) {
            return Ok(boot);
        }
        eprintln!(
            "{name}: the kernel panicked, once more\n{}",
            tail(&boot.console)
        );
        machine.run()
    });
    let outcome = match ran {
        Ok(boot) => {
            let outcome = Outcome::of(&boot, options.program.is_none().then_some(candidate.abi));
            if outcome.failed() {
                eprintln!("{name}: the console ends with\n{}", tail(&boot.console));
                for failure in transcript::failures(name, &boot.console) {
                    eprint!("{failure}");
                }
            }
            outcome
        }
        Err(error) => Outcome::Broke(format!("{error:#}")),
    };
    let end = if outcome.failed() { "failed" } else { "well" };
    eprintln!("{name}: {end}, console in {}", machine.console.display());
    outcome
}

fn tail(console: &str) -> String {
    let lines: Vec<&str> = console
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(TAIL)..]
        .iter()
        .flat_map(|line| ["    ", line, "\n"])
        .collect()
}
