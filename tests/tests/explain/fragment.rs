//! That a built-in fragment is named where it allows what was denied.

use ringfence_tests::trial::Test;
use serde_json::Value;

use crate::scene::{Scene, items, system};
use crate::watching;

const WITHOUT: &str = system!("");

pub fn tests() -> Vec<Test> {
    vec![watching(
        "explain::what_the_fragment_base_allows_is_named_with_it",
        || {
            let scene = Scene::new("true");
            scene.policy(WITHOUT);
            let several = &["head", "-c1", "/dev/zero", "/dev/null"][..];
            for (flags, job, is_named, is_denied) in [
                (&[][..], several, true, true),
                (&[], &["head", "-c1", "/dev/zero"], false, true),
                (&["--include", "base"], several, false, false),
            ] {
                scene.succeeds(job);
                let (ran, report) = scene.explain(flags, job);
                assert_eq!(!ran.status.success(), is_denied, "{report}");
                let notes = items(&report, "notes").iter().filter_map(Value::as_str);
                let named = notes.filter(|note| note.starts_with("`--include base`"));
                assert_eq!(named.count(), usize::from(is_named), "{report}");
            }
            Ok(())
        },
    )]
}
