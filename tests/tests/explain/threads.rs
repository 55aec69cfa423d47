//! What threads are denied counts from their first call on, which may be seen before their making.

use ringfence_tests::install::need;
use ringfence_tests::trial::Test;

use crate::scene::{Scene, denied, text_at};
use crate::watching;

/// As many as `makers.c` makes.
const THREADS: u64 = 8 * 100;

pub fn tests() -> Vec<Test> {
    vec![watching(
        "explain::each_denial_of_threads_that_make_threads_at_once_is_counted",
        || {
            need("gcc", "gcc")?;
            let scene = Scene::new("echo x > secret");
            let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/explain/makers.c");
            scene.succeeds(&["gcc", "-static", "-pthread", "-o", "makers", source]);
            scene.succeeds(&["./makers", "secret"]);
            scene.policy("version: 1\nfs: [{path: WORK/makers, access: [ro]}]\n");
            let (ended, report) = scene.explain(&[], &["./makers", "secret"]);
            assert_eq!(ended.status.code(), Some(1), "{report:#}");
            let is_secret = |about: &str| about.ends_with("/work/secret");
            let denials: Vec<_> = denied(&report)
                .iter()
                .filter(|denial| is_secret(text_at(denial, "about")))
                .map(|denial| denial["times"].as_u64())
                .collect();
            assert_eq!(denials, [Some(THREADS)], "{report:#}");
            Ok(())
        },
    )]
}
