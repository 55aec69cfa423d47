//! Lines about system calls: names and groups, and what happens to them.

use std::fmt;
use std::str::FromStr;

use super::Source;
use crate::seccomp::{Action, Group, Syscall, UnknownSyscall, errno_number};

mod contradictions;

pub use contradictions::Contradiction;

/// Calls that a line names: one, or a group of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// This one.
    One(Syscall),
    /// Those of this group.
    Group(&'static Group),
}

impl Calls {
    /// Whether this call is one of them.
    pub fn contains(self, call: Syscall) -> bool {
        match self {
            Self::One(one) => one == call,
            Self::Group(group) => group.contains(call),
        }
    }

    fn each(self) -> Vec<Syscall> {
        match self {
            Self::One(one) => vec![one],
            Self::Group(group) => group.calls(),
        }
    }
}

impl From<Syscall> for Calls {
    fn from(call: Syscall) -> Self {
        Self::One(call)
    }
}

impl FromStr for Calls {
    type Err = UnknownSyscall;

    /// Reads a name, or a group with its `@`.
    fn from_str(text: &str) -> Result<Self, UnknownSyscall> {
        match Group::named(text) {
            Some(group) => Ok(Self::Group(group)),
            None => text.parse().map(Self::One),
        }
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(call) => call.fmt(f),
            Self::Group(group) => f.write_str(group.name),
        }
    }
}

/// What a line does to its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyscallEffect {
    /// Lets them pass, also what the filter would look at or deny by itself.
    Allow,
    /// Denies them.
    Deny(Action),
    /// Puts them on the list of calls besides which none is allowed.
    Only,
}

/// A line about system calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyscallLine {
    /// Which calls.
    pub calls: Calls,
    /// What happens to them.
    pub effect: SyscallEffect,
    /// Where the line was written.
    pub source: Source,
}

impl SyscallLine {
    /// Reads the calls of a line that denies: a name or group, and behind a colon the error, as a
    /// name or number, or `kill`; without one it is EPERM.
    ///
    /// # Errors
    /// What cannot be read, as a sentence.
    ///
    /// ```
    /// use ringfence::{Action, SyscallEffect, SyscallLine};
    ///
    /// let line = SyscallLine::denial("@mount:EACCES")?;
    /// assert_eq!(line.effect, SyscallEffect::Deny(Action::Errno(13)));
    /// # Ok::<(), String>(())
    /// ```
    pub fn denial(text: &str) -> Result<Self, String> {
        let (calls, action) = match text.split_once(':') {
            Some((calls, action)) => (calls, denying_action(action)?),
            None => (text, Action::EPERM),
        };
        Self::new(calls, SyscallEffect::Deny(action))
    }

    /// Reads the calls of a line.
    ///
    /// # Errors
    /// A name that is not known, and the one that was meant, if it can be told.
    pub fn new(calls: &str, effect: SyscallEffect) -> Result<Self, String> {
        Ok(Self {
            calls: calls
                .parse()
                .map_err(|error: UnknownSyscall| error.to_string())?,
            effect,
            source: Source::Api,
        })
    }

    /// Which of several lines about a call counts: the greatest.
    pub(super) fn strength(&self) -> (bool, u8) {
        let by_name = matches!(self.calls, Calls::One(_));
        let effect = match self.effect {
            SyscallEffect::Only => 0,
            SyscallEffect::Allow => 1,
            SyscallEffect::Deny(Action::Kill) => 3,
            SyscallEffect::Deny(_) => 2,
        };
        (by_name, effect)
    }

    /// Whether its calls are denied.
    pub fn denies(&self) -> bool {
        matches!(self.effect, SyscallEffect::Deny(_))
    }
}

/// Reads what a denied call is answered: `kill`, or an error as a name or number.
///
/// # Errors
/// A sentence that says what can be written.
pub fn denying_action(text: &str) -> Result<Action, String> {
    if text == "kill" {
        return Ok(Action::Kill);
    }
    errno_number(text).map(Action::Errno).ok_or_else(|| {
        format!(
            "`{text}` is no answer to a system call; write an error such as EPERM, EACCES or \
             ENOSYS, its number from 1 to 4095, or `kill`"
        )
    })
}

impl fmt::Display for SyscallLine {
    /// The line as its author wrote it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source.prefix())?;
        match self.effect {
            SyscallEffect::Allow => write!(f, "allow-syscalls {}", self.calls),
            SyscallEffect::Only => write!(f, "only-syscalls {}", self.calls),
            SyscallEffect::Deny(Action::EPERM) => write!(f, "deny-syscalls {}", self.calls),
            SyscallEffect::Deny(action) => write!(f, "deny-syscalls {}:{action}", self.calls),
        }
    }
}

/// What ends a program, or carries on with it after a signal: a list of allowed calls holds them
/// whether it names them or not.
const IMPLIED: [Syscall; 4] = [
    Syscall::EXIT,
    Syscall::EXIT_GROUP,
    Syscall::RT_SIGRETURN,
    Syscall::RESTART_SYSCALL,
];

/// All that a policy says about system calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syscalls {
    /// Its lines.
    pub lines: Vec<SyscallLine>,
    /// What calls are answered that are on no list of allowed ones.
    pub others: Action,
}

impl Default for Syscalls {
    fn default() -> Self {
        Self {
            lines: Vec::new(),
            others: Action::EPERM,
        }
    }
}

impl Syscalls {
    /// Whether only calls that are listed are allowed.
    pub fn is_allow_list(&self) -> bool {
        self.lines
            .iter()
            .any(|line| line.effect == SyscallEffect::Only)
    }

    /// What the lines say of a call: a line that names it counts before one that names a group,
    /// a denial before the rest.
    ///
    /// That holds among the lines of one author. Lines of several files that decide a call
    /// differently are no policy: see [`Self::contradictions`].
    pub fn effect_on(&self, call: Syscall) -> Option<SyscallEffect> {
        self.lines
            .iter()
            .filter(|line| line.calls.contains(call))
            .max_by_key(|line| line.strength())
            .map(|line| line.effect)
    }

    /// What a call is answered if the lines deny it. What else the filter denies by itself stays
    /// denied for calls that are listed.
    pub fn denial_of(&self, call: Syscall) -> Option<Action> {
        self.denial_by(self.effect_on(call), call)
    }

    /// The same where it is known what the lines say of the call.
    pub(crate) fn denial_by(&self, effect: Option<SyscallEffect>, call: Syscall) -> Option<Action> {
        match effect {
            Some(SyscallEffect::Deny(action)) => Some(action),
            None if self.is_allow_list() && !IMPLIED.contains(&call) => Some(self.others),
            _ => None,
        }
    }
}
