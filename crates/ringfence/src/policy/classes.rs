//! Lines about whole classes of acts.

use std::fmt;

use super::{Source, Unrestricted};
use crate::class::Class;

/// A line about a class of acts that no path or port tells apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassLine {
    /// The class.
    pub class: Class,
    /// Whether it is left alone; else it must be denied, and the start is refused where it cannot.
    pub allow: bool,
    /// Where the line was written.
    pub source: Source,
}

impl ClassLine {
    /// Whether a line may leave this class alone.
    pub(crate) fn may_allow(class: Class) -> bool {
        let line = Self {
            class,
            allow: true,
            source: Source::Api,
        };
        line.fault(Unrestricted::default()).is_none()
    }

    /// Why the line means nothing in a policy that leaves these parts alone, if it does not.
    pub(super) fn fault(&self, unrestricted: Unrestricted) -> Option<&'static str> {
        if !self.allow {
            return None;
        }
        match self.class {
            // What is left alone as a whole is left alone.
            Class::Mount | Class::MessageQueues if unrestricted.fs => None,
            Class::Read
            | Class::Execute
            | Class::Write
            | Class::Truncate
            | Class::Create
            | Class::Remove
            | Class::MakeDevice => {
                Some("a path has to be named; a line for / allows it everywhere")
            }
            Class::Rename => Some("Landlock denies it unless a line for a path allows it"),
            Class::Port(_) => Some("ports have to be named; `any` stands for all of them"),
            Class::Mount | Class::MessageQueues => Some(
                "Landlock denies it to every sandbox that restricts paths; leave paths alone as a \
                 whole (unrestricted-fs)",
            ),
            Class::Ptrace => Some("Landlock denies it to every sandbox"),
            Class::ForeignCalls => Some(
                "no filter would hold then; leave system calls alone as a whole \
                 (unrestricted-syscalls)",
            ),
            _ => None,
        }
    }
}

impl fmt::Display for ClassLine {
    /// The line as its author wrote it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source.prefix())?;
        f.write_str(if self.allow { "allow " } else { "deny " })?;
        f.write_str(self.class.name())
    }
}
