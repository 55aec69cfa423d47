//! What stops a start: the lines that this kernel cannot enforce.

use std::fmt;

use super::{Plan, Standing, Undone};
use crate::class::Class;
use crate::kernel::{Abi, Kernel};
use crate::policy::ClassLine;

/// One thing that this kernel cannot enforce.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// A line of the policy, as written, and the first ABI that enforces all of it.
    Line {
        /// The line.
        line: String,
        /// What of it cannot be enforced.
        what: String,
        /// The first ABI that can.
        since: Abi,
    },
    /// The kernel is older than the policy's minimum.
    BelowMinimum(u32),
    /// Nothing at all of the policy would hold. The first ABI on which something would.
    Nothing(Abi),
    /// The kernel has no filters of system calls, or an outer filter hides them.
    NoFilter,
    /// A line demands that a class is denied, and it is not.
    Class {
        /// The line.
        line: String,
        /// Why nothing denies the class.
        why: &'static str,
        /// The first ABI that would, if any does.
        since: Option<Abi>,
    },
    /// This line demands that a class is denied which another line leaves alone.
    LeftAlone(String),
    /// What one line leaves out another one allows.
    Undone(Undone),
    /// The policy demands that nothing stays open, and these classes do.
    Incomplete(Vec<Class>),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { line, what, since } => write!(f, "`{line}`: {what} needs {since}"),
            Self::BelowMinimum(minimum) => write!(f, "the policy demands at least ABI {minimum}"),
            Self::Nothing(since) => {
                write!(f, "nothing of the policy would hold; it needs {since}")
            }
            Self::NoFilter => f.write_str(
                "it has no filters of system calls (CONFIG_SECCOMP_FILTER), or an outer filter \
                 hides seccomp(2); `--unrestricted-syscalls` does without",
            ),
            Self::Class { line, why, since } => {
                write!(f, "`{line}`: {why}")?;
                since.map_or(Ok(()), |since| write!(f, "; it needs {since}"))
            }
            Self::LeftAlone(line) => write!(
                f,
                "`{line}`: another line leaves alone what this one denies; drop one of them"
            ),
            Self::Undone(undone) => undone.fmt(f),
            Self::Incomplete(classes) => {
                write!(
                    f,
                    "the policy demands that nothing stays open, and this does: {}",
                    names(classes)
                )?;
                let mut rest = classes.clone();
                let allowed: Vec<_> = rest
                    .extract_if(.., |class| ClassLine::may_allow(*class))
                    .collect();
                let ports: Vec<_> = rest
                    .extract_if(.., |class| matches!(class, Class::Port(_)))
                    .collect();
                let mut lines: Vec<_> = ports
                    .iter()
                    .map(|port| format!("`--{} any`", port.name()))
                    .collect();
                if !allowed.is_empty() {
                    lines.insert(0, format!("`--allow {}`", names(&allowed)));
                }
                if !lines.is_empty() {
                    write!(f, "; to leave it open knowingly: {}", lines.join(", "))?;
                }
                if !rest.is_empty() {
                    write!(
                        f,
                        "; no line leaves {} open, a newer kernel closes it",
                        names(&rest)
                    )?;
                }
                Ok(())
            }
        }
    }
}

fn names(classes: &[Class]) -> String {
    let names: Vec<_> = classes.iter().map(|class| class.name()).collect();
    names.join(",")
}

/// The start is refused, for one reason or several.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub struct Refused {
    /// The kernel that cannot.
    pub kernel: Kernel,
    /// What it cannot.
    pub refusals: Vec<Refusal>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_contradiction() {
            f.write_str("the policy contradicts itself")?;
        } else {
            write!(f, "this kernel cannot enforce the policy: {}", self.kernel)?;
        }
        for refusal in &self.refusals {
            write!(f, "\n  {refusal}")?;
        }
        if self.can_be_left_out() {
            f.write_str(
                "\n  leave such lines out, or start without them by best effort (`--best-effort`)",
            )?;
        }
        Ok(())
    }
}

impl Refused {
    /// Whether best effort would start.
    fn can_be_left_out(&self) -> bool {
        let hard = |refusal: &Refusal| {
            matches!(
                refusal,
                Refusal::BelowMinimum(_)
                    | Refusal::LeftAlone(_)
                    | Refusal::Undone(_)
                    | Refusal::Incomplete(_)
            )
        };
        !self.refusals.iter().any(hard)
    }

