//! Compiled filters held against others: what libseccomp makes of the same rules, and what the
//! running kernel does with them.

#![forbid(unsafe_code)]

mod fuzz;
mod libseccomp;
mod truth;

use std::process::ExitCode;

fn main() -> ExitCode {
    let tests = [libseccomp::tests(), fuzz::tests(), truth::tests()];
    ringfence_tests::trial::main(tests.into_iter().flatten().collect())
}
