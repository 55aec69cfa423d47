//! What was denied, as text and as JSON.

use std::fmt::Write as _;

use ringfence_observe::{Denial, Explained, Failure, Proposal};
use serde_json::{Value, json};

use super::super::NAME;

/// One denial; with how often, once that is known. Names come from the program and stay on their line.
pub(super) fn denial(denial: &Denial, counted: bool) -> String {
    let mut text = format!(
        "{NAME}: denied{}: {}",
        times(denial.times, counted),
        head(denial)
    );
    let _ = write!(text, "\n  {}", line(&denial.reason));
    for (number, proposal) in denial.proposals.iter().enumerate() {
        let start = if number == 0 {
            "to allow it, add"
        } else {
            "or"
        };
        let _ = write!(text, "\n  {start} {}", line(&proposal.flags));
        add_yaml(&mut text, proposal);
        if let Some(warning) = &proposal.warning {
            let _ = write!(text, "\n  warning: that {}", line(warning));
        }
    }
    for hint in &denial.hints {
        let _ = write!(text, "\n  note: {}", line(hint));
    }
    text
}

fn head(denial: &Denial) -> String {
    let about = if denial.about.is_empty() {
        String::new()
    } else {
        format!(" {}", line(&denial.about))
    };
    let others: Vec<_> = denial.others.iter().map(|name| line(name)).collect();
    let others = if others.is_empty() {
        String::new()
    } else {
        format!(" and {}", others.join(", "))
    };
    format!(
        "{}[{}]{others}: {}{about}: {} ({})",
        line(&denial.program),
        denial.process,
        denial.call,
        denial.lacking,
        denial.answer
    )
}

fn add_yaml(text: &mut String, proposal: &Proposal) {
    let Some(yaml) = &proposal.yaml else {
        text.push_str("\n  a manifest cannot say it: the path is no UTF-8");
        return;
    };
    text.push_str("\n  or in the manifest");
    for line in yaml.lines() {
        let _ = write!(text, "\n    {line}");
    }
}

fn failure(failure: &Failure) -> String {
    format!(
        "{NAME}: not by this policy{}: {}[{}]: {} {}: {}",
        times(failure.times, true),
        line(&failure.program),
        failure.process,
        failure.call,
        line(&failure.about),
        failure.why
    )
}

fn times(times: u64, counted: bool) -> String {
    match times {
        _ if !counted => String::new(),
        1 => " once".to_owned(),
        times => format!(" {times} times"),
    }
}

/// All of it; `told` says that each denial was told already when it happened.
pub(super) fn text(explained: &Explained, told: bool) -> String {
    let mut parts: Vec<String> = if told {
        let counted = explained.denials.iter().filter(|denial| denial.times > 1);
        counted
            .map(|denial| {
                format!(
                    "{NAME}: denied{}: {}",
                    times(denial.times, true),
                    head(denial)
                )
            })
            .collect()
    } else {
        let denials = explained.denials.iter();
        denials.map(|one| denial(one, true)).collect()
    };
    parts.extend(explained.failures.iter().map(failure));
    if explained.more > 0 {
        parts.push(format!(
            "{NAME}: {} more calls failed that differ from these; add what is needed and run it again",
            explained.more
        ));
    }
    parts.extend(
        explained
            .notes
            .iter()
            .map(|note| format!("{NAME}: note: {}", line(note))),
    );
    if explained.denials.is_empty() {
        parts.push(format!("{NAME}: the policy denied nothing"));
    }
    parts.join("\n")
}

/// One line, whatever is in it.
fn line(text: &str) -> String {
    text.replace('\n', "\\n")
}

pub(super) fn denial_json(denial: &Denial) -> Value {
    let proposals = denial.proposals.iter().map(|proposal| {
        json!({
            "flags": proposal.flags,
            "manifest": proposal.yaml,
            "warning": proposal.warning,
        })
    });
    json!({
        "program": denial.program,
        "process": denial.process,
        "others": denial.others,
        "call": denial.call,
        "about": denial.about,
        "lacking": denial.lacking,
        "answer": denial.answer,
        "reason": denial.reason,
        "times": denial.times,
        "add": proposals.collect::<Vec<_>>(),
        "hints": denial.hints,
    })
}

pub(super) fn json(explained: &Explained) -> Value {
    let failures = explained.failures.iter().map(|failure| {
        json!({
            "program": failure.program,
            "process": failure.process,
            "call": failure.call,
            "about": failure.about,
            "why": failure.why,
            "times": failure.times,
        })
    });
    json!({
        "denied": explained.denials.iter().map(denial_json).collect::<Vec<_>>(),
        "not-by-this-policy": failures.collect::<Vec<_>>(),
        "more": explained.more,
        "notes": explained.notes,
    })
}
