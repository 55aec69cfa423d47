//! The Debian package: installed into a bare tree, used there by an ordinary user, and removed.
//!
//! It is the one that `cargo xtask package` built last; `cargo xtask test` builds it first.

mod image;
mod newcomer;
mod tree;
mod whole;

use std::process::ExitCode;

use ringfence_tests::trial::{self, Outcome, Test};

use tree::{Skip, Tree};

fn main() -> ExitCode {
    let code = trial::main_at_once(
        trial::waiting(),
        vec![
            Test::may_skip("lintian_finds_no_error", || outcome(whole::is_clean())),
            Test::may_skip("the_image_of_the_recipe_starts_both_programs", || {
                outcome(image::starts())
            }),
            in_tree("a_newcomer_sees_what_the_tutorial_shows", newcomer::follows),
            in_tree(
                "man_finds_its_pages_and_bash_completes_its_flags",
                whole::is_complete,
            ),
            in_tree("removing_it_leaves_no_file", whole::is_removed),
        ],
    );
    tree::remove_bare();
    code
}

/// A test in a tree of its own, in which the package is not installed yet.
fn in_tree(name: &str, run: fn(&Tree)) -> Test {
    Test::may_skip(name, move || outcome(Tree::fresh().map(|tree| run(&tree))))
}

fn outcome(tried: Result<(), Skip>) -> Outcome {
    match tried {
        Ok(()) => Outcome::Passed,
        Err(Skip(reason)) => Outcome::Skipped(reason),
    }
}
