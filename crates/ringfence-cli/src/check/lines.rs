//! Lints about single lines and how they stand to each other.

use std::collections::HashMap;
use std::path::Path;

use ringfence::{Access, Found, PathPlan, Ports, Refusal, Undone};
use ringfence_manifest::{Finding, Severity};

use super::{Subject, finding, is_covered, more};

pub(super) fn missing(subject: &Subject<'_>) -> Vec<Finding> {
    let missing = |path: &PathPlan<'_>| {
        let line = path.line;
        let gone = || {
            let error = line.path.metadata().err();
            error.is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
        };
        subject.is_looked_up && !line.optional && !line.pattern && gone()
    };
    let lines = subject.plan.paths().filter(missing);
    lines
        .map(|path| {
            let message = format!("{} does not exist", path.line.path.display());
            // Neighbours are looked for from the root, also of a bare name.
            let similar = std::path::absolute(&path.line.path)
                .ok()
                .and_then(|path| ringfence::similar_existing(&path));
            let help = match similar {
                Some(similar) => format!("did you mean {}?", similar.display()),
                None => {
                    "the start is refused; create it, or mark the line `optional: true`".to_owned()
                }
            };
            subject.on(&path.line.source, message).help(help)
        })
        .collect()
}

pub(super) fn symlink(subject: &Subject<'_>) -> Vec<Finding> {
    let lines = subject
        .plan
        .paths()
        .filter(|path| subject.is_own(path.line));
    lines
        .filter_map(|path| {
            let Found::At(place) = path.found else {
                return None;
            };
            let written = &path.line.path;
            // Directories that were merged into /usr lead there on most machines.
            let merged = written
                .strip_prefix("/")
                .is_ok_and(|rest| Path::new("/usr").join(rest) == **place);
            // Whoever names it means what the command itself is when it starts.
            let itself = written.starts_with("/proc/self");
            if merged || itself || !written.is_absolute() {
                return None;
            }
            let message = format!("{} leads to {}", written.display(), place.display());
            let finding = subject.on(&path.line.source, message);
            Some(
                finding.help("the rule is for the place it leads to now; name that if it is meant"),
            )
        })
        .collect()
}

/// The wider line above a covered one.
fn above<'p>(subject: &'p Subject<'_>, path: &PathPlan<'_>) -> Option<PathPlan<'p>> {
    let place = path.path()?;
    subject.plan.paths().find(|other| {
        !std::ptr::eq(other.line, path.line)
            && !is_covered(other.found)
            && other.covers(place)
            && other.granted.contains(path.granted)
    })
}

pub(super) fn redundant(subject: &Subject<'_>) -> Vec<Finding> {
    covered(
        subject,
        |line, wider| more(wider, line).is_empty(),
        "says nothing that another line does not",
    )
    .into_iter()
    .map(|finding| finding.help("take it out"))
    .collect()
}

pub(super) fn nested(subject: &Subject<'_>) -> Vec<Finding> {
    covered(
        subject,
        |line, wider| !more(wider, line).is_empty(),
        "takes nothing away from a wider line",
    )
    .into_iter()
    .map(|finding| {
        finding.help(
            "rules add up; to allow less here, leave this path out of the wider line with `except`",
        )
    })
    .collect()
}

fn covered(subject: &Subject<'_>, wanted: fn(Access, Access) -> bool, what: &str) -> Vec<Finding> {
    let lines = subject
        .plan
        .paths()
        .filter(|path| is_covered(path.found) && subject.is_own(path.line));
    lines
        .filter_map(|path| {
            let wider = above(subject, &path)?;
            if !wanted(path.line.access, wider.line.access) {
                return None;
            }
            let message = format!("`{} {}` {what}", path.line.access, path.line.path.display());
            let finding = subject.on(&path.line.source, message);
            Some(match subject.place(&wider.line.source) {
                Some(place) => finding.also(place, "the wider line"),
                None => finding,
            })
        })
        .collect()
}

pub(super) fn writable_and_executable(subject: &Subject<'_>) -> Vec<Finding> {
    let both = |access: Access| {
        access.contains(Access::EXECUTE) && access.intersects(Access::WRITE | Access::CREATE)
    };
    let lines = subject.plan.paths().filter(|path| both(path.line.access));
    lines
        .filter(|path| subject.is_own(path.line))
        .map(|path| {
            let message = format!(
                "what the command writes to {} it may execute",
                path.line.path.display()
            );
            subject.on(&path.line.source, message).help(
                "if nothing is executed there, write it under `fs` with access: [read, write, create, \
                 remove, rename]",
            )
        })
        .collect()
}

pub(super) fn unrestricted_ports(subject: &Subject<'_>) -> Vec<Finding> {
    let policy = &subject.manifest.policy;
    let lines = policy
        .ports()
        .iter()
        .filter(|line| line.ports != Ports::Any);
    lines
        .filter(|line| policy.unrestricted().net || policy.allows_any(line.class))
        .map(|line| {
            let message = format!(
                "{} is left alone, so that this line restricts nothing",
                line.class.name()
            );
            subject.on(&line.source, message).help(
                "take this line out, or what leaves the class alone: `any`, or `unrestricted: net`",
            )
        })
        .collect()
}

pub(super) fn unenforceable(subject: &Subject<'_>) -> Vec<Finding> {
    let plan = subject.plan;
    let (severity, lost) = match plan.check() {
        Err(refused) => (Severity::Error, refused.refusals),
        Ok(()) => (Severity::Warning, plan.unenforced().collect()),
    };
    if lost.is_empty() {
        return Vec::new();
    }
    let policy = &subject.manifest.policy;
    let paths = policy.paths().iter();
    let paths = paths.map(|line| (line.to_string(), &line.source));
    let ports = policy.ports().iter();
    let ports = ports.map(|line| (line.to_string(), &line.source));
    let classes = policy.classes().iter();
    let classes = classes.map(|line| (line.to_string(), &line.source));
    let sources: HashMap<_, _> = paths.chain(ports).chain(classes).collect();
    lost.into_iter()
        .map(|refusal| {
            let source = match &refusal {
                Refusal::Line { line, .. }
                | Refusal::Class { line, .. }
                | Refusal::LeftAlone(line)
                | Refusal::Undone(Undone { line, .. }) => sources.get(line),
                _ => None,
            };
            let place = source.and_then(|source| subject.place(source));
            Finding {
                severity,
                ..finding(place, format!("{}: {refusal}", plan.kernel()))
            }
        })
        .collect()
}
