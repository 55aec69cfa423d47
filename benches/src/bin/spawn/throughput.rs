//! Starts per second, from several threads at once and from tokio.

use std::future::Future;
use std::time::Instant;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::ways::{Failure, Ways, plain, require};

/// How many a rate is taken of.
const STARTS: u32 = 256;

/// How many jobs are under way at a time under tokio.
const IN_FLIGHT: u32 = 64;

const ROUNDS: usize = 31;

const LEAST: f64 = 0.95;

/// Prints a line for each number of threads, and for tokio; whether the target is met everywhere.
pub fn measure(ways: &'static Ways, threads: &[u32]) -> Result<bool, Failure> {
    println!("\nstarts per second  posix_spawn  again   Landlock  ratio   and the filter  ratio");
    let mut met = true;
    for &threads in threads {
        let unsandboxed = || from_threads(threads, || require(plain().status()?.success()));
        let rates = in_turns([
            &unsandboxed,
            &unsandboxed,
            &|| from_threads(threads, || require(ways.landlock().status()?.success())),
            &|| from_threads(threads, || require(ways.filtered().status()?.success())),
        ])?;
        met &= told(&format!("{threads} threads"), &rates);
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
        &|| from_tokio(&runtime, plain),
        &|| from_tokio(&runtime, landlock),
        &|| from_tokio(&runtime, filtered),
    ])?;
    met &= told(&format!("tokio, {IN_FLIGHT} tasks"), &rates);
    println!(
        "Landlock, at least {LEAST} × posix_spawn's: {}",
        if met { "met" } else { "missed" }
    );
    Ok(met)
}

/// `posix_spawn`, the same again, Landlock, and the filter as well, in each round.
type Rates = Vec<[f64; 4]>;

fn told(name: &str, rates: &Rates) -> bool {
    let rate = |way: usize| median(rates.iter().map(|round| round[way]));
    // Of rounds, so that what others do on the machine cancels.
    let ratio = |way: usize| median(rates.iter().map(|round| round[way] / round[0]));
    println!(
        "{name:17}  {:11.0}  {:5.3}   {:8.0}  {:5.3}   {:14.0}  {:5.3}",
        rate(0),
        ratio(1),
        rate(2),
        ratio(2),
        rate(3),
        ratio(3),
    );
    ratio(2) >= LEAST
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn in_turns(rates: [&dyn Fn() -> Result<f64, Failure>; 4]) -> Result<Rates, Failure> {
    (0..ROUNDS)
        .map(|_| {
            let mut round = [0.0; 4];
            for (place, rate) in round.iter_mut().zip(rates) {
                *place = rate()?;
            }
            Ok(round)
        })
        .collect()
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
