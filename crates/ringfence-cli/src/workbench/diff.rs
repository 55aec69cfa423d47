//! `ringfence diff`: what becomes allowed and denied between two manifests.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{ArgMatches, Command};
use ringfence::{
    AccessFs, Class, Kernel, Plan, Policy, PortClass, Ports, Request, Standing, Syscall, WORDS,
};
use ringfence_manifest::Manifest;
use serde::Serialize;

use super::arguments::{
    abi_flag, file, file_argument, json_flag, other_kernel, variables, variables_flag,
};
use super::{NAME, print_json};
use crate::{run, ui};

pub(super) fn command() -> Command {
    Command::new("diff")
        .about("Show what becomes allowed and what becomes denied from one manifest to another")
        .arg(file_argument("old", "The manifest as it was"))
        .arg(file_argument("new", "The manifest as it is"))
        .arg(variables_flag())
        .arg(abi_flag("Compare for a kernel with this Landlock ABI instead of this one"))
        .arg(json_flag())
        .after_help(
            "Exit codes:\n  0    both allow the same\n  1    they differ\n  125  one of them cannot be used\n\n\
             Examples:\n  ringfence diff old.yaml new.yaml\n  ringfence diff --abi 6 old.yaml new.yaml",
        )
}

pub(super) fn main(matches: &ArgMatches) -> u8 {
    let kernel = other_kernel(matches).unwrap_or_else(Kernel::probe);
    let variables = match variables(matches) {
        Ok(variables) => variables,
        Err(error) => return ui::fail(NAME, &error, run::SETUP_FAILED),
    };
    let mut policies = Vec::new();
    for id in ["old", "new"] {
        let file = file(matches, id);
        match Manifest::read(file, &variables) {
            Ok((manifest, _)) => policies.push(manifest.policy),
            Err(faults) => return ui::fail_manifest(NAME, file, &faults, run::SETUP_FAILED),
        }
    }
    let [old, new] = &policies[..] else {
        return run::SETUP_FAILED;
    };
    let change = Change::between(old, new, kernel);
    let printed = if matches.get_flag("json") {
        print_json(&change)
    } else {
        ui::print(&change.text())
    };
    printed.max(u8::from(!change.is_empty()))
}

/// What differs. Each item is a phrase in the words of the policy.
#[derive(Debug, Default, Serialize)]
pub(super) struct Change {
    allowed: Vec<String>,
    pub(super) denied: Vec<String>,
    /// What stops, or no longer stops, the start.
    strictness: Vec<String>,
}

impl Change {
    pub(super) fn between(old: &Policy, new: &Policy, kernel: Kernel) -> Self {
        let mut change = Self::default();
        for call in Syscall::all() {
            let passes = |policy: &Policy| policy.syscalls().denial_of(call).is_none();
            change.note(passes(old), passes(new), || format!("system call {call}"));
        }
        let (old, new) = (
            &Plan::new(old.clone(), kernel),
            &Plan::new(new.clone(), kernel),
        );
        for path in paths(old, new) {
            for word in WORDS
                .iter()
                .filter(|word| word.access.bits().is_power_of_two())
            {
                let allows = |plan: &Plan| allows(plan, word.rights, &path);
                change.note(allows(old), allows(new), || {
                    format!("{} {}", word.name, ui::shown(&path))
                });
            }
        }
        for class in PortClass::ALL {
            for (range, old, new) in port_changes(class, old, new) {
                change.note(old, new, || format!("{} {range}", class.name()));
            }
        }
        for class in Class::ALL {
            // Paths and ports were compared line by line, but for what is open to everyone.
            let open = |plan: &Plan| {
                matches!(
                    plan.standing(class),
                    Standing::Unrestricted | Standing::Open(_)
                )
            };
            change.note(open(old), open(new), || {
                format!("{} ({})", class.name(), class.summary())
            });
        }
        change.strictness = strictness(old, new);
        change
    }

    fn note(&mut self, old: bool, new: bool, item: impl FnOnce() -> String) {
        match (old, new) {
            (false, true) => self.allowed.push(item()),
            (true, false) => self.denied.push(item()),
            _ => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.allowed.is_empty() && self.denied.is_empty() && self.strictness.is_empty()
    }

    pub(super) fn text(&self) -> String {
        if self.is_empty() {
            return "Both allow the same.\n".to_owned();
        }
        let mut text = String::new();
        for (sign, items) in [
            ('+', &self.allowed),
            ('-', &self.denied),
            ('!', &self.strictness),
        ] {
            for item in items {
                let _ = writeln!(text, "{sign} {item}");
            }
        }
        text.push_str("\n+ becomes allowed, - becomes denied, ! changes when it starts\n");
        text
    }
}

/// The paths that either policy names: rights change at these and nowhere else.
fn paths(old: &Plan, new: &Plan) -> BTreeSet<PathBuf> {
    let lines = old.paths().chain(new.paths());
    lines
        .flat_map(|plan| {
            let excepted = plan
                .line
                .except
                .iter()
                .map(|name| plan.line.path.join(name));
            std::iter::once(plan.line.path.clone()).chain(excepted)
        })
        .collect()
}

/// Whether a word is allowed on all beneath a path.
fn allows(plan: &Plan, rights: AccessFs, path: &std::path::Path) -> bool {
    // Rights on entries are asked of their directory, so that an entry of the path is asked about.
    let entry = path.join("entry");
    plan.decide(Request::Path(rights, &entry)).is_allowed()
}

/// The ranges of ports within which both policies are of one mind, where they differ.
fn port_changes(class: PortClass, old: &Plan, new: &Plan) -> Vec<(Ports, bool, bool)> {
    let mut edges: BTreeSet<u32> = BTreeSet::from([0, 1 << 16]);
    for plan in old.ports().iter().chain(new.ports()) {
        if let (true, Ports::Range(range)) = (plan.line.class == class, &plan.line.ports) {
            edges.insert(u32::from(*range.start()));
            edges.insert(u32::from(*range.end()) + 1);
        }
    }
    let edges: Vec<_> = edges.into_iter().collect();
    let port = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
    edges
        .windows(2)
        .filter_map(|edge| {
            let (first, last) = (port(edge[0]), port(edge[1] - 1));
            let allows = |plan: &Plan| plan.decide(Request::Port(class, first)).is_allowed();
            let (old, new) = (allows(old), allows(new));
            (old != new).then(|| (Ports::from(first..=last), old, new))
        })
        .collect()
}

fn strictness(old: &Plan, new: &Plan) -> Vec<String> {
    let mut changes = Vec::new();
    let mut note = |what: &str, old: String, new: String| {
        if old != new {
            changes.push(format!("{what}: {old} becomes {new}"));
        }
    };
    let yes = |switch: bool| if switch { "yes" } else { "no" }.to_owned();
    note(
        "best-effort",
        yes(old.best_effort()),
        yes(new.best_effort()),
    );
    note("audit", yes(old.audit()), yes(new.audit()));
    note(
        "starts on this kernel",
        yes(old.check().is_ok()),
        yes(new.check().is_ok()),
    );
    changes
}
