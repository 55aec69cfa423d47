//! What stops a start: the lines that this kernel cannot enforce.

use std::fmt;

use super::{Plan, Standing};
use crate::kernel::{Abi, Kernel};

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
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { line, what, since } => write!(f, "`{line}`: {what} needs {since}"),
            Self::BelowMinimum(minimum) => write!(f, "the policy demands at least ABI {minimum}"),
            Self::Nothing(since) => {
                write!(f, "nothing of the policy would hold; it needs {since}")
            }
        }
    }
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
        write!(f, "this kernel cannot enforce the policy: {}", self.kernel)?;
        for refusal in &self.refusals {
            write!(f, "\n  {refusal}")?;
        }
        if self.can_be_left_out() {
            f.write_str("\n  leave such lines out, or start without them by best effort")?;
        }
        Ok(())
    }
}

impl Refused {
    /// Whether best effort would start.
    fn can_be_left_out(&self) -> bool {
        let hard = |refusal: &Refusal| matches!(refusal, Refusal::BelowMinimum(_));
        !self.refusals.iter().any(hard)
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
        nothing.into_iter().chain(paths).chain(ports)
    }

    /// Whether the start may go on.
    ///
    /// # Errors
    /// [`Refused`] with every line that this kernel cannot enforce, unless the policy is best
    /// effort; and always if the kernel is below the policy's minimum ABI.
    pub fn check(&self) -> Result<(), Refused> {
        let mut refusals = Vec::new();
        if self.kernel.reported_abi() < self.minimum_abi {
            refusals.push(Refusal::BelowMinimum(self.minimum_abi));
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
