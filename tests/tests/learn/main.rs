//! The closed loop: a real program is watched, and runs again under what was learned, unchanged; and what
//! it had nothing to do with stays denied to whatever runs under that policy.

#![forbid(unsafe_code)]

mod acts;
mod cases;
mod faithful;
mod faults;
mod merge;
mod places;
mod record;
mod scene;
mod truth;

use std::process::ExitCode;

use ringfence_tests::install::Skip;
use ringfence_tests::trial::{self, Test};
use ringfence_tests::watched;

fn main() -> ExitCode {
    let tests = [
        acts::tests(),
        cases::tests(),
        faithful::tests(),
        faults::tests(),
        merge::tests(),
        places::tests(),
        truth::tests(),
    ];
    trial::main_at_once(trial::waiting(), tests.into_iter().flatten().collect())
}

/// How a program is watched here that does nothing.
const WATCHING: &[&str] = &["learn", "--", "true"];

/// A test of what needs to watch a program, and to restrict one.
fn watching(
    name: impl Into<String>,
    run: impl FnOnce() -> Result<(), Skip> + Send + 'static,
) -> Test {
    watched::test(WATCHING, name, run)
}
