//! The time of one start and end, by the size of the process that starts.

use std::time::{Duration, Instant};

use crate::ways::{Failure, PROGRAM, Ways, forked, plain, require};

/// What a start may cost in terms of `posix_spawn`, and how far sizes may be apart.
const MOST: f64 = 1.06;
const MOST_APART: f64 = 0.05;

type Start<'w> = Box<dyn Fn() -> Result<(), Failure> + 'w>;

const PLAIN: usize = 0;
const LANDLOCK: usize = 2;
const FORK: usize = 6;

fn all(ways: &Ways) -> [(&'static str, Start<'_>); 7] {
    let unsandboxed = || require(plain().status()?.success());
    [
        ("posix_spawn", Box::new(unsandboxed)),
        ("posix_spawn again", Box::new(unsandboxed)),
        (
            "Landlock",
            Box::new(|| require(ways.landlock().status()?.success())),
        ),
        (
            "and in its group",
            Box::new(|| require(ways.grouped().status()?.success())),
        ),
        (
            "and the filter",
            Box::new(|| require(ways.filtered().status()?.success())),
        ),
        ("and a line of its own", Box::new(|| ways.own_line())),
        ("fork", Box::new(|| require(forked().status()?.success()))),
    ]
}

/// Prints the median of each way, from a process of each size in MiB; whether the targets are met.
pub fn measure(ways: &Ways, rounds: usize, sizes: &[usize]) -> Result<bool, Failure> {
    let ways = all(ways);
    let mut medians = Vec::new();
    for &size in sizes {
        let memory = resident(size);
        let mut times = vec![Vec::new(); ways.len()];
        let mut take = |index: usize| -> Result<(), Failure> {
            let begun = Instant::now();
            ways[index].1()?;
            times[index].push(begun.elapsed());
            Ok(())
        };
        for _ in 0..rounds {
            (0..FORK).try_for_each(&mut take)?;
        }
        // In rounds of its own, since whatever comes after it finds no page of this process ready. From a large one
        // it takes so long that fewer have to do.
        let forks = if size > 100 { 10 } else { rounds };
        (0..forks).try_for_each(|_| take(FORK))?;
        drop(memory);
        medians.push(times.into_iter().map(median).collect::<Vec<_>>());
    }
    print!("\nstart and end of {PROGRAM}, µs");
    for size in sizes {
        print!("  {:>8}  ratio", format!("{size} MiB"));
    }
    println!();
    for (index, (name, _)) in ways.iter().enumerate() {
        print!("{name:30}");
        for times in &medians {
            let ratio = times[index].as_secs_f64() / times[PLAIN].as_secs_f64();
            print!("  {:>8}  {ratio:5.3}", times[index].as_micros());
        }
        println!();
    }
    Ok(judged(&medians))
}

fn judged(medians: &[Vec<Duration>]) -> bool {
    let seconds = |times: &Vec<Duration>| times[LANDLOCK].as_secs_f64();
    let ratios = medians
        .iter()
        .map(|times| seconds(times) / times[PLAIN].as_secs_f64());
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

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
