//! Whether many starts leave anything behind, in this process or in the kernel.

use std::error::Error;
use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{WaitId, WaitIdOptions, waitid};

/// What fails here, from any thread.
pub type Failure = Box<dyn Error + Send + Sync>;

/// How many threads start at a time.
const WORKERS: u64 = 4;

/// Starts before the first look, by which whatever is made once has been made.
const WARM_UP: u64 = 100;

/// How much more memory of its own a process may hold afterwards.
const OWN_KIB: u64 = 4 << 10;

/// How much more the kernel may hold, of the whole machine, where others work as well. The smallest thing that
/// a start could leave there unseen, a ruleset of nine lines, takes some 0.9 KiB (Linux 6.18): a hundred
/// thousand of them are more than this. A domain, a filter or a process takes more.
const KERNEL_KIB: u64 = 64 << 10;

/// How long to wait for what the kernel frees later.
const LATER: Duration = Duration::from_secs(20);

/// What was held before and after.
#[derive(Debug)]
pub struct Account {
    starts: u64,
    took: Duration,
    before: Held,
    after: Held,
}

/// Calls `start` this often, from several threads at once.
///
/// # Errors
/// The first start that fails, or a file of `/proc` that cannot be read.
pub fn account(
    starts: u64,
    start: impl Fn() -> Result<(), Failure> + Sync,
) -> Result<Account, Failure> {
    repeat(WARM_UP, &start)?;
    let before = Held::now()?;
    let begun = Instant::now();
    repeat(starts, &start)?;
    let took = begun.elapsed();
    let mut account = Account {
        starts,
        took,
        after: Held::now()?,
        before,
    };
    while account.kernel_has_grown() && begun.elapsed() < took + LATER {
        std::thread::sleep(Duration::from_millis(200));
        account.after = Held::now()?;
    }
    Ok(account)
}

fn repeat(starts: u64, start: &(impl Fn() -> Result<(), Failure> + Sync)) -> Result<(), Failure> {
    std::thread::scope(|scope| {
        let share = |worker| starts / WORKERS + u64::from(worker < starts % WORKERS);
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| scope.spawn(move || (0..share(worker)).try_for_each(|_| start())))
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| "a thread panicked")?)
    })
}

impl Account {
    /// What was left behind; nothing as a rule.
    pub fn left(&self) -> Vec<&'static str> {
        let Self { before, after, .. } = self;
        let own = after.resident_kib > before.resident_kib + OWN_KIB;
        [
            (after.descriptors > before.descriptors, "descriptors"),
            (after.mappings > before.mappings + 8, "memory mappings"),
            (own, "memory of this process"),
            (after.has_children, "processes"),
            (self.kernel_has_grown(), "memory of the kernel"),
        ]
        .into_iter()
        .filter_map(|(is_left, what)| is_left.then_some(what))
        .collect()
    }

    fn kernel_has_grown(&self) -> bool {
        self.after.kernel_kib > self.before.kernel_kib + KERNEL_KIB
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} starts in {:.0?}", self.starts, self.took)?;
        write!(f, "before: {}\nafter:  {}", self.before, self.after)
    }
}

/// What this process holds, and the kernel.
#[derive(Debug)]
struct Held {
    descriptors: usize,
    mappings: usize,
    resident_kib: u64,
    /// Zombies included.
    has_children: bool,
    /// Memory of the kernel's own objects on the whole machine.
    kernel_kib: u64,
}

impl Held {
    fn now() -> Result<Self, Failure> {
        let any = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let children = waitid(WaitId::All, any);
        let memory = fs::read_to_string("/proc/meminfo")?;
        // Objects, stacks, tables, and what filters are compiled into.
        let kernel = ["SUnreclaim:", "KernelStack:", "PageTables:", "VmallocUsed:"];
        Ok(Self {
            descriptors: fs::read_dir("/proc/self/fd")?.count(),
            mappings: fs::read_to_string("/proc/self/maps")?.lines().count(),
            resident_kib: kib(&fs::read_to_string("/proc/self/status")?, "VmRSS:")?,
            has_children: !matches!(children, Err(Errno::CHILD)),
            kernel_kib: kernel
                .into_iter()
                .map(|key| kib(&memory, key))
                .sum::<Result<_, _>>()?,
        })
    }
}

fn kib(text: &str, key: &str) -> Result<u64, Failure> {
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no such line")?.parse()?)
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} descriptors, {} mappings, {} KiB, {}, {} KiB of the kernel's",
            self.descriptors,
            self.mappings,
            self.resident_kib,
            if self.has_children {
                "children"
            } else {
                "no children"
            },
            self.kernel_kib
        )
    }
}
