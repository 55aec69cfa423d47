//! Many starts, and what they leave behind.

use std::path::Path;
use std::process::{Command, ExitCode};

use ringfence::{Access, Kernel, Template};
use ringfence_tests::leak;
use ringfence_tests::trial::Test;
use ringfence_tests::world::World;

use crate::scene::{job, policy, test, this};

/// How many starts there are, if the environment does not say.
const FEW: &str = "500";

pub fn tests() -> Vec<Test> {
    vec![test("leaks::many_starts_leave_nothing_behind", many)]
}

/// In a process of its own, which no other test uses.
fn many() {
    let output = Command::new(this())
        .arg("leaks")
        .output()
        .expect("this program starts");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{text}");
    println!("{text}");
}

/// Each with a ruleset of its own.
pub fn main() -> ExitCode {
    let starts = std::env::var("RINGFENCE_STARTS");
    let starts = starts.as_deref().unwrap_or(FEW).parse().expect("a number");
    let world = World::new();
    // The smallest program that there is; this one takes thrice the time.
    let small = Path::new("/bin/true");
    let policy = policy().allow_if_present(Access::RO, small);
    let policy = policy.build().expect("a policy");
    let template = Template::new(policy, Kernel::probe()).expect("a template");
    let account = leak::account(starts, || {
        let sandbox = template.with_rw(world.inside())?;
        let ended = if small.exists() {
            sandbox.command(small).env_clear().status()?
        } else {
            job(&sandbox, &["exit", "0"]).status()?
        };
        if ended.success() {
            Ok(())
        } else {
            Err(ended.to_string().into())
        }
    });
    let account = account.expect("every start succeeds");
    println!("{account}");
    let left = account.left();
    assert!(left.is_empty(), "left behind: {left:?}");
    ExitCode::SUCCESS
}
