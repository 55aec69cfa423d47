//! What a policy denies is named, with the line that would allow it; and the explained run is as restricted
//! as any other.

#![forbid(unsafe_code)]

mod broken;
mod cases;
mod elsewhere;
mod fragment;
mod report;
mod same;
mod scene;
mod threads;
mod writing;

use std::process::ExitCode;

use ringfence_tests::install::Skip;
use ringfence_tests::trial::{self, Test};
use ringfence_tests::watched;

fn main() -> ExitCode {
    let tests = [
        broken::tests(),
        elsewhere::tests(),
        fragment::tests(),
        report::tests(),
        same::tests(),
        threads::tests(),
        writing::tests(),
    ];
    trial::main(tests.into_iter().flatten().collect())
}

/// How a program is watched here that does nothing.
const WATCHING: &[&str] = &[
    "run",
    "--log",
    "off",
    "--explain",
    "--unrestricted-fs",
    "--",
    "true",
];

/// A test of what needs to watch a program, and to restrict it.
fn watching(
    name: impl Into<String>,
    run: impl FnOnce() -> Result<(), Skip> + Send + 'static,
) -> Test {
    watched::test(WATCHING, name, run)
}
