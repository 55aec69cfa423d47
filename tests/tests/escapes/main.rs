//! Ways out of a sandbox, each tried in earnest: what the plan calls denied fails, and what it
//! calls open succeeds.
//!
//! The techniques are C (`tests/escapes/`), because most of them are system calls that no safe
//! function offers. Each is tried without a sandbox first, its twin: one that fails there is
//! skipped, with its errno. What is expected of the other try is the plan's own word for the
//! technique's class on the running kernel.

#![forbid(unsafe_code)]

mod attempt;
mod catalog;
mod ports;
mod program;
mod scene;
mod stage;
mod start;
mod tests;
mod victim;
mod wanted;

use std::process::ExitCode;

use ringfence::Kernel;
use ringfence_tests::trial;

fn main() -> ExitCode {
    // For whoever needs the program of the techniques elsewhere, perhaps for another processor.
    let mut arguments = std::env::args().skip(1);
    if arguments.next().is_some_and(|first| first == "program") {
        let compiler = arguments.next();
        return match program::made_by(compiler.as_deref().unwrap_or(program::COMPILER)) {
            Ok(path) => {
                println!("{}", path.display());
                ExitCode::SUCCESS
            }
            Err(why) => {
                eprintln!("{why}");
                ExitCode::FAILURE
            }
        };
    }
    let kernel = Kernel::probe();
    println!("landlock abi: {}", kernel.reported_abi());
    trial::main(tests::all().into_iter().chain(start::tests()).collect())
}
