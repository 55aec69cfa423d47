//! What a sandbox adds to the start of a program, from processes of several sizes and from many threads
//! at once; and whether a million starts leave anything behind.
//!
//! Every way is taken once in each round, so that all meet the same machine.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use lexopt::{Arg, Parser, ValueExt as _};
use ringfence::{Kernel, Policy, PolicyBuilder, Sandbox, Template};

/// What is started: as little as a program can do.
const PROGRAM: &str = "/bin/true";

/// What a start may cost in terms of `posix_spawn`, and how far sizes may be apart.
const MOST: f64 = 1.06;
const MOST_APART: f64 = 0.05;
const LEAST_THROUGHPUT: f64 = 0.95;

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Options {
    rounds: usize,
    /// Sizes of this process, in MiB.
    sizes: Vec<usize>,
    threads: Vec<usize>,
    /// How many starts to make in order to see what they leave behind.
    leak: Option<u64>,
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("spawn: {error}");
            ExitCode::from(2)
        }
    }
}

fn options() -> Result<Options, Failure> {
    let mut options = Options {
        rounds: 301,
        sizes: vec![10, 1024, 4096],
        threads: vec![1, 2, 8, 64],
        leak: None,
    };
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("rounds") => options.rounds = parser.value()?.parse()?,
            Arg::Long("leak") => options.leak = Some(parser.value()?.parse()?),
            Arg::Long("size") => options.sizes = vec![parser.value()?.parse()?],
            argument => return Err(argument.unexpected().into()),
        }
    }
    Ok(options)
}

fn run(options: &Options) -> Result<ExitCode, Failure> {
    let ways = Ways::new()?;
    if let Some(count) = options.leak {
        return leak(&ways, count);
    }
    let starts = starts(&ways, options)?;
    let throughput = throughput(&ways, options)?;
    let met = starts && throughput;
    Ok(ExitCode::from(u8::from(!met)))
}

/// The sandboxes that are compared.
struct Ways {
    /// Nine rules of Landlock and nothing else.
    landlock: Sandbox,
    /// The same with the filter of system calls, as it is by default.
    filtered: Template,
}

/// Nine lines, eight about paths and one about a port.
fn policy() -> PolicyBuilder {
    [
        "/usr",
        "/lib",
        "/lib64",
        "/bin",
        "/etc/ssl",
        "/etc/passwd",
        "/etc/hosts",
    ]
    .into_iter()
    .fold(Policy::builder().rw("/tmp"), PolicyBuilder::ro)
    .connect_tcp(443)
}

impl Ways {
    fn new() -> Result<Self, Failure> {
        let alone = policy().unrestricted_syscalls().build()?;
        let plan = ringfence::Plan::new(alone, Kernel::probe());
        Ok(Self {
            landlock: plan.prepare()?,
            filtered: Template::new(policy().build()?, Kernel::probe())?,
        })
    }

    fn all(&self) -> [(&'static str, Way<'_>); 7] {
        let sandboxed = |sandbox: &Sandbox, may_leave: bool| -> Result<(), Failure> {
            let mut command = sandbox.command(PROGRAM);
            let ended = command.env_clear().may_leave_group(may_leave).status()?;
            require(ended.success())
        };
        [
            ("posix_spawn", Box::new(plain)),
            ("posix_spawn again", Box::new(plain)),
            (
                "Landlock",
                Box::new(move || sandboxed(&self.landlock, true)),
            ),
            (
                "and in its group",
                Box::new(move || sandboxed(&self.landlock, false)),
            ),
            (
                "and the filter",
                Box::new(move || sandboxed(self.filtered.sandbox(), false)),
            ),
            (
                "and a line of its own",
                Box::new(move || sandboxed(&self.filtered.with_rw("/var/tmp")?, false)),
            ),
            ("fork", Box::new(forked)),
        ]
    }
}

type Way<'w> = Box<dyn Fn() -> Result<(), Failure> + Sync + 'w>;

fn plain() -> Result<(), Failure> {
    require(Command::new(PROGRAM).env_clear().status()?.success())
}

/// What std does for a command that changes its user, or has `pre_exec`.
fn forked() -> Result<(), Failure> {
    let user = rustix::process::geteuid().as_raw();
    let mut command = Command::new(PROGRAM);
    require(command.env_clear().uid(user).status()?.success())
}

fn require(success: bool) -> Result<(), Failure> {
    if success {
        Ok(())
    } else {
        Err(format!("{PROGRAM} did not succeed").into())
    }
}

/// The time of a start and an end, by the size of this process.
fn starts(ways: &Ways, options: &Options) -> Result<bool, Failure> {
    let ways = ways.all();
    let mut medians = Vec::new();
    for &size in &options.sizes {
        let memory = resident(size);
        // A fork of a large process takes so long that fewer of them have to do.
        let forks = if size > 100 { 10 } else { options.rounds };
        let mut times = vec![Vec::new(); ways.len()];
        for round in 0..options.rounds {
            for (index, (name, way)) in ways.iter().enumerate() {
                if *name == "fork" && round >= forks {
                    continue;
                }
                let start = Instant::now();
                way()?;
                times[index].push(start.elapsed());
            }
        }
        drop(memory);
        medians.push(times.into_iter().map(median).collect::<Vec<_>>());
    }
    print!("\nstart and end of {PROGRAM}, µs");
    for size in &options.sizes {
        print!("  {:>8}  ratio", format!("{size} MiB"));
    }
    println!();
    for (index, (name, _)) in ways.iter().enumerate() {
        print!("{name:30}");
        for times in &medians {
            let ratio = times[index].as_secs_f64() / times[0].as_secs_f64();
            print!("  {:>8}  {ratio:5.3}", times[index].as_micros());
        }
        println!();
    }
    Ok(judged(&medians))
}

