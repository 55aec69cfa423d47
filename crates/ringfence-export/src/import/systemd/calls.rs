//! `SystemCallFilter=` → lines about system calls.

use std::collections::BTreeMap;

use ringfence::{
    Action, Calls, PolicyBuilder, Source, Syscall, SyscallEffect, SyscallLine, Syscalls,
    denying_action,
};

use super::settings::Value;
use super::{Import, ImportError};
use crate::unit::{Backslash, words};

/// What every list of allowed calls has in it.
const ALWAYS: &str = "@default";

/// What the unit's filter comes to.
struct Filter {
    /// Whether it lists what is allowed; else what is denied.
    allows: bool,
    /// The answer to what is denied and has none of its own.
    others: Action,
    /// What is listed, and the answer if that is a denial.
    listed: BTreeMap<Syscall, Option<Action>>,
    lines: Vec<SyscallLine>,
}

impl Import {
    pub(super) fn calls(&mut self) -> Result<(), ImportError> {
        self.note(
            "the manifest's own filter of system calls denies classes that the unit leaves open; `ringfence plan` \
             lists them, and `allow:` lifts one",
        );
        self.switches();
        let others = match self.settings.last("SystemCallErrorNumber") {
            Some(value) => denying_action(&value.text).map_err(|why| value.error(why))?,
            None => Action::Kill,
        };
        let values = self.settings.all("SystemCallFilter");
        let Some(first) = values.first() else {
            return Ok(());
        };
        let mut filter = Filter {
            allows: !first.text.starts_with('~'),
            others,
            listed: BTreeMap::new(),
            lines: Vec::new(),
        };
        if filter.allows {
            filter.take(first, ALWAYS, true, &mut self.notes)?;
        }
        for value in &values {
            let (denies, text) = match value.text.strip_prefix('~') {
                Some(text) => (true, text),
                None => (false, value.text.as_str()),
            };
            let adds = denies != filter.allows;
            for word in words(text, Backslash::Quotes).map_err(|why| value.error(why))? {
                filter.take(value, &word, adds, &mut self.notes)?;
            }
        }
        let lists = filter.allows;
        let (lines, others) = filter.finished();
        self.change(|policy| {
            let policy = lines.into_iter().fold(policy, PolicyBuilder::syscall_line);
            if lists {
                policy.other_syscalls(others)
            } else {
                policy
            }
        });
        Ok(())
    }

    /// Switches about calls that the manifest's filter denies by itself.
    fn switches(&mut self) {
        if let Some(value) = self.settings.last("SystemCallArchitectures")
            && value.text != "native"
        {
            self.note(format!(
                "{value} allows calls of other processors; the manifest denies those"
            ));
        }
        if let Some(value) = self.settings.last("RestrictNamespaces")
            && super::values::boolean(&value.text) != Some(true)
        {
            self.note(format!(
                "{value} leaves namespaces open; the manifest denies them: `allow: [namespaces]`"
            ));
        }
        if let Some(value) = self.settings.last("SystemCallLog") {
            self.left_out(&value, "it logs, and restricts nothing");
        }
    }
}

impl Filter {
    /// Takes a name or a group onto the list, or from it.
    fn take(
        &mut self,
        value: &Value,
        word: &str,
        adds: bool,
        notes: &mut Vec<String>,
    ) -> Result<(), ImportError> {
        let (name, answer) = match word.split_once(':') {
            Some((name, answer)) => {
                let answer = denying_action(answer).map_err(|why| value.error(why))?;
                (name, Some(answer))
            }
            None => (word, None),
        };
        // What makes a list of denied calls longer, or one of allowed calls shorter.
        let denies = adds != self.allows || answer.is_some();
        let Ok(calls) = name.parse::<Calls>() else {
            if denies && name.starts_with('@') {
                return Err(value.error(format!(
                    "the group `{name}` is not known, and its calls would be let pass; write them by name"
                )));
            }
            notes.push(if denies {
                format!(
                    "`{name}` is no call that ringfence knows; its filter answers ENOSYS to such"
                )
            } else {
                format!("`{name}` is no call or group that ringfence knows; it stays denied")
            });
            return Ok(());
        };
        let members = match calls {
            Calls::One(call) => vec![call],
            Calls::Group(group) => group.calls(),
        };
        let denial = denies.then(|| answer.unwrap_or(self.others));
        for call in members {
            if adds {
                self.listed.insert(call, denial);
            } else {
                self.listed.remove(&call);
            }
        }
        self.lines.retain(|line| line.calls != calls);
        let effect = match denial {
            Some(action) => SyscallEffect::Deny(action),
            None if self.allows => SyscallEffect::Only,
            // A line that allowed it would lift more than the list of denied calls.
            None => {
                notes.push(format!(
                    "{value}: `{name}` may stay denied; no line lets a call pass just here"
                ));
                return Ok(());
            }
        };
        self.lines.push(SyscallLine {
            calls,
            effect,
            source: Source::Api,
        });
        Ok(())
    }

    /// The lines, and the answer to calls that are not listed. Where lines of groups and of names come to
    /// less than systemd's list, which goes by order, lines by name make up for it.
    fn finished(self) -> (Vec<SyscallLine>, Action) {
        let mut syscalls = Syscalls {
            lines: self.lines,
            others: self.others,
        };
        for call in Syscall::all() {
            let denied = match self.listed.get(&call) {
                Some(denial) => *denial,
                None => self.allows.then_some(self.others),
            };
            let Some(action) = denied else { continue };
            if syscalls.denial_of(call).is_none() && !is_implied(call) {
                syscalls.lines.retain(|line| line.calls != Calls::One(call));
                syscalls.lines.push(SyscallLine {
                    calls: call.into(),
                    effect: SyscallEffect::Deny(action),
                    source: Source::Api,
                });
            }
        }
        if self.allows && !syscalls.is_allow_list() {
            // Nothing is left on the list. It has to stay one, or all that it does not name would pass.
            syscalls.lines.push(SyscallLine {
                calls: Syscall::EXIT.into(),
                effect: SyscallEffect::Only,
                source: Source::Api,
            });
        }
        (syscalls.lines, syscalls.others)
    }
}

/// What no list of allowed calls can leave out.
fn is_implied(call: Syscall) -> bool {
    [
        Syscall::EXIT,
        Syscall::EXIT_GROUP,
        Syscall::RT_SIGRETURN,
        Syscall::RESTART_SYSCALL,
    ]
    .contains(&call)
}
