//! Built-in fragments in the place of lines that they cover.

use std::path::Path;

use ringfence::{Access, Kernel, Plan, PortClass};
use ringfence_manifest::{FRAGMENTS, Format, Manifest, Variables};

use super::ports::can_name_ports;
use super::{Places, Setting, Tightness};
use crate::observation::Observation;
use crate::question::looked_up;

/// So many programs of the system are written as all of them.
const MANY_PROGRAMS: usize = 5;

/// When a fragment is meant: it must not bring along what nothing asked for.
struct Trigger {
    fragment: &'static str,
    is_meant: fn(&Places, &Observation, Kernel) -> bool,
}

/// From those that give little to those that give much; one that another includes stands before it.
const TRIGGERS: &[Trigger] = &[
    Trigger {
        fragment: "users",
        is_meant: |places, _, _| has_any(places, &["/etc/passwd", "/etc/group"], Access::READ),
    },
    Trigger {
        fragment: "tls",
        is_meant: |places, _, _| {
            has_beneath(places, "/etc/ssl/certs", Access::READ)
                || has_beneath(places, "/usr/share/ca-certificates", Access::READ)
        },
    },
    Trigger {
        fragment: "dns",
        is_meant: |_, seen, kernel| {
            let udp = PortClass::ConnectUdp;
            // Elsewhere a sandbox with the fragment would not start.
            seen.ports.contains_key(&(udp, 53)) && can_name_ports(udp, kernel)
        },
    },
    Trigger {
        fragment: "terminal",
        is_meant: |places, _, _| has_any(places, &["/dev/tty"], Access::READ),
    },
    Trigger {
        fragment: "git",
        is_meant: |places, _, _| has_any(places, &["/usr/bin/git"], Access::EXECUTE),
    },
    Trigger {
        fragment: "python",
        is_meant: |places, _, _| executed(places).any(|path| starts_with(path, "/usr/bin/python3")),
    },
    Trigger {
        fragment: "node",
        is_meant: |places, _, _| {
            has_any(
                places,
                &["/usr/bin/node", "/usr/bin/nodejs"],
                Access::EXECUTE,
            )
        },
    },
    Trigger {
        fragment: "java",
        is_meant: |places, _, _| has_beneath(places, "/usr/lib/jvm", Access::EXECUTE),
    },
    Trigger {
        fragment: "build",
        is_meant: |places, _, _| has_beneath(places, "/usr/lib/gcc", Access::EXECUTE),
    },
    Trigger {
        fragment: "shell",
        is_meant: |places, _, _| {
            let of_system =
                executed(places).filter(|path| path.parent() == Some(Path::new("/usr/bin")));
            of_system.count() >= MANY_PROGRAMS
        },
    },
];

/// Takes what fragments give away from the places; their names, in the order of the manifest.
pub(super) fn take(
    places: &mut Places,
    observation: &Observation,
    setting: &Setting<'_>,
) -> Vec<&'static str> {
    let mut included = Vec::new();
    if cover("base", places, setting) {
        included.push("base");
    }
    if setting.tightness == Tightness::Exact {
        return included;
    }
    for trigger in TRIGGERS {
        let is_meant = (trigger.is_meant)(places, observation, setting.kernel);
        if is_meant && cover(trigger.fragment, places, setting) {
            included.push(trigger.fragment);
        }
    }
    included
}

/// Takes away what a fragment gives; whether it gave anything.
fn cover(name: &str, places: &mut Places, setting: &Setting<'_>) -> bool {
    plan(name, setting).is_some_and(|plan| take_given(&plan, places))
}

/// Takes away what the lines of a plan give; whether they gave anything.
pub(super) fn take_given(plan: &Plan, places: &mut Places) -> bool {
    let mut any = false;
    for (path, place) in places.iter_mut() {
        let given = given(plan, place.words, path);
        any |= !given.is_empty();
        place.words -= given;
    }
    places.retain(|_, place| !place.words.is_empty());
    any
}

fn plan(name: &str, setting: &Setting<'_>) -> Option<Plan> {
    let fragment = FRAGMENTS.iter().find(|fragment| fragment.name == name)?;
    let read = Manifest::parse(name, fragment.text, Format::Yaml, &Variables::default());
    let (manifest, _) = read.ok()?;
    Some(looked_up(&manifest.policy, setting.kernel, true))
}

/// Those of the words that a plan gives at a place by one of its lines.
fn given(plan: &Plan, words: Access, path: &Path) -> Access {
    let given = |word: &&ringfence::Word| {
        let mut lines = plan.paths();
        lines.any(|line| line.line.access.contains(word.access) && line.covers(path))
    };
    words
        .words()
        .filter(given)
        .map(|word| word.access)
        .collect()
}

fn executed(places: &Places) -> impl Iterator<Item = &Path> {
    let executed = places
        .iter()
        .filter(|(_, place)| place.words.contains(Access::EXECUTE));
    executed.map(|(path, _)| &**path)
}

fn has_any(places: &Places, paths: &[&str], word: Access) -> bool {
    let has = |path: &&str| {
        places
            .get(Path::new(path))
            .is_some_and(|place| place.words.contains(word))
    };
    paths.iter().any(has)
}

fn has_beneath(places: &Places, directory: &str, word: Access) -> bool {
    let mut with_word = places
        .iter()
        .filter(|(_, place)| place.words.contains(word));
    with_word.any(|(path, _)| path.starts_with(directory))
}

fn starts_with(path: &Path, start: &str) -> bool {
    path.to_str().is_some_and(|path| path.starts_with(start))
}