fn judged(medians: &[Vec<Duration>]) -> bool {
    /// The index of Landlock alone.
    const LANDLOCK: usize = 2;

    let seconds = |times: &Vec<Duration>| times[LANDLOCK].as_secs_f64();
    let ratios = medians
        .iter()
        .map(|times| seconds(times) / times[0].as_secs_f64());
    let worst = ratios.fold(0.0, f64::max);
    let least = medians.iter().map(seconds).fold(f64::MAX, f64::min);
    let most = medians.iter().map(seconds).fold(0.0, f64::max);
    let apart = most / least - 1.0;
    println!(
        "Landlock, at most {MOST} × posix_spawn: {worst:.3}; sizes at most {:.0} % apart: {:.1} %",
        MOST_APART * 100.0,
        apart * 100.0
    );
    worst <= MOST && apart <= MOST_APART
}

/// Memory of this size, every page of it in use.
fn resident(mebibytes: usize) -> Vec<u8> {
    let mut memory = vec![0; mebibytes << 20];
    for page in memory.chunks_mut(4096) {
        page[0] = 1;
    }
    memory
}

/// Starts per second from several threads at once, and from tokio.
fn throughput(ways: &Ways, options: &Options) -> Result<bool, Failure> {
    let ways = ways.all();
    println!(
        "\nstarts per second            posix_spawn   Landlock  ratio   and the filter  ratio"
    );
    let mut met = true;
    for &threads in &options.threads {
        let mut rates = [0.0; 3];
        // In turns, and the best of each, which others on the machine disturbed least.
        for _ in 0..5 {
            for (rate, index) in rates.iter_mut().zip([0, 2, 4]) {
                *rate = f64::max(*rate, rate_of(&ways[index].1, threads)?);
            }
        }
        let [plain, landlock, filtered] = rates;
        println!(
            "{threads:3} threads                  {plain:11.0}   {landlock:8.0}  {:5.3}   {filtered:14.0}  {:5.3}",
            landlock / plain,
            filtered / plain
        );
        met &= landlock / plain >= LEAST_THROUGHPUT;
    }
    println!(
        "Landlock, at least {LEAST_THROUGHPUT} × posix_spawn's: {}",
        if met { "met" } else { "missed" }
    );
    Ok(met)
}

fn rate_of(way: &Way<'_>, threads: usize) -> Result<f64, Failure> {
    const STARTS: u32 = 512;

    let each = STARTS / u32::try_from(threads)?;
    let start = Instant::now();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(move || (0..each).try_for_each(|_| way())))
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| "a thread panicked")?)
    })?;
    Ok(f64::from(STARTS) / start.elapsed().as_secs_f64())
}

/// Many starts, and what of this process and of the kernel is left of them.
fn leak(ways: &Ways, count: u64) -> Result<ExitCode, Failure> {
    let workers = 4;
    let each = count / workers;
    let spawn = |times: u64| -> Result<(), Failure> {
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..workers)
                .map(|_| {
                    scope.spawn(move || -> Result<(), Failure> {
                        for _ in 0..times {
                            let sandbox = ways.filtered.with_rw("/var/tmp")?;
                            let mut command = sandbox.command(PROGRAM);
                            require(command.env_clear().status()?.success())?;
                        }
                        Ok(())
                    })
                })
                .collect();
            workers
                .into_iter()
                .try_for_each(|worker| worker.join().map_err(|_| "a thread panicked")?)
        })
    };
    spawn(500)?;
    let before = Held::now()?;
    let start = Instant::now();
    spawn(each)?;
    println!("{} starts in {:.0?}", each * workers, start.elapsed());
    let after = Held::now()?;
    println!("before: {before}\nafter:  {after}");
    let grown = after.resident_kib.saturating_sub(before.resident_kib);
    let leaked = after.descriptors > before.descriptors || after.children > 0 || grown > 4096;
    Ok(ExitCode::from(u8::from(leaked)))
}

/// What this process holds.
struct Held {
    descriptors: usize,
    children: usize,
    resident_kib: u64,
    /// Memory of the kernel's own objects on the whole machine.
    slab_kib: u64,
}

impl Held {
    fn now() -> Result<Self, Failure> {
        let kib = |file: &str, key: &str| -> Result<u64, Failure> {
            let text = std::fs::read_to_string(file)?;
            let line = text.lines().find_map(|line| line.strip_prefix(key));
            let number = line.and_then(|line| line.split_whitespace().next());
            Ok(number.ok_or("no such line")?.parse()?)
        };
        let children = std::fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
        Ok(Self {
            descriptors: std::fs::read_dir("/proc/self/fd")?.count(),
            children: children.split_whitespace().count(),
            resident_kib: kib("/proc/self/status", "VmRSS:")?,
            slab_kib: kib("/proc/meminfo", "SUnreclaim:")?,
        })
    }
}

impl std::fmt::Display for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} descriptors, {} children, {} KiB resident, {} KiB of the kernel's objects",
            self.descriptors, self.children, self.resident_kib, self.slab_kib
        )
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
