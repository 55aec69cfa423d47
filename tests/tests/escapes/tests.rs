//! One test for each technique.

use std::path::{Path, PathBuf};

use ringfence_tests::trial::{Outcome, Test};

use crate::attempt::{Came, sandboxed, unsandboxed};
use crate::catalog::{self, Technique};
use crate::program;
use crate::scene;
use crate::stage::Stage;
use crate::wanted::{Word, holds, word};

pub fn all() -> Vec<Test> {
    let listed = program::ready().and_then(|program| Ok((catalog::read(&program)?, program)));
    match listed {
        Ok((techniques, program)) => techniques
            .into_iter()
            .map(|technique| test(technique, program.clone()))
            .collect(),
        Err(why) => vec![Test::may_skip("escapes::all_are_tried", || {
            Outcome::Skipped(why)
        })],
    }
}

fn test(technique: Technique, program: PathBuf) -> Test {
    let name = format!("escapes::{}_is_as_the_plan_says", technique.name);
    Test::may_skip(name, move || attempt(&technique, &program))
}

fn attempt(technique: &Technique, program: &Path) -> Outcome {
    let mut stage = match Stage::new(technique, program) {
        Ok(stage) => stage,
        Err(why) => return skip(technique, why),
    };
    match unsandboxed(technique, &mut stage, program) {
        Came::Got => {}
        Came::Broken(why) => panic!("without a sandbox: {why}"),
        came => return skip(technique, format!("it fails without a sandbox too: {came}")),
    }
    drop(stage);

    let mut stage = Stage::new(technique, program).expect("what could be staged once");
    let sandbox = scene::sandbox(technique, &stage, program);
    let word = word(technique, &sandbox, &stage);
    let came = sandboxed(&sandbox, technique, &mut stage, program);
    assert!(
        holds(word, technique, &came),
        "the plan says {word:?}, and it came to {came:?}"
    );
    // What really happened, where the plan's word is not exact.
    let by = match (word, &came) {
        (_, Came::Got) => Word::Open,
        (Word::Open, _) => Word::Landlock,
        _ => word,
    };
    say(technique, by.name(), &came);
    if word == Word::Seccomp {
        assert_lifted(technique, program);
    }
    Outcome::Passed
}

/// With its classes left alone the technique works again: nothing else had denied it.
fn assert_lifted(technique: &Technique, program: &Path) {
    let mut stage = Stage::new(technique, program).expect("what could be staged twice");
    let sandbox = scene::lifted(scene::sandbox(technique, &stage, program), technique);
    // Some stay denied by what no switch lifts.
    if word(technique, &sandbox, &stage) == Word::Open {
        let came = sandboxed(&sandbox, technique, &mut stage, program);
        assert!(
            holds(Word::Open, technique, &came),
            "with its classes allowed it came to {came:?}"
        );
    }
}

fn skip(technique: &Technique, why: String) -> Outcome {
    say(technique, "n/a", &why);
    Outcome::Absent(why)
}

/// A line that the table of all kernels is made of.
fn say(technique: &Technique, by: &str, came: &dyn std::fmt::Display) {
    let Technique { name, classes, .. } = technique;
    println!("escape: {name}\t{}\t{by}\t{came}", classes.join(","));
}
