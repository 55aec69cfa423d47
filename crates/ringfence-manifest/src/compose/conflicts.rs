//! Lines that mean nothing, or say otherwise than others: found one by one, each with its place.

use ringfence::{ClassLine, Contradiction, InvalidLine, Policy, PolicyBuilder, Source};

use super::Composer;
use crate::finding::{Finding, Place};

impl Composer<'_> {
    pub(super) fn conflict(&mut self, message: &str, place: &Place, first: &Place) {
        let finding = Finding::error("conflict", place.clone(), message)
            .also(first.clone(), "first here")
            .help("take one of them out; the order of files does not decide");
        self.note(finding);
    }

    /// Finds the lines because of which a policy means nothing.
    pub(super) fn blame(&mut self, policy: &PolicyBuilder, error: &InvalidLine) {
        let before = self.noted;
        let unchecked = policy.lines();
        for line in unchecked.paths() {
            if let Err(error) = Policy::builder().path_line(line.clone()).build() {
                let place = self.place(&line.source);
                self.fault("value", place.as_ref(), error.why, "");
            }
        }
        for (denial, allowance) in class_conflicts(unchecked.classes()) {
            let message = format!("{} is both allowed and denied", denial.class.name());
            self.conflict_of(&message, &denial.source, &allowance.source);
        }
        for found in unchecked.syscalls().contradictions() {
            let message = message(&found);
            self.conflict_of(&message, &found.denial.source, &found.other.source);
        }
        for line in unchecked.classes() {
            let alone = Policy::builder().class_line(line.clone()).build();
            if let Err(error) = alone {
                let place = self.place(&line.source);
                self.fault(
                    "class",
                    place.as_ref(),
                    &format!("`{}` cannot be left alone", line.class.name()),
                    error.why,
                );
            }
        }
        if self.noted == before {
            self.fault("value", None, &error.to_string(), "");
        }
    }

    fn conflict_of(&mut self, message: &str, one: &Source, other: &Source) {
        if let (Some(one), Some(other)) = (self.place(one), self.place(other)) {
            self.conflict(message, &one, &other);
        }
    }

    fn place(&self, source: &Source) -> Option<Place> {
        self.sources.place(source.origin()?)
    }
}

fn class_conflicts(lines: &[ClassLine]) -> impl Iterator<Item = (&ClassLine, &ClassLine)> {
    lines
        .iter()
        .filter(|line| !line.allow)
        .filter_map(|denial| {
            let opposite = |line: &&ClassLine| line.allow && line.class == denial.class;
            Some((denial, lines.iter().find(opposite)?))
        })
}

/// What two lines about system calls say differently.
fn message(found: &Contradiction<'_>) -> String {
    match found.call {
        None => format!("{} is both allowed and denied", found.denial.calls),
        Some(call) if found.other.denies() => {
            format!("two files answer {call} differently")
        }
        Some(call) => format!("one file denies {call}, and another allows it"),
    }
}
