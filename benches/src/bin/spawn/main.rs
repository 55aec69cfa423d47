//! What a sandbox adds to the start of a program, from processes of several sizes, from many threads at
//! once and from tokio; and whether a million starts leave anything behind.
//!
//! Every way is taken once in each round, so that all meet the same machine.

mod starts;
mod throughput;
mod ways;

use std::process::ExitCode;

use lexopt::{Arg, Parser, ValueExt as _};

use ways::{Failure, Ways};

struct Options {
    rounds: usize,
    /// Sizes of this process, in MiB; none to leave these out.
    sizes: Vec<usize>,
    threads: Vec<u32>,
    /// How many starts to make in order to see what they leave behind.
    leak: Option<u64>,
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
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
            Arg::Long("throughput") => options.sizes.clear(),
            Arg::Long("starts") => options.threads.clear(),
            argument => return Err(argument.unexpected().into()),
        }
    }
    Ok(options)
}

/// Whether all targets are met.
fn run(options: &Options) -> Result<bool, Failure> {
    let ways = Ways::new()?;
    if let Some(count) = options.leak {
        let account = ringfence_tests::leak::account(count, || ways.own_line())?;
        println!("{account}");
        println!("left behind: {:?}", account.left());
        return Ok(account.left().is_empty());
    }
    let starts =
        options.sizes.is_empty() || starts::measure(&ways, options.rounds, &options.sizes)?;
    // Tasks of a runtime borrow nothing.
    let throughput = options.threads.is_empty()
        || throughput::measure(Box::leak(Box::new(ways)), &options.threads)?;
    Ok(starts && throughput)
}
