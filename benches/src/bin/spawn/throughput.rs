//! Starts per second, from several threads at once and from tokio.

use std::future::Future;
use std::time::Instant;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::ways::{Failure, Ways, plain, require};

/// How many a rate is taken of.
const STARTS: u32 = 512;

/// How many jobs are under way at a time under tokio.
const IN_FLIGHT: u32 = 64;

const ROUNDS: usize = 9;

const LEAST: f64 = 0.95;

/// Prints a line for each number of threads, and for tokio; whether the target is met everywhere.
pub fn measure(ways: &'static Ways, threads: &[u32]) -> Result<bool, Failure> {
    println!("\nstarts per second  posix_spawn   Landlock  ratio   and the filter  ratio");
    let mut met = true;
    for &threads in threads {
        let rates = in_turns([
            &|| from_threads(threads, || require(plain().status()?.success())),
            &|| from_threads(threads, || require(ways.landlock().status()?.success())),
            &|| from_threads(threads, || require(ways.filtered().status()?.success())),
        ])?;
        met &= told(&format!("{threads} threads"), rates);
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    // The same way to wait: tokio's own has a descriptor of the process as well.
    let plain = || async {
        let status = tokio::process::Command::from(plain()).status().await?;
        require(status.success())
    };
    let landlock = move || async { require(ways.landlock().status_async().await?.success()) };
    let filtered = move || async { require(ways.filtered().status_async().await?.success()) };
    let rates = in_turns([
        &|| from_tokio(&runtime, plain),
        &|| from_tokio(&runtime, landlock),
        &|| from_tokio(&runtime, filtered),
    ])?;
    met &= told(&format!("tokio, {IN_FLIGHT} tasks"), rates);
    println!(
        "Landlock, at least {LEAST} × posix_spawn's: {}",
        if met { "met" } else { "missed" }
    );
    Ok(met)
}

fn told(name: &str, [plain, landlock, filtered]: [f64; 3]) -> bool {
    println!(
        "{name:17}  {plain:11.0}   {landlock:8.0}  {:5.3}   {filtered:14.0}  {:5.3}",
        landlock / plain,
        filtered / plain
    );
    landlock / plain >= LEAST
}

/// The best rate of each, which others on the machine disturbed least.
fn in_turns(rates: [&dyn Fn() -> Result<f64, Failure>; 3]) -> Result<[f64; 3], Failure> {
    let mut best = [0.0; 3];
    for _ in 0..ROUNDS {
        for (best, rate) in best.iter_mut().zip(rates) {
            *best = f64::max(*best, rate()?);
        }
    }
    Ok(best)
}

fn from_threads(
    threads: u32,
    start: impl Fn() -> Result<(), Failure> + Sync,
) -> Result<f64, Failure> {
    let (start, each) = (&start, STARTS / threads);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(move || (0..each).try_for_each(|_| start())))
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| "a thread panicked")?)
    })?;
    Ok(f64::from(STARTS) / begun.elapsed().as_secs_f64())
}

fn from_tokio<F>(
    runtime: &Runtime,
    start: impl Fn() -> F + Copy + Send + 'static,
) -> Result<f64, Failure>
where
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let begun = Instant::now();
    runtime.block_on(async {
        let mut tasks = JoinSet::<Result<(), Failure>>::new();
        for _ in 0..IN_FLIGHT {
            tasks.spawn(async move {
                for _ in 0..STARTS / IN_FLIGHT {
                    start().await?;
                }
                Ok(())
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        Ok::<_, Failure>(())
    })?;
    Ok(f64::from(STARTS) / begun.elapsed().as_secs_f64())
}
