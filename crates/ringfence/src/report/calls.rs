//! What becomes of each system call, as rows.

use crate::class::Class;
use crate::plan::Plan;
use crate::seccomp::{Action, Syscall, Verdict, calls_of};

/// A system call that the filter does not let pass as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CallRow {
    /// Its name.
    pub call: &'static str,
    /// What it is answered: names of errors, or `kill`.
    pub answers: Vec<String>,
    /// Whether it passes with some arguments.
    pub by_arguments: bool,
    /// The classes that are closed by it; empty if a line of the policy names it.
    pub classes: Vec<&'static str>,
}

impl Plan {
    /// Every system call that the filter denies, always or by its arguments, in the order of names.
    pub fn denied_calls(&self) -> Vec<CallRow> {
        let Some(filter) = self.filter() else {
            return Vec::new();
        };
        let closed: Vec<_> = Class::ALL
            .into_iter()
            .filter(|&class| self.closes(class))
            .collect();
        Syscall::all()
            .filter_map(|call| {
                let actions = filter.verdict(call).actions();
                let denials: Vec<_> = actions.iter().filter(|a| **a != Action::Allow).collect();
                if denials.is_empty() {
                    return None;
                }
                let by_policy = self.syscalls.denial_of(call).is_some();
                let about = |class: &&Class| !by_policy && calls_of(**class).any(|of| of == call);
                Some(CallRow {
                    call: call.name(),
                    answers: denials.iter().map(ToString::to_string).collect(),
                    by_arguments: denials.len() < actions.len(),
                    classes: closed
                        .iter()
                        .filter(about)
                        .map(|class| class.name())
                        .collect(),
                })
            })
            .collect()
    }
}

impl Verdict {
    /// Every answer that some arguments get, without doubles.
    fn actions(&self) -> Vec<Action> {
        match self {
            Self::Always(action) => vec![*action],
            Self::If(_, then, otherwise) => {
                let mut actions = then.actions();
                actions.extend(otherwise.actions());
                actions.sort_unstable();
                actions.dedup();
                actions
            }
        }
    }
}
