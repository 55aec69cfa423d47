//! Exports held against the programs that they are for.

#![forbid(unsafe_code)]

mod apparmor;
mod container;
mod examples;
#[path = "../../../crates/ringfence-export/tests/oci/grid.rs"]
mod grid;
mod libseccomp;
mod oci;
mod probe;
mod systemd;

use std::process::ExitCode;

use ringfence_tests::trial;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(probe::FLAG) {
        probe::main();
        return ExitCode::SUCCESS;
    }
    let tests = [
        apparmor::tests(),
        examples::tests(),
        libseccomp::tests(),
        oci::tests(),
        systemd::tests(),
    ];
    trial::main_at_once(trial::waiting(), tests.into_iter().flatten().collect())
}
