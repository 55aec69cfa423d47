//! What a policy denies is named, with the line that would allow it; and the explained run is as restricted
//! as any other.

#![forbid(unsafe_code)]

mod broken;
mod cases;
mod elsewhere;
mod report;
mod same;
mod scene;
mod writing;

use std::process::{Command, ExitCode};

use ringfence::{Abi, Kernel};
use ringfence_tests::executable;
use ringfence_tests::install::Skip;
use ringfence_tests::trial::{self, Outcome, Test};

fn main() -> ExitCode {
    let tests = [
        broken::tests(),
        elsewhere::tests(),
        report::tests(),
        same::tests(),
        writing::tests(),
    ];
    trial::main(tests.into_iter().flatten().collect())
}

/// A test of what needs to watch a program, and to restrict it.
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
        .args([
            "run",
            "--log",
            "off",
            "--explain",
            "--unrestricted-fs",
            "--",
            "true",
        ])
        .output()
        .map_err(|error| Skip(format!("ringfence does not start: {error}")))?;
    let said = String::from_utf8_lossy(&tried.stderr);
    if said.contains("does not let processes be traced") {
        return Err(Skip(format!(
            "this machine does not let processes be traced: {said}"
        )));
    }
    assert!(tried.status.success(), "true cannot be explained: {said}");
    Ok(())
}
