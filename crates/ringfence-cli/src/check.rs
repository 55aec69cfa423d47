//! Lints: what of a manifest works, but is seldom meant.
//!
//! Each lint has a name, which switches it off, and asks the oracle rather than the text: an
//! exception or a narrower word is seen as the kernel will see it.

use std::cell::OnceCell;

use ringfence::{
    Access, AccessFs, Allowance, CallRow, Decision, Found, PathLine, Plan, Request, Source,
};
use ringfence_manifest::{Finding, Manifest, Place, Severity, Sources};
use ringfence_observe::Sensitive;

use crate::invocation::Invocation;
use crate::ui;

mod command;
mod expectations;
mod lines;
mod sensitive;

/// What is looked at.
pub(crate) struct Subject<'s> {
    pub(crate) manifest: &'s Manifest,
    pub(crate) sources: &'s Sources,
    /// How the command is started.
    pub(crate) invocation: &'s Invocation,
    /// Of the policy that `run` would enforce, with what `with-deps` adds.
    pub(crate) plan: &'s Plan,
    /// Why what `with-deps` adds is not in the plan.
    pub(crate) trouble: Option<&'s str>,
    /// Whether the paths were looked up, which is done for the running kernel alone.
    pub(crate) is_looked_up: bool,
    pub(crate) sensitive: Sensitive,
    pub(crate) denied_calls: OnceCell<Vec<CallRow>>,
}

/// A lint.
pub(crate) struct Lint {
    pub(crate) name: &'static str,
    /// What it finds, in a sentence.
    pub(crate) summary: &'static str,
    find: fn(&Subject<'_>) -> Vec<Finding>,
}

/// Every lint.
pub(crate) const LINTS: &[Lint] = &[
    Lint {
        name: "missing-path",
        summary: "A path that does not exist, on a line that is not optional.",
        find: lines::missing,
    },
    Lint {
        name: "symlink",
        summary: "A path that leads elsewhere through a symlink; the rule is for the place it leads to.",
        find: lines::symlink,
    },
    Lint {
        name: "redundant-line",
        summary: "A line that another makes redundant.",
        find: lines::redundant,
    },
    Lint {
        name: "nested-rights",
        summary: "A line with fewer rights beneath a wider one, from which it takes nothing away.",
        find: lines::nested,
    },
    Lint {
        name: "writable-and-executable",
        summary: "A line that lets programs write what they may execute.",
        find: lines::writable_and_executable,
    },
    Lint {
        name: "unrestricted-ports",
        summary: "A line about ports of a class that is left alone as a whole.",
        find: lines::unrestricted_ports,
    },
    Lint {
        name: "unenforceable",
        summary: "What stops the start on this kernel, or would be lost by best effort.",
        find: lines::unenforceable,
    },
    Lint {
        name: "writable-programs",
        summary: "Programs may be written where others are found on PATH.",
        find: sensitive::programs,
    },
    Lint {
        name: "writable-keys",
        summary: "Keys that let others in may be written: authorized_keys, host keys.",
        find: sensitive::writable_keys,
    },
    Lint {
        name: "writable-startup",
        summary: "What runs by itself later may be written: shell start files, cron, units.",
        find: sensitive::startup,
    },
    Lint {
        name: "readable-secrets",
        summary: "Private keys, tokens or password hashes may be read.",
        find: sensitive::secrets,
    },
    Lint {
        name: "container-socket",
        summary: "The socket of a container engine is reachable, which is as good as root.",
        find: sensitive::container_socket,
    },
    Lint {
        name: "session-socket",
        summary: "Sockets of the session, of the system's bus or of agents that hold keys are reachable.",
        find: sensitive::session_socket,
    },
    Lint {
        name: "denied-command",
        summary: "The policy denies its own command, its interpreter or its libraries.",
        find: command::denied,
    },
    Lint {
        name: "contradicted-expectation",
        summary: "The plan says already that an expectation does not hold.",
        find: expectations::contradicted,
    },
    Lint {
        name: "unknown-lint",
        summary: "A lint that is switched off, and does not exist.",
        find: unknown_lint,
    },
];

/// All that the lints find, but for those that are switched off, in the order of the text.
pub(crate) fn lint(subject: &Subject<'_>, off: &[String]) -> Vec<Finding> {
    let is_off = |lint: &&Lint| {
        let named = subject.manifest.lints.iter().map(|switch| &switch.lint);
        !named.chain(off).any(|name| name == lint.name)
    };
    let mut findings: Vec<_> = LINTS
        .iter()
        .filter(is_off)
        .flat_map(|lint| {
            // Paths may bring control characters along.
            let named = |finding: Finding| Finding {
                code: lint.name,
                message: ui::printable(&finding.message).into_owned(),
                help: ui::printable(&finding.help).into_owned(),
                ..finding
            };
            (lint.find)(subject).into_iter().map(named)
        })
        .collect();
    findings.sort_by_key(|finding| {
        let place = finding.place.as_ref();
        place.map(|place| (place.file, place.bytes.start))
    });
    findings.dedup();
    findings
}

/// The name that was meant by one that no lint has.
pub(crate) fn proposal(name: &str) -> String {
    let names = || LINTS.iter().map(|lint| lint.name);
    ringfence::closest(name, names()).map_or_else(
        || format!("the lints are {}", names().collect::<Vec<_>>().join(", ")),
        |similar| format!("did you mean `{similar}`?"),
    )
}

fn unknown_lint(subject: &Subject<'_>) -> Vec<Finding> {
    let switches = subject.manifest.lints.iter();
    switches
        .filter(|switch| LINTS.iter().all(|lint| lint.name != switch.lint))
        .map(|switch| {
            let message = format!("there is no lint `{}`", switch.lint);
            finding(subject.sources.place(&switch.origin), message).help(proposal(&switch.lint))
        })
        .collect()
}

impl Subject<'_> {
    /// A finding about a line.
    fn on(&self, source: &Source, message: impl Into<String>) -> Finding {
        finding(self.place(source), message)
    }

    /// What the filter denies, worked out once.
    fn denied_calls(&self) -> &[CallRow] {
        self.denied_calls.get_or_init(|| self.plan.denied_calls())
    }

    fn place(&self, source: &Source) -> Option<Place> {
        self.sources.place(source.origin()?)
    }

    /// Whether a line was written by the manifest's authors, and not by those of a built-in fragment.
    fn is_own(&self, line: &PathLine) -> bool {
        line.source
            .origin()
            .is_some_and(|origin| self.sources.files().any(|file| file == &*origin.file))
    }

    /// The line by which a right is allowed on a path, if one allows it.
    fn allowing(&self, rights: AccessFs, path: &std::path::Path) -> Option<&PathLine> {
        match self.plan.decide(Request::Path(rights, path)) {
            Decision::Allowed(Allowance::Paths(lines)) => Some(lines.first()?.line),
            _ => None,
        }
    }
}

/// A finding at a place, if there is one. The table names it.
fn finding(place: Option<Place>, message: impl Into<String>) -> Finding {
    Finding {
        place,
        ..Finding::without_place(Severity::Warning, "", message)
    }
}

/// Whether what was found at a path is that a wider line covers it.
fn is_covered(found: &Found) -> bool {
    matches!(found, Found::CoveredAt(_))
}

/// The words of a set that another has not.
fn more(one: Access, other: Access) -> Access {
    one - other
}
