//! The fuzz targets on random input and on the inputs that were kept (`fuzz/corpus/`).

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};
use ringfence_tests::fuzz;
use ringfence_tests::trial::Test;

type Target = fn(&[u8]);

pub fn tests() -> Vec<Test> {
    let targets: [(&str, Target); 4] = [
        ("audit", fuzz::audit),
        ("filter", fuzz::filter),
        ("manifest", fuzz::manifest),
        ("policy_words", fuzz::policy_words),
    ];
    let mut tests = Vec::new();
    for (name, target) in targets {
        tests.push(Test::new(
            format!("fuzz::{name}_holds_for_random_input"),
            move || random(target),
        ));
        tests.push(Test::new(
            format!("fuzz::{name}_holds_for_inputs_kept"),
            move || kept(name, target),
        ));
    }
    tests
}

fn random(target: Target) {
    let config = Config {
        cases: 64,
        failure_persistence: None,
        ..Config::default()
    };
    let run = TestRunner::new(config).run(&vec(any::<u8>(), 0..2_000), |input| {
        target(&input);
        Ok(())
    });
    run.expect("it holds");
}

fn kept(name: &str, target: Target) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(name);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder of kept inputs") {
        let path = entry.expect("an entry").path();
        target(&std::fs::read(&path).expect("a file"));
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}
