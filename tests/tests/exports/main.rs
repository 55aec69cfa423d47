//! Exports, held against the tools that they are for.

#![forbid(unsafe_code)]

mod systemd;

use std::process::ExitCode;

fn main() -> ExitCode {
    let tests = [systemd::tests()];
    ringfence_tests::trial::main(tests.into_iter().flatten().collect())
}
