//! Compiled filters held against others: what libseccomp makes of the same rules, and what the
//! running kernel does with them.

#![forbid(unsafe_code)]

mod libseccomp;

use std::process::ExitCode;

fn main() -> ExitCode {
    ringfence_tests::trial::main(libseccomp::tests())
}
