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

use std::process::{Command, ExitCode};

use ringfence::{Abi, Kernel};
use ringfence_tests::executable;
use ringfence_tests::install::Skip;
use ringfence_tests::trial::{self, Outcome, Test};

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

/// A test of what needs to watch a program, and to restrict one.
fn watching(
    name: impl Into<String>,
    run: impl FnOnce() -> Result<(), Skip> + Send + 'static,
) -> Test {
    Test::may_skip(name, || match can_watch().and_then(|()| run()) {
        Ok(()) => Outcome::Passed,
        Err(Skip(reason)) => Outcome::Skipped(reason),
    })
}

fn can_watch() -> Result<(), Skip> {
    if Kernel::probe().abi() < Abi::new(4) {
        return Err(Skip(
            "these policies deny ports, which needs Landlock ABI 4".to_owned(),
        ));
    }
    let tried = Command::new(executable("ringfence"))
        .args(["learn", "--", "true"])
        .output()
        .map_err(|error| Skip(format!("ringfence does not start: {error}")))?;
    let said = String::from_utf8_lossy(&tried.stderr);
    if said.contains("does not let processes be traced") {
        return Err(Skip(format!(
            "this machine does not let processes be traced: {said}"
        )));
    }
    assert!(tried.status.success(), "true cannot be watched: {said}");
    Ok(())
}
