//! What restricting a process of many threads takes: by a signal that calls each of them, and by the kernel at once where
//! it can (ABI 8), beside a process of one thread, in the same run.
//!
//! Each figure is of a process of its own (`threads measure THREADS WAY`), since a restriction is for good.

use std::process::{Command, ExitCode};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use ringfence::{Abi, Class, Kernel, Policy};

const ROUNDS: usize = 11;
const THREADS: [usize; 4] = [1, 10, 100, 1_000];

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["measure", threads, way] => threads
            .parse()
            .map_err(Failure::from)
            .and_then(|threads| measure(threads, way == "signal")),
        _ => table(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("threads: {error}");
            ExitCode::from(2)
        }
    }
}

fn table() -> Result<(), Failure> {
    let kernel = Kernel::probe();
    let ways: &[&str] = if kernel.abi() >= Abi::new(8) {
        &["signal", "tsync"]
    } else {
        &["signal"]
    };
    println!(
        "Landlock ABI {}; median of {ROUNDS} processes each",
        kernel.reported_abi()
    );
    print!("threads");
    for way in ways {
        print!("  {way:>10}  {:>8}  {:>10}", "÷ one", "a thread");
    }
    println!();
    let mut floor = Vec::new();
    for threads in THREADS {
        let mut times = vec![Vec::new(); ways.len()];
        for _ in 0..ROUNDS {
            for (way, times) in ways.iter().zip(&mut times) {
                times.push(in_process(threads, way)?);
            }
        }
        print!("{threads:>7}");
        for (number, times) in times.into_iter().enumerate() {
            let time = median(times);
            floor.push(time);
            let ratio = time.as_secs_f64() / floor[number].as_secs_f64();
            let each = time / u32::try_from(threads)?;
            print!("  {time:>10.2?}  {ratio:>8.1}  {each:>10.2?}");
        }
        println!();
    }
    Ok(())
}

fn in_process(threads: usize, way: &str) -> Result<Duration, Failure> {
    let output = Command::new(std::env::current_exe()?)
        .args(["measure", &threads.to_string(), way])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let nanoseconds = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}

/// Prints how long `enforce` takes in this process with that many threads.
fn measure(threads: usize, by_signal: bool) -> Result<(), Failure> {
    let (begin, end) = (Barrier::new(threads), Barrier::new(threads));
    std::thread::scope(|scope| {
        for number in 1..threads {
            let (begin, end) = (&begin, &end);
            scope.spawn(move || {
                // The kernel cannot take along a thread that has a filter of its own.
                if by_signal && number == 1 {
                    enforce_filter().expect("a thread may restrict itself");
                }
                begin.wait();
                end.wait();
            });
        }
        begin.wait();
        let sandbox = policy().ro("/usr").build()?.prepare()?;
        let start = Instant::now();
        sandbox.enforce()?;
        println!("{}", start.elapsed().as_nanos());
        end.wait();
        Ok(())
    })
}

/// Root's capability is left alone: giving it up is by signal on every kernel.
fn policy() -> ringfence::PolicyBuilder {
    Policy::builder().allow_class(Class::KernelInterfaces)
}

fn enforce_filter() -> Result<(), Failure> {
    let policy = policy()
        .unrestricted_fs()
        .unrestricted_net()
        .unrestricted_ipc();
    let sandbox = policy.build()?.prepare()?;
    sandbox.enforce_this_thread()?;
    Ok(())
}
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
