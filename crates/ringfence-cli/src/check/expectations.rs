//! The lint about expectations that cannot hold.

use ringfence::{AccessFs, Decision, Request};
use ringfence_manifest::{Act, Expected, Finding};

use super::{Subject, finding};
use crate::ui;

pub(super) fn contradicted(subject: &Subject<'_>) -> Vec<Finding> {
    let expectations = subject.manifest.expectations.iter();
    expectations
        .filter_map(|expectation| {
            let (act, wanted) = match &expectation.expected {
                Expected::Allowed(act) => (act, true),
                Expected::Denied(act) => (act, false),
                _ => return None,
            };
            let decided = decide(subject, act)?;
            if decided == wanted {
                return None;
            }
            let message = if wanted {
                "this is expected to be allowed, and the policy denies it"
            } else {
                "this is expected to be denied, and the policy or this kernel allows it"
            };
            let place = subject.sources.place(&expectation.origin);
            Some(finding(place, message).help(help(subject, act)))
        })
        .collect()
}

/// Whether the plan allows an act; none if it has no word on it.
fn decide(subject: &Subject<'_>, act: &Act) -> Option<bool> {
    let plan = subject.plan;
    Some(match act {
        Act::Path(access, path) => {
            let path = path.canonicalize().unwrap_or_else(|_| path.clone());
            // Of a directory, what is asked of entries is asked about an entry of it.
            let rights = access.rights();
            let of_entries = rights & AccessFs::OF_PARENT;
            let entry = path.join("x");
            let of_object = rights - of_entries;
            let allowed = |decision: Decision<'_>| decision.is_allowed();
            (of_object.is_empty() || allowed(plan.decide(Request::Path(of_object, &path))))
                && (of_entries.is_empty()
                    || allowed(plan.decide(Request::Path(of_entries, &entry))))
        }
        Act::Port { class, port, .. } => plan.decide(Request::Port(*class, *port)).is_allowed(),
        Act::Class(class) => plan.decide(Request::Class(*class)).is_allowed(),
        Act::Syscall(call) => {
            // Of a call that passes with some arguments, the expectation does not say with which.
            let row = subject
                .denied_calls()
                .iter()
                .find(|row| row.call == call.name());
            match row {
                Some(row) if row.by_arguments => return None,
                row => row.is_none(),
            }
        }
        _ => return None,
    })
}

/// The question whose answer names the line, or what denies it.
fn help(subject: &Subject<'_>, act: &Act) -> String {
    let question = match act {
        Act::Path(access, path) => format!("why {access} {}", ui::shown(path)),
        Act::Port { class, port, .. } => format!("why {} {port}", class.name()),
        Act::Class(class) => format!("why {}", class.name()),
        _ => "plan --syscalls".to_owned(),
    };
    let file = subject.sources.files().next().map(ui::shown);
    format!(
        "`ringfence {question} --policy {}` says why",
        file.unwrap_or_default()
    )
}
