//! `enforce()` in processes of several threads, on the running kernel: every thread is restricted, or none.
//!
//! A restriction is for good, so that each case runs in a process of its own: `threads case NAME` with the place and the
//! ports of its scene. `threads child FILE` is what threads start. What is expected is the plan's own word for the kernel; where it cannot enforce the policy at all,
//! the same cases prove the refusal.

#![deny(unsafe_code)]

mod alone;
mod attempt;
mod between;
mod children;
mod crew;
mod libraries;
mod programs;
mod raw;
mod refusals;
mod scene;
mod storms;
mod waiting;

use std::process::ExitCode;

use ringfence::Kernel;
use ringfence_tests::trial;

use scene::Case;

/// Every case: what it states, and what it does in its process.
fn cases() -> Vec<Case> {
    [
        waiting::cases(),
        alone::cases(),
        refusals::cases(),
        storms::cases(),
        libraries::cases(),
        programs::cases(),
        between::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next() {
        Some(first) if first == "case" => {
            return scene::run_case(cases(), &arguments.collect::<Vec<_>>());
        }
        Some(first) if first == "child" => return children::main(arguments.next().as_deref()),
        _ => {}
    }
    println!("landlock abi: {}", Kernel::probe().reported_abi());
    trial::main(cases().into_iter().map(Case::into_test).collect())
}
