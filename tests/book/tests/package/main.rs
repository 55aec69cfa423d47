//! The Debian package: installed into a bare tree, used there by an ordinary user, and removed.
//!
//! It is the one that `cargo xtask package` built last; `cargo xtask test` builds it first.

mod newcomer;
mod tree;
mod whole;

use std::process::ExitCode;

use ringfence_tests::trial::{self, Outcome, Test};

use tree::{Skip, Tree};

fn main() -> ExitCode {
    trial::main(vec![
        test("lintian_finds_no_error", |_| whole::is_clean()),
        test("a_newcomer_sees_what_the_tutorial_shows", newcomer::follows),
        test("man_finds_its_pages_and_bash_completes_its_flags", whole::is_complete),
        test("removing_it_leaves_no_file", whole::is_removed),
    ])
}

fn test(name: &str, run: fn(&dyn Fn() -> Result<Tree, Skip>) -> Result<(), Skip>) -> Test {
    Test::may_skip(name, move || match run(&Tree::fresh) {
        Ok(()) => Outcome::Passed,
        Err(Skip(reason)) => Outcome::Skipped(reason),
    })
}
