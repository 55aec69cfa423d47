//! The server under test: a real process, started as an ordinary user, asked over TCP.

#![forbid(unsafe_code)]

mod answers;
mod apart;
mod attacks;
mod cleanup;
mod client;
mod ends;
mod exhaust;
mod load;
mod pages;
mod readme;
mod sandboxed;
mod server;
mod start;

use std::path::Path;
use std::process::ExitCode;

use ringfence::{Kernel, Plan, Policy};
use ringfence_manifest::FromManifest as _;
use ringfence_tests::trial::{self, Outcome, Test};

fn main() -> ExitCode {
    let tests = [
        answers::tests(),
        apart::tests(),
        attacks::tests(),
        cleanup::tests(),
        ends::tests(),
        exhaust::tests(),
        load::tests(),
        pages::tests(),
        readme::tests(),
        sandboxed::tests(),
        start::tests(),
    ];
    trial::main(tests.into_iter().flatten().collect())
}

/// A test on machines that can run jobs; elsewhere the reason is shown.
fn test(name: &str, run: impl FnOnce() + Send + 'static) -> Test {
    may_skip(name, || {
        run();
        Outcome::Passed
    })
}

/// The same, of a test that may find that this machine lacks more.
fn may_skip(name: &str, run: impl FnOnce() -> Outcome + Send + 'static) -> Test {
    Test::may_skip(name, move || match unable() {
        Some(reason) => Outcome::Skipped(reason),
        None => run(),
    })
}

/// Why no job can run on this machine.
fn unable() -> Option<String> {
    if !Path::new("/usr/bin/python3").exists() {
        return Some("there is no /usr/bin/python3".into());
    }
    let policy = Policy::from_file(server::own("policy.yaml")).expect("the policy that is shipped");
    let refused = Plan::new(policy, Kernel::probe()).check().err()?;
    Some(format!("this kernel cannot hold the policy: {refused}"))
}