    /// Whether no kernel could enforce the policy, for what its own lines say.
    pub fn is_contradiction(&self) -> bool {
        let own = |refusal: &Refusal| matches!(refusal, Refusal::LeftAlone(_) | Refusal::Undone(_));
        self.refusals.iter().all(own)
    }
}

impl Plan {
    /// What of the policy this kernel cannot enforce, best effort or not.
    pub fn unenforced(&self) -> impl Iterator<Item = Refusal> + '_ {
        let nothing = (!self.makes_domain() && !self.is_unrestricted())
            .then(|| Refusal::Nothing(self.first_abi_with_a_domain()));
        let paths = self.paths().filter_map(|path| {
            let since = path.needs()?;
            Some(Refusal::Line {
                line: path.line.to_string(),
                what: path.unenforced.to_string(),
                since,
            })
        });
        let ports = self.ports.iter().filter_map(|port| match port.standing {
            Standing::Open(Some(since)) => Some(Refusal::Line {
                line: port.line.to_string(),
                what: port.line.class.name().to_owned(),
                since,
            }),
            _ => None,
        });
        let no_filter = !self.unrestricted.syscalls && !self.kernel.seccomp().filter;
        let records = (self.audit && !self.records_denials()).then(|| Refusal::Line {
            line: "audit".to_owned(),
            what: "recording denials".to_owned(),
            since: Abi::RECORDS,
        });
        let classes = self.classes.iter().filter(|line| !line.allow);
        let classes = classes.filter_map(|line| match self.standing(line.class) {
            Standing::Open(since) => Some(Refusal::Class {
                line: line.to_string(),
                why: self.open_because(line.class),
                since,
            }),
            _ => None,
        });
        nothing
            .into_iter()
            .chain(no_filter.then_some(Refusal::NoFilter))
            .chain(paths)
            .chain(ports)
            .chain(classes)
            .chain(records)
    }

    /// The lines that demand to deny what another one leaves alone.
    fn left_alone(&self) -> impl Iterator<Item = Refusal> + '_ {
        let denials = self.classes.iter().filter(|line| !line.allow);
        denials
            .filter(|line| self.standing(line.class) == Standing::Unrestricted)
            .map(|line| Refusal::LeftAlone(line.to_string()))
    }

    /// The classes that nothing denies and that the policy does not leave alone by name.
    pub fn open(&self) -> impl Iterator<Item = Class> + '_ {
        let open = |class: &Class| matches!(self.standing(*class), Standing::Open(_));
        Class::ALL.into_iter().filter(open)
    }

    /// Whether the start may go on.
    ///
    /// # Errors
    /// [`Refused`] with every line that this kernel cannot enforce, unless the policy is best
    /// effort; and always if the kernel is below the policy's minimum ABI, if something is open that
    /// must not be, or if one line leaves alone what another denies, or allows what another
    /// leaves out.
    pub fn check(&self) -> Result<(), Refused> {
        let mut refusals = Vec::new();
        if self.kernel.reported_abi() < self.minimum_abi {
            refusals.push(Refusal::BelowMinimum(self.minimum_abi));
        }
        refusals.extend(self.left_alone());
        refusals.extend(self.undone().map(Refusal::Undone));
        if self.require_complete {
            let open: Vec<_> = self.open().collect();
            if !open.is_empty() {
                refusals.push(Refusal::Incomplete(open));
            }
        }
        if !self.best_effort {
            refusals.extend(self.unenforced());
        }
        if refusals.is_empty() {
            Ok(())
        } else {
            Err(Refused {
                kernel: self.kernel,
                refusals,
            })
        }
    }

    /// Whether the policy leaves everything alone.
    fn is_unrestricted(&self) -> bool {
        self.unrestricted.fs && self.unrestricted.net && self.unrestricted.ipc
    }

    fn first_abi_with_a_domain(&self) -> Abi {
        if !self.unrestricted.fs {
            Abi::new(1)
        } else if !self.unrestricted.net {
            Abi::new(4)
        } else {
            Abi::new(6)
        }
    }
}
