//! Exceptions and patterns before any path is looked up, on every ABI: what the plan answers, held
//! against a model that knows nothing of Landlock.

use std::path::Path;

use proptest::prelude::*;
use ringfence::{Access, AccessFs, Kernel, PathLine, Plan, Policy, PolicyBuilder, Request};

const ABIS: std::ops::RangeInclusive<u32> = 0..=11;

/// Words and the right of each, which every ABI knows.
const WORDS: [(Access, AccessFs); 3] = [
    (Access::READ, AccessFs::READ_FILE),
    (Access::WRITE, AccessFs::WRITE_FILE),
    (Access::EXECUTE, AccessFs::EXECUTE),
];

/// Few names, so that paths meet.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "ab", "c.d", ".h"]).prop_map(str::to_owned)
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(name(), 0..5).prop_map(|names| format!("/{}", names.join("/")))
}

fn pattern() -> impl Strategy<Value = String> {
    let parts = vec![
        "a", "b", "*", "?", "a*", "*d", "[ab]", "[!a]*", ".*", "**", "c?d",
    ];
    let part = prop::sample::select(parts);
    // The last part says what is meant, so that it is no `**`; and one of them is no plain name.
    (
        prop::collection::vec(part, 0..3),
        prop::sample::select(vec!["*", "a*", "?", "[ab]", "*.d"]),
    )
        .prop_map(|(mut parts, last)| {
            parts.push(last);
            format!("/{}", parts.join("/"))
        })
}

fn line() -> impl Strategy<Value = PathLine> {
    let access =
        prop::sample::subsequence(WORDS.map(|(word, _)| word).to_vec(), 1..=3).prop_map(|words| {
            words
                .into_iter()
                .fold(Access::empty(), |all, word| all | word)
        });
    let plain = path().prop_map(|path| (path, false, Vec::new()));
    let excepting = (path(), prop::collection::vec(exception(), 1..3))
        .prop_map(|(path, except)| (path, false, except));
    let matching = pattern().prop_map(|pattern| (pattern, true, Vec::new()));
    (access, prop_oneof![plain, excepting, matching]).prop_map(
        |(access, (path, pattern, except))| PathLine {
            pattern,
            except: except.into_iter().map(Into::into).collect(),
            ..PathLine::new(access, path)
        },
    )
}

fn exception() -> impl Strategy<Value = String> {
    prop::collection::vec(name(), 1..3).prop_map(|names| names.join("/"))
}

fn policy(lines: &[PathLine]) -> Policy {
    let lines = lines.iter().cloned();
    let builder: PolicyBuilder = lines.fold(Policy::builder(), PolicyBuilder::path_line);
    builder.build().expect("lines that mean something")
}

/// Which of the three rights a policy allows at a path.
fn allowed(policy: &Policy, abi: u32, path: &str) -> [bool; 3] {
    let plan = Plan::new(policy.clone(), Kernel::with_abi(abi));
    WORDS.map(|(_, right)| {
        plan.decide(Request::Path(right, Path::new(path)))
            .is_allowed()
    })
}

/// Whether one answer allows all that another does.
fn covers(wider: [bool; 3], narrower: [bool; 3]) -> bool {
    wider
        .iter()
        .zip(narrower)
        .all(|(wider, narrower)| *wider || !narrower)
}

/// The names of a path.
fn names(path: &str) -> Vec<&str> {
    path.split('/').filter(|name| !name.is_empty()).collect()
}

/// Whether a line covers a path, by the words of docs/words.md.
fn model(line: &PathLine, path: &str) -> bool {
    let own = line.path.to_str().expect("a text");
    let (own, path) = (names(own), names(path));
    if line.pattern {
        return (0..=path.len()).any(|length| parts_match(&own, &path[..length]));
    }
    let Some(beneath) = path.strip_prefix(own.as_slice()) else {
        return false;
    };
    line.except.iter().all(|except| {
        let except = names(except.to_str().expect("a text"));
        !beneath.starts_with(&except) && !except.starts_with(beneath)
    })
}

fn parts_match(parts: &[&str], names: &[&str]) -> bool {
    let Some((part, parts)) = parts.split_first() else {
        return names.is_empty();
    };
    if *part == "**" {
        let hidden = |name: &&str| name.starts_with('.');
        let visible = names.iter().position(hidden).unwrap_or(names.len());
        return (0..=visible).any(|skipped| parts_match(parts, &names[skipped..]));
    }
    names.split_first().is_some_and(|(name, names)| {
        let dot_is_written = !name.starts_with('.') || part.starts_with('.');
        dot_is_written && text_matches(part, name) && parts_match(parts, names)
    })
}

fn text_matches(part: &str, name: &str) -> bool {
    let mut characters = part.chars();
    match characters.next() {
        None => name.is_empty(),
        Some('*') => (0..=name.len()).any(|at| text_matches(characters.as_str(), &name[at..])),
        Some('[') => {
            let (list, rest) = characters
                .as_str()
                .split_once(']')
                .expect("closed brackets");
            let (list, wanted) = list
                .strip_prefix('!')
                .map_or((list, true), |list| (list, false));
            let first = name.chars().next();
            first.is_some_and(|first| list.contains(first) == wanted)
                && text_matches(rest, &name[1..])
        }
        Some(character) => {
            let first = name.chars().next();
            first.is_some_and(|first| character == '?' || character == first)
                && text_matches(characters.as_str(), &name[1..])
        }
    }
}

proptest! {
    #[test]
    fn the_plan_answers_as_the_words_say(line in line(), path in path()) {
        let policy = policy(std::slice::from_ref(&line));
        let covered = model(&line, &path);
        for abi in ABIS {
            for ((word, right), allowed) in WORDS.into_iter().zip(allowed(&policy, abi, &path)) {
                // Without Landlock nothing is denied, and the plan says so.
                let expected = abi == 0 || (covered && line.access.contains(word));
                prop_assert_eq!(allowed, expected, "ABI {}: {:?} on {}", abi, right, path);
            }
        }
    }

    #[test]
    fn a_wider_policy_never_allows_less(
        lines in prop::collection::vec(line(), 0..4),
        further in line(),
        path in path(),
    ) {
        let narrower = policy(&lines);
        let wider = policy(&[lines, vec![further]].concat());
        for abi in ABIS {
            let (wider, narrower) = (allowed(&wider, abi, &path), allowed(&narrower, abi, &path));
            prop_assert!(covers(wider, narrower), "ABI {}: {}", abi, path);
        }
    }

    #[test]
    fn a_further_exception_never_allows_more_and_what_it_names_never_passes_by_the_line(
        top in path(),
        except in prop::collection::vec(exception(), 0..3),
        further in exception(),
        beneath in path(),
    ) {
        let line = |except: &[String]| policy(&[PathLine {
            except: except.iter().map(Into::into).collect(),
            ..PathLine::new(Access::RW, &top)
        }]);
        let with = line(&[except.clone(), vec![further.clone()]].concat());
        let without = line(&except);
        let excepted = format!("{top}/{further}{beneath}");
        for abi in ABIS {
            for path in [&beneath, &excepted, &format!("{top}{beneath}")] {
                let (with, without) = (allowed(&with, abi, path), allowed(&without, abi, path));
                prop_assert!(covers(without, with), "ABI {}: {}", abi, path);
            }
            if abi > 0 {
                prop_assert_eq!(allowed(&with, abi, &excepted), [false; 3], "ABI {}", abi);
            }
        }
    }
}
